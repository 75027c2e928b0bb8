"""One connection and one transaction for each request: everything it did is kept, or nothing is."""

from __future__ import annotations

from typing import Any

from flask import Flask, Request, Response, current_app, g, request
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from plugin.web.wiring import wiring

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def noted() -> Any:
    """What this request has noted down so far: Flask's `g` itself, of which each look through its proxy costs more."""
    return g._get_current_object()


def connection() -> Connection:
    """The request's connection, opened when it is first asked for: for statements that need no entities.

    A POST writes, and so does a view that says so (`needs(…, writes=True)`). Other requests only read: on SQLite they
    wait for nobody, and nothing they might change is kept.
    """
    kept = noted()
    if "connection" not in kept:
        parts = wiring()
        kept.lender = parts.writers if will_write() else parts.readers
        kept.connection = kept.lender.take()
    opened: Connection = kept.connection
    return opened


def session() -> Session:
    """The same transaction, for entities."""
    if "session" not in g:
        g.session = Session(connection(), expire_on_commit=False, join_transaction_mode="control_fully")
    opened: Session = g.session
    return opened


def will_write() -> bool:
    """Whether this request's transaction may change anything."""
    asked: Request = request._get_current_object()  # type: ignore[attr-defined]  # of LocalProxy
    if asked.method not in SAFE_METHODS:
        return True
    return bool(getattr(current_app.view_functions.get(asked.endpoint or ""), "writes", False))


def keep_so_far() -> None:
    """Keep what the request did so far; what follows begins a transaction of its own."""
    _commit()
    start_again()


def start_again() -> None:
    """Undo what is not kept yet; what follows begins a transaction of its own."""
    kept = noted()
    if "session" in kept:
        kept.pop("session").close()
    if "connection" in kept:
        kept.pop("lender").give_back(kept.pop("connection"))


def install(app: Flask) -> None:
    """Commit a request that went well; the rest is rolled back when its connection is given back."""

    @app.after_request
    def commit(response: Response) -> Response:
        if response.status_code < 400 and "connection" in noted() and will_write():
            _commit()
        return response

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        start_again()


def _commit() -> None:
    kept = noted()
    if "session" in kept:
        kept.session.commit()
    if "connection" in kept and kept.connection.in_transaction():
        kept.connection.commit()
