"""What anybody may ask: does it live, is it ready, how is it doing."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import NotFound

from plugin import clock
from plugin.db import migrate
from plugin.db.outbox import backlog
from plugin.domain.people import Capability
from plugin.web.access import needs
from plugin.web.transaction import session
from plugin.web.wiring import wiring

public = Blueprint("public", __name__)


@public.get("/healthz")
@needs(Capability.PUBLIC)
def healthz() -> ResponseReturnValue:
    """The process lives."""
    return Response("ok\n", mimetype="text/plain")


@public.get("/readyz")
@needs(Capability.PUBLIC)
def readyz() -> ResponseReturnValue:
    """The database answers and its schema is the one this code asks for; 503 otherwise."""
    try:
        found = migrate.current(wiring().reader)
    except SQLAlchemyError:
        return Response("the database does not answer\n", status=503, mimetype="text/plain")
    if found != migrate.head():
        return Response("the schema is not at head: run `practicum db upgrade`\n", status=503, mimetype="text/plain")
    return Response("ready\n", mimetype="text/plain")


@public.get("/metrics")
@needs(Capability.PUBLIC)
def metrics() -> ResponseReturnValue:
    """Prometheus; for the loopback, or with the token of PRACTICUM_METRICS_TOKEN. Others find nothing."""
    token = wiring().settings.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    proxied = "X-Forwarded-For" in request.headers
    from_loopback = not proxied and ip_address(request.remote_addr or "0.0.0.0").is_loopback  # noqa: S104  not bound
    if not from_loopback and not (token and hmac.compare_digest(given.encode(), token.encode())):
        raise NotFound
    return Response(generate_latest(_measures()), content_type=CONTENT_TYPE_LATEST)


def _measures() -> CollectorRegistry:
    """What the database says now: any process, and any machine, gives the same numbers."""
    found = backlog(session(), now=clock.now())
    registry = CollectorRegistry()
    for name, words, value in (
        ("practicum_outbox_due", "Scores that wait to be told to an LMS", found.due),
        ("practicum_outbox_refused", "Scores that nobody sends again by itself", found.refused),
        ("practicum_outbox_oldest_seconds", "How long the oldest due score has waited", found.oldest.total_seconds()),
    ):
        Gauge(name, words, registry=registry).set(value)
    return registry
