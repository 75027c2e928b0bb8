"""Dynamic registration against a platform that may be kind, odd or hostile."""

import json
from typing import Any

import pytest

from lti import canvas
from lti.claims import SCOPE_LINE_ITEM, SCOPE_MEMBERS, SCOPE_SCORE
from lti.errors import AddressRefused, LtiError, RegistrationRefused, Unreachable
from lti.http import Guard, HttpClient
from lti.registration import (
    PlatformConfiguration,
    ToolDescription,
    client_registration,
    custom_parameters,
    read_configuration,
    register,
)
from tests.lti.peer import Reply, Server, http

TOOL_KEY = "https://purl.imsglobal.org/spec/lti-tool-configuration"
PLATFORM_KEY = "https://purl.imsglobal.org/spec/lti-platform-configuration"
US = ToolDescription(
    name="Practicum",
    description="Professional learning",
    home_url="https://tool.example.org:8443/",
    login_url="https://tool.example.org:8443/lti/login",
    launch_url="https://tool.example.org:8443/lti/launch",
    target_url="https://tool.example.org:8443/lti/open",
    deep_linking_url="https://tool.example.org:8443/lti/choose",
    key_set_url="https://tool.example.org:8443/lti/keys",
    logo_url="https://tool.example.org:8443/static/logo.png",
)


def configuration(server: Server, **changes: Any) -> dict[str, Any]:
    found = {
        "issuer": server.url,
        "authorization_endpoint": server.url + "/auth",
        "token_endpoint": server.url + "/token",
        "jwks_uri": server.url + "/keys",
        "registration_endpoint": server.url + "/register",
        "scopes_supported": ["openid", SCOPE_SCORE, SCOPE_MEMBERS],
        PLATFORM_KEY: {"product_family_code": "moodle", "version": "4.5"},
        **changes,
    }
    return {name: value for name, value in found.items() if value is not None}


def read(server: Server, **changes: Any) -> PlatformConfiguration:
    server.answers["GET /config"] = Reply(configuration(server, **changes))
    return read_configuration(server.url + "/config", registration_token="once", http=http())


def test_a_platform_is_read_and_registered(server: Server) -> None:
    found = read(server)
    server.answers["POST /register"] = Reply({"client_id": "abc", TOOL_KEY: {"deployment_id": "7"}}, status=201)
    registered = register(found, US, registration_token="once", http=http())
    assert (registered.client_id, registered.deployment_id) == ("abc", "7")
    assert registered.hosts == {"127.0.0.1"}
    assert (found.family, found.version, found.token_audience) == ("moodle", "4.5", None)
    assert [request.headers["Authorization"] for request in server.requests] == ["Bearer once"] * 2
    assert server.requests[1].headers["Content-Type"] == "application/json"


def test_what_we_say_of_ourselves(server: Server) -> None:
    server.answers["POST /register"] = Reply({"client_id": "abc"})
    register(read(server), US, registration_token=None, http=http())
    sent = json.loads(server.requests[-1].body)
    tool = sent.pop(TOOL_KEY)
    assert sent == {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": US.login_url,
        "redirect_uris": [US.launch_url],
        "client_name": "Practicum",
        "client_uri": US.home_url,
        "logo_uri": US.logo_url,
        "jwks_uri": US.key_set_url,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": f"{SCOPE_SCORE} {SCOPE_MEMBERS}",
    }
    assert SCOPE_LINE_ITEM not in sent["scope"], "the platform does not list it"
    assert tool["domain"] == "tool.example.org:8443"
    assert tool["claims"] == ["iss", "sub", "name", "given_name", "family_name", "email"]
    assert tool["custom_parameters"] == {
        "context_id_history": "$Context.id.history",
        "link_id_history": "$ResourceLink.id.history",
        "course_begins_at": "$CourseSection.timeFrame.begin",
        "course_ends_at": "$CourseSection.timeFrame.end",
        "link_available_at": "$ResourceLink.available.startDateTime",
        "link_due_at": "$ResourceLink.submission.endDateTime",
    }
    kinds = [(message["type"], message["target_link_uri"]) for message in tool["messages"]]
    assert kinds == [
        ("LtiResourceLinkRequest", US.target_url),
        ("LtiDeepLinkingRequest", US.deep_linking_url),
    ]
    assert server.requests[-1].headers["Authorization"] is None


