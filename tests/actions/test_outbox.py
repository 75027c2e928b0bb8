"""The outbox's rows: leases, outcomes, sending again by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, text, update
from sqlalchemy.orm import Session

from lti.quirks import Outcome, Verdict
from plugin.actions import outbox, scores
from plugin.actions.outbox import LEASE, Delivery, Result
from plugin.db.audit import AuditEvent
from plugin.db.learning import Enrolment
from plugin.db.outbox import OutboxRow, OutboxState, backlog
from plugin.db.platforms import Platform, PlatformState
from plugin.db.session import transaction
from plugin.domain.scores import Progress
from tests.cast import Actor, Cast, Place
from tests.queries import counted

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SENT = Verdict(Outcome.SENT)
LATER = Verdict(Outcome.RETRY, "later", "The LMS had trouble.")
GONE = Verdict(Outcome.GONE, "gone", "The LMS does not have this person.")


def tell(session: Session, actor: Actor, progress: Progress, now: datetime = NOW) -> None:
    assert actor.enrolment
    scores.tell(session, session.get_one(Enrolment, actor.enrolment.id), progress, now=now)


def lease(engine: Engine, place: Place, now: datetime = NOW, most: int = 4) -> tuple[Delivery, ...]:
    with transaction(engine) as session:
        return outbox.lease(session, {place.platform.id: most}, now=now).deliveries


def record(engine: Engine, *results: Result, now: datetime = NOW) -> None:
    with transaction(engine) as session:
        outbox.record(session, results, now=now, jitter=lambda: 0.5)


def row_of(engine: Engine, actor: Actor) -> OutboxRow:
    with Session(engine, expire_on_commit=False) as session:
        return session.scalars(select(OutboxRow).where(OutboxRow.person_id == actor.id)).one()


@pytest.fixture
def queued(cast: Cast, engine: Engine) -> Cast:
    """Ada has submitted; the LMS is to hear of it."""
    with transaction(engine) as session:
        tell(session, cast.ada, Progress.SUBMITTED)
    return cast


def test_a_leased_row_is_nobody_else_s_until_the_lease_runs_out(queued: Cast, engine: Engine) -> None:
    (first,) = lease(engine, queued.here)
    assert not first.maybe_there
    assert lease(engine, queued.here, NOW + LEASE - SECOND) == ()
    (second,) = lease(engine, queued.here, NOW + LEASE)
    assert second.maybe_there, "nobody knows what became of the first"
    assert (second.stamp, second.same_stamp) == (first.stamp, True)


def test_the_timestamp_is_stored_before_anything_is_sent(queued: Cast, engine: Engine) -> None:
    (delivery,) = lease(engine, queued.here)
    row = row_of(engine, queued.ada)
    assert (row.stamped_at, row.stamped_version, row.version) == (delivery.stamp, 1, 1)


def test_a_repeat_after_hours_has_a_timestamp_of_its_own(queued: Cast, engine: Engine) -> None:
    lease(engine, queued.here)
    (late,) = lease(engine, queued.here, NOW + timedelta(hours=3))
    assert late.maybe_there
    assert not late.same_stamp
    assert late.stamp == NOW + timedelta(hours=3)


def test_a_newer_state_that_came_meanwhile_stays_due(queued: Cast, engine: Engine) -> None:
    (delivery,) = lease(engine, queued.here)
    with transaction(engine) as session:
        tell(session, queued.ada, Progress.COMPLETED)
    record(engine, Result(delivery, SENT))
    row = row_of(engine, queued.ada)
    assert (row.state, row.lease, row.sent_at) == (OutboxState.DUE, None, NOW)
    (newer,) = lease(engine, queued.here)
    assert (newer.progress, newer.maybe_there) == (Progress.COMPLETED, False)
    assert newer.stamp - delivery.stamp >= SECOND


def test_who_lost_the_lease_changes_nothing(queued: Cast, engine: Engine) -> None:
    (slow,) = lease(engine, queued.here)
    (quick,) = lease(engine, queued.here, NOW + LEASE)
    record(engine, Result(quick, SENT))
    record(engine, Result(slow, GONE))
    assert row_of(engine, queued.ada).state is OutboxState.SENT


def test_a_lease_is_renewed_for_its_holder_only(queued: Cast, engine: Engine) -> None:
    (slow,) = lease(engine, queued.here)
    (quick,) = lease(engine, queued.here, NOW + LEASE)
    with transaction(engine) as session:
        assert outbox.renew(session, [slow, quick], now=NOW + LEASE + SECOND) == {quick.row_id}
        assert outbox.renew(session, [slow], now=NOW + LEASE + SECOND) == set()
    assert row_of(engine, queued.ada).leased_until == NOW + LEASE + SECOND + LEASE


def test_a_failure_waits_longer_each_time(queued: Cast, engine: Engine) -> None:
    now, pauses = NOW, []
    for _ in range(3):
        (delivery,) = lease(engine, queued.here, now)
        record(engine, Result(delivery, LATER), now=now)
        row = row_of(engine, queued.ada)
        pauses.append(row.due_at - now)
        now = row.due_at
    assert pauses == [timedelta(seconds=5), timedelta(seconds=10), timedelta(seconds=20)]
    assert (row.attempts, row.failing_since) == (3, NOW)
    assert (row.problem, row.problem_code) == ("The LMS had trouble.", "later")


def test_what_was_tried_as_often_as_makes_sense_is_refused(queued: Cast, engine: Engine) -> None:
    locked = Verdict(Outcome.RETRY, "locked", "The grade is locked.", tries=2)
    (delivery,) = lease(engine, queued.here)
    record(engine, Result(delivery, locked))
    assert row_of(engine, queued.ada).state is OutboxState.DUE
    (again,) = lease(engine, queued.here, NOW + timedelta(hours=7))
    record(engine, Result(again, locked), now=NOW + timedelta(hours=7))
    row = row_of(engine, queued.ada)
    assert (row.state, row.problem) == (OutboxState.REFUSED, "The grade is locked.")


def test_sending_again_makes_a_new_version_and_is_remembered(queued: Cast, engine: Engine) -> None:
    (delivery,) = lease(engine, queued.here)
    record(engine, Result(delivery, GONE))
    assert row_of(engine, queued.ada).state is OutboxState.REFUSED
    with transaction(engine) as session:
        outbox.resend(session, session.get_one(OutboxRow, delivery.row_id), by=queued.lou.id, now=NOW)
    row = row_of(engine, queued.ada)
    assert (row.state, row.attempts, row.version) == (OutboxState.DUE, 0, 2)
    assert (row.problem, row.problem_code) == (None, None)
    with Session(engine) as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.deed == "resend score")).one()
    assert (event.actor_id, event.subject) == (queued.lou.id, f"outbox {row.id}")
    (again,) = lease(engine, queued.here)
    assert not again.maybe_there
    assert again.stamp > delivery.stamp


def test_sending_again_what_is_under_way_sends_it_once_more_afterwards(queued: Cast, engine: Engine) -> None:
    (delivery,) = lease(engine, queued.here)
    with transaction(engine) as session:
        outbox.resend(session, session.get_one(OutboxRow, delivery.row_id), by=None, now=NOW)
    assert lease(engine, queued.here) == ()
    record(engine, Result(delivery, SENT))
    assert len(lease(engine, queued.here)) == 1


def test_all_that_was_refused_in_one_organization_is_sent_again(cast: Cast, engine: Engine) -> None:
    with transaction(engine) as session:
        for actor in (cast.ada, cast.ben, cast.other.ada):
            tell(session, actor, Progress.COMPLETED)
        session.execute(update(OutboxRow).values(state=OutboxState.REFUSED, problem="no"))
    with transaction(engine) as session:
        assert outbox.resend_refused(session, cast.here.organization.id, by=None, now=NOW) == 2
    assert row_of(engine, cast.ben).state is OutboxState.DUE
    assert row_of(engine, cast.other.ada).state is OutboxState.REFUSED


def test_a_look_at_an_idle_outbox_is_one_query(cast: Cast, engine: Engine) -> None:
    with Session(engine) as session, counted(engine) as asked:
        assert outbox.waiting(session, now=NOW) == []
    assert len(asked) == 1


def test_each_platform_s_line_is_read_by_its_index(cast: Cast, engine: Engine) -> None:
    asked: list[tuple[str, Any]] = []
    with Session(engine) as session:
        connection = session.connection()
        event.listen(
            connection, "before_cursor_execute", lambda _c, _k, words, values, *_: asked.append((words, values))
        )
        outbox.waiting(session, now=NOW)
        statement, values = asked[0]
        explain = "EXPLAIN QUERY PLAN "
        if engine.dialect.name == "postgresql":
            session.execute(text("SET LOCAL enable_seqscan = off"))  # an empty table is quicker read whole
            explain = "EXPLAIN "
        plan = " ".join(str(row) for row in connection.exec_driver_sql(explain + statement, values))
    assert "ix_outbox_due" in plan


def test_the_backlog_counts_what_waits_and_what_somebody_has_to_see(cast: Cast, engine: Engine) -> None:
    with transaction(engine) as session:
        for actor in (cast.ada, cast.ben, cast.other.ada):
            tell(session, actor, Progress.COMPLETED)
        asked = update(OutboxRow).where(OutboxRow.person_id == cast.ben.id)
        session.execute(asked.values(state=OutboxState.REFUSED))
        off = update(Platform).where(Platform.id == cast.other.platform.id)
        session.execute(off.values(state=PlatformState.DISABLED))
    with Session(engine) as session:
        found = backlog(session, now=NOW + timedelta(minutes=3))
    assert (found.due, found.refused, found.oldest) == (1, 1, timedelta(minutes=3))
