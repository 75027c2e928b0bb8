"""The pages of trainers, coordinators, administrators and instructors that no journey passes, in a real browser.

Each in light on a wide window and in dark on a phone: nothing in the way of whoever reads with a screen reader or a
keyboard, and nothing wider than the window.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect
from sqlalchemy import update
from sqlalchemy.orm import Session

from plugin.actions import platforms, review
from plugin.db.learning import Context
from plugin.db.outbox import OutboxState
from plugin.db.platforms import Platform, PlatformState
from plugin.db.reflections import Decision
from plugin.db.rosters import Roster
from plugin.domain.review import Mark, State, Written
from plugin.domain.rosters import MemberStatus
from tests.browser import barriers, chromium, complaints_of, too_wide
from tests.cast import Actor, Cast
from tests.reports.people import enrol, reflect, tell
from tests.rostered import keep_roster, member
from tests.serving import served
from tests.waiting import another_cohort, send

COOKIE = "__Host-practicum"
DOOR = "/come-in/"
WIDE: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 320, "height": 700}
WITHOUT_MARKS = Written({"practice": Mark.NOT_YET}, {}, "You say what students did.", "Name the next lesson.", "")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("staff-pages"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.fixture
def origin(cast: Cast) -> Iterator[str]:
    """The application, with a door beside it (/come-in/tom) that signs somebody in as a launch would."""
    inside = cast.app.wsgi_app

    def with_door(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith(DOOR):
            return inside(environ, start)
        actor: Actor = getattr(cast.here, environ["PATH_INFO"].removeprefix(DOOR))
        cookie = actor.client.get_cookie(COOKIE)
        assert cookie
        given = f"{COOKIE}={cookie.value}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
        start("200 OK", [("Set-Cookie", given), ("Content-Type", "text/plain")])
        return [b"in"]

    cast.app.wsgi_app = with_door  # type: ignore[assignment, method-assign]
    with served(lambda _address: cast.app) as (address, _app):
        yield address


class Round:
    """Somebody goes round their pages; `wrong` is what was found, by page."""

    def __init__(self, browser: Browser, origin: str, who: str) -> None:
        self._context = browser.new_context(base_url=origin, viewport=WIDE, locale="en-US")
        self._complaints = complaints_of(self._context)
        self.page: Page = self._context.new_page()
        self.page.goto(DOOR + who)
        self.wrong: dict[str, list[str]] = {}

    def opens(self, path: str, status: int = 200) -> None:
        """Open a page and look at it."""
        answer = self.page.goto(path)
        assert answer, path
        assert answer.status == status, path
        self.looks(path)

    def presses(self, button: str, name: str) -> None:
        """Press a button, and look at the page to which it leads."""
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=button, exact=True).click()
        self.looks(name)

    def looks(self, name: str) -> None:
        """Look at the page that is open."""
        frame = self.page.main_frame
        found = barriers(frame)
        self.page.set_viewport_size(PHONE)
        self.page.emulate_media(color_scheme="dark")
        found += [f"on a phone, dark: {barrier}" for barrier in barriers(frame)]
        found += [f"on a phone: {wide}" for wide in too_wide(frame)]
        self.page.set_viewport_size(WIDE)
        self.page.emulate_media(color_scheme="light")
        if self.page.locator("h1").count() != 1:
            found.append("not one h1")
        if found:
            self.wrong[name] = found

    def leaves(self) -> dict[str, list[str]]:
        """Close the browser; what was wrong."""
        self._context.close()
        # a refusal is what some of these pages are
        refused = [said for said in self._complaints if "status of 4" not in said]
        return {**self.wrong, **({"the browser": refused} if refused else {})}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def ago(cast: Cast, days: int) -> str:
    return f"{cast.now - timedelta(days=days):%Y-%m-%d %H:%M}"


def test_the_pages_of_a_trainer(cast: Cast, session: Session, browser: Browser, origin: str) -> None:
    another_cohort(session, cast.here, "Evening run")
    late = send(session, cast.ada, at=cast.now - timedelta(days=12))
    revision = review.revision_of(session, late, 1)
    assert revision is not None
    review.release(session, late, revision, WITHOUT_MARKS, Decision.RETURN, version=0, by=cast.tom.id, now=cast.now)
    send(session, cast.ada, "Written anew, with a date in it.", at=cast.now - timedelta(days=11))
    taken_back = send(session, cast.ben, at=cast.now)
    kept = review.revision_of(session, taken_back, 1)
    assert kept is not None
    review.save_draft(session, taken_back, kept, WITHOUT_MARKS, version=0, by=cast.tom.id, now=cast.now)
    taken_back.state, taken_back.waiting_since = State.DRAFTING, None
    session.commit()

    tom = Round(browser, origin, "tom")
    tom.opens("/review")
    tom.opens("/review?only=mine")
    tom.opens(f"/review/{late.id}?changes=1")
    tom.page.get_by_label("Not yet").first.check()
    tom.presses("Accept", "desk that says what is lacking")
    tom.opens(f"/review/{late.id}/released?revision=1")
    tom.opens(f"/review/{taken_back.id}")
    tom.opens("/review/999999", status=404)
    assert tom.leaves() == {}


def test_the_text_stays_in_sight_while_it_is_answered(
    cast: Cast, session: Session, browser: Browser, origin: str
) -> None:
    waits = send(session, cast.ada, at=cast.now)
    session.commit()
    tom = Round(browser, origin, "tom")
    tom.page.set_viewport_size({"width": 1280, "height": 500})
    tom.page.goto(f"/review/{waits.id}")
    tom.page.get_by_label("Question").scroll_into_view_if_needed()
    expect(tom.page.get_by_role("heading", level=1)).not_to_be_in_viewport()
    expect(tom.page.locator(".desk .written")).to_be_in_viewport()
    height = tom.page.locator(".desk").evaluate("desk => desk.offsetHeight")
    tom.page.set_viewport_size({"width": 1280, "height": 4 * height})
    assert tom.page.locator(".desk").evaluate("desk => desk.offsetHeight") == height, "or an LMS's frame would grow on"
    assert tom.leaves() == {}


def test_the_pages_of_a_coordinator(cast: Cast, session: Session, browser: Browser, origin: str) -> None:
    for name, days, state in (
        ("Luz Núñez", 150, OutboxState.SENT),
        ("Samuel Park", 12, OutboxState.REFUSED),
        ("Íñigo Vega", 33, OutboxState.DUE),
    ):
        done = enrol(session, cast.here, name, enrolled=ago(cast, days + 9), completed=ago(cast, days), minutes=180)
        reflect(session, done, met=True)
        tell(session, done, cast.here.line_item, state, at=ago(cast, days), problem="It was refused.", attempts=2)
    enrol(session, cast.here, "Rosa Delgado", enrolled=ago(cast, 20), started=ago(cast, 18))
    session.commit()

    lou = Round(browser, origin, "lou")
    lou.opens("/reports/completions?from=&state=all")
    lou.opens("/reports/completions?name=nobody")
    lou.opens("/reports/completions?from=soon", status=422)
    lou.opens("/reports/completions/print?from=")
    lou.opens("/reports/scores")
    lou.opens("/reports/scores?state=not-sent")
    lou.opens(f"/cohorts/{cast.here.cohort.id}")
    assert lou.leaves() == {}


def test_the_people_of_an_lms_course(cast: Cast, session: Session, browser: Browser, origin: str) -> None:
    session.merge(cast.here.context).memberships_url = "https://lms1.example.org/members"
    people = [(f"Bartholomew Wolfeschlegelstein {number:03}", None) for number in range(60)]
    read = cast.now - timedelta(days=2)
    keep_roster(session, cast.here, people, read_at=read, problem="?", problem_code="roster-later")
    gone = enrol(session, cast.here, "Samuel Park", started=ago(cast, 9))
    status = MemberStatus.GONE
    session.add(member(cast.here, f"sub-of-{gone.person_id}", None, cast.now, status=status))
    session.commit()
    page = f"/cohorts/{cast.here.cohort.id}/roster"

    lou = Round(browser, origin, "lou")
    lou.opens(page)
    lou.opens("/reports/rosters")
    lou.opens(f"{page}?state=gone")
    lou.opens(f"{page}?state=done")
    lou.opens(f"{page}?state=made-up", status=422)
    lou.page.goto(page)
    lou.presses("Read the list again", "a list that is being read")
    session.execute(update(Context).values(memberships_url=None))
    session.execute(update(Roster).values(read_at=None))
    session.commit()
    lou.opens(page)
    assert lou.leaves() == {}
    ian = Round(browser, origin, "ian")
    ian.opens(page)
    assert ian.leaves() == {}


def test_the_pages_of_an_administrator(cast: Cast, session: Session, browser: Browser, origin: str) -> None:
    here = session.merge(cast.here.platform)
    waits = Platform(
        **{
            column.key: getattr(here, column.key)
            for column in Platform.__mapper__.column_attrs
            if column.key not in {"id", "name", "state", "client_id"}
        },
        name="County LMS",
        client_id="county",
        state=PlatformState.PENDING,
    )
    session.add(waits)
    invitation = platforms.invite(session, organization=cast.here.organization.id, now=cast.now)
    session.commit()

    ann = Round(browser, origin, "ann")
    ann.opens("/platforms/")
    ann.opens(f"/platforms/{waits.id}")
    ann.presses("Switch on", "a connection that is switched on")
    ann.presses("Switch off", "a connection that is switched off")
    ann.opens(f"/platforms/{here.id}")
    ann.opens(f"/platforms/{here.id}/checks")
    ann.presses("Test the connection", "what a test found")
    ann.page.goto("/platforms/")
    ann.presses("Make a registration link", "a registration link")
    ann.opens(
        f"/lti/register/{invitation}?openid_configuration=https://lms.example.org/.well-known/openid-configuration"
    )
    ann.opens("/lti/register/made-up?openid_configuration=https://lms.example.org/c", status=410)
    assert ann.leaves() == {}
