"""Requests whose page carries the sign-in, and how a page comes by it: who may, once, in place of nobody's cookie."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from plugin.db.people import Person, SignIn
from plugin.db.platforms import PlatformState
from plugin.web.identity import NOTES, ONWARD
from tests.arrivals import set_platform, token_of, travel
from tests.connected import Connected
from tests.demo_lms import Browser, Habits, Page, log_in
from tests.queries import counted
from tests.refusals import SIGN_IN, assert_refused

JSON = {"Accept": "application/json"}


def waits(connected: Connected, key: str = "ada") -> Page:
    """The page of a launch in a frame that keeps no cookie."""
    frame = Browser(frame_of=connected.world.config.issuer, third_party="blocked")
    return connected.launch(key, browser=frame).page


def goes_on(page: Page, browser: Browser | None = None, **more: str) -> Page:
    """What arrival.js sends from that page."""
    form = page.form("/lti/continue")
    return (browser or Browser()).post(form.action, {**form.fields, **more}, headers=JSON)


def bearer_of(page: Page) -> str:
    said: dict[str, Any] = json.loads(page.text)
    return str(said["bearer"])


def carrying(bearer: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {bearer}", **more}


@pytest.fixture
def bearer(connected: Connected) -> str:
    """Ada's page carries this."""
    return bearer_of(goes_on(waits(connected)))


def profile(connected: Connected, name: str, headers: Mapping[str, str], browser: Browser | None = None) -> Page:
    page = browser or Browser()
    return page.post(connected.url("/profile"), {"legal_name": name}, headers=headers, follow=False)


def legal_names(connected: Connected) -> list[str | None]:
    with connected.database() as session:
        return list(session.scalars(select(Person.legal_name).where(Person.legal_name.is_not(None))))


# ---- coming by it


def test_a_waiting_launch_becomes_a_bearer_once_and_sets_no_cookie(connected: Connected) -> None:
    page = waits(connected)
    given = goes_on(page)
    assert given.status == 200
    assert given.headers["Cache-Control"] == "no-store"
    assert not any(SIGN_IN in cookie for cookie in given.headers.getlist("Set-Cookie"))
    assert bearer_of(given) not in page.text
    assert_again = json.loads(goes_on(page).text)
    assert "opened before, or too late" in assert_again["sentence"]


def test_a_browser_that_keeps_cookies_after_all_is_signed_in_by_one(connected: Connected) -> None:
    page = waits(connected)
    window = Browser()
    opened = window.submit(page, page.form("/lti/continue"), in_window="yes")
    assert opened.status == 200, "a page that finds out"
    said = json.loads(goes_on(opened, window).text)
    assert set(said) == {"next"}
    assert window.open(connected.url(said["next"])).status == 200


def test_the_window_of_a_frame_takes_the_launch_with_it(connected: Connected) -> None:
    page = waits(connected)
    Browser().submit(page, page.form("/lti/continue"), in_window="yes")
    assert goes_on(page).status == 400


def test_the_token_alone_opens_nothing_without_the_state_of_its_own_login(connected: Connected) -> None:
    mine, others = waits(connected), waits(connected, "ben")
    swapped = goes_on(mine, state=others.form("/lti/continue").fields["state"])
    assert swapped.status == 400
    assert goes_on(mine, state="made up").status == 400
    assert goes_on(mine).status == 200


def test_a_storage_that_kept_another_secret_is_a_refusal_and_the_launch_is_gone(connected: Connected) -> None:
    page = waits(connected)
    refused = goes_on(page, secret="somebody else's")
    assert refused.status == 403
    assert "another browser window or by somebody else" in json.loads(refused.text)["sentence"]
    assert goes_on(page).status == 400


