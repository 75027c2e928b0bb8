"""Coming in: who gets where by a launch, and what is kept of it. Real launches over HTTP, from the demo LMS."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select, update

from plugin import clock
from plugin.db.learning import Cohort, Completion, Context, Enrolment, EnrolmentState, ResourceLink
from plugin.db.outbox import LineItem, OutboxRow, OutboxState
from plugin.db.people import Grant, Identity, Person, SignIn
from plugin.db.platforms import Deployment, Platform, PlatformState
from plugin.domain.people import CourseRole, Role
from plugin.domain.scores import Progress
from tests.connected import OFFERING, Connect, Connected
from tests.demo_lms import Browser, Habits, Login, Page, log_in
from tests.demo_lms import vocabulary as v
from tests.demo_lms.model import Link
from tests.demo_lms.vocabulary import Role as LmsRole
from tests.refusals import SIGN_IN, assert_refused, sentence_of

TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


def token_of(page: Page) -> str:
    found = TOKEN.search(page.text)
    assert found, page.text[:2000]
    return found.group(1)


def link_without_offering(connected: Connected, **custom: str) -> Link:
    return connected.world.add_link("By hand", context=connected.context, tool=connected.tool, custom=custom)


def at_once(posts: Sequence[Callable[[], Page]]) -> list[Page]:
    """Send them all at the same moment."""
    barrier = Barrier(len(posts))

    def send(post: Callable[[], Page]) -> Page:
        barrier.wait()
        return post()

    with ThreadPoolExecutor(len(posts)) as pool:
        return list(pool.map(send, posts))


def complete(connected: Connected, key: str) -> None:
    """As if somebody had completed the offering a month ago, when no gradebook column was there."""
    person, then = connected.person_id(key), datetime.now(UTC) - timedelta(days=30)
    with connected.database() as session:
        enrolment = session.scalars(select(Enrolment).where(Enrolment.person_id == person)).one()
        enrolment.started_at = enrolment.completed_at = then
        enrolment.state = EnrolmentState.COMPLETED
        version = session.get_one(Cohort, enrolment.cohort_id).version_id
        session.add(
            Completion(
                enrolment_id=enrolment.id,
                person_id=person,
                organization_id=enrolment.organization_id,
                version_id=version,
                completed_at=then,
                minutes=30,
            )
        )


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
    links = [link_without_offering(connected, practicum_offering=OFFERING) for _ in range(3)]
    people = connected.world.add_people(6, connected.context)
    logins = [log_in(connected.world, who, links[number % 3]) for number, who in enumerate(people)]
    pages = at_once([login.post for login in logins])
    assert [page.status for page in pages] == [200] * 6
    assert (connected.count(Context), connected.count(Cohort), connected.count(ResourceLink)) == (1, 1, 3)
    assert connected.count(Enrolment) == 6


def test_a_link_to_one_session_says_so_and_nonsense_in_its_place_is_ignored(connected: Connected) -> None:
    link = link_without_offering(connected, practicum_offering=OFFERING, practicum_session="1")
    assert connected.launch("ada", link).page.url.endswith("?session=1")
    odd = link_without_offering(connected, practicum_offering=OFFERING, practicum_session="one")
    assert "?" not in connected.launch("ada", odd).page.url
    with connected.database() as session:
        numbers = session.scalars(select(ResourceLink.session_number).order_by(ResourceLink.id)).all()
    assert numbers == [1, None]


def test_an_offering_written_by_hand_may_have_blanks_around_it(connected: Connected) -> None:
    assert (
        "/learn/" in connected.launch("ada", link_without_offering(connected, practicum_offering=" TST-01 ")).page.url
    )


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
    assert "Enrolled" in page.text
    assert re.search(r"Enrolled.*?\b2\b", page.text, re.S)
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
    assert "Enrolled" not in page.text


def test_somebody_whom_the_lms_gives_no_role_in_the_course_sees_what_is_taught_only(connected: Connected) -> None:
    page = connected.forge("ada", {v.ROLES: ["http://purl.imsglobal.org/vocab/lis/v2/membership#Mentor"]}).page
    assert page.status == 200
    assert "/cohorts/" in page.url
    assert "Enrolled" not in page.text
    assert not page.forms
    assert connected.count(Enrolment) == 0


# Links that lead nowhere


def test_a_link_without_an_offering_tells_a_learner_whom_to_ask(connected: Connected) -> None:
    page = connected.launch("ada", link_without_offering(connected)).page
    assert_refused(page, status=400, says="Tell the instructor of this course")
    assert "practicum_offering" not in page.text


def test_a_link_without_an_offering_tells_an_instructor_how_to_mend_it(connected: Connected) -> None:
    assert_refused(connected.launch("ian", link_without_offering(connected)).page, says="practicum_offering=CODE")


def test_a_link_to_an_offering_that_does_not_exist_says_its_name_to_an_instructor(connected: Connected) -> None:
    link = link_without_offering(connected, practicum_offering="<b>NOPE</b>")
    page = connected.launch("ian", link).page
    assert_refused(page, status=400, says="“<b>NOPE</b>”, which is not an offering here")
    assert "<b>NOPE" not in page.text
    assert_refused(connected.launch("ada", link).page, says="Tell the instructor")


def test_a_launch_from_outside_a_course_says_so(connected: Connected) -> None:
    page = connected.forge("ada", {v.CONTEXT: None}).page
    assert_refused(page, status=400, says="outside a course")


def test_a_launch_that_leads_nowhere_keeps_nobody(connected: Connected) -> None:
    before = connected.count(Person)
    connected.launch("ada", link_without_offering(connected))
    assert connected.count(Person) == before
    assert connected.count(Context) == 0


# Platforms and deployments


def test_an_lms_that_is_not_connected_reads_so(connected: Connected) -> None:
    page = Browser().post(connected.url("/lti/login"), login_fields(connected, iss="https://elsewhere.example"))
    assert_refused(page, status=400, says="not connected to this tool yet")


@pytest.mark.parametrize("state", [PlatformState.DISABLED, PlatformState.PENDING])
def test_a_connection_that_is_off_lets_nobody_in(connected: Connected, state: PlatformState) -> None:
    visit = connected.launch("ada")
    begun = log_in(connected.world, "ben", connected.link)
    set_platform(connected, state=state)
    connected.app.extensions["practicum"].logins._found.clear()  # a login, which lets nobody in, may remember for 5 s
    page = Browser().post(connected.url("/lti/login"), login_fields(connected))
    assert_refused(page, status=403, says="not switched on")
    assert_refused(begun.post(), status=403, says="not switched on")
    assert visit.browser.open(visit.page.url).status == 401, "who was in is out"


def test_an_unknown_deployment_is_refused_until_an_administrator_adds_it(connected: Connected) -> None:
    other = connected.world.deploy(connected.tool, contexts=["OAK-2026"])
    link = connected.world.add_link(
        "There", context="OAK-2026", tool=connected.tool, deployment=other, custom={"practicum_offering": OFFERING}
    )
    assert_refused(connected.launch("eve", link).page, status=403, says="its deployment")
    with connected.database() as session:
        now = datetime.now(UTC)
        session.add(Deployment(platform_id=connected.platform_id, deployment_id=other.id, created_at=now))
    assert "/learn/" in connected.launch("eve", link).page.url


def test_the_first_deployment_is_adopted_and_a_second_one_refused(connect: Connect) -> None:
    connected = connect(habits=Habits(registration_answer_has_deployment=False), place=False)
    assert connected.count(Deployment) == 0
    link = link_without_offering(connected, practicum_offering=OFFERING)
    assert "/learn/" in connected.launch("ada", link).page.url
    assert connected.count(Deployment) == 1
    assert_refused(connected.forge("ben", {v.DEPLOYMENT_ID: "another"}, **anywhere(link)).page, status=403)
    assert connected.count(Deployment) == 1


def test_of_two_first_deployments_at_once_one_is_adopted(connect: Connect) -> None:
    connected = connect(habits=Habits(registration_answer_has_deployment=False), place=False)
    link = link_without_offering(connected, practicum_offering=OFFERING)
    logins = [log_in(connected.world, who, link, **anywhere()) for who in ("ada", "ben", "tom", "lou")]
    tokens = [login.sign({v.DEPLOYMENT_ID: f"deployment-{number}"}) for number, login in enumerate(logins)]
    pages = at_once([posting(login, token) for login, token in zip(logins, tokens, strict=True)])
    assert sorted(page.status for page in pages) == [200, 403, 403, 403]
    assert connected.count(Deployment) == 1


def test_where_one_client_serves_many_customers_people_are_keyed_by_deployment(connected: Connected) -> None:
    set_platform(connected, shared_client=True)
    with connected.database() as session:
        now = datetime.now(UTC)
        session.add(Deployment(platform_id=connected.platform_id, deployment_id="customer-2", created_at=now))
    here = connected.forge("ada").page
    there = connected.forge("ada", {v.DEPLOYMENT_ID: "customer-2"}, **anywhere()).page
    assert "/learn/" in here.url
    assert "/learn/" in there.url
    assert here.url != there.url
    with connected.database() as session:
        found = session.execute(
            select(Identity.deployment_key, Identity.person_id).where(Identity.sub == connected.world.person("ada").id)
        ).all()
    assert {row.deployment_key for row in found} == {connected.link.deployment_id, "customer-2"}
    assert len({row.person_id for row in found}) == 2


def test_where_one_client_serves_many_customers_no_launch_adopts_a_deployment(connected: Connected) -> None:
    set_platform(connected, shared_client=True)
    with connected.database() as session:
        for row in session.scalars(select(Deployment)):
            session.delete(row)
    assert_refused(connected.forge("ada").page, status=403, says="its deployment")


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


# Gradebook columns


def test_a_new_column_hears_of_everybodys_earlier_completion(connected: Connected) -> None:
    """A link is made anew: who completed before, and may never come back, is not lost."""
    for key in ("ada", "ben", "tom"):
        connected.launch(key)
    complete(connected, "ada")
    complete(connected, "ben")
    (again,) = connected.place_link()
    assert connected.count(OutboxRow) == 0
    connected.launch("ada", again)
    with connected.database() as session:
        column = session.scalars(select(LineItem).order_by(LineItem.id.desc())).first()
        assert column is not None
        told = session.execute(
            select(OutboxRow.person_id, OutboxRow.progress, OutboxRow.state, OutboxRow.comment).where(
                OutboxRow.line_item_id == column.id
            )
        ).all()
    assert {row.person_id for row in told} == {connected.person_id("ada"), connected.person_id("ben")}
    assert {(row.progress, row.state) for row in told} == {(Progress.COMPLETED, OutboxState.DUE)}
    assert all("contact hours" in (row.comment or "") for row in told)


def test_a_new_column_that_an_instructor_opens_first_hears_it_too(connected: Connected) -> None:
    connected.launch("ada")
    complete(connected, "ada")
    (again,) = connected.place_link()
    connected.launch("ian", again)
    with connected.database() as session:
        columns = session.scalars(select(LineItem.url)).all()
        told = session.scalars(select(OutboxRow.progress)).all()
    assert len(columns) == 2
    assert set(told) == {Progress.COMPLETED}


def test_launching_again_by_a_known_link_tells_nothing_again(connected: Connected) -> None:
    connected.launch("ada")
    complete(connected, "ada")
    (again,) = connected.place_link()
    connected.launch("ada", again)
    with connected.database() as session:
        versions = session.scalars(select(OutboxRow.version)).all()
    connected.launch("ada", again)
    connected.launch("ada")
    with connected.database() as session:
        assert session.scalars(select(OutboxRow.version)).all() == versions


# Grants


@pytest.mark.parametrize("role", list(Role))
def test_a_launch_is_the_way_to_ones_work_and_enrols_nobody_with_a_grant(connected: Connected, role: Role) -> None:
    connected.launch("tom")
    connected.grant("tom", role)
    assert connected.count(Enrolment) == 0, "the enrolment that was never begun is none"
    visit = connected.launch("tom")
    assert "/cohorts/" in visit.page.url
    assert connected.count(Enrolment) == 0
    taken = visit.browser.submit(visit.page, visit.page.form("/join"))
    assert "/learn/" in taken.url


def test_a_grant_for_one_cohort_does_not_keep_anybody_from_learning_in_another(connected: Connected) -> None:
    (elsewhere,) = connected.place_link(context=connected.world.context("OAK-2026"))
    connected.launch("ben")
    with connected.database() as session:
        cohort = session.scalars(select(Cohort.id)).one()
    connected.grant("ben", Role.TRAINER, cohort=cohort)
    assert "/cohorts/" in connected.launch("ben").page.url
    assert "/learn/" in connected.launch("ben", elsewhere).page.url


def test_a_grant_that_has_ended_is_none(connected: Connected) -> None:
    connected.launch("tom")
    connected.grant("tom", Role.TRAINER)
    with connected.database() as session:
        session.execute(update(Grant).values(ends_on=datetime.now(UTC).date() - timedelta(days=2)))
    assert "/learn/" in connected.launch("tom").page.url


def test_instructors_are_no_trainers_unless_the_platform_is_the_unions_own(connected: Connected) -> None:
    connected.launch("ian")
    assert connected.count(Grant) == 0


def test_on_a_platform_of_the_unions_own_instructors_train_their_own_cohort_only(connect: Connect) -> None:
    connected = connect(instructors_are_trainers=True)
    (elsewhere,) = connected.place_link(context=connected.world.context("OAK-2026"))
    connected.launch("eve", elsewhere)
    visit = connected.launch("ian")
    connected.launch("ian")
    with connected.database() as session:
        grants = session.scalars(select(Grant)).all()
        cohort = session.scalars(
            select(Cohort.id).join(Context, Context.id == Cohort.context_id).where(Context.context_id == "201")
        ).one()
    assert [(grant.role, grant.cohort_id) for grant in grants] == [(Role.TRAINER, cohort)]
    assert visit.browser.open(connected.url("/review")).status == 200
    assert visit.browser.open(connected.url("/reports/completions")).status == 404


def test_two_frames_of_an_instructor_make_one_grant_and_a_revoked_one_is_not_made_again(connect: Connect) -> None:
    connected = connect(instructors_are_trainers=True)
    logins = [log_in(connected.world, "ian", connected.link) for _ in range(3)]
    at_once([login.post for login in logins])
    assert connected.count(Grant) == 1
    with connected.database() as session:
        session.execute(update(Grant).values(revoked_at=datetime.now(UTC)))
    connected.launch("ian")
    assert connected.count(Grant) == 1


def test_a_learner_on_a_platform_of_the_unions_own_is_still_a_learner(connect: Connect) -> None:
    connected = connect(instructors_are_trainers=True)
    assert "/learn/" in connected.launch("ada").page.url
    assert connected.count(Grant) == 0


# Frames without cookies


@pytest.fixture
def frame(connected: Connected) -> Browser:
    """A frame in a browser that keeps no cookies of other sites."""
    return Browser(frame_of=connected.world.config.issuer, third_party="blocked")


def test_a_frame_that_keeps_no_cookies_offers_a_new_window_that_works_once(
    connected: Connected, frame: Browser
) -> None:
    offered = connected.launch("ada", browser=frame).page
    assert offered.status == 200
    assert offered.url == connected.url("/lti/launch")
    assert "Ada Okafor" in offered.text
    form = offered.form("/lti/continue")
    assert form.attributes["target"] == "_blank"
    assert not any(SIGN_IN in cookie for cookie in offered.headers.getlist("Set-Cookie"))
    window = Browser()
    page = window.submit(offered, form)
    assert page.status == 200
    assert "/learn/" in page.url
    assert window.cookies.value(SIGN_IN)
    assert_refused(Browser().submit(offered, form), status=400, says="opened before, or too late")


def test_the_new_windows_button_waits_ten_minutes_and_no_longer(
    connected: Connected, frame: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = connected.launch("ada", browser=frame).page
    travel(monkeypatch, timedelta(minutes=11))
    assert_refused(Browser().submit(offered), status=400)


def test_what_waits_for_a_new_window_is_no_sign_in_yet(connected: Connected, frame: Browser) -> None:
    connected.launch("ian", browser=frame)
    with connected.database() as session:
        assert session.scalars(select(SignIn.waiting).order_by(SignIn.id.desc())).first() is True
    assert frame.open(connected.url("/profile")).status == 401


def test_another_sites_page_cannot_press_the_new_windows_button(connected: Connected, frame: Browser) -> None:
    """Somebody could send a visitor in as themselves, to read later what the visitor writes."""
    offered = connected.launch("ada", browser=frame).page
    form = offered.form("/lti/continue")
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        page = Browser().post(form.action, form.fields, headers=headers)
        assert_refused(page, status=400, says="Go back to your course")
    assert Browser().submit(offered).status == 200


def test_a_connection_that_is_switched_off_meanwhile_does_not_let_the_new_window_in(
    connected: Connected, frame: Browser
) -> None:
    offered = connected.launch("ada", browser=frame).page
    set_platform(connected, state=PlatformState.DISABLED)
    assert_refused(Browser().submit(offered), status=401, says="Open Practicum again from your LMS")
    assert_refused(connected.launch("ada", browser=frame).page, status=403, says="not switched on")


def test_in_a_partitioned_frame_the_launch_just_works(connected: Connected) -> None:
    browser = Browser(frame_of=connected.world.config.issuer, third_party="partitioned")
    assert "/learn/" in connected.launch("ada", browser=browser).page.url


def test_a_launch_in_a_window_of_its_own_works(connected: Connected) -> None:
    assert "/learn/" in connected.launch("ada", in_window=True).page.url


# One browser, several people


def test_another_persons_launch_ends_the_first_ones_pages(connected: Connected) -> None:
    browser = Browser()
    first = connected.launch("ada", browser=browser).page
    stolen = browser.cookies.header(connected.base_url) or ""
    token = token_of(first)
    second = connected.launch("ben", browser=browser).page
    assert "Ben Castillo" in second.text
    assert browser.open(first.url).status == 404
    stale = browser.post(connected.url("/profile"), {"csrf_token": token, "legal_name": "Mallory"})
    assert stale.status == 400
    assert "too old" in stale.text
    assert Browser().open(connected.url("/profile"), headers={"Cookie": stolen}).status == 401
    with connected.database() as session:
        assert session.scalars(select(Person.legal_name).where(Person.legal_name.is_not(None))).all() == []


def test_the_same_persons_relaunch_leaves_open_forms_usable(connected: Connected) -> None:
    browser = Browser()
    token = token_of(connected.launch("ada", browser=browser).page)
    connected.launch("ada", browser=browser)
    page = browser.post(connected.url("/profile"), {"csrf_token": token, "legal_name": "Adaeze Okafor"})
    assert page.status == 200
    with connected.database() as session:
        assert session.get_one(Person, connected.person_id("ada")).legal_name == "Adaeze Okafor"


def test_one_persons_two_browsers_are_both_signed_in(connected: Connected) -> None:
    first, second = connected.launch("ada"), connected.launch("ada")
    assert first.browser.open(first.page.url).status == 200
    assert second.browser.open(second.page.url).status == 200


# Nonces


def test_a_launch_that_leads_nowhere_cannot_be_tried_again(connected: Connected) -> None:
    login = log_in(connected.world, "ada", link_without_offering(connected))
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


def test_a_sign_in_in_one_browser_is_gone_after_twelve_hours(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = connected.launch("ada")
    travel(monkeypatch, timedelta(hours=11, minutes=59))
    assert visit.browser.open(visit.page.url).status == 200
    travel(monkeypatch, timedelta(hours=12, minutes=1))
    page = visit.browser.open(visit.page.url)
    assert_refused(page, status=401, says="Open Practicum again from your LMS")
    assert "frame-ancestors *;" in page.headers["Content-Security-Policy"], "the sentence is seen in the LMS's frame"


def login_fields(connected: Connected, **changes: str) -> dict[str, str]:
    return {
        "iss": connected.world.config.issuer,
        "client_id": connected.tool.client_id,
        "login_hint": "1001",
        "target_link_uri": connected.url("/"),
        **changes,
    }


def set_platform(connected: Connected, **values: Any) -> None:
    with connected.database() as session:
        session.execute(update(Platform).where(Platform.id == connected.platform_id).values(**values))


def anywhere(link: Link | None = None) -> dict[str, Any]:
    """A login that does not say its deployment, so that the token may name any."""
    from tests.demo_lms import REMOVED

    return {"login_changes": {"lti_deployment_id": REMOVED}, **({"to": link} if link else {})}


def posting(login: Login, token: str) -> Callable[[], Page]:
    return lambda: login.post(token)


def travel(monkeypatch: pytest.MonkeyPatch, ahead: timedelta) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + ahead)


def test_a_refusal_has_the_same_reference_on_the_page_and_in_the_log(
    connected: Connected, caplog: pytest.LogCaptureFixture
) -> None:
    from tests.refusals import reference_of

    with caplog.at_level("INFO", logger="practicum.web"):
        page = connected.launch("ada", link_without_offering(connected)).page
    assert f"ref={reference_of(page)}" in caplog.text
    assert sentence_of(page)
