"""Every policy on cookies, with and without the LMS's storage, in frame and tab: a member comes in and writes."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error as Gone
from playwright.sync_api import FrameLocator, Page, expect
from sqlalchemy import update

from plugin.db.people import SignIn
from plugin.db.session import transaction
from tests.browser import barriers, complaints_of, enter, too_wide
from tests.cookie_policies import Cookies
from tests.journeys.two_sites import (
    OFFERING,
    STORAGE,
    TEXT,
    WRITING,
    Someone,
    TwoSites,
    comes,
    heading,
    saved,
    write,
)
from tests.patience import until
from tests.sites import LMS, TOOL

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("cookies")]

DRAFT = "I replaced one comment."


def our_cookies(someone: Someone) -> list[Any]:
    return [cookie for cookie in someone.context.cookies() if cookie.get("domain") == TOOL]


@pytest.mark.parametrize("in_tab", [False, True], ids=["frame", "tab"])
@pytest.mark.parametrize("storage", STORAGE, ids=STORAGE.get)
@pytest.mark.parametrize("cookies", Cookies)
def test_a_member_opens_an_activity_and_saves_a_draft(
    place: TwoSites, cookies: Cookies, storage: str | None, *, in_tab: bool
) -> None:
    place.offers_storage(storage)
    ada = comes(place, cookies)
    complaints = complaints_of(ada.context)
    where: FrameLocator | Page = ada.opens_in_tab() if in_tab else ada.opens_in_frame()
    if cookies is Cookies.NONE and storage is None:
        ada.says_who_they_are(where)
    draft = f"{DRAFT} {cookies}, {storage}, {in_tab}."
    write(where, draft)
    assert place.drafts("ada") == [draft]
    assert complaints == []
    assert bool(our_cookies(ada)) is (cookies is not Cookies.NONE)


@pytest.mark.parametrize("names", ["new", "old"])
def test_storage_is_asked_by_the_names_that_it_knows(place: TwoSites, names: str) -> None:
    place.offers_storage("lti_storage", names)
    expect(heading(comes(place, Cookies.NONE).opens_in_frame())).to_have_text(OFFERING)


def test_a_browser_that_keeps_cookies_is_not_led_through_storage_again(place: TwoSites) -> None:
    place.offers_storage("_parent")
    ada = comes(place, Cookies.NO_THIRD_PARTY)
    expect(heading(ada.opens_in_frame())).to_have_text(OFFERING)
    pages: list[str] = []
    ada.page.on("framenavigated", lambda frame: pages.append(frame.url))
    ada.goes("/")
    expect(heading(ada.opens_in_frame())).to_have_text(OFFERING)
    assert not [url for url in pages if TOOL in url and "/lti/login" in url]


def test_storage_that_never_answers_costs_a_moment_and_a_press(place: TwoSites) -> None:
    place.offers_storage("_parent", "old")
    ada = comes(place, Cookies.NONE)
    ada.page.add_init_script("const wait = setTimeout; window.setTimeout = (then, long) => wait(then, long / 20);")
    ada.page.route("**/static/storage.js", lambda asked: asked.fulfill(body="", content_type="text/javascript"))
    frame = ada.opens_in_frame()
    ada.says_who_they_are(frame)
    expect(heading(frame)).to_have_text(OFFERING)


LATE = """
    const wait = setTimeout, listen = addEventListener;
    window.setTimeout = (then, long) => wait(then, long / 20);  // the tool is impatient
    const late = (then) => (event) =>
        String(event.data?.subject).endsWith("get_data") ? wait(() => then(event), 1500) : then(event);
    if (location.hostname === "%s") {  // and the LMS takes longer
        window.addEventListener = (kind, then, ...more) =>
            listen.call(window, kind, kind === "message" ? late(then) : then, ...more);
    }
"""


def test_storage_that_answers_after_all_goes_on_by_itself(place: TwoSites) -> None:
    place.offers_storage("_parent")
    ada = comes(place, Cookies.NONE)
    ada.page.add_init_script(LATE % LMS)
    frame = ada.opens_in_frame()
    expect(frame.get_by_role("button", name="Continue as")).not_to_have_count(0)
    expect(heading(frame)).to_have_text(OFFERING)


WRONG = """
    window.addEventListener("message", ({ data, source, origin }) => {
        if (!String(data?.subject).endsWith("_data")) return;
        const { subject, message_id, key } = data;
        source?.postMessage({ subject: `${subject}.response`, message_id, key, value: "another login's" }, origin);
    });
