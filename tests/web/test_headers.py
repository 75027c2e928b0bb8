"""What every answer tells the browser, and what no log ever says."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from http.cookies import SimpleCookie

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient
from sqlalchemy import update

from plugin.db.platforms import Platform
from plugin.settings import Settings
from plugin.web import cookies
from tests import quick
from tests.cast import Cast
from tests.connected import Connected
from tests.demo_lms import Browser, log_in
from tests.demo_lms import vocabulary as v
from tests.refusals import SIGN_IN


def sources(policy: str, directive: str) -> list[str]:
    """What a directive of a content policy allows."""
    (found,) = [part for part in policy.split("; ") if part.split()[0] == directive]
    return found.split()[1:]


PAGES = ["/profile", "/grant", "/review", "/reports/completions", "/platforms/", "/nothing-here", "/lti/jwks.json"]


def test_every_answer_loads_from_here_only_and_is_kept_by_nobody(cast: Cast) -> None:
    for path in PAGES:
        for actor in (cast.ada, cast.ann):
            answer = actor.get(path)
            policy = answer.headers["Content-Security-Policy"]
            assert sources(policy, "default-src") == ["'none'"]
            assert sources(policy, "script-src") == ["'self'"]
            assert sources(policy, "style-src") == ["'self'"]
            assert sources(policy, "base-uri") == ["'none'"]
            assert sources(policy, "form-action") == ["'self'"]
            assert "unsafe" not in policy
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] == "same-origin"
            assert answer.headers["Cache-Control"] == ("public, max-age=300" if "jwks" in path else "no-store")


def test_pages_are_framed_by_the_visitors_own_lms_and_by_no_other(cast: Cast) -> None:
    here = sources(cast.ada.get("/profile").headers["Content-Security-Policy"], "frame-ancestors")
    there = sources(cast.other.ada.get("/profile").headers["Content-Security-Policy"], "frame-ancestors")
    assert here == ["'self'", "https://lms1.example.org:*", "http://lms1.example.org:*"]
    assert there == ["'self'", "https://lms2.example.org:*", "http://lms2.example.org:*"]


LEARN = "https://learn.example.org"


@pytest.fixture
def at_home(settings: Settings, cast: Cast) -> Iterator[FlaskClient]:
    """Ada's browser at an installation as it is in life: behind https, not in development."""
    production = quick.make(Settings(settings.database_url, base_url=LEARN, secret_key=settings.secret_key))
    client = production.test_client()
    cookie = cast.ada.client.get_cookie(SIGN_IN)
    assert cookie is not None
    client.set_cookie(SIGN_IN, cookie.value, domain="learn.example.org", secure=True)
    yield client
    production.extensions["practicum"].close()


def test_outside_development_pages_are_framed_over_https_only(at_home: FlaskClient) -> None:
    answer = at_home.get("/profile", base_url=LEARN)
    assert answer.status_code == 200
    frames = sources(answer.headers["Content-Security-Policy"], "frame-ancestors")
    assert frames == ["'self'", "https://lms1.example.org:*"]
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


def token_of(at_home: FlaskClient) -> str:
    found: str = re.findall(r'name="csrf-token" content="([^"]+)"', at_home.get("/profile", base_url=LEARN).text)[0]
    return found


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"Referer": f"{LEARN}/profile"}, 303),
        ({"Referer": "https://evil.example/"}, 400),
        ({"Origin": LEARN}, 303),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 303),
        ({"Origin": LEARN, "Sec-Fetch-Site": "cross-site"}, 400),
        ({}, 400),
    ],
)
def test_outside_development_a_form_is_taken_from_our_own_pages_only(
    at_home: FlaskClient, said: dict[str, str], status: int
) -> None:
    form = {"csrf_token": token_of(at_home), "legal_name": "Adaeze Okafor", "text": "Typed on Monday"}
    answer = at_home.post("/profile", base_url=LEARN, data=form, headers=said)
    assert answer.status_code == status
    if status == 400:
        assert "Nobody can tell where this form comes from" in answer.text
        assert "Typed on Monday" in answer.text, "what was typed comes back"


