"""Go through an offering: what somebody is enrolled in, the place they left, answers, and what the LMS knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import and_, bindparam, select, update
from sqlalchemy.orm import Session

import content
from plugin.actions import standing as standings
from plugin.actions.standing import Standing
from plugin.db.learning import Answer, Cohort, Enrolment, EnrolmentState, Progress
from plugin.db.outbox import LineItem, OutboxRow, OutboxState
from plugin.db.people import Identity
from plugin.db.platforms import Platform
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
    """What the member's LMS knows: its name, whether it gave us a gradebook column, and the row on its way there."""

    lms: str
    has_column: bool
    row: OutboxRow | None


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


_TOLD = (
    select(Platform.name, LineItem.id, OutboxRow)
    .select_from(Identity)
    .join(Platform, Platform.id == Identity.platform_id)
    .outerjoin(LineItem, and_(LineItem.platform_id == Platform.id, LineItem.cohort_id == bindparam("cohort")))
    .outerjoin(OutboxRow, and_(OutboxRow.line_item_id == LineItem.id, OutboxRow.enrolment_id == bindparam("enrolment")))
    .where(Identity.id == bindparam("identity"))
)


def told(session: Session, enrolment: Enrolment) -> Told | None:
    """What the LMS of the enrolment has been told; None when its platform is gone."""
    wanted = {"identity": enrolment.identity_id, "cohort": enrolment.cohort_id, "enrolment": enrolment.id}
    rows = session.execute(_TOLD, wanted).all()
    if not rows:
        return None
    on_the_way: list[OutboxRow] = [row for _, _, row in rows if row is not None]
    on_the_way.sort(key=lambda row: WORST_FIRST.index(row.state))
    has_column = any(column is not None for _, column, _ in rows)
    return Told(rows[0][0], has_column, on_the_way[0] if on_the_way else None)


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
