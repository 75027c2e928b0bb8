"""Our own key pairs, as `lti.stores.ToolKeys` asks for them: encrypted at rest, parsed once, read anew each minute."""

from __future__ import annotations

import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from lti import keys
from plugin import clock
from plugin.db.platforms import ToolKey
from plugin.db.session import reader, transaction

READ_AGAIN_AFTER = 60.0  # seconds until a rotation is seen by every process


def vault(secret: str) -> Fernet:
    """What encrypts private keys: a key derived from the installation's secret, for this use only."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"practicum tool keys").derive(secret.encode())
    return Fernet(urlsafe_b64encode(derived))


def add(session: Session, secret: str, *, now: datetime) -> ToolKey:
    """Make a key pair. It is published at once and signs when `lti.keys` says so."""
    pair = keys.make()
    row = ToolKey(
        kid=pair.kid,
        private_key=vault(secret).encrypt(pair.private_pem.encode()).decode(),
        public_jwk=dict(pair.public_jwk),
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


class ToolKeys:
    """The keys of this installation, for the life of a process; shared between threads."""

    def __init__(self, engine: Engine, secret: str) -> None:
        self._engine, self._secret = engine, secret
        self._lock = threading.Lock()
        self._parsed: dict[str, keys.SigningKey] = {}
        self._rows: tuple[ToolKey, ...] = ()
        self._read_at = 0.0

    def signing(self) -> keys.SigningKey:
        """The key that signs now."""
        with self._lock:
            kid = self._rota().signing
            if kid is None:
                raise LookupError("there is no key: _rota() makes the first")
            if kid not in self._parsed:
                row = next(row for row in self._rows if row.kid == kid)
                pem = vault(self._secret).decrypt(row.private_key.encode()).decode()
                self._parsed[kid] = keys.load(pem)
            return self._parsed[kid]

    def published(self) -> list[Mapping[str, Any]]:
        """The public keys, as JWK, that platforms may need now."""
        with self._lock:
            wanted = self._rota().published
            return [row.public_jwk for row in self._rows if row.kid in wanted]

    def _rota(self) -> keys.Rota:
        if not self._rows or time.monotonic() - self._read_at > READ_AGAIN_AFTER:
            self._rows = self._read() or self._first()
            self._read_at = time.monotonic()
        return keys.rota([_dates(row) for row in self._rows], clock.now())

    def _read(self) -> tuple[ToolKey, ...]:
        with Session(reader(self._engine), expire_on_commit=False) as session:
            return tuple(session.scalars(select(ToolKey).order_by(ToolKey.created_at, ToolKey.id)))

    def _first(self) -> tuple[ToolKey, ...]:
        """The first key makes itself. Two processes at once make two: both are published, the older one signs."""
        with transaction(self._engine) as session:
            if session.scalar(select(ToolKey.id).limit(1)) is None:
                add(session, self._secret, now=clock.now())
        return self._read()


def _dates(row: ToolKey) -> keys.KeyDates:
    return keys.KeyDates(kid=row.kid, created_at=row.created_at, revoked_at=row.revoked_at)