@pytest.mark.parametrize("token", [None, "of another sign-in"])
def test_where_a_form_comes_from_does_not_stand_in_for_its_token(at_home: FlaskClient, token: str | None) -> None:
    form = {"legal_name": "Adaeze Okafor"} | ({"csrf_token": token} if token else {})
    said = {"Origin": LEARN, "Sec-Fetch-Site": "same-origin", "Referer": f"{LEARN}/profile"}
    answer = at_home.post("/profile", base_url=LEARN, data=form, headers=said)
    assert answer.status_code == 400
    assert "This page is too old to send from" in answer.text


def test_hosts_with_ports_stars_and_ipv6_become_sources_that_browsers_read(cast: Cast, app: Flask) -> None:
    with app.extensions["practicum"].engine.begin() as connection:
        hosts = ["lms.example.org:8443", "*.instructure.com", "::1"]
        connection.execute(update(Platform).where(Platform.id == cast.here.platform.id).values(hosts=hosts))
    frames = sources(cast.ada.get("/profile").headers["Content-Security-Policy"], "frame-ancestors")
    https = [source for source in frames if source.startswith("https")]
    assert set(https) == {"https://lms.example.org:8443", "https://*.instructure.com:*", "https://[::1]:*"}


def test_a_page_that_frames_a_launch_from_another_host_frames_what_follows_for_that_person_only(
    connected: Connected,
) -> None:
    """Canvas shows a school's own name, which no registration says."""
    school = {v.LAUNCH_PRESENTATION: {"return_url": "https://canvas.school.example:8443/courses/1"}}
    framed = connected.forge("ada", school)
    policy = framed.page.headers["Content-Security-Policy"]
    assert "https://canvas.school.example:8443" in sources(policy, "frame-ancestors")
    other = connected.forge("ben").page.headers["Content-Security-Policy"]
    assert "https://canvas.school.example:8443" not in sources(other, "frame-ancestors")
    with connected.database() as session:
        hosts = session.get_one(Platform, connected.platform_id).hosts
    assert hosts == ["127.0.0.1"], "where services may be called is what was registered"


def test_a_refused_launch_stands_in_any_frame_and_shows_nobody(connected: Connected) -> None:
    """An unknown LMS can be told by that sentence only; whoever is signed in besides is not shown there."""
    visit = connected.launch("ada")
    page = visit.browser.post(connected.url("/lti/launch"), {"state": "made up", "id_token": "x"})
    assert page.status == 400
    assert sources(page.headers["Content-Security-Policy"], "frame-ancestors") == ["*"]
    assert "Ada" not in page.text
    assert visit.browser.open(visit.page.url).status == 200, "and she is still signed in"


def test_a_404_for_somebody_signed_in_is_framed_by_their_lms_only(cast: Cast) -> None:
    policy = cast.ada.get("/learn/999999").headers["Content-Security-Policy"]
    assert "*" not in sources(policy, "frame-ancestors")


# Cookies


def cookies_of(headers: list[str]) -> dict[str, SimpleCookie]:
    found = {}
    for header in headers:
        cookie: SimpleCookie = SimpleCookie()
        cookie.load(header.replace("Partitioned", "Path=/"))  # Python 3.11 does not know the word
        assert "; Partitioned" in header
        found[next(iter(cookie))] = cookie
    return found


def test_cookies_live_in_frames_and_nowhere_else(connected: Connected) -> None:
    login = log_in(connected.world, "ada", connected.link)
    answer = login.post(follow=False)
    cookies = cookies_of(answer.headers.getlist("Set-Cookie"))
    deleted = next(name for name in cookies if name.startswith("__Host-lti-"))
    assert set(cookies) == {SIGN_IN, deleted}
    for name, cookie in cookies.items():
        morsel = cookie[name]
        assert morsel["secure"]
        assert morsel["httponly"]
        assert morsel["samesite"] == "None"
        assert morsel["path"] == "/"
        assert not morsel["domain"]
    assert cookies[deleted][deleted]["max-age"] == "0", "the login's cookie has had its time"
    assert login.browser.cookies.names() == {SIGN_IN}


def test_a_login_sets_one_short_lived_cookie_of_its_own(connected: Connected) -> None:
    browser = Browser()
    log_in(connected.world, "ada", connected.link, browser=browser)
    log_in(connected.world, "ada", connected.link, browser=browser)
    names = browser.cookies.names()
    assert len(names) == 2
    assert all(name.startswith("__Host-lti-") for name in names)


