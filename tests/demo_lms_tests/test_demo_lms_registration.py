"""Dynamic registration: what is needed, what comes back, how often a token works."""

import contextlib
import json
from datetime import timedelta
from typing import Any

import pytest

from tests.demo_lms import Browser, Habits, World, register_tool
from tests.demo_lms.vocabulary import Scope
from tests.demo_lms_tests.conftest import Start
from tests.demo_lms_tests.fake_tool import GONE, TOOL, FakeTool

PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"


def configuration(lms: World) -> dict[str, Any]:
    page = Browser().open(lms.config.url("/.well-known/openid-configuration"))
    read: dict[str, Any] = json.loads(page.text)
    return read


def register(lms: World, tool: FakeTool) -> tuple[int, Any]:
    with contextlib.suppress(LookupError):
        register_tool(lms, tool.base_url + "/register")
    return tool.registration_answers[-1]


def test_the_configuration_names_every_endpoint_of_the_lms(lms: World) -> None:
    said = configuration(lms)
    assert said["issuer"] == lms.config.issuer
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint"):
        assert said[name].startswith(lms.config.issuer + "/lti/")
    assert said["scopes_supported"] == ["openid", *Scope]
    assert said["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert said["response_modes_supported"] == ["form_post"]
    assert said[PLATFORM]["product_family_code"] == "riverbend"
    assert {message["type"] for message in said[PLATFORM]["messages_supported"]} == {
        "LtiResourceLinkRequest",
        "LtiDeepLinkingRequest",
        "LtiSubmissionReviewRequest",
        "LtiDataPrivacyLaunchRequest",
    }


def test_a_tool_registers_and_waits_for_the_administrator(lms: World, unregistered: FakeTool) -> None:
    status, answer = register(lms, unregistered)
    kept = lms.tool(answer["client_id"])
    assert status == 201
    assert answer["client_name"] == "Fake tool"
    assert answer[TOOL]["deployment_id"] in lms.deployments
    assert answer[TOOL]["messages"] == unregistered.registration()[TOOL]["messages"]
    assert not kept.active
    assert kept.deep_linking_uri == unregistered.base_url + "/choose"
    assert kept.redirect_uris == (unregistered.base_url + "/launch",)
    assert kept.custom == {"contexts": "$Context.id.history", "unknown": "$Moon.phase"}


def test_habits_decide_on_status_deployment_and_activation(start: Start, unregistered: FakeTool) -> None:
    habits = Habits(registration_status=200, registration_answer_has_deployment=False, activate_at_registration=True)
    lms = start(habits=habits)
    status, answer = register(lms, unregistered)
    assert status == 200
    assert "deployment_id" not in answer[TOOL]
    assert lms.tool().active


def test_only_known_scopes_are_granted_and_the_answer_says_which(lms: World, unregistered: FakeTool) -> None:
    unregistered.registration_changes = {"scope": f"{Scope.SCORE} https://example.org/moon"}
    _, answer = register(lms, unregistered)
    assert answer["scope"] == Scope.SCORE
    assert lms.tool().scopes == (Scope.SCORE,)


@pytest.mark.parametrize(
    "changes",
    [
        {"response_types": ["code"]},
        {"response_types": GONE},
        {"grant_types": ["implicit"]},
        {"token_endpoint_auth_method": "client_secret_basic"},
        {"token_endpoint_auth_method": GONE},
        {"application_type": GONE},
        {"client_name": GONE},
        {"client_name": ""},
        {"jwks_uri": GONE},
        {"jwks_uri": "/jwks"},
        {"initiate_login_uri": GONE},
        {"initiate_login_uri": "javascript:alert(1)"},
        {"redirect_uris": []},
        {"redirect_uris": GONE},
        {"redirect_uris": [7]},
        {"logo_uri": "logo.png"},
        {TOOL: GONE},
        {TOOL: "text"},
    ],
)
def test_a_registration_that_lacks_something_needed_is_refused(
    lms: World, unregistered: FakeTool, changes: dict[str, Any]
) -> None:
    unregistered.registration_changes = changes
    status, answer = register(lms, unregistered)
    assert status == 400
    assert answer["error"] in ("invalid_client_metadata", "invalid_redirect_uri")
    assert answer["error_description"]
    assert lms.tools == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"domain": GONE},
        {"domain": "http://127.0.0.1"},
        {"domain": "other.example"},
        {"target_link_uri": GONE},
        {"target_link_uri": "http://other.example/launch"},
        {"messages": GONE},
        {"messages": []},
        {"messages": ["LtiDeepLinkingRequest"]},
        {"messages": [{"type": "LtiDeepLinkingRequest"}, {"type": "LtiDeepLinkingRequest"}]},
        {"messages": [{"type": "LtiDeepLinkingRequest", "target_link_uri": "http://other.example/choose"}]},
        {"custom_parameters": {"number": 7}},
        {"claims": "name"},
    ],
)
def test_a_wrong_tool_configuration_is_refused(lms: World, unregistered: FakeTool, changes: dict[str, Any]) -> None:
    unregistered.configuration_changes = changes
    assert register(lms, unregistered)[0] == 400
    assert lms.tools == {}


