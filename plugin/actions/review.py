"""Read what a member sent, draft an answer, release it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.actions import audit, offerings, scores, standing
from plugin.db.learning import Cohort, Enrolment
from plugin.db.queue import READING
from plugin.db.reflections import Decision, Feedback, Reflection, Revision
from plugin.domain.columns import Kind, Part
from plugin.domain.review import (
    WAITING_FOR_TRAINER,
    Mark,
    PassRule,
    Problem,
    State,
    Step,
    Written,
    next_state,
    problems,
)
from plugin.domain.scores import Progress, Reached

STEP_OF = {Decision.RETURN: Step.RETURN, Decision.ACCEPT: Step.ACCEPT}


class DraftConflict(Exception):
    """A newer draft was stored from another tab; `stored` is that draft."""

    def __init__(self, stored: Feedback) -> None:
        super().__init__("a newer draft was stored from another tab")
        self.stored = stored


class AlreadyReleased(Exception):
    """The trainer's own answer to this revision is released (from another tab): what is typed now cannot join it."""

    def __init__(self, released: Feedback) -> None:
        super().__init__("this answer was released already")
        self.released = released


class Ending(StrEnum):
    """What came of a decision. The trainer's words are stored in every case."""

    RELEASED = "released"  # the member has it, also when the button was pressed twice
    ANSWERED = "answered"  # another trainer was quicker
    GONE = "gone"  # taken back, or a newer revision waits
    INCOMPLETE = "incomplete"


@dataclass(frozen=True)
class Release:
    """The ending, and what the answer lacked when it was incomplete."""

    ending: Ending
    problems: tuple[Problem, ...] = ()


def is_read_by_other(reflection: Reflection, person_id: int, now: datetime) -> bool:
    """Whether somebody else opened it so recently that they are taken to be reading."""
    if reflection.reader_id in {None, person_id} or reflection.reader_since is None:
        return False
    return reflection.reader_since > now - READING


def open_to_read(session: Session, reflection: Reflection, *, by: int, now: datetime) -> None:
    """Open a waiting reflection: from now on it is in review, and others see who reads it. Nobody is locked out."""
    _lock(session, reflection)
    if reflection.state in WAITING_FOR_TRAINER:
        _attend(reflection, by, now)
        session.flush()


def revision_of(session: Session, reflection: Reflection, number: int) -> Revision | None:
    """A revision of the reflection by its number."""
    return session.scalar(select(Revision).where(Revision.reflection_id == reflection.id, Revision.number == number))


def save_draft(
    session: Session,
    reflection: Reflection,
    revision: Revision,
    written: Written,
    *,
    version: int,
    by: int,
    now: datetime,
) -> Feedback:
    """Store a trainer's draft over the version they had before them (0: none). The same again changes nothing.

    Raises:
        DraftConflict: a newer draft was stored from another tab. Nothing is overwritten.
        AlreadyReleased: the answer is with the member.
    """
    _lock(session, reflection)
    if reflection.revision == revision.number and reflection.state in WAITING_FOR_TRAINER:
        _attend(reflection, by, now)
    return _store(session, revision, written, version=version, by=by, now=now)


def release(
    session: Session,
    reflection: Reflection,
    revision: Revision,
    written: Written,
    decision: Decision,
    *,
    version: int,
    by: int,
    now: datetime,
) -> Release:
    """Give the answer to the member: the reflection returns to them, or is met.

    Two trainers who decide at the same moment wait for each other here; the second finds the first one's answer.

    Raises:
        DraftConflict, AlreadyReleased: as `save_draft`.
    """
    if decision is Decision.ACCEPT:
        # before the reflection, as a member's own requests do: a member who finishes another activity at this moment
        # and this trainer see each other's work, and neither waits for the other in turn
        session.get_one(Enrolment, reflection.enrolment_id, with_for_update=True)
    _lock(session, reflection)
    try:
        answer = _store(session, revision, written, version=version, by=by, now=now)
    except AlreadyReleased as done:
        if done.released.decision is decision and as_written(done.released) == written:
            return Release(Ending.RELEASED)  # the second half of a double click
        raise
    if released_for(session, revision) is not None:
        return Release(Ending.ANSWERED)
    if reflection.revision != revision.number or reflection.state not in WAITING_FOR_TRAINER:
        return Release(Ending.GONE)
    cohort = session.get_one(Cohort, reflection.cohort_id)
    lacks = lacking(session, cohort, written, decision)
    if lacks:
        return Release(Ending.INCOMPLETE, lacks)
    _attend(reflection, by, now)
    _decide(session, reflection, answer, decision, now)
    if decision is Decision.ACCEPT:
        _credit(session, reflection, cohort, now=now)
    else:
        returned = {Part(Kind.REFLECTION, activity=reflection.activity): Reached(Progress.RETURNED)}
        enrolment = session.get_one(Enrolment, reflection.enrolment_id)
        scores.tell_parts(session, enrolment, returned, now=now)
    audit.remember(
        session,
        "release feedback",
        f"reflection {reflection.id}",
        by=by,
        organization=reflection.organization_id,
        now=now,
        decision=decision.value,
        revision=revision.number,
    )
    return Release(Ending.RELEASED)


