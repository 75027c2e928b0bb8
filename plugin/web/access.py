"""Deny by default: a view states the capability it asks for; a row is fetched by a door that knows the person's places.

What is not theirs is not found, so that a guessed address says nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app, g, request
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound
from werkzeug.routing import IntegerConverter, Map

from plugin.domain.people import Capability
from plugin.web import origins
from plugin.web.errors import NotSignedIn, Refused
from plugin.web.identity import Visitor, carried, visitor
from plugin.web.transaction import SAFE_METHODS

View = TypeVar("View", bound=Callable[..., object])

LARGEST_ID = 2**63 - 1  # what a column of ids holds; a driver fails on more


class Id(IntegerConverter):
    """`<int:…>` in an address: a number that can be a row's. Others are no page of ours, which Flask says itself."""

    def __init__(self, map: Map) -> None:
        super().__init__(map, max=LARGEST_ID)


def needs(capability: Capability, *, writes: bool = False) -> Callable[[View], View]:
    """State what a view asks of its visitor; `writes` marks a view that stores something on GET."""

    def mark(view: View) -> View:
        view.capability = capability  # type: ignore[attr-defined]
        view.writes = writes  # type: ignore[attr-defined]
        return view

    return mark


def current() -> Visitor:
    """The visitor of a view that asks for a sign-in.

    Raises:
        NotSignedIn: nobody is signed in.
    """
    found = visitor()
    if found is None:
        raise NotSignedIn
    return found


def install(app: Flask) -> None:
    """Let nobody through to a view that does not say whom it is for, nor change anything but by a form of ours.

    Comes before the pages, for their addresses.
    """
    app.url_map.converters["int"] = Id

    @app.before_request
    def guard() -> None:
        if request.method not in SAFE_METHODS and carried() is None:
            _ask_for_a_form_of_ours(app)
        endpoint = request.endpoint
        if endpoint is None or endpoint == "static":
            return  # no such page (404 by Flask), or a public file
        view = current_app.view_functions[endpoint]
        capability = getattr(view, "capability", None)
        if capability is Capability.PUBLIC:
            return
        if capability is None:
            raise NotFound
        if capability not in current().capabilities:
            raise NotFound


def _ask_for_a_form_of_ours(app: Flask) -> None:
    """Its token, always; and over https that it comes from a page of ours: tokens leak, and a neighbour below the same
    domain may plant a cookie with one of its own. What an LMS posts has no token, and comes from its pages.

    Raises:
        CSRFError: the token is missing, or another sign-in's.
        Refused: the browser says that the form comes from elsewhere, or says nothing at all.
    """
    app.extensions["csrf"].protect(apply_exemptions=True)
    if not g.get("csrf_valid") or not request.is_secure or origins.is_ours(request.headers, f"https://{request.host}"):
        return
    sentence = _(
        "Your browser does not say that it was sent from a page of Practicum. Nothing was changed. Open Practicum "
        "again from your LMS; if this page comes again, use another browser, or ask whoever looks after your network "
        "to let the headers Origin and Sec-Fetch-Site through."
    )
    raise Refused(400, _("Nobody can tell where this form comes from"), sentence, detail="a form from elsewhere")
