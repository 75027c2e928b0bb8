"""What PyLTI1p3's defaults let in or broke on, row by row, and what we do instead."""

import hmac
import json
import threading
import time
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lti import claims as c
from lti import login
from lti.errors import LaunchRefused
from tests.lti.peer import (
    ISSUER,
    NOW,
    TARGET,
    TOOL,
    Desk,
    MemoryPlatforms,
    Reply,
    Request,
    Server,
    claims,
    ec_key,
    key_set,
    platform,
    public,
    refused,
    rsa_key,
    sign,
)

ISSUED = int(NOW.timestamp())


def packed(members: object) -> str:
    """One part of a token."""
    return urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")


def test_the_same_id_token_posted_twice_in_the_same_browser_is_rejected(desk: Desk) -> None:
    began = desk.begin()
    form = {"state": began.state, "id_token": sign(claims(began.nonce))}
    assert desk.verify(form, began.cookies)
    with refused("nonce-used"):
        desk.verify(form, began.cookies)


def test_the_nonce_of_launch_1_with_the_state_of_login_2_is_rejected(desk: Desk) -> None:
    first, second = desk.begin(), desk.begin()
    token = sign(claims(first.nonce, sub="somebody else"))
    with refused("nonce-wrong"):
        desk.verify({"state": second.state, "id_token": token}, second.cookies)
    assert desk.launch(second), "and the refusal used up nothing"


def test_a_token_of_platform_b_with_the_state_and_nonce_of_a_login_at_platform_a_is_rejected() -> None:
    theirs = rsa_key("theirs")
    other = platform(id=2, issuer="https://b.example.org", client_id="tool-b", key_set=key_set(public(theirs)))
    desk = Desk(platforms=MemoryPlatforms(platform(), other))
    with refused("key-unknown|keys-unreachable"):
        desk.launch(key=theirs, header={"kid": "theirs"}, iss=other.issuer, aud="tool-b")
    with refused("issuer-wrong"):
        desk.launch(iss=other.issuer)


def test_a_token_without_exp_and_iat_is_rejected(desk: Desk) -> None:
    with refused("claim-missing"):
        desk.launch(exp=None, iat=None)


def test_a_token_issued_in_1970_that_expires_in_2100_is_rejected(desk: Desk) -> None:
    with refused("token-expired"):
        desk.launch(iat=0, exp=4102444800)


def test_a_token_that_expired_2_s_ago_is_accepted(desk: Desk) -> None:
    assert desk.launch(iat=ISSUED - 62, exp=ISSUED - 2)


def test_a_token_issued_2_s_ahead_is_accepted(desk: Desk) -> None:
    assert desk.launch(iat=ISSUED + 2, exp=ISSUED + 62)


@pytest.mark.parametrize(
    ("dates", "code"),
    [
        ({"iat": ISSUED - 120, "exp": ISSUED - 61}, "token-expired"),
        ({"iat": ISSUED + 61, "exp": ISSUED + 120}, "timestamps-wrong"),
        ({"iat": ISSUED - 661, "exp": ISSUED + 60}, "token-expired"),
        ({"nbf": ISSUED + 61}, "timestamps-wrong"),
    ],
)
def test_the_leeway_is_a_minute_and_the_longest_age_ten(desk: Desk, dates: Any, code: str) -> None:
    with refused(code):
        desk.launch(**dates)


def test_an_audience_of_us_and_evil_authorized_for_evil_is_rejected(desk: Desk) -> None:
    with refused("audience-wrong"):
        desk.launch(aud=["tool-1", "evil"], azp="evil")


def test_an_audience_of_other_and_us_authorized_for_us_is_accepted(desk: Desk) -> None:
    assert desk.launch(aud=["other", "tool-1"], azp="tool-1")


@pytest.mark.parametrize(
    "audience",
    [
        {"aud": ["tool-1", "other"]},
        {"aud": "tool-1", "azp": "evil"},
        {"aud": ["other"], "azp": "tool-1"},
        {"aud": "other"},
    ],
)
def test_an_audience_that_is_not_plainly_ours_is_rejected(desk: Desk, audience: Any) -> None:
    with refused("audience-wrong"):
        desk.launch(**audience)