def test_logins_that_never_came_back_are_swept_before_they_fill_the_jar(connected: Connected) -> None:
    browser = Browser()
    for _ in range(12):
        log_in(connected.world, "ada", connected.link, browser=browser)
    assert len(browser.cookies.names()) <= 9


def test_over_plain_http_away_from_this_computer_cookies_are_such_as_browsers_keep(
    settings: Settings,
) -> None:
    plain = quick.make(replace(settings, base_url="http://school.lan"))
    assert plain.config["SESSION_COOKIE_NAME"] == "practicum"
    with plain.app_context():
        answer = Response()
        cookies.put(answer, "lti-1", "secret", max_age=600)
        cookies.delete(answer, "lti-1")
    assert answer.headers.getlist("Set-Cookie") == [
        "lti-1=secret; Max-Age=600; Path=/; HttpOnly; SameSite=Lax",
        "lti-1=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax",
    ]
    plain.extensions["practicum"].close()


def test_whoever_is_not_signed_in_gets_no_cookie(app: Flask) -> None:
    for path in ("/", "/nothing-here", "/lti/launch", "/healthz", "/lti/register/x", "/profile"):
        assert "Set-Cookie" not in app.test_client().get(path).headers, path


# Logs

WORDS = "My students argued with me on Tuesday"


def test_no_log_says_who_it_was_or_what_they_wrote(connected: Connected, caplog: pytest.LogCaptureFixture) -> None:
    person = connected.world.person("ada")
    caplog.set_level(logging.DEBUG)
    logging.getLogger("sqlalchemy.engine").setLevel(logging.WARNING)  # not said in production either: parameters
    visit = connected.launch("ada")
    enrolment = visit.page.url.rpartition("/")[2]
    writing = visit.browser.open(connected.url(f"/learn/{enrolment}/activities/reflect"))
    saved = visit.browser.submit(writing, writing.form("/activities/reflect"), text=WORDS, step="save")
    assert saved.status == 200
    assert WORDS in saved.text
    stale = visit.browser.post(
        connected.url(f"/learn/{enrolment}/activities/reflect"), {"text": WORDS, "csrf_token": "old"}
    )
    assert stale.status == 400
    connected.forge("ada", {v.VERSION: "7", "sub": person.id})
    connected.forge("ada", {v.RESOURCE_LINK: f"for {person.name} {person.email}"})
    connected.forge("ada", {"email": f"{person.email} {person.name}" * 50, "name": person.name * 90})
    connected.launch("ada", connected.world.add_link("x", context=connected.context, tool=connected.tool))
    said = [record.getMessage() + (record.exc_text or "") for record in caplog.records if ours(record)]
    assert said
    token = visit.browser.cookies.value(SIGN_IN)
    assert token
    for secret in (person.name, person.given_name, person.family_name, person.email, WORDS, "Tuesday", token):
        assert not [line for line in said if secret in line], secret
    assert not [line for line in said if "id_token=" in line or "eyJ" in line]


def ours(record: logging.LogRecord) -> bool:
    """Whether our process would say this; the demo LMS and the browser of the test share it here."""
    return not record.name.startswith(("urllib3", "asyncio", "werkzeug", "tests"))


def test_an_error_of_ours_carries_no_words_into_the_log(
    connected: Connected, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement that fails is logged without what was put into it."""
    from plugin.actions import reflect
    from plugin.db.reflections import Reflection

    visit = connected.launch("ada")
    enrolment = visit.page.url.rpartition("/")[2]
    page = visit.browser.open(connected.url(f"/learn/{enrolment}/activities/reflect"))

    def breaks(session: object, *_args: object, **_more: object) -> None:
        from sqlalchemy import insert
        from sqlalchemy.orm import Session

        assert isinstance(session, Session)
        session.execute(insert(Reflection), {"text": WORDS})

    monkeypatch.setattr(reflect, "save", breaks)
    with caplog.at_level(logging.DEBUG):
        answer = visit.browser.submit(page, page.form("/activities/reflect"), text=WORDS, step="save")
    assert answer.status == 500
    assert WORDS in answer.text, "what was typed is given back"
    said = [record.getMessage() + (record.exc_text or "") for record in caplog.records if ours(record)]
    assert any("IntegrityError" in line and "writing.py" in line for line in said)
    assert not [line for line in said if WORDS in line]
