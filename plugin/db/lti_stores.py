"""The protocols of `lti.stores` over these tables: registrations and the one use of a launch.

Core with kept statements: this is the path of every launch.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, select, update
from sqlalchemy.orm import Session

from lti import stores
from plugin.db.platforms import Deployment, Platform, PlatformState, UsedNonce
from plugin.db.upsert import hot_insert_or_nothing

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
_USE = hot_insert_or_nothing(UsedNonce, ("nonce", "expires_at"), returning="nonce")


class Platforms:
    """Registrations as they are at this moment, by a session's transaction or by a connection for each look."""

    def __init__(self, source: Session | Engine) -> None:
        self._source = source

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


class RecentPlatforms:
    """Registrations for logins and for verifying launches: looked up anew every few seconds.

    Whoever lets somebody in looks again, in the transaction that does: `actions.enter`.
    """

    def __init__(self, engine: Engine, *, seconds: float = 5.0) -> None:
        self._platforms, self._seconds = Platforms(engine), seconds
        self._found: dict[tuple[str, str | None] | int, tuple[float, list[stores.Platform]]] = {}

    def find(self, issuer: str, client_id: str | None) -> list[stores.Platform]:
        """As `Platforms.find`."""
        return self._recent((issuer, client_id), lambda: self._platforms.find(issuer, client_id))

    def get(self, id: int) -> stores.Platform | None:
        """As `Platforms.get`."""
        return next(iter(self._recent(id, lambda: [found] if (found := self._platforms.get(id)) else [])), None)

    def forget(self) -> None:
        """Look everything up anew: something was changed here."""
        self._found.clear()

    def _recent(
        self, key: tuple[str, str | None] | int, look: Callable[[], list[stores.Platform]]
    ) -> list[stores.Platform]:
        """What does not exist is never kept, so nobody can fill the memory with it; nor what cannot be used, so that it
        works at once when an administrator switches it on or names its deployment.
        """
        known = self._found.get(key)
        if known is not None and time.monotonic() - known[0] < self._seconds:
            return known[1]
        found = look()
        if found and all(platform.active and platform.deployments for platform in found):
            self._found[key] = (time.monotonic(), found)
        return found


class LaunchPlatforms:
    """Registrations for one launch. Key sets that it fetched wait for the transaction that follows: it is verified
    without one, so that a slow LMS host holds up nobody.
    """

    def __init__(self, recent: RecentPlatforms) -> None:
        self._recent = recent
        self._fetched: dict[int, tuple[str, datetime]] = {}

    def find(self, issuer: str, client_id: str | None) -> list[stores.Platform]:
        """As `Platforms.find`."""
        return self._recent.find(issuer, client_id)

    def get(self, id: int) -> stores.Platform | None:
        """As `Platforms.get`."""
        return self._recent.get(id)

    def keep_key_set(self, id: int, document: str, fetched_at: datetime) -> None:
        """Remember a key set that was just fetched, for `keep`."""
        self._fetched[id] = (document, fetched_at)

    def keep(self, connection: Connection) -> None:
        """Store the key sets that were fetched."""
        for platform_id, (document, fetched_at) in self._fetched.items():
            values = {"key_set": document, "key_set_fetched_at": fetched_at}
            connection.execute(update(Platform).where(Platform.id == platform_id).values(**values))
        if self._fetched:
            self._recent.forget()


class Nonces:
    """Used nonces: the first insert wins. The connection is asked for when there is one to use, after all fetching."""

    def __init__(self, connection: Callable[[], Connection]) -> None:
        self._connection = connection

    def use(self, nonce: str, expires_at: datetime) -> bool:
        """Mark a nonce as used; False if it was used before. Whoever asks at the same moment waits for the answer."""
        connection = self._connection()
        wanted = {"nonce": nonce, "expires_at": expires_at}
        return _USE[connection.dialect.name].first(connection, wanted) is not None


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
