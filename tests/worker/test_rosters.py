"""Rosters read from a strict LMS over real HTTP: whole, by differences, and on bad days."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lti.http import HttpClient
from lti.rosters import Page, Rosters
from lti.services import Services
from lti.stores import Platform
from lti.tokens import AccessTokens
from plugin.actions import roster_turns, rosters
from plugin.actions.roster_turns import LEASE
from plugin.db.learning import Cohort, Context, Enrolment
from plugin.db.outbox import PlatformPause
from plugin.db.platforms import PlatformState
from plugin.db.rosters import Roster, RosterMember, RosterTurn
from plugin.db.session import transaction
from plugin.db.tool_keys import ToolKeys
from plugin.domain.people import CourseRole
from plugin.domain.rosters import ASLEEP_AFTER, BY_HAND_EVERY, EVERY, FORGOTTEN_AFTER, WHOLE_EVERY, MemberStatus
from plugin.worker.rosters import Readers
from tests.demo_lms import addresses
from tests.demo_lms.faults import HELD
from tests.demo_lms.model import MemberStatus as There
from tests.demo_lms.vocabulary import Role, Scope
from tests.patience import until
from tests.worker.scene import TOKENS, Scene

MEMBERS = "nrps.memberships"
LATER = EVERY * 1.2  # when the next reading is due for certain


@dataclass
class Course:
    """The LMS course RPD-2026 on both sides: ada, ben, tom and lou learn there, ian teaches."""

    scene: Scene
    context_id: int
    readers: Readers

    def read(self) -> int:
        """Read all that is due; how many rosters that were."""
        count = 0
        while self.readers.turn():
            count += 1
        return count

    def later(self, length: timedelta = LATER) -> int:
        """Travel, and read all that is due then."""
        self.scene.clock.travel(length)
        return self.read()

    def people(self) -> dict[str, MemberStatus]:
        """Who is known, by the key that the LMS's tests use."""
        with Session(self.scene.engine) as session:
            rows = session.execute(
                select(RosterMember.user_id, RosterMember.status).where(RosterMember.context_id == self.context_id)
            ).all()
        return {self.scene.world.people[row.user_id].key: row.status for row in rows}

    def active(self) -> set[str]:
        return {key for key, status in self.people().items() if status is MemberStatus.ACTIVE}

    def member(self, key: str) -> RosterMember:
        with Session(self.scene.engine) as session:
            who = self.scene.world.person(key).id
            return session.scalars(
                select(RosterMember).where(RosterMember.user_id == who, RosterMember.context_id == self.context_id)
            ).one()

    @property
    def row(self) -> Roster:
        with Session(self.scene.engine) as session:
            return session.get_one(Roster, self.context_id)

    def queries(self) -> list[str]:
        """What was asked after the "?", of each request for members."""
        return [served.query for served in self.scene.world.requests_to(MEMBERS)]

    def set(self, table: Any, **values: Any) -> None:
        with transaction(self.scene.engine) as session:
            session.execute(update(table).values(**values))

    def ask(self) -> rosters.Asked:
        with transaction(self.scene.engine) as session:
            context = session.get_one(Context, self.context_id)
            organization = self.scene.place.organization_id
            return rosters.ask(session, context, by=None, organization=organization, now=self.scene.clock())


def readers_for(scene: Scene, http: HttpClient, kind: type[Rosters] = Rosters) -> Readers:
    tokens = AccessTokens(
        http, ToolKeys(scene.engine, scene.settings.secret_key), clock=lambda: scene.clock().timestamp()
    )
    return Readers(scene.engine, kind(Services(http, tokens)), clock=scene.clock)


@pytest.fixture
def course(scene: Scene, http: HttpClient) -> Iterator[Course]:
    """A course whose cohort has been running for two months; Ada and Ben opened it lately."""
    with transaction(scene.engine) as session:
        context = add_course(session, scene, "RPD-2026", cohort_id=scene.place.cohort_id)
        session.execute(update(Enrolment).values(last_activity_at=scene.clock()))
    readers = readers_for(scene, http)
    yield Course(scene, context, readers)
    readers.close()


