"""Login and launch: an honest one passes, each broken rule has its refusal."""

from datetime import timedelta

import pytest

from tests.demo_lms import REMOVED, Browser, Habits, World, launch, launching, sign_in
from tests.demo_lms.launches import NotStarted, begin_link, begin_review
from tests.demo_lms.model import LineItem, Link, MemberStatus
from tests.demo_lms.vocabulary import Role
from tests.demo_lms_tests.conftest import Start, add_by_hand
from tests.demo_lms_tests.fake_tool import GONE, LTI, FakeTool

AGS_CLAIM = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_CLAIM = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"


def test_a_member_reaches_the_tool_and_the_tool_knows_her(lms: World, tool: FakeTool, link: Link) -> None:
    visit = launch(lms, "ada", link)
    assert visit.page.status == 200
    assert "<h1>1001</h1>" in visit.page.text
    assert tool.claims[0]["name"] == "Ada Okafor"
    assert tool.claims[0][LTI + "target_link_uri"] == link.url


def test_the_login_request_says_what_the_standard_asks(lms: World, tool: FakeTool, link: Link) -> None:
    launch(lms, "ada", link)
    said = tool.logins[0]
    assert set(said) == {
        "iss",
        "login_hint",
        "lti_message_hint",
        "client_id",
        "lti_deployment_id",
        "target_link_uri",
    }
    assert said["iss"] == lms.config.issuer
    assert '"' in said["lti_message_hint"]


def test_the_token_has_the_shape_that_real_platforms_send(
    lms: World, tool: FakeTool, link: Link, column: LineItem
) -> None:
    launch(lms, "ada", link)
    claims = tool.claims[0]
    assert claims["aud"] == tool.client_id
    assert "azp" not in claims
    assert claims["exp"] - claims["iat"] == 60
    assert claims[LTI + "version"] == "1.3.0"
    assert claims[LTI + "roles"] == [
        "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner",
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor",
    ]
    assert claims[LTI + "context"] == {
        "id": "201",
        "label": "RPD-2026",
        "title": "Riverbend PD 2026",
        "type": ["CourseSection"],
    }
    assert claims[LTI + "resource_link"]["id"] == link.id
    assert claims[LTI + "custom"] == {"offering": "F1"}
    assert claims[LTI + "tool_platform"]["product_family_code"] == "riverbend"
    presentation = claims[LTI + "launch_presentation"]
    assert presentation["document_target"] == "iframe"
    assert presentation["return_url"].startswith(lms.config.issuer + "/contexts/201?")
    endpoint = claims[AGS_CLAIM]
    assert endpoint["lineitem"] == f"{lms.config.issuer}/api/ags/201/lineitems/{column.id}"
    assert endpoint["lineitems"] == f"{lms.config.issuer}/api/ags/201/lineitems"
    assert len(endpoint["scope"]) == 4
    assert claims[NRPS_CLAIM]["service_versions"] == ["2.0"]


def test_a_link_with_two_columns_or_none_names_no_single_one(lms: World, tool: FakeTool, link: Link) -> None:
    launch(lms, "ada", link)
    assert "lineitem" not in tool.claims[0][AGS_CLAIM]
    for label in ("one", "two"):
        lms.add_line_item(label, link=link)
    launch(lms, "ada", link)
    assert "lineitem" not in tool.claims[1][AGS_CLAIM]


def test_an_instructor_an_administrator_and_a_member_come_with_their_roles(
    lms: World, tool: FakeTool, link: Link
) -> None:
    for key in ("ian", "ann"):
        launch(lms, key, link)
    instructor, administrator = (claims[LTI + "roles"] for claims in tool.claims)
    assert instructor[0] == Role.INSTRUCTOR
    assert administrator == [Role.INSTRUCTOR, Role.INSTITUTION_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR]


