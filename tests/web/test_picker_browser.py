"""The picker in Chromium: with the keyboard, without scripts, and what every page has to stand."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import barriers, chromium, too_wide
from tests.connected import COURSE, Connected

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.xdist_group("picker-browser"),
    pytest.mark.parametrize("standing", ["sqlite"], indirect=True),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


def picker(browser: Browser, connected: Connected, *, scripts: bool = True, **more: object) -> Page:
    """The picker as Ian gets it from the LMS, whose own pages send him on with a script."""
    lms = connected.world.config
    context = browser.new_context(locale="en-US", **more)  # type: ignore[arg-type]  # of the browser's own options
    ian = connected.world.person("ian").id
    context.request.post(lms.url("/sign-in"), form={"person": ian})
    page = context.new_page()
    page.goto(lms.url(f"/launch/choose/{connected.context.id}/{connected.tool.client_id}"))
    page.wait_for_url("**/deep-linking/**")
    if scripts:
        return page
    plain = browser.new_context(locale="en-US", java_script_enabled=False, storage_state=context.storage_state())
    again = plain.new_page()
    again.goto(page.url)
    return again


def test_everything_is_done_without_a_script(browser: Browser, connected: Connected) -> None:
    connected.publish_course()
    page = picker(browser, connected, scripts=False)
    page.get_by_label("One link for each session, in order").check()
    page.get_by_role("button", name=re.compile("Preview.*Three small steps")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Three small steps")
    page.get_by_role("button", name="Read the texts of session 2").click()
    expect(page.get_by_role("heading", name="The texts of session 2")).to_be_visible()
    page.get_by_role("button", name="Choose this").click()
    expect(page.get_by_label("Three small steps")).to_be_checked()
    expect(page.get_by_label("One link for each session, in order")).to_be_checked()
    page.get_by_role("button", name="Add to the course").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Back to your LMS")
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(f"{connected.world.config.issuer}/**")
    page.get_by_role("button", name="Continue").click()  # the LMS's own page, which a script would send on
    expect(page.get_by_text("3 · Go on").first).to_be_visible()
    links = [link for link in connected.world.links.values() if link.custom["practicum_offering"] == COURSE]
    assert [link.custom["practicum_session"] for link in links] == ["1", "2", "3"]
    page.context.close()


def test_enter_in_a_field_adds_the_choice_and_opens_no_preview(browser: Browser, connected: Connected) -> None:
    page = picker(browser, connected)
    page.get_by_label("Due by the end of").press("Enter")
    expect(page.get_by_text("Choose what to add to the course first.")).to_be_visible()
    page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_picker_and_preview_stand_axe_and_a_phone(browser: Browser, connected: Connected, theme: str) -> None:
    connected.publish_course()
    page = picker(browser, connected, color_scheme=theme, viewport={"width": 320, "height": 640})
    assert (barriers(page.main_frame), too_wide(page.main_frame)) == ([], [])
    page.get_by_label("Three small steps").check()
    page.get_by_label("Days between sessions").fill("7")
    page.get_by_label("One link for each session, in order").check()
    page.get_by_role("button", name="Add to the course").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert (barriers(page.main_frame), too_wide(page.main_frame)) == ([], [])
    page.get_by_role("button", name=re.compile("Preview.*One next step")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("One next step")
    assert (barriers(page.main_frame), too_wide(page.main_frame)) == ([], [])
    page.context.close()
