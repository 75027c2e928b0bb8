"""Connecting an LMS by dynamic registration: what the administrator sees, what is refused, what is kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from plugin import clock
from plugin.actions import organizations
from plugin.db.audit import AuditEvent
from plugin.db.platforms import Deployment, Invitation, Platform, PlatformState
from tests.connected import Connect, Connected
from tests.demo_lms import Browser, Habits, Page, World, addresses, register_tool, running_lms
from tests.demo_lms.keys import PlatformKeys
from tests.refusals import assert_refused

Second = Callable[..., World]

OFFERED = {"practicum_offering": "TST-01"}


@pytest.fixture
def lms(connect: Connect) -> Connected:
    """An installation and an LMS that was registered with it, without a link."""
    return connect(place=False)


@pytest.fixture
def second(platform_keys: PlatformKeys, request: pytest.FixtureRequest) -> Second:
    """Start another LMS."""

    def start(**fields: Any) -> World:
        running = running_lms(keys=platform_keys.copy(), **fields)
        _, world = running.__enter__()
        request.addfinalizer(lambda: running.__exit__(None, None, None))
        return world

    return start


def opened(world: World, address: str, *, token: str | None = None) -> str:
    """The registration page's address as an LMS opens it."""
    return addresses.registration_page(world, address, token or world.new_registration_token(tool_url=address))


def pressed(world: World, address: str, *, token: str | None = None) -> Page:
    """Open the page inside the LMS and press its button."""
    browser = Browser()
    page = browser.open(opened(world, address, token=token))
    return browser.submit(page) if page.forms else page


def platforms(connected: Connected) -> list[Platform]:
    with connected.database() as session:
        return list(session.scalars(select(Platform).order_by(Platform.id)))


def test_the_page_says_what_connects_with_what_and_does_nothing_before_the_button(
    connected: Connected, second: Second
) -> None:
    world = second()
    page = Browser().open(opened(world, connected.invite()))
    assert page.status == 200
    assert world.config.issuer.removeprefix("http://") in page.text
    assert "Local 1" in page.text
    assert "an administrator of the union approves" in page.text
    assert len(platforms(connected)) == 1
    assert f"{world.config.issuer.removeprefix('http://')}" in page.headers["Content-Security-Policy"]


def test_a_registered_lms_waits_for_approval_unless_the_link_approves(connected: Connected, second: Second) -> None:
    waiting, approved = second(), second()
    assert "waits for the union" in pressed(waiting, connected.invite()).text
    assert "instructors can add offerings" in pressed(approved, connected.invite(approve=True)).text
    states = {platform.issuer: platform.state for platform in platforms(connected)}
    assert states[waiting.config.issuer] is PlatformState.PENDING
    assert states[approved.config.issuer] is PlatformState.ACTIVE


def test_from_a_pending_lms_nobody_comes_in_until_it_is_approved(connect: Connect) -> None:
    connected = connect(approve=False, place=False)
    link = connected.world.add_link("By hand", context=connected.context, custom={"practicum_offering": "TST-01"})
    assert_refused(connected.launch("ada", link).page, status=403, says="may still wait for approval")
    with connected.database() as session:
        session.get_one(Platform, connected.platform_id).state = PlatformState.ACTIVE
    assert "/learn/" in connected.launch("ada", link).page.url


def test_what_is_kept_of_an_lms_is_what_it_said(lms: Connected) -> None:
    (platform,) = platforms(lms)
    config = lms.world.config
    assert platform.issuer == config.issuer
    assert platform.client_id == lms.tool.client_id
    assert platform.key_set_url == config.url(addresses.KEY_SET)
    assert platform.token_url == config.url(addresses.TOKEN)
    assert platform.family == "riverbend"
    assert platform.hosts == ["127.0.0.1"]
    assert not platform.shared_client
    assert lms.count(Deployment) == 1
    assert lms.count(AuditEvent, AuditEvent.deed == "register platform") == 1


def test_the_lms_is_told_one_address_for_each_purpose_and_no_more_scopes_than_are_used(lms: Connected) -> None:
    tool = lms.world.tool()
    assert tool.redirect_uris == (lms.url("/lti/launch"),)
    assert tool.initiate_login_uri == lms.url("/lti/login")
    assert tool.jwks_uri == lms.url("/lti/jwks.json")
    assert tool.target_link_uri == lms.url("/")
    assert tool.custom["context_id_history"] == "$Context.id.history"


