"""Whose turn it is to ask an LMS for rosters, and which one is due there first.

One worker at a time asks an LMS; it holds the turn by a lease, which each page of its reading renews.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, type_coerce, update
from sqlalchemy.orm import Session

from lti import stores
from plugin.db.base import UtcDateTime
from plugin.db.groups import GroupSource
from plugin.db.learning import Cohort, Context, Enrolment
from plugin.db.lti_stores import as_platform
from plugin.db.outbox import PlatformPause
from plugin.db.platforms import Platform, PlatformState
from plugin.db.rosters import Roster, RosterTurn
from plugin.db.upsert import insert
from plugin.domain import rosters as rules

LEASE = timedelta(minutes=2)  # longer than a call may take with the token it needs; each page renews it
CANDIDATES = 20  # platforms that a worker tries to get the turn of
ADMITTED = 500  # courses that are admitted in one transaction
Jitter = Callable[[], float]


@dataclass(frozen=True)
class Reading:
    """A roster under lease. `differences_url` is None where the whole is to be read.

    `groups_url` is None where the LMS tells no groups. `began` stamps everybody whom the reading names, `cohort_since`
    is the day of the newest cohort of the course.
    """

    context_id: int
    platform: stores.Platform
    memberships_url: str
    differences_url: str | None
    groups_url: str | None
    deployment_key: str
    lease: str
    began: datetime
    cohort_since: datetime
    failures: int
    platform_failures: int


def is_anything_new(session: Session) -> bool:
    """Whether a course with a roster is not known yet. A look that holds up no writer."""
    return session.scalar(_unknown().limit(1)) is not None


def admit(session: Session, *, now: datetime, jitter: Jitter = random.random) -> int:
    """Begin to keep the rosters of courses that have a cohort and tell where their roster is. Returns how many."""
    found = session.execute(_unknown().limit(ADMITTED)).all()
    if found:
        rows = [fresh(row.id, row.platform_id, rules.first_reading(now, row.created_at, jitter())) for row in found]
        session.execute(insert(session, Roster).values(rows).on_conflict_do_nothing())
    return len(found)


def _unknown() -> Any:
    return select(Context.id, Context.platform_id, Context.created_at).where(
        Context.memberships_url.is_not(None),
        exists().where(Cohort.context_id == Context.id),
        ~exists().where(Roster.context_id == Context.id),
    )


def fresh(context_id: int, platform_id: int, due_at: datetime) -> dict[str, Any]:
    """The row of a roster that was never read."""
    return {"context_id": context_id, "platform_id": platform_id, "due_at": due_at, "failures": 0}


# whose turn it is


def waiting(session: Session, *, now: datetime) -> list[int]:
    """Platforms that may be asked for a roster now, whoever has waited longest first. It holds up no writer."""
    first = func.min(Roster.due_at)
    found = session.execute(
        select(Roster.platform_id)
        .join(Platform, Platform.id == Roster.platform_id)
        .outerjoin(RosterTurn, RosterTurn.platform_id == Roster.platform_id)
        .outerjoin(PlatformPause, PlatformPause.platform_id == Roster.platform_id)
        .where(
            Roster.due_at <= now,
            Platform.state == PlatformState.ACTIVE,
            or_(RosterTurn.platform_id.is_(None), _is_free(now)),
            # an LMS that does not even take scores is not asked for more
            or_(PlatformPause.until.is_(None), PlatformPause.until <= now),
        )
        .group_by(Roster.platform_id)
        .order_by(first, Roster.platform_id)
        .limit(CANDIDATES)
    )
    return [row.platform_id for row in found]


def _is_free(now: datetime) -> ColumnElement[bool]:
    return and_(
        or_(RosterTurn.leased_until.is_(None), RosterTurn.leased_until <= now),
        or_(RosterTurn.paused_until.is_(None), RosterTurn.paused_until <= now),
    )


def lease(session: Session, platform_id: int, *, now: datetime) -> Reading | None:
    """Take the turn of a platform and the roster that is due there first; None when somebody else was quicker, or
    when nobody is at work in any of its courses, which are looked at again a day later.

    The caller commits before it calls.
    """
    turn = insert(session, RosterTurn).values(platform_id=platform_id, failures=0).on_conflict_do_nothing()
    session.execute(turn)
    token = uuid4().hex
    taken = session.execute(
        update(RosterTurn)
        .where(RosterTurn.platform_id == platform_id, _is_free(now))
        .values(lease=token, leased_until=now + LEASE)
        .returning(RosterTurn.failures)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if taken is None:
        return None
    _postpone_sleepers(session, platform_id, now)
    due = session.execute(_due(platform_id, now)).first()
    if due is None:
        end(session, platform_id, token)
        return None
    roster, context, platform, groups_url, cohort_since = due
    whole = rules.asks_for_whole(roster.whole_at, now) or roster.wanted_at is not None
    return Reading(
        context_id=context.id,
        platform=as_platform(platform, ()),
        memberships_url=context.memberships_url,
        differences_url=None if whole else roster.differences_url,
        groups_url=groups_url,
        deployment_key=context.deployment_id if platform.shared_client else "",
        lease=token,
        began=now,
        cohort_since=cohort_since,
        failures=roster.failures,
        platform_failures=taken.failures,
    )


def _due(platform_id: int, now: datetime) -> Any:
    """The roster that somebody waits for, else the one that is due longest."""
    newest = (
        select(func.max(Cohort.created_at)).where(Cohort.context_id == Context.id).correlate(Context).scalar_subquery()
    )
    return (
        select(Roster, Context, Platform, GroupSource.groups_url, type_coerce(newest, UtcDateTime()))
        .join(Context, Context.id == Roster.context_id)
        .outerjoin(GroupSource, GroupSource.context_id == Roster.context_id)
        .join(Platform, Platform.id == Roster.platform_id)
        .where(Roster.platform_id == platform_id, Roster.due_at <= now, Platform.state == PlatformState.ACTIVE)
        .order_by(Roster.wanted_at.is_(None), Roster.due_at, Roster.context_id)
        .limit(1)
    )


def _postpone_sleepers(session: Session, platform_id: int, now: datetime) -> None:
    """Courses in which nobody has been at work for long, and those that no longer tell where their roster is."""
    since = now - rules.ASLEEP_AFTER
    at_work = exists().where(
        Enrolment.cohort_id == Cohort.id, or_(Enrolment.enrolled_at >= since, Enrolment.last_activity_at >= since)
    )
    awake = exists().where(Cohort.context_id == Roster.context_id, or_(Cohort.created_at >= since, at_work))
    told = exists().where(Context.id == Roster.context_id, Context.memberships_url.is_not(None))
    session.execute(
        update(Roster)
        .where(
            Roster.platform_id == platform_id,
            Roster.due_at <= now,
            or_(~told, and_(Roster.wanted_at.is_(None), ~awake)),
        )
        .values(due_at=now + rules.EVERY, wanted_at=None)
        .execution_options(synchronize_session=False)
    )


def renew(session: Session, reading: Reading, *, now: datetime) -> bool:
    """Keep the turn; False when it had been lost."""
    kept = session.execute(
        update(RosterTurn)
        .where(RosterTurn.platform_id == reading.platform.id, RosterTurn.lease == reading.lease)
        .values(leased_until=now + LEASE)
        .execution_options(synchronize_session=False)
    )
    return bool(kept.rowcount)  # type: ignore[attr-defined]  # a cursor result


def end(session: Session, platform_id: int, token: str, **values: Any) -> bool:
    """Give the turn back; False when it had been lost."""
    done = session.execute(
        update(RosterTurn)
        .where(RosterTurn.platform_id == platform_id, RosterTurn.lease == token)
        .values(lease=None, leased_until=None, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]  # a cursor result


def give_back(session: Session, reading: Reading) -> None:
    """End the turn without an outcome: the worker stops, and the next one begins anew."""
    end(session, reading.platform.id, reading.lease)
