"""A launch whose browser brought no cookie: what was verified waits in a sign-in row until it is known whose browser it
is, and how that keeps a sign-in: by a cookie after all, or by a token in a page's memory (a bearer), which lives
shortly and is renewed while it is used.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.orm import Session

from plugin.actions.enter import SIGN_IN_LIFE, WAITING_LIFE, Entry
from plugin.db import tokens
from plugin.db.people import Person, SignIn

BEARER_LIFE = timedelta(hours=1)
LEAVING_LIFE = timedelta(minutes=1)  # what a page sends when it is closed may arrive after it said that it goes


@dataclass(frozen=True)
class Waiting:
    """What a page holds of a waiting sign-in: its token, and the nonce of the login that it belongs to."""

    token: str
    nonce: str

    @property
    def hash(self) -> str:
        """How it is stored."""
        return tokens.waiting(self.token, self.nonce)


def by_cookie(session: Session, waits: Waiting, *, now: datetime) -> Entry | None:
    """Make it a sign-in for this browser's cookie, once. None when it was used or is too old."""
    fresh = secrets.token_urlsafe(32)
    values = {"token_hash": tokens.hashed(fresh), "waiting": False, "expires_at": now + SIGN_IN_LIFE}
    return _become(session, waits, fresh, values, now)


def by_bearer(session: Session, waits: Waiting, *, now: datetime) -> Entry | None:
    """Make it a sign-in that the page carries, once; as `by_cookie`."""
    fresh = secrets.token_urlsafe(32)
    values = {"token_hash": tokens.carried(fresh), "waiting": False, "expires_at": now + BEARER_LIFE}
    return _become(session, waits, fresh, values, now)


def wait_on(session: Session, waits: Waiting, *, now: datetime) -> Entry | None:
    """Hand it on to a new window, of which nobody knows yet whether it keeps cookies: there it has a new token."""
    fresh = secrets.token_urlsafe(32)
    values = {"token_hash": Waiting(fresh, waits.nonce).hash, "expires_at": now + WAITING_LIFE}
    return _become(session, waits, fresh, values, now)


def burn(session: Session, waits: Waiting) -> None:
    """A browser that is not the one which began: nobody goes on with this launch."""
    session.execute(delete(SignIn).where(SignIn.token_hash == waits.hash, SignIn.waiting))


def _become(session: Session, waits: Waiting, token: str, values: dict[str, Any], now: datetime) -> Entry | None:
    changed = session.execute(
        update(SignIn).where(SignIn.token_hash == waits.hash, SignIn.waiting, SignIn.expires_at > now).values(**values)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]  # a cursor result
        return None
    row = session.execute(
        select(SignIn.person_id, SignIn.next_path, Person.name)
        .join(Person, Person.id == SignIn.person_id)
        .where(SignIn.token_hash == values["token_hash"])
    ).one()
    return Entry(row.person_id, row.name, token, row.next_path)


def renew(connection: Connection, bearer: str, *, now: datetime) -> bool:
    """It is in use: let it live on, though never longer than a cookie's. False when it has ended."""
    changed = connection.execute(
        update(SignIn)
        .where(
            SignIn.token_hash == tokens.carried(bearer),
            SignIn.expires_at > now,
            SignIn.created_at > now - SIGN_IN_LIFE,
        )
        .values(expires_at=now + BEARER_LIFE)
    )
    return bool(changed.rowcount)


def leave(connection: Connection, bearer: str, *, now: datetime) -> None:
    """Its page is closed: it ends when what the page sent last has arrived."""
    connection.execute(
        update(SignIn)
        .where(SignIn.token_hash == tokens.carried(bearer), SignIn.expires_at > now + LEAVING_LIFE)
        .values(expires_at=now + LEAVING_LIFE)
    )