# Links that do not work


def test_a_used_link_says_so_on_opening_and_on_pressing(connected: Connected, second: Second) -> None:
    world, address = second(), connected.invite()
    pressed(world, address)
    assert_refused(pressed(world, address), status=410, says="used already")
    body = {"openid_configuration": world.config.url(addresses.CONFIGURATION)}
    assert_refused(Browser().post(address, body), status=410, says="used already")


def test_a_link_that_nobody_made_says_so(connected: Connected, second: Second) -> None:
    assert_refused(pressed(second(), connected.url("/lti/register/made-up")), status=410, says="is not known")


def test_a_link_lives_for_seven_days(connected: Connected, second: Second, monkeypatch: pytest.MonkeyPatch) -> None:
    address = connected.invite()
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(days=7, seconds=1))
    assert_refused(pressed(second(), address), status=410, says="too old")


def test_a_link_opened_outside_an_lms_says_where_it_belongs_and_is_not_used_up(
    connected: Connected, second: Second
) -> None:
    address = connected.invite()
    for odd in ("", "?openid_configuration=javascript:alert(1)", "?openid_configuration=https://user:pw@lms.example/"):
        assert_refused(Browser().open(address + odd), status=400, says="belongs into the LMS's page")
    assert_refused(Browser().post(address, {}), status=400, says="address of the LMS is missing")
    assert "waits for the union" in pressed(second(), address).text


def test_of_two_windows_with_one_link_one_registers(connected: Connected, second: Second) -> None:
    world, address = second(), connected.invite()
    token = world.new_registration_token(tool_url=address)
    browser = Browser()
    page = browser.open(opened(world, address, token=token))
    barrier = Barrier(3)

    def press(_: int) -> Page:
        barrier.wait()
        return Browser().submit(page)

    with ThreadPoolExecutor(3) as pool:
        pages = list(pool.map(press, range(3)))
    assert sorted(found.status for found in pages) == [200, 410, 410]
    assert len(platforms(connected)) == 2


# LMSs that do not go along


def test_when_the_lms_refuses_the_link_works_again(connected: Connected, second: Second) -> None:
    world, address = second(), connected.invite()
    used = world.new_registration_token(tool_url=address)
    with world.lock:
        world.registration_tokens[used] = replace(world.registration_tokens[used], used=True)
    assert_refused(pressed(world, address, token=used), status=400, says="used already or is too old")
    assert connected.count(Invitation, Invitation.used_at.is_(None)) == 1
    assert "waits for the union" in pressed(world, address).text


@pytest.mark.parametrize(
    "trouble",
    [
        {"where": "registration.configuration", "status": 500},
        {"where": "registration.configuration", "body": "<html>Sign in</html>"},
        {"where": "registration.configuration", "body": json.dumps(["no object"])},
        {"where": "registration.configuration", "drop": True},
        {"where": "registration.register", "status": 503},
        {"where": "registration.register", "body": json.dumps({"client_id": {"a": 1}})},
        {"where": "registration.register", "body": json.dumps({"client_id": "with\0nul"})},
        {"where": "registration.register", "body": json.dumps({"client_id": "half \ud800"})},
    ],
    ids=lambda trouble: f"{trouble['where']}-{trouble.get('status') or str(trouble.get('body'))[:16] or 'dropped'}",
)
def test_an_lms_in_trouble_is_answered_in_words_and_the_link_works_again(
    connected: Connected, second: Second, trouble: dict[str, Any]
) -> None:
    world, address = second(), connected.invite()
    world.faults.add(**trouble)
    assert_refused(pressed(world, address))
    assert len(platforms(connected)) == 1
    world.faults.clear()
    assert "waits for the union" in pressed(world, address).text


def configuration_of(world: World, **changes: Any) -> str:
    """The LMS's configuration, with changes."""
    page = Browser().open(world.config.url(addresses.CONFIGURATION))
    return json.dumps({**json.loads(page.body), **changes})


def test_nobody_registers_under_another_lmss_name(connected: Connected, second: Second) -> None:
    world, address = second(), connected.invite(approve=True)
    world.faults.add(
        "registration.configuration", body=configuration_of(world, issuer="https://canvas.instructure.com")
    )
    assert_refused(pressed(world, address), status=400, says="belongs to another host")
    assert len(platforms(connected)) == 1