def lacking(session: Session, cohort: Cohort, written: Written, decision: Decision) -> tuple[Problem, ...]:
    """What keeps this answer from being released with this decision, by the rule and the rubric of the version."""
    pack = offerings.pack_of(session, cohort.version_id)
    keys = [criterion.key for criterion in pack.rubric.criteria]
    return problems(STEP_OF[decision], written, rule=PassRule(pack.pass_rule.value), criteria=keys)


def released_for(session: Session, revision: Revision) -> Feedback | None:
    """The answer that the member has to this revision."""
    return session.scalar(
        select(Feedback).where(Feedback.revision_id == revision.id, Feedback.released_at.is_not(None))
    )


def as_written(feedback: Feedback) -> Written:
    """A stored answer as the rules see it."""
    marks = {key: Mark(mark) for key, mark in feedback.marks.items()}
    return Written(marks, feedback.comments, feedback.working, feedback.next_step, feedback.question)


def _lock(session: Session, reflection: Reflection) -> None:
    """From here to the end of the transaction nobody else opens, answers or takes back this reflection."""
    session.refresh(reflection, with_for_update=True)


def _attend(reflection: Reflection, by: int, now: datetime) -> None:
    reflection.state = next_state(reflection.state, Step.OPEN)
    if not is_read_by_other(reflection, by, now):
        reflection.reader_id, reflection.reader_since = by, now


def _store(session: Session, revision: Revision, written: Written, *, version: int, by: int, now: datetime) -> Feedback:
    draft = session.scalar(select(Feedback).where(Feedback.revision_id == revision.id, Feedback.trainer_id == by))
    if draft is None:
        draft = Feedback(reflection_id=revision.reflection_id, revision_id=revision.id, trainer_id=by, version=0)
        session.add(draft)
    elif draft.released_at is not None:
        raise AlreadyReleased(draft)
    elif as_written(draft) == written:
        return draft  # nothing new; or the answer to an earlier save was lost on its way
    elif draft.version != version:
        raise DraftConflict(draft)
    draft.marks = {key: mark.value for key, mark in written.marks.items()}
    draft.comments = dict(written.comments)
    draft.working, draft.next_step, draft.question = written.working, written.next_step, written.question
    draft.version, draft.saved_at = draft.version + 1, now
    session.flush()
    return draft


def _decide(session: Session, reflection: Reflection, answer: Feedback, decision: Decision, now: datetime) -> None:
    answer.decision, answer.released_at = decision, now
    reflection.state = next_state(reflection.state, STEP_OF[decision])
    reflection.waiting_since = reflection.reader_id = reflection.reader_since = None
    reflection.met_at = now if reflection.state is State.MET else None
    session.flush()


def _credit(session: Session, reflection: Reflection, cohort: Cohort, *, now: datetime) -> None:
    enrolment = session.get_one(Enrolment, reflection.enrolment_id)
    place = enrolment.last_activity, enrolment.last_activity_at
    standing.done(session, standing.of(session, enrolment, cohort), reflection.activity, now=now)
    enrolment.last_activity, enrolment.last_activity_at = place  # it was the trainer who came by, not the member
    session.flush()
