"""Platform keys: where they come from, how often a host is asked, and what survives its failures."""

import threading
import time
from datetime import timedelta
from typing import Any

from lti.key_sets import parse
from tests.lti.peer import (
    NOW,
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


def at(server: Server, **changes: Any) -> Desk:
    """A desk whose platform publishes its keys on this server."""
    return Desk(platforms=MemoryPlatforms(platform(key_set_url=server.url + "/keys", **changes)))


def test_the_first_launch_fetches_the_keys_and_keeps_them(server: Server) -> None:
    server.answers["GET /keys"] = Reply({"keys": [public(rsa_key("one"))]})
    desk = at(server, key_set=None, key_set_fetched_at=None)
    assert desk.launch()
    assert desk.launch()
    assert server.count("GET /keys") == 1
    assert server.requests[0].headers["User-Agent"] == "practice/1"
    row = desk.platforms.rows[1]
    assert row.key_set == key_set(public(rsa_key("one")))
    assert row.key_set_fetched_at == NOW


def test_an_unknown_kid_asks_at_most_once_a_minute(server: Server) -> None:
    server.answers["GET /keys"] = Reply({"keys": [public(rsa_key("one"))]})
    desk = at(server)
    for seconds, asked in [(0, 1), (1, 1), (59, 1), (61, 2)]:
        desk.now = NOW + timedelta(seconds=seconds)
        with refused("key-unknown"):
            desk.launch(desk.begin(), header={"kid": f"kid-{seconds}"})
        assert server.count("GET /keys") == asked


def test_a_set_that_another_process_just_fetched_is_not_fetched_again(server: Server) -> None:
    desk = at(server, key_set_fetched_at=NOW - timedelta(seconds=30))
    with refused("key-unknown"):
        desk.launch(header={"kid": "two"})
    assert server.requests == []


def test_a_set_that_another_process_keeps_is_taken_over(server: Server) -> None:
    desk = at(server)
    assert desk.launch()
    desk.platforms.keep_key_set(1, key_set(public(rsa_key("two"))), NOW)
    assert desk.launch(key=rsa_key("two"), header={"kid": "two"})
    with refused("key-unknown"):
        desk.launch()
    assert server.requests == []


def test_a_set_is_read_again_after_a_day_so_that_withdrawn_keys_die(server: Server) -> None:
    server.answers["GET /keys"] = Reply({"keys": [public(rsa_key("two"))]})
    desk = at(server, key_set_fetched_at=NOW - timedelta(hours=25))
    with refused("key-unknown"):
        desk.launch()
    assert server.count("GET /keys") == 1


def test_a_stale_set_serves_while_its_host_is_away(server: Server) -> None:
    server.answers["GET /keys"] = Reply(b"<html>gateway</html>", status=502)
    desk = at(server, key_set_fetched_at=NOW - timedelta(days=9))
    assert desk.launch()
    assert desk.launch()
    assert server.count("GET /keys") == 1
    desk.now = NOW + timedelta(minutes=16)
    now = int(desk.now.timestamp())
    assert desk.launch(desk.begin(), iat=now, exp=now + 60)
    assert server.count("GET /keys") == 2


def test_a_key_set_without_a_usable_key_does_not_replace_the_good_one(server: Server) -> None:
    server.answers["GET /keys"] = Reply({"keys": [public(rsa_key("one"), use="enc")]})
    desk = at(server)
    with refused("keys-unreachable"):
        desk.launch(header={"kid": "two"})
    assert desk.launch()


def test_a_redirect_of_the_key_set_is_not_followed(server: Server) -> None:
    server.answers["GET /keys"] = Reply(status=302, headers={"Location": server.url + "/other"})
    server.answers["GET /other"] = Reply({"keys": [public(rsa_key("two"))]})
    with refused("keys-unreachable"):
        at(server).launch(key=rsa_key("two"), header={"kid": "two"})
    assert server.count("GET /other") == 0


def test_a_key_set_of_more_than_a_megabyte_is_refused_and_one_of_100_kb_read(server: Server) -> None:
    server.answers["GET /keys"] = Reply({"keys": [public(rsa_key("two"))], "padding": "x" * 1_000_000})
    desk = at(server)
    with refused("keys-unreachable"):
        desk.launch(key=rsa_key("two"), header={"kid": "two"})
    server.answers["GET /keys"] = Reply({"keys": [public(rsa_key("two"))], "padding": "x" * 100_000})
    desk.now = NOW + timedelta(seconds=61)
    assert desk.launch(desk.begin(), key=rsa_key("two"), header={"kid": "two"})


def test_launches_that_arrive_while_the_keys_are_fetched_wait_for_them(server: Server) -> None:
    def slowly(_: Request) -> Reply:
        time.sleep(0.1)
        return Reply({"keys": [public(rsa_key("two"))]})

    server.answers["GET /keys"] = slowly
    desk = at(server)
    forms = []
    for began in [desk.begin() for _ in range(6)]:
        token = sign(claims(began.nonce), rsa_key("two"), kid="two")
        forms.append(({"state": began.state, "id_token": token}, began.cookies))
    entered: list[bool] = []
    threads = [
        threading.Thread(target=lambda form, cookies: entered.append(bool(desk.verify(form, cookies))), args=form)
        for form in forms
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert entered == [True] * 6
    assert server.count("GET /keys") == 1


def test_keys_are_told_apart_by_algorithm_when_they_share_a_kid() -> None:
    row = platform(key_set=key_set(public(rsa_key("one")), public(ec_key("curve"), kid="one")))
    desk = Desk(platforms=MemoryPlatforms(row))
    assert desk.launch()
    assert desk.launch(desk.begin(), key=ec_key("curve"), header={"alg": "ES256", "kid": "one"})


def test_what_a_key_says_of_itself_is_heeded() -> None:
    rsa = rsa_key("one")

    def usable(**changes: Any) -> bool:
        return bool(parse(key_set(public(rsa, **changes))))

    assert usable()
    assert usable(alg=None, use=None)
    assert usable(key_ops=["verify"])
    assert usable(x5c="odd", zz=[1])
    assert not usable(use="enc")
    assert not usable(use=["sig"])
    assert not usable(alg="RS384")
    assert not usable(alg="RSA-OAEP")
    assert not usable(key_ops=["sign"])
    assert not usable(key_ops="verify")
    assert not usable(kid=None)
    assert not usable(kid=5)
    assert not usable(n=public(rsa)["n"][:171])  # 1024 bits
    assert not usable(e="AA")
    assert parse("[" * 100_000) == ()


def test_a_private_key_published_by_mistake_is_read_as_its_public_half() -> None:
    found = parse(key_set(rsa_key("one").as_dict(private=True)))
    assert [key.key.is_private for key in found] == [False]
