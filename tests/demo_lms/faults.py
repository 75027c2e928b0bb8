"""Faults on order: what networks and LMSs do on a bad day, for as many requests as a test says."""

import random
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import BytesIO
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, NoReturn

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from tests.demo_lms.model import Served

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from tests.demo_lms.world import World

HELD = 60.0
"""Seconds of a delay that is meant to last until the test takes the fault away."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """One trouble. `where` is a path prefix ("/api/ags") or an endpoint's name ("ags.post_score").

    `delay` (seconds) passes first, or what is left of it when the fault is removed. Then, unless `after_effect` lets
    the LMS do its work, the request goes no further: the answer is `status` with `body` and `headers`, or with `drop`
    the connection closes without one. With `headers` alone, or none of these, the LMS answers as always and the headers
    replace its own.
    """

    where: str
    method: str | None = None
    times: int | None = None
    """How many requests it strikes; None for every one until it is removed."""
    probability: float = 1.0
    status: int | None = None
    delay: float = 0.0
    drop: bool = False
    after_effect: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | str | None = None
    fired: int = 0
    removed: Event = field(default_factory=Event, repr=False, compare=False)

    def strikes(self, method: str, path: str, endpoint: str | None) -> bool:
        """Whether this request is meant (before chance and count)."""
        if self.times is not None and self.fired >= self.times:
            return False
        if self.method is not None and self.method != method:
            return False
        return path.startswith(self.where) if self.where.startswith("/") else endpoint == self.where

    @property
    def replaces_answer(self) -> bool:
        return self.drop or self.status is not None or self.body is not None


class Faults:
    """The faults in force, oldest first; the first that strikes a request is the one it meets."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: list[Fault] = []
        self.endpoints: frozenset[str] = frozenset()
        """Names a fault may be ordered for; set by the application that serves the world."""
        self._chance = random.Random(20261121)  # the same "random" faults in every run

    def shuffle(self, seed: int) -> None:
        """Draw other lots than every LMS does."""
        with self._lock:
            self._chance.seed(seed)

    def add(self, where: str, **trouble: Any) -> Fault:
        """Put a fault in force; fields as in `Fault`. ValueError for an endpoint that there is not."""
        if not where.startswith("/") and where not in self.endpoints:
            raise ValueError(f"{where}: no endpoint; there are {', '.join(sorted(self.endpoints))}")
        fault = Fault(where=where, **trouble)
        with self._lock:
            self._faults.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        with self._lock:
            self._faults.remove(fault)
        fault.removed.set()

    def clear(self) -> None:
        with self._lock:
            gone, self._faults = self._faults, []
        for fault in gone:
            fault.removed.set()

    @property
    def in_force(self) -> tuple[Fault, ...]:
        """All of them, oldest first."""
        with self._lock:
            return tuple(self._faults)

    def meet(self, method: str, path: str, endpoint: str | None) -> Fault | None:
        """The fault this request meets, counted as fired."""
        with self._lock:
            for fault in self._faults:
                if fault.strikes(method, path, endpoint) and self._chance.random() < fault.probability:
                    fault.fired += 1
                    return fault
        return None


class FaultLine:
    """WSGI layer between server and LMS that makes faults happen and keeps the list of what was served."""

    def __init__(self, app: Flask, inner: "WSGIApplication", world: "World") -> None:
        self._app = app
        self._inner = inner
        self._world = world
        world.faults.endpoints = frozenset(app.view_functions)

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        endpoint = self._endpoint(environ)
        fault = self._world.faults.meet(method, path, endpoint)
        with self._world.counted(endpoint):
            answer = self._answer(environ, fault)
        self._world.served.append(
            Served(
                method=method,
                path=path,
                query=environ.get("QUERY_STRING", ""),
                endpoint=endpoint,
                status=answer.status_code if answer else 0,
                headers=_request_headers(environ),
            )
        )
        if answer is None:
            _hang_up(environ)
        return answer(environ, start_response)

    def _endpoint(self, environ: "WSGIEnvironment") -> str | None:
        try:
            rule, _ = self._app.url_map.bind_to_environ(environ).match(return_rule=True)
        except HTTPException:
            return None
        return str(rule.endpoint)

    def _answer(self, environ: "WSGIEnvironment", fault: Fault | None) -> Response | None:
        if fault is None:
            return Response.from_app(self._inner, environ)
        if fault.drop:
            _read_whole(environ)
        fault.removed.wait(fault.delay)
        genuine = None
        if fault.after_effect or not fault.replaces_answer:
            genuine = Response.from_app(self._inner, environ, buffered=True)
        if fault.drop:
            return None
        if genuine is None or fault.replaces_answer:
            genuine = Response(fault.body or b"", status=fault.status or 200, content_type="text/plain")
        for name, value in fault.headers.items():
            genuine.headers[name] = value
        return genuine


def _request_headers(environ: "WSGIEnvironment") -> dict[str, str]:
    named = {key[5:].replace("_", "-").lower(): value for key, value in environ.items() if key.startswith("HTTP_")}
    if environ.get("CONTENT_TYPE"):
        named["content-type"] = environ["CONTENT_TYPE"]
    return named


def _read_whole(environ: "WSGIEnvironment") -> None:
    """Take the body in before the connection is dropped, or the server reads what is left of it as another request."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = BytesIO(body)


def _hang_up(environ: "WSGIEnvironment") -> NoReturn:
    """Close the connection under the client; the server takes the error for a client gone away and stays quiet."""
    connection: socket.socket | None = environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError("dropped by a fault on order")
