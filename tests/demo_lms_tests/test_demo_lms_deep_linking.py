"""Deep linking: an honest response makes links and columns, anything else makes nothing."""

import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.demo_lms import Browser, World, launch, log_in, sign_in
from tests.demo_lms.browser import Page
from tests.demo_lms.cast import school_context
from tests.demo_lms_tests.fake_tool import DL, GONE, LTI, FakeTool

SETTINGS = DL + "deep_linking_settings"


def item(tool: FakeTool, **changes: Any) -> dict[str, Any]:
    honest = {
        "type": "ltiResourceLink",
        "title": "Giving feedback",
        "text": "A module of three hours",
        "url": tool.base_url + "/launch",
        "custom": {"offering": "F1"},
        "lineItem": {"scoreMaximum": 10, "label": "Giving feedback", "resourceId": "F1", "tag": "completion"},
        "window": {"targetName": "_blank"},
        "iframe": {"width": 880},
        "available": {"startDateTime": "2026-11-01T00:00:00Z"},
        "submission": {"endDateTime": "2026-12-01T00:00:00Z"},
    }
    return {name: value for name, value in {**honest, **changes}.items() if value is not GONE}


def choose(lms: World, person: str = "ian") -> Page:
    return launch(lms, person, school_context(lms)).page


def test_an_instructor_chooses_and_the_links_are_there_with_their_columns(lms: World, tool: FakeTool) -> None:
    tool.content_items = [item(tool), item(tool, title="No grade", lineItem=GONE)]
    page = choose(lms)
    assert page.status == 200
    assert "2 links added to Riverbend PD 2026" in page.text
    first, second = lms.links_in("RPD-2026")
    (column,) = lms.line_items_of(first)
    assert (first.title, first.url, first.custom) == ("Giving feedback", tool.base_url + "/launch", {"offering": "F1"})
    assert (column.score_maximum, column.resource_id, column.tag) == (10, "F1", "completion")
    assert column.end == "2026-12-01T00:00:00Z"
    assert lms.line_items_of(second) == []


def test_the_request_says_what_the_lms_takes(lms: World, tool: FakeTool) -> None:
    choose(lms, "ann")
    settings = tool.claims[0][SETTINGS]
    assert settings["accept_types"] == ["ltiResourceLink"]
    assert settings["accept_multiple"] is True
    assert settings["accept_lineitem"] is True
    assert settings["accept_presentation_document_targets"] == ["iframe", "window"]
    assert settings["deep_link_return_url"].startswith(lms.config.issuer)
    assert '"' in settings["data"]
    assert LTI + "resource_link" not in tool.claims[0]


def test_nothing_chosen_is_an_answer_too_and_messages_are_shown(lms: World, tool: FakeTool) -> None:
    tool.response_changes = {DL + "content_items": GONE, DL + "msg": "Come again", DL + "errormsg": "<b>Sorry</b>"}
    page = choose(lms)
    assert "Nothing was chosen" in page.text
    assert "Come again" in page.text
    assert "&lt;b&gt;Sorry&lt;/b&gt;" in page.text


def test_members_cannot_choose_content(lms: World, tool: FakeTool) -> None:
    assert choose(lms, "ada").status == 403
    assert tool.logins == []


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "nobody"},
        {"aud": "http://other.example"},
        {"aud": GONE},
        {"exp": GONE},
        {"exp": 1},
        {"iat": GONE},
        {"iat": time.time() + 86_400, "exp": time.time() + 86_460},
        {"exp": time.time() + 100_000},
        {"nonce": GONE},
        {"nonce": ""},
        {LTI + "message_type": "LtiDeepLinkingRequest"},
        {LTI + "version": "1.3"},
        {LTI + "deployment_id": "999"},
        {LTI + "deployment_id": GONE},
        {DL + "data": "another"},
        {DL + "data": GONE},
        {DL + "content_items": "one"},
        {DL + "content_items": ["one"]},
        {DL + "msg": 7},
    ],
)
def test_a_response_with_a_wrong_claim_adds_nothing(lms: World, tool: FakeTool, changes: dict[str, Any]) -> None:
    tool.content_items = [item(tool)]
    tool.response_changes = changes
    page = choose(lms)
    assert page.status == 400
    assert "Nothing was added" in page.text
    assert (lms.links, lms.line_items) == ({}, {})


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "link"},
        {"type": GONE},
        {"url": "http://other.example/launch"},
        {"url": 7},
        {"title": 7},
        {"title": "x" * 256},
        {"custom": {"offering": 7}},
        {"custom": {"offering": "two\nlines"}},
        {"custom": "offering=F1"},
        {"lineItem": {"label": "F"}},
        {"lineItem": {"scoreMaximum": 0}},
        {"lineItem": "yes"},
        {"window": "yes"},
        {"available": {"startDateTime": "soon"}},
    ],
)
def test_one_wrong_item_spoils_the_whole_response(lms: World, tool: FakeTool, changes: dict[str, Any]) -> None:
    tool.content_items = [item(tool), item(tool, **changes)]
    assert choose(lms).status == 400
    assert (lms.links, lms.line_items) == ({}, {})


