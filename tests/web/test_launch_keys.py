"""The LMS's keys, at the launch endpoint: odd ones, rotated ones, and hosts that fail or hang."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey
from sqlalchemy import select

from plugin.db.platforms import Platform
from plugin.web.wiring import Wiring
from tests.arrivals import forget_platforms, nothing_kept, set_platform, travel
from tests.connected import OFFERING, Connect, Connected
from tests.demo_lms import log_in
from tests.demo_lms.faults import HELD, Fault
from tests.refusals import assert_refused


@pytest.fixture
def fresh(connect: Connect) -> Connected:
    """An LMS whose keys were never asked for; `link` is placed by hand."""
    made = connect(place=False)
    made.link = made.world.add_link("By hand", context=made.context, custom={"practicum_offering": OFFERING})
    return made


def publishes(connected: Connected, document: Any, **more: Any) -> Fault:
    """From now on the LMS's key set address answers with this."""
    body = document if isinstance(document, str | bytes) else json.dumps(document)
    return connected.world.faults.add("registration.key_set", body=body, **more)


ODD_KEY_SETS: dict[str, Any] = {
    "no keys": {},
    "keys is a string": {"keys": "none"},
    "odd keys": {"keys": [7, None, {"kty": "OKP"}, {"kty": "RSA", "kid": 7}, {"kty": "RSA", "n": "!", "e": "?"}]},
    "not JSON": "<html>Sign in</html>",
    "endless nesting": "[" * 100_000,
    "not UTF-8": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("name", list(ODD_KEY_SETS))
def test_an_odd_key_set_is_refused_in_words(fresh: Connected, name: str) -> None:
    publishes(fresh, ODD_KEY_SETS[name])
    with nothing_kept(fresh):
        page = fresh.forge("ada").page
    assert_refused(page, status=401)


def test_a_key_for_encryption_verifies_nothing(fresh: Connected) -> None:
    key = fresh.world.keys.current.as_dict(private=False)
    publishes(fresh, {"keys": [{**key, "use": "enc"}]})
    with nothing_kept(fresh):
        page = fresh.forge("ada").page
    assert_refused(page, status=401)


def test_a_key_without_alg_and_a_key_on_a_curve_are_used_by_their_kind(fresh: Connected) -> None:
    curve = ECKey.generate_key("P-256", {"kid": "curve"})
    plain = fresh.world.keys.current.as_dict(private=False)
    plain.pop("alg", None)
    publishes(fresh, {"keys": [plain, curve.as_dict(private=False)]})
    assert "/learn/" in fresh.forge("ada").page.url
    login = log_in(fresh.world, "ben", fresh.link)
    token = jwt.encode({"alg": "ES256", "kid": "curve"}, login.claims(), curve, algorithms=["ES256"])
    assert "/learn/" in login.post(token).url


@pytest.mark.parametrize("trouble", [{"status": 503, "body": '{"keys": []}'}, {"drop": True}], ids=["503", "dropped"])
def test_while_the_key_set_cannot_be_had_nobody_new_gets_in_and_a_minute_later_they_do(
    fresh: Connected, trouble: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    fault = fresh.world.faults.add("registration.key_set", **trouble)
    with nothing_kept(fresh):
        page = fresh.forge("ada").page
    assert_refused(page, status=401, says="could not reach your LMS")
    fresh.world.faults.remove(fault)
    travel(monkeypatch, timedelta(seconds=61), with_lms=fresh)
    assert "/learn/" in fresh.forge("ada").page.url


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # it takes its three seconds
def test_a_key_set_host_that_hangs_is_given_up_within_seconds(fresh: Connected) -> None:
    fresh.world.faults.add("registration.key_set", delay=HELD, times=1, status=200, body="late")
    with nothing_kept(fresh):
        page = fresh.forge("ada").page
    fresh.world.faults.clear()
    assert_refused(page, status=401, says="could not reach your LMS")


def test_while_the_key_set_host_fails_the_last_good_keys_go_on(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected.launch("ada")
    connected.world.faults.add("registration.key_set", status=500)
    travel(monkeypatch, timedelta(days=2), with_lms=connected)
    assert "/learn/" in connected.forge("ben").page.url
    with connected.database() as session:
        assert session.scalars(select(Platform.key_set)).one() is not None


def test_another_process_knows_the_last_good_keys_from_the_database(connected: Connected) -> None:
    connected.launch("ada")
    connected.app.extensions["practicum"].key_sets._memories.clear()  # as in a process that was just started
    connected.world.faults.add("registration.key_set", drop=True)
    assert "/learn/" in connected.launch("ben").page.url


def test_a_key_that_the_lms_rotated_is_fetched_once_when_it_is_first_met(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected.launch("ada")
    connected.world.keys.rotate(retire_old=True)
    travel(monkeypatch, timedelta(seconds=61), with_lms=connected)
    asked = len(connected.world.requests_to("registration.key_set"))
    assert "/learn/" in connected.forge("ada").page.url
    assert "/learn/" in connected.forge("ben").page.url
    assert len(connected.world.requests_to("registration.key_set")) == asked + 1


def test_while_an_lms_is_asked_for_its_keys_no_connection_to_the_database_is_held(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow LMS costs its own people time, and nobody else."""
    wiring: Wiring = connected.app.extensions["practicum"]
    set_platform(connected, key_set=None, key_set_fetched_at=None)
    wiring.key_sets._memories.clear()
    forget_platforms(connected)
    for spares in (wiring.writers, wiring.readers):
        spares.close()  # of requests before this one
    held: list[int] = []
    fetch = wiring.http.get

    def looking(*arguments: Any, **options: Any) -> Any:
        held.append(wiring.engine.pool.checkedout())  # type: ignore[attr-defined]  # of a queue of connections
        return fetch(*arguments, **options)

    monkeypatch.setattr(wiring.http, "get", looking)
    assert "/learn/" in connected.launch("ada").page.url
    assert held == [0]


def test_launches_with_made_up_kids_do_not_make_us_ask_the_lms_each_time(connected: Connected) -> None:
    connected.launch("ada")
    asked = len(connected.world.requests_to("registration.key_set"))
    for number in range(5):
        page = connected.forge("ada", header={"kid": f"made-up-{number}"}).page
        assert_refused(page, status=401, says="does not publish")
    assert len(connected.world.requests_to("registration.key_set")) == asked
