"""Serving the application over real HTTP, in a thread of the test's process.

An LMS fetches our key set and browsers follow our redirects, so the application has to know its public address before
it is made: the port is bound first, and held.
"""

from __future__ import annotations

import ssl
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
def served(
    make: Callable[[str], Flask], *, host: str = PUBLIC_HOST, tls: ssl.SSLContext | None = None
) -> Iterator[tuple[str, Flask]]:
    """Make an application for a public address and serve it there: `with served(make) as (base_url, app)`.

    `make` is given the address ("http://localhost:40123"), which is PRACTICUM_BASE_URL; with `tls` it is an https one.
    """
    server = make_server(HOST, 0, Flask("unmade"), threaded=True, request_handler=QuietHandler)
    try:
        if tls is not None:
            # shaken hands with by each connection's own thread: browsers open some that say nothing for long
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            server.ssl_context = tls
        base_url = f"{'https' if tls else 'http'}://{host}:{server.port}"
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