def add_course(session: Session, scene: Scene, label: str, *, cohort_id: int | None = None) -> int:
    """Put an LMS course beside a cohort: the one given, or one more of the same offering."""
    there = scene.world.context(label)
    context = Context(
        platform_id=scene.place.platform_id,
        deployment_id="1",
        context_id=there.id,
        title=there.title,
        memberships_url=addresses.memberships(scene.world, there.id),
        created_at=scene.clock(),
    )
    session.add(context)
    session.flush()
    if cohort_id is None:
        like = session.get_one(Cohort, scene.place.cohort_id)
        session.add(
            Cohort(
                organization_id=like.organization_id,
                offering_id=like.offering_id,
                version_id=like.version_id,
                context_id=context.id,
                name=there.title,
                created_at=scene.clock(),
            )
        )
    else:
        session.execute(update(Cohort).where(Cohort.id == cohort_id).values(context_id=context.id))
    return context.id


# reading


def test_a_roster_is_read_with_names_roles_and_the_days(course: Course) -> None:
    assert course.read() == 1
    assert course.active() == {"ada", "ben", "tom", "lou", "ian"}
    ada, ian = course.member("ada"), course.member("ian")
    assert (ada.name, ada.sort_key, ada.role) == ("Ada Okafor", "okafor ada", CourseRole.LEARNER)
    assert ian.role is CourseRole.INSTRUCTOR
    assert course.row.read_at == course.row.whole_at == ada.seen_at
    assert (course.row.failures, course.row.problem) == (0, None)
    assert course.read() == 0, "once a day is enough"


def test_it_is_read_again_about_once_a_day_and_sooner_while_the_cohort_is_new(course: Course) -> None:
    course.read()
    assert course.later(EVERY / 2) == 0
    assert course.later(EVERY) == 1
    course.set(Cohort, created_at=course.scene.clock())
    course.later(LATER)
    assert course.later(EVERY / 4) == 1


def test_a_long_roster_is_read_page_by_page_in_bounded_pieces(course: Course) -> None:
    course.scene.world.add_people(10_000, "RPD-2026")
    assert course.read() == 1
    assert len(course.active()) == 10_005
    queries = course.queries()
    assert len(queries) == 101
    assert queries[0] == "limit=500", "the LMS is asked for long pages, and gives what it gives"


def test_differences_tell_who_came_changed_and_left(course: Course) -> None:
    course.read()
    world = course.scene.world
    world.unenrol("ben", "RPD-2026")
    world.enrol("lou", "RPD-2026", status=There.INACTIVE)
    world.enrol("eve", "RPD-2026")
    whole_at = course.row.whole_at
    assert course.later() == 1
    assert "since=" in course.queries()[-1]
    people = course.people()
    assert (people["ben"], people["lou"], people["eve"]) == (
        MemberStatus.GONE,
        MemberStatus.INACTIVE,
        MemberStatus.ACTIVE,
    )
    assert people["ada"] is MemberStatus.ACTIVE, "whoever is not named is as before"
    assert course.row.whole_at == whole_at
    assert course.row.read_at != whole_at


def test_names_are_kept_of_the_active_only(course: Course) -> None:
    course.read()
    course.scene.world.unenrol("ben", "RPD-2026")
    course.scene.world.enrol("lou", "RPD-2026", status=There.INACTIVE)
    course.later()
    assert (course.member("ben").name, course.member("lou").name) == (None, None)
    assert course.member("ben").sort_key == ""
    course.scene.world.enrol("ben", "RPD-2026")
    course.later()
    assert course.member("ben").name == "Ben Castillo"
    assert course.member("ben").gone_at is None


@pytest.mark.parametrize(
    "fault", [{"status": 400}, {"status": 410}, {"status": 404}, {"body": "<html>", "status": 200}]
)
def test_differences_that_are_refused_or_too_old_lead_to_a_whole_reading_at_once(
    course: Course, fault: dict[str, Any]
) -> None:
    course.read()
    course.scene.world.unenrol("ben", "RPD-2026")
    course.scene.world.faults.add(MEMBERS, times=1, **fault)
    assert course.later() == 1
    assert ["since=" in query for query in course.queries()] == [False, True, False]
    assert course.people()["ben"] is MemberStatus.GONE
    assert course.row.failures == 0