def test_names_and_addresses_stay_at_home_if_the_lms_wills_it_or_the_tool_does_not_ask(
    start: Start, unregistered: FakeTool
) -> None:
    silent = start(habits=Habits(send_names=False, send_emails=False))
    open_hearted = start()
    add_by_hand(silent, unregistered)
    launch(silent, "ada", silent.add_link("F", context="RPD-2026"))
    add_by_hand(open_hearted, unregistered, claims=("email",))
    launch(open_hearted, "ada", open_hearted.add_link("F", context="RPD-2026"))
    nothing, address_only = unregistered.claims
    assert not {"name", "given_name", "family_name", "email"} & set(nothing)
    assert address_only["email"] == "ada@riverbend.example.org"
    assert "name" not in address_only


def test_known_variables_are_substituted_and_unknown_ones_arrive_literally(lms: World, tool: FakeTool) -> None:
    custom = {
        "context": "$Context.id",
        "before": "$Context.id.history",
        "link_before": "$ResourceLink.id.history",
        "end": "$ResourceLink.submission.endDateTime",
        "money": "costs $5",
    }
    original = lms.add_link("F", context="RPD-2026", custom=custom)
    copy = lms.copy_context("RPD-2026", "Riverbend PD 2027")
    lms.enrol("ada", copy)
    launch(lms, "ada", lms.links_in(copy)[0])
    assert tool.claims[0][LTI + "custom"] == {
        "context": copy.id,
        "before": "201",
        "link_before": original.id,
        "end": "$ResourceLink.submission.endDateTime",
        "money": "costs $5",
    }


def test_the_day_a_submission_is_due_is_known_where_the_tool_set_it(lms: World, tool: FakeTool) -> None:
    due = {"endDateTime": "2026-12-01T00:00:00Z"}
    custom = {"end": "$ResourceLink.submission.endDateTime"}
    launch(lms, "ada", lms.add_link("F", context="RPD-2026", custom=custom, submission=due))
    assert tool.claims[0][LTI + "custom"] == {"end": "2026-12-01T00:00:00Z"}


def test_a_copied_context_has_its_own_ids_and_keeps_what_identifies_content(
    lms: World, link: Link, column: LineItem
) -> None:
    copy = lms.copy_context("RPD-2026", "Riverbend PD 2027")
    (twin,), (copied,) = lms.links_in(copy), lms.line_items_in(copy)
    assert twin.id != link.id
    assert (twin.url, twin.custom, twin.history) == (link.url, link.custom, (link.id,))
    assert copied.id != column.id
    assert (copied.resource_id, copied.tag, copied.resource_link_id) == ("F1", "completion", twin.id)
    assert lms.members(copy) == []


def test_a_new_window_is_said_to_be_one(lms: World, tool: FakeTool, link: Link) -> None:
    launch(lms, "ada", link, in_window=True)
    assert tool.claims[0][LTI + "launch_presentation"]["document_target"] == "window"


def test_the_login_may_come_by_get_and_name_a_storage(start: Start, unregistered: FakeTool) -> None:
    lms = start(habits=Habits(login_method="GET", storage_target="_parent"))
    add_by_hand(lms, unregistered)
    link = lms.add_link("F", context="RPD-2026")
    assert launch(lms, "ada", link).page.status == 200
    assert launching.forge(lms, "ada", link).page.status == 200
    assert [login["lti_storage_target"] for login in unregistered.logins] == ["_parent", "_parent"]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"scope": "openid profile"}, "invalid_scope"),
        ({"scope": GONE}, "invalid_scope"),
        ({"response_type": "code"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"response_mode": GONE}, "invalid_request"),
        ({"prompt": GONE}, "invalid_request"),
        ({"prompt": "login"}, "invalid_request"),
        ({"nonce": GONE}, "invalid_request"),
        ({"login_hint": "1002"}, "login_required"),
        ({"login_hint": GONE}, "invalid_request"),
        ({"lti_message_hint": GONE}, "invalid_request"),
        ({"lti_message_hint": '{"launch": "made up"}'}, "invalid_request"),
        ({"lti_message_hint": "not JSON"}, "invalid_request"),
        ({"lti_message_hint": "[]"}, "invalid_request"),
    ],
)
def test_a_wrong_authentication_request_is_answered_to_the_tool_with_its_state(
    lms: World, tool: FakeTool, link: Link, wrong: dict[str, str], error: str
) -> None:
    tool.request_changes = wrong
    launch(lms, "ada", link)
    assert tool.claims == []
    assert tool.errors[0]["error"] == error
    assert tool.errors[0]["error_description"]
    assert tool.errors[0]["state"] in tool.waiting


