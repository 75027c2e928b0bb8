"""An LMS opens what Practicum keeps about somebody: to themselves, to whose grants reach them, and never because an LMS
says so. Whoever was never here stays unknown.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from sqlalchemy import select, update

from plugin import clock
from plugin.actions import organizations
from plugin.db.audit import AuditEvent
from plugin.db.people import Identity, Person
from plugin.db.platforms import Deployment, UsedNonce
from plugin.domain.people import Role
from tests.arrivals import anywhere, forget_platforms, set_platform
from tests.cast import Cast
from tests.connected import Connected
from tests.demo_lms import REMOVED, Browser, Page, log_in
from tests.demo_lms import vocabulary as v
from tests.demo_lms.launching import sign_in
from tests.member import words
from tests.refusals import SIGN_IN, assert_refused
from tests.rows import changed, snapshot

NOTHING = "Nothing is kept about you"


def asked(connected: Connected, who: str, of: str | None = None, *, browser: Browser | None = None) -> Page:
    """What comes of asking in the LMS what the tool keeps."""
    browser = browser or Browser(frame_of=connected.world.config.issuer)
    sign_in(browser, connected.world, who)
    about = "" if of is None else "?of=" + connected.world.person(of).id
    return browser.open(connected.world.config.url(f"/launch/privacy/{connected.tool.client_id}{about}"))


def claimed(connected: Connected, who: str, for_user: Any = REMOVED, **changes: Any) -> Page:
    """A privacy launch whose claims an LMS signed without looking."""
    away = dict.fromkeys((v.CONTEXT, v.RESOURCE_LINK, v.AGS_ENDPOINT, v.NRPS_SERVICE, v.CUSTOM), REMOVED)
    return connected.forge(
        who, {**away, v.MESSAGE_TYPE: v.Message.DATA_PRIVACY.value, v.FOR_USER: for_user, **changes}
    ).page


def whose(connected: Connected, key: str) -> dict[str, str]:
    return {"user_id": connected.world.person(key).id}


def test_a_member_reads_what_is_kept_about_them(connected: Connected) -> None:
    home = connected.launch("ada")
    home.browser.open(home.page.url + "/activities/goal")
    page = asked(connected, "ada")
    assert page.url == connected.url("/privacy/you")
    assert page.status == 200
    for told in ("Ada Okafor", "ada@riverbend.example.org", "My writing", "Only you see this page"):
        assert told in page.text
    assert "The connection with" not in page.text


def test_asking_changes_nothing_of_what_is_known(connected: Connected) -> None:
    connected.launch("ada")
    before = snapshot(connected.engine)
    asked(connected, "ada", "ada")
    assert set(changed(before, snapshot(connected.engine))) == {"used_nonces", "sign_ins"}


def test_whoever_was_never_here_hears_so_and_stays_unknown(connected: Connected) -> None:
    before = snapshot(connected.engine)
    page = asked(connected, "ben")
    assert page.status == 200
    assert NOTHING in page.text
    assert not page.forms
    assert not any(SIGN_IN in cookie and "Max-Age=0" not in cookie for cookie in page.headers.getlist("Set-Cookie"))
    assert set(changed(before, snapshot(connected.engine))) == {UsedNonce.__tablename__}
    ancestors = re.search(r"frame-ancestors ([^;]*)", page.headers["Content-Security-Policy"])
    assert ancestors is not None
    assert "127.0.0.1" in ancestors.group(1), "the LMS may frame it"


def test_the_same_launch_twice_is_refused_for_a_stranger_too(connected: Connected) -> None:
    begun = log_in(connected.world, "ben", connected.link)
    token = begun.sign({v.MESSAGE_TYPE: v.Message.DATA_PRIVACY.value})
    assert NOTHING in begun.post(token).text
    assert_refused(begun.post(token), status=401)


def test_a_shared_computer_shows_a_stranger_nothing_of_the_last_person(connected: Connected) -> None:
    browser = Browser()
    home = connected.launch("ada", browser=browser)
    page = asked(connected, "ben", browser=browser)
    assert NOTHING in page.text
    assert "Ada" not in page.text
    assert browser.open(home.page.url).status == 401


@pytest.mark.parametrize("of", ["ben", "tom", "eve"])
def test_a_member_sees_themselves_only_whatever_the_lms_signs(connected: Connected, of: str) -> None:
    connected.launch("ben")
    connected.launch("ada")
    page = claimed(connected, "ada", whose(connected, of))
    assert page.url == connected.url("/privacy/you")
    assert "Ben" not in page.text
    assert connected.count(AuditEvent, AuditEvent.deed == "look at what is kept") == 0


def test_an_instructor_or_lms_administrator_without_a_grant_sees_nothing_of_others(connected: Connected) -> None:
    for key in ("ben", "ian", "ann"):
        connected.launch(key)
    for key in ("ian", "ann"):
        page = claimed(connected, key, whose(connected, "ben"))
        assert page.url == connected.url("/privacy/you")
        assert "Ben" not in page.text


def test_a_coordinator_is_led_to_the_member_in_counts_and_that_they_looked_is_kept(connected: Connected) -> None:
    connected.launch("ada")
    connected.launch("lou")
    connected.grant("lou", Role.LSC)
    ada = connected.person_id("ada")
    page = claimed(connected, "lou", whose(connected, "ada"))
    assert page.url == connected.url(f"/privacy/people/{ada}")
    assert "Ada Okafor" in page.text
    assert "ada@riverbend" not in page.text
    with connected.database() as session:
        [event] = session.scalars(select(AuditEvent).where(AuditEvent.deed == "look at what is kept"))
    assert (event.subject, event.actor_id) == (f"person {ada}", connected.person_id("lou"))


def test_a_trainer_is_led_to_themselves(connected: Connected) -> None:
    connected.launch("ada")
    connected.launch("tom")
    connected.grant("tom", Role.TRAINER)
    assert claimed(connected, "tom", whose(connected, "ada")).url == connected.url("/privacy/you")


def test_a_coordinator_of_another_organization_finds_nobody(connected: Connected) -> None:
    connected.launch("ada")
    connected.launch("lou")
    with connected.database() as session:
        organizations.add(session, "Local 2", now=clock.now())
    connected.grant("lou", Role.LSC, organization="Local 2")
    page = claimed(connected, "lou", whose(connected, "ada"))
    assert page.url == connected.url("/privacy/you")
    browser = connected.launch("lou").browser
    assert browser.open(connected.url(f"/privacy/people/{connected.person_id('ada')}")).status == 404


def test_the_same_sub_of_another_deployment_is_somebody_else(connected: Connected) -> None:
    """One client for many customers: the LMS of one of them names a person of another."""
    connected.launch("ada")
    connected.launch("lou")
    connected.grant("lou", Role.LSC)
    set_platform(connected, shared_client=True)
    with connected.database() as session:
        session.execute(update(Identity).values(deployment_key=connected.link.deployment_id))
        session.add(Deployment(platform_id=connected.platform_id, deployment_id="second", created_at=clock.now()))
    forget_platforms(connected)
    away = dict.fromkeys((v.CONTEXT, v.RESOURCE_LINK, v.AGS_ENDPOINT, v.NRPS_SERVICE, v.CUSTOM), REMOVED)
    said = {**away, v.MESSAGE_TYPE: v.Message.DATA_PRIVACY.value, v.FOR_USER: whose(connected, "ada")}
    there = connected.forge("lou", {**said, v.DEPLOYMENT_ID: "second"}, **anywhere()).page
    assert NOTHING in there.text
    here = connected.forge("lou", {**said, v.DEPLOYMENT_ID: connected.link.deployment_id}).page
    assert "/privacy/people/" in here.url


def test_an_administrator_of_the_lms_reads_of_the_whole_connection_in_counts(connected: Connected) -> None:
    for key in ("ada", "ben"):
        connected.launch(key)
    page = asked(connected, "ann")
    assert NOTHING in page.text, "they were never here themselves"
    told = " ".join(re.sub(r"<[^>]+>", " ", page.text).split())
    assert "People who came in 3" in told, "with Ian, who placed the link"
    assert "Of them with an e-mail address 3" in told
    assert "Ada" not in page.text
    connected.launch("ann")
    assert "People who came in 4" in " ".join(re.sub(r"<[^>]+>", " ", asked(connected, "ann").text).split())


def test_its_former_name_and_a_launch_without_for_user_are_taken(connected: Connected) -> None:
    connected.launch("ada")
    former = {v.MESSAGE_TYPE: "DataPrivacyLaunchRequest"}
    assert claimed(connected, "ada", **former).url == connected.url("/privacy/you")
    assert claimed(connected, "ada").url == connected.url("/privacy/you")


@pytest.mark.parametrize(
    "odd",
    [
        {v.ROLES: REMOVED},
        {v.TARGET_LINK_URI: REMOVED},
        {v.DEPLOYMENT_ID: REMOVED},
        {v.FOR_USER: "1001"},
        {v.FOR_USER: {"user_id": 1001}},
        {v.FOR_USER: {"user_id": "x" * 256}},
        {"sub": REMOVED},
    ],
)
def test_an_odd_one_is_refused_in_words(connected: Connected, odd: dict[str, Any]) -> None:
    connected.launch("ada")
    before = connected.count(Person)
    assert_refused(claimed(connected, "ada", **odd))
    assert connected.count(Person) == before


def test_the_lms_is_offered_the_message_where_it_sends_it(connected: Connected) -> None:
    assert connected.tool.data_privacy_uri == connected.url("/")


def test_everybody_may_read_what_is_kept_of_members(cast: Cast) -> None:
    page = cast.app.test_client().get("/privacy")
    assert page.status_code == 200
    assert "frame-ancestors *" in page.headers["Content-Security-Policy"]
    assert "<form" not in page.text
    signed_in = cast.ada.get("/privacy")
    assert "Ada" not in signed_in.text, "it shows nobody, since anybody may frame it"


def test_the_page_is_found_from_ones_profile(cast: Cast) -> None:
    assert 'href="/privacy/you"' in cast.ada.get("/profile").text
    told = words(cast.ada.get("/privacy/you"))
    assert "Enrolments 1" in told
    assert "Feedback you gave" not in told


def test_counts_of_a_member_are_those_of_the_readers_reach(cast: Cast) -> None:
    told = words(cast.lou.get(f"/privacy/people/{cast.ada.id}"))
    assert "Enrolments 1" in told
    assert cast.lou.get(f"/privacy/people/{cast.lou.id}").status_code == 404, "who is not enrolled is no member"
    assert cast.lou.get(f"/privacy/people/{cast.eve.ada.id}").status_code == 404
