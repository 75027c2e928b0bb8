"""What is known of a connection without asking its LMS: the checks that need the database only, and what the others ask
with. Everything is read at once, so that no transaction is open while an LMS is called.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from lti import quirks, stores
from plugin.actions.doctor.findings import Check, Fact, Finding
from plugin.db.learning import Cohort, Context, Enrolment
from plugin.db.lti_stores import as_platform
from plugin.db.notices import NoticeHandler
from plugin.db.outbox import IS_DUE, IS_REFUSED, WANTED, LineItem, OutboxRow, PlatformPause
from plugin.db.people import Identity
from plugin.db.platforms import Deployment, Platform, PlatformState

COLUMNS = 20  # gradebook columns of the course that is asked
REASONS = 8  # reasons for which scores were not told
QUIET = timedelta(days=30)
IS_THERE = ~LineItem.url.startswith(WANTED)  # one that is only wanted is no column yet
# What somebody at the LMS has to mend before a score can arrive, and what somebody here has to
OF_THE_LMS = frozenset({"column-gone", "no-right", "not-taken", "token-refused", "scope-missing", "answer-unreadable"})
OF_OURS = frozenset({"host-unknown", "switched-off", "address-refused"})

_ID = re.compile(r"[A-Za-z0-9_.:@-]{1,64}")


class NotATestUser(Exception):
    """The user named for the score is a member of ours: no test touches their grade."""


@dataclass(frozen=True)
class Course:
    """The LMS course that is asked: the newest with a gradebook column of ours, or else the newest of all.
    Without an id there is none: nobody has opened an activity yet."""

    context_id: str = ""
    line_items_url: str | None = None
    memberships_url: str | None = None
    columns: tuple[str, ...] = ()

    @property
    def shown_id(self) -> str:
        """The LMS's id of the course as it may be shown; an id that could be anybody's words is not."""
        return self.context_id if _ID.fullmatch(self.context_id) else "?"


@dataclass(frozen=True)
class Reason:
    """Why scores were not told, and how many."""

    codes: str
    sentence: str
    count: int
    is_refused: bool


@dataclass(frozen=True)
class Told:
    """Deployments whose LMS tells of copied courses: how many there are, how many of them have our handler, and what
    stood in the way of another one."""

    offered: int = 0
    registered: int = 0
    problem_code: str | None = None


@dataclass(frozen=True)
class Case:
    """All that is known. `histories`: whether course and link tell what they were copied from; None: nobody knows."""

    platform: stores.Platform
    state: PlatformState
    shared_client: bool
    course: Course
    last_launch_at: datetime | None
    histories: tuple[bool | None, bool | None]
    notices: Told
    reasons: tuple[Reason, ...]
    waiting: int
    paused_until: datetime | None
    at: datetime
    score_for: str | None = field(default=None, repr=False)


def read(session: Session, platform: Platform, *, score_for: str | None, now: datetime) -> Case:
    """Everything about a connection that a round of checks needs.

    Raises:
        NotATestUser: the LMS was told about `score_for` already.
    """
    deployments = session.scalars(select(Deployment.deployment_id).where(Deployment.platform_id == platform.id)).all()
    if score_for is not None:
        _check_is_nobody(session, platform, deployments, score_for)
    last_launch = select(func.max(Identity.last_launch_at)).where(Identity.platform_id == platform.id)
    waiting = select(func.count()).where(OutboxRow.platform_id == platform.id, IS_DUE)
    return Case(
        platform=as_platform(platform, deployments),
        state=platform.state,
        shared_client=platform.shared_client,
        course=_course(session, platform.id),
        last_launch_at=session.scalar(last_launch),
        histories=(platform.tells_context_history, platform.tells_link_history),
        notices=_notices(session, platform.id),
        reasons=tuple(_reasons(session, platform.id)),
        waiting=session.scalar(waiting) or 0,
        paused_until=session.scalar(select(PlatformPause.until).where(PlatformPause.platform_id == platform.id)),
        at=now,
        score_for=score_for,
    )


def _check_is_nobody(session: Session, platform: Platform, deployments: object, user_id: str) -> None:
    assert isinstance(deployments, list)  # noqa: S101  of the query above
    told = (
        exists()
        .where(Identity.platform_id == platform.id, Identity.deployment_key.in_(["", *deployments]))
        .where(Identity.sub == user_id, Enrolment.person_id == Identity.person_id)
        .where(OutboxRow.enrolment_id == Enrolment.id)
    )
    if session.scalar(select(told)):
        raise NotATestUser


def _course(session: Session, platform_id: int) -> Course:
    newest = (
        select(Cohort.context_id)
        .join(LineItem, LineItem.cohort_id == Cohort.id)
        .where(LineItem.platform_id == platform_id, IS_THERE, Cohort.context_id.is_not(None))
        .order_by(LineItem.id.desc())
        .limit(1)
    )
    chosen = select(Context).where(Context.platform_id == platform_id)
    with_column = session.scalar(newest)
    if with_column is not None:
        chosen = chosen.where(Context.id == with_column)
    found = session.scalars(chosen.order_by(Context.id.desc()).limit(1)).first()
    if found is None:
        return Course()
    columns = (
        select(LineItem.url)
        .join(Cohort, Cohort.id == LineItem.cohort_id)
        .where(LineItem.platform_id == platform_id, IS_THERE, Cohort.context_id == found.id)
        .order_by(LineItem.id.desc())
        .limit(COLUMNS)
    )
    return Course(found.context_id, found.line_items_url, found.memberships_url, tuple(session.scalars(columns)))


def _notices(session: Session, platform_id: int) -> Told:
    count = func.count(NoticeHandler.id)
    row = session.execute(
        select(count, func.count(NoticeHandler.registered_at), func.max(NoticeHandler.problem_code)).where(
            NoticeHandler.platform_id == platform_id
        )
    ).one()
    return Told(*row)


def _reasons(session: Session, platform_id: int) -> Iterator[Reason]:
    """Why scores of this LMS were refused, or are tried again and again; the most frequent first."""
    for part, is_refused in ((IS_REFUSED, True), (IS_DUE, False)):
        count = func.count()
        found = session.execute(
            select(OutboxRow.problem_code, func.min(OutboxRow.problem), count)
            .where(part, OutboxRow.platform_id == platform_id, OutboxRow.problem.is_not(None))
            .group_by(OutboxRow.problem_code)
            .order_by(count.desc())
            .limit(REASONS)
        )
        for codes, sentence, number in found:
            yield Reason(codes or "", sentence or "", number, is_refused)


# The checks


def switch(case: Case) -> Finding:
    """Whether anybody may come in."""
    return Finding(Check.SWITCH, f"switch-{case.state.value}")


def deployments(case: Case) -> Finding:
    """Which deployments may launch."""
    count = len(case.platform.deployments)
    if count:
        return Finding(Check.DEPLOYMENTS, "deployments-known", {"count": count})
    return Finding(Check.DEPLOYMENTS, "deployments-none" if case.shared_client else "deployments-first")


def launch(case: Case) -> Finding:
    """When somebody came in last; `identities.last_launch_at` is exact to the hour."""
    if case.last_launch_at is None:
        return Finding(Check.LAUNCH, "launch-never")
    if not case.course.context_id:
        return Finding(Check.LAUNCH, "launch-no-activity")
    facts = {"at": f"{case.last_launch_at:%Y-%m-%d %H:%M} UTC"}
    is_quiet = case.at - case.last_launch_at > QUIET
    return Finding(Check.LAUNCH, "launch-long-ago" if is_quiet else "launch-seen", facts)


def copies(case: Case) -> Finding:
    """Whether launches tell what a course was copied from."""
    context, link = case.histories
    if context is None and link is None:
        return Finding(Check.COPIES, "copies-unseen")
    if context or link:
        return Finding(Check.COPIES, "copies-told")
    if case.notices.registered:
        return Finding(Check.COPIES, "copies-by-notice")
    tells = quirks.of(case.platform.family).tells_history
    return Finding(Check.COPIES, "copies-lack" if tells else "copies-never")


def notices(case: Case) -> Finding:
    """Whether the LMS tells of copies when they are made; the worker asks it to, and says what came of it."""
    told = case.notices
    if not told.offered:
        return Finding(Check.NOTICES, "notices-not-offered")
    if told.problem_code == "notices-no-right":
        return Finding(Check.NOTICES, "notices-lack-right")
    if told.problem_code in {"notices-refused", *OF_THE_LMS, *OF_OURS}:
        return Finding(Check.NOTICES, "notices-not-taken")
    if told.registered < told.offered:
        return Finding(Check.NOTICES, "notices-on-their-way")
    return Finding(Check.NOTICES, "notices-registered", {"count": told.registered})


def outbox(case: Case) -> Iterator[Finding]:
    """What could not be told to the LMS, and why."""
    if case.paused_until is not None and case.paused_until > case.at:
        yield Finding(Check.OUTBOX, "outbox-paused", {"until": f"{case.paused_until:%Y-%m-%d %H:%M} UTC"})
    for reason in case.reasons:
        facts: dict[str, Fact] = {"count": reason.count, "codes": reason.codes, "reason": reason.sentence}
        yield Finding(Check.OUTBOX, _outbox_code(reason), facts)
    if not case.reasons:
        yield Finding(Check.OUTBOX, "outbox-waiting" if case.waiting else "outbox-empty", {"count": case.waiting})


def _outbox_code(reason: Reason) -> str:
    codes = set(reason.codes.split())
    if not reason.is_refused:
        return "outbox-retries"
    if codes & OF_THE_LMS:
        return "outbox-refused-lms"
    return "outbox-refused-ours" if codes & OF_OURS else "outbox-refused"


def look(case: Case) -> list[Finding]:
    """All checks that ask nobody."""
    return [switch(case), deployments(case), launch(case), copies(case), notices(case), *outbox(case)]