"""


def test_another_secret_in_storage_is_a_refusal_and_not_a_matter_of_a_press(place: TwoSites) -> None:
    place.offers_storage("_parent")
    ada = comes(place, Cookies.NONE)
    ada.page.route("**/static/storage.js", lambda asked: asked.fulfill(body=WRONG, content_type="text/javascript"))
    frame = ada.opens_in_frame()
    expect(frame.get_by_text("begun in another browser window or by somebody else")).to_be_visible()
    expect(frame.get_by_role("button")).to_have_count(0)


def test_a_frame_of_another_origin_than_the_registered_one_is_told_nothing(place: TwoSites) -> None:
    place.offers_storage("lti_storage")
    ada = comes(place, Cookies.NONE)
    said: list[str] = []
    ada.page.on("console", lambda words: said.append(words.text))
    script = f"{WRONG} addEventListener('message', (event) => console.log('told', event.data.key)); console.log('runs')"
    elsewhere = {"Content-Security-Policy": "sandbox allow-scripts", "Content-Type": "text/html"}  # of no origin at all
    ada.page.route(
        "**/lti/storage",
        lambda asked: asked.fulfill(headers=elsewhere, body=f"<!doctype html><script>{script}</script>"),
    )
    ada.page.add_init_script("const wait = setTimeout; window.setTimeout = (then, long) => wait(then, long / 20);")
    frame = ada.opens_in_frame()
    expect(frame.get_by_role("button", name="Continue as Ada Okafor", exact=True)).to_be_visible()
    assert "runs" in said
    assert [words for words in said if words.startswith("told ") and words != "told undefined"] == []


def test_without_scripts_the_new_window_is_the_way(place: TwoSites) -> None:
    """Chromium has no script for the tool's pages, and keeps no cookie in its frame."""
    ada = comes(place, Cookies.NONE)
    ada.context.route(f"https://{TOOL}:*/static/js/**", lambda asked: asked.abort())
    try:
        frame = ada.opens_in_frame()
        expect(frame.get_by_role("button", name="Continue as Ada Okafor", exact=True)).to_be_hidden()
        with ada.page.expect_popup() as opened:
            enter(frame.get_by_role("button", name="Continue as Ada Okafor in a new window"))
        opened.value.wait_for_url("**/learn/*")
    finally:
        ada.context.unroute_all()


# ---- as if the browser had gone there


def test_back_leads_through_the_pages_and_each_is_announced(place: TwoSites) -> None:
    place.offers_storage("_parent")
    ada = comes(place, Cookies.NONE)
    frame = ada.opens_in_frame()
    expect(heading(frame)).to_have_text(OFFERING)
    enter(frame.get_by_role("link", name=WRITING))
    expect(frame.get_by_role("status").filter(has_text=f"{WRITING} · Practicum")).to_be_attached()
    assert ada.inside.evaluate("document.activeElement === document.body"), "Tab leads to the skip link, as on any page"
    frame.locator(TEXT).fill(DRAFT)
    saved(frame)
    ada.inside.evaluate("history.back()")
    expect(heading(frame)).to_have_text(OFFERING)
    assert "/activities/" not in ada.inside.url
    ada.inside.evaluate("history.forward()")
    expect(frame.locator(TEXT)).to_have_value(DRAFT)
    assert barriers(ada.inside) == []


def test_what_a_form_says_after_it_was_sent_is_said_there_too(place: TwoSites) -> None:
    place.offers_storage("_parent")
    tom = comes(place, Cookies.NONE, "tom")
    frame = tom.opens_in_frame()
    expect(heading(frame)).to_have_text(OFFERING)
    enter(frame.get_by_role("link", name="Tom Reyes"))
    frame.get_by_role("textbox").first.fill("Thomas Reyes")
    enter(frame.get_by_role("button", name="Save"))
    expect(frame.get_by_text("Saved. Your records carry this name from now on.")).to_be_visible()
    tom.inside.evaluate("history.back()")
    expect(heading(frame)).to_have_text(OFFERING)


