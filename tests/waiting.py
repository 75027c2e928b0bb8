"""Reflections that wait for a trainer, as rows: for tests that begin where a member has sent one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.db.learning import Cohort, Enrolment, EnrolmentState
from plugin.db.people import Grant, Identity, Person
from plugin.db.reflections import Reflection, Revision
from plugin.domain.people import CourseRole, Role
from plugin.domain.review import State
from tests.cast import LONG_AGO, Actor, Place, sign_in_browser

TEXT = "On Monday I replaced the grade on ten exit tickets with one comment each. Students asked what to do next."


def send(
    session: Session,
    member: Actor,
    text: str = TEXT,
    *,
    activity: str = "reflect",
    at: datetime,
) -> Reflection:
    """What a member sends: the first time a new reflection, after that a further revision of it."""
    enrolment = member.enrolment
    assert enrolment is not None, "only who is enrolled writes"
    found = session.scalar(
        select(Reflection)
        .where(Reflection.enrolment_id == enrolment.id, Reflection.activity == activity)
        .execution_options(populate_existing=True)  # the application may have answered it meanwhile
    )
    row = found or Reflection(
        enrolment_id=enrolment.id,
        cohort_id=enrolment.cohort_id,
        organization_id=enrolment.organization_id,
        person_id=enrolment.person_id,
        activity=activity,
        reviewed=True,
        revision=0,
        version=0,
        created_at=at,
    )
    row.state, row.text, row.saved_at, row.waiting_since = State.SUBMITTED, text, at, at
    row.reader_id = row.reader_since = None
    row.version += 1
    row.revision += 1
    session.add(row)
    session.flush()
    session.add(
        Revision(reflection_id=row.id, number=row.revision, text=text, words=len(text.split()), submitted_at=at)
    )
    session.flush()
    return row


def crowd(session: Session, place: Place, count: int, *, at: datetime) -> list[Reflection]:
    """So many members of a place, each with a reflection that waits, sent a minute apart up to a moment."""
    rows = []
    for number in range(count):
        person = Person(name=f"Member {number:03}", created_at=at)
        session.add(person)
        session.flush()
        identity = Identity(
            platform_id=place.platform.id,
            deployment_key="",
            sub=f"crowd-{number}",
            person_id=person.id,
            created_at=at,
            last_launch_at=at,
        )
        session.add(identity)
        session.flush()
        enrolment = Enrolment(
            person_id=person.id,
            cohort_id=place.cohort.id,
            organization_id=place.organization.id,
            identity_id=identity.id,
            state=EnrolmentState.ACTIVE,
            enrolled_at=at,
        )
        session.add(enrolment)
        session.flush()
        actor = Actor(person, identity, place.ada.client, enrolment)
        rows.append(send(session, actor, at=at - timedelta(minutes=count - number)))
    return rows


def another_trainer(
    session: Session, app: Flask, place: Place, name: str = "Ana Lindqvist", *, cohort: Cohort | None = None
) -> Actor:
    """A second trainer of a place, signed in; for one cohort only when one is given."""
    now = datetime.now(UTC)
    person = Person(name=name, created_at=now)
    session.add(person)
    session.flush()
    identity = Identity(
        platform_id=place.platform.id,
        deployment_key="",
        sub=name,
        person_id=person.id,
        created_at=now,
        last_launch_at=now,
    )
    grant = Grant(
        role=Role.TRAINER,
        organization_id=place.organization.id,
        cohort_id=cohort.id if cohort else None,
        person_id=person.id,
        starts_on=LONG_AGO,
        created_at=now,
        bound_at=now,
    )
    session.add_all([identity, grant])
    session.flush()
    browser = sign_in_browser(
        session, app, person, platform=place.platform, context=place.context, role=CourseRole.LEARNER, now=now
    )
    return Actor(person, identity, browser)


def another_cohort(session: Session, place: Place, name: str) -> Cohort:
    """A second cohort of the same offering, and nobody in it yet."""
    cohort = Cohort(
        organization_id=place.organization.id,
        offering_id=place.cohort.offering_id,
        version_id=place.cohort.version_id,
        name=name,
        created_at=datetime.now(UTC),
    )
    session.add(cohort)
    session.flush()
    return cohort


def enrol(session: Session, member: Actor, cohort: Cohort) -> Actor:
    """The same member in another cohort."""
    enrolment = Enrolment(
        person_id=member.id,
        cohort_id=cohort.id,
        organization_id=cohort.organization_id,
        identity_id=member.identity.id,
        state=EnrolmentState.ACTIVE,
        enrolled_at=datetime.now(UTC),
    )
    session.add(enrolment)
    session.flush()
    return Actor(member.person, member.identity, member.client, enrolment)
