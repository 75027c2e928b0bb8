"""Login: one redirect, no row; what the state remembers holds the launch to it."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from lti.state import Sealer
from lti.storage import Storage
from tests.lti.peer import (
    ISSUER,
    NOW,
    TARGET,
    TOOL,
    Desk,
    MemoryPlatforms,
    claims,
    platform,
    refused,
    sign,
)


def test_a_login_sends_the_browser_on_with_exactly_what_the_standard_asks(desk: Desk) -> None:
    redirect = desk.begin(login_hint="a b&c", lti_message_hint='{"cmid":2}').redirect
    query = {name: values[0] for name, values in parse_qs(urlsplit(redirect.url).query).items()}
    assert redirect.url.startswith("https://lms.example.org/auth?")
    assert len(query.pop("state")) < 400
    assert len(query.pop("nonce")) >= 20
    assert query == {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": "tool-1",
        "redirect_uri": TOOL.launch_url,
        "login_hint": "a b&c",
        "lti_message_hint": '{"cmid":2}',
    }


def test_an_authorization_address_keeps_its_own_query() -> None:
    desk = Desk(platforms=MemoryPlatforms(platform(authorization_url="https://lms.example.org/auth?site=2")))
    assert desk.begin().redirect.url.startswith("https://lms.example.org/auth?site=2&scope=openid")


def test_two_logins_share_neither_cookie_nor_nonce_nor_secret(desk: Desk) -> None:
    first, second = desk.begin(), desk.begin()
    assert first.redirect.cookie_name != second.redirect.cookie_name
    assert first.redirect.cookie_value != second.redirect.cookie_value
    assert first.nonce != second.nonce
    both = {**first.cookies, **second.cookies}
    for began in (first, second):
        assert desk.verify({"state": began.state, "id_token": sign(claims(began.nonce))}, both).browser_bound


def test_the_state_gives_away_neither_secret_nor_target(desk: Desk) -> None:
    began = desk.begin()
    assert began.redirect.cookie_value not in began.redirect.url
    assert "tool.example.org/lti/open" not in began.state


@pytest.mark.parametrize("name", ["iss", "login_hint", "target_link_uri"])
def test_a_login_without_a_required_parameter_is_refused(desk: Desk, name: str) -> None:
    with refused("login-incomplete"):
        desk.begin(**{name: None})
    with refused("login-incomplete"):
        desk.begin(**{name: ""})


@pytest.mark.parametrize(
    "params",
    [
        {"iss": "i" * 256},
        {"client_id": "c" * 256},
        {"login_hint": "h" * 8001},
        {"lti_message_hint": "h" * 8001},
        {"login_hint": "a\0b"},
        {"lti_deployment_id": "\ud800"},
    ],
)
def test_a_login_with_an_odd_parameter_is_refused(desk: Desk, params: dict[str, str]) -> None:
    with refused("login-malformed"):
        desk.begin(**params)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example.org/lti/open",
        "http://tool.example.org/lti/open",
        "https://tool.example.org:444/lti/open",
        "https://tool.example.org@evil.example.org/",
        "https://tool.example.org\\@evil.example.org/",
        "//evil.example.org",
        "/lti/open",
        "javascript:alert(1)",
        "https://tool.example.org.evil.example.org/",
    ],
)
def test_a_login_for_a_foreign_target_is_refused(desk: Desk, target: str) -> None:
    with refused("target-wrong"):
        desk.begin(target_link_uri=target)


def test_several_clients_on_one_issuer_are_told_apart() -> None:
    second = platform(id=2, client_id="tool-2", deployments=frozenset({"dep-2"}))
    desk = Desk(platforms=MemoryPlatforms(platform(), second))
    with refused("platform-ambiguous"):
        desk.begin(client_id=None)
    assert "client_id=tool-2" in desk.begin(client_id="tool-2").redirect.url
    assert "client_id=tool-2" in desk.begin(client_id=None, lti_deployment_id="dep-2").redirect.url
    with refused("platform-ambiguous"):
        desk.begin(client_id=None, lti_deployment_id="dep-9")


def test_a_platform_that_is_not_active_is_refused_with_a_sentence(desk: Desk) -> None:
    desk.platforms.rows[1] = replace(desk.platforms.rows[1], active=False)
    with refused("platform-disabled") as caught:
        desk.begin()
    assert "approval" in caught.value.sentence
    assert caught.value.status == 403


def test_storage_is_offered_to_the_registered_origin_only(desk: Desk) -> None:
    redirect = desk.begin(lti_storage_target="_parent").redirect
    assert redirect.storage == Storage("_parent", "https://lms.example.org")
    for odd in ("a'b", "", "x" * 65, "a b"):
        redirect = desk.begin(lti_storage_target=odd).redirect
        assert redirect.storage is None


def test_a_launch_without_the_cookie_knows_where_its_secret_is_kept(desk: Desk) -> None:
    began = desk.begin(lti_storage_target="lti_storage")
    form = {"state": began.state, "id_token": sign(claims(began.nonce))}
    assert desk.verify(form).storage == Storage("lti_storage", "https://lms.example.org")
    again = desk.begin(lti_storage_target="lti_storage")
    form = {"state": again.state, "id_token": sign(claims(again.nonce))}
    assert desk.verify(form, again.cookies).storage is None, "nothing to fetch where the cookie came"


def test_a_launch_without_the_cookie_is_genuine_but_not_bound_to_the_browser(desk: Desk) -> None:
    began = desk.begin()
    launch = desk.verify({"state": began.state, "id_token": sign(claims(began.nonce))})
    assert not launch.browser_bound
    assert launch.cookie_name == began.redirect.cookie_name
    assert desk.sealer.proves(began.state, began.redirect.cookie_value, NOW)
    assert not desk.sealer.proves(began.state, "guess", NOW)


def test_a_launch_with_another_login_s_secret_is_refused(desk: Desk) -> None:
    began = desk.begin()
    form = {"state": began.state, "id_token": sign(claims(began.nonce))}
    with refused("browser-wrong"):
        desk.verify(form, {began.redirect.cookie_name: desk.begin().redirect.cookie_value})
    assert desk.verify(form, began.cookies), "and nothing was used up"


def test_a_state_lives_for_ten_minutes(desk: Desk) -> None:
    began = desk.begin()
    desk.now = NOW + timedelta(seconds=601)
    with refused("state-expired"):
        desk.launch(began)
    desk.now = NOW - timedelta(seconds=61)
    with refused("state-expired"):
        desk.launch(began)


def test_a_state_sealed_with_the_previous_secret_still_opens() -> None:
    before, after = Sealer("old secret"), Sealer(["new secret", "old secret"])
    began = Desk(sealer=before).begin()
    assert after.open(began.state, NOW).nonce == began.nonce
    assert Sealer("new secret").open(Desk(sealer=after).begin().state, NOW)
    with refused("state-foreign"):
        Sealer("another").open(began.state, NOW)


def test_a_missing_state_is_refused(desk: Desk) -> None:
    with refused("state-missing"):
        desk.verify({"id_token": "x"})


def test_the_cookie_prefix_is_the_application_s_choice() -> None:
    desk = Desk(sealer=Sealer("secret", cookie_prefix="__Host-lti-"))
    assert desk.begin().redirect.cookie_name.startswith("__Host-lti-")


def test_a_nonce_may_be_forgotten_once_its_state_is_dead(desk: Desk) -> None:
    began = desk.begin()
    desk.launch(began)
    assert desk.nonces.used[began.nonce] == NOW + timedelta(seconds=660)


@pytest.mark.parametrize(
    ("deployments", "adopts", "outcome"),
    [
        ({"dep-1"}, False, False),
        ({"dep-1"}, True, False),
        (set(), True, True),
    ],
)
def test_a_known_deployment_or_the_first_one_is_taken(deployments: set[str], adopts: bool, outcome: bool) -> None:
    row = platform(deployments=frozenset(deployments), adopts_first_deployment=adopts)
    assert Desk(platforms=MemoryPlatforms(row)).launch().adopts_deployment is outcome


@pytest.mark.parametrize(("deployments", "adopts"), [({"dep-9"}, False), (set(), False), ({"dep-9"}, True)])
def test_an_unknown_deployment_is_refused(deployments: set[str], adopts: bool) -> None:
    row = platform(deployments=frozenset(deployments), adopts_first_deployment=adopts)
    with refused("deployment-unknown") as caught:
        Desk(platforms=MemoryPlatforms(row)).launch()
    assert caught.value.status == 403
    assert "dep-1" in caught.value.detail


def test_the_issuer_of_the_login_leads_to_the_platform_and_nothing_else() -> None:
    other = platform(id=2, issuer="https://b.example.org", authorization_url="https://b.example.org/auth")
    desk = Desk(platforms=MemoryPlatforms(platform(), other))
    assert desk.begin(iss="https://b.example.org").redirect.url.startswith("https://b.example.org/auth")
    assert desk.begin(iss=ISSUER, target_link_uri=TARGET).redirect.url.startswith("https://lms.example.org/")
