"""Our own key pairs, as `lti.stores.ToolKeys` asks for them: encrypted at rest, parsed once, read anew each minute."""

from __future__ import annotations

import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Engine, select, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from lti import keys
from plugin import clock
from plugin.db.platforms import ToolKey
from plugin.db.session import reader, transaction

READ_AGAIN_AFTER = 60.0  # seconds until a rotation is seen by every process

# SQLite writes one after the other anyway
_ONE_AT_A_TIME = text("LOCK TABLE tool_keys IN SHARE ROW EXCLUSIVE MODE")


class KeysUnreadable(Exception):
    """The stored keys were encrypted with another secret; the text says what to do."""


@lru_cache(maxsize=4)
def vault(secret: str) -> Fernet:
    """What encrypts private keys: a key derived from the installation's secret, for this use only."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"practicum tool keys").derive(secret.encode())
    return Fernet(urlsafe_b64encode(derived))


def rotate(session: Session, secret: str, *, now: datetime, at_once: bool = False) -> ToolKey:
    """Make a key pair. It is published at once and signs when `lti.keys` says so, a day later.

    `at_once` takes all former keys out, for one that leaked or cannot be read any more: the new one signs from now on,
    and an LMS that keeps our key set for hours refuses us until it reads it again.
    """
    if at_once:
        session.execute(update(ToolKey).where(ToolKey.revoked_at.is_(None)).values(revoked_at=now))
    row = _row(keys.make(), secret, now)
    session.add(row)
    session.flush()
    return row


def provide(engine: Engine, secret: str, *, now: datetime) -> bool:
    """Make a key where the rule of `lti.keys` wants one: the first, or the next after 90 days. Says whether it did.

    Any number of processes may call it at the same moment: one key is made. Not to be called while the same thread has
    a transaction open that writes, since SQLite lets one write at a time.
    """
    with Session(reader(engine)) as session:
        if not _rota(_stored(session), now).is_due:
            return False
    pair = keys.make()  # takes a tenth of a second, so before anybody else is made to wait
    with transaction(engine) as session:
        if engine.dialect.name == "postgresql":
            session.execute(_ONE_AT_A_TIME)
        if not _rota(_stored(session), now).is_due:
            return False
        session.add(_row(pair, secret, now))
    return True


class ToolKeys:
    """The keys of this installation, for the life of a process; shared between threads.

    The first key makes itself (see `provide`).
    """

    def __init__(self, engine: Engine, secret: str, *, clock: Callable[[], datetime] = clock.now) -> None:
        self._engine, self._secret, self._clock = engine, secret, clock
        self._lock = threading.Lock()
        self._parsed: dict[str, keys.SigningKey] = {}
        self._rows: tuple[ToolKey, ...] = ()
        self._read_at = 0.0

    def signing(self) -> keys.SigningKey:
        """The key that signs now.

        Raises:
            KeysUnreadable: PRACTICUM_SECRET_KEY is not the one that it was stored with.
        """
        with self._lock:
            kid = self._current().signing
            if kid is None:
                raise LookupError("no key was made although none stands")
            if kid not in self._parsed:
                row = next(row for row in self._rows if row.kid == kid)
                self._parsed[kid] = keys.load(_opened(row, self._secret))
            return self._parsed[kid]

    def published(self) -> list[Mapping[str, Any]]:
        """The public keys, as JWK, that platforms may need now."""
        with self._lock:
            wanted = self._current().published
            return [row.public_jwk for row in self._rows if row.kid in wanted]

    def _current(self) -> keys.Rota:
        now = self._clock()
        if not self._rows or time.monotonic() - self._read_at > READ_AGAIN_AFTER:
            self._read()
        found = _rota(self._rows, now)
        if found.signing is None:
            provide(self._engine, self._secret, now=now)
            self._read()
            found = _rota(self._rows, now)
        return found

    def _read(self) -> None:
        """Read them anew. While the database does not answer, what was read before is good."""
        try:
            with Session(reader(self._engine), expire_on_commit=False) as session:
                self._rows = _stored(session)
        except SQLAlchemyError:
            if not self._rows:
                raise
        self._read_at = time.monotonic()


def listed(session: Session, *, now: datetime) -> list[tuple[ToolKey, str]]:
    """All keys with what they are for at the moment: "signs", "published", "retired" or "revoked"."""
    rows = _stored(session)
    rota = _rota(rows, now)

    def use(row: ToolKey) -> str:
        if row.revoked_at is not None:
            return "revoked"
        if row.kid == rota.signing:
            return "signs"
        return "published" if row.kid in rota.published else "retired"

    return [(row, use(row)) for row in rows]


def _stored(session: Session) -> tuple[ToolKey, ...]:
    return tuple(session.scalars(select(ToolKey).order_by(ToolKey.created_at, ToolKey.id)))


def _rota(rows: tuple[ToolKey, ...], now: datetime) -> keys.Rota:
    dates = [keys.KeyDates(kid=row.kid, created_at=row.created_at, revoked_at=row.revoked_at) for row in rows]
    return keys.rota(dates, now)


def _row(pair: keys.KeyPair, secret: str, now: datetime) -> ToolKey:
    return ToolKey(
        kid=pair.kid,
        private_key=vault(secret).encrypt(pair.private_pem.encode()).decode(),
        public_jwk=dict(pair.public_jwk),
        created_at=now,
    )


def _opened(row: ToolKey, secret: str) -> str:
    try:
        return vault(secret).decrypt(row.private_key.encode()).decode()
    except InvalidToken:
        raise KeysUnreadable(
            "The stored keys cannot be opened: PRACTICUM_SECRET_KEY is not the one they were stored with. "
            "Set the former secret again, or make new keys with `practicum keys rotate --at-once`."
        ) from None