def test_words_typed_a_moment_before_a_link_is_followed_are_kept(place: TwoSites) -> None:
    place.offers_storage("_parent")
    ada = comes(place, Cookies.NONE)
    frame = ada.opens_in_frame()
    write(frame, DRAFT)
    frame.locator(TEXT).fill("Typed in haste.")
    enter(frame.get_by_role("link", name=OFFERING).first)
    expect(heading(frame)).to_have_text(OFFERING)
    assert place.drafts("ada") == ["Typed in haste."]


def test_words_typed_a_moment_before_the_page_is_left_are_kept(place: TwoSites) -> None:
    place.offers_storage("_parent")
    ada = comes(place, Cookies.NONE)
    write(ada.opens_in_frame(), DRAFT)
    ada.frame.locator(TEXT).fill("Typed before leaving.")
    ada.goes("/")
    until(lambda: place.drafts("ada") == ["Typed before leaving."])


def test_a_file_is_downloaded_as_anywhere(place: TwoSites) -> None:
    place.offers_storage("_parent")
    ada = comes(place, Cookies.NONE)
    frame = ada.opens_in_frame()
    write(frame, DRAFT)
    enter(frame.get_by_role("link", name=OFFERING).first)
    enter(frame.get_by_role("link", name="Read it again"))
    expect(heading(frame)).to_have_text("My writing")
    with ada.page.expect_download() as started:
        enter(frame.get_by_role("link", name="Download all of it as text"))
    assert started.value.suggested_filename.endswith(".txt")
    assert DRAFT in Path(started.value.path()).read_text(encoding="utf-8")
    assert frame.get_by_role("heading", name="My writing").count() == 1


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_pages_on_the_way_have_no_barriers_and_fit_a_phone(place: TwoSites, theme: Any) -> None:
    ada = comes(place, Cookies.NONE)
    ada.page.set_viewport_size({"width": 340, "height": 700})
    ada.page.emulate_media(color_scheme=theme)
    expect(heading(ada.opens_in_frame())).to_have_text("One more click")
    found = {"one more click": barriers(ada.inside) + too_wide(ada.inside)}
    place.offers_storage("_parent")
    ada.page.route("**/static/js/platform_storage.js*", lambda asked: asked.abort())
    expect(heading(ada.opens_in_frame())).to_have_text("Opening Practicum")
    found["keep"] = barriers(ada.inside) + too_wide(ada.inside)
    enter(ada.frame.get_by_role("link", name="Go on, if nothing happens by itself"))
    expect(ada.frame.get_by_text("Opening…")).to_be_visible()
    found["opening"] = barriers(ada.inside) + too_wide(ada.inside)
    assert found == {"one more click": [], "keep": [], "opening": []}


# ---- its end


def ends_everything(place: TwoSites) -> None:
    with transaction(place.made.engine) as session:
        session.execute(update(SignIn).values(expires_at=datetime.now(UTC) - timedelta(minutes=1)))


def test_a_bearer_that_ended_says_so_keeps_the_words_and_takes_a_new_one_from_the_next_tab(place: TwoSites) -> None:
    place.offers_storage("_parent")
    ada = comes(place, Cookies.NONE)
    frame = ada.opens_in_frame()
    write(frame, DRAFT)
    ends_everything(place)
    frame.locator(TEXT).fill("Typed when it had ended.")
    expect(frame.get_by_text("You are signed out of the LMS. Your words are still on this page.")).to_be_visible()
    assert place.drafts("ada") == [DRAFT]
    enter(frame.get_by_role("link", name=OFFERING).first)
    expect(frame.get_by_text("What you wrote last is not saved yet.")).to_be_visible()
    expect(frame.locator(TEXT)).to_have_value("Typed when it had ended.")

    again = Someone(place, ada.context, "ada")
    expect(heading(again.opens_in_frame())).to_have_text(OFFERING)
    enter(frame.get_by_role("button", name="Try again").filter(visible=True))
    saved(frame)
    assert place.drafts("ada") == ["Typed when it had ended."]


def test_a_page_asked_for_when_it_had_ended_says_how_to_come_in(place: TwoSites) -> None:
    place.offers_storage("_parent")
    ada = comes(place, Cookies.NONE)
    frame = ada.opens_in_frame()
    expect(heading(frame)).to_have_text(OFFERING)
    ends_everything(place)
    enter(frame.get_by_role("link", name=WRITING))
    expect(heading(frame)).to_have_text("You are signed out")


