"""Put what the LMS shall know into the outbox, in the transaction of the change that it tells of."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from plugin.db.learning import Completion, Enrolment
from plugin.db.outbox import LineItem, OutboxRow, OutboxState
from plugin.db.people import Identity, Organization
from plugin.domain.scores import Progress, report, supersedes


def tell(session: Session, enrolment: Enrolment, progress: Progress, *, now: datetime) -> None:
    """Queue a progress for every gradebook column of the cohort on the member's platform.

    One row for each column and person, the latest state wins; what was told already, or is older than what was told, is
    not told again. Nothing is sent here: the worker sends.
    """
    columns = session.execute(
        select(LineItem, Identity.sub, Organization.time_zone, OutboxRow, Completion)
        .join(Identity, and_(Identity.id == enrolment.identity_id, Identity.platform_id == LineItem.platform_id))
        .join(Organization, Organization.id == enrolment.organization_id)
        .outerjoin(OutboxRow, and_(OutboxRow.line_item_id == LineItem.id, OutboxRow.person_id == enrolment.person_id))
        .outerjoin(Completion, Completion.enrolment_id == enrolment.id)
        .where(LineItem.cohort_id == enrolment.cohort_id)
    ).all()
    for column, sub, time_zone, found, completed in columns:
        row: OutboxRow | None = found  # the outer join leaves it empty where nothing was told yet
        if not supersedes(progress, row.progress if row else None):
            continue
        day = (completed.completed_at if completed else now).astimezone(ZoneInfo(time_zone)).date()
        said = report(progress, on=day, minutes=completed.minutes if completed else 0)
        if row is None:
            row = OutboxRow(
                line_item_id=column.id,
                person_id=enrolment.person_id,
                enrolment_id=enrolment.id,
                organization_id=enrolment.organization_id,
                platform_id=column.platform_id,
                version=0,
            )
            session.add(row)
        row.user_id, row.progress, row.score, row.comment = sub, progress, said.score, said.comment
        row.version += 1
        row.state, row.queued_at, row.due_at, row.attempts, row.problem = OutboxState.DUE, now, now, 0, None
    session.flush()


def current(enrolment: Enrolment, *, waits: bool) -> Progress | None:
    """What the LMS would be told of this enrolment today; `waits` says that something is with a trainer."""
    if enrolment.completed_at is not None:
        return Progress.COMPLETED
    if waits:
        return Progress.SUBMITTED
    return Progress.STARTED if enrolment.started_at is not None else None
