"""One call over a connection: whatever the other side does, it ends in time, and what follows is not spoilt by it."""

import gzip
import time
from collections.abc import Iterable, Iterator
from itertools import chain, repeat

import pytest

from lti import connections
from lti.errors import AnswerUnreadable, Unreachable
from lti.http import Answer
from tests.lti.peer import Reply, Server, http
from tests.lti.raw import RawServer, whole

HEAD = b"HTTP/1.1 200 OK\r\n"


def said(pieces: Iterable[bytes], *, pause: float = 0.0, seconds: float = 5.0, longest: int = 10_000) -> Answer:
    """What a client makes of these very bytes, after which the connection ends."""
    with RawServer(lambda _line: pieces, pause=pause, hangs_up=True) as server:
        return http().send("GET", server.url, headers={}, seconds=seconds, longest=longest)


DRIPS = {
    "the status": repeat(b"H"),
    "a header": chain([HEAD + b"X-Never-Ends: "], repeat(b"x")),
    "headers": chain([HEAD], repeat(b"X: y\r\n")),
    "answers that are none yet": repeat(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a body": chain([HEAD + b"Content-Length: 9999\r\n\r\n"], repeat(b"x")),
    "the size of a chunk": chain([HEAD + b"Transfer-Encoding: chunked\r\n\r\n"], repeat(b"0")),
    "chunks": chain([HEAD + b"Transfer-Encoding: chunked\r\n\r\n"], repeat(b"1\r\nx\r\n")),
    "the last headers": chain([HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"], repeat(b"X: y\r\n")),
}


@pytest.mark.parametrize("what", DRIPS)
def test_whatever_drips_ends_at_the_deadline(what: str) -> None:
    began = time.monotonic()
    with pytest.raises(Unreachable):
        said(DRIPS[what], pause=0.02, seconds=0.3)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "endless",
    [
        repeat(b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        chain([HEAD + b"Transfer-Encoding: chunked\r\n\r\n"], repeat(b"1\r\nx\r\n" * 1000)),
        chain([HEAD], repeat(b"x" * 10_000)),
        chain([HEAD + b"Content-Length: 999999999999\r\n\r\n"], repeat(b"x" * 10_000)),
    ],
)
def test_whatever_does_not_end_is_not_read_for_long(endless: Iterator[bytes]) -> None:
    with pytest.raises((AnswerUnreadable, Unreachable)):
        said(endless, seconds=30)


def test_a_small_body_that_unfolds_into_a_huge_one_is_not_unfolded() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 60_000
    with pytest.raises(AnswerUnreadable, match="longer than"):
        said(whole(bomb, "Content-Encoding: gzip"), longest=60_000)


def test_a_body_that_somebody_compressed_unasked_is_read() -> None:
    assert said(whole(gzip.compress(b'{"a": 1}'), "Content-Encoding: gzip")).json() == {"a": 1}
    with pytest.raises(AnswerUnreadable):
        said(whole(b'{"a": 1}', "Content-Encoding: gzip"))


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 ok\r\n\r\n",
        b"HTTP/1.1 99999 OK\r\n\r\n",
        b"HTTP/3 200 OK\r\n\r\n",
        HEAD + b"Content-Length: 10\r\n\r\nhalf",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhal",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"X: " + b"x" * 70_000,
        HEAD + b"X: y\r\n" * 200 + b"\r\n",
    ],
)
def test_what_is_no_answer_or_half_of_one_is_unreachable(odd: bytes) -> None:
    with pytest.raises((Unreachable, AnswerUnreadable)):
        said([odd])


def test_headers_are_found_in_any_case_and_several_are_one() -> None:
    headers = said(whole(b"", "Link: <a>; rel=next", "link: <b>; rel=last", "X-Odd: \xe9")).headers
    assert headers["LINK"] == "<a>; rel=next, <b>; rel=last"
    assert headers.get("x-odd") == "\xe9"
    assert headers.get("Retry-After") is None
    assert sorted(headers) == ["content-length", "link", "x-odd"]


@pytest.mark.parametrize("odd", ["a\r\nX-Other: b", "a\nb", "a\0b"])
def test_a_header_is_never_two(server: Server, odd: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        http().get(server.url, headers={"X": odd})
    assert server.requests == []


def test_a_connection_is_kept_only_where_the_answer_was_read_to_its_end() -> None:
    answers = {
        "GET /well": whole(b"{}"),
        "GET /last": whole(b"{}", "Connection: close"),
        "GET /long": whole(b"x" * 20_000),
    }
    with RawServer(answers.__getitem__) as server:
        for path in ("/well", "/well", "/last", "/well"):
            assert http().get(server.url + path, headers={}).body == b"{}"
        assert server.connections == 2
        with pytest.raises(AnswerUnreadable):
            http().get(server.url + "/long", headers={}, longest=100)
        assert http().get(server.url + "/well", headers={}).body == b"{}"
        assert server.connections == 3


def test_a_connection_on_which_something_came_unasked_is_not_used_again() -> None:
    with RawServer(lambda _line: [*whole(b"1"), *whole(b"of nobody")], pause=0.1) as server:
        assert http().get(server.url, headers={}).body == b"1"
        time.sleep(0.2)
        assert http().get(server.url, headers={}).body == b"1"
        assert server.connections == 2


def test_connections_to_many_places_are_not_all_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "PLACES", 2)
    with Server() as one, Server() as two, Server() as three:
        for server in (one, two, one, three, one, two):
            server.answers["GET /"] = Reply({})
            http().get(server.url + "/", headers={})
        assert [len(server.connections) for server in (one, two, three)] == [1, 2, 1]


def test_a_query_without_a_path_and_a_fragment_are_asked_for_as_they_should_be(server: Server) -> None:
    server.answers["GET /"] = Reply({"a": 1})
    assert http().get(server.url + "?a=1#part", headers={}).json() == {"a": 1}
    assert (server.requests[0].path, server.requests[0].query) == ("/", {"a": ["1"]})
