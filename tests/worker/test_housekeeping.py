"""What recurs: what has expired is deleted, and a job that fails stops nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from plugin.db.people import SignIn
from plugin.db.platforms import UsedNonce
from plugin.db.session import transaction
from plugin.worker import housekeeping
from plugin.worker.schedule import Job, Schedule, jobs
from tests.cast import Cast

SECRET = "the secret of this installation, long enough"


def test_what_has_expired_is_deleted_and_nothing_else(cast: Cast, engine: Engine) -> None:
    now = datetime.now(UTC)
    with transaction(engine) as session:
        session.add(UsedNonce(nonce="old", expires_at=now - timedelta(minutes=1)))
        session.add(UsedNonce(nonce="new", expires_at=now + timedelta(minutes=1)))
        first, *others = session.scalars(select(SignIn).order_by(SignIn.id)).all()
        first.expires_at = now - timedelta(minutes=1)
    housekeeping.sweep(engine, now)
    with Session(engine) as session:
        assert session.scalars(select(UsedNonce.nonce)).all() == ["new"]
        assert set(session.scalars(select(SignIn.id))) == {other.id for other in others}


def test_much_is_deleted_in_pieces_within_bounds(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    monkeypatch.setattr(housekeeping, "PIECE", 10)
    monkeypatch.setattr(housekeeping, "PIECES", 3)
    with transaction(engine) as session:
        session.add_all(UsedNonce(nonce=str(number), expires_at=now - timedelta(days=1)) for number in range(45))
    left = []
    for _ in range(2):
        housekeeping.sweep(engine, now)
        with Session(engine) as session:
            left.append(len(session.scalars(select(UsedNonce.nonce)).all()))
    assert left == [15, 0]


def test_a_job_comes_in_its_time_and_one_that_fails_stops_no_other(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []
    time = [0.0]

    def fail(_engine: Engine, _now: datetime) -> None:
        done.append("failed")
        raise RuntimeError("Ada wrote this")

    recurring = [Job("one", 60, fail), Job("two", 60, lambda _engine, _now: done.append("two"))]
    schedule = Schedule(recurring, monotonic=lambda: time[0])
    for moment in (10.0, 20.0, 75.0):
        time[0] = moment
        schedule.run(engine, datetime.now(UTC))
    assert done == ["failed", "two"] * 2
    assert "job 'one' failed: RuntimeError" in caplog.text
    assert "Ada" not in caplog.text


def test_every_job_of_an_installation_runs(cast: Cast, engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    for job in jobs(SECRET):
        job.work(engine, datetime.now(UTC))
    assert caplog.text == ""
