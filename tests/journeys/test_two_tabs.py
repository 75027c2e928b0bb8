"""Two tabs, two presses, the Back button, no cookies: what happens to people, and must not cost them a word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, Playwright, expect

from tests.browser import chromium_with, enter, press_twice
from tests.installation import LOCAL
from tests.journeys import learning, plain, words
from tests.journeys.house import House, running_house
from tests.journeys.inspection import Inspection
from tests.journeys.learning import MODULE, TEXT
from tests.journeys.people import Person

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("tabs")]

HERE, THERE = "What I typed in the first tab.", "What I typed in the second tab."
BLOCKED = 2  # Chromium's word for a content setting that refuses


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One for all of these; each has a person of its own."""
    folder = tmp_path_factory.mktemp("tabs")
    with running_house(f"sqlite:///{folder / 'practicum.db'}", folder) as running:
        plain.connect(running)
        yield running


def come_in(house: House, browser: Browser, key: str) -> Person:
    """Somebody at the reflection."""
    person = Person(house, browser, key, Inspection())
    person.sign_in()
    person.open_module()
    enter(person.tool.get_by_role("link", name=learning.title_of("reflect")))
    person.arrives(learning.title_of("reflect"))
    return person


def second_tab(person: Person) -> Page:
    """The same page in another tab of the same browser, in the LMS's frame too."""
    tab = person.context.new_page()
    person.open_module(tab)
    enter(tool(tab).get_by_role("link", name=learning.title_of("reflect")))
    expect(tool(tab).locator(TEXT)).to_be_visible()
    return tab


