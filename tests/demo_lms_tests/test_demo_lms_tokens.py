"""Access tokens: the assertion is checked in every respect, scopes are what the tool may have."""

import base64
import hashlib
import hmac
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.demo_lms import Browser, Habits, World
from tests.demo_lms.vocabulary import Scope
from tests.demo_lms_tests.conftest import Start, add_by_hand
from tests.demo_lms_tests.fake_tool import GONE, FakeTool


def test_a_good_assertion_gets_a_token_for_an_hour(lms: World, tool: FakeTool) -> None:
    status, answer = tool.ask_token(scope=f"{Scope.SCORE} {Scope.LINE_ITEM}")
    assert status == 200
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 3600
    assert set(answer["scope"].split()) == {Scope.SCORE, Scope.LINE_ITEM}
    assert answer["access_token"] in lms.access_tokens


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "nobody"},
        {"iss": GONE},
        {"sub": "nobody"},
        {"sub": GONE},
        {"aud": "http://other.example/token"},
        {"aud": GONE},
        {"aud": ["http://other.example/token"]},
        {"exp": GONE},
        {"exp": "soon"},
        {"exp": True},
        {"iat": GONE},
        {"exp": 1},
        {"iat": time.time() + 3600, "exp": time.time() + 3700},
        {"exp": time.time() + 7200},
        {"nbf": time.time() + 3600},
        {"nbf": "later"},
        {"jti": GONE},
        {"jti": ""},
        {"jti": 7},
    ],
)
def test_a_wrong_claim_in_the_assertion_is_an_invalid_client(
    lms: World, tool: FakeTool, changes: dict[str, Any]
) -> None:
    status, answer = tool.ask_token(client_assertion=tool.assertion(**changes))
    assert (status, answer["error"]) == (401, "invalid_client")
    assert lms.access_tokens == {}


def test_the_audience_may_be_a_list_of_the_one_address(lms: World, tool: FakeTool) -> None:
    assert tool.ask_token(client_assertion=tool.assertion(aud=[lms.config.url("/lti/token")]))[0] == 200


def test_a_jti_is_good_once(lms: World, tool: FakeTool) -> None:
    assertion = tool.assertion()
    assert tool.ask_token(client_assertion=assertion)[0] == 200
    assert tool.ask_token(client_assertion=assertion)[1]["error"] == "invalid_client"


def signed_with_the_public_key(tool: FakeTool, claims: dict[str, Any]) -> str:
    """The old trick: HS256 with what everybody knows as the secret."""
    header = {"alg": "HS256", "kid": tool.key.kid}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    mac = hmac.digest(tool.key.as_pem(private=False), b".".join(parts), hashlib.sha256)
    return b".".join([*parts, base64.urlsafe_b64encode(mac).rstrip(b"=")]).decode()


def test_a_foreign_signature_and_weak_algorithms_are_refused(lms: World, tool: FakeTool) -> None:
    now = int(time.time())
    claims = {
        "iss": tool.client_id,
        "sub": tool.client_id,
        "aud": lms.config.url("/lti/token"),
        "iat": now,
        "exp": now + 60,
        "jti": "j",
    }
    stranger = RSAKey.generate_key(2048)
    honest = tool.assertion()
    for forged in (
        jwt.encode({"alg": "RS256", "kid": tool.key.kid}, claims, stranger),
        signed_with_the_public_key(tool, claims),
        tool.assertion(header={"kid": GONE}),
        tool.assertion(header={"kid": "unknown"}),
        "eyJhbGciOiJub25lIn0." + honest.split(".")[1] + ".",
        "no token",
        "a.b.c",
        "W10.W10.W10",
    ):
        status, answer = tool.ask_token(client_assertion=forged)
        assert (status, answer["error"]) == (401, "invalid_client")
    assert lms.access_tokens == {}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": GONE}, "unsupported_grant_type"),
        ({"client_assertion_type": GONE}, "invalid_request"),
        ({"scope": GONE}, "invalid_scope"),
        ({"scope": "https://example.org/moon"}, "invalid_scope"),
    ],
)
def test_a_wrong_form_has_the_error_of_the_standard(
    lms: World, tool: FakeTool, changes: dict[str, Any], error: str
) -> None:
    status, answer = tool.ask_token(**changes)
    assert (status, answer["error"]) == (400, error)