# ---- several frames, several people


def test_two_frames_that_launch_at_once_both_work(place: TwoSites) -> None:
    place.offers_storage("_parent")
    ada = comes(place, Cookies.NONE)
    ada.goes(f"/contexts/{place.made.context.id}")
    ada.page.evaluate(
        """(link) => {
            for (const name of ["tool", "other"]) {
                const frame = document.createElement("iframe");
                Object.assign(frame, { name, src: `/launch/links/${link}`, width: 800, height: 600 });
                document.querySelector("main").prepend(frame);
            }
        }""",
        place.made.link.id,
    )
    for name in ("tool", "other"):
        expect(heading(ada.page.frame_locator(f"iframe[name={name}]"))).to_have_text(OFFERING)
    write(ada.frame, DRAFT)


@pytest.mark.parametrize("storage", [None, "_parent"])
def test_who_came_before_at_this_computer_is_not_shown_any_more(place: TwoSites, storage: str | None) -> None:
    place.offers_storage(storage)
    ada = comes(place, Cookies.NONE)
    frame = ada.opens_in_frame()
    if storage is None:
        ada.says_who_they_are(frame)
    write(frame, DRAFT)
    ben = Someone(place, ada.context, "ben")
    ben.sign_in()
    window = ben.opens_in_frame()
    if storage is None:
        ben.says_who_they_are(window)
    expect(window.get_by_role("link", name="Ben Castillo")).to_be_visible()
    expect(heading(frame)).to_have_text("You are signed out")
    expect(frame.get_by_text("Ada Okafor")).to_have_count(0)
    assert not any("Bearer" in page.content() for page in ada.context.pages)


def goes_back(page: Page) -> bool:
    """Press Back; False while the page is still on its way from the last time."""
    try:
        page.evaluate("() => { setTimeout(() => history.back()) }")
    except Gone:
        return False
    return True


def test_back_in_the_same_tab_after_another_person_came_shows_nothing_of_the_first(place: TwoSites) -> None:
    place.offers_storage("_parent")
    ada = comes(place, Cookies.NONE)
    write(ada.opens_in_frame(), DRAFT)
    ben = Someone(place, ada.context, "ben")
    ben.page.close()
    ben.page = ada.page
    ben.sign_in()
    expect(ben.opens_in_frame().get_by_role("link", name="Ben Castillo")).to_be_visible()
    for _ in range(ben.page.evaluate("history.length")):
        until(lambda: goes_back(ben.page))
        ben.page.wait_for_load_state("networkidle")
        for one in ben.page.frames:
            with suppress(Gone):
                at, seen = one.url, one.locator("body").inner_text()
                # a frame that was on its way shows one page and says the address of another
                assert at != one.url or LMS in at or (DRAFT not in seen and ada.name not in seen)


# ---- the window, and back to the LMS


@pytest.mark.parametrize("cookies", [Cookies.NO_THIRD_PARTY, Cookies.NONE])
@pytest.mark.parametrize("in_window", [False, True], ids=["frame", "window"])
def test_what_is_chosen_without_cookies_comes_back_into_the_lms(
    place: TwoSites, cookies: Cookies, *, in_window: bool
) -> None:
    ian = comes(place, cookies, "ian")
    before = len(place.made.world.links_in(place.made.context))
    ian.goes(f"/contexts/{place.made.context.id}/choose/{place.made.tool.client_id}")
    where: FrameLocator | Page = ian.frame
    if cookies is Cookies.NONE and in_window:
        with ian.page.expect_popup() as opened:
            enter(ian.frame.get_by_role("button", name="Continue as Ian Principal in a new window"))
        where = opened.value
    elif cookies is Cookies.NONE:
        ian.says_who_they_are(ian.frame)
    expect(heading(where)).to_have_text("Choose what to add to your course")
    where.get_by_label(OFFERING).press("Space")
    enter(where.get_by_role("button", name="Add to the course"))
    expect(heading(ian.frame)).to_contain_text("1 link added to Riverbend PD 2026")
    assert len(place.made.world.links_in(place.made.context)) == before + 1
    for link in place.made.world.links_in(place.made.context)[before:]:
        del place.made.world.links[link.id]
