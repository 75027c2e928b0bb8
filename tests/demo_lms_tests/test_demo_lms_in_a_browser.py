"""The LMS in Debian's Chromium: two real sites, frames, cookies, messages, accessibility."""

from collections.abc import Iterator
from importlib.resources import files

import pytest
from joserfc.jwk import RSAKey
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.browser import chromium
from tests.demo_lms import Habits, World
from tests.demo_lms_tests.conftest import Start, add_by_hand
from tests.demo_lms_tests.fake_tool import FakeTool, serving
from tests.demo_lms_tests.test_demo_lms_deep_linking import item
from tests.demo_lms_tests.test_demo_lms_grades import post

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("demo-lms-browser")]
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


@pytest.fixture
def unregistered(tool_key: RSAKey) -> Iterator[FakeTool]:
    """The tool on another site than the LMS: localhost, where the LMS is 127.0.0.1."""
    with serving(tool_key, host="localhost") as tool:
        yield tool


def come_in(page: Page, lms: World, name: str) -> None:
    page.goto(lms.config.url("/"))
    page.get_by_role("button", name=f"Sign in as {name}").click()


def framed(page: Page) -> FrameLocator:
    return page.frame_locator("iframe[data-tool-frame]")


def test_an_administrator_registers_the_tool_an_instructor_places_it_a_member_opens_it(
    page: Page, lms: World, unregistered: FakeTool
) -> None:
    come_in(page, lms, "Ann Admin")
    page.get_by_role("link", name="Tools", exact=True).click()
    page.get_by_label("Registration address").fill(unregistered.base_url + "/register")
    page.get_by_role("button", name="Open the registration page").click()
    page.wait_for_url("**/tools")
    page.get_by_role("button", name="Activate Fake tool").click()
    expect(page.get_by_text("Active", exact=True)).to_be_visible()

    lms.change_tool(unregistered.client_id, deep_linking_uri=unregistered.base_url + "/launch")
    unregistered.content_items = [item(unregistered)]
    page.get_by_role("button", name="Switch person").click()
    come_in(page, lms, "Ian Principal")
    page.get_by_role("link", name="Riverbend PD 2026").click()
    page.get_by_role("link", name="Choose content from Fake tool").click()
    framed(page).get_by_role("button", name="Add").click()
    framed(page).get_by_role("link", name="Back to Riverbend PD 2026").click()
    expect(page.get_by_role("heading", name="Giving feedback")).to_be_visible()

    page.get_by_role("button", name="Switch person").click()
    come_in(page, lms, "Ada Okafor")
    page.get_by_role("link", name="Riverbend PD 2026").click()
    page.get_by_role("link", name="Open Giving feedback", exact=True).click()
    expect(framed(page).get_by_role("heading", name="1001")).to_be_visible()


def test_a_link_opens_in_a_window_of_its_own(page: Page, lms: World, unregistered: FakeTool) -> None:
    add_by_hand(lms, unregistered)
    lms.add_link("Giving feedback", context="RPD-2026")
    come_in(page, lms, "Ada Okafor")
    page.get_by_role("link", name="Riverbend PD 2026").click()
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Open in new window").click()
    expect(opened.value.get_by_role("heading", name="1001")).to_be_visible()
    assert unregistered.claims[0]["https://purl.imsglobal.org/spec/lti/claim/launch_presentation"][
        "document_target"
    ] == ("window")


def test_the_frame_takes_the_height_the_tool_asks_for(page: Page, lms: World, unregistered: FakeTool) -> None:
    add_by_hand(lms, unregistered)
    link = lms.add_link("Giving feedback", context="RPD-2026")
    come_in(page, lms, "Ada Okafor")
    page.goto(lms.config.url(f"/contexts/201/links/{link.id}"))
    expect(page.locator("iframe[data-tool-frame]")).to_have_css("height", "1234px")


@pytest.mark.parametrize("target", ["_parent", "lti_storage"])
@pytest.mark.parametrize("in_window", [False, True])
def test_the_lms_keeps_values_for_the_tool_where_it_says_so(
    page: Page, start: Start, unregistered: FakeTool, target: str, *, in_window: bool
) -> None:
    lms = start(habits=Habits(storage_target=target))
    add_by_hand(lms, unregistered)
    link = lms.add_link("Giving feedback", context="RPD-2026")
    come_in(page, lms, "Ada Okafor")
    if in_window:
        page.goto(lms.config.url("/contexts/201"))
        with page.expect_popup() as opened:
            page.get_by_role("link", name="Open in new window").click()
        said = opened.value.locator("body")
    else:
        page.goto(lms.config.url(f"/contexts/201/links/{link.id}"))
        said = framed(page).locator("body")
    for expected in (
        '"subject":"lti.capabilities.response","message_id":"m","supported_messages"',
        '{"subject":"lti.put_data"' + ("" if target == "_parent" else ',"frame":"lti_storage"'),
        '{"subject":"lti.put_data.response","message_id":"m","key":"state","value":"s1"}',
        '{"subject":"lti.get_data.response","message_id":"m","key":"state","value":"s1"}',
        '{"subject":"lti.get_data.response","message_id":"m","key":"other","value":null}',
        '"code":"bad_request"',
    ):
        expect(said).to_contain_text(expected)


def test_without_the_habit_nobody_answers(page: Page, lms: World, unregistered: FakeTool) -> None:
    add_by_hand(lms, unregistered)
    link = lms.add_link("Giving feedback", context="RPD-2026")
    come_in(page, lms, "Ada Okafor")
    page.goto(lms.config.url(f"/contexts/201/links/{link.id}"))
    expect(page.locator("iframe[data-tool-frame]")).to_have_css("height", "1234px")
    expect(framed(page).locator("body")).not_to_contain_text("subject")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_have_no_barriers_and_fit_a_phone(
    browser: Browser, lms: World, unregistered: FakeTool, theme: str
) -> None:
    add_by_hand(lms, unregistered, submission_review_uri=unregistered.base_url + "/launch")
    link = lms.add_link("Giving feedback", context="RPD-2026", text="A module of three hours")
    column = lms.add_line_item("Giving feedback", link=link, score_maximum=10)
    post(lms, unregistered, column)
    context = browser.new_context(
        viewport={"width": 320, "height": 700}, color_scheme="dark" if theme == "dark" else "light"
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(lms.config.url("/"))
    barriers = {"sign-in": found(page)}
    come_in(page, lms, "Ann Admin")
    for path in (
        "/",
        "/contexts/201?lti_msg=Well+done&lti_errormsg=Not+so+well",
        "/contexts/202",
        "/contexts/201/grades",
        f"/contexts/201/links/{link.id}",
        "/tools",
        "/nowhere",
    ):
        page.goto(lms.config.url(path))
        barriers[path] = found(page)
    context.close()
    assert {path: one for path, one in barriers.items() if one} == {}
    assert not [one for one in complaints if "Content Security Policy" in one]


def found(page: Page) -> list[str]:
    """What axe has to say of a page (not of the tool in its frame), and whether it scrolls sideways."""
    page.wait_for_load_state()
    options = {"runOnly": {"type": "tag", "values": LEVELS}, "iframes": False}
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text())
    violations = page.evaluate("options => axe.run(document, options)", options)["violations"]
    told = [f"{one['id']}: {node['html'][:200]}" for one in violations for node in one["nodes"]]
    width = page.evaluate("document.documentElement.scrollWidth")
    return told + ([f"{width} px wide"] if width > 320 else [])