def test_the_secret_that_the_login_gave_opens(connected: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    with_storage = replace(connected.world.config, habits=Habits(storage_target="_parent"))
    monkeypatch.setattr(connected.world, "config", with_storage)
    frame = Browser(frame_of=connected.world.config.issuer, third_party="blocked")
    kept = connected.launch("ada", browser=frame).page
    assert 'data-storage="put"' in kept.text
    assert "frame-ancestors *;" in kept.headers["Content-Security-Policy"]
    secret = kept.text.partition('data-storage-value="')[2].partition('"')[0]
    onward = kept.text.partition("0; url=")[2].partition('"')[0].replace("&amp;", "&")
    page = frame.open(onward)
    assert 'data-storage="get"' in page.text
    assert secret not in page.text
    assert goes_on(page, secret=secret).status == 200


def test_a_login_that_brings_a_cookie_of_ours_is_not_led_through_storage(connected: Connected) -> None:
    visit = connected.launch("ada")
    login = log_in(
        connected.world, "ada", connected.link, browser=visit.browser, login_changes={"lti_storage_target": "_parent"}
    )
    assert "/learn/" in login.post().url


def test_another_sites_page_gets_no_bearer(connected: Connected) -> None:
    page = waits(connected)
    form = page.form("/lti/continue")
    for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert Browser().post(form.action, form.fields, headers={**JSON, **headers}).status == 400
    asked = Browser().request("OPTIONS", form.action, headers={"Origin": "https://evil.example"})
    assert not [name for name in asked.headers if name.lower().startswith("access-control")]


# ---- what it opens


def test_pages_are_shown_to_who_carries_it_and_to_nobody_else(connected: Connected, bearer: str) -> None:
    address = connected.url("/profile")
    page = Browser().open(address, headers=carrying(bearer))
    assert page.status == 200
    assert "Ada Okafor" in page.text
    assert not page.headers.getlist("Set-Cookie"), "it needs none"
    waiting = waits(connected).form("/lti/continue").fields["token"]
    for wrong in ("", "made up", "é", waiting, bearer[:-1]):
        assert_refused(Browser().open(address, headers=carrying(wrong)), status=401)
    assert_refused(Browser().open(f"{address}?bearer={bearer}"), status=401)


def test_what_it_sends_needs_no_token_of_a_form(connected: Connected, bearer: str) -> None:
    sent = profile(connected, "Adaeze Okafor", carrying(bearer))
    assert sent.status == 200
    assert sent.headers[ONWARD].endswith("/profile")
    assert legal_names(connected) == ["Adaeze Okafor"]


def test_a_form_without_bearer_and_token_changes_nothing(connected: Connected) -> None:
    browser = connected.launch("ada").browser
    assert profile(connected, "Mallory", {}, browser).status == 400
    assert legal_names(connected) == []


def test_what_is_to_be_said_next_travels_with_the_page(connected: Connected, bearer: str) -> None:
    sent = profile(connected, "Adaeze Okafor", carrying(bearer))
    notes = sent.headers[NOTES]
    page = Browser().open(connected.url("/profile"), headers=carrying(bearer, **{NOTES: notes}))
    assert "Saved. Your records carry this name" in page.text
    later = Browser().open(connected.url("/profile"), headers=carrying(bearer, **{NOTES: page.headers[NOTES]}))
    assert "Saved. Your records carry this name" not in later.text
    odd = Browser().open(connected.url("/profile"), headers=carrying(bearer, **{NOTES: "made up"}))
    assert odd.status == 200


def test_the_cookie_wins_when_both_come(connected: Connected, bearer: str) -> None:
    ben = connected.launch("ben").browser
    page = ben.open(connected.url("/profile"), headers=carrying(bearer))
    assert "Ben Castillo" in page.text
    assert profile(connected, "Mallory", carrying(bearer), ben).status == 400, "a cookie's forms bring their token"
    sent = ben.post(
        connected.url("/profile"), {"legal_name": "Benito", "csrf_token": token_of(page)}, headers=carrying(bearer)
    )
    assert sent.status == 200
    assert legal_names(connected) == ["Benito"]


def test_a_cookie_that_was_pasted_in_place_of_notes_signs_nobody_in(connected: Connected) -> None:
    ben = connected.launch("ben").browser
    stolen = ben.cookies.value(SIGN_IN)
    assert stolen
    page = Browser().open(connected.url("/profile"), headers=carrying("made up", **{NOTES: stolen}))
    assert page.status == 401


def test_a_bearer_of_a_connection_that_is_switched_off_opens_nothing(connected: Connected, bearer: str) -> None:
    set_platform(connected, state=PlatformState.DISABLED)
    assert Browser().open(connected.url("/profile"), headers=carrying(bearer)).status == 401


# ---- its time


def test_it_is_renewed_while_used_and_ends_an_hour_after(
    connected: Connected, bearer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    travel(monkeypatch, timedelta(minutes=59))
    renewed = Browser().post(connected.url("/lti/renew"), {}, headers=carrying(bearer))
    assert renewed.status == 204
    travel(monkeypatch, timedelta(minutes=118))
    assert Browser().open(connected.url("/profile"), headers=carrying(bearer)).status == 200
    travel(monkeypatch, timedelta(minutes=120))
    assert Browser().open(connected.url("/profile"), headers=carrying(bearer)).status == 401


def test_a_closed_page_ends_its_bearer(connected: Connected, bearer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Browser().post(connected.url("/lti/leave"), {}, headers=carrying(bearer)).status == 204
    assert Browser().open(connected.url("/profile"), headers=carrying(bearer)).status == 200, "what it sent last"
    travel(monkeypatch, timedelta(minutes=2))
    assert Browser().open(connected.url("/profile"), headers=carrying(bearer)).status == 401


@pytest.mark.parametrize("path", ["/lti/renew", "/lti/leave"])
def test_a_sign_in_by_cookie_is_neither_renewed_nor_ended_from_elsewhere(connected: Connected, path: str) -> None:
    browser = connected.launch("ada").browser
    with connected.database() as session:
        before = session.scalars(select(func.max(SignIn.expires_at))).one()
    assert browser.post(connected.url(path), {}).status == 404
    assert Browser().post(connected.url(path), {}).status == 401
    with connected.database() as session:
        assert session.scalars(select(func.max(SignIn.expires_at))).one() == before


def test_a_launch_with_a_cookie_asks_four_things_of_the_database(connected: Connected) -> None:
    """Nonce, way, sign-in and overview: the ways round cookies cost those nothing who keep them."""
    connected.launch("ada")
    login = log_in(connected.world, "ada", connected.link)
    with counted(connected.engine) as asked:
        login.post(follow=False)
    assert len(asked) == 4, asked
