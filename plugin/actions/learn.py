"""Go through an offering: what somebody is enrolled in, the place they left, answers, and what the LMS knows of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, and_, bindparam, select, update
from sqlalchemy.orm import Session

import content
from plugin.actions import course_dates, history, offerings
from plugin.actions import standing as standings
from plugin.actions.history import News
from plugin.actions.standing import Standing
from plugin.db import doors
from plugin.db.learning import Answer, Cohort, Enrolment, EnrolmentState, Progress
from plugin.db.outbox import LineItem, OutboxRow, OutboxState
from plugin.domain.columns import WHOLE, Kind, Part
from plugin.domain.progress import is_settled

LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Frequency(StrEnum):
    """How often a member does what a statement says."""

    RARELY = "rarely"
    SOMETIMES = "sometimes"
    OFTEN = "often"


@dataclass(frozen=True)
class Tries:
    """What was answered in one activity: item → choices, the first try first; `right` holds items found right once."""

    choices: Mapping[str, tuple[str, ...]]
    right: frozenset[str]

    def latest(self, item: str) -> str | None:
        """The last choice made at an item; None before the first."""
        made = self.choices.get(item)
        return made[-1] if made else None

    def count(self, item: str) -> int:
        """How often an item was tried."""
        return len(self.choices.get(item, ()))


@dataclass(frozen=True)
class Told:
    """What the member's LMS knows: its name, whether it gave us a gradebook column (not asked before they started),
    and what is on its way there: a row of the outbox, to be read only, and the part that its column stands for.
    """

    lms: str
    has_column: bool
    row: OutboxRow | None
    part: Part = WHOLE


_SENT = ("state", "progress", "problem", "problem_code", "attempts", "sent_at")


@dataclass(frozen=True)
class Overview:
    """An enrolment with its news and with what the LMS was told. `rows` are those of `doors.own_overview`."""

    rows: Sequence[Any]
    pack: content.Pack
    news: tuple[News, ...]
    told: Told

    @cached_property
    def standing(self) -> Standing:
        """Where it stands; of rows, to be read only."""
        progress = {row.activity: row for row in self.rows if row.activity and not row.state}
        written = {row.activity: row for row in self.rows if row.state}
        return standings.standing_of(self.pack, self.rows[0], self.rows[0], progress, written)

    @property
    def made_of(self) -> tuple[object, ...]:
        """All that a page about it may depend on: what is equal here reads the same."""
        run, sent = self.rows[0], self.told.row
        return (
            run.version_id,
            run.started_at,
            run.completed_at,
            run.last_activity,
            tuple(_seen_of(row) for row in self.rows),
            self.news,
            self.told.lms,
            self.told.has_column,
            sent and tuple(getattr(sent, name) for name in _SENT),
            self.told.part,
            course_dates.read(run.dates),
        )


def _seen_of(row: Any) -> tuple[object, ...]:
    has_words = bool(row.text and row.text.strip())
    return row.activity, row.done_at, row.position, row.state, row.waiting_since, row.saved_at, has_words


# where several columns differ, the one that somebody should know of
WORST_FIRST = (OutboxState.REFUSED, OutboxState.DUE, OutboxState.SENT, OutboxState.NOT_SENT)


def enrolled(session: Session, person_id: int) -> list[Standing]:
    """Everything somebody is enrolled in: what they work on first, the most recent before the rest."""
    rows = session.execute(
        select(Enrolment, Cohort)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Enrolment.person_id == person_id)
        .order_by(Enrolment.id)
    ).all()
    found = sorted(rows, key=lambda row: row[0].last_activity_at or LONG_AGO, reverse=True)
    found.sort(key=lambda row: row[0].state is EnrolmentState.COMPLETED)
    return standings.of_all(session, [(enrolment, cohort) for enrolment, cohort in found])


def keep_place(session: Session, enrolment_id: int, key: str, position: int) -> None:
    """Remember how far down an opened activity the reader is, 0–1000."""
    session.execute(
        update(Progress)
        .where(Progress.enrolment_id == enrolment_id, Progress.activity == key)
        .values(position=min(max(position, 0), 1000))
    )


def tries(session: Session, enrolment_id: int, key: str) -> Tries:
    """Every try at the items of an activity."""
    rows = session.scalars(
        select(Answer).where(Answer.enrolment_id == enrolment_id, Answer.activity == key).order_by(Answer.id)
    )
    choices: dict[str, tuple[str, ...]] = {}
    right = set()
    for row in rows:
        choices[row.item] = (*choices.get(row.item, ()), row.choice)
        if row.right:
            right.add(row.item)
    return Tries(choices, frozenset(right))


def answer(
    session: Session, standing: Standing, activity: content.Activity, chosen: Mapping[str, str], *, now: datetime
) -> bool:
    """Keep what was chosen: item → frequency or choice. What is missing or unknown is left out, the same again too.

    The activity is done when every statement is answered, or every item was found right once. Returns whether it is.
    """
    standings.opened(session, standing, activity.key, now=now)
    before = tries(session, standing.enrolment.id, activity.key)
    for item, (choice, right) in _known(activity, chosen).items():
        if choice != before.latest(item):
            session.add(
                Answer(
                    enrolment_id=standing.enrolment.id,
                    activity=activity.key,
                    item=item,
                    choice=choice,
                    right=right,
                    answered_at=now,
                )
            )
    session.flush()
    after = tries(session, standing.enrolment.id, activity.key)
    settled = is_settled(items(activity), found(activity, after))
    if settled:
        standings.done(session, standing, activity.key, now=now)
    return settled


def items(activity: content.Activity) -> frozenset[str]:
    """The keys of the statements, scenarios or questions of an activity."""
    return frozenset(item.key for item in (*activity.statements, *activity.choosing))


def found(activity: content.Activity, made: Tries) -> frozenset[str]:
    """The items that need no further answer."""
    return frozenset(made.choices) if activity.statements else made.right


def overview(connection: Connection, person_id: int, enrolment_id: int) -> Overview | None:
    """Where somebody's own enrolment stands, for a page that changes nothing; None when it is not theirs."""
    rows = doors.own_overview(connection, person_id, enrolment_id)
    if not rows:
        return None
    answered = any(row.revision for row in rows)
    return Overview(
        rows,
        offerings.pack_of(connection, rows[0].version_id),
        tuple(history.news(connection, enrolment_id)) if answered else (),
        _told(connection, rows[0]),
    )


