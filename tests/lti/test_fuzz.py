"""Whatever comes in, verification answers with a launch or a refusal, and what it lets through can be kept."""

import copy
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lti.claims import is_storable
from lti.errors import AnswerUnreadable, LaunchRefused
from lti.key_sets import parse
from lti.launch import Launch
from lti.services import next_page
from tests.lti.junk import JUNK, TEXT, places, put
from tests.lti.peer import Began, Desk, claims, deep_linking, sign, sign_raw

DESK = Desk()  # one for all examples: what it remembers is part of the trial
NORMAL = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


def attempt(form: dict[str, Any], cookies: dict[str, str]) -> Launch | LaunchRefused:
    """Verify, letting every other exception through to the test."""
    try:
        return DESK.verify(form, cookies)
    except LaunchRefused as refusal:
        return refusal


def check(outcome: Launch | LaunchRefused) -> None:
    """A refusal has its sentence; what was let through is fit to be kept: encodable, of bounded length."""
    if isinstance(outcome, LaunchRefused):
        assert outcome.status in (400, 401, 403)
        assert len(outcome.sentence) > 40
    else:
        assert all(is_storable(text) and len(text) <= 16_000 for text in _strings(asdict(outcome.message)))
        assert 0 < len(outcome.message.person.sub) <= 255


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from (*_strings(name), *_strings(member))
    elif isinstance(value, list | tuple | frozenset):
        for member in value:
            yield from _strings(member)


def started(*, choosing: bool) -> tuple[Began, dict[str, Any]]:
    began = DESK.begin()
    return began, claims(began.nonce, **(deep_linking() if choosing else {}))


@NORMAL
@given(data=st.data(), choosing=st.booleans())
def test_mutated_claims_are_a_launch_or_a_refusal(data: st.DataObject, choosing: bool) -> None:
    began, payload = started(choosing=choosing)
    payload = copy.deepcopy(payload)
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(places(payload)) or [("sub",)]))
        put(payload, path, data.draw(JUNK), remove=data.draw(st.booleans()))
    check(attempt({"state": began.state, "id_token": sign(payload)}, began.cookies))


@NORMAL
@given(header=st.dictionaries(st.sampled_from(["kid", "typ", "x5c", "jku", "jwk", "cty", "zz", "x5t"]), JUNK))
def test_mutated_headers_are_a_launch_or_a_refusal(header: dict[str, Any]) -> None:
    began, payload = started(choosing=False)
    head = json.dumps({"alg": "RS256", "kid": "one", **header}).encode()
    token = sign_raw(head, json.dumps(payload).encode())
    check(attempt({"state": began.state, "id_token": token}, began.cookies))


@NORMAL
@given(data=st.data())
def test_mangled_payload_bytes_are_a_launch_or_a_refusal(data: st.DataObject) -> None:
    began, payload = started(choosing=data.draw(st.booleans()))
    raw = bytearray(json.dumps(payload).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    check(attempt({"state": began.state, "id_token": sign(bytes(raw))}, began.cookies))


@NORMAL
@given(
    form=st.dictionaries(st.sampled_from(["state", "id_token", "error", "zz"]), TEXT),
    cookies=st.dictionaries(TEXT, TEXT, max_size=2),
    keeps=st.sets(st.sampled_from(["state", "id_token"])),
)
def test_an_odd_form_is_a_launch_or_a_refusal(form: dict[str, str], cookies: dict[str, str], keeps: set[str]) -> None:
    began, payload = started(choosing=False)
    good = {"state": began.state, "id_token": sign(payload)}
    check(attempt({**form, **{name: good[name] for name in keeps}}, {**cookies, **began.cookies}))


@NORMAL
@given(
    params=st.dictionaries(
        st.sampled_from(
            ["iss", "login_hint", "target_link_uri", "client_id", "lti_deployment_id", "lti_storage_target"]
        ),
        TEXT,
    )
)
def test_an_odd_login_is_a_redirect_or_a_refusal(params: dict[str, str]) -> None:
    try:
        began = DESK.begin(**params)
    except LaunchRefused as refusal:
        check(refusal)
    else:
        assert began.redirect.url.startswith("https://lms.example.org/auth?")


@NORMAL
@given(document=JUNK, members=JUNK, header=TEXT)
def test_odd_answers_of_a_platform_are_read_or_left_out(document: Any, members: Any, header: str) -> None:
    parse(json.dumps(document))
    parse(json.dumps({"keys": [members, {"kty": "RSA", "kid": "one", "n": members, "e": members}]}))
    with suppress(AnswerUnreadable):
        next_page(f"<{header}>; rel=next", "https://lms.example.org/1")
