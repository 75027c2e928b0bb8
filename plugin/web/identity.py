"""Who is at the screen: Flask-Login over a sign-in row. The cookie only says who; the URL says what.

Where no cookie lives, a page carries the sign-in itself: it sends `Authorization: Bearer …` with all it asks for
(`static/js/carry.js`). A cookie that signs somebody in wins.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from flask import Flask, Request, Response, g, request
from flask import session as cookie
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_login import LoginManager, UserMixin, current_user
from itsdangerous import BadSignature

from lti.seals import Seal
from plugin import clock
from plugin.db import tokens
from plugin.db.sign_ins import GrantScope, SignedIn, find_signed_in, forget
from plugin.db.tokens import hashed
from plugin.domain.people import Capability, CourseRole, capabilities
from plugin.web import cookies
from plugin.web.transaction import connection, noted

BEARER = "Bearer "
NOTES = "X-Practicum-Notes"  # what the next page is to say, for pages that bring no cookie to keep it in
ONWARD = "X-Practicum-Onward"


@dataclass(frozen=True)
class Visitor(UserMixin):  # type: ignore[misc]  # flask-login ships no types
    """The signed-in person of a request: from one query, nothing lazy. `carried`: by their page, not by a cookie."""

    token: str
    row: SignedIn
    carried: bool = False

    def get_id(self) -> str:
        """What Flask-Login keeps in the cookie: the sign-in's token, never a person's number."""
        return self.token

    @property
    def person_id(self) -> int:
        """The person."""
        return self.row.person_id

    @property
    def name(self) -> str:
        """The name they are known by; empty when the LMS sent none and they gave none."""
        return self.row.name

    @property
    def course_role(self) -> CourseRole:
        """What the LMS said they are in its course, at the last launch."""
        return self.row.course_role

    @property
    def grants(self) -> tuple[GrantScope, ...]:
        """Their grants that hold today."""
        return self.row.grants

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What they may do somewhere; the door to a row asks for the place."""
        return capabilities(frozenset(grant.role for grant in self.grants))


def visitor() -> Visitor | None:
    """Who is signed in, or None. Nobody is, on a page that shows nobody."""
    kept = noted()
    if "shows_nobody" in kept:
        return None
    if "visitor" not in kept:
        found = current_user._get_current_object()
        kept.visitor = found if isinstance(found, Visitor) else None
    known: Visitor | None = kept.visitor
    return known


def show_nobody() -> None:
    """What is shown now is the same for everybody: the browser's sign-in is not looked at, and stays as it is."""
    g.shows_nobody = True


def carried() -> Visitor | None:
    """The visitor whose page carries their sign-in. No other page can: a browser asks us first before it lets a foreign
    one send that header, and we never agree."""
    if not _brings_bearer(request):
        return None
    person = visitor()
    return person if person is not None and person.carried else None


def _brings_bearer(asked: Request) -> bool:
    return bool(asked.environ.get("HTTP_AUTHORIZATION", "").startswith(BEARER))


class _Sealed(Seal):
    """How the cookie is written. It tells no time: the sign-in's row does, and without one it is worth nothing."""

    def loads(self, text: str, *, max_age: int | None = None) -> Any:  # noqa: ARG002  Flask would have it checked
        """What a cookie of ours holds."""
        return super().loads(text)


