"""Connections to platforms: kept between calls, and each call held to its deadline whatever the other side does.

The standard library speaks HTTP here, and not urllib3, for two reasons. There a time-out begins anew with each byte,
so a platform that drips its headers holds a thread for as long as it likes; and what it does around a call costs
several times the call (`make bench`), for which a worker pays with each score.
"""

import re
import select
import socket
import ssl
import threading
import time
import weakref
import zlib
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPResponse, IncompleteRead
from typing import Any

from lti.errors import AnswerUnreadable
from lti.urls import WebUrl

CONNECT_SECONDS = 3.0
READ_SECONDS = 10.0  # of silence
KEPT = 32  # connections to one place that rest until the next call
PLACES = 64  # places to which connections are kept
REST_SECONDS = 60.0  # after which nobody waits for a place's connections to be used again

_CHUNK = 64 * 1024
_HEAD = 64 * 1024  # bytes of headers, and what chunks cost beside their content
_NOT_IN_HEADERS = re.compile(r"[\r\n\0]")
_PORTS = {"http": 80, "https": 443}


class Headers(Mapping[str, str]):
    """Names in any case; what comes several times is one value, with commas (RFC 9110, 5.3)."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, str] = {}
        for name, value in pairs:
            key = name.lower()
            self._values[key] = f"{self._values[key]}, {value}" if key in self._values else value

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked, of whom; `target` is path and query."""

    method: str
    place: WebUrl
    target: str
    headers: Mapping[str, str]
    body: bytes | None = None


class _Until:
    """A socket that is read until its call's deadline, and no further than its call wants."""

    deadline = 0.0  # monotonic
    most = 0  # bytes

    def recv_into(self, *told: Any) -> int:
        """As a socket's own. Raises TimeoutError, AnswerUnreadable."""
        this: Any = self
        this.settimeout(_seconds(self.deadline, READ_SECONDS))
        count: int = super().recv_into(*told)  # type: ignore[misc]  # a socket's
        self.most -= count
        if self.most < 0:
            raise AnswerUnreadable("longer than an answer may be")
        return count


class _Plain(_Until, socket.socket):
    """To a platform in development."""


class _Tls(_Until, ssl.SSLSocket):
    """To any other."""


class _Connection(HTTPConnection):
    """One that is connected already. Head and body leave in one piece: sent apart, each wakes both sides, and all
    threads here, once more."""

    sock: Any

    def __init__(self, place: WebUrl, sock: _Plain | _Tls) -> None:
        super().__init__(place.host.rstrip("."), place.port)
        self.default_port = _PORTS[place.scheme]  # which the Host header leaves out
        self.auto_open = 0
        self.sock = sock
        self._gathered: bytearray | None = None

    def ask(self, request: Request, *, deadline: float, most: int) -> HTTPResponse:
        """The head of the answer is read, its body is not."""
        if any(map(_NOT_IN_HEADERS.search, request.headers.values())):
            raise ValueError("a header may not hold a line break")
        self.sock.deadline, self.sock.most = deadline, most
        self._gathered = bytearray()
        self.request(request.method, request.target, request.body, request.headers)
        whole, self._gathered = self._gathered, None
        self.sock.settimeout(_seconds(deadline, READ_SECONDS))
        self.send(whole)
        return self.getresponse()

    def send(self, data: Any) -> None:
        """Keep what belongs to a request until it is whole."""
        if self._gathered is None:
            super().send(data)
        else:
            self._gathered += data


@dataclass(slots=True)
class _Resting:
    """Connections to one place, the last one used at the end."""

    since: float
    connections: deque[_Connection] = field(default_factory=deque)