def test_a_request_without_state_is_refused_and_no_state_made_up(lms: World, tool: FakeTool, link: Link) -> None:
    tool.request_changes = {"state": GONE}
    launch(lms, "ada", link)
    assert tool.errors[0]["error"] == "invalid_request"
    assert "state" not in tool.errors[0]


@pytest.mark.parametrize("ending", ["/", "?x=1", "/../launch", "#"])
def test_another_redirect_uri_gets_the_lms_s_own_page_and_the_tool_hears_nothing(
    lms: World, tool: FakeTool, link: Link, ending: str
) -> None:
    tool.request_changes = {"redirect_uri": tool.base_url + "/launch" + ending}
    page = launch(lms, "ada", link).page
    assert page.status == 400
    assert page.url.startswith(lms.config.issuer)
    assert "redirect_uri" in page.text
    assert (tool.claims, tool.errors) == ([], [])


def test_an_unknown_client_gets_the_lms_s_own_page(lms: World, tool: FakeTool, link: Link) -> None:
    tool.request_changes = {"client_id": "nobody"}
    assert launch(lms, "ada", link).page.status == 400
    assert tool.errors == []


def test_a_nonce_is_good_for_one_message(lms: World, tool: FakeTool, link: Link) -> None:
    tool.request_changes = {"nonce": "always-the-same"}
    browser = Browser()
    for _ in range(2):
        login = launching.log_in(lms, "ada", link, browser=browser)
        sign_in(browser, lms, "ada")
        answer = browser.post(lms.config.url("/lti/auth"), login.asked, follow=False)
    assert answer.form("/launch").fields["error_description"] == "this nonce was used before"


def test_a_launch_is_good_for_one_message(lms: World, tool: FakeTool, link: Link) -> None:
    browser = Browser()
    sign_in(browser, lms, "ada")
    asked = launching.log_in(lms, "ada", link, browser=browser).asked
    first = browser.post(lms.config.url("/lti/auth"), asked, follow=False)
    second = browser.post(lms.config.url("/lti/auth"), {**asked, "nonce": "another"}, follow=False)
    assert "id_token" in first.form("/launch").fields
    assert second.form("/launch").fields["error"] == "invalid_request"


def test_a_launch_begun_by_another_person_or_long_ago_is_refused(lms: World, tool: FakeTool, link: Link) -> None:
    browser = Browser()
    sign_in(browser, lms, "ben")
    begun_by_ada = launching.log_in(lms, "ada", link).asked
    answer = browser.post(lms.config.url("/lti/auth"), {**begun_by_ada, "login_hint": "1002"}, follow=False)
    assert answer.form("/launch").fields["error"] == "login_required"
    begun_by_ben = launching.log_in(lms, "ben", link).asked
    lms.travel(timedelta(minutes=11))
    answer = browser.post(lms.config.url("/lti/auth"), begun_by_ben, follow=False)
    assert "too long ago" in answer.form("/launch").fields["error_description"]


def test_a_hint_of_one_tool_is_no_good_for_another(lms: World, tool: FakeTool, link: Link) -> None:
    other, _ = lms.add_tool(
        "http://other.example",
        initiate_login_uri="http://other.example/login",
        redirect_uris=["http://other.example/launch"],
        jwks_uri="http://other.example/jwks",
        target_link_uri="http://other.example/launch",
    )
    browser = Browser()
    sign_in(browser, lms, "ada")
    asked = launching.log_in(lms, "ada", link).asked
    wrong = {**asked, "client_id": other.client_id, "redirect_uri": other.redirect_uris[0]}
    answer = browser.post(lms.config.url("/lti/auth"), wrong, follow=False)
    assert answer.form("other.example").fields["error"] == "invalid_request"


