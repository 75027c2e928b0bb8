"""One session and one transaction for each request: everything it did is kept, or nothing is."""

from __future__ import annotations

from flask import Flask, Response, g, request
from sqlalchemy.orm import Session

from plugin.web.wiring import wiring

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def session() -> Session:
    """The request's session, opened when it is first asked for.

    A POST writes, and so does a view that says so (`needs(…, writes=True)`); other requests only read, which on SQLite
    means that they wait for nobody.
    """
    if "session" not in g:
        parts = wiring()
        g.session = Session(parts.engine if will_write() else parts.reader, expire_on_commit=False)
    opened: Session = g.session
    return opened


def will_write() -> bool:
    """Whether this request's transaction may change anything."""
    from flask import current_app

    view = current_app.view_functions.get(request.endpoint or "")
    return request.method not in SAFE_METHODS or bool(getattr(view, "writes", False))


def start_again() -> None:
    """Undo what the request did so far; what follows begins a transaction of its own."""
    if "session" in g:
        g.session.rollback()


def install(app: Flask) -> None:
    """Commit a request that went well; the rest is rolled back when its session closes."""

    @app.after_request
    def commit(response: Response) -> Response:
        if "session" in g and response.status_code < 400:
            g.session.commit()
        return response

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        if "session" in g:
            g.pop("session").close()