class CookieSessions(SecureCookieSessionInterface):
    """Flask's signed cookie with plain JSON in it, by one seal that is kept."""

    def __init__(self, secret: str) -> None:
        self._seal = _Sealed(secret, purpose="web.cookie")

    def get_signing_serializer(self, _app: Flask) -> Any:
        """What writes and reads the cookie."""
        return self._seal

    def open_session(self, app: Flask, request: Request) -> Any:
        """What the browser brings. A page that carries its sign-in brings what it is to say next, and nothing else."""
        if not _brings_bearer(request) or request.cookies.get(app.config["SESSION_COOKIE_NAME"]):
            return super().open_session(app, request)
        try:
            brought = self._seal.loads(request.headers.get(NOTES, ""))
        except BadSignature:
            brought = {}
        return self.session_class({name: brought[name] for name in ("_flashes",) if name in brought})

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie when it changed. No `Vary` for those that only looked: nobody keeps a copy of an answer."""
        if session.modified and carried() is not None:
            response.headers[NOTES] = self._seal.dumps({"_flashes": session.get("_flashes", [])})
        elif session.modified and session:
            cookies.put(response, app.config["SESSION_COOKIE_NAME"], self._seal.dumps(dict(session)))
        elif session.modified:
            cookies.delete(response, app.config["SESSION_COOKIE_NAME"])


class _Logins(LoginManager):  # type: ignore[misc]  # flask-login ships no types
    """Flask-Login with what we do without left out: it would be reckoned, or looked for, with each request."""

    def _session_protection_failed(self) -> bool:
        """Phones change their address; the token is what counts."""
        return False

    def _update_remember_cookie(self, response: Response) -> Response:
        """A sign-in lives in its own cookie only."""
        return response


def sign_in(token: str, person_id: int) -> None:
    """Put the sign-in into this browser. Another person's leaves no trace; one's own keeps its open forms.

    As `flask_login.login_user`, without the digest of address and browser that its session protection compares.
    """
    kept: Any = cookie._get_current_object()  # type: ignore[attr-defined]  # a proxy asks where it is each time
    if kept.get("person") != person_id:
        _end_other_sign_in()
    kept["person"], kept["_user_id"] = person_id, token
    kept.setdefault("csrf_token", secrets.token_hex(20))  # with the sign-in: the first page has no cookie to write


def come_in(token: str, known: SignedIn | None) -> Visitor | None:
    """Whom this request's own new sign-in makes its visitor; `known`: who that is, or None to look."""
    row = known or find_signed_in(connection(), hashed(token), clock.now())
    g.visitor = found = None if row is None else Visitor(token, row)
    return found


def leave_nobody_signed_in() -> None:
    """Somebody came in of whom nothing is known: whoever was signed in here before is not any more."""
    _end_other_sign_in()
    show_nobody()


def _end_other_sign_in() -> None:
    """A shared computer: forms of the last person die with their token, and so does a copy of their cookie."""
    former = cookie.get("_user_id")
    if isinstance(former, str):
        forget(connection(), hashed(former))
    cookie.clear()


def install(app: Flask) -> None:
    """Cookies that live in a frame, and the loader."""
    settings: Any = app.config
    secure = not settings["PRACTICUM_PLAIN_HTTP"]
    app.config["SESSION_COOKIE_NAME"] = "__Host-practicum" if secure else "practicum"
    app.session_interface = CookieSessions(settings["SECRET_KEY"])
    # templates get what they show from `frame`; flask-login's own processor would ask the database on an error page
    manager = _Logins(app, add_context_processor=False)

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> Visitor | None:
        row = find_signed_in(connection(), hashed(token), clock.now())
        return None if row is None else Visitor(token, row)

    @manager.request_loader  # type: ignore[untyped-decorator]
    def load_carried(asked: Request) -> Visitor | None:
        if not _brings_bearer(asked):
            return None
        token = asked.environ["HTTP_AUTHORIZATION"].removeprefix(BEARER)[:100]
        row = find_signed_in(connection(), tokens.carried(token), clock.now())
        return None if row is None else Visitor(token, row, carried=True)

    @app.after_request
    def go_on_by_hand(response: Response) -> Response:
        """A script that follows redirects is not told where they lead, nor what they carry: so it follows by itself."""
        if 300 <= response.status_code < 400 and response.location and carried() is not None:
            response.headers[ONWARD] = response.headers.pop("Location")
            response.status_code = 200
            response.set_data(b"")
        return response