def test_differences_that_the_lms_stumbles_over_are_not_asked_for_again(course: Course) -> None:
    course.read()
    course.scene.world.faults.add(MEMBERS, times=1, status=500)
    course.later()
    assert course.row.failures == 1
    course.later()
    assert ["since=" in query for query in course.queries()] == [False, True, False]
    assert course.row.failures == 0


def test_now_and_then_the_whole_is_read_although_there_are_differences(course: Course) -> None:
    course.read()
    course.later(WHOLE_EVERY)
    assert "since=" not in course.queries()[-1]


def test_whoever_is_absent_from_a_whole_reading_is_gone_and_nothing_of_theirs_is_touched(course: Course) -> None:
    course.read()
    world = course.scene.world
    with world.lock:
        del world.enrolments["201", world.person("ben").id]  # as Moodle does: they just disappear
    course.set(Roster, differences_url=None)
    course.later()
    assert course.people()["ben"] is MemberStatus.GONE
    assert course.member("ben").gone_at is not None
    with Session(course.scene.engine) as session:
        assert session.get_one(Enrolment, course.scene.ben.enrolment_id).last_activity_at is not None
        assert session.scalar(select(func.count(Enrolment.id))) == 2


def test_somebody_who_opened_it_and_was_never_on_the_roster_is_known_as_gone(course: Course) -> None:
    world = course.scene.world
    with world.lock:
        del world.enrolments["201", world.person("ben").id]
    course.read()
    assert course.people()["ben"] is MemberStatus.GONE
    assert course.member("ben").name is None


def test_an_lms_that_sends_no_names_and_short_roles_is_as_good(course: Course) -> None:
    tool = course.scene.world.tool()
    course.scene.world.change_tool(tool.client_id, claims=())
    course.read()
    assert course.member("ada").name is None
    assert course.active() == {"ada", "ben", "tom", "lou", "ian"}


def test_an_empty_body_means_nobody(course: Course) -> None:
    course.read()
    course.set(Roster, differences_url=None)
    course.scene.world.faults.add(MEMBERS, status=200, body=b"")
    course.later()
    assert course.row.failures == 0
    assert course.active() == set()


def test_a_client_of_many_customers_knows_its_people_by_deployment(course: Course) -> None:
    course.scene.set_platform(shared_client=True)
    course.scene.world.unenrol("ben", "RPD-2026")
    course.read()
    assert "ben" not in course.people(), "the Ben who is enrolled here is of another deployment"


# bad days


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 500}, "roster-later"),
        ({"drop": True}, "roster-later"),
        ({"status": 200, "body": "{"}, "answer-unreadable"),
        ({"status": 200, "body": '{"members": [{"roles": []}]}'}, "answer-unreadable"),
        ({"status": 200, "body": '{"members": [{"user_id": "\\u0000", "name": "\\ud800"}]}'}, "answer-unreadable"),
    ],
)
def test_a_reading_that_fails_half_way_makes_nobody_gone_and_is_no_success(
    course: Course, fault: dict[str, Any], code: str
) -> None:
    world = course.scene.world
    world.add_people(150, "RPD-2026")
    course.read()
    before, read_at = course.people(), course.row.read_at
    course.set(Roster, differences_url=None)
    world.unenrol("ben", "RPD-2026")
    page = world.faults.add("/api/nrps", times=1, headers={"X-First": "page"})
    world.faults.add("/api/nrps", times=1, **fault)
    assert course.later() == 1
    assert page.fired == 1
    assert course.people() == before
    assert (course.row.failures, course.row.problem_code) == (1, code)
    assert course.row.read_at == course.row.whole_at == read_at
    course.later(timedelta(minutes=10))
    assert course.people()["ben"] is MemberStatus.GONE
    assert (course.row.failures, course.row.problem) == (0, None)


def test_an_lms_that_asks_for_patience_is_left_alone_for_just_so_long(course: Course) -> None:
    with transaction(course.scene.engine) as session:
        add_course(session, course.scene, course.scene.world.add_context("Another course").id)
    course.scene.world.faults.add(MEMBERS, status=429, headers={"Retry-After": "120"}, times=1)
    course.read()
    assert len(course.queries()) == 1, "nor is it asked for another course"
    assert course.later(timedelta(seconds=115)) == 0
    assert course.later(timedelta(seconds=6)) == 2
    assert course.row.problem is None