def test_a_foreign_target_link_uri_is_rejected(desk: Desk) -> None:
    with refused("target-wrong"):
        desk.launch(target_link_uri="https://evil.example.org/lti/open")


def test_a_missing_target_link_uri_is_rejected(desk: Desk) -> None:
    with refused("claim-missing"):
        desk.launch(target_link_uri=None)


def test_a_target_of_ours_that_is_not_the_login_s_is_rejected(desk: Desk) -> None:
    with refused("target-wrong"):
        desk.launch(target_link_uri=TARGET + "/other")


def test_a_deployment_id_that_differs_from_the_login_s_is_rejected() -> None:
    desk = Desk(platforms=MemoryPlatforms(platform(deployments=frozenset({"dep-1", "dep-2"}))))
    with refused("deployment-wrong"):
        desk.launch(desk.begin(lti_deployment_id="dep-2"))
    assert desk.launch(desk.begin(lti_deployment_id="dep-1"))


def test_an_anonymous_launch_is_refused_with_a_clear_sentence(desk: Desk) -> None:
    with refused("anonymous") as caught:
        desk.launch(sub=None)
    assert caught.value.sentence.startswith("Your LMS did not say who you are")
    assert caught.value.status == 403


def test_a_jwk_without_alg_is_taken_by_its_kty() -> None:
    row = platform(key_set=key_set(public(rsa_key("one"), alg=None, use=None)))
    assert Desk(platforms=MemoryPlatforms(row)).launch()


def test_an_ec_key_is_taken_by_its_curve(desk: Desk) -> None:
    assert desk.launch(key=ec_key("curve"), header={"alg": "ES256", "kid": "curve"})


def test_a_jwk_for_encryption_is_rejected() -> None:
    row = platform(key_set=key_set(public(rsa_key("one"), use="enc")), key_set_url="http://127.0.0.1:1/keys")
    with refused("keys-unreachable"):
        Desk(platforms=MemoryPlatforms(row)).launch()


def test_hs256_signed_with_the_public_pem_is_rejected_by_our_own_list(desk: Desk) -> None:
    pem = rsa_key("one").public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    began = desk.begin()
    signed = f"{packed({'alg': 'HS256', 'kid': 'one'})}.{packed(claims(began.nonce))}"
    mac = hmac.digest(pem, signed.encode(), "sha256")
    token = f"{signed}.{urlsafe_b64encode(mac).decode().rstrip('=')}"
    with refused("algorithm-refused"):
        desk.verify({"state": began.state, "id_token": token}, began.cookies)


@pytest.mark.parametrize("alg", ["none", "None", "", None, 5, ["RS256"], "RS384", "PS256"])
def test_a_token_of_another_algorithm_or_none_is_rejected(desk: Desk, alg: object) -> None:
    began = desk.begin()
    token = f"{packed({'alg': alg, 'kid': 'one'})}.{packed(claims(began.nonce))}."
    with refused("algorithm-refused"):
        desk.verify({"state": began.state, "id_token": token}, began.cookies)


def test_a_rotated_key_is_fetched_once_on_its_unknown_kid(server: Server) -> None:
    server.answers["GET /keys"] = Reply({"keys": [public(rsa_key("one")), public(rsa_key("two"))]})
    desk = Desk(platforms=MemoryPlatforms(platform(key_set_url=server.url + "/keys")))
    assert desk.launch(), "the old key is known"
    assert server.count("GET /keys") == 0
    assert desk.launch(key=rsa_key("two"), header={"kid": "two"})
    assert desk.launch(key=rsa_key("two"), header={"kid": "two"})
    assert server.count("GET /keys") == 1
    kept = desk.platforms.rows[1].key_set
    assert kept is not None
    assert '"two"' in kept


def test_a_key_set_address_that_answers_503_with_json_leaves_the_last_good_one(server: Server) -> None:
    server.answers["GET /keys"] = Reply({"error": "busy"}, status=503)
    desk = Desk(platforms=MemoryPlatforms(platform(key_set_url=server.url + "/keys")))
    with refused("keys-unreachable"):
        desk.launch(key=rsa_key("two"), header={"kid": "two"})
    assert desk.launch(), "the known key still opens"
    server.answers["GET /keys"] = Reply({"keys": [public(rsa_key("two"))]})
    desk.now = NOW + timedelta(seconds=61)
    assert desk.launch(key=rsa_key("two"), header={"kid": "two"}), "and the failure is not kept"