def test_who_left_the_context_or_was_suspended_meanwhile_does_not_get_in(
    lms: World, tool: FakeTool, link: Link
) -> None:
    browser = Browser()
    sign_in(browser, lms, "ada")
    asked = launching.log_in(lms, "ada", link).asked
    lms.enrol("ada", "RPD-2026", status=MemberStatus.INACTIVE)
    answer = browser.post(lms.config.url("/lti/auth"), asked, follow=False)
    assert answer.form("/launch").fields["error"] == "access_denied"
    lms.unenrol("ada", "RPD-2026")
    with pytest.raises(NotStarted, match="not in Riverbend PD 2026"):
        begin_link(lms, "ada", link)


def test_a_tool_that_is_not_active_is_neither_launched_nor_answered(lms: World, tool: FakeTool, link: Link) -> None:
    asked = launching.log_in(lms, "ada", link).asked
    lms.change_tool(tool.client_id, active=False)
    browser = Browser()
    sign_in(browser, lms, "ada")
    answer = browser.post(lms.config.url("/lti/auth"), asked, follow=False)
    assert answer.form("/launch").fields["error"] == "unauthorized_client"
    page = browser.open(lms.config.url(f"/launch/links/{link.id}"))
    assert page.status == 403
    assert "not active" in page.text


def test_a_lost_sign_in_cookie_is_sought_once_by_a_post_to_itself(lms: World, tool: FakeTool, link: Link) -> None:
    browser = Browser()
    asked = launching.log_in(lms, "ada", link, browser=browser).asked
    again = browser.post(lms.config.url("/lti/auth"), asked, follow=False)
    form = again.form("/lti/auth")
    assert form.sends_itself
    assert form.fields == {**asked, "reposted": "1"}
    sign_in(browser, lms, "ada")
    assert browser.submit(again, form).status == 200
    assert len(tool.claims) == 1


def test_without_any_sign_in_the_tool_is_told_so(lms: World, tool: FakeTool, link: Link) -> None:
    browser = Browser()
    asked = launching.log_in(lms, "ada", link, browser=browser).asked
    browser.post(lms.config.url("/lti/auth"), asked)
    assert tool.errors[0]["error"] == "login_required"


def test_who_is_not_in_the_context_does_not_find_its_links(lms: World, tool: FakeTool, link: Link) -> None:
    assert launch(lms, "eve", link).page.status == 404
    assert tool.logins == []


def test_a_review_goes_to_the_address_the_column_names_and_says_for_whom(
    lms: World, tool: FakeTool, link: Link
) -> None:
    review = {"url": tool.base_url + "/launch?review=1", "custom": {"piece": "7"}}
    column = lms.add_line_item("F", link=link, submission_review=review)
    browser = Browser(frame_of=lms.config.issuer)
    sign_in(browser, lms, "ian")
    browser.open(lms.config.url(f"/launch/review/{column.id}/1001"))
    claims = tool.claims[0]
    assert claims[LTI + "message_type"] == "LtiSubmissionReviewRequest"
    assert claims[LTI + "for_user"] == {"user_id": "1001"}
    assert claims[LTI + "target_link_uri"] == review["url"]
    assert claims[LTI + "custom"] == {"offering": "F1", "piece": "7"}
    sign_in(browser, lms, "ada")
    assert browser.open(lms.config.url(f"/launch/review/{column.id}/1002")).status == 403


def test_a_column_without_a_review_offers_none(lms: World, column: LineItem) -> None:
    with pytest.raises(NotStarted, match="no review"):
        begin_review(lms, "ian", column, "ada")


def test_a_rotated_key_is_published_and_signs_at_once(lms: World, tool: FakeTool, link: Link) -> None:
    before = lms.keys.current.kid
    after = lms.keys.rotate()
    assert launch(lms, "ada", link).page.status == 200
    assert {key["kid"] for key in lms.keys.key_set()["keys"]} == {before, after}
    lms.keys.rotate(retire_old=True)
    assert len(lms.keys.key_set()["keys"]) == 1
    assert launch(lms, "ada", link).page.status == 200


def test_a_login_parameter_can_be_left_out_for_a_probe(lms: World, tool: FakeTool, link: Link) -> None:
    launching.log_in(lms, "ada", link, login_changes={"lti_deployment_id": REMOVED})
    assert "lti_deployment_id" not in tool.logins[0]
