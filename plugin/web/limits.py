"""How often one person may try something that could be guessed. Counted in each process; off in load tests."""

from __future__ import annotations

from typing import Any

from flask import Flask, request
from flask_limiter import Limiter

from plugin.db.tokens import hashed
from plugin.web.identity import visitor

LIMITS = {
    "member.bind": "10 per minute",  # one-time codes
    "admin.run_checks": "10 per minute",  # calls to LMSs
}


def who() -> str:
    """The sign-in, so that a school behind one address is not one person; the address where nobody is signed in."""
    person = visitor()
    return f"sign-in {hashed(person.token)}" if person else f"address {request.remote_addr}"


def install(app: Flask) -> None:
    """Put the limits round their views; settings decide whether they hold (`RATELIMIT_ENABLED`)."""
    limiter = Limiter(who, app=app, storage_uri="memory://")
    app.extensions["practicum.limiter"] = limiter  # views hold it weakly, and nobody else keeps one that is off
    for endpoint, limit in LIMITS.items():
        limited: Any = limiter.limit(limit)(app.view_functions[endpoint])
        app.view_functions[endpoint] = limited
