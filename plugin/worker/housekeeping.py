"""Delete what has had its time: used nonces, sign-ins, requests to choose content, notices of copied courses. Small
pieces, so nobody waits.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, select

from plugin.db.notices import ContextCopy
from plugin.db.people import SignIn
from plugin.db.platforms import DeepLinkingRequest, UsedNonce
from plugin.db.session import transaction

PIECE = 500  # rows of one transaction
PIECES = 40  # of each table in one sweep; what is left goes in the next

_EXPIRES: tuple[tuple[Any, Any], ...] = (
    (UsedNonce.nonce, UsedNonce.expires_at),
    (SignIn.id, SignIn.expires_at),
    (DeepLinkingRequest.id, DeepLinkingRequest.expires_at),
    (ContextCopy.id, ContextCopy.expires_at),
)


def sweep(engine: Engine, now: datetime) -> None:
    """Delete what expired before `now`."""
    for key, expires_at in _EXPIRES:
        for _ in range(PIECES):
            if _piece(engine, key, expires_at, now) < PIECE:
                break


def _piece(engine: Engine, key: Any, expires_at: Any, now: datetime) -> int:
    """Delete at most one piece; returns how many rows it held."""
    expired = select(key).where(expires_at < now).limit(PIECE)
    with transaction(engine) as session:
        statement = delete(key.class_).where(key.in_(expired)).execution_options(synchronize_session=False)
        return int(session.execute(statement).rowcount)  # type: ignore[attr-defined]  # a cursor result
