"""Keep what LMSs tell of copied courses, until somebody opens something of a copy (`open_link`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from lti.notices import ContextCopy as Told
from plugin.db.notices import ContextCopy
from plugin.db.platforms import Deployment, Platform, PlatformState, UsedNonce
from plugin.db.upsert import insert

KEPT = timedelta(days=730)  # a course that nobody opens for two years after it was made is opened by nobody
PIECE = 500  # rows of one statement


def keep(session: Session, told: Sequence[Told], *, now: datetime) -> list[bool]:
    """Store verified notices; for each whether it was new. Three statements, however many there are.

    A notice whose platform was switched off, or whose deployment was taken away since it was verified, is used up and
    not stored. What was told before by another notice stays as it is.
    """
    fresh = _used_now(session, told)
    connected = _connected(session, told)
    rows = [row for one in told for row in _rows(one, now) if (one.platform.id, one.deployment_id) in connected]
    known = {(row["platform_id"], row["deployment_id"], row["context_id"], row["origin_id"]): row for row in rows}
    each = list(known.values())
    for start in range(0, len(each), PIECE):
        session.execute(insert(session, ContextCopy).values(each[start : start + PIECE]).on_conflict_do_nothing())
    return fresh


def _used_now(session: Session, told: Sequence[Told]) -> list[bool]:
    """Take the one use of each; False for those that were used before, in this delivery too."""
    if not told:
        return []
    rows = [{"nonce": one.one_use, "expires_at": one.forget_at} for one in told]
    taking = insert(session, UsedNonce).values(list({row["nonce"]: row for row in rows}.values()))
    taken = set(session.scalars(taking.on_conflict_do_nothing().returning(UsedNonce.nonce)))
    found = []
    for one in told:
        found.append(one.one_use in taken)
        taken.discard(one.one_use)
    return found


def _connected(session: Session, told: Iterable[Told]) -> set[tuple[int, str]]:
    """Deployments of these notices that may launch at this moment."""
    named = sorted({(one.platform.id, one.deployment_id) for one in told})
    rows = session.execute(
        select(Deployment.platform_id, Deployment.deployment_id)
        .join(Platform, Platform.id == Deployment.platform_id)
        .where(
            Platform.state == PlatformState.ACTIVE, tuple_(Deployment.platform_id, Deployment.deployment_id).in_(named)
        )
    )
    return {(row.platform_id, row.deployment_id) for row in rows}


def _rows(told: Told, now: datetime) -> list[dict[str, object]]:
    return [
        {
            "platform_id": told.platform.id,
            "deployment_id": told.deployment_id,
            "context_id": told.context_id,
            "origin_id": origin,
            "told_at": now,
            "expires_at": now + KEPT,
        }
        for origin in told.origins
    ]
