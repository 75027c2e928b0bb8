"""The usual login is answered before Flask begins, and alike."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from werkzeug.test import Client, TestResponse

from tests.cast import Cast

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def seen(app: Flask) -> list[str]:
    """The requests that came to Flask, by their paths."""
    found: list[str] = []
    flask = app.full_dispatch_request

    def noting() -> Any:
        found.append("flask")
        return flask()

    app.full_dispatch_request = noting  # type: ignore[method-assign]
    return found


def usual(cast: Cast, **changes: str) -> dict[str, str]:
    platform = cast.here.platform
    return {
        "iss": platform.issuer,
        "client_id": platform.client_id,
        "login_hint": "Zoë & 1001",
        "lti_message_hint": '{"a": "ü"}',
        "target_link_uri": cast.app.extensions["practicum"].settings.base_url + "/",
        **changes,
    }


def send(cast: Cast, fields: Any, query: str = "", **options: Any) -> TestResponse:
    body = fields if isinstance(fields, bytes) else urlencode(fields)
    client = Client(cast.app, use_cookies=False)
    return client.post("/lti/login" + query, data=body, **{"content_type": FORM, **options})


def test_the_answer_is_that_of_the_view(cast: Cast, seen: list[str]) -> None:
    quick = send(cast, usual(cast))
    assert seen == []
    slow = send(cast, usual(cast), query="?anything=else")
    assert seen == ["flask"]
    assert quick.status_code == slow.status_code == 302
    kept = [dict(answer.headers) for answer in (quick, slow)]
    for headers in kept:
        cookie = headers.pop("Set-Cookie")
        name, _, attributes = cookie.partition("=")
        headers["cookie"] = name[: len("__Host-lti-")] + attributes.partition(";")[2]
        asked = parse_qs(urlsplit(headers.pop("Location")).query)
        assert asked["login_hint"] == ["Zoë & 1001"]
        headers["asked"] = str(sorted((key, value) for key, value in asked.items() if key not in ("state", "nonce")))
        headers.pop("Content-Type", None)
    assert kept[0] == kept[1]


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://nobody.example.org"},
        {"target_link_uri": "https://elsewhere.example.org/"},
        {"login_hint": ""},
    ],
)
def test_a_refusal_is_left_to_the_view_which_has_a_page_for_it(
    cast: Cast, seen: list[str], change: dict[str, str]
) -> None:
    answer = send(cast, usual(cast, **change))
    assert seen == ["flask"]
    assert 400 <= answer.status_code < 500
    assert "<h1" in answer.text


def test_a_platform_that_offers_storage_is_left_to_the_view(cast: Cast, seen: list[str]) -> None:
    assert send(cast, usual(cast, lti_storage_target="_parent")).status_code < 400
    assert seen == ["flask"]


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        (b"iss=a&iss=b&login_hint=1", {}),
        (b"iss=\xff\xfe", {}),
        (b"&".join(b"a%d=1" % number for number in range(60)), {}),
        (b"", {}),
        (b"a=" + b"b" * 40_000, {}),
        (b"iss=a", {"content_type": "text/plain"}),
    ],
)
def test_odd_bodies_are_refused_by_the_view(cast: Cast, seen: list[str], fields: bytes, options: Any) -> None:
    answer = send(cast, fields, **options)
    assert seen == ["flask"]
    assert 400 <= answer.status_code < 500
    assert "<h1" in answer.text


def test_logins_that_never_came_back_are_swept_by_the_view(cast: Cast, seen: list[str]) -> None:
    old = "; ".join(f"__Host-lti-{number:012d}=x" for number in range(9))
    answer = send(cast, usual(cast), headers={"Cookie": old})
    assert seen == ["flask"]
    assert len(answer.headers.getlist("Set-Cookie")) == 10