def test_an_address_that_is_longer_than_its_column_is_refused_in_words(connected: Connected, second: Second) -> None:
    world, address = second(), connected.invite()
    long = world.config.url("/" + "a" * 1200)
    world.faults.add("registration.configuration", body=configuration_of(world, jwks_uri=long))
    assert_refused(pressed(world, address), status=409, says="an address that is too long")
    world.faults.clear()
    world.faults.add("registration.configuration", body=configuration_of(world, jwks_uri="javascript:alert(1)"))
    assert_refused(pressed(world, address))


def test_outside_development_a_private_address_is_never_called(
    connect: Connect, second: Second, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = connect(place=False)
    http = connected.app.extensions["practicum"].http
    monkeypatch.setattr(http.guard, "allow_private", False)
    world = second()
    for host in ("127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1", "[::1]"):
        for scheme in ("http", "https"):
            configuration = f"{scheme}://{host}:{world.config.issuer.rpartition(':')[2]}{addresses.CONFIGURATION}"
            page = Browser().open(connected.invite() + "?" + urlencode({"openid_configuration": configuration}))
            assert_refused(Browser().submit(page), status=400, says="must not call")
    assert not world.requests_to("registration.configuration")
    assert len(platforms(connected)) == 1


# Registering again


def test_registering_again_updates_the_same_connection(lms: Connected) -> None:
    register_tool(lms.world, lms.invite())
    assert len(platforms(lms)) == 1
    assert platforms(lms)[0].state is PlatformState.ACTIVE
    assert "/learn/" in lms.launch("ada", lms.world.add_link("L", context="RPD-2026", custom=OFFERED)).page.url


def test_a_connection_that_moves_its_keys_waits_for_approval_again(lms: Connected) -> None:
    """Whoever may say where keys come from may let anybody in: that needs an administrator, or a link that approves."""
    with lms.database() as session:
        platform = session.get_one(Platform, lms.platform_id)
        platform.key_set, platform.key_set_fetched_at = '{"keys": []}', datetime.now(UTC)
    moved = lms.world.config.url("/lti/jwks?moved")
    lms.world.faults.add("registration.configuration", body=configuration_of(lms.world, jwks_uri=moved))
    assert "waits for the union" in pressed(lms.world, lms.invite()).text
    (platform,) = platforms(lms)
    assert (platform.state, platform.key_set_url) == (PlatformState.PENDING, moved)
    assert platform.key_set is None, "keys of the former address open nothing"
    assert "instructors can add offerings" in pressed(lms.world, lms.invite(approve=True)).text
    assert platforms(lms)[0].state is PlatformState.ACTIVE


def test_a_connection_that_was_switched_off_stays_off(lms: Connected) -> None:
    with lms.database() as session:
        session.get_one(Platform, lms.platform_id).state = PlatformState.DISABLED
    register_tool(lms.world, lms.invite(approve=True))
    assert platforms(lms)[0].state is PlatformState.DISABLED


def test_another_organizations_client_is_refused_and_its_link_works_again(lms: Connected) -> None:
    with lms.database() as session:
        organizations.add(session, "Local 2", now=datetime.now(UTC))
    address = lms.invite(organization="Local 2", approve=True)
    assert_refused(pressed(lms.world, address), status=409, says="belongs to another organization")
    assert [platform.organization_id for platform in platforms(lms)] == [lms.organization_id]
    assert lms.count(Invitation, Invitation.used_at.is_(None)) == 1


def test_canvas_opens_its_configuration_to_bearers_of_its_token_only(connect: Connect) -> None:
    connected = connect(habits=Habits(configuration_needs_token=True, registration_status=200))
    assert "/learn/" in connected.launch("ada").page.url


def test_the_configuration_for_canvas_is_for_everybody_and_names_our_own_addresses(lms: Connected) -> None:
    page = Browser().open(lms.url("/lti/canvas.json"))
    document = json.loads(page.text)
    assert page.headers["Content-Type"] == "application/json"
    assert document["oidc_initiation_url"] == lms.url("/lti/login")
    assert document["redirect_uris"] == [lms.url("/lti/launch")]
    assert "Set-Cookie" not in page.headers
