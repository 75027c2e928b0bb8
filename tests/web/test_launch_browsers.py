"""Launches in frames with and without cookies, and several people at one browser."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from plugin.db.people import Person, SignIn
from plugin.db.platforms import PlatformState
from tests.arrivals import (
    set_platform,
    token_of,
    travel,
)
from tests.connected import Connected
from tests.demo_lms import Browser
from tests.refusals import SIGN_IN, assert_refused

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
    token = token_of(browser.open(connected.url("/profile")))
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
    connected.launch("ada", browser=browser)
    token = token_of(browser.open(connected.url("/profile")))
    connected.launch("ada", browser=browser)
    page = browser.post(connected.url("/profile"), {"csrf_token": token, "legal_name": "Adaeze Okafor"})
    assert page.status == 200
    with connected.database() as session:
        assert session.get_one(Person, connected.person_id("ada")).legal_name == "Adaeze Okafor"


def test_one_persons_two_browsers_are_both_signed_in(connected: Connected) -> None:
    first, second = connected.launch("ada"), connected.launch("ada")
    assert first.browser.open(first.page.url).status == 200
    assert second.browser.open(second.page.url).status == 200


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
