"""Head equals the models; up, down, up leaves no trace."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

import content
from plugin.actions import offerings, organizations
from plugin.db import Base, migrate
from plugin.db.learning import Cohort, Enrolment, EnrolmentState, Offering
from plugin.db.outbox import LineItem, OutboxRow, OutboxState
from plugin.db.people import Identity, Person
from plugin.db.platforms import Platform, PlatformState
from plugin.db.session import make_engine, transaction
from plugin.domain.columns import WHOLE, Choice, Kind
from plugin.domain.scores import Progress
from tests.connected import THREE

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def test_head_equals_the_models(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_up_down_up_leaves_no_trace(database_url: str) -> None:
    engine = make_engine(database_url)
    before = set(inspect(engine).get_table_names())
    migrate.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) == {"alembic_version"}
    migrate.upgrade(engine)
    assert set(inspect(engine).get_table_names()) == before
    assert migrate.current(engine) == migrate.head()
    engine.dispose()


def test_columns_and_offerings_that_were_there_before_parts_are_what_they_were(database_url: str) -> None:
    """0010: every gradebook column stands for the completion; an offering's sessions are counted in its version."""
    engine = make_engine(database_url)
    with transaction(engine) as session:
        place = make_places(session)
    migrate.downgrade(engine, "0009")
    migrate.upgrade(engine)
    with transaction(engine) as session:
        assert {row.part for row in session.scalars(select(LineItem))} == {WHOLE}
        assert session.scalars(select(OutboxRow.progress)).all() == [Progress.SUBMITTED], "no word of before is lost"
        assert session.scalars(select(Cohort.column_choice).distinct()).all() == [Choice.COMPLETION]
        assert session.scalars(select(Offering.sessions)).all() == [3]
        assert session.scalars(select(OutboxRow.line_item_id)).one() == place
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(update(LineItem).values(kind=Kind.SESSION))
    engine.dispose()


def make_places(session: Session) -> int:
    """A cohort with columns for its completion and for a session, and what they are told of Ada. The first one's id."""
    version = offerings.publish(session, content.load(THREE), now=NOW)
    body = organizations.add(session, "Local 1", now=NOW)
    address = "https://lms.example.org"
    platform = Platform(
        organization_id=body.id,
        name="LMS",
        issuer=address,
        client_id="c",
        authorization_url=address,
        token_url=address,
        key_set_url=address,
        hosts=["lms.example.org"],
        state=PlatformState.ACTIVE,
        instructors_are_trainers=False,
        shared_client=False,
        created_at=NOW,
    )
    person = Person(name="Ada", created_at=NOW)
    cohort = Cohort(
        organization_id=body.id,
        offering_id=version.offering_id,
        version_id=version.id,
        name="PD",
        created_at=NOW,
        column_choice=Choice.SESSIONS,
    )
    session.add_all([platform, person, cohort])
    session.flush()
    identity = Identity(
        platform_id=platform.id, deployment_key="", sub="1", person_id=person.id, created_at=NOW, last_launch_at=NOW
    )
    session.add(identity)
    session.flush()
    enrolment = Enrolment(
        person_id=person.id,
        cohort_id=cohort.id,
        organization_id=body.id,
        identity_id=identity.id,
        state=EnrolmentState.ACTIVE,
        enrolled_at=NOW,
    )
    whole, part = (
        LineItem(platform_id=platform.id, cohort_id=cohort.id, url=f"{address}/{kind}", created_at=NOW, **said)
        for kind, said in (("whole", {}), ("part", {"kind": Kind.SESSION, "session_number": 2}))
    )
    session.add_all([enrolment, whole, part])
    session.flush()
    for column, progress in ((whole, Progress.RETURNED), (part, Progress.STARTED)):
        session.add(
            OutboxRow(
                line_item_id=column.id,
                person_id=person.id,
                enrolment_id=enrolment.id,
                organization_id=body.id,
                platform_id=platform.id,
                user_id="1",
                progress=progress,
                version=1,
                state=OutboxState.DUE,
                queued_at=NOW,
                due_at=NOW,
                attempts=0,
            )
        )
    session.flush()
    return whole.id
