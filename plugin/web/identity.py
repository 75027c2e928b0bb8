"""Who is at the screen: Flask-Login over a sign-in row. The cookie only says who; the URL says what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Flask
from flask import session as cookie
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from plugin import clock
from plugin.db.sign_ins import GrantScope, SignedIn, find_signed_in
from plugin.db.tokens import hashed
from plugin.domain.people import Capability, CourseRole, capabilities
from plugin.web.transaction import session

SIGN_IN_LIFE = timedelta(hours=12)


@dataclass(frozen=True)
class Visitor(UserMixin):  # type: ignore[misc]  # flask-login ships no types
    """The signed-in person of a request: from one query, nothing lazy."""

    token: str
    row: SignedIn

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
    """Who is signed in, or None."""
    return current_user._get_current_object() if current_user.is_authenticated else None


def sign_in(token: str, row: SignedIn) -> None:
    """Put the sign-in into this browser. Another person's leaves no trace; one's own keeps its open forms."""
    if cookie.get("person") != row.person_id:
        cookie.clear()  # a shared computer: forms of the last person die with their token
    cookie["person"] = row.person_id
    login_user(Visitor(token, row))


def sign_out() -> None:
    """Forget who is at the screen."""
    logout_user()
    cookie.clear()


def install(app: Flask) -> None:
    """Cookies that live in a frame, and the loader."""
    settings: Any = app.config
    secure = not settings["PRACTICUM_PLAIN_HTTP"]
    app.config.update(
        SESSION_COOKIE_NAME="__Host-practicum" if secure else "practicum",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_SAMESITE="None" if secure else "Lax",
        SESSION_COOKIE_PARTITIONED=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_PATH="/",
        PERMANENT_SESSION_LIFETIME=SIGN_IN_LIFE,
    )
    manager = LoginManager(app)
    manager.session_protection = None  # phones change their address; the token is what counts

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(token: str) -> Visitor | None:
        row = find_signed_in(session(), hashed(token), clock.now())
        return None if row is None else Visitor(token, row)
