"""Rosters: whose turn it is, what a reading brings, what a failure leads to, and asking for one by hand.

A reading takes many calls and many transactions: each page is stored by itself, and who is absent is decided only when
the last one is there. One worker at a time asks an LMS for rosters; it holds the turn by a lease, which each page
renews. A reading that ends half-way has changed nobody to "gone" and is no success.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, and_, exists, func, literal, null, or_, select, type_coerce, update
from sqlalchemy.orm import Session

from lti import quirks, rosters, stores
from lti.quirks import Outcome, Verdict
from plugin.actions import audit
from plugin.db.base import OneOf, UtcDateTime
from plugin.db.folding import fold
from plugin.db.learning import Cohort, Context, Enrolment
from plugin.db.lti_stores import as_platform
from plugin.db.outbox import PlatformPause
from plugin.db.people import Identity
from plugin.db.platforms import Platform, PlatformState
from plugin.db.rosters import Roster, RosterMember, RosterTurn
from plugin.db.upsert import insert
from plugin.domain import rosters as rules
from plugin.domain.people import CourseRole
from plugin.domain.rosters import MemberStatus

LEASE = timedelta(minutes=2)  # longer than a call may take with the token it needs; each page renews it
CANDIDATES = 20  # platforms that a worker tries to get the turn of
ADMITTED = 500  # courses that are admitted in one transaction
FORGOTTEN = 20  # lists whose names are dropped in one transaction
Jitter = Callable[[], float]

_STATUS = {rosters.Status.ACTIVE: MemberStatus.ACTIVE, rosters.Status.INACTIVE: MemberStatus.INACTIVE}


@dataclass(frozen=True)
class Reading:
    """A roster under lease. `differences_url` is None where the whole is to be read.

    `began` stamps everybody whom the reading names, `cohort_since` is the day of the newest cohort of the course.
    """

    context_id: int
    platform: stores.Platform
    memberships_url: str
    differences_url: str | None
    deployment_key: str
    lease: str
    began: datetime
    cohort_since: datetime
    failures: int
    platform_failures: int


@dataclass(frozen=True)
class Asked:
    """What asking by hand led to: it is on its way, or may be asked for from a moment on."""

    is_on_its_way: bool
    not_before: datetime | None = field(default=None)


def is_anything_new(session: Session) -> bool:
    """Whether a course with a roster is not known yet. A look that holds up no writer."""
    return session.scalar(_unknown().limit(1)) is not None


def admit(session: Session, *, now: datetime, jitter: Jitter = random.random) -> int:
    """Begin to keep the rosters of courses that have a cohort and tell where their roster is. Returns how many."""
    found = session.execute(_unknown().limit(ADMITTED)).all()
    if found:
        rows = [_fresh(row.id, row.platform_id, rules.first_reading(now, row.created_at, jitter())) for row in found]
        session.execute(insert(session, Roster).values(rows).on_conflict_do_nothing())
    return len(found)


def _unknown() -> Any:
    return select(Context.id, Context.platform_id, Context.created_at).where(
        Context.memberships_url.is_not(None),
        exists().where(Cohort.context_id == Context.id),
        ~exists().where(Roster.context_id == Context.id),
    )


def _fresh(context_id: int, platform_id: int, due_at: datetime) -> dict[str, Any]:
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
        _end_turn(session, platform_id, token)
        return None
    roster, context, platform, cohort_since = due
    whole = rules.asks_for_whole(roster.whole_at, now) or roster.wanted_at is not None
    return Reading(
        context_id=context.id,
        platform=as_platform(platform, ()),
        memberships_url=context.memberships_url,
        differences_url=None if whole else roster.differences_url,
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
        select(Roster, Context, Platform, type_coerce(newest, UtcDateTime()))
        .join(Context, Context.id == Roster.context_id)
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


def _end_turn(session: Session, platform_id: int, token: str, **values: Any) -> bool:
    """Give the turn back; False when it had been lost."""
    done = session.execute(
        update(RosterTurn)
        .where(RosterTurn.platform_id == platform_id, RosterTurn.lease == token)
        .values(lease=None, leased_until=None, **values)
        .execution_options(synchronize_session=False)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]  # a cursor result


# what a reading brings


def store(session: Session, reading: Reading, members: Iterable[rosters.Member], *, now: datetime) -> bool:
    """Keep what some members are today, and the turn; False when the turn was lost, and then nothing is kept."""
    kept = session.execute(
        update(RosterTurn)
        .where(RosterTurn.platform_id == reading.platform.id, RosterTurn.lease == reading.lease)
        .values(leased_until=now + LEASE)
        .execution_options(synchronize_session=False)
    )
    if not kept.rowcount:  # type: ignore[attr-defined]  # a cursor result
        return False
    named = {member.user_id: member for member in members}  # somebody named twice is what was said last
    rows = [_row(reading, one, now) for one in named.values() if one.status is not rosters.Status.DELETED]
    if rows:
        making = insert(session, RosterMember)
        changed = {name: making.excluded[name] for name in ("name", "sort_key", "role", "status", "seen_at", "gone_at")}
        session.execute(making.on_conflict_do_update(index_elements=["context_id", "user_id"], set_=changed), rows)
    if left := [one.user_id for one in named.values() if one.status is rosters.Status.DELETED]:
        _leave(session, reading, RosterMember.user_id.in_(left), now)
    return True


def _row(reading: Reading, member: rosters.Member, now: datetime) -> dict[str, Any]:
    status = _STATUS[member.status]
    name, sort_key = _named(member) if status is MemberStatus.ACTIVE else (None, "")
    role = CourseRole.NONE if member.roles.is_test_user else CourseRole(member.roles.course_role.value)
    return {
        "context_id": reading.context_id,
        "user_id": member.user_id,
        "name": name,
        "sort_key": sort_key,
        "role": role,
        "status": status,
        "since": now,
        "seen_at": reading.began,
        "gone_at": None,
    }


def _named(member: rosters.Member) -> tuple[str | None, str]:
    """The name for people, and the one for sorting: by family name where the LMS tells which it is."""
    said = member.name or " ".join(part for part in (member.given, member.family) if part)
    if not said:
        return None, ""
    by_family = " ".join(part for part in (member.family, member.given) if part) if member.family else said
    return said[:255], (fold(by_family) or "")[:255]


def _leave(session: Session, reading: Reading, who: ColumnElement[bool], now: datetime) -> None:
    """Somebody is in the course no more. Their row stays, and all that they did; their name has no use here now."""
    session.execute(
        update(RosterMember)
        .where(RosterMember.context_id == reading.context_id, RosterMember.status != MemberStatus.GONE, who)
        .values(status=MemberStatus.GONE, gone_at=now, name=None, sort_key="")
        .execution_options(synchronize_session=False)
    )


def finish(
    session: Session,
    reading: Reading,
    differences_url: str | None,
    *,
    whole: bool,
    now: datetime,
    jitter: Jitter = random.random,
) -> bool:
    """The last page is there. After a whole reading, whoever it did not name is gone; False when the turn was lost."""
    if not _end_turn(session, reading.platform.id, reading.lease, failures=0, paused_until=None):
        return False
    if whole:
        _leave(session, reading, RosterMember.seen_at != reading.began, now)
        _add_unnamed(session, reading, now)
    values: dict[str, Any] = {"whole_at": reading.began} if whole else {}
    _settle(
        session,
        reading,
        due_at=rules.next_reading(now, reading.cohort_since, jitter()),
        tried_at=now,
        read_at=reading.began,
        differences_url=differences_url,
        wanted_at=None,
        failures=0,
        problem=None,
        problem_code=None,
        **values,
    )
    return True


def _add_unnamed(session: Session, reading: Reading, now: datetime) -> None:
    """People who opened something of this course before the reading, and whom no reading ever named."""
    mine = exists().where(RosterMember.context_id == reading.context_id, RosterMember.user_id == Identity.sub)
    rows = (
        select(
            literal(reading.context_id),
            Identity.sub,
            null(),
            literal(""),
            literal(CourseRole.LEARNER, OneOf(CourseRole)),
            literal(MemberStatus.GONE, OneOf(MemberStatus)),
            literal(now, UtcDateTime()),
            literal(reading.began, UtcDateTime()),
            literal(now, UtcDateTime()),
        )
        .select_from(Enrolment)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .join(Identity, Identity.id == Enrolment.identity_id)
        .where(
            Cohort.context_id == reading.context_id,
            Identity.platform_id == reading.platform.id,
            Identity.deployment_key == reading.deployment_key,
            Enrolment.enrolled_at < reading.began,
            ~mine,
        )
        .distinct()
    )
    columns = ["context_id", "user_id", "name", "sort_key", "role", "status", "since", "seen_at", "gone_at"]
    session.execute(insert(session, RosterMember).from_select(columns, rows).on_conflict_do_nothing())


def fail(
    session: Session, reading: Reading, verdict: Verdict, *, down: bool, now: datetime, jitter: Jitter = random.random
) -> bool:
    """The reading ended before its end. Who is in the course stays as it was known; False when the turn was lost.

    `down`: the LMS as a whole does not answer, so that none of its courses is asked for a while.
    """
    failures = reading.failures + 1
    due_at = now + (rules.EVERY if verdict.outcome in {Outcome.MEND, Outcome.GONE} else rules.pause(failures, jitter()))
    paused_until, down_count = None, 0
    if verdict.outcome is Outcome.WAIT:
        wait = rules.pause(1, jitter()) if verdict.wait is None else timedelta(seconds=verdict.wait)
        paused_until, due_at = now + wait, now + wait
    elif down:
        down_count = reading.platform_failures + 1
        paused_until = now + rules.pause(down_count, jitter())
    if not _end_turn(session, reading.platform.id, reading.lease, failures=down_count, paused_until=paused_until):
        return False
    _settle(
        session,
        reading,
        due_at=due_at,
        tried_at=now,
        wanted_at=None,
        failures=failures,
        problem=verdict.sentence,
        problem_code=verdict.code,
    )
    return True


def forget_differences(session: Session, reading: Reading) -> None:
    """The LMS does not tell differences from there any more: the next reading is a whole one."""
    _settle(session, reading, differences_url=None)


def give_back(session: Session, reading: Reading) -> None:
    """End the turn without an outcome: the worker stops, and the next one begins anew."""
    _end_turn(session, reading.platform.id, reading.lease)


def _settle(session: Session, reading: Reading, **values: Any) -> None:
    session.execute(
        update(Roster)
        .where(Roster.context_id == reading.context_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )


def forget(session: Session, *, now: datetime) -> int:
    """Drop the names of lists that were not read for very long; what people did is not touched. Returns how many
    lists, a few at a time."""
    old = select(Roster.context_id).where(Roster.read_at < now - rules.FORGOTTEN_AFTER).limit(FORGOTTEN)
    found = list(session.scalars(old))
    for table, values in (
        (RosterMember, {"name": None, "sort_key": ""}),
        (Roster, {"read_at": None, "whole_at": None, "differences_url": None}),
    ):
        session.execute(
            update(table)
            .where(table.context_id.in_(found))
            .values(**values)
            .execution_options(synchronize_session=False)
        )
    return len(found)


# by hand


def ask(
    session: Session, context: Context, *, by: int | None, organization: int, now: datetime, always: bool = False
) -> Asked:
    """Have a roster read as soon as the LMS may be asked. Once in a while for each course, so that nobody can have an
    LMS hammered with it; `always` is for whoever runs the installation. `by` None: the command line.

    Raises:
        ValueError: this LMS does not tell where the course's roster is.
    """
    if context.memberships_url is None:
        raise ValueError("there is no roster to read")
    session.execute(
        insert(session, Roster).values(_fresh(context.id, context.platform_id, now)).on_conflict_do_nothing()
    )
    roster = session.scalars(select(Roster).where(Roster.context_id == context.id).with_for_update()).one()
    if roster.wanted_at is not None:
        return Asked(True)
    again = rules.may_ask_again(roster.tried_at)
    if again is not None and again > now and not always:
        return Asked(False, again)
    roster.wanted_at, roster.due_at = now, now
    audit.remember(session, "refresh roster", f"context {context.id}", by=by, organization=organization, now=now)
    return Asked(True)


def judge(reading: Reading, error: Any) -> Verdict:
    """What an LMS's answer to a question for the roster means."""
    return quirks.judge_roster(reading.platform.family, error)
