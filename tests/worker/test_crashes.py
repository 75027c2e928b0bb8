"""A worker process that is killed at any point loses nothing and doubles nothing."""

from __future__ import annotations

import signal
import subprocess
import time

from sqlalchemy import select

from plugin.actions.outbox import LEASE
from plugin.db.outbox import OutboxRow, OutboxState
from plugin.db.session import transaction
from tests.demo_lms.faults import HELD
from tests.patience import until
from tests.worker.scene import SCORES, TOKENS, Member, Scene


def kill(worker: subprocess.Popen[bytes]) -> None:
    worker.send_signal(signal.SIGKILL)
    worker.wait()


def restart(scene: Scene, member: Member) -> None:
    """Another worker comes after the lease of the dead one has run out."""
    assert scene.row(member).state is OutboxState.DUE
    scene.work_off()
    assert scene.row(member).state is OutboxState.DUE, "not before the lease has run out"
    scene.clock.travel(LEASE)
    scene.work_off()
    assert len(scene.graded(member)) == 1
    assert scene.row(member).state is OutboxState.SENT


def test_killed_after_the_lease_and_before_the_post(scene: Scene) -> None:
    hold = scene.world.faults.add(TOKENS, delay=HELD, drop=True)
    scene.tell(scene.ada)
    worker = scene.process()
    until(lambda: scene.row(scene.ada).lease)
    kill(worker)
    scene.world.faults.remove(hold)
    assert scene.posts(scene.ada) == []
    restart(scene, scene.ada)


def test_killed_after_the_post_and_before_the_answer(scene: Scene) -> None:
    hold = scene.world.faults.add(SCORES, delay=HELD, times=1)
    scene.tell(scene.ada)
    worker = scene.process()
    until(lambda: hold.fired)
    kill(worker)
    scene.world.faults.remove(hold)
    until(lambda: scene.posts(scene.ada))
    restart(scene, scene.ada)
    assert scene.asked(SCORES) == 1, "the LMS was asked what it shows, not told again"


def test_killed_after_the_answer_and_before_it_was_recorded(scene: Scene) -> None:
    hold = scene.world.faults.add(SCORES, delay=HELD, times=1)
    scene.tell(scene.ada)
    worker = scene.process()
    until(lambda: hold.fired)
    with transaction(scene.engine) as session:  # nobody can record anything
        session.execute(select(OutboxRow).with_for_update()).all()
        scene.world.faults.remove(hold)
        until(lambda: scene.posts(scene.ada))
        time.sleep(0.1)
        kill(worker)
    restart(scene, scene.ada)
    assert scene.asked(SCORES) == 1


def test_told_to_stop_a_worker_finishes_what_it_sends_and_ends(scene: Scene) -> None:
    hold = scene.world.faults.add(SCORES, delay=HELD, times=1)
    scene.tell(scene.ada)
    worker = scene.process()
    until(lambda: hold.fired)
    worker.send_signal(signal.SIGTERM)
    scene.world.faults.remove(hold)
    assert worker.wait(timeout=30) == 0
    assert scene.row(scene.ada).state is OutboxState.SENT
    assert len(scene.graded(scene.ada)) == 1
