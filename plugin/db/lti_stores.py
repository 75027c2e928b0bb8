"""The protocols of `lti.stores` over these tables: registrations and the one use of a launch.

Core with kept statements: this is the path of every launch.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update
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


class Platforms:
    """Registrations, read through one session. Key sets that were fetched wait in `fetched` for the caller.

    A launch is verified with a session that only reads, so that a slow LMS host holds up nobody's writing; the
    caller stores what was fetched with `keep` in the transaction that follows.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.fetched: dict[int, tuple[str, datetime]] = {}

    def find(self, issuer: str, client_id: str | None) -> list[stores.Platform]:
        """All registrations of an issuer, or those with this client id."""
        if client_id is None:
            return _gathered(self._session.execute(_BY_ISSUER, {"issuer": issuer}).all())
        return _gathered(self._session.execute(_BY_CLIENT, {"issuer": issuer, "client_id": client_id}).all())

    def get(self, id: int) -> stores.Platform | None:
        """The registration with this id."""
        found = _gathered(self._session.execute(_BY_ID, {"id": id}).all())
        return found[0] if found else None

    def keep_key_set(self, id: int, document: str, fetched_at: datetime) -> None:
        """Remember a key set that was just fetched, for `keep`."""
        self.fetched[id] = (document, fetched_at)

    def keep(self, session: Session) -> None:
        """Store the key sets that were fetched."""
        for platform_id, (document, fetched_at) in self.fetched.items():
            values = {"key_set": document, "key_set_fetched_at": fetched_at}
            session.execute(update(Platform).where(Platform.id == platform_id).values(**values))


class Nonces:
    """Used nonces: the first insert wins."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._used: tuple[str, datetime] | None = None

    def use_again(self) -> bool:
        """After a rollback: mark what this launch had marked, if anything. False when it is taken by now."""
        return self._used is None or self.use(*self._used)

    def use(self, nonce: str, expires_at: datetime) -> bool:
        """Mark a nonce as used; False if it was used before."""
        insert = sqlite_insert if self._session.get_bind().dialect.name == "sqlite" else postgresql_insert
        statement = insert(UsedNonce).on_conflict_do_nothing(index_elements=["nonce"])
        taken = self._session.execute(statement, {"nonce": nonce, "expires_at": expires_at})
        if not taken.rowcount:  # type: ignore[attr-defined]  # a cursor result
            return False
        self._used = (nonce, expires_at)
        return True


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
