"""Many members at once: enrolled and queued in a few statements, as if each of them had come by a launch."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, func, insert, select

from plugin.db.base import Base
from plugin.db.learning import Completion, Enrolment, EnrolmentState
from plugin.db.outbox import LineItem, OutboxRow, OutboxState
from plugin.db.people import Identity, Person
from plugin.db.session import transaction
from plugin.domain.scores import Progress, report
from tests.worker.scene import LONG_AGO, Member, Run

MINUTES = 180


def queue(engine: Engine, place: Run, subs: Sequence[str], progress: Progress, *, now: datetime) -> list[Member]:
    """Enrol whoever the LMS knows by these, and let the outbox tell this progress of each."""
    with transaction(engine) as session:
        column = session.scalars(select(LineItem.id).where(LineItem.platform_id == place.platform_id)).one()
        first, identity, enrolment = (
            (session.scalar(select(func.max(table.id))) or 0) + 1 for table in (Person, Identity, Enrolment)
        )
        members = [Member(first + number, enrolment + number, sub) for number, sub in enumerate(subs)]

        def put(table: type[Base], rows: list[dict[str, Any]]) -> None:
            session.execute(insert(table), rows)

        put(Person, [{"id": one.id, "name": "Ada Okafor", "created_at": LONG_AGO} for one in members])
        put(Identity, [_identity(place, one, identity + number) for number, one in enumerate(members)])
        put(Enrolment, [_enrolment(place, one, identity + n, progress, now) for n, one in enumerate(members)])
        if progress is Progress.COMPLETED:
            put(Completion, [_completion(place, one, now) for one in members])
        put(OutboxRow, [_told(place, one, column, progress, now) for one in members])
    return members


def _identity(place: Run, member: Member, id: int) -> dict[str, Any]:
    return {
        "id": id,
        "platform_id": place.platform_id,
        "deployment_key": "",
        "sub": member.sub,
        "person_id": member.id,
        "created_at": LONG_AGO,
        "last_launch_at": LONG_AGO,
    }


def _enrolment(place: Run, member: Member, identity: int, progress: Progress, now: datetime) -> dict[str, Any]:
    is_done = progress is Progress.COMPLETED
    return {
        "id": member.enrolment_id,
        "person_id": member.id,
        "cohort_id": place.cohort_id,
        "organization_id": place.organization_id,
        "identity_id": identity,
        "state": EnrolmentState.COMPLETED if is_done else EnrolmentState.ACTIVE,
        "completed_at": now if is_done else None,
        "enrolled_at": LONG_AGO,
    }


def _completion(place: Run, member: Member, now: datetime) -> dict[str, Any]:
    return {
        "enrolment_id": member.enrolment_id,
        "person_id": member.id,
        "organization_id": place.organization_id,
        "version_id": place.version_id,
        "completed_at": now,
        "minutes": MINUTES,
    }


def _told(place: Run, member: Member, column: int, progress: Progress, now: datetime) -> dict[str, Any]:
    said = report(progress, on=now.date(), minutes=MINUTES)
    return {
        "line_item_id": column,
        "person_id": member.id,
        "enrolment_id": member.enrolment_id,
        "organization_id": place.organization_id,
        "platform_id": place.platform_id,
        "user_id": member.sub,
        "progress": progress,
        "score": said.score,
        "comment": said.comment,
        "version": 1,
        "state": OutboxState.DUE,
        "queued_at": now,
        "due_at": now,
        "attempts": 0,
    }