def test_failures_are_followed_by_growing_pauses(course: Course) -> None:
    fault = course.scene.world.faults.add(MEMBERS, status=500)
    course.read()
    waits = []
    for _ in range(8):
        waits.append((course.row.due_at - course.scene.clock()).total_seconds())
        course.later(timedelta(days=2))
    assert waits == sorted(waits) or waits[-1] > 10 * waits[0]
    assert max(waits) <= EVERY.total_seconds() * 1.2
    assert fault.fired == 9


def test_an_lms_that_does_not_answer_is_not_asked_for_its_next_course(course: Course) -> None:
    with transaction(course.scene.engine) as session:
        add_course(session, course.scene, course.scene.world.add_context("Another course").id)
    course.scene.world.faults.add(MEMBERS, drop=True)
    assert course.read() == 1
    assert course.later(timedelta(seconds=60)) == 0


def test_an_lms_that_gives_no_roster_is_no_trouble_and_is_asked_seldom(course: Course) -> None:
    tool = course.scene.world.tool()
    course.scene.world.change_tool(
        tool.client_id, scopes=tuple(one for one in tool.scopes if one is not Scope.MEMBERSHIPS)
    )
    course.read()
    assert course.row.problem_code == "roster-not-given"
    assert course.later(EVERY / 2) == 0
    course.scene.world.change_tool(tool.client_id, scopes=tool.scopes)
    course.later(EVERY)
    assert course.row.problem is None
    assert course.active()


def test_a_course_that_tells_of_no_roster_is_not_asked(course: Course) -> None:
    course.read()
    course.set(Context, memberships_url=None)
    assert course.later() == 0
    assert len(course.queries()) == 1


def test_a_cohort_in_which_nobody_works_is_left_in_peace(course: Course) -> None:
    course.read()
    long_ago = course.scene.clock() - ASLEEP_AFTER - timedelta(days=1)
    course.set(Enrolment, last_activity_at=long_ago, enrolled_at=long_ago)
    course.set(Cohort, created_at=long_ago)
    assert course.later() == 0
    course.ask()
    assert course.read() == 1, "unless somebody asks"


def test_a_platform_that_is_switched_off_or_paused_is_not_asked(course: Course) -> None:
    course.scene.set_platform(state=PlatformState.DISABLED)
    assert course.read() == 0
    course.scene.set_platform(state=PlatformState.ACTIVE)
    now = course.scene.clock()
    with transaction(course.scene.engine) as session:
        session.add(
            PlatformPause(
                platform_id=course.scene.place.platform_id, since=now, failures=9, until=now + timedelta(minutes=1)
            )
        )
    assert course.read() == 0
    assert course.later(timedelta(minutes=2)) == 1
    assert course.scene.asked(TOKENS) == 1


def test_courses_that_have_been_there_for_long_are_spread_over_a_day(course: Course) -> None:
    course.set(Context, created_at=course.scene.clock() - timedelta(days=30))
    with transaction(course.scene.engine) as session:
        roster_turns.admit(session, now=course.scene.clock(), jitter=lambda: 0.5)
    assert course.later(EVERY / 2 - timedelta(minutes=1)) == 0
    assert course.later(timedelta(minutes=2)) == 1


def test_the_names_of_a_list_that_nobody_reads_any_more_are_forgotten_once(course: Course) -> None:
    course.read()
    course.set(Context, memberships_url=None)
    for ahead, forgotten in ((FORGOTTEN_AFTER - EVERY, 0), (EVERY * 2, 1), (EVERY, 0)):
        course.scene.clock.travel(ahead)
        with transaction(course.scene.engine) as session:
            assert rosters.forget(session, now=course.scene.clock()) == forgotten
    assert course.member("ada").name is None
    assert course.row.read_at is None
    assert course.active() == {"ada", "ben", "tom", "lou", "ian"}


# by hand


def test_a_reading_by_hand_is_a_whole_one_and_may_be_had_again_only_after_a_while(course: Course) -> None:
    course.read()
    asked = course.ask()
    assert not asked.is_on_its_way
    assert asked.not_before is not None
    course.scene.clock.travel(BY_HAND_EVERY)
    assert course.ask().is_on_its_way
    assert course.ask().is_on_its_way, "asked for twice is read once"
    assert course.read() == 1
    assert "since=" not in course.queries()[-1]
    assert course.row.wanted_at is None