_LINE_ITEMS, _OUTBOX = LineItem.__table__, OutboxRow.__table__
_TOLD: Any = (
    select(
        _LINE_ITEMS.c.kind,
        _LINE_ITEMS.c.session_number,
        _LINE_ITEMS.c.activity,
        *(_OUTBOX.c[name] for name in _SENT),
    )
    .select_from(_LINE_ITEMS)
    .outerjoin(
        _OUTBOX, and_(_OUTBOX.c.line_item_id == _LINE_ITEMS.c.id, _OUTBOX.c.enrolment_id == bindparam("enrolment"))
    )
    .where(_LINE_ITEMS.c.platform_id == bindparam("platform"), _LINE_ITEMS.c.cohort_id == bindparam("cohort"))
)


def _told(connection: Connection, run: Any) -> Told:
    """Before the first activity is opened there is nothing to tell."""
    if run.started_at is None:
        return Told(run.lms, has_column=False, row=None)
    wanted = {"platform": run.platform_id, "cohort": run.cohort_id, "enrolment": run.id}
    rows = connection.execute(_TOLD, wanted).all()
    on_the_way: list[Any] = [row for row in rows if row.state]
    if not on_the_way:
        return Told(run.lms, has_column=bool(rows), row=None)
    # the newest where all went well, and what is true of the whole before what is true of a part
    on_the_way.sort(key=lambda row: row.sent_at or LONG_AGO, reverse=True)
    row = min(on_the_way, key=lambda row: (WORST_FIRST.index(row.state), row.kind is not Kind.COMPLETION))
    return Told(run.lms, has_column=True, row=row, part=Part(row.kind, row.session_number, row.activity))


def _known(activity: content.Activity, chosen: Mapping[str, str]) -> dict[str, tuple[str, bool | None]]:
    frequencies = {frequency.value for frequency in Frequency}
    known: dict[str, tuple[str, bool | None]] = {
        statement.key: (chosen[statement.key], None)
        for statement in activity.statements
        if chosen.get(statement.key) in frequencies
    }
    for item in activity.choosing:
        for choice in item.choices:
            if chosen.get(item.key) == choice.key:
                known[item.key] = (choice.key, choice.right)
    return known
