"""Put what the LMS shall know into the outbox, in the transaction of the change that it tells of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from plugin.db.learning import Completion, Enrolment
from plugin.db.outbox import LineItem, OutboxRow, OutboxState
from plugin.db.people import Identity, Organization
from plugin.db.upsert import insert_or_leave
from plugin.domain.scores import Progress, furthest, report, supersedes


def tell(session: Session, enrolment: Enrolment, progress: Progress, *, now: datetime) -> None:
    """Queue a progress for every gradebook column of the cohort on the member's platform.

    One row for each column and person, the latest state wins; what was told already, or is older than what was told, is
    not told again. Nothing is sent here: the worker sends.
    """
    columns: Sequence[Any] = session.execute(
        select(LineItem.id, LineItem.platform_id, Identity.sub, Organization.time_zone, Completion)
        .join(Identity, and_(Identity.id == enrolment.identity_id, Identity.platform_id == LineItem.platform_id))
        .join(Organization, Organization.id == enrolment.organization_id)
        .outerjoin(Completion, Completion.enrolment_id == enrolment.id)
        .where(LineItem.cohort_id == enrolment.cohort_id)
    ).all()
    if not columns:
        return
    rows = _held(session, enrolment, [(column.id, column.platform_id) for column in columns], now)
    for column in columns:
        _queue(rows[column.id], enrolment, progress, column, now)
    session.flush()


def _held(
    session: Session, enrolment: Enrolment, columns: Sequence[tuple[int, int]], now: datetime
) -> dict[int, OutboxRow]:
    """The person's rows for these columns, locked until the transaction ends; new ones have version 0.

    Two requests may tell of the same person at once, a submission and an acceptance for example: the second waits here
    and then sees what the first one told.
    """
    fresh = {
        "person_id": enrolment.person_id,
        "enrolment_id": enrolment.id,
        "organization_id": enrolment.organization_id,
        "user_id": "",
        "progress": Progress.STARTED,
        "version": 0,
        "state": OutboxState.DUE,
        "queued_at": now,
        "due_at": now,
        "attempts": 0,
    }
    wanted = (
        select(OutboxRow)
        .where(
            OutboxRow.person_id == enrolment.person_id, OutboxRow.line_item_id.in_([column for column, _ in columns])
        )
        .order_by(OutboxRow.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    rows = {row.line_item_id: row for row in session.scalars(wanted)}
    missing = [
        {**fresh, "line_item_id": column, "platform_id": platform} for column, platform in columns if column not in rows
    ]
    if missing:
        insert_or_leave(session, OutboxRow, missing, unique=("line_item_id", "person_id"))
        rows = {row.line_item_id: row for row in session.scalars(wanted)}
    return rows


def _queue(row: OutboxRow, enrolment: Enrolment, progress: Progress, column: Any, now: datetime) -> None:
    """Let the row tell this progress, if there is something to tell."""
    if row.version and row.enrolment_id == enrolment.id:
        if row.user_id != column.sub:  # the person comes with another identity now, which knows nothing yet
            progress = furthest(progress, row.progress)
        elif not supersedes(progress, row.progress):
            return
    completed: Completion | None = column.Completion
    day = (completed.completed_at if completed else now).astimezone(ZoneInfo(column.time_zone)).date()
    said = report(progress, on=day, minutes=completed.minutes if completed else 0)
    row.enrolment_id, row.organization_id = enrolment.id, enrolment.organization_id
    row.user_id, row.progress, row.score, row.comment = column.sub, progress, said.score, said.comment
    row.version += 1
    row.state, row.queued_at, row.due_at = OutboxState.DUE, now, now
    row.attempts, row.failing_since = 0, None
    row.problem, row.problem_code = None, None


def current(enrolment: Enrolment, *, waits: bool) -> Progress | None:
    """What the LMS would be told of this enrolment today; `waits` says that something is with a trainer."""
    if enrolment.completed_at is not None:
        return Progress.COMPLETED
    if waits:
        return Progress.SUBMITTED
    return Progress.STARTED if enrolment.started_at is not None else None
