"""Put what the LMS shall know into the outbox, in the transaction of the change that it tells of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from plugin.db.learning import Completion, Enrolment
from plugin.db.outbox import LineItem, OutboxRow, OutboxState
from plugin.db.people import Identity, Organization
from plugin.db.upsert import insert
from plugin.domain.columns import WHOLE, Kind, Part
from plugin.domain.scores import Progress, Reached, furthest, report, supersedes


def tell(session: Session, enrolment: Enrolment, progress: Progress, *, now: datetime) -> None:
    """Queue a progress with the whole offering; see `tell_parts`."""
    tell_parts(session, enrolment, {WHOLE: Reached(progress)}, now=now)


def tell_parts(session: Session, enrolment: Enrolment, reached: Mapping[Part, Reached], *, now: datetime) -> None:
    """Queue how far a member is for every gradebook column, on their platform, of these parts of the cohort's offering.

    One row for each column and person, the latest state wins; what was told already, or is older than what was told, is
    not told again. Nothing is sent here: the worker sends.
    """
    found: Sequence[Any] = session.execute(
        select(
            LineItem.id,
            LineItem.kind,
            LineItem.session_number,
            LineItem.activity,
            LineItem.platform_id,
            Identity.sub,
            Organization.time_zone,
            Completion,
            OutboxRow.id.label("row_id"),
        )
        .join(Identity, and_(Identity.id == enrolment.identity_id, Identity.platform_id == LineItem.platform_id))
        .join(Organization, Organization.id == enrolment.organization_id)
        .outerjoin(Completion, Completion.enrolment_id == enrolment.id)
        .outerjoin(OutboxRow, and_(OutboxRow.line_item_id == LineItem.id, OutboxRow.person_id == enrolment.person_id))
        .where(LineItem.cohort_id == enrolment.cohort_id)
    ).all()
    columns = [column for column in found if _part(column) in reached]
    made = _first(session, enrolment, reached, [column for column in columns if column.row_id is None], now)
    known = {column.id: column for column in columns if column.id not in made}
    for row in _held(session, enrolment, known):
        _queue(row, enrolment, reached, known[row.line_item_id], now)
    session.flush()


def _part(column: Any) -> Part:
    return Part(Kind(column.kind), column.session_number, column.activity)


def _first(
    session: Session, enrolment: Enrolment, reached: Mapping[Part, Reached], columns: Sequence[Any], now: datetime
) -> frozenset[int]:
    """Make the rows that tell of a person for the first time; the columns for which another request did not."""
    if not columns:
        return frozenset()
    rows = [
        {
            "line_item_id": column.id,
            "platform_id": column.platform_id,
            "person_id": enrolment.person_id,
            "version": 1,
            **_told(enrolment, reached[_part(column)], column, now),
        }
        for column in columns
    ]
    making = insert(session, OutboxRow).values(rows).on_conflict_do_nothing().returning(OutboxRow.line_item_id)
    return frozenset(session.scalars(making))


def _held(session: Session, enrolment: Enrolment, columns: Collection[int]) -> Sequence[OutboxRow]:
    """The person's rows for these columns, locked until the transaction ends.

    Two requests may tell of the same person at once, a submission and an acceptance for example: the second waits here
    and then sees what the first one told.
    """
    if not columns:
        return ()
    return session.scalars(
        select(OutboxRow)
        .where(OutboxRow.person_id == enrolment.person_id, OutboxRow.line_item_id.in_(columns))
        .order_by(OutboxRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _queue(row: OutboxRow, enrolment: Enrolment, reached: Mapping[Part, Reached], column: Any, now: datetime) -> None:
    """Let the row tell how far they are, if there is something to tell."""
    there = reached[_part(column)]
    if row.enrolment_id == enrolment.id:
        if row.user_id != column.sub:  # the person comes with another identity now, which knows nothing yet
            there = replace(there, progress=furthest(there.progress, row.progress))
        elif not supersedes(there.progress, row.progress):
            return
    for name, value in _told(enrolment, there, column, now).items():
        setattr(row, name, value)
    row.version += 1


def _told(enrolment: Enrolment, there: Reached, column: Any, now: datetime) -> dict[str, Any]:
    """What a row says that tells how far somebody is and was not tried yet."""
    part = _part(column)
    completed: Completion | None = column.Completion
    at, minutes = there.at, there.minutes
    if part == WHOLE and completed is not None:
        at, minutes = completed.completed_at, completed.minutes
    day = (at or now).astimezone(ZoneInfo(column.time_zone)).date()
    said = report(there.progress, on=day, minutes=minutes, part=part)
    return {
        "enrolment_id": enrolment.id,
        "organization_id": enrolment.organization_id,
        "user_id": column.sub,
        "progress": there.progress,
        "score": said.score,
        "comment": said.comment,
        "state": OutboxState.DUE,
        "queued_at": now,
        "due_at": now,
        "attempts": 0,
        "failing_since": None,
        "problem": None,
        "problem_code": None,
    }


def current(enrolment: Enrolment, *, waits: bool) -> Progress | None:
    """What the LMS would be told of this enrolment today; `waits` says that something is with a trainer."""
    if enrolment.completed_at is not None:
        return Progress.COMPLETED
    if waits:
        return Progress.SUBMITTED
    return Progress.STARTED if enrolment.started_at is not None else None
