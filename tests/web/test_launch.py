"""Coming in: who gets where by a launch, and what is kept of it. Real launches over HTTP, from the demo LMS."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, update

from plugin.db.learning import Cohort, Context, Enrolment, ResourceLink
from plugin.db.people import Identity, Person, SignIn
from plugin.db.platforms import Platform
from plugin.domain.people import CourseRole
from tests.arrivals import (
    at_once,
    hand_made_link,
    posting,
)
from tests.connected import OFFERING, Connect, Connected
from tests.demo_lms import Browser, Habits, log_in
from tests.demo_lms import vocabulary as v
from tests.demo_lms.vocabulary import Role as LmsRole
from tests.refusals import assert_refused, reference_of

COUNTS = "Here are counts, and no text."


# Learners


def test_a_learners_launch_leads_to_what_they_learn(connected: Connected) -> None:
    page = connected.launch("ada").page
    assert page.status == 200
    assert re.fullmatch(connected.url(r"/learn/\d+"), page.url)
    assert "One next step" in page.text
    assert "Ada Okafor" in page.text


def test_launching_twice_is_one_person_with_one_enrolment(connected: Connected) -> None:
    first, second = connected.launch("ada"), connected.launch("ada")
    assert first.page.url == second.page.url
    assert connected.count(Enrolment) == 1
    assert connected.count(Identity, Identity.sub == connected.world.person("ada").id) == 1


def test_a_learner_is_one_who_learns_whatever_the_district_calls_them(connected: Connected) -> None:
    """Members are teachers: their institution role is Instructor, and must never make them staff."""
    assert LmsRole.INSTITUTION_INSTRUCTOR in connected.world.person("ada").institution_roles
    assert "/learn/" in connected.launch("ada").page.url
    roles = [LmsRole.LEARNER, LmsRole.INSTITUTION_ADMINISTRATOR, LmsRole.SYSTEM_ADMINISTRATOR]
    assert "/learn/" in connected.forge("ben", {v.ROLES: roles}).page.url


def test_two_frames_of_one_page_that_launch_at_once_both_get_in(connected: Connected) -> None:
    browser = Browser(frame_of=connected.world.config.issuer)
    frames = [log_in(connected.world, "ada", connected.link, browser=browser) for _ in range(3)]
    pages = at_once([frame.post for frame in frames])
    assert [page.status for page in pages] == [200, 200, 200]
    assert len({page.url for page in pages}) == 1
    assert connected.count(Identity, Identity.sub == connected.world.person("ada").id) == 1
    assert connected.count(Enrolment) == 1


def test_a_whole_class_that_comes_into_a_new_course_at_once_gets_in(connect: Connect) -> None:
    """Everybody makes the same course, cohort and link at the same moment; each is made once."""
    connected = connect(place=False)
    links = [hand_made_link(connected, practicum_offering=OFFERING) for _ in range(3)]
    people = connected.world.add_people(6, connected.context)
    logins = [log_in(connected.world, who, links[number % 3]) for number, who in enumerate(people)]
    pages = at_once([login.post for login in logins])
    assert [page.status for page in pages] == [200] * 6
    assert (connected.count(Context), connected.count(Cohort), connected.count(ResourceLink)) == (1, 1, 3)
    assert connected.count(Enrolment) == 6


def test_a_link_to_one_session_says_so_and_nonsense_in_its_place_is_ignored(connected: Connected) -> None:
    link = hand_made_link(connected, practicum_offering=OFFERING, practicum_session="1")
    assert connected.launch("ada", link).page.url.endswith("?session=1")
    odd = hand_made_link(connected, practicum_offering=OFFERING, practicum_session="one")
    assert "?" not in connected.launch("ada", odd).page.url
    with connected.database() as session:
        numbers = session.scalars(select(ResourceLink.session_number).order_by(ResourceLink.id)).all()
    assert numbers == [1, None]


def test_an_offering_written_by_hand_may_have_blanks_around_it(connected: Connected) -> None:
    assert "/learn/" in connected.launch("ada", hand_made_link(connected, practicum_offering=" TST-01 ")).page.url


def test_a_link_that_is_pointed_at_another_offering_follows_and_what_was_begun_stays(connected: Connected) -> None:
    connected.publish("TST-02", "Another step")
    first = connected.launch("ada").page
    moved = replace(connected.link, custom={"practicum_offering": "TST-02", "practicum_session": "1"})
    connected.world.links[moved.id] = moved
    second = connected.launch("ada", moved)
    assert "Another step" in second.page.text
    assert second.browser.open(first.url).status == 200
    with connected.database() as session:
        (link,) = session.scalars(select(ResourceLink)).all()
        cohorts = session.scalars(select(Cohort.id).order_by(Cohort.id)).all()
    assert (link.cohort_id, link.session_number) == (cohorts[1], 1)
    assert connected.count(Enrolment) == 2


# Instructors


def test_an_instructor_without_a_grant_sees_counts_and_no_names(connected: Connected) -> None:
    connected.launch("ada")
    connected.launch("ben")
    page = connected.launch("ian").page
    assert re.fullmatch(connected.url(r"/cohorts/\d+"), page.url)
    assert COUNTS in page.text
    assert re.search(r"enrolled</dt><dd>2</dd>", page.text)
    assert "Ada" not in page.text
    assert "Ben" not in page.text
    assert connected.count(Enrolment) == 2


def test_an_instructor_may_take_it_too_and_asking_twice_is_one_enrolment(connected: Connected) -> None:
    visit = connected.launch("ian")
    form = visit.page.form("/join")
    first = visit.browser.submit(visit.page, form)
    second = visit.browser.submit(visit.page, form)
    assert first.status == 200
    assert first.url == second.url
    assert "/learn/" in first.url
    assert connected.count(Enrolment) == 1


def test_two_clicks_at_once_on_take_it_yourself_are_one_enrolment(connected: Connected) -> None:
    visit = connected.launch("ian")
    form = visit.page.form("/join")
    pages = at_once([lambda: visit.browser.submit(visit.page, form, follow=False)] * 3)
    assert [page.status for page in pages] == [303, 303, 303]
    assert connected.count(Enrolment) == 1


def test_an_instructor_of_two_courses_has_both_open_in_two_tabs(connected: Connected) -> None:
    """The cookie says who, the address says what: coming from another course takes nothing away."""
    (elsewhere,) = connected.place_link(context=connected.world.context("OAK-2026"))
    here = connected.launch("ian")
    there = connected.launch("ian", elsewhere, browser=here.browser)
    picker = connected.launch("ian", connected.context, browser=here.browser)
    assert here.page.url != there.page.url
    assert "/deep-linking/" in picker.page.url
    assert here.browser.open(here.page.url).status == 200
    assert here.browser.open(there.page.url).status == 200


def test_a_learner_who_finds_the_cohort_page_sees_no_counts(connected: Connected) -> None:
    counts = connected.launch("ian").page
    visit = connected.launch("ada")
    page = visit.browser.open(counts.url)
    assert page.status == 200
    assert COUNTS not in page.text


def test_somebody_whom_the_lms_gives_no_role_in_the_course_sees_what_is_taught_only(connected: Connected) -> None:
    page = connected.forge("ada", {v.ROLES: ["http://purl.imsglobal.org/vocab/lis/v2/membership#Mentor"]}).page
    assert page.status == 200
    assert "/cohorts/" in page.url
    assert COUNTS not in page.text
    assert not page.forms
    assert connected.count(Enrolment) == 0


# Links that lead nowhere


def test_a_link_without_an_offering_tells_a_learner_whom_to_ask(connected: Connected) -> None:
    page = connected.launch("ada", hand_made_link(connected)).page
    assert_refused(page, status=400, says="Tell the instructor of this course")
    assert "practicum_offering" not in page.text


def test_a_link_without_an_offering_tells_an_instructor_how_to_mend_it(connected: Connected) -> None:
    assert_refused(connected.launch("ian", hand_made_link(connected)).page, says="practicum_offering=CODE")


def test_a_link_to_an_offering_that_does_not_exist_says_its_name_to_an_instructor(connected: Connected) -> None:
    link = hand_made_link(connected, practicum_offering="<b>NOPE</b>")
    page = connected.launch("ian", link).page
    assert_refused(page, status=400, says="“<b>NOPE</b>”, which is not an offering here")
    assert "<b>NOPE" not in page.text
    assert_refused(connected.launch("ada", link).page, says="Tell the instructor")


def test_a_launch_from_outside_a_course_says_so(connected: Connected) -> None:
    page = connected.forge("ada", {v.CONTEXT: None}).page
    assert_refused(page, status=400, says="outside a course")


def test_a_launch_that_leads_nowhere_keeps_nobody(connected: Connected) -> None:
    before = connected.count(Person)
    connected.launch("ada", hand_made_link(connected))
    assert connected.count(Person) == before
    assert connected.count(Context) == 0


# Names


def test_a_name_follows_the_lms_and_a_legal_name_stays(connected: Connected) -> None:
    connected.launch("ada")
    changed = connected.forge("ada", {"name": "Ada Okafor-Lind"}).page
    assert "Ada Okafor-Lind" in changed.text
    with connected.database() as session:
        session.execute(
            update(Person).where(Person.id == connected.person_id("ada")).values(legal_name="Adaeze Okafor")
        )
    page = connected.forge("ada", {"name": "A. Okafor"}).page
    assert "Adaeze Okafor" in page.text
    with connected.database() as session:
        person = session.get_one(Person, connected.person_id("ada"))
    assert (person.name, person.legal_name) == ("A. Okafor", "Adaeze Okafor")


def test_an_lms_that_sends_no_names_lets_people_in_and_a_name_once_sent_is_kept(connect: Connect) -> None:
    connected = connect(habits=Habits(send_names=False, send_emails=False))
    page = connected.launch("ada").page
    assert page.status == 200
    assert "(no name sent)" in page.text
    assert "Ada Okafor" in connected.forge("ada", {"name": "Ada Okafor"}).page.text
    assert "Ada Okafor" in connected.forge("ada", {"name": ""}).page.text


def test_a_long_name_and_a_long_title_are_cut_and_not_refused(connected: Connected) -> None:
    long = "É" * 5000
    page = connected.forge("ada", {"name": long, v.CONTEXT: {"id": "201", "title": long, "label": long}}).page
    assert page.status == 200
    with connected.database() as session:
        session.execute(update(Platform).values(family=None))
    platform = {"guid": "x", "product_family_code": "İ" * 300}  # which has more letters in lower case
    assert connected.forge("tom", {v.TOOL_PLATFORM: platform}).page.status == 200


# Nonces


def test_a_launch_that_leads_nowhere_cannot_be_tried_again(connected: Connected) -> None:
    login = log_in(connected.world, "ada", hand_made_link(connected))
    token = login.sign()
    assert_refused(login.post(token), says="does not say which module")
    assert_refused(login.post(token), status=401, says="used already")


def test_a_refused_launch_burns_its_nonce(connected: Connected) -> None:
    login = log_in(connected.world, "ada", connected.link)
    assert_refused(login.post(login.sign({v.VERSION: "2.0"})))
    assert_refused(login.post(login.sign()), status=401, says="used already")


def test_a_launch_that_is_posted_twice_at_once_works_once(connected: Connected) -> None:
    login = log_in(connected.world, "ada", connected.link)
    token = login.sign()
    pages = at_once([posting(login, token)] * 4)
    assert sorted(page.status for page in pages) == [200, 401, 401, 401]


# Other ways in


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_login_comes_by_either_method(connect: Connect, method: Any) -> None:
    connected = connect(habits=Habits(login_method=method))
    assert "/learn/" in connected.launch("ada").page.url


def test_an_lms_administrator_without_a_course_role_may_choose_content(connected: Connected) -> None:
    page = connected.forge("ann", {v.ROLES: [LmsRole.SYSTEM_ADMINISTRATOR]}, to=connected.context).page
    assert page.status == 200
    assert "/deep-linking/" in page.url


def test_the_role_that_counts_is_the_one_of_the_course_one_comes_from(connected: Connected) -> None:
    connected.launch("ian")
    with connected.database() as session:
        roles = session.scalars(select(SignIn.course_role)).all()
    assert set(roles) == {CourseRole.INSTRUCTOR}


def test_a_refusal_has_the_same_reference_on_the_page_and_in_the_log(
    connected: Connected, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="practicum.web"):
        page = connected.launch("ada", hand_made_link(connected)).page
    assert f"ref={reference_of(page)}" in caplog.text
