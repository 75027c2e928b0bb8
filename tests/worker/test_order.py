"""Newer states and older ones, and several workers at once: the latest wins, once."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from plugin.actions.outbox import LEASE
from plugin.db.outbox import OutboxState
from plugin.db.session import make_engine, transaction
from plugin.domain.scores import Progress
from plugin.worker.build import build
from plugin.worker.loop import Limits
from tests.demo_lms import running_lms
from tests.demo_lms.faults import HELD
from tests.demo_lms.vocabulary import Activity
from tests.patience import until
from tests.worker.conftest import lms_keys
from tests.worker.scene import ON_THE_WAY, SCORES, Scene, new_place


def test_the_latest_state_is_told_although_an_older_one_was_under_way(scene: Scene) -> None:
    hold = scene.world.faults.add(SCORES, delay=HELD, times=1)
    scene.tell(scene.ada, progress=Progress.SUBMITTED)
    worker = scene.worker()
    worker.turn()
    until(lambda: hold.fired)
    scene.tell(scene.ada)
    scene.world.faults.remove(hold)
    scene.work_off(worker)
    first, second = scene.posts(scene.ada)
    assert (first.activity, second.activity) == (Activity.SUBMITTED, Activity.COMPLETED)
    assert second.timestamp - first.timestamp >= timedelta(seconds=1)
    row = scene.row(scene.ada)
    assert (row.state, row.version, row.stamped_version) == (OutboxState.SENT, 2, 2)


def test_a_completion_is_not_overtaken_by_a_submission_that_was_held_up(scene: Scene) -> None:
    held_up = scene.world.faults.add(SCORES, delay=HELD, times=1)
    scene.tell(scene.ada, progress=Progress.SUBMITTED)
    slow = scene.worker()
    slow.turn()
    until(lambda: held_up.fired)
    scene.tell(scene.ada)
    scene.clock.travel(LEASE)  # the slow one is taken for dead
    scene.work_off(scene.worker())
    assert scene.row(scene.ada).state is OutboxState.SENT
    scene.world.faults.remove(held_up)
    scene.work_off(slow)
    assert scene.posts(scene.ada)[-1].activity is Activity.COMPLETED, "the LMS refused the older timestamp"
    assert len(scene.graded(scene.ada)) == 1
    result = scene.world.result("ada", scene.place.column)
    assert result is not None
    assert result.score == result.maximum
    assert scene.row(scene.ada).state is OutboxState.SENT


def test_what_one_worker_is_sending_no_other_begins(scene: Scene) -> None:
    hold = scene.world.faults.add(SCORES, delay=HELD, times=1)
    scene.tell(scene.ada, progress=Progress.SUBMITTED)
    first, second = scene.worker(), scene.worker()
    first.turn()
    scene.tell(scene.ada)
    second.turn()
    assert not second.is_busy
    scene.world.faults.remove(hold)
    scene.work_off(first)
    assert scene.asked(SCORES) == 2


def test_what_was_queued_while_nobody_worked_is_told_once_as_it_is_now(scene: Scene) -> None:
    for progress in ON_THE_WAY:
        scene.tell(scene.ada, progress=progress)
    scene.work_off()
    assert [post.activity for post in scene.posts(scene.ada)] == [Activity.COMPLETED]


def test_two_workers_on_200_rows_tell_each_one_once(scene: Scene) -> None:
    scene.tell_many(200)
    engines = [make_engine(scene.settings.database_url) for _ in range(2)]
    workers = [build(scene.settings, engine, http=scene.http) for engine in engines]
    threads = [threading.Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    until(lambda: scene.states() == {OutboxState.SENT: 200}, 120, lambda: repr(scene.states()))
    for worker, thread, engine in zip(workers, threads, engines, strict=True):
        worker.stop()
        thread.join(30)
        engine.dispose()
    assert scene.states() == {OutboxState.SENT: 200}
    assert Counter(post.user_id for post in scene.world.posts()).most_common(1)[0][1] == 1
    assert len(scene.world.posts()) == 200
    assert scene.asked(SCORES) == 200


def test_an_lms_that_hangs_holds_up_no_other(scene: Scene, key_set_url: str) -> None:
    with running_lms(keys=lms_keys().copy()) as (_, other):
        scene.clock.worlds.append(other)
        with transaction(scene.engine) as session:
            quick = new_place(session, other, key_set_url=key_set_url)
        scene.world.faults.add("/", delay=HELD)
        scene.tell_many(12)
        worker = scene.worker(Limits(slots=6, each=4, kept_free=2))
        worker.turn()
        scene.tell_many(8, quick)

        def all_told() -> bool:
            worker.turn(0.05)
            return len(other.scores) == 8

        until(all_told)
        assert scene.world.scores == []
        scene.world.faults.clear()
        scene.work_off(worker)
        assert scene.states() == {OutboxState.SENT: 20}


def test_timestamps_of_a_row_rise_by_a_second_at_least(scene: Scene) -> None:
    for progress in ON_THE_WAY:
        scene.tell(scene.ada, progress=progress)
        scene.work_off()
    times = [post.timestamp for post in scene.posts(scene.ada)]
    assert len(times) == 3
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in pairwise(times))


def test_an_outcome_that_could_not_be_stored_is_stored_in_a_later_round(scene: Scene) -> None:
    scene.tell(scene.ada)
    worker = scene.worker()
    worker.turn()
    until(lambda: scene.asked(SCORES))

    def fail(_connection: Connection, *_: object) -> None:
        raise OperationalError("COMMIT", None, Exception("the disk is full"))

    event.listen(scene.engine, "commit", fail)
    with pytest.raises(OperationalError):
        worker.turn(5)
    event.remove(scene.engine, "commit", fail)
    assert scene.row(scene.ada).state is OutboxState.DUE
    scene.work_off(worker)
    assert scene.row(scene.ada).state is OutboxState.SENT
    assert scene.asked(SCORES) == 1


def test_a_call_that_takes_long_keeps_its_lease(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugin.worker.loop.RENEW_AFTER", 0.0)
    hold = scene.world.faults.add(SCORES, delay=HELD, times=1)
    scene.tell(scene.ada)
    worker = scene.worker()
    worker.turn()
    first = scene.row(scene.ada).leased_until
    worker.turn(0.05)
    second = scene.row(scene.ada).leased_until
    assert first is not None
    assert second is not None
    assert second > first
    scene.world.faults.remove(hold)
    scene.work_off(worker)
    assert scene.row(scene.ada).state is OutboxState.SENT