def test_an_item_without_title_and_url_gets_the_tool_s(lms: World, tool: FakeTool) -> None:
    tool.content_items = [{"type": "ltiResourceLink"}]
    choose(lms)
    (link,) = lms.links_in("RPD-2026")
    assert (link.title, link.url) == ("Practicum", tool.base_url + "/launch")


def test_where_one_item_is_asked_for_two_are_too_many(lms: World, tool: FakeTool) -> None:
    tool.content_items = [item(tool), item(tool)]
    browser = Browser()
    sign_in(browser, lms, "ian")
    login = log_in(lms, "ian", school_context(lms), browser=browser, accept_multiple=False, data=None)
    page = login.post()
    assert "data" not in tool.claims[0][SETTINGS]
    assert page.status == 400
    assert lms.links == {}


def test_a_response_is_taken_once_and_from_the_person_who_asked(lms: World, tool: FakeTool) -> None:
    tool.content_items = [item(tool)]
    browser = Browser()
    sign_in(browser, lms, "ian")
    login = log_in(lms, "ian", school_context(lms), browser=browser)
    form = login.post(follow=False).form()
    sign_in(browser, lms, "ann")
    assert "not signed in as the person" in browser.post(form.action, form.fields).text
    sign_in(browser, lms, "ian")
    assert browser.post(form.action, form.fields).status == 200
    assert browser.post(form.action, form.fields).status == 400
    assert len(lms.links) == 1


def test_an_answer_of_a_tool_that_was_switched_off_meanwhile_adds_nothing(lms: World, tool: FakeTool) -> None:
    tool.content_items = [item(tool)]
    browser = Browser()
    sign_in(browser, lms, "ian")
    form = log_in(lms, "ian", school_context(lms), browser=browser).post(follow=False).form()
    lms.change_tool(tool.client_id, active=False)
    assert "not active" in browser.post(form.action, form.fields).text
    assert lms.links == {}


def test_a_nonce_is_good_for_one_response(lms: World, tool: FakeTool) -> None:
    tool.content_items = [item(tool)]
    tool.response_changes = {"nonce": "always-the-same"}
    assert choose(lms).status == 200
    assert choose(lms).status == 400
    assert len(lms.links) == 1


def test_a_response_signed_by_a_stranger_adds_nothing(lms: World, tool: FakeTool) -> None:
    tool.content_items = [item(tool)]
    browser = Browser()
    sign_in(browser, lms, "ian")
    login = log_in(lms, "ian", school_context(lms), browser=browser)
    form = login.post(follow=False).form()
    claims = jwt.decode(form.fields["JWT"], tool.key, algorithms=["RS256"]).claims
    stranger = RSAKey.generate_key(2048)
    forged = jwt.encode({"alg": "RS256", "kid": tool.key.kid}, claims, stranger)
    assert browser.post(form.action, {"JWT": forged}).status == 400
    assert browser.post(form.action, {"JWT": ""}).status == 400
    assert lms.links == {}


def test_the_answer_survives_a_sign_in_cookie_that_was_not_sent_cross_site(lms: World, tool: FakeTool) -> None:
    tool.content_items = [item(tool)]
    signed_in, stranger = Browser(), Browser()
    sign_in(signed_in, lms, "ian")
    login = log_in(lms, "ian", school_context(lms), browser=stranger)
    form = login.post(follow=False).form()
    again = stranger.post(form.action, form.fields, follow=False).form("/lti/deep-linking/")
    assert again.sends_itself
    assert signed_in.post(again.action, again.fields).status == 200
    assert stranger.post(again.action, again.fields).status == 400
