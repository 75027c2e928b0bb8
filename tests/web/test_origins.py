"""A form of ours is known by what the browser says of it, whichever header that is."""

from __future__ import annotations

import pytest

from plugin.web import origins

HERE = "https://learn.example.org"
SITE, ORIGIN, REFERER = "Sec-Fetch-Site", "Origin", "Referer"


@pytest.mark.parametrize(
    "headers",
    [
        {SITE: "same-origin", ORIGIN: HERE, REFERER: f"{HERE}/learn/1?at=2"},
        {SITE: "same-origin", ORIGIN: HERE},
        {SITE: "same-origin", ORIGIN: "null"},  # as under a policy of no-referrer
        {SITE: "same-origin"},
        {ORIGIN: HERE},
        {ORIGIN: f"{HERE}:443"},
        {REFERER: f"{HERE}/profile"},
        {SITE: "none", REFERER: f"{HERE}/profile"},
    ],
)
def test_one_that_says_it_is_enough(headers: dict[str, str]) -> None:
    assert origins.is_ours(headers, HERE)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {SITE: "none"},
        {ORIGIN: "null"},
        {SITE: "none", ORIGIN: "null"},
        {SITE: "cross-site"},
        {SITE: "same-site"},
        {SITE: "cross-site", ORIGIN: HERE, REFERER: f"{HERE}/profile"},
        {SITE: "same-origin", ORIGIN: "https://evil.example"},
        {SITE: "same-origin", ORIGIN: HERE, REFERER: "https://evil.example/"},
        {ORIGIN: "https://evil.example", REFERER: f"{HERE}/profile"},
        {ORIGIN: "http://learn.example.org"},
        {ORIGIN: f"{HERE}:8443"},
        {ORIGIN: f"{HERE}.evil.example"},
        {REFERER: "https://evil.example/https://learn.example.org/"},
        {REFERER: "https://learn.example.org@evil.example/"},
        {REFERER: "no address"},
    ],
)
def test_silence_and_whatever_names_another_place_are_refused(headers: dict[str, str]) -> None:
    assert not origins.is_ours(headers, HERE)