class Connections:
    """Shared by all threads. `addresses` gives those of a host and a port, checked: a connection goes to one of them,
    so that a name which changes between the check and the connection gains nothing. TLS still verifies the name."""

    def __init__(self, addresses: Callable[[str, int], list[str]], *, trust: ssl.SSLContext) -> None:
        self._addresses, self._trust = addresses, trust
        trust.sslsocket_class = _Tls
        self._lock = threading.Lock()
        self._resting: OrderedDict[WebUrl, _Resting] = OrderedDict()
        weakref.finalize(self, _close_all, self._resting)

    def exchange(self, request: Request, *, deadline: float, longest: int) -> tuple[int, Headers, bytes]:
        """Status, headers and body of the answer; all over by `deadline` (monotonic), but for the look-up of a name.

        Raises OSError, http.client.HTTPException, ValueError (a header that would be two), AnswerUnreadable (longer
        than `longest` bytes), and what `addresses` raises.
        """
        connection = self._rested(request.place) or self._connect(request.place, deadline)
        try:
            response = connection.ask(request, deadline=deadline, most=2 * longest + _HEAD)
            headers = Headers(response.headers.items())
            body = _decoded(_body(response, longest), headers.get("Content-Encoding", ""), longest)
            response.close()
        except BaseException:
            connection.close()
            raise
        if not response.will_close:  # otherwise it is closed already
            self._keep(request.place, connection)
        return response.status, headers, body

    def _rested(self, place: WebUrl) -> _Connection | None:
        """A connection that is still open."""
        while True:
            with self._lock:
                resting = self._resting.get(place)
                if resting is None or not resting.connections:
                    return None
                connection = resting.connections.pop()
            if not _has_news(connection.sock):
                return connection
            connection.close()

    def _keep(self, place: WebUrl, connection: _Connection) -> None:
        now = time.monotonic()
        with self._lock:
            resting = self._resting.setdefault(place, _Resting(now))
            self._resting.move_to_end(place)
            resting.since = now
            resting.connections.append(connection)
            surplus = [resting.connections.popleft()] if len(resting.connections) > KEPT else []
            while len(self._resting) > PLACES or now - next(iter(self._resting.values())).since > REST_SECONDS:
                surplus += self._resting.popitem(last=False)[1].connections
        for one in surplus:
            one.close()

    def _connect(self, place: WebUrl, deadline: float) -> _Connection:
        plain = _reached(self._addresses(place.host, place.port), place.port, deadline)
        if place.scheme != "https":
            return _Connection(place, plain)
        try:
            plain.settimeout(_seconds(deadline, CONNECT_SECONDS))
            tls: Any = self._trust.wrap_socket(plain, server_hostname=place.host.rstrip("."))
        except BaseException:
            plain.close()
            raise
        return _Connection(place, tls)


def _body(response: HTTPResponse, longest: int) -> bytes:
    body = bytearray()
    while chunk := response.read1(_CHUNK):
        body += chunk
        if len(body) > longest:
            raise AnswerUnreadable(f"longer than {longest} bytes")
    if response.length:
        raise IncompleteRead(bytes(body), response.length)
    return bytes(body)


def _decoded(body: bytes, encoding: str, longest: int) -> bytes:
    """The body without the compression that some proxies add unasked."""
    if encoding.strip().lower() not in {"gzip", "x-gzip", "deflate"}:
        return body
    try:
        whole = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body, longest + 1)
    except zlib.error as error:
        raise AnswerUnreadable("the body is not compressed as it says") from error
    if len(whole) > longest:
        raise AnswerUnreadable(f"longer than {longest} bytes")
    return whole


def _reached(addresses: list[str], port: int, deadline: float) -> _Plain:
    """A connection to the first address that answers."""
    *spare, last = addresses
    for address in spare:
        try:
            return _opened(address, port, deadline)
        except OSError:
            continue
    return _opened(last, port, deadline)


def _opened(address: str, port: int, deadline: float) -> _Plain:
    opened = socket.create_connection((address, port), timeout=_seconds(deadline, CONNECT_SECONDS))
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return _Plain(opened.family, opened.type, opened.proto, fileno=opened.detach())


def _seconds(deadline: float, most: float) -> float:
    """How long to wait now. Raises TimeoutError: no longer."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("it came too slowly")
    return min(left, most)


def _has_news(connection: socket.socket) -> bool:
    """Whether something came that nobody asked for: mostly the end."""
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))


def _close_all(resting: Mapping[WebUrl, _Resting]) -> None:
    for one in resting.values():
        while one.connections:
            one.connections.pop().close()
