"""Connections to LMSs: invitations and what registers with them, without HTTP; the pages are in `tests/web`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lti.registration import PlatformConfiguration, Registered
from plugin.actions import organizations, platforms
from plugin.actions.platforms import ByHand, InvitationRefused, PlatformRefused
from plugin.db.audit import AuditEvent
from plugin.db.platforms import Deployment, Invitation, Platform, PlatformState

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BASE = "https://lms.example.org"


@pytest.fixture
def local(session: Session) -> int:
    return organizations.add(session, "Local 1", now=NOW).id


def registered(**changes: Any) -> Registered:
    """What an LMS answered."""
    configuration = PlatformConfiguration(
        issuer=BASE,
        authorization_url=f"{BASE}/auth",
        token_url=f"{BASE}/token",
        key_set_url=f"{BASE}/keys",
        registration_url=f"{BASE}/register",
        token_audience=None,
        family="Moodle",
        version="4.5",
        scopes=frozenset(),
        messages=frozenset(),
    )
    mine = {name: changes.pop(name) for name in ("client_id", "deployment_id") if name in changes}
    return replace(
        Registered(
            configuration=replace(configuration, **changes),
            client_id="client-1",
            deployment_id="1",
            hosts=frozenset({"lms.example.org"}),
        ),
        **mine,
    )


def by_hand(**changes: Any) -> ByHand:
    """What an administrator reads off their LMS."""
    return replace(
        ByHand(
            name="",
            issuer=BASE,
            client_id="client-1",
            authorization_url=f"{BASE}/auth",
            token_url=f"{BASE}/token",
            key_set_url=f"{BASE}/keys",
        ),
        **changes,
    )


# Invitations


def test_an_invitation_is_taken_once_and_works_again_when_it_is_given_back(session: Session, local: int) -> None:
    token = platforms.invite(session, organization=local, now=NOW)
    taken = platforms.take(session, token, now=NOW)
    with pytest.raises(InvitationRefused, match="used already"):
        platforms.take(session, token, now=NOW)
    platforms.give_back(session, taken)
    assert platforms.take(session, token, now=NOW) == taken


def test_an_invitation_that_registered_is_not_given_back(session: Session, local: int) -> None:
    token = platforms.invite(session, organization=local, now=NOW)
    taken = platforms.take(session, token, now=NOW)
    platforms.register(session, taken, registered(), now=NOW)
    session.flush()
    platforms.give_back(session, taken)
    with pytest.raises(InvitationRefused):
        platforms.take(session, token, now=NOW)


def test_a_token_that_nobody_gave_out_is_not_known(session: Session) -> None:
    for token in ("", "made up", "\0", "x" * 10_000):
        with pytest.raises(InvitationRefused, match="not known"):
            platforms.invitation(session, token, now=NOW)


def test_an_invitation_lives_for_seven_days(session: Session, local: int) -> None:
    token = platforms.invite(session, organization=local, now=NOW)
    assert platforms.invitation(session, token, now=NOW + timedelta(days=7, seconds=-1))
    with pytest.raises(InvitationRefused, match="too old"):
        platforms.take(session, token, now=NOW + timedelta(days=7))


# What registers


def take(session: Session, organization: int, **more: Any) -> int:
    return platforms.take(session, platforms.invite(session, organization=organization, now=NOW, **more), now=NOW)


def test_what_registers_waits_or_is_active_as_the_invitation_says(session: Session, local: int) -> None:
    waiting = platforms.register(session, take(session, local), registered(), now=NOW)
    active = platforms.register(session, take(session, local, approve=True), registered(client_id="client-2"), now=NOW)
    assert (waiting.state, waiting.approved_at) == (PlatformState.PENDING, None)
    assert (active.state, active.approved_at) == (PlatformState.ACTIVE, NOW)
    assert waiting.family == "moodle"


def test_instructors_are_trainers_only_where_the_invitation_says_so(session: Session, local: int) -> None:
    usual = platforms.register(session, take(session, local), registered(), now=NOW)
    unions = platforms.register(
        session, take(session, local, instructors_are_trainers=True), registered(client_id="client-2"), now=NOW
    )
    assert (usual.instructors_are_trainers, unions.instructors_are_trainers) == (False, True)


def test_registering_again_does_not_make_trainers_of_instructors(session: Session, local: int) -> None:
    platforms.register(session, take(session, local), registered(), now=NOW)
    again = platforms.register(session, take(session, local, instructors_are_trainers=True), registered(), now=NOW)
    assert not again.instructors_are_trainers


def test_an_lms_without_a_deployment_yet_registers_too(session: Session, local: int) -> None:
    platforms.register(session, take(session, local), registered(deployment_id=None), now=NOW)
    assert session.scalars(select(Deployment)).all() == []


UNKEEPABLE: list[dict[str, Any]] = [
    {"issuer": f"{BASE}/{'x' * 500}"},
    {"key_set_url": f"{BASE}/{'x' * 1000}"},
    {"client_id": "a\0b"},
    {"client_id": "half \ud800"},
    {"deployment_id": "a\nb"},
    {"family": "canvas\0"},
    {"token_audience": "a\0b"},
]


def test_what_cannot_be_kept_is_refused_before_anything_is(session: Session, local: int) -> None:
    for changes in UNKEEPABLE:
        with pytest.raises(PlatformRefused, match="cannot be kept"):
            platforms.register(session, take(session, local), registered(**changes), now=NOW)
    assert session.scalars(select(Platform)).all() == []


def test_a_registration_is_written_down_with_its_issuer(session: Session, local: int) -> None:
    platforms.register(session, take(session, local), registered(), now=NOW)
    session.flush()
    event = session.scalars(select(AuditEvent).where(AuditEvent.deed == "register platform")).one()
    assert event.facts == {"issuer": BASE, "state": "pending"}
    assert session.scalars(select(Invitation.platform_id)).one() is not None


# By hand


def test_a_connection_by_hand_is_active_and_named_by_its_host(session: Session, local: int) -> None:
    platform = platforms.add(session, by_hand(deployments=("1", "2"), family="Canvas"), organization=local, now=NOW)
    assert (platform.state, platform.name, platform.family) == (PlatformState.ACTIVE, "lms.example.org", "canvas")
    assert platform.hosts == ["lms.example.org"]
    assert len(session.scalars(select(Deployment)).all()) == 2


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"issuer": "lms.example.org"}, "issuer: write the whole address"),
    ({"authorization_url": "javascript:alert(1)"}, "authorization URL: write the whole address"),
    ({"token_url": ""}, "token URL: write the whole address"),
    ({"key_set_url": f"{BASE}/{'x' * 1000}"}, "key set URL: write the whole address"),
    ({"issuer": "http://lms.example.org"}, "issuer: has to begin with https"),
    ({"client_id": ""}, "client id: write"),
    ({"client_id": " client-1"}, "client id: write"),
    ({"client_id": "x" * 256}, "client id: write"),
    ({"name": "x" * 201}, "name: write"),
    ({"family": "x" * 65}, "family: write"),
    ({"token_audience": "a\0b"}, "token audience: write"),
]


def test_what_cannot_be_right_is_refused_by_its_name(session: Session, local: int) -> None:
    for changes, says in WRONG:
        with pytest.raises(PlatformRefused, match=says):
            platforms.add(session, by_hand(**changes), organization=local, now=NOW)
    assert session.scalars(select(Platform)).all() == []
    with pytest.raises(PlatformRefused, match="deployment id: write"):
        platforms.add(session, by_hand(deployments=("",)), organization=local, now=NOW)


def test_in_development_an_lms_may_be_without_tls(session: Session, local: int) -> None:
    given = by_hand(
        issuer="http://127.0.0.1:1",
        authorization_url="http://127.0.0.1:1/a",
        token_url="http://127.0.0.1:1/t",
        key_set_url="http://127.0.0.1:1/k",
    )
    assert platforms.add(session, given, organization=local, plain_http=True, now=NOW).hosts == ["127.0.0.1"]


def test_the_same_client_is_connected_once(session: Session, local: int) -> None:
    platforms.add(session, by_hand(), organization=local, now=NOW)
    with pytest.raises(PlatformRefused, match="connected already"):
        platforms.add(session, by_hand(), organization=local, now=NOW)
    other = organizations.add(session, "Local 2", now=NOW)
    with pytest.raises(PlatformRefused, match="connected already"):
        platforms.add(session, by_hand(), organization=other.id, now=NOW)


def test_what_we_tell_an_lms_is_at_our_own_address() -> None:
    described = platforms.described("https://learn.example.org")
    addresses = [value for value in vars_of(described) if value.startswith("http")]
    assert len(addresses) >= 6
    assert all(
        address.startswith("https://learn.example.org/") or address == "https://learn.example.org"
        for address in addresses
    )


def vars_of(described: Any) -> list[str]:
    return [value for name in described.__slots__ if isinstance(value := getattr(described, name), str)]
