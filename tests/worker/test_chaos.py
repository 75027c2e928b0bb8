"""Thousands of scores, eight LMSs of which every fifth call fails, and a worker that is killed three times.

What is asserted is taken from the LMSs' own records of what they accepted. Only waiting is cut short: whatever is put
off for later is made due within a tenth of a second, which also brings the calls closer together than life does.

    PRACTICUM_TEST_SCORES=10000 …pytest tests/worker/test_chaos.py -s        # as many as that, and what became of them
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from plugin import clock
from plugin.db.outbox import OutboxRow, OutboxState, PlatformPause
from plugin.db.session import reader, transaction
from plugin.domain.scores import Progress
from tests.demo_lms import Profile, World, fields, running_lms
from tests.demo_lms.model import Score
from tests.demo_lms.vocabulary import Grading
from tests.patience import until
from tests.worker.conftest import lms_keys
from tests.worker.crowd import queue
from tests.worker.scene import Member, Place, Scene, new_place

pytestmark = pytest.mark.slow

SCORES = int(os.environ.get("PRACTICUM_TEST_SCORES", "0"))
USUALLY = {"postgresql": 2000, "sqlite": 400}
FAILING = 0.2
TROUBLES: Sequence[Mapping[str, Any]] = (
    {"status": 429, "headers": {"Retry-After": "2"}},
    {"status": 429},
    {"status": 500},
    {"status": 503},
    {"status": 504, "after_effect": True},
    {"drop": True},
    {"drop": True, "after_effect": True},
    {"status": 401},
)
AT_THE_TOKENS = tuple(one for one in TROUBLES if one.get("status") != 401)  # there it means a key that is not known


@dataclass(frozen=True)
class School:
    """An LMS, and who is to be told of there: some of them hand in first and complete while all this goes on."""

    place: Place
    members: list[Member]
    late: list[Member]


@pytest.fixture
def schools(scene: Scene, key_set_url: str) -> Iterator[list[School]]:
    """One for each profile."""
    count = SCORES or USUALLY[scene.engine.dialect.name]
    with ExitStack() as running:
        found = []
        for number, profile in enumerate(Profile):
            _, world = running.enter_context(running_lms(keys=lms_keys().copy(), **fields(profile)))
            with transaction(scene.engine) as session:
                place = new_place(session, world, key_set_url=key_set_url)
            share = count // len(Profile) + (number < count % len(Profile))
            subs = [person.id for person in world.add_people(share, place.column.context_id)]
            late = queue(scene.engine, place, subs[: share // 10], Progress.SUBMITTED, now=clock.now())
            rest = queue(scene.engine, place, subs[share // 10 :], Progress.COMPLETED, now=clock.now())
            world.faults.shuffle(number)
            make_trouble(world)
            found.append(School(place, [*late, *rest], late))
        yield found


def make_trouble(world: World) -> None:
    """Let every fifth call fail, each way as often as the others."""
    for where, troubles in (("/api/ags", TROUBLES), ("oauth.token", AT_THE_TOKENS)):
        each = FAILING / len(troubles)
        for number, trouble in enumerate(troubles):
            # a trouble is met by what those before it let pass
            world.faults.add(where, probability=each / (1 - number * each), **trouble)


def test_every_final_state_arrives_once_and_in_order(scene: Scene, schools: list[School]) -> None:
    began = time.monotonic()
    worker = scene.process()
    total = sum(len(school.members) for school in schools)
    with no_waiting(scene), completing(scene, schools):
        for share in (0.2, 0.45, 0.7):
            until(partial(has_come, schools, total * share), 240, lambda: told(scene, schools))
            worker = killed_and_started_again(scene, worker)
        until(lambda: is_all_told(scene), 240, lambda: told(scene, schools))
    took = time.monotonic() - began
    worker.send_signal(signal.SIGTERM)
    worker.wait(60)
    assert scene.states() == {OutboxState.SENT: total}
    for school in schools:
        check(school)
    calls = [served for school in schools for served in school.place.world.served]
    failed = sum(fault.fired for school in schools for fault in school.place.world.faults.in_force)
    doubted = sum(len(posts) > 1 for school in schools for posts in finals(school).values())
    print(
        f"{scene.engine.dialect.name}: {total} scores to {len(schools)} LMSs in {took:.0f} s, {len(calls)} calls of "
        f"which {failed} ({failed / len(calls):.0%}) failed, worker killed 3 times; all arrived, {doubted} were posted "
        f"a second time where an LMS takes that without harm"
    )
    assert failed / len(calls) > FAILING * 0.8


def check(school: School) -> None:
    """What the LMS took of each member."""
    world, column = school.place.world, school.place.column
    log = posts_of(world)
    assert set(log) == {member.sub for member in school.members}
    for sub, posts in log.items():
        assert all(earlier.timestamp < later.timestamp for earlier, later in pairwise(distinct(posts))), "out of order"
        ends = [post.grading is Grading.FULLY_GRADED for post in posts]
        assert ends == sorted(ends), "a completion is the last that is told"
        comments = [post.comment for post in posts if post.comment is not None]
        result = world.results[column.id, sub]
        assert result.score == result.maximum, "lost"
        assert len(comments) == 1, f"{world.config.product_family_code}: the comment arrived {len(comments)} times"
        assert comments[0].endswith(", 3.0 contact hours")
        assert len(result.comments) <= 1
        assert len(distinct(posts)) <= 2, "handed in, completed"


def finals(school: School) -> dict[str, list[Score]]:
    """The completions that the LMS took, by person."""
    return {
        sub: [post for post in posts if post.grading is Grading.FULLY_GRADED]
        for sub, posts in posts_of(school.place.world).items()
    }


def posts_of(world: World) -> dict[str, list[Score]]:
    """What the LMS took, oldest first, by person."""
    log: dict[str, list[Score]] = defaultdict(list)
    for post in world.posts():
        log[post.user_id].append(post)
    return log


def distinct(posts: Sequence[Score]) -> list[Score]:
    """Without those that an LMS took twice for one and the same."""
    return [post for number, post in enumerate(posts) if not number or post.timestamp != posts[number - 1].timestamp]


def graded(schools: Sequence[School]) -> int:
    return sum(len(school.place.world.scores) for school in schools)


def has_come(schools: Sequence[School], far: float) -> bool:
    return graded(schools) >= far


def is_all_told(scene: Scene) -> bool:
    with Session(reader(scene.engine)) as session:
        return not session.scalar(select(func.count()).where(OutboxRow.state == OutboxState.DUE))


def told(scene: Scene, schools: Sequence[School]) -> str:
    return f"{graded(schools)} posts were taken; our rows: {scene.states()}"


def killed_and_started_again(scene: Scene, worker: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
    """kill -9; what it held is free at once instead of a minute later."""
    worker.kill()
    worker.wait()
    with transaction(scene.engine) as session:
        held = update(OutboxRow).where(OutboxRow.leased_until.is_not(None))
        session.execute(held.values(leased_until=clock.now()).execution_options(synchronize_session=False))
    return scene.process()


@contextmanager
def no_waiting(scene: Scene) -> Iterator[None]:
    """Whatever is put off is due soon."""
    now = clock.now
    with repeated(lambda: _hurry(scene, now()), every=0.1):
        yield


def _hurry(scene: Scene, now: Any) -> None:
    later = update(OutboxRow).where(OutboxRow.state == OutboxState.DUE, OutboxRow.lease.is_(None))
    for statement in (
        later.where(OutboxRow.due_at > now).values(due_at=now),
        update(PlatformPause).where(PlatformPause.until > now).values(until=now),
    ):
        with transaction(scene.engine) as session:
            session.execute(statement.execution_options(synchronize_session=False))


@contextmanager
def completing(scene: Scene, schools: Sequence[School]) -> Iterator[None]:
    """Those who handed in complete, a few at a time, whatever has been told of them so far."""
    waiting = [member for trio in zip(*(school.late for school in schools), strict=False) for member in trio]
    missing = [member for school in schools for member in school.late if member not in set(waiting)]
    queue_of = [*waiting, *missing]

    def some() -> None:
        few = [queue_of.pop() for _ in range(min(10, len(queue_of)))]
        for member in few:
            scene.tell(member)

    with repeated(some, every=0.05):
        yield
    assert not queue_of


@contextmanager
def repeated(work: Any, *, every: float) -> Iterator[None]:
    """Do it again and again beside the block; what goes wrong in it is raised at the end."""
    over, errors = threading.Event(), []

    def go_on() -> None:
        while not over.wait(every):
            try:
                work()
            except Exception as error:
                errors.append(error)
                return

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    assert not errors, errors
