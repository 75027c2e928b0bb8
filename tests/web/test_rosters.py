"""The page that says who is in the LMS course: counts for those who teach there, names for those who work with them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from plugin.actions.rosters import ask
from plugin.db.audit import AuditEvent
from plugin.db.learning import Cohort, Context, EnrolmentState
from plugin.db.people import Grant, SignIn
from plugin.db.platforms import Platform, PlatformState
from plugin.db.rosters import Roster, RosterMember
from plugin.domain.people import CourseRole, Role
from plugin.domain.rosters import BY_HAND_EVERY, MemberStatus
from plugin.worker.build import build
from tests.cast import Cast
from tests.connected import Connected
from tests.queries import counted
from tests.reports.people import enrol
from tests.rostered import keep_roster, member

WORDS = {
    "not-opened": "have not opened it",
    "not-started": "opened it, not started",
    "started": "in progress",
    "done": "completed",
    "gone": "opened it, and left the LMS course",
}


@pytest.fixture
def page(cast: Cast, session: Session) -> str:
    """The page of a course whose LMS gave its list an hour ago: Ada and Ben opened it, Zoë and Yan did not."""
    context = session.merge(cast.here.context)
    context.memberships_url = "https://lms1.example.org/members"
    people = [("Ada Okafor", cast.ada), ("Ben Castillo", cast.ben), ("Zoë Ångström", None), ("Yan Wu", None)]
    keep_roster(session, cast.here, people, read_at=cast.now - timedelta(hours=1))
    session.commit()
    return f"/cohorts/{cast.here.cohort.id}/roster"


def numbers(text: str) -> dict[str, int]:
    found = {key: re.search(rf"<dt>{words}</dt><dd>(\d+)</dd>", text) for key, words in WORDS.items()}
    return {key: int(one[1]) for key, one in found.items() if one}


def names(text: str) -> list[str]:
    return re.findall(r'<th role="rowheader" scope="row">([^<]*)</th>', text)


def change(session: Session, table: Any, *where: Any, **values: Any) -> None:
    session.execute(update(table).where(*where).values(**values))
    session.commit()


def test_trainers_and_coordinators_see_counts_and_who_has_not_opened_it(cast: Cast, page: str) -> None:
    for actor in (cast.tom, cast.lou, cast.ann):
        text = actor.get(page).text
        assert numbers(text) == {"not-opened": 2, "not-started": 2, "started": 0, "done": 0, "gone": 0}
        assert names(text) == ["Yan Wu", "Zoë Ångström"]


def test_an_instructor_of_the_lms_sees_counts_and_no_name(cast: Cast, page: str) -> None:
    for state in WORDS:
        text = cast.ian.get(page, query_string={"state": state}).text
        assert numbers(text)["not-opened"] == 2
        assert names(text) == []
        assert not any(name in text for name in ("Okafor", "Castillo", "Yan", "Zoë"))
    assert cast.ian.post(f"{page}/refresh").status_code == 404


def test_a_viewer_sees_counts_and_no_name(cast: Cast, page: str, session: Session) -> None:
    change(session, Grant, Grant.person_id == cast.lou.id, role=Role.VIEWER)
    text = cast.lou.get(page).text
    assert numbers(text)["not-opened"] == 2
    assert names(text) == []


def test_a_learner_and_the_people_of_another_organization_find_nothing(cast: Cast, page: str) -> None:
    for actor in (cast.ada, cast.other.tom, cast.other.lou, cast.other.ann, cast.other.ian):
        assert actor.get(page).status_code == 404
        assert actor.post(f"{page}/refresh").status_code == 404


def test_each_is_in_the_list_of_how_far_they_are(cast: Cast, page: str, session: Session) -> None:
    here = cast.here
    started = enrol(session, here, "Luz Núñez", started="2026-11-01 09:00")
    done = enrol(session, here, "Rosa Delgado", completed="2026-11-05 09:00", legal_name="Rosa M. Delgado")
    gone = enrol(session, here, "Sam Park", started="2026-11-02 09:00")
    off = enrol(session, here, "Ola Berg")
    for number, (each, status) in enumerate(
        [(started, "active"), (done, "active"), (gone, "gone"), (off, "inactive"), (None, "gone")]
    ):
        sub = f"sub-of-{each.person_id}" if each else f"never-{number}"
        session.add(member(here, sub, None, cast.now, status=MemberStatus(status)))
    session.commit()
    seen = {state: names(cast.lou.get(page, query_string={"state": state}).text) for state in WORDS}
    assert seen == {
        "not-opened": ["Yan Wu", "Zoë Ångström"],
        "not-started": ["Ada Okafor", "Ben Castillo"],
        "started": ["Luz Núñez"],
        "done": ["Rosa M. Delgado"],
        "gone": ["Sam Park", "Ola Berg"],
    }
    assert numbers(cast.lou.get(page).text) == {state: len(each) for state, each in seen.items()}


def test_whoever_teaches_or_works_there_is_no_member_who_is_missing(cast: Cast, page: str, session: Session) -> None:
    now = cast.now
    session.add_all(
        [
            member(cast.here, cast.tom.identity.sub, "Tom Reyes", now),
            member(cast.here, cast.ian.identity.sub, "Ian Principal", now, role=CourseRole.INSTRUCTOR),
            member(cast.here, "observer", "A Parent", now, role=CourseRole.NONE),
        ]
    )
    session.commit()
    assert names(cast.lou.get(page).text) == ["Yan Wu", "Zoë Ångström"]
    change(session, Grant, Grant.person_id == cast.tom.id, revoked_at=now)
    assert names(cast.lou.get(page).text) == ["Tom Reyes", "Yan Wu", "Zoë Ångström"]


def test_whoever_came_since_is_counted(cast: Cast, page: str, session: Session) -> None:
    enrol(session, cast.here, "Luz Núñez")
    session.commit()
    assert "1 person opened it since" in cast.lou.get(page).text


def test_an_lms_that_sends_no_names_has_people_all_the_same(cast: Cast, page: str, session: Session) -> None:
    change(session, RosterMember, name=None, sort_key="")
    assert names(cast.lou.get(page).text) == ["(no name sent)", "(no name sent)"]
    assert names(cast.lou.get(page, query_string={"state": "not-started"}).text) == ["Ada Okafor", "Ben Castillo"]


def test_the_list_is_paged_by_key_and_no_name_stands_in_an_address(cast: Cast, page: str, session: Session) -> None:
    session.add_all([member(cast.here, f"m{n}", f"Member {n:03}", cast.now) for n in range(120)])
    session.commit()
    seen, address = [], page
    addresses = []
    while True:
        text = cast.lou.get(address).text
        seen += names(text)
        following = re.search(r'<a class="next" href="([^"]+)"', text)
        if following is None:
            break
        address = following[1].replace("&amp;", "&")
        addresses.append(address)
    assert seen == [*(f"Member {n:03}" for n in range(120)), "Yan Wu", "Zoë Ångström"]
    assert len(addresses) == 2
    assert all(re.fullmatch(r"/cohorts/\d+/roster\?state=not-opened&after=\d+", each) for each in addresses)
    back = re.search(r'<a href="([^"]+)" rel="prev"', cast.lou.get(address).text)
    assert back
    earlier = cast.lou.get(back[1].replace("&amp;", "&")).text
    assert names(earlier) == seen[50:100]


@pytest.mark.parametrize("key", ["0", "999999", "x", "9" * 30, "٣"])
def test_a_place_that_is_none_is_the_beginning(cast: Cast, page: str, key: str) -> None:
    assert names(cast.lou.get(page, query_string={"after": key}).text) == ["Yan Wu", "Zoë Ångström"]


def test_a_place_in_another_courses_list_is_none_here(cast: Cast, page: str, session: Session) -> None:
    (theirs,) = keep_roster(session, cast.other, [("Mia Zander", None)], read_at=cast.now)
    session.commit()
    assert names(cast.lou.get(page, query_string={"before": theirs.id}).text) == ["Yan Wu", "Zoë Ångström"]


def test_a_list_that_there_is_not_is_asked_for_anew(cast: Cast, page: str) -> None:
    answer = cast.lou.get(page, query_string={"state": "made-up"})
    assert answer.status_code == 422
    assert "There is no such list" in answer.text


# how fresh it is


def test_the_page_says_how_old_the_list_is_and_what_went_wrong_last(cast: Cast, page: str, session: Session) -> None:
    assert "As District 1 LMS told it on" in cast.lou.get(page).text
    change(session, Roster, problem="?", problem_code="roster-later", tried_at=cast.now)
    text = cast.lou.get(page).text
    assert "The list could not be read on" in text
    assert "had trouble of its own" in text
    assert names(text) == ["Yan Wu", "Zoë Ångström"], "what was known stays"
    assert "notice-needs_you" not in text, "it may pass by itself"
    change(session, Roster, read_at=cast.now - timedelta(days=4))
    assert "notice-needs_you" in cast.lou.get(page).text, "it did not"
    change(session, Roster, problem_code="token-refused", read_at=cast.now)
    assert "notice-needs_you" in cast.lou.get(page).text, "somebody has to mend it"


def test_an_lms_without_the_service_is_a_normal_thing(cast: Cast, page: str, session: Session) -> None:
    change(session, Context, memberships_url=None)
    session.execute(update(Roster).values(read_at=None))
    session.commit()
    text = cast.lou.get(page).text
    assert "does not say who is in the course" in text
    assert "notice-needs_you" not in text
    assert "Read the list again" not in text
    assert cast.lou.post(f"{page}/refresh").status_code == 409


def test_an_lms_that_does_not_allow_it_is_a_normal_thing(cast: Cast, page: str, session: Session) -> None:
    change(session, Roster, read_at=None, problem="?", problem_code="roster-not-given")
    text = cast.lou.get(page).text
    assert "can allow names and roles" in text
    assert "notice-needs_you" not in text


def test_a_list_that_was_never_read_and_a_cohort_without_a_course_say_so(
    cast: Cast, page: str, session: Session
) -> None:
    change(session, Roster, read_at=None, tried_at=None)
    assert "The list is not here yet" in cast.lou.get(page).text
    change(session, Platform, state=PlatformState.DISABLED)
    change(session, SignIn, platform_id=cast.other.platform.id)
    change(session, Platform, Platform.id == cast.other.platform.id, state=PlatformState.ACTIVE)
    assert "switched off" in cast.lou.get(page).text
    change(session, Cohort, context_id=None)
    assert "belongs to no LMS course" in cast.lou.get(page).text
    assert cast.lou.post(f"{page}/refresh").status_code == 409


# by hand


def test_the_list_is_read_again_by_hand_once_in_a_while(cast: Cast, page: str, session: Session) -> None:
    assert "Read the list again" in cast.lou.get(page).text
    for _ in range(3):
        assert cast.lou.post(f"{page}/refresh").status_code == 303
    session.expire_all()
    roster = session.get_one(Roster, cast.here.context.id)
    assert roster.wanted_at is not None
    assert session.scalar(select(func.count(AuditEvent.id)).where(AuditEvent.deed == "refresh roster")) == 1
    text = cast.lou.get(page).text
    assert "is being read" in text
    assert "Read the list again" not in text
    change(session, Roster, wanted_at=None, tried_at=cast.now)
    assert cast.lou.post(f"{page}/refresh").status_code == 303
    session.expire_all()
    assert session.get_one(Roster, cast.here.context.id).wanted_at is None, "it was read a moment ago"
    assert "It can be read again by hand at" in cast.lou.get(page).text
    change(session, Roster, tried_at=cast.now - BY_HAND_EVERY)
    assert cast.tom.post(f"{page}/refresh").status_code == 303
    session.expire_all()
    assert session.get_one(Roster, cast.here.context.id).wanted_at is not None


def test_a_course_that_no_worker_has_met_yet_may_be_asked_for(cast: Cast, page: str, session: Session) -> None:
    session.execute(delete(RosterMember))
    session.execute(delete(Roster))
    session.commit()
    assert cast.lou.post(f"{page}/refresh").status_code == 303
    session.expire_all()
    assert session.get_one(Roster, cast.here.context.id).wanted_at is not None


def test_nothing_is_asked_without_the_token_of_the_form(cast: Cast, page: str) -> None:
    assert cast.lou.client.post(f"{page}/refresh").status_code == 400


def test_a_course_without_a_roster_cannot_be_asked_for(cast: Cast, session: Session) -> None:
    context = session.merge(cast.here.context)
    with pytest.raises(ValueError, match="no roster"):
        ask(session, context, by=None, organization=cast.here.organization.id, now=cast.now)


# what it costs


def test_the_page_asks_the_database_little_however_many_there_are(cast: Cast, page: str, session: Session) -> None:
    asked = []
    for count in (0, 200):
        session.add_all([member(cast.here, f"m{n}", f"Member {n:03}", cast.now) for n in range(count)])
        session.commit()
        cast.lou.get(page)
        with counted(cast.app.extensions["practicum"].engine) as statements:
            assert cast.lou.get(page).status_code == 200
        asked.append(len(statements))
    assert asked[0] == asked[1] <= 7, statements


def test_the_cohorts_page_leads_there(cast: Cast, page: str) -> None:
    cohort = page.removesuffix("/roster")
    assert all(f'href="{page}"' in actor.get(cohort).text for actor in (cast.tom, cast.lou, cast.ian))
    assert page not in cast.ada.get(cohort).text


def test_completed_counts_whoever_is_in_two_states_once(cast: Cast, page: str, session: Session) -> None:
    assert cast.ada.enrolment
    done = session.merge(cast.ada.enrolment)
    done.state, done.completed_at, done.started_at = EnrolmentState.COMPLETED, cast.now, cast.now
    session.commit()
    found = numbers(cast.lou.get(page).text)
    assert (found["done"], found["started"], found["not-started"]) == (1, 0, 1)


# all of them


def courses(text: str) -> list[str]:
    return re.findall(r"<a href=\"/cohorts/(\d+)/roster\" data-queue-open>", text)


def test_a_coordinator_sees_how_fresh_the_list_of_each_course_is(cast: Cast, page: str, session: Session) -> None:
    text = cast.lou.get("/reports/rosters").text
    assert courses(text) == [str(cast.here.cohort.id)]
    assert f'href="{page}"' in text
    change(session, Roster, problem="?", problem_code="roster-course-gone")
    text = cast.lou.get("/reports/rosters", query_string={"state": "failing"}).text
    assert "no longer knows this course" in text
    change(session, Roster, problem_code="roster-not-given")
    assert "The LMS gives no list" in cast.lou.get("/reports/rosters").text
    failing = cast.lou.get("/reports/rosters", query_string={"state": "failing"}).text
    assert "Every list could be read" in failing, "that an LMS gives none is no failure"
    assert cast.tom.get("/reports/rosters").status_code == 404


def test_the_courses_are_paged_by_key_and_asked_for_at_once(cast: Cast, page: str, session: Session) -> None:
    now = cast.now
    for number in range(60):
        context = Context(
            platform_id=cast.here.platform.id,
            deployment_id="1",
            context_id=f"more-{number}",
            title="More",
            created_at=now,
        )
        session.add(context)
        session.flush()
        like = cast.here.cohort
        session.add(
            Cohort(
                organization_id=like.organization_id,
                offering_id=like.offering_id,
                version_id=like.version_id,
                context_id=context.id,
                name=f"Run {number}",
                created_at=now,
            )
        )
    session.commit()
    cast.lou.get("/reports/rosters")
    with counted(cast.app.extensions["practicum"].engine) as statements:
        first = cast.lou.get("/reports/rosters").text
    assert len(statements) <= 5, statements
    older = re.search(r'<a class="next" href="([^"]+)"', first)
    assert older
    second = cast.lou.get(older[1]).text
    assert len(courses(first)) == 50
    assert len({*courses(first), *courses(second)}) == 61
    newer = re.search(r'<a href="([^"]+)" rel="prev"', second)
    assert newer
    assert courses(cast.lou.get(newer[1]).text) == courses(first)


# from the launch to the page


def test_a_launch_is_enough_for_the_list_of_its_course(connected: Connected) -> None:
    visit = connected.launch("ada")
    connected.launch("lou")
    connected.grant("lou", Role.LSC)
    with connected.database() as opened:
        cohort_id = opened.scalars(select(Cohort.id)).one()
    page = connected.url(f"/cohorts/{cohort_id}/roster")
    assert visit.browser.open(page).status == 404
    lou = connected.launch("lou").browser
    assert "The list is not here yet" in lou.open(page).text
    worker = build(connected.settings, connected.engine)
    assert worker._readers
    assert worker._readers.turn()
    worker.close()
    text = lou.open(page).text
    assert names(text) == ["Ben Castillo", "Tom Reyes"], "Lou coordinates"
    assert numbers(text) == {"not-opened": 2, "not-started": 1, "started": 0, "done": 0, "gone": 0}