def test_parameters_come_as_a_form_and_once(lms: World, tool: FakeTool) -> None:
    kind = {"Content-Type": "application/json"}
    as_json = Browser().request("POST", lms.config.url("/lti/token"), body=b"{}", headers=kind)
    twice = b"grant_type=client_credentials&grant_type=client_credentials"
    twice += b"&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    doubled = Browser().request("POST", lms.config.url("/lti/token"), body=twice, headers=form)
    assert (as_json.status, doubled.status) == (400, 400)
    assert "more than once" in doubled.text


def test_scopes_are_cut_to_what_the_tool_may_or_refused_as_a_whole(start: Start, unregistered: FakeTool) -> None:
    asked = f"{Scope.SCORE} {Scope.MEMBERSHIPS}"
    cutting = start()
    add_by_hand(cutting, unregistered, scopes=[Scope.SCORE])
    assert unregistered.ask_token(scope=asked)[1]["scope"] == Scope.SCORE
    refusing = start(habits=Habits(all_scopes_or_none=True))
    add_by_hand(refusing, unregistered, scopes=[Scope.SCORE])
    assert unregistered.ask_token(scope=asked)[1]["error"] == "invalid_scope"


def test_an_inactive_or_removed_tool_gets_no_token_and_its_old_one_dies(lms: World, tool: FakeTool) -> None:
    token = tool.token()
    address = lms.config.url("/api/nrps/201/memberships")
    accept = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
    assert tool.call("GET", address, token=token, accept=accept).status == 200
    lms.change_tool(tool.client_id, active=False)
    assert tool.ask_token()[1]["error"] == "invalid_client"
    assert tool.call("GET", address, token=token, accept=accept).status == 401
    lms.remove_tool(tool.client_id)
    assert tool.call("GET", address, token=token, accept=accept).status == 401


def test_a_token_dies_in_time(lms: World, tool: FakeTool) -> None:
    token = tool.token()
    lms.travel(timedelta(hours=1))
    answer = tool.call("GET", lms.config.url("/api/nrps/201/memberships"), token=token)
    assert answer.status == 401
    assert "invalid_token" in answer.headers["WWW-Authenticate"]


def test_the_tool_s_keys_are_fetched_once_and_again_for_an_unknown_kid(lms: World, tool: FakeTool) -> None:
    tool.token()
    tool.token()
    assert lms.tool_keys.fetches == 1
    tool.key = RSAKey.generate_key(2048, {"kid": "tool-2", "use": "sig", "alg": "RS256"})
    tool.token()
    assert lms.tool_keys.fetches == 2


@pytest.mark.parametrize("where", ["/nothing-here", "/close.js"])
def test_a_key_set_that_cannot_be_had_is_an_invalid_client(lms: World, tool: FakeTool, where: str) -> None:
    lms.change_tool(tool.client_id, jwks_uri=tool.base_url + where)
    assert tool.ask_token()[1]["error"] == "invalid_client"
    lms.change_tool(tool.client_id, jwks_uri="http://127.0.0.1:1/jwks")
    assert "cannot be fetched" in tool.ask_token()[1]["error_description"]


def test_an_encryption_key_does_not_verify(lms: World, tool: FakeTool) -> None:
    tool.key = RSAKey.import_key(tool.key.as_pem(private=True), {"kid": "tool-1", "use": "enc"})
    plain = RSAKey.import_key(tool.key.as_pem(private=True), {"kid": "tool-1"})
    now = int(time.time())
    claims = {
        "iss": tool.client_id,
        "sub": tool.client_id,
        "aud": lms.config.url("/lti/token"),
        "iat": now,
        "exp": now + 60,
        "jti": "j",
    }
    assertion = jwt.encode({"alg": "RS256", "kid": "tool-1"}, claims, plain)
    assert "no signing key" in tool.ask_token(client_assertion=assertion)[1]["error_description"]