def test_canvas_is_asked_for_the_days_of_a_course_by_its_own_names() -> None:
    asked = custom_parameters(US, "canvas")
    assert (asked["course_begins_at"], asked["course_ends_at"]) == ("$Canvas.course.startAt", "$Canvas.course.endAt")
    assert asked["link_due_at"] == "$ResourceLink.submission.endDateTime"
    assert canvas.configuration(US)["custom_fields"] == asked


def test_an_issuer_on_another_host_is_refused_before_anything_is_sent(server: Server) -> None:
    with pytest.raises(RegistrationRefused, match="issuer-foreign"):
        read(server, issuer="https://canvas.instructure.com")
    assert len(server.requests) == 1


def test_a_token_audience_of_its_own_is_kept(server: Server) -> None:
    assert read(server, authorization_server="https://aud.example.org").token_audience == ("https://aud.example.org")
    assert read(server, authorization_server=server.url + "/token").token_audience is None


@pytest.mark.parametrize(
    "name", ["issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint"]
)
@pytest.mark.parametrize("odd", [None, 5, "", "x" * 2001, ["https://a"], "javascript:x", "https://u:p@lms/"])
def test_a_configuration_with_an_odd_address_is_refused(server: Server, name: str, odd: Any) -> None:
    with pytest.raises(LtiError) as caught:
        read(server, **{name: odd})
    assert isinstance(caught.value, RegistrationRefused | AddressRefused)


@pytest.mark.parametrize("name", ["token_endpoint", "jwks_uri", "registration_endpoint"])
def test_an_address_whose_name_nobody_knows_is_said_at_once(server: Server, name: str) -> None:
    with pytest.raises(Unreachable):
        read(server, **{name: "https://nobody.invalid/x"})


class LoopbackIsPublic(Guard):
    """Lets 127.0.0.1 through, so that the rest of the guard can be seen at work against a real server."""

    def check(self, url: str) -> Any:
        self.allow_private = url.startswith("http://127.0.0.1")
        return super().check(url)

    def permits(self, address: Any) -> bool:
        return str(address) == "127.0.0.1"


@pytest.mark.parametrize(
    "changes",
    [
        {"token_endpoint": "http://lms.example.org/token"},
        {"jwks_uri": "https://169.254.169.254/latest/meta-data"},
        {"registration_endpoint": "https://10.0.0.1/register"},
        {"token_endpoint": "https://[::1]/token"},
        {"authorization_endpoint": "http://lms.example.org/auth"},
    ],
)
def test_private_and_plain_addresses_are_refused_before_they_are_called(
    server: Server, changes: dict[str, str]
) -> None:
    server.answers["GET /config"] = Reply(configuration(server, **changes))
    with pytest.raises(AddressRefused):
        read_configuration(server.url + "/config", registration_token=None, http=HttpClient(guard=LoopbackIsPublic()))
    assert len(server.requests) == 1


def test_a_private_configuration_address_is_not_called(server: Server) -> None:
    for url in (server.url + "/config", "https://127.0.0.1/config", "https://localhost/config"):
        with pytest.raises(AddressRefused):
            read_configuration(url, registration_token="once", http=HttpClient())
    assert server.requests == []


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"<html>", b"[" * 50_000, b'"x"'])
def test_an_odd_configuration_is_refused(server: Server, body: bytes) -> None:
    server.answers["GET /config"] = Reply(body)
    with pytest.raises(RegistrationRefused, match="registration-unreadable"):
        read_configuration(server.url + "/config", registration_token=None, http=http())


def test_a_configuration_of_more_than_256_kb_is_refused(server: Server) -> None:
    server.answers["GET /config"] = Reply(configuration(server, padding="x" * 300_000))
    with pytest.raises(LtiError):
        read_configuration(server.url + "/config", registration_token=None, http=http())


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "registration-token-refused"), (400, "registration-refused"), (302, "registration-refused")],
)
def test_a_refusal_of_the_platform_is_a_sentence(server: Server, status: int, code: str) -> None:
    found = read(server)
    server.answers["POST /register"] = Reply({"error": "token_already_used"}, status=status)
    with pytest.raises(RegistrationRefused, match=rf"^{code}\b") as caught:
        register(found, US, registration_token="once", http=http())
    assert "Begin again" in caught.value.sentence
    server.answers["GET /config"] = Reply(status=status)
    with pytest.raises(RegistrationRefused, match=rf"^{code}\b"):
        read_configuration(server.url + "/config", registration_token="once", http=http())


