"""One connection and one transaction for each request: everything it did is kept, or nothing is."""

from __future__ import annotations

from flask import Flask, Response, current_app, g, request
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from plugin.web.wiring import wiring

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def connection() -> Connection:
    """The request's connection, opened when it is first asked for: for statements that need no entities.

    A POST writes, and so does a view that says so (`needs(…, writes=True)`). Other requests only read: on SQLite they
    wait for nobody, and nothing they might change is kept.
    """
    if "connection" not in g:
        parts = wiring()
        g.connection = (parts.engine if will_write() else parts.reader).connect()
    opened: Connection = g.connection
    return opened


def session() -> Session:
    """The same transaction, for entities."""
    if "session" not in g:
        g.session = Session(connection(), expire_on_commit=False, join_transaction_mode="control_fully")
    opened: Session = g.session
    return opened


def will_write() -> bool:
    """Whether this request's transaction may change anything."""
    if request.method not in SAFE_METHODS:
        return True
    return bool(getattr(current_app.view_functions.get(request.endpoint or ""), "writes", False))


def keep_so_far() -> None:
    """Keep what the request did so far; what follows begins a transaction of its own."""
    _commit()
    start_again()


def start_again() -> None:
    """Undo what is not kept yet; what follows begins a transaction of its own."""
    if "session" in g:
        g.pop("session").close()
    if "connection" in g:
        g.pop("connection").close()


def install(app: Flask) -> None:
    """Commit a request that went well; the rest is rolled back when its connection closes."""

    @app.after_request
    def commit(response: Response) -> Response:
        if "connection" in g and response.status_code < 400 and will_write():
            _commit()
        return response

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        start_again()


def _commit() -> None:
    if "session" in g:
        g.session.commit()
    if "connection" in g and g.connection.in_transaction():
        g.connection.commit()
