"""What is queued for the LMS, whoever tells of it at the same moment."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from plugin.actions import scores
from plugin.db.learning import Enrolment
from plugin.db.outbox import OutboxRow, OutboxState
from plugin.db.people import Identity
from plugin.db.session import transaction
from plugin.domain.scores import Progress
from tests.cast import Actor, Cast

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def tell(session: Session, actor: Actor, progress: Progress) -> None:
    assert actor.enrolment
    scores.tell(session, session.get_one(Enrolment, actor.enrolment.id), progress, now=NOW)


def row_of(engine: Engine, actor: Actor) -> OutboxRow:
    with Session(engine, expire_on_commit=False) as session:
        return session.scalars(select(OutboxRow).where(OutboxRow.person_id == actor.id)).one()


def test_a_progress_is_queued_once(cast: Cast, engine: Engine) -> None:
    for _ in range(2):
        with transaction(engine) as session:
            tell(session, cast.ada, Progress.STARTED)
    row = row_of(engine, cast.ada)
    assert (row.version, row.state, row.user_id) == (1, OutboxState.DUE, cast.ada.identity.sub)


def test_what_happened_earlier_never_takes_a_completion_back(cast: Cast, engine: Engine) -> None:
    for progress in (Progress.COMPLETED, Progress.SUBMITTED, Progress.STARTED):
        with transaction(engine) as session:
            tell(session, cast.ada, progress)
    assert (row_of(engine, cast.ada).progress, row_of(engine, cast.ada).version) == (Progress.COMPLETED, 1)


def test_two_requests_at_once_leave_the_completion(cast: Cast, engine: Engine) -> None:
    """A second tab submits while a trainer accepts: whoever commits last, the member has completed."""
    told = threading.Event()

    def submit() -> None:
        with transaction(engine) as session:
            told.set()
            tell(session, cast.ada, Progress.SUBMITTED)

    other = threading.Thread(target=submit)
    with transaction(engine) as session:
        tell(session, cast.ada, Progress.COMPLETED)
        other.start()
        if engine.dialect.name == "postgresql":
            assert told.wait(60), "the other request is in the middle of its transaction"
    other.join()
    row = row_of(engine, cast.ada)
    assert (row.progress, row.score) == (Progress.COMPLETED, 1)


def test_a_person_who_comes_with_another_identity_is_told_of_under_it(cast: Cast, engine: Engine) -> None:
    with transaction(engine) as session:
        tell(session, cast.ada, Progress.COMPLETED)
    assert cast.ada.enrolment
    with transaction(engine) as session:
        fresh = Identity(
            platform_id=cast.here.platform.id,
            deployment_key="",
            sub="Ada, moved",
            person_id=cast.ada.id,
            created_at=NOW,
            last_launch_at=NOW,
        )
        session.add(fresh)
        session.flush()
        session.get_one(Enrolment, cast.ada.enrolment.id).identity_id = fresh.id
        session.flush()
        tell(session, cast.ada, Progress.STARTED)
    row = row_of(engine, cast.ada)
    assert (row.user_id, row.progress, row.version, row.state) == ("Ada, moved", Progress.COMPLETED, 2, OutboxState.DUE)


def test_a_change_that_is_undone_leaves_nothing_to_tell(cast: Cast, engine: Engine) -> None:
    with Session(engine) as session:
        tell(session, cast.ada, Progress.COMPLETED)
        session.rollback()
        assert session.scalars(select(OutboxRow)).all() == []
