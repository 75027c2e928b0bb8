"""Write: save a draft, keep it for oneself, send it to the trainers, take it back. Nothing written is lost.

A draft is saved only over the version that its writer saw. Two tabs that both typed are shown side by side, and the
text that is not chosen is set aside, not thrown away.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import CursorResult, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import content
from plugin.actions import audit, scores
from plugin.actions import standing as standings
from plugin.actions.standing import Standing
from plugin.db.learning import Enrolment
from plugin.db.reflections import Reflection, Revision, SetAside
from plugin.domain import drafts, review
from plugin.domain.columns import WHOLE, Kind, Part
from plugin.domain.review import State, Step, StepRefused
from plugin.domain.scores import Progress, Reached


@dataclass(frozen=True)
class Saved:
    """A stored draft; `version` is what the next save has to bring, `words` are counted as for the guidance."""

    version: int
    saved_at: datetime
    words: int


class Keep(StrEnum):
    """Which of two texts shall stand."""

    MINE = "mine"  # the one typed here
    THEIRS = "theirs"  # the one stored meanwhile
    MERGED = "merged"


class NewerText(Exception):
    """Another tab or device stored a text since, or sent it; the stored one stays as it is."""

    def __init__(self, stored: Reflection) -> None:
        super().__init__(f"reflection {stored.id} is at version {stored.version}")
        self.stored = stored


class NothingWritten(Exception):
    """There is no word to keep or to send."""


def written(session: Session, enrolment_id: int, key: str) -> Reflection | None:
    """What the member has written to a prompt, as the database has it now."""
    return session.scalar(
        select(Reflection)
        .where(Reflection.enrolment_id == enrolment_id, Reflection.activity == key)
        .execution_options(populate_existing=True)
    )


def save(
    session: Session, enrolment: Enrolment, activity: content.Activity, text: str, *, version: int, now: datetime
) -> Saved:
    """Store the draft over the version its writer saw; `version` is 0 before the first save.

    Raises:
        NewerText: another version is stored, with other words, or the text is with a trainer.
        TextTooLong: more characters than a draft may have.
    """
    text = drafts.fitting(text)
    count = content.words(text)
    if version == 0 and _first(session, enrolment, activity, text, now):
        return Saved(1, now, count)
    changed = session.execute(
        update(Reflection)
        .where(
            Reflection.enrolment_id == enrolment.id,
            Reflection.activity == activity.key,
            Reflection.version == version,
            Reflection.state.in_(review.WRITABLE),
        )
        .values(text=text, version=version + 1, saved_at=now)
        .execution_options(synchronize_session=False)
    )
    if _rows(changed) == 1:
        return Saved(version + 1, now, count)
    stored = written(session, enrolment.id, activity.key)
    if stored is None:  # a page from before its row was erased: begin anew
        _first(session, enrolment, activity, text, now)
        return Saved(1, now, count)
    if stored.text == text and stored.state in review.WRITABLE:
        return Saved(stored.version, stored.saved_at, count)  # our own words, whose answer was lost on the way
    raise NewerText(stored)


def _first(session: Session, enrolment: Enrolment, activity: content.Activity, text: str, now: datetime) -> bool:
    """Make the row; False when another tab was quicker."""
    row = Reflection(
        enrolment_id=enrolment.id,
        cohort_id=enrolment.cohort_id,
        organization_id=enrolment.organization_id,
        person_id=enrolment.person_id,
        activity=activity.key,
        reviewed=activity.kind is content.ActivityKind.REFLECTION,
        state=State.DRAFTING,
        text=text,
        version=1,
        saved_at=now,
        revision=0,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        return False
    return True


def keep(
    session: Session, standing: Standing, activity: content.Activity, text: str, *, version: int, now: datetime
) -> Standing:
    """Keep what was written for oneself, as a revision, and count the activity as done. The same again adds nothing.

    Raises:
        NothingWritten, NewerText, TextTooLong: see `save`.
    """
    row = _saved(session, standing, activity, text, version=version, now=now)
    row.state = review.next_state(row.state, Step.KEEP)
    if _latest_text(session, row) != row.text:
        _revise(session, row, now)
    return standings.done(session, standing, activity.key, now=now)


def send(
    session: Session, standing: Standing, activity: content.Activity, text: str, *, version: int, now: datetime
) -> Reflection:
    """Send the text to the trainers as a revision, and let the LMS know that something waits. Twice is once.

    Raises:
        NothingWritten, NewerText, TextTooLong: see `save`.
        StepRefused: the trainers have said all there is to say: the reflection is met.
    """
    try:
        row = _saved(session, standing, activity, text, version=version, now=now)
    except NewerText as newer:
        if newer.stored.state in review.WAITING_FOR_TRAINER and newer.stored.text == drafts.tidy(text):
            return newer.stored
        raise
    row.state, row.waiting_since = review.next_state(row.state, Step.SUBMIT), now
    row.reader_id = row.reader_since = None
    _revise(session, row, now)
    sent = Reached(Progress.SUBMITTED)
    parts = {WHOLE: sent, Part(Kind.REFLECTION, activity=activity.key): sent}
    scores.tell_parts(session, standing.enrolment, parts, now=now)
    _remember(session, "send reflection", row, now)
    return row


def take_back(session: Session, enrolment: Enrolment, key: str, *, now: datetime) -> None:
    """Make a sent text a draft again, while nobody has opened it. Twice is once.

    Raises:
        StepRefused: a trainer has opened it, or it was not sent.
    """
    changed = session.execute(
        update(Reflection)
        .where(Reflection.enrolment_id == enrolment.id, Reflection.activity == key, Reflection.state == State.SUBMITTED)
        .values(state=review.next_state(State.SUBMITTED, Step.TAKE_BACK), waiting_since=None)
        .execution_options(synchronize_session=False)
    )
    row = written(session, enrolment.id, key)
    if _rows(changed) == 0:
        if row is not None and row.state is State.DRAFTING:
            return
        raise StepRefused(row.state if row else State.DRAFTING, Step.TAKE_BACK)
    if row is None:
        raise LookupError(f"the reflection {key} of enrolment {enrolment.id} vanished")
    session.execute(
        update(Revision)
        .where(Revision.reflection_id == row.id, Revision.number == row.revision)
        .values(taken_back_at=now)
    )
    _remember(session, "take back reflection", row, now)


def set_aside(session: Session, stored: Reflection, text: str, *, now: datetime) -> None:
    """Keep a text that lost against the stored one, unless it says the same or is kept already."""
    text = drafts.fitting(text)
    if not text.strip() or text == stored.text:
        return
    kept = session.scalars(select(SetAside.text).where(SetAside.reflection_id == stored.id))
    if text not in kept:
        session.add(SetAside(reflection_id=stored.id, text=text, set_aside_at=now))


def settle(
    session: Session,
    enrolment: Enrolment,
    activity: content.Activity,
    which: Keep,
    *,
    mine: str,
    merged: str,
    version: int,
    now: datetime,
) -> Saved:
    """End a conflict: the chosen text becomes the draft, what was not chosen is set aside.

    Raises:
        NewerText: a third text was stored since the two were shown, or the text was sent.
        TextTooLong: more characters than a draft may have.
    """
    stored = written(session, enrolment.id, activity.key)
    if stored is None:
        return save(session, enrolment, activity, merged if which is Keep.MERGED else mine, version=0, now=now)
    if stored.version != version:
        raise NewerText(stored)
    before = stored.text
    saved = Saved(stored.version, stored.saved_at, content.words(before))
    if which is not Keep.THEIRS:
        saved = save(session, enrolment, activity, mine if which is Keep.MINE else merged, version=version, now=now)
    session.refresh(stored)
    for lost in (mine, before):
        set_aside(session, stored, lost, now=now)
    return saved


def _saved(
    session: Session, standing: Standing, activity: content.Activity, text: str, *, version: int, now: datetime
) -> Reflection:
    if not drafts.tidy(text).strip():
        raise NothingWritten
    save(session, standing.enrolment, activity, text, version=version, now=now)
    row = written(session, standing.enrolment.id, activity.key)
    if row is None:
        raise LookupError(f"the reflection {activity.key} of enrolment {standing.enrolment.id} was not stored")
    return row


def _revise(session: Session, row: Reflection, now: datetime) -> None:
    row.revision += 1
    session.add(
        Revision(
            reflection_id=row.id,
            number=row.revision,
            text=row.text,
            words=content.words(row.text),
            submitted_at=now,
        )
    )
    session.flush()


def _latest_text(session: Session, row: Reflection) -> str | None:
    return session.scalar(
        select(Revision.text).where(Revision.reflection_id == row.id, Revision.number == row.revision)
    )


def _remember(session: Session, deed: str, row: Reflection, now: datetime) -> None:
    audit.remember(
        session,
        deed,
        f"reflection {row.id}",
        by=row.person_id,
        organization=row.organization_id,
        now=now,
        revision=row.revision,
    )


def _rows(result: Any) -> int:
    return cast("CursorResult[Any]", result).rowcount
