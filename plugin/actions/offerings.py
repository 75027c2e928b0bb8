"""Offerings and their immutable versions: publish a pack, give a version's pack to whoever shows it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Pool, bindparam, select
from sqlalchemy.orm import Session

import content
from plugin.actions import audit
from plugin.db.learning import Offering, OfferingKind, Version

KEPT = 64  # packs of this many versions stay in memory; a version never changes, so they need no refreshing


_DOCUMENT = select(Version.document).where(Version.id == bindparam("version"))


class PublishRefused(Exception):
    """The pack cannot become a version; the text says why and what to do."""


class _Shelf:
    """Packs by version id, the least used put away first."""

    def __init__(self) -> None:
        self._packs: OrderedDict[int, content.Pack] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, version_id: int) -> content.Pack | None:
        with self._lock:
            if version_id in self._packs:
                self._packs.move_to_end(version_id)
            return self._packs.get(version_id)

    def put(self, version_id: int, pack: content.Pack) -> None:
        with self._lock:
            self._packs[version_id] = pack
            while len(self._packs) > KEPT:
                self._packs.popitem(last=False)


# one for each pool of connections: what another database calls version 1 is another text
_shelves: WeakKeyDictionary[Pool, _Shelf] = WeakKeyDictionary()


def pack_of(source: Session | Connection, version_id: int) -> content.Pack:
    """The pack of a version. The first asker in a process pays one query; versions never change."""
    connection = source.connection() if isinstance(source, Session) else source
    pool = connection.engine.pool
    shelf = _shelves.get(pool) or _shelves.setdefault(pool, _Shelf())
    pack = shelf.get(version_id)
    if pack is None:
        pack = content.from_document(connection.execute(_DOCUMENT, {"version": version_id}).scalar_one())
        shelf.put(version_id, pack)
    return pack


def publish(session: Session, pack: content.Pack, *, now: datetime) -> Version:
    """Make the pack the current version of its offering. The same edition again changes nothing.

    Cohorts that run keep the version they were started with.

    Raises:
        PublishRefused: this version number was published before with other content.
    """
    digest = content.digest(pack)
    offering = session.scalar(select(Offering).where(Offering.code == pack.code))
    if offering is None:
        offering = Offering(code=pack.code)
        session.add(offering)
    offering.kind, offering.title = OfferingKind(pack.kind.value), pack.title
    offering.summary, offering.minutes, offering.sessions = pack.summary, pack.minutes, len(pack.sessions)
    session.flush()
    version = session.scalar(select(Version).where(Version.offering_id == offering.id, Version.number == pack.version))
    if version is None:
        version = Version(
            offering_id=offering.id,
            number=pack.version,
            digest=digest,
            minutes=pack.minutes,
            document=content.to_document(pack),
            published_at=now,
        )
        session.add(version)
        session.flush()
        facts = {"code": pack.code, "number": pack.version}
        audit.remember(
            session, "publish version", f"version {version.id}", by=None, organization=None, now=now, **facts
        )
    elif version.digest != digest:
        raise PublishRefused(
            f"{pack.code} {pack.version} was published before with other content; "
            f'give the pack a new number in pack.yaml, e.g. "version: {_next_patch(pack.version)}"'
        )
    offering.current_version_id = version.id
    return version


def _next_patch(number: str) -> str:
    major, minor, patch = number.split(".")
    return f"{major}.{minor}.{int(patch) + 1}"
