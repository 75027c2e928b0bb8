"""A member at a browser: the place in a text, the draft, two tabs. The application is real, and so is Chromium."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.serving import make_server

import content
from plugin.db.learning import Progress
from plugin.db.reflections import Reflection, Revision, SetAside
from tests.browser import AUTOSAVE_AT_WORK, chromium, enter
from tests.cast import Cast
from tests.member import TEXT, learn, now_stored

COOKIE = "__Host-practicum"
DOOR = "/come-in"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("member-browser"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def origin(cast: Cast) -> Iterator[str]:
    """The application, with a door beside it that signs Ada in as a launch would: by a partitioned cookie."""
    cookie = cast.ada.client.get_cookie(COOKIE)
    assert cookie
    given = f"{COOKIE}={cookie.value}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"

    def served(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] != DOOR:
            return cast.app(environ, start)
        start("200 OK", [("Set-Cookie", given), ("Content-Type", "text/plain")])
        return [b"in"]

    server = make_server("127.0.0.1", 0, served, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def signed_in(browser: Browser, origin: str, *, scripts: bool = True) -> BrowserContext:
    context = browser.new_context(base_url=origin, viewport={"width": 880, "height": 700}, java_script_enabled=scripts)
    context.new_page().goto(DOOR)
    return context


@pytest.fixture
def ada(browser: Browser, origin: str) -> Iterator[BrowserContext]:
    """The browser in which Ada is signed in."""
    context = signed_in(browser, origin)
    yield context
    context.close()


def opened(context: BrowserContext, path: str) -> Page:
    page = context.new_page()
    page.goto(path)
    return page


def saved(page: Page) -> None:
    """Wait until autosave has said so."""
    expect(page.locator(AUTOSAVE_AT_WORK)).to_contain_text("Saved ")


def test_the_place_in_a_text_is_found_again(cast: Cast, session: Session, ada: BrowserContext) -> None:
    page = opened(ada, learn(cast.ada, "finding-1"))
    assert page.locator("[data-go-on]").is_hidden()
    with page.expect_response("**/position"):
        page.locator(".voice-task p").last.scroll_into_view_if_needed()
        page.mouse.wheel(0, 2000)
    [place] = now_stored(session, select(Progress.position).where(Progress.activity == "finding-1"))
    assert 0 < place < 1000
    page.reload()
    page.get_by_text("Go on where you left off").click()
    expect(page.locator("#place")).to_be_in_viewport()
    page.goto(learn(cast.ada))
    page.get_by_role("link", name="Continue").click()
    expect(page.locator("#place")).to_be_in_viewport()


def test_opening_a_text_again_does_not_lose_the_place(cast: Cast, session: Session, ada: BrowserContext) -> None:
    cast.ada.get(learn(cast.ada, "finding-1"))
    cast.ada.send_json(learn(cast.ada, "finding-1/position"), {"position": 700})
    page = opened(ada, learn(cast.ada, "finding-1"))
    page.wait_for_load_state("networkidle")
    page.goto(learn(cast.ada))
    assert now_stored(session, select(Progress.position).where(Progress.activity == "finding-1")) == [700]


def test_what_is_typed_is_saved_by_itself_and_sent_by_keyboard(
    cast: Cast, session: Session, ada: BrowserContext
) -> None:
    page = opened(ada, learn(cast.ada, "reflect"))
    page.get_by_label("Your reflection").focus()
    page.keyboard.insert_text(TEXT)
    saved(page)
    expect(page.locator("[data-word-count]")).to_have_text(f"{content.words(TEXT)} words")
    page.keyboard.press("Tab")
    send = page.get_by_role("button", name="Send to my trainer")
    expect(send).to_be_focused()
    enter(send)
    expect(page.get_by_text("Sent. There is nothing for you to do")).to_be_visible()
    assert now_stored(session, select(Revision.text)) == [TEXT]
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_label("Your reflection")).to_have_value(TEXT)


def test_two_tabs_show_both_texts_and_lose_neither(cast: Cast, session: Session, ada: BrowserContext) -> None:
    one, other = (opened(ada, learn(cast.ada, "reflect")) for _ in range(2))
    one.get_by_label("Your reflection").fill("From the first tab")
    saved(one)
    other.get_by_label("Your reflection").fill("From the second tab")
    other.get_by_role("button", name="See both texts and choose").click()
    expect(other.get_by_text("From the first tab").first).to_be_visible()
    other.get_by_role("button", name="Keep this one", exact=True).click()
    expect(other.get_by_label("Your reflection")).to_have_value("From the second tab")
    assert now_stored(session, select(Reflection.text)) == ["From the second tab"]
    assert set(now_stored(session, select(SetAside.text))) == {"From the first tab", "From the second tab"}


def test_an_earlier_answer_is_added_below_what_was_just_typed(cast: Cast, ada: BrowserContext) -> None:
    goal = {"text": "They shall use it.", "version": "0", "step": "keep"}
    cast.ada.post(learn(cast.ada, "goal"), goal)
    page = opened(ada, learn(cast.ada, "reflect"))
    page.get_by_label("Your reflection").fill("My own words.")
    page.locator("aside summary", has_text="A goal of your own").click()
    page.get_by_role("button", name="Use as a starting point").click()
    area = page.get_by_label("Your reflection")
    expect(area).to_have_value(re.compile(r"^My own words\.\n\nFrom “A goal of your own”, .+:\nThey shall use it\.$"))
    expect(area).to_be_focused()


def test_without_a_script_everything_still_works(cast: Cast, session: Session, browser: Browser, origin: str) -> None:
    context = signed_in(browser, origin, scripts=False)
    page = opened(context, learn(cast.ada, "reflect"))
    page.get_by_label("Your reflection").fill("Too short.")
    page.get_by_role("button", name="Save now").click()
    page.get_by_role("button", name="Send to my trainer").click()
    page.get_by_role("button", name="Send it as it is").click()
    expect(page.get_by_text("Sent. There is nothing for you to do")).to_be_visible()
    assert now_stored(session, select(Revision.text)) == ["Too short."]
    context.close()
