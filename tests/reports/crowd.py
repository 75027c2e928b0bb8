"""Many people in a cohort at once, written with bulk inserts: for lists with pages, query plans and yardsticks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from plugin.db.learning import Completion, Enrolment, EnrolmentState, Progress
from plugin.db.outbox import OutboxRow, OutboxState
from plugin.db.people import Identity, Person
from plugin.db.reflections import Reflection
from plugin.domain.review import State
from plugin.domain.scores import Progress as Told
from tests.cast import Place

FIRST = ["Amara", "Beatriz", "Chidi", "Đặng", "Elif", "Farah", "Grace", "Hiroko", "Íñigo", "Jamal", "Keisha", "Luz"]
LAST = ["Nguyễn", "Okafor", "Núñez", "O’Neill", "Smith", "Castillo", "Park", "Sørensen", "Washington", "Yılmaz", "Ito"]
ACTIVITIES = ("goal", "inventory", "finding-1", "try-it", "check", "reflect")
REQUIRED = len(ACTIVITIES)
BATCH = 20_000
SITUATIONS = (
    "completed",
    "completed",
    "completed",
    "completed",
    "completed",
    "completed",
    "in progress",
    "not started",
)


def fill(session: Session, place: Place, count: int, *, now: datetime) -> None:
    """Add `count` people to the place's cohort: three in four completed, the others under way or not begun.

    Their enrolments lie within the last year; the completed ones took a week.
    """
    person = _next(session, Person.id)
    identity = _next(session, Identity.id)
    enrolment = _next(session, Enrolment.id)
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        rows: dict[Any, list[dict[str, Any]]] = {
            table: [] for table in (Person, Identity, Enrolment, Progress, Reflection, Completion, OutboxRow)
        }
        for number in numbers:
            for table, row in _one(
                place,
                number=number,
                person=person + number,
                identity=identity + number,
                enrolment=enrolment + number,
                now=now,
            ):
                rows[table].append(row)
        for table, values in rows.items():
            if values:
                session.execute(insert(table), values)
    if session.get_bind().dialect.name == "postgresql":
        for table, after in ((Person, person), (Identity, identity), (Enrolment, enrolment)):
            name = f"{table.__tablename__}_id_seq"
            session.execute(select(func.setval(name, after + count)))


def _next(session: Session, column: Any) -> int:
    return (session.scalar(select(func.max(column))) or 0) + 1


def _one(
    place: Place, *, number: int, person: int, identity: int, enrolment: int, now: datetime
) -> Iterator[tuple[Any, dict[str, Any]]]:
    situation = SITUATIONS[number % len(SITUATIONS)]
    enrolled = now - timedelta(days=8, hours=number * 17 % 8500)
    completed = enrolled + timedelta(days=7) if situation == "completed" else None
    started = None if situation == "not started" else enrolled + timedelta(minutes=5)
    name = f"{FIRST[number % len(FIRST)]} {LAST[number // len(FIRST) % len(LAST)]} {number}"
    ours = {"enrolment_id": enrolment, "person_id": person, "organization_id": place.organization.id}
    yield Person, {"id": person, "name": name, "legal_name": None, "created_at": enrolled}
    yield (
        Identity,
        {
            "id": identity,
            "platform_id": place.platform.id,
            "deployment_key": "",
            "sub": f"crowd-{person}",
            "person_id": person,
            "email": f"crowd-{person}@example.org",
            "created_at": enrolled,
            "last_launch_at": enrolled,
        },
    )
    yield (
        Enrolment,
        {
            "id": enrolment,
            "person_id": person,
            "cohort_id": place.cohort.id,
            "organization_id": place.organization.id,
            "identity_id": identity,
            "state": EnrolmentState.COMPLETED if completed else EnrolmentState.ACTIVE,
            "enrolled_at": enrolled,
            "started_at": started,
            "last_activity_at": completed or started,
            "completed_at": completed,
            "last_activity": None,
        },
    )
    if started is None:
        return
    for activity in ACTIVITIES if completed else ACTIVITIES[: number % REQUIRED]:
        row = {"enrolment_id": enrolment, "activity": activity, "opened_at": started, "done_at": completed or started}
        yield Progress, {**row, "position": 1000, "minutes": 5}
    met = completed is not None
    yield (
        Reflection,
        {
            **ours,
            "cohort_id": place.cohort.id,
            "activity": "reflect",
            "reviewed": True,
            "state": State.MET if met else State.DRAFTING,
            "text": "what nobody but a trainer reads",
            "version": 1,
            "saved_at": started,
            "revision": 1 if met else 0,
            "waiting_since": None,
            "met_at": completed,
            "created_at": started,
        },
    )
    if completed:
        yield (
            Completion,
            {
                **ours,
                "version_id": place.cohort.version_id,
                "completed_at": completed,
                "minutes": 30,
            },
        )
    state = OutboxState.SENT
    problem = None
    if number % 40 == 5:
        state, problem = OutboxState.REFUSED, "The LMS says this person is not in its course any more."
    elif number % 40 == 7 or not completed:
        state = OutboxState.DUE
    yield (
        OutboxRow,
        {
            **ours,
            "line_item_id": place.line_item.id,
            "platform_id": place.platform.id,
            "user_id": f"crowd-{person}",
            "progress": Told.COMPLETED if completed else Told.STARTED,
            "score": 1 if completed else None,
            "comment": None,
            "version": 1,
            "state": state,
            "queued_at": completed or started,
            "due_at": now,
            "attempts": 3 if state is OutboxState.DUE and number % 3 == 0 else 0,
            "sent_at": completed if state is OutboxState.SENT else None,
            "problem": problem,
        },
    )
