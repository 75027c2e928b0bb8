"""What was told to the LMS, and what is still to be told, as somebody's reports may show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased

from plugin.db.learning import Cohort, Enrolment, Offering
from plugin.db.outbox import LineItem, OutboxRow, OutboxState
from plugin.db.people import Person
from plugin.db.platforms import Platform
from plugin.db.reach import Reach, reached
from plugin.domain.columns import Kind
from plugin.domain.scores import Progress


@dataclass(frozen=True)
class Telling:
    """One row of the outbox with the names around it; `since` is when this state was to be told first."""

    id: int
    name: str
    member: int
    cohort: str
    code: str
    platform: str
    progress: Progress
    state: OutboxState
    problem: str | None
    problem_code: str | None
    since: datetime
    sent_at: datetime | None
    due_at: datetime
    attempts: int
    kind: Kind
    session: int | None


@dataclass(frozen=True)
class Key:
    """The place of a row in the list."""

    state: OutboxState
    id: int


def stuck(session: Session, reach: Reach) -> dict[OutboxState, int]:
    """How many rows were refused, and how many wait."""
    found = session.execute(
        select(OutboxRow.state, func.count())
        .where(_within(reach), OutboxRow.state.in_((OutboxState.REFUSED, OutboxState.DUE)))
        .group_by(OutboxRow.state)
    )
    return {OutboxState(state): count for state, count in found}


def page(
    session: Session, reach: Reach, states: tuple[OutboxState, ...], *, key: Key | None, back: bool, size: int
) -> list[Telling]:
    """Up to `size` rows after the key (before it when `back`), state by state, the newest first; by key."""
    order = list(reversed(states) if back else states)
    if key is not None:
        order = order[order.index(key.state) :]
    found: list[Telling] = []
    for state in order:
        wanted = _rows().where(_within(reach), OutboxRow.state == state)
        if key is not None and key.state is state:
            wanted = wanted.where(OutboxRow.id > key.id if back else OutboxRow.id < key.id)
        wanted = wanted.order_by(OutboxRow.id.asc() if back else OutboxRow.id.desc()).limit(size - len(found))
        found.extend(Telling(*row) for row in session.execute(wanted))
        if len(found) == size:
            break
    return list(reversed(found)) if back else found


def row(session: Session, reach: Reach, row_id: int) -> OutboxRow | None:
    """The row of this id, if it is within reach."""
    return session.scalar(select(OutboxRow).where(OutboxRow.id == row_id, _within(reach)))


def _within(reach: Reach) -> ColumnElement[bool]:
    if not reach.is_narrow:
        return reached(reach, OutboxRow.organization_id)
    run = aliased(Enrolment)
    return exists().where(run.id == OutboxRow.enrolment_id, reached(reach, run.organization_id, run.cohort_id))


def _rows() -> Any:
    return (
        select(
            OutboxRow.id,
            func.coalesce(Person.legal_name, Person.name),
            OutboxRow.person_id,
            Cohort.name,
            Offering.code,
            Platform.name,
            OutboxRow.progress,
            OutboxRow.state,
            OutboxRow.problem,
            OutboxRow.problem_code,
            OutboxRow.queued_at,
            OutboxRow.sent_at,
            OutboxRow.due_at,
            OutboxRow.attempts,
            LineItem.kind,
            LineItem.session_number,
        )
        .join(LineItem, LineItem.id == OutboxRow.line_item_id)
        .join(Enrolment, Enrolment.id == OutboxRow.enrolment_id)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .join(Offering, Offering.id == Cohort.offering_id)
        .join(Person, Person.id == OutboxRow.person_id)
        .join(Platform, Platform.id == OutboxRow.platform_id)
    )
