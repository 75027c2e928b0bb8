"""Rosters: what a reading brings, what a failure leads to, and asking for one by hand.

A reading takes many calls and many transactions: each page is stored by itself, and who is absent is decided only when
the last one is there. A reading that ends half-way has changed nobody to "gone" and is no success.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, literal, null, select, update
from sqlalchemy.orm import Session

from lti import quirks, rosters
from lti.errors import ServiceError
from lti.quirks import Outcome, Verdict
from plugin.actions import audit, groups, roster_turns
from plugin.actions.roster_turns import Jitter, Reading
from plugin.db.base import OneOf, UtcDateTime
from plugin.db.folding import fold
from plugin.db.learning import Cohort, Context, Enrolment
from plugin.db.people import Identity
from plugin.db.rosters import Roster, RosterMember
from plugin.db.upsert import insert
from plugin.domain import rosters as rules
from plugin.domain.people import CourseRole
from plugin.domain.rosters import MemberStatus

FORGOTTEN = 20  # lists whose names are dropped in one transaction

_STATUS = {rosters.Status.ACTIVE: MemberStatus.ACTIVE, rosters.Status.INACTIVE: MemberStatus.INACTIVE}


@dataclass(frozen=True)
class Asked:
    """What asking by hand led to: it is on its way, or may be asked for from a moment on."""

    is_on_its_way: bool
    not_before: datetime | None = field(default=None)


def store(session: Session, reading: Reading, members: Iterable[rosters.Member], *, now: datetime) -> bool:
    """Keep what some members are today, and the turn; False when the turn was lost, and then nothing is kept."""
    if not roster_turns.renew(session, reading, now=now):
        return False
    named = {member.user_id: member for member in members}  # somebody named twice is what was said last
    if reading.groups_url is not None:
        groups.join(session, reading.context_id, named.values())
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
    if not roster_turns.end(session, reading.platform.id, reading.lease, failures=0, paused_until=None):
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
    if not roster_turns.end(
        session, reading.platform.id, reading.lease, failures=down_count, paused_until=paused_until
    ):
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
    groups.forget(session, found)
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
        insert(session, Roster)
        .values(roster_turns.fresh(context.id, context.platform_id, now))
        .on_conflict_do_nothing()
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


def judge(reading: Reading, error: ServiceError) -> Verdict:
    """What an LMS's answer to a question for the roster means."""
    return quirks.judge_roster(reading.platform.family, error)
