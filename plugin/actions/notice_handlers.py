"""Ask LMSs to tell us of copied courses: once for each deployment whose launches say that they can.

A row for each such deployment, leased by the worker that asks. What an LMS refuses is asked again a day later, and
stands in the connection doctor; nothing else depends on it.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, and_, exists, literal, null, or_, select, update
from sqlalchemy.orm import Session, aliased

from lti import stores
from lti.quirks import Outcome, Verdict
from plugin.db.base import UtcDateTime
from plugin.db.lti_stores import as_platform
from plugin.db.notices import NoticeHandler
from plugin.db.outbox import PlatformPause
from plugin.db.platforms import Deployment, Platform, PlatformState
from plugin.db.upsert import insert
from plugin.domain import rosters as rules

LEASE = timedelta(minutes=2)  # longer than a call may take with the token it needs
AGAIN = timedelta(days=30)  # an LMS may have lost it, with the tool's settings or a restored backup
AFTER_REFUSAL = timedelta(days=1)
Jitter = Callable[[], float]


@dataclass(frozen=True)
class Asking:
    """A deployment under lease, whose LMS is to be given our handler."""

    id: int
    platform: stores.Platform
    service_url: str
    handler: str
    lease: str
    failures: int


def offered(session: Session, *, platform_id: int, deployment_id: str, service_url: str, now: datetime) -> None:
    """A launch says where the LMS of this deployment takes handlers: ask there."""
    row = select(
        Deployment.id,
        Deployment.platform_id,
        literal(service_url),
        literal(now, UtcDateTime()),
        literal(0),
    ).where(Deployment.platform_id == platform_id, Deployment.deployment_id == deployment_id)
    making = insert(session, NoticeHandler).from_select(["id", "platform_id", "service_url", "due_at", "failures"], row)
    anew = {"service_url": service_url, "due_at": now, "failures": 0, "handler": None, "registered_at": None}
    session.execute(making.on_conflict_do_update(index_elements=["id"], set_=anew))


def lease(session: Session, *, handler: str, now: datetime) -> Asking | None:
    """Take the deployment that is due longest, of an LMS that nobody asks at this moment; None when there is none.

    One that has another address of ours, since ours changed, is due as well. The caller commits before it calls.
    """
    other = aliased(NoticeHandler)
    busy = exists().where(other.platform_id == NoticeHandler.platform_id, other.leased_until > now)
    moved = and_(NoticeHandler.handler.is_not(None), NoticeHandler.handler != handler)
    row = session.execute(
        select(NoticeHandler, Platform)
        .join(Platform, Platform.id == NoticeHandler.platform_id)
        .outerjoin(PlatformPause, PlatformPause.platform_id == NoticeHandler.platform_id)
        .where(
            or_(NoticeHandler.due_at <= now, moved),
            Platform.state == PlatformState.ACTIVE,
            # an LMS that does not even take scores is not asked for more
            or_(PlatformPause.until.is_(None), PlatformPause.until <= now),
            ~busy,
        )
        .order_by(NoticeHandler.due_at, NoticeHandler.id)
        .limit(1)
        # PostgreSQL; a SQLite transaction that writes is alone from its beginning
        .with_for_update(of=NoticeHandler, skip_locked=True)
    ).first()
    if row is None:
        return None
    found, platform = row
    found.lease, found.leased_until = uuid4().hex, now + LEASE
    session.flush()
    return Asking(
        id=found.id,
        platform=as_platform(platform, ()),
        service_url=found.service_url,
        handler=handler,
        lease=found.lease,
        failures=found.failures,
    )


def is_due(session: Session, *, handler: str, now: datetime) -> bool:
    """Whether there may be something to ask. A look that holds up no writer."""
    moved = and_(NoticeHandler.handler.is_not(None), NoticeHandler.handler != handler)
    return session.scalar(select(NoticeHandler.id).where(or_(NoticeHandler.due_at <= now, moved)).limit(1)) is not None


def registered(session: Session, asking: Asking, *, now: datetime) -> bool:
    """The LMS took it; False when the lease had been lost."""
    return _settle(
        session,
        asking,
        due_at=now + AGAIN,
        handler=asking.handler,
        registered_at=now,
        failures=0,
        problem=null(),
        problem_code=null(),
    )


def failed(
    session: Session, asking: Asking, verdict: Verdict, *, down: bool, now: datetime, jitter: Jitter = random.random
) -> bool:
    """The LMS did not take it. `down`: it does not answer at all; then, and when it asks for patience, its other
    deployments wait as well. False when the lease had been lost."""
    failures = asking.failures + 1
    if verdict.outcome is Outcome.MEND:
        due_at = now + AFTER_REFUSAL
    elif verdict.outcome is Outcome.WAIT and verdict.wait is not None:
        due_at = now + timedelta(seconds=verdict.wait)
    else:
        due_at = now + rules.pause(failures, jitter())
    values: dict[str, Any] = {"problem": verdict.sentence, "problem_code": verdict.code}
    if not _settle(session, asking, due_at=due_at, failures=failures, handler=null(), registered_at=null(), **values):
        return False
    if down or verdict.outcome is Outcome.WAIT:
        theirs = and_(NoticeHandler.platform_id == asking.platform.id, NoticeHandler.due_at < due_at)
        _update(session, theirs, due_at=due_at)
    return True


def _settle(session: Session, asking: Asking, **values: Any) -> bool:
    mine = and_(NoticeHandler.id == asking.id, NoticeHandler.lease == asking.lease)
    return _update(session, mine, lease=null(), leased_until=null(), **values)


def _update(session: Session, which: ColumnElement[bool], **values: Any) -> bool:
    changed = update(NoticeHandler).where(which).values(**values).execution_options(synchronize_session=False)
    return bool(session.execute(changed).rowcount)  # type: ignore[attr-defined]  # a cursor result
