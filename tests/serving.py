"""Serving the application over real HTTP, in a thread of the test's process.

An LMS fetches our key set and browsers follow our redirects, so the application has to know its public address before
it is made: the port is bound first, and held.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

HOST = "127.0.0.1"
PUBLIC_HOST = (
    "localhost"  # another site than the demo LMS on 127.0.0.1, and one that browsers trust with Secure cookies
)


class QuietHandler(WSGIRequestHandler):
    """Says nothing of requests, and something of errors."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """As the base class does, for errors only."""
        if type == "error":
            super().log(type, message, *args)


@contextmanager
def served(make: Callable[[str], Flask]) -> Iterator[tuple[str, Flask]]:
    """Make an application for a public address and serve it there: `with served(make) as (base_url, app)`.

    `make` is given the address ("http://localhost:40123"), which is PRACTICUM_BASE_URL.
    """
    server = make_server(HOST, 0, Flask("unmade"), threaded=True, request_handler=QuietHandler)
    try:
        base_url = f"http://{PUBLIC_HOST}:{server.port}"
        app = make(base_url)
        server.app = app
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield base_url, app
        finally:
            server.shutdown()
            thread.join()
    finally:
        server.server_close()
