"""Tokens and texts that break parsers end as refusals."""

import json
from typing import Any

import pytest

from lti import claims as c
from lti.errors import LaunchRefused
from lti.messages import ResourceLaunch
from tests.lti.peer import Desk, claims, refused, sign, sign_raw


def verify_raw(desk: Desk, raw: bytes) -> Any:
    began = desk.begin()
    return desk.verify({"state": began.state, "id_token": sign(raw)}, began.cookies)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"7",
        b'"text"',
        b"null",
        b"{",
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 20_000,
        b'{"a":' * 8_000,
        b'{"name": "a\\u0000b"}',
        b'{"name": "a\\ud800b"}',
        b'{"\\udfff": 1}',
        b'{"name": "\xed\xa0\x80"}',
        "{}".encode("utf-16"),
    ],
)
def test_a_payload_that_is_no_plain_json_object_is_malformed(desk: Desk, raw: bytes) -> None:
    with refused("token-malformed"):
        verify_raw(desk, raw)


@pytest.mark.parametrize(
    "token", ["a", "a.b", "a.b.c.d", "é.b.c", "....", "e30.e30.e30!", "%00.a.b", "W10.e30.AA", "eyJh\n.b.c"]
)
def test_what_is_no_token_is_refused(desk: Desk, token: str) -> None:
    began = desk.begin()
    with pytest.raises(LaunchRefused) as caught:
        desk.verify({"state": began.state, "id_token": token}, began.cookies)
    assert caught.value.code in ("token-malformed", "algorithm-refused")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"crit": ["exp"], "exp": 1}, "token-malformed"),
        ({"b64": True}, "token-malformed"),
        ({"kid": 5}, "token-malformed"),
        ({"kid": "k" * 256}, "token-malformed"),
        ({"x5c": "not a list"}, "token-malformed"),
        ({"typ": 5}, "token-malformed"),
    ],
)
def test_an_odd_header_is_refused(desk: Desk, header: dict[str, Any], code: str) -> None:
    began = desk.begin()
    head = json.dumps({"alg": "RS256", "kid": "one", **header}).encode()
    token = sign_raw(head, json.dumps(claims(began.nonce)).encode())
    with refused(code):
        desk.verify({"state": began.state, "id_token": token}, began.cookies)


def test_a_long_header_with_a_certificate_is_taken(desk: Desk) -> None:
    assert desk.launch(header={"x5c": ["MII" * 800], "x5t": "abc", "zz": 1})


def test_a_token_of_more_than_64_kb_is_not_even_parsed(desk: Desk) -> None:
    with refused("token-too-long"):
        desk.launch(name="a" * 70_000)


def test_a_token_that_is_missing_or_null_is_refused(desk: Desk) -> None:
    with refused("token-missing"):
        desk.verify({"state": desk.begin().state})


def test_a_name_beyond_the_first_plane_is_kept(desk: Desk) -> None:
    launch = desk.launch(name="Ada \U0001f98a")
    assert launch.message.person.name == "Ada \U0001f98a"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"sub": "a" * 256}, "claim-malformed"),
        ({"sub": 17}, "claim-malformed"),
        ({"iat": "now"}, "claim-malformed"),
        ({"iat": True}, "claim-malformed"),
        ({"exp": 1e300}, "timestamps-wrong"),
        ({"exp": -1}, "timestamps-wrong"),
        ({"aud": []}, "claim-missing"),
        ({"aud": ["tool-1", 7]}, "claim-malformed"),
        ({"aud": {"tool-1": 1}}, "claim-malformed"),
        ({"iss": ["https://lms.example.org"]}, "claim-malformed"),
        ({"nonce": 5}, "claim-malformed"),
        ({"deployment_id": 1}, "claim-malformed"),
        ({"roles": [["Learner"]]}, "claim-malformed"),
        ({"roles": ["r"] * 101}, "claim-malformed"),
        ({"custom": {"a": {"b": 1}}}, "claim-malformed"),
        ({"custom": {str(number): "x" for number in range(101)}}, "claim-malformed"),
        ({"resource_link": {"id": 9}}, "claim-malformed"),
        ({"ags": {"lineitem": "ftp://lms.example.org/1"}}, "claim-malformed"),
        ({"ags": {"lineitems": "https://user:key@lms.example.org/1"}}, "claim-malformed"),
        ({"ags": {"scope": "one two"}}, "claim-malformed"),
        ({"nrps": {"context_memberships_url": "https://lms.example.org\\@evil/"}}, "claim-malformed"),
        ({"target_link_uri": "https://tool.example.org@evil.example.org/"}, "target-wrong"),
    ],
)
def test_a_claim_of_an_odd_type_or_size_is_a_refusal(desk: Desk, changes: Any, code: str) -> None:
    with refused(code):
        desk.launch(**changes)


def test_null_and_empty_strings_are_absent(desk: Desk) -> None:
    began = desk.begin()
    payload = claims(began.nonce, email="", context={"id": "ctx-3", "title": None, "label": ""})
    payload[c.AGS_ENDPOINT] = None
    launch = desk.verify({"state": began.state, "id_token": sign(payload)}, began.cookies)
    assert isinstance(launch.message, ResourceLaunch)
    assert launch.message.person.email is None
    assert launch.message.place.context_title is None
    assert launch.message.services.lineitem is None


def test_titles_for_people_are_cut_and_a_cut_address_is_dropped(desk: Desk) -> None:
    launch = desk.launch(context={"id": "ctx-3", "title": "t" * 999}, email="a" * 400 + "@example.org")
    assert launch.message.place.context_title == "t" * 255
    assert launch.message.person.email is None
