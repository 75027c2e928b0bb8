"""The pages people see: what each may see, and that every page is well made."""

from html.parser import HTMLParser

import pytest

from tests.demo_lms import Browser, World, launch, sign_in
from tests.demo_lms.browser import Page
from tests.demo_lms.model import LineItem, Link
from tests.demo_lms_tests.fake_tool import FakeTool
from tests.demo_lms_tests.test_demo_lms_grades import post, stamp


class Outline(HTMLParser):
    """What a page is made of, as far as tests ask."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.feed(page.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.tags if name == tag]


def visitor(lms: World, key: str) -> Browser:
    browser = Browser()
    sign_in(browser, lms, key)
    return browser


def test_one_click_signs_in_and_another_switches_the_person(lms: World) -> None:
    browser = Browser()
    start = browser.open(lms.config.url("/"))
    assert "Sign in as Ada Okafor" in start.text
    form = next(form for form in start.forms if form.fields["person"] == "ada")
    home = browser.submit(start, form)
    assert "Signed in as <strong>Ada Okafor</strong>" in home.text
    assert "Riverbend PD 2026" in home.text
    assert "Oakdale PD 2026" not in home.text
    assert "Sign in as" in browser.submit(home, home.form("/sign-out")).text
    assert browser.cookies.names() == set()


def test_the_sign_in_cookie_is_lax_and_closed_to_scripts(lms: World) -> None:
    answer = Browser().post(lms.config.url("/sign-in"), {"person": "ada"}, follow=False)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("riverbend_signin=")
    assert "SameSite=Lax" in cookie
    assert "HttpOnly" in cookie


def test_who_is_not_signed_in_is_asked_to_and_brought_back(lms: World, tool: FakeTool, link: Link) -> None:
    browser = Browser()
    asked = browser.open(lms.config.url("/contexts/201/grades"))
    form = next(form for form in asked.forms if form.fields["person"] == "ada")
    assert browser.submit(asked, form).url == lms.config.url("/contexts/201/grades")


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "javascript:alert(1)"])
def test_signing_in_leads_to_this_lms_only(lms: World, target: str) -> None:
    answer = Browser().post(lms.config.url("/sign-in"), {"person": "ada", "next": target}, follow=False)
    assert answer.headers["Location"] == "/"


def test_nobody_else_can_sign_in(lms: World) -> None:
    assert Browser().post(lms.config.url("/sign-in"), {"person": "mallory"}).status == 404


def test_a_placed_link_opens_in_a_frame_or_a_window(lms: World, tool: FakeTool, link: Link) -> None:
    browser = visitor(lms, "ada")
    place = browser.open(lms.config.url("/contexts/201"))
    assert "Giving feedback" in place.text
    window = next(one for one in Outline(place).all("a") if one.get("target") == "_blank")
    assert window["href"] == f"/launch/links/{link.id}?in=window"
    frame = Outline(browser.open(lms.config.url(f"/contexts/201/links/{link.id}"))).all("iframe")[0]
    assert frame["title"] == "Giving feedback"
    assert frame["src"] == f"/launch/links/{link.id}"
    assert "fullscreen" in frame["allow"]


def test_only_who_teaches_is_offered_to_choose_content_or_remove_it(lms: World, tool: FakeTool, link: Link) -> None:
    for key, offered in (("ada", False), ("ian", True), ("ann", True)):
        page = visitor(lms, key).open(lms.config.url("/contexts/201"))
        assert ("Choose content from Practicum" in page.text) is offered
        assert (f'Remove<span class="unseen"> {link.title}' in page.text) is offered


def test_a_removed_link_takes_its_column_along(lms: World, tool: FakeTool, link: Link, column: LineItem) -> None:
    address = lms.config.url(f"/contexts/201/links/{link.id}/remove")
    assert visitor(lms, "ada").post(address, {}).status == 403
    visitor(lms, "ian").post(address, {})
    assert (lms.links, lms.line_items) == ({}, {})


def test_without_an_active_tool_the_page_says_what_to_do(lms: World, tool: FakeTool) -> None:
    lms.change_tool(tool.client_id, active=False)
    assert "Register one" in visitor(lms, "ann").open(lms.config.url("/contexts/201")).text
    assert "An administrator has to" in visitor(lms, "ian").open(lms.config.url("/contexts/201")).text


def test_what_a_tool_sends_back_is_shown_as_text(lms: World) -> None:
    page = visitor(lms, "ada").open(lms.config.url("/contexts/201?lti_errormsg=%3Cb%3Eno%3C%2Fb%3E&lti_msg=Well+done"))
    assert "&lt;b&gt;no&lt;/b&gt;" in page.text
    assert "Well done" in page.text


def test_the_gradebook_shows_everything_to_who_teaches_and_oneself_to_members(
    lms: World, tool: FakeTool, column: LineItem
) -> None:
    post(lms, tool, column, scoreGiven=7.5)
    post(lms, tool, column, userId="1002", gradingProgress="PendingManual", activityProgress="Submitted")
    post(lms, tool, column, timestamp=stamp(1), scoreGiven=10)
    book = visitor(lms, "ian").open(lms.config.url("/contexts/201/grades")).text
    for shown in ("Ada Okafor", "10 / 10", "Completed 2026-11-21", "2 score posts", "Ben Castillo", "PendingManual"):
        assert shown in book
    own = visitor(lms, "ben").open(lms.config.url("/contexts/201/grades")).text
    assert "No grade yet" in own
    assert "1 score post," in own
    assert "Ada Okafor" not in own


def test_other_people_s_classes_are_not_found(lms: World, tool: FakeTool, link: Link) -> None:
    eve = visitor(lms, "eve")
    for path in ("/contexts/201", "/contexts/201/grades", f"/contexts/201/links/{link.id}", "/contexts/999"):
        assert eve.open(lms.config.url(path)).status == 404
    ben = visitor(lms, "ben")
    assert ben.open(lms.config.url(f"/contexts/202/links/{link.id}")).status == 404


def test_what_is_gone_is_not_found(lms: World, tool: FakeTool, link: Link, column: LineItem) -> None:
    ann = visitor(lms, "ann")
    paths = (
        f"/contexts/201/links/{link.id}9",
        "/contexts/201/choose/nobody",
        f"/contexts/201/grades/{column.id}9/1001",
        f"/launch/links/{link.id}9",
        "/launch/choose/201/nobody",
        f"/launch/review/{column.id}/999",
        "/tools/register/made-up",
    )
    for path in paths:
        assert ann.open(lms.config.url(path)).status == 404, path
    assert ann.post(lms.config.url("/tools/nobody/activate"), {}).status == 404


def test_only_administrators_see_tools(lms: World) -> None:
    assert visitor(lms, "ian").open(lms.config.url("/tools")).status == 403
    assert visitor(lms, "ann").open(lms.config.url("/tools")).status == 200


def test_an_administrator_registers_activates_and_removes_a_tool_by_hand(lms: World, unregistered: FakeTool) -> None:
    ann = visitor(lms, "ann")
    tools = ann.open(lms.config.url("/tools"))
    page = ann.submit(tools, tools.form("/tools/register"), url=unregistered.base_url + "/register?invitation=7")
    frame = Outline(page).all("iframe")[0]
    assert frame["src"].startswith(unregistered.base_url + "/register?invitation=7&openid_configuration=")
    assert f"frame-src 'self' {unregistered.base_url}" in page.headers["Content-Security-Policy"]
    assert ann.open(frame["src"]).status == 200
    listed = ann.open(page.url)
    assert listed.url == lms.config.url("/tools")
    assert "Waiting for you to activate it" in listed.text
    active = ann.submit(listed, listed.form("/activate"))
    assert "Active</span>" in active.text
    inactive = ann.submit(active, active.form("/deactivate"))
    assert lms.tool().active is False
    ann.submit(inactive, inactive.form("/remove"))
    assert lms.tools == {}


@pytest.mark.parametrize("address", ["", "practicum", "javascript:alert(1)", "http://a;script-src *", "http://u@h/"])
def test_a_registration_address_has_to_be_one(lms: World, address: str) -> None:
    answer = visitor(lms, "ann").post(lms.config.url("/tools/register"), {"url": address})
    assert answer.status == 400
    assert "http://" in answer.text


def test_every_page_is_well_made(lms: World, tool: FakeTool, link: Link, column: LineItem) -> None:
    post(lms, tool, column)
    lms.change_tool(tool.client_id, submission_review_uri=tool.base_url + "/launch")
    ann = visitor(lms, "ann")
    token = lms.new_registration_token(tool_url=tool.base_url + "/register")
    paths = [
        "/",
        "/contexts/201",
        "/contexts/201/grades",
        "/contexts/202/grades",
        f"/contexts/201/links/{link.id}",
        f"/contexts/201/choose/{tool.client_id}",
        f"/contexts/201/grades/{column.id}/1001",
        f"/launch/links/{link.id}",
        "/tools",
        f"/tools/register/{token}",
        "/lti/storage",
        "/lti/auth",
        "/nowhere",
    ]
    pages = [ann.open(lms.config.url(path), follow=False) for path in paths]
    pages.append(Browser().open(lms.config.url("/")))
    for page in pages:
        outline = Outline(page)
        assert outline.all("html")[0]["lang"] == "en"
        assert len(outline.all("h1")) == 1
        assert "Riverbend School District LMS</title>" in page.text
        assert len(outline.all("main")) == 1
        assert all(frame["title"] for frame in outline.all("iframe"))
        assert all("alt" in image for image in outline.all("img"))
        labelled = {label["for"] for label in outline.all("label")}
        visible = [one for tag in ("input", "select") for one in outline.all(tag) if one.get("type") != "hidden"]
        assert all(one.get("id") in labelled for one in visible)
        assert not any("style" in attributes or "onclick" in attributes for _, attributes in outline.tags)
        assert all("src" in script for script in outline.all("script"))
        policy = page.headers["Content-Security-Policy"]
        assert "unsafe-inline" not in policy
        assert "default-src 'none'" in policy
        assert f"form-action 'self' {tool.base_url}" in policy


def test_the_way_out_has_a_button_for_whoever_has_no_script(lms: World, tool: FakeTool, link: Link) -> None:
    page = visitor(lms, "ada").open(lms.config.url(f"/launch/links/{link.id}"), follow=False)
    assert "<button" in page.text
    assert page.forms[0].action == tool.base_url + "/login"


def test_a_launch_inside_a_foreign_site_lives_on_partitioned_cookies(lms: World, tool: FakeTool, link: Link) -> None:
    framed = Browser(frame_of=lms.config.issuer, third_party="partitioned")
    assert tool.waiting == {}
    assert "no cookie" not in launch(lms, "ada", link, browser=framed).page.text
    blocked = Browser(frame_of=lms.config.issuer, third_party="blocked")
    assert "no cookie" in launch(lms, "ada", link, browser=blocked).page.text