@pytest.mark.parametrize(
    ("answer", "client_id", "deployment_id"),
    [
        ({"client_id": "a", TOOL_KEY: {}}, "a", None),
        ({"client_id": 17, TOOL_KEY: {"deployment_id": 3}}, "17", "3"),
        ({"client_id": "a", TOOL_KEY: "odd"}, "a", None),
        ({"client_id": "a", TOOL_KEY: {"deployment_id": ["odd"]}}, "a", None),
    ],
)
def test_ids_come_as_text(server: Server, answer: Any, client_id: str, deployment_id: str | None) -> None:
    found = read(server)
    server.answers["POST /register"] = Reply(answer)
    registered = register(found, US, registration_token=None, http=http())
    assert (registered.client_id, registered.deployment_id) == (client_id, deployment_id)


@pytest.mark.parametrize("answer", [{}, {"client_id": ""}, {"client_id": None}, {"client_id": "x" * 256}, []])
def test_an_answer_without_a_client_id_is_refused(server: Server, answer: Any) -> None:
    found = read(server)
    server.answers["POST /register"] = Reply(answer)
    with pytest.raises(RegistrationRefused, match="registration-unreadable"):
        register(found, US, registration_token=None, http=http())


@pytest.mark.parametrize("token", ["a b", "a\r\nX: y", "é", "x" * 8193])
def test_a_token_that_is_no_header_value_is_refused(server: Server, token: str) -> None:
    with pytest.raises(RegistrationRefused, match="token-malformed"):
        read_configuration(server.url + "/config", registration_token=token, http=http())
    assert server.requests == []


def test_a_platform_that_lists_submission_review_is_offered_it(server: Server) -> None:
    listed = [{"type": "LtiResourceLinkRequest"}, {"type": "LtiSubmissionReviewRequest"}, "odd", {"type": 5}]
    found = read(server, **{PLATFORM_KEY: {"product_family_code": "desire2learn", "messages_supported": listed}})
    offered = client_registration(US, found)[TOOL_KEY]["messages"]
    assert [message["type"] for message in offered].count("LtiSubmissionReviewRequest") == 1
    assert "placements" not in offered[-1]


def test_canvas_is_told_in_its_own_words_where_content_is_chosen_and_that_names_are_wanted(server: Server) -> None:
    found = read(server, **{PLATFORM_KEY: {"product_family_code": "canvas", "messages_supported": "odd"}})
    tool = client_registration(US, found)[TOOL_KEY]
    [choosing] = [message for message in tool["messages"] if message["type"] == "LtiDeepLinkingRequest"]
    assert choosing["placements"] == ["assignment_selection", "link_selection"]
    assert tool["https://canvas.instructure.com/lti/privacy_level"] == "public"


def test_a_canvas_administrator_finds_everything_behind_one_address(server: Server) -> None:
    document = canvas.configuration(US)
    sent = client_registration(US, read(server, **{PLATFORM_KEY: {"product_family_code": "canvas"}}))
    [extension] = document["extensions"]
    assert document["oidc_initiation_url"] == sent["initiate_login_uri"]
    assert document["redirect_uris"] == sent["redirect_uris"]
    assert document["public_jwk_url"] == sent["jwks_uri"]
    assert document["custom_fields"] == sent[TOOL_KEY]["custom_parameters"]
    assert (extension["platform"], extension["domain"]) == ("canvas.instructure.com", "tool.example.org:8443")
    assert [one["placement"] for one in extension["settings"]["placements"]] == [
        "assignment_selection",
        "link_selection",
    ]
    assert all(one["target_link_uri"] == US.deep_linking_url for one in extension["settings"]["placements"])


def test_canvas_s_services_may_live_on_each_school_s_host(server: Server) -> None:
    server.answers["POST /register"] = Reply({"client_id": "a"})
    canvas = read(server, **{PLATFORM_KEY: {"product_family_code": "canvas"}})
    registered = register(canvas, US, registration_token=None, http=http())
    assert registered.hosts == {"127.0.0.1", "*.instructure.com"}


def test_scopes_that_are_no_list_of_strings_are_no_scopes(server: Server) -> None:
    assert read(server, scopes_supported="all").scopes == frozenset()
    assert read(server, scopes_supported=[5, SCOPE_SCORE]).scopes == {SCOPE_SCORE}
