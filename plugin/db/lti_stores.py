"""The protocols of `lti.stores` over these tables: registrations and the one use of a launch.

Core with kept statements: this is the path of every launch.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, bindparam, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from lti import stores
from plugin.db.platforms import Deployment, Platform, PlatformState, UsedNonce

_COLUMNS = (
    Platform.id,
    Platform.issuer,
    Platform.client_id,
    Platform.authorization_url,
    Platform.token_url,
    Platform.token_audience,
    Platform.key_set_url,
    Platform.key_set,
    Platform.key_set_fetched_at,
    Platform.family,
    Platform.hosts,
    Platform.state,
    Platform.shared_client,
    Deployment.deployment_id,
)
_BASE: Any = select(*_COLUMNS).outerjoin(Deployment, Deployment.platform_id == Platform.id)
_BY_ID = _BASE.where(Platform.id == bindparam("id"))
_BY_ISSUER = _BASE.where(Platform.issuer == bindparam("issuer")).order_by(Platform.id)
_BY_CLIENT = _BY_ISSUER.where(Platform.client_id == bindparam("client_id"))
_NONCES: Any = UsedNonce.__table__
_USE: Any = {
    # the row that comes back says that it was new; PostgreSQL's driver does not count the rows of such an insert
    engine: insert(_NONCES).on_conflict_do_nothing(index_elements=["nonce"]).returning(_NONCES.c.nonce)
    for engine, insert in (("sqlite", sqlite_insert), ("postgresql", postgresql_insert))
}


class Platforms:
    """Registrations. Key sets that were fetched wait in `fetched` for the caller.

    A launch is verified over an engine that only reads, with a connection for each look and none in between, so that
    a slow LMS host holds up nobody; the caller stores what was fetched with `keep` in the transaction that follows.
    """

    def __init__(self, source: Session | Engine) -> None:
        self._source = source
        self.fetched: dict[int, tuple[str, datetime]] = {}

    def find(self, issuer: str, client_id: str | None) -> list[stores.Platform]:
        """All registrations of an issuer, or those with this client id."""
        if client_id is None:
            return _gathered(self._read(_BY_ISSUER, {"issuer": issuer}))
        return _gathered(self._read(_BY_CLIENT, {"issuer": issuer, "client_id": client_id}))

    def get(self, id: int) -> stores.Platform | None:
        """The registration with this id."""
        found = _gathered(self._read(_BY_ID, {"id": id}))
        return found[0] if found else None

    def _read(self, statement: Any, parameters: dict[str, Any]) -> Sequence[Row[Any]]:
        if isinstance(self._source, Session):
            return self._source.execute(statement, parameters).all()
        with self._source.connect() as connection:
            return list(connection.execute(statement, parameters).all())

    def keep_key_set(self, id: int, document: str, fetched_at: datetime) -> None:
        """Remember a key set that was just fetched, for `keep`."""
        self.fetched[id] = (document, fetched_at)

    def keep(self, session: Session) -> None:
        """Store the key sets that were fetched."""
        for platform_id, (document, fetched_at) in self.fetched.items():
            values = {"key_set": document, "key_set_fetched_at": fetched_at}
            session.execute(update(Platform).where(Platform.id == platform_id).values(**values))


class RecentPlatforms:
    """Registrations for the first half of a login, which lets nobody in: looked up anew every few seconds.

    A connection that is switched off is refused at the launch, which always looks.
    """

    def __init__(self, engine: Engine, *, seconds: float = 5.0) -> None:
        self._platforms, self._seconds = Platforms(engine), seconds
        self._found: dict[tuple[str, str | None], tuple[float, list[stores.Platform]]] = {}

    def find(self, issuer: str, client_id: str | None) -> list[stores.Platform]:
        """As `Platforms.find`. What does not exist is never kept, so nobody can fill the memory with it; nor what is
        switched off, so that it works at once when an administrator switches it on."""
        known = self._found.get((issuer, client_id))
        if known is not None and time.monotonic() - known[0] < self._seconds:
            return known[1]
        found = self._platforms.find(issuer, client_id)
        if found and all(platform.active for platform in found):
            self._found[issuer, client_id] = (time.monotonic(), found)
        return found

    def get(self, id: int) -> stores.Platform | None:
        """As `Platforms.get`."""
        return self._platforms.get(id)

    def keep_key_set(self, id: int, document: str, fetched_at: datetime) -> None:
        """As `Platforms.keep_key_set`; a login fetches none."""
        self._platforms.keep_key_set(id, document, fetched_at)


class Nonces:
    """Used nonces: the first insert wins."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def use(self, nonce: str, expires_at: datetime) -> bool:
        """Mark a nonce as used; False if it was used before. Whoever asks at the same moment waits for the answer."""
        connection = self._session.connection()
        wanted = {"nonce": nonce, "expires_at": expires_at}
        return connection.execute(_USE[connection.dialect.name], wanted).scalar() is not None


def as_platform(row: Platform, deployments: Iterable[str]) -> stores.Platform:
    """A registration's row as `lti` wants it."""
    return _platform(row, frozenset(deployments))


def _gathered(rows: Sequence[Row[Any]]) -> list[stores.Platform]:
    """Rows of registrations × deployments → registrations."""
    first: dict[int, Row[Any]] = {}
    deployments: dict[int, set[str]] = {}
    for row in rows:
        first.setdefault(row.id, row)
        known = deployments.setdefault(row.id, set())
        if row.deployment_id is not None:
            known.add(row.deployment_id)
    return [_platform(row, frozenset(deployments[id_])) for id_, row in first.items()]


def _platform(row: Any, deployments: frozenset[str]) -> stores.Platform:
    return stores.Platform(
        id=row.id,
        issuer=row.issuer,
        client_id=row.client_id,
        authorization_url=row.authorization_url,
        token_url=row.token_url,
        key_set_url=row.key_set_url,
        token_audience=row.token_audience,
        family=row.family,
        active=row.state is PlatformState.ACTIVE,
        deployments=deployments,
        # where one client serves many customers, a deployment is a tenant: an administrator adds each by hand
        adopts_first_deployment=not row.shared_client,
        key_set=row.key_set,
        key_set_fetched_at=row.key_set_fetched_at,
        hosts=frozenset(row.hosts),
    )
