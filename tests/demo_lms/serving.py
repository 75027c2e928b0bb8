"""Serving the LMS: in a thread for tests, or as a process of its own for a demonstration."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from tests.demo_lms.app import create_lms, world_of
from tests.demo_lms.config import Config
from tests.demo_lms.keys import PlatformKeys
from tests.demo_lms.world import World


class QuietHandler(WSGIRequestHandler):
    """Says nothing of requests; the world keeps a list of them. Its answers carry the time of the LMS's clock."""

    def date_time_string(self, timestamp: float | None = None) -> str:
        app = getattr(self.server, "app", None)
        if timestamp is None and app is not None and "world" in app.extensions:
            timestamp = world_of(app).now().timestamp()
        return super().date_time_string(timestamp)

    def log(self, type: str, message: str, *args: Any) -> None:
        if type == "error":
            super().log(type, message, *args)


def server_at(host: str, port: int) -> BaseWSGIServer:
    """A threaded server bound to the address (port 0: a free one), still without an application."""
    return make_server(host, port, Flask("unmade"), threaded=True, request_handler=QuietHandler)


@contextmanager
def running_lms(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    keys: PlatformKeys | None = None,
    public_host: str | None = None,
    tls: ssl.SSLContext | None = None,
    **fields: Any,
) -> Iterator[tuple[str, World]]:
    """Serve an LMS in a thread: `with running_lms(habits=Habits(…)) as (base_url, world)`.

    `fields` as in `Config`; the issuer is the address it is served at, unless they say another one. With `tls` that is
    an https one; `public_host` is its name, where that is not `host`.
    """
    server = server_at(host, port)
    try:
        if tls is not None:
            # browsers open connections that say nothing for long: each one's own thread shakes hands with it
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
            server.ssl_context = tls
        base_url = f"{'https' if tls else 'http'}://{public_host or host}:{server.port}"
        app = create_lms(Config(**{"issuer": base_url, **fields}), keys)
        server.app = app
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield base_url, world_of(app)
        finally:
            server.shutdown()
            thread.join()
    finally:
        server.server_close()