def test_a_refused_registration_leaves_the_token_good(lms: World, unregistered: FakeTool) -> None:
    token = lms.new_registration_token()
    address = lms.config.url("/.well-known/openid-configuration")
    for changes in ({"client_name": GONE}, {}):
        unregistered.registration_changes = changes
        Browser().open(f"{unregistered.base_url}/register?openid_configuration={address}&registration_token={token}")
    assert [status for status, _ in unregistered.registration_answers] == [400, 201]


def test_a_token_works_once_for_an_hour_and_must_be_ours(lms: World, unregistered: FakeTool) -> None:
    address = lms.config.url("/.well-known/openid-configuration")

    def try_with(token: str) -> tuple[int, str]:
        Browser().open(f"{unregistered.base_url}/register?openid_configuration={address}&registration_token={token}")
        status, answer = unregistered.registration_answers[-1]
        return status, answer.get("error", "")

    token = lms.new_registration_token()
    assert try_with(token) == (201, "")
    assert try_with(token) == (401, "token_already_used")
    assert try_with("made-up") == (401, "invalid_token")
    late = lms.new_registration_token()
    lms.travel(timedelta(hours=1))
    assert try_with(late) == (401, "invalid_token")


def test_the_body_has_to_be_a_json_object(lms: World) -> None:
    browser = Browser()
    headers = {"Authorization": f"Bearer {lms.new_registration_token()}"}
    form = browser.post(lms.config.url("/lti/registrations"), {"client_name": "x"}, headers=headers)
    as_list = browser.request(
        "POST",
        lms.config.url("/lti/registrations"),
        body=b"[]",
        headers={**headers, "Content-Type": "application/json"},
    )
    assert (form.status, as_list.status) == (415, 400)


def test_the_configuration_may_be_closed_to_all_but_a_registration_token(start: Start) -> None:
    lms = start(habits=Habits(configuration_needs_token=True))
    address = lms.config.url("/.well-known/openid-configuration")
    token = lms.new_registration_token()
    assert Browser().open(address).status == 401
    assert Browser().open(address, headers={"Authorization": f"Bearer {token}"}).status == 200


def test_the_same_tool_again_is_an_update_that_keeps_client_deployment_and_state(
    lms: World, unregistered: FakeTool
) -> None:
    _, first = register(lms, unregistered)
    lms.change_tool(first["client_id"], active=True)
    unregistered.registration_changes = {"client_name": "Renamed tool"}
    _, second = register(lms, unregistered)
    assert second["client_id"] == first["client_id"]
    assert second[TOOL]["deployment_id"] == first[TOOL]["deployment_id"]
    assert (lms.tool().name, lms.tool().active) == ("Renamed tool", True)


def test_an_administrator_may_update_a_named_tool_or_insist_on_a_new_one(lms: World, unregistered: FakeTool) -> None:
    first = register_tool(lms, unregistered.base_url + "/register")
    second = register_tool(lms, unregistered.base_url + "/register", always_new=True)
    assert second.client_id != first.client_id
    unregistered.registration_changes = {"initiate_login_uri": unregistered.base_url + "/moved"}
    token = lms.new_registration_token(client_id=second.client_id)
    address = lms.config.url("/.well-known/openid-configuration")
    Browser().open(f"{unregistered.base_url}/register?openid_configuration={address}&registration_token={token}")
    assert lms.tool(second.client_id).initiate_login_uri == unregistered.base_url + "/moved"
    assert len(lms.tools) == 2
