"""What is leased ahead, so that no call waits for the database: it keeps to every limit, and goes back in trouble."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.db.outbox import OutboxRow, OutboxState
from plugin.worker.loop import Limits
from tests.demo_lms.faults import HELD
from tests.patience import until
from tests.worker.scene import SCORES, Scene

TWO = Limits(slots=2, each=2, kept_free=0)


def leased(scene: Scene) -> list[OutboxRow]:
    with Session(scene.engine, expire_on_commit=False) as session:
        return list(session.scalars(select(OutboxRow).where(OutboxRow.lease.is_not(None))))


def test_a_call_that_ends_well_is_followed_by_the_next_without_the_database(scene: Scene) -> None:
    scene.tell_many(6)
    worker = scene.worker(TWO)
    worker.turn()
    until(lambda: len(scene.world.scores) == 4)
    assert scene.states() == {OutboxState.DUE: 6}, "nothing was recorded yet"
    scene.work_off(worker)
    assert scene.states() == {OutboxState.SENT: 6}


def test_no_more_calls_are_under_way_than_the_platform_may_have(scene: Scene) -> None:
    scene.world.faults.add(SCORES, delay=0.05)
    scene.tell_many(24)
    scene.work_off(scene.worker(Limits(slots=8, each=3, kept_free=2)))
    assert scene.states() == {OutboxState.SENT: 24}
    assert scene.world.most_at_once[SCORES] == 3


def test_what_is_ahead_of_trouble_goes_back_as_if_it_had_never_been_taken(scene: Scene) -> None:
    scene.world.faults.add(SCORES, status=429, headers={"Retry-After": "60"}, times=2)
    scene.tell_many(4)
    worker = scene.worker(TWO)
    scene.work_off(worker)
    assert scene.asked(SCORES) == 2
    assert leased(scene) == []
    with Session(scene.engine) as session:
        assert set(session.scalars(select(OutboxRow.stamped_version))) == {None}, "none is in doubt"
    scene.clock.travel(timedelta(minutes=2))
    scene.work_off(worker)
    assert scene.states() == {OutboxState.SENT: 4}
    assert len(scene.world.scores) == 4


def test_a_worker_that_stops_leaves_nothing_leased(scene: Scene) -> None:
    scene.world.faults.add(SCORES, delay=HELD)
    scene.tell_many(8)
    worker = scene.worker(TWO)
    worker.turn()
    assert len(leased(scene)) == 4
    worker.stop()
    scene.world.faults.clear()
    worker.run()
    assert leased(scene) == []
    assert scene.states() == {OutboxState.SENT: 2, OutboxState.DUE: 6}