def test_a_key_set_host_that_hangs_costs_one_launch_three_seconds(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lti.key_sets.FETCH_SECONDS", 0.2)  # three in service; the test has less time
    over = threading.Event()

    def hang(_: Request) -> Reply:
        over.wait(60)
        return Reply()

    server.answers["GET /keys"] = hang
    desk = Desk(platforms=MemoryPlatforms(platform(key_set_url=server.url + "/keys")))
    began = time.monotonic()
    with refused("keys-unreachable"):
        desk.launch(key=rsa_key("two"), header={"kid": "two"})
    assert time.monotonic() - began < 20
    for _ in range(5):
        with refused("keys-unreachable"):
            desk.launch(key=rsa_key("two"), header={"kid": "two"})
    assert server.count("GET /keys") == 1, "nobody else waits within the minute"
    over.set()


@pytest.mark.parametrize(
    "changes",
    [{"resource_link": "link-9"}, {"context": ["ctx"]}, {"roles": "Learner"}, {"custom": [1]}, {"ags": 7}],
)
def test_a_claim_of_the_wrong_type_is_a_refusal_and_no_error(desk: Desk, changes: Any) -> None:
    with refused("claim-malformed") as caught:
        desk.launch(**changes)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"keys": {}},
        {"keys": ["odd", 7, None, {"kty": "oct", "kid": "one", "k": "c2VjcmV0"}]},
        {"keys": [{"kty": "RSA", "kid": "one", "n": 5, "e": "AQAB"}]},
        {"keys": [{"kty": "RSA", "kid": "one", "n": "!!" * 200, "e": "AQAB"}]},
        {"keys": [{"kty": "EC", "kid": "one", "crv": "P-256", "x": "AA", "y": "AA"}]},
    ],
)
def test_an_odd_key_set_is_a_refusal_and_no_error(server: Server, document: Any) -> None:
    server.answers["GET /keys"] = Reply(document)
    row = platform(key_set=None, key_set_fetched_at=None, key_set_url=server.url + "/keys")
    with refused("keys-unreachable"):
        Desk(platforms=MemoryPlatforms(row)).launch()


def test_an_unknown_issuer_is_a_refusal(desk: Desk) -> None:
    with refused("platform-unknown") as caught:
        desk.begin(iss="https://nobody.example.org")
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("error", "code"), [("login_required", "lms-sign-in-required"), ("invalid_request", "lms-refused")]
)
def test_an_oidc_error_response_is_explained(desk: Desk, error: str, code: str) -> None:
    with refused(code) as caught:
        desk.verify({"error": error, "state": desk.begin().state})
    assert "LMS" in caught.value.sentence


def test_a_login_by_post_with_parameters_in_the_query_string_is_accepted(desk: Desk) -> None:
    query = {"iss": ISSUER, "client_id": "tool-1"}
    form = {"login_hint": "17", "target_link_uri": TARGET}
    redirect = login.begin({**query, **form}, platforms=desk.platforms, sealer=desk.sealer, tool=TOOL, now=NOW)
    assert redirect.url.startswith("https://lms.example.org/auth?")


def test_nothing_unverified_reaches_the_registrations_or_the_nonces(desk: Desk) -> None:
    began = desk.begin()
    desk.platforms.asked = 0
    for state in ("", "x", began.state[:-1], began.state + "x", "é", "a" * 3000):
        with pytest.raises(LaunchRefused):
            desk.verify({"state": state, "id_token": sign(claims(began.nonce))}, began.cookies)
    assert desk.platforms.asked == 0
    with refused("signature-wrong"):
        desk.launch(began, key=rsa_key("another"))
    assert desk.nonces.used == {}


def test_a_platform_that_was_switched_off_after_the_login_is_refused(desk: Desk) -> None:
    began = desk.begin()
    desk.platforms.rows[1] = replace(desk.platforms.rows[1], active=False)
    with refused("platform-disabled"):
        desk.launch(began)
    del desk.platforms.rows[1]
    with refused("platform-unknown"):
        desk.launch(began)


def test_the_claim_names_are_the_standard_s() -> None:
    assert c.MESSAGE_TYPE == "https://purl.imsglobal.org/spec/lti/claim/message_type"