# many workers


def test_two_workers_read_a_roster_once(course: Course, http: HttpClient) -> None:
    hold = course.scene.world.faults.add(MEMBERS, delay=HELD, times=1)
    other = readers_for(course.scene, http)
    thread = threading.Thread(target=course.readers.turn)
    thread.start()
    until(lambda: hold.fired)
    assert other.turn() is False
    course.scene.world.faults.remove(hold)
    thread.join()
    assert len(course.queries()) == 1
    assert course.row.failures == 0


def test_a_worker_whose_turn_was_lost_keeps_nothing(course: Course, http: HttpClient) -> None:
    course.scene.world.add_people(150, "RPD-2026")
    hold = course.scene.world.faults.add(MEMBERS, delay=HELD, times=1)
    thread = threading.Thread(target=course.readers.turn)
    thread.start()
    until(lambda: hold.fired)
    course.scene.clock.travel(LEASE)  # it is taken for dead
    other = readers_for(course.scene, http)
    assert other.turn() is True
    read_at = course.row.read_at
    course.scene.world.faults.remove(hold)
    thread.join()
    assert course.row.read_at == read_at
    assert course.row.failures == 0
    with Session(course.scene.engine) as session:
        assert session.get_one(RosterTurn, course.scene.place.platform_id).lease is None


class Watched(Rosters):
    """Counts how many readings of the LMS are under way at once."""

    under_way = most = 0
    lock = threading.Lock()

    def pages(self, platform: Platform, memberships_url: str) -> Iterator[Page]:
        with Watched.lock:
            Watched.under_way += 1
            Watched.most = max(Watched.most, Watched.under_way)
        try:
            yield from super().pages(platform, memberships_url)
        finally:
            with Watched.lock:
                Watched.under_way -= 1


def test_on_a_bad_day_many_workers_ask_an_lms_one_thing_at_a_time_and_get_all_of_it(
    course: Course, http: HttpClient
) -> None:
    scene, world = course.scene, course.scene.world
    world.add_people(250, "RPD-2026")
    with transaction(scene.engine) as session:
        others = []
        for number in range(5):
            there = world.add_context(f"Course {number}")
            world.enrol("eve", there)
            others.append(add_course(session, scene, there.id))
    for trouble in ({"status": 500}, {"drop": True}, {"status": 200, "body": "[]"}):
        world.faults.add(MEMBERS, probability=0.15, **trouble)
    Watched.under_way = Watched.most = 0
    workers = [readers_for(scene, http, Watched) for _ in range(4)]

    def work(worker: Readers) -> None:
        while worker.turn():
            pass

    def unread() -> int:
        with Session(scene.engine) as session:
            return session.scalar(select(func.count(Roster.context_id)).where(Roster.read_at.is_(None))) or 0

    for _ in range(40):
        threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if not unread():
            break
        scene.clock.travel(timedelta(minutes=30))
    assert unread() == 0
    assert Watched.most == 1
    assert len(course.active()) == 255
    assert MemberStatus.GONE not in course.people().values()
    with Session(scene.engine) as session:
        named = select(RosterMember.context_id).where(RosterMember.context_id.in_(others))
        assert sorted(session.scalars(named)) == sorted(others)


def test_rosters_are_read_beside_the_scores(course: Course) -> None:
    hold = course.scene.world.faults.add(MEMBERS, delay=HELD, times=1)
    course.readers.job.work(course.scene.engine, course.scene.clock())  # as the worker's schedule does
    until(lambda: hold.fired)
    course.scene.tell(course.scene.ada)
    course.scene.work_off()
    assert course.scene.graded(course.scene.ada)
    assert course.row.read_at is None, "the LMS still thinks about its roster"
    course.scene.world.faults.remove(hold)
    until(lambda: course.row.read_at)


def test_every_worker_reads_rosters(course: Course) -> None:
    worker = course.scene.worker()
    assert "read rosters" in {job.name for job in worker._schedule._due}


def test_a_role_that_is_no_learners_is_kept_as_it_is(course: Course) -> None:
    course.scene.world.enrol("eve", "RPD-2026", Role.INSTITUTION_ADMINISTRATOR)
    course.read()
    assert course.member("eve").role is CourseRole.NONE
