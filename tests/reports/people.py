"""One person in a cohort, as a report meets them: what a test says, the rest sensible."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from plugin.actions import organizations
from plugin.db.learning import Completion, Enrolment, EnrolmentState, Progress
from plugin.db.outbox import LineItem, OutboxRow, OutboxState
from plugin.db.people import Grant, Identity, Organization, OrganizationKind, OrganizationLine, Person
from plugin.db.reflections import Reflection
from plugin.domain.people import Role
from plugin.domain.review import State
from plugin.domain.scores import Progress as Told
from tests.cast import LONG_AGO, Actor, Place

SECRET_TEXT = "what I wrote about my third period"


def moment(text: str) -> datetime:
    """ "2025-03-05 17:30" in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def enrol(
    session: Session,
    place: Place,
    name: str,
    *,
    enrolled: str = "2025-01-05 15:00",
    started: str | None = None,
    completed: str | None = None,
    legal_name: str | None = None,
    done: Iterable[str] = (),
    minutes: int = 30,
    person: Person | None = None,
) -> Enrolment:
    """Somebody of this name in the place's cohort, or a person who is elsewhere, too.

    `done` are keys of activities, times are in UTC.
    """
    begun = moment(completed) - timedelta(days=1) if completed else moment(started) if started else None
    if person is None:
        person = Person(name=name, legal_name=legal_name, created_at=moment(enrolled))
        session.add(person)
        session.flush()
    identity = Identity(
        platform_id=place.platform.id,
        deployment_key="",
        sub=f"sub-of-{person.id}",
        email=f"person-{person.id}@example.org",
        person_id=person.id,
        created_at=moment(enrolled),
        last_launch_at=moment(enrolled),
    )
    session.add(identity)
    session.flush()
    enrolment = Enrolment(
        person_id=person.id,
        cohort_id=place.cohort.id,
        organization_id=place.organization.id,
        identity_id=identity.id,
        state=EnrolmentState.COMPLETED if completed else EnrolmentState.ACTIVE,
        enrolled_at=moment(enrolled),
        started_at=begun,
        last_activity_at=moment(completed) if completed else begun,
        completed_at=moment(completed) if completed else None,
    )
    session.add(enrolment)
    session.flush()
    for key in done:
        session.add(
            Progress(enrolment_id=enrolment.id, activity=key, opened_at=begun, done_at=begun, position=0, minutes=3)
        )
    if completed:
        session.add(
            Completion(
                enrolment_id=enrolment.id,
                person_id=person.id,
                organization_id=place.organization.id,
                version_id=place.cohort.version_id,
                completed_at=moment(completed),
                minutes=minutes,
            )
        )
    session.flush()
    return enrolment


def reflect(session: Session, enrolment: Enrolment, *, met: bool) -> None:
    """A reflection of theirs, met or waiting for a trainer."""
    at = enrolment.enrolled_at
    session.add(
        Reflection(
            enrolment_id=enrolment.id,
            cohort_id=enrolment.cohort_id,
            organization_id=enrolment.organization_id,
            person_id=enrolment.person_id,
            activity="reflect",
            reviewed=True,
            state=State.MET if met else State.SUBMITTED,
            text=SECRET_TEXT,
            version=1,
            saved_at=at,
            revision=1,
            waiting_since=None if met else at,
            met_at=at if met else None,
            created_at=at,
        )
    )
    session.flush()


def tell(
    session: Session,
    enrolment: Enrolment,
    line_item: LineItem,
    state: OutboxState,
    *,
    progress: Told = Told.COMPLETED,
    problem: str | None = None,
    at: str = "2025-03-06 12:00",
    attempts: int = 0,
) -> OutboxRow:
    """What the LMS was told of them, or is to be told."""
    row = OutboxRow(
        line_item_id=line_item.id,
        person_id=enrolment.person_id,
        enrolment_id=enrolment.id,
        organization_id=enrolment.organization_id,
        platform_id=line_item.platform_id,
        user_id=f"sub-of-{enrolment.person_id}",
        progress=progress,
        version=1,
        state=state,
        queued_at=moment(at),
        due_at=moment(at),
        attempts=attempts,
        sent_at=moment(at) if state is OutboxState.SENT else None,
        problem=problem,
    )
    session.add(row)
    session.flush()
    return row


def second_column(session: Session, place: Place) -> LineItem:
    """Another gradebook column of the same cohort, as a copied LMS course has."""
    column = LineItem(
        platform_id=place.platform.id,
        cohort_id=place.cohort.id,
        url="https://lms1.example.org/items/2",
        created_at=moment("2025-01-01 00:00"),
    )
    session.add(column)
    session.flush()
    return column


def federation(session: Session, name: str, *places: Place) -> Organization:
    """An organization above these places."""
    body = organizations.add(session, name, kind=OrganizationKind.FEDERATION, now=moment("2020-01-01 00:00"))
    for place in places:
        session.merge(place.organization).parent_id = body.id
        session.add(OrganizationLine(ancestor_id=body.id, organization_id=place.organization.id))
    session.flush()
    return body


def grant(session: Session, actor: Actor, role: Role, organization: Organization, *, cohort: int | None = None) -> None:
    """Give somebody a role there."""
    session.add(
        Grant(
            role=role,
            organization_id=organization.id,
            cohort_id=cohort,
            person_id=actor.id,
            starts_on=LONG_AGO,
            created_at=moment("2020-01-01 00:00"),
            bound_at=moment("2020-01-01 00:00"),
        )
    )
    session.flush()


YEAR: dict[str, Any] = {"first": date(2025, 1, 1), "last": date(2025, 12, 31)}