def tool(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[name=tool]")


def test_two_tabs_with_one_draft_show_both_texts_and_keep_both(house: House, browser: Browser) -> None:
    ada = come_in(house, browser, "ada")
    tab = second_tab(ada)
    ada.tool.locator(TEXT).fill(HERE)
    learning.sees_it_saved(ada)
    tool(tab).locator(TEXT).fill(THERE)
    expect(tool(tab).get_by_text("A newer text was saved in another tab or on another device.")).to_be_visible()
    expect(tool(tab).locator(TEXT)).to_have_value(THERE)
    enter(tool(tab).get_by_role("button", name="See both texts and choose"))
    expect(tool(tab).get_by_role("heading", level=1)).to_have_text("Two texts, and you choose")
    for text in (HERE, THERE):
        expect(tool(tab).locator(".version").filter(has_text=text)).to_be_visible()
    ada.page.close()
    ada.page = tab
    ada.looks("two texts")
    enter(tool(tab).get_by_role("button", name="Keep this one", exact=True))
    ada.arrives(learning.title_of("reflect"))
    expect(tool(tab).locator(TEXT)).to_have_value(THERE)

    ada.open_module()
    enter(ada.tool.get_by_role("link", name="Read it again"))
    ada.arrives("My writing", "my writing, one text set aside")
    for text in (HERE, THERE):
        expect(ada.tool.get_by_text(text).first).to_be_attached()
    leaves_well(ada)


def test_pressed_twice_it_is_sent_once(house: House, browser: Browser) -> None:
    ben = come_in(house, browser, "ben")
    ben.tool.locator(TEXT).fill(words.REFLECTION + words.NEXT_STEP)
    sent: list[str] = []
    ben.context.on("request", lambda asked: sent.append(asked.post_data or "") if asked.method == "POST" else None)
    press_twice(ben.tool.get_by_role("button", name="Send to my trainer"))
    ben.reads("With your trainer since today")
    assert sum("step" in body and "send" in body and not body.startswith("{") for body in sent) == 1
    ben.open_module()
    enter(ben.tool.get_by_role("link", name="Read it again"))
    ben.arrives("My writing")
    expect(ben.tool.get_by_text("Revision 1", exact=True)).to_be_attached()
    assert ben.tool.get_by_text("Revision 2", exact=True).count() == 0
    leaves_well(ben)


def test_back_after_sending_shows_that_it_is_sent(house: House, browser: Browser) -> None:
    tom = come_in(house, browser, "tom")
    tom.tool.locator(TEXT).fill(words.REFLECTION + words.NEXT_STEP)
    tom.presses("Send to my trainer")
    tom.reads("With your trainer since today")
    tom.page.evaluate("history.back()")  # what the Back button does, also to a frame
    tom.arrives(learning.title_of("reflect"))
    tom.reads("With your trainer since today")
    assert tom.tool.locator(TEXT).count() == 0
    leaves_well(tom)


def test_the_page_that_answers_a_launch_is_reloaded_and_come_back_to_as_any_other(
    house: House, browser: Browser
) -> None:
    """Its address is its own: the browser never sends the launch again."""
    ben = Person(house, browser, "ben", Inspection())
    ben.sign_in()
    posted: list[str] = []
    ben.context.on("request", lambda asked: posted.append(asked.url) if asked.method == "POST" else None)
    ben.open_module()
    ben.arrives(MODULE)
    own = ben.frame.url
    assert urlsplit(own).path.startswith("/learn/")
    launches = [url for url in posted if url.endswith("/lti/launch")]
    assert len(launches) == 1

    with ben.page.expect_response(own):
        ben.frame.evaluate("location.reload()")
    ben.arrives(MODULE)
    ben.follows(learning.title_of("reflect"))
    ben.arrives(learning.title_of("reflect"))
    ben.page.evaluate("history.back()")
    ben.arrives(MODULE)
    assert ben.frame.url == own
    assert [url for url in posted if url.endswith("/lti/launch")] == launches
    ben.close()


def test_a_code_opened_in_a_tab_beside_the_frame_says_where_it_is_taken(house: House, browser: Browser) -> None:
    link = house.last_line("grant", "trainer", "--organization", LOCAL)
    lou = Person(house, browser, "lou", Inspection())
    lou.sign_in()
    lou.open_module()
    lou.arrives(MODULE)
    tab = lou.context.new_page()  # here the sign-in of the frame is none: its cookie is Partitioned
    tab.goto(link)
    expect(tab.get_by_role("heading", level=1)).to_have_text("Come in through your LMS first")
    expect(tab.get_by_text(link.rpartition("/")[2])).to_be_visible()
    lou.close()


def test_a_frame_without_any_cookie_goes_on_in_a_new_window(
    house: House, playwright: Playwright, tmp_path: Path
) -> None:
    lms, ours = urlsplit(house.world.config.issuer), urlsplit(house.tool)
    inside = f"{ours.scheme}://{ours.hostname},{lms.scheme}://{lms.hostname}"  # our cookies, below a page of the LMS
    refused = {"profile": {"content_settings": {"exceptions": {"cookies": {inside: {"setting": BLOCKED}}}}}}
    with chromium_with(playwright, json.dumps(refused), tmp_path / "profile") as context:
        page = context.new_page()
        page.goto(house.world.config.url("/"))
        page.get_by_role("button", name="Sign in as Lou Park").click()
        page.goto(house.world.config.url(f"/contexts/{house.context.id}/links/{house.link.id}"))
        expect(tool(page).get_by_role("heading", level=1)).to_have_text("One more click")
        with page.expect_popup() as opened:
            enter(tool(page).get_by_role("button", name="Continue as Lou Park in a new window"))
        window = opened.value
        expect(window.get_by_role("heading", level=1)).to_have_text(MODULE)
        window.get_by_role("link", name=learning.title_of("goal")).click()
        window.locator(TEXT).fill(words.GOAL)
        window.get_by_role("button", name="Keep, next: What I do now").click()
        expect(window.get_by_role("heading", level=1)).to_have_text("What I do now")


def leaves_well(person: Person) -> None:
    """Nothing was wrong on the pages that were looked at."""
    complaints = [said for said in person.complaints if "/activities/reflect/draft" not in said]
    person.close()
    assert complaints == []
    assert isinstance(person.look, Inspection)
    assert person.look.wrong == {}
