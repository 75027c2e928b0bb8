"""The outbox: lease what is due, record what came of it, send again by hand (design §4).

Exactly once although anything may die anywhere: a lease is committed with the timestamp that will be sent, before
anything is sent; the outcome is recorded only while the lease and the version are still the same. A row whose lease ran
out is found stamped with its own version: nobody knows whether it arrived, so the LMS is asked first.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import and_, bindparam, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from lti import quirks, stores
from lti.quirks import Outcome, Verdict
from lti.scores import GradingProgress
from plugin.actions import audit, columns
from plugin.actions.columns import WantedColumn
from plugin.db import leases
from plugin.db.lti_stores import as_platform
from plugin.db.outbox import IS_DUE, IS_REFUSED, WANTED, OutboxRow, OutboxState, PlatformPause
from plugin.db.people import OrganizationLine
from plugin.db.platforms import Platform, PlatformState
from plugin.db.upsert import insert
from plugin.domain import retry, scores
from plugin.domain.scores import Progress

LEASE = timedelta(seconds=60)  # renewed while the call is under way; what a dead worker held is due again after it

# beside those of lti.quirks; the codes are their stable names, for other languages: two for two sentences
SWITCHED_OFF_CODE, GAVE_UP_CODE, SILENT_CODE = "switched-off", "seven-days", "silent"
SWITCHED_OFF = (
    "The connection to this LMS is switched off in Practicum. The score waits; it is sent by itself once an "
    "administrator switches the connection on."
)
GAVE_UP = "It was tried for seven days and is not tried any more. When this is mended, send the score again."
SILENT = "The LMS has not answered for seven days. When it works again, send the score again."


@dataclass(frozen=True)
class Waiting:
    """A platform that has something due. `is_shaky`: it did not answer lately, so one call at a time is enough."""

    platform_id: int
    is_shaky: bool


@dataclass(frozen=True)
class Delivery:
    """One row under lease: everything that has to be told, and how often that went wrong.

    `stamp` is the timestamp to send; it is stored already. `maybe_there`: an earlier try of this very state may have
    arrived. `same_stamp`: and it carried this timestamp.
    """

    row_id: int
    version: int
    lease: str
    platform: stores.Platform
    line_item_id: int
    line_item_url: str
    user_id: str = field(repr=False)
    progress: Progress
    score: int | None
    comment: str | None = field(repr=False)
    stamp: datetime
    maybe_there: bool
    same_stamp: bool
    attempts: int
    failing_since: datetime | None
    wanted: WantedColumn | None = None  # the column has to be found first; nothing else is done this time


@dataclass(frozen=True)
class Result:
    """What came of a delivery. `unknown`: the LMS may have taken it. `down`: the LMS itself did not answer.

    `column`: the address of the column that was looked for; the score is sent to it next time.
    """

    delivery: Delivery
    verdict: Verdict
    unknown: bool = False
    down: bool = False
    column: str | None = None


@dataclass(frozen=True)
class Leased:
    """What a lease brought: deliveries to make, and how many rows needed none."""

    deliveries: tuple[Delivery, ...]
    settled: int


_rows: Any = OutboxRow.__table__
_NOT_SENT: Any = (
    update(_rows)
    .where(_rows.c.id == bindparam("b_id"))
    .values(state=OutboxState.NOT_SENT, problem=None, problem_code=None, lease=None, leased_until=None)
)
_MINE = and_(_rows.c.id == bindparam("b_id"), _rows.c.lease == bindparam("b_lease"))
_SETTLE: Any = (
    update(_rows)
    .where(_MINE, _rows.c.version == bindparam("b_version"))
    .values(
        state=bindparam("b_state"),
        due_at=bindparam("b_due"),
        attempts=bindparam("b_attempts"),
        failing_since=bindparam("b_failing"),
        stamped_version=bindparam("b_stamped"),
        sent_at=func.coalesce(bindparam("b_sent"), _rows.c.sent_at),
        problem=bindparam("b_problem"),
        problem_code=bindparam("b_code"),
        lease=None,
        leased_until=None,
    )
)
_RELEASE: Any = update(_rows).where(_MINE).values(stamped_version=bindparam("b_stamped"), lease=None, leased_until=None)
_MOVED_ON: Any = (
    update(_rows)
    .where(_MINE)
    .values(sent_at=func.coalesce(bindparam("b_sent"), _rows.c.sent_at), lease=None, leased_until=None)
)


def waiting(session: Session, *, now: datetime, also: Collection[int] = ()) -> list[Waiting]:
    """The platforms that something may be sent to now, whoever has waited longest first. One query that only reads.

    `also` are platforms for which the caller holds something, though nothing else may be due.
    """
    found = [row for row in leases.waiting(session.connection(), now) if row.oldest is not None or row.id in also]
    found.sort(key=lambda row: row.oldest or now)
    return [Waiting(row.id, bool(row.failures)) for row in found]


def lease(session: Session, shares: Mapping[int, int], *, now: datetime) -> Leased:
    """Take up to `shares[platform id]` due rows of each platform, and store the timestamp each will be sent with.

    The caller commits before it sends. A state whose post would do harm on that LMS is settled as not sent.
    """
    token = uuid4().hex
    connection = session.connection()
    deliveries: list[Delivery] = []
    searched: set[int] = set()
    settled = 0
    for platform_id, most in sorted(shares.items()):
        row = leases.platform(connection, platform_id)
        if row is None:
            continue
        platform = as_platform(row, ())
        for due in leases.due(connection, platform_id, most, now):
            wanted = None
            if _harms(platform.family, due.progress):
                session.execute(_NOT_SENT, {"b_id": due.id})
                settled += 1
                continue
            if due.url.startswith(WANTED):
                wanted = (
                    None if due.line_item_id in searched else columns.begin_search(session, due.line_item_id, now=now)
                )
                searched.add(due.line_item_id)
                if wanted is None:
                    continue
            deliveries.append(_delivery(due, platform, token, now, wanted))
    by_stamp: dict[datetime, list[int]] = {}
    for delivery in deliveries:
        by_stamp.setdefault(delivery.stamp, []).append(delivery.row_id)
    for at, rows in by_stamp.items():
        leases.stamp(connection, rows, lease=token, until=now + LEASE, at=at)
    return Leased(tuple(deliveries), settled)


def _harms(family: str | None, progress: Progress) -> bool:
    """Whether this LMS would erase what it has when it is told this without a score."""
    if progress is Progress.COMPLETED:
        return False
    _, grading = scores.WORDS[progress]
    return GradingProgress(grading) not in quirks.of(family).tells_without_score


def _delivery(due: Any, platform: stores.Platform, token: str, now: datetime, wanted: WantedColumn | None) -> Delivery:
    maybe_there = due.stamped_version == due.version and due.stamped_at is not None
    same_stamp = maybe_there and scores.stamp_again(due.stamped_at, now)
    return Delivery(
        row_id=due.id,
        version=due.version,
        lease=token,
        platform=platform,
        line_item_id=due.line_item_id,
        line_item_url=due.url,
        user_id=due.user_id,
        progress=due.progress,
        score=due.score,
        comment=due.comment,
        stamp=due.stamped_at if same_stamp else scores.stamp(now, due.stamped_at),
        maybe_there=maybe_there,
        same_stamp=same_stamp,
        attempts=due.attempts,
        failing_since=due.failing_since,
        wanted=wanted,
    )


def release(session: Session, deliveries: Iterable[Delivery]) -> None:
    """Give back rows that were leased and not begun: they are due as before."""
    for delivery in deliveries:
        session.execute(
            _RELEASE,
            {
                "b_id": delivery.row_id,
                "b_lease": delivery.lease,
                "b_stamped": delivery.version if delivery.maybe_there else None,
            },
        )


def renew(session: Session, deliveries: Iterable[Delivery], *, now: datetime) -> set[int]:
    """Keep the leases of calls that are still under way. Returns the ids of the rows that are still held."""
    held = [(delivery.row_id, delivery.lease) for delivery in deliveries]
    kept = session.scalars(
        update(OutboxRow)
        .where(tuple_(OutboxRow.id, OutboxRow.lease).in_(held))
        .values(leased_until=now + LEASE)
        .returning(OutboxRow.id)
        .execution_options(synchronize_session=False)
    )
    return set(kept)


def record(
    session: Session, results: Sequence[Result], *, now: datetime, jitter: Callable[[], float] = random.random
) -> None:
    """Store what came of deliveries.

    Where a newer state was queued meanwhile, the row stays due for it. Where the lease was lost, somebody else has the
    row and finds out by itself.
    """
    found = [one for one in results if one.column is not None]
    release(session, [one.delivery for one in found])
    for one in found:
        columns.end_search(session, one.delivery.line_item_id, url=one.column or "")
    results = [one for one in results if one.column is None]
    sent = [one.delivery for one in results if one.verdict.outcome is Outcome.SENT]
    arrived = leases.arrived(session.connection(), [(one.row_id, one.lease) for one in sent], now)
    left = [one for one in results if one.delivery.row_id not in arrived]
    for result in sorted(left, key=lambda one: one.delivery.row_id):  # one order for all, so nobody waits in a ring
        values = _settled(result, now, jitter)
        if not session.execute(_SETTLE, values).rowcount:  # type: ignore[attr-defined]  # a cursor result
            session.execute(_MOVED_ON, {name: values[name] for name in ("b_id", "b_lease", "b_sent")})
    for platform_id in sorted({result.delivery.platform.id for result in results}):
        _note_health(session, [one for one in results if one.delivery.platform.id == platform_id], now, jitter)


def _settled(result: Result, now: datetime, jitter: Callable[[], float]) -> dict[str, Any]:
    """The row as it is after this result."""
    delivery, verdict = result.delivery, result.verdict
    values: dict[str, Any] = {
        "b_id": delivery.row_id,
        "b_lease": delivery.lease,
        "b_version": delivery.version,
        "b_state": OutboxState.DUE,
        "b_due": now,
        "b_attempts": delivery.attempts + 1,
        "b_failing": delivery.failing_since or now,
        "b_stamped": delivery.version if result.unknown else None,
        "b_sent": None,
        "b_problem": verdict.sentence,
        "b_code": verdict.code,
    }
    if verdict.outcome is Outcome.SENT:
        done = {"b_attempts": delivery.attempts, "b_failing": None, "b_stamped": delivery.version, "b_sent": now}
        return {**values, **done, "b_state": OutboxState.SENT, "b_problem": None, "b_code": None}
    settled = retry.is_settled(values["b_attempts"], verdict.tries, values["b_failing"], now)
    if settled or verdict.outcome in {Outcome.MEND, Outcome.GONE}:
        return {**values, "b_state": OutboxState.REFUSED}
    if retry.is_hopeless(values["b_failing"], now):
        return {
            **values,
            "b_state": OutboxState.REFUSED,
            "b_problem": f"{verdict.sentence} {GAVE_UP}",
            "b_code": f"{verdict.code} {GAVE_UP_CODE}",
        }
    return {**values, "b_due": now + _pause_of(result, jitter)}


def _pause_of(result: Result, jitter: Callable[[], float]) -> timedelta:
    """How long until the next try: as long as the platform asks for, else growing."""
    if result.verdict.wait is not None:
        return timedelta(seconds=result.verdict.wait)
    return retry.wait(result.delivery.attempts + 1, jitter())


def _note_health(session: Session, results: Sequence[Result], now: datetime, jitter: Callable[[], float]) -> None:
    """Remember, for all workers, that a platform asks for patience, does not answer, or answers again.

    One that answers some calls is not down, however many others fail: those are tried again each by itself.
    """
    platform_id = results[0].delivery.platform.id
    patience = [_pause_of(one, jitter) for one in results if one.verdict.outcome is Outcome.WAIT]
    if patience or all(one.down for one in results):
        failures = _count(session, platform_id, sum(one.down for one in results), now)
        length = max([retry.pause(failures, jitter()) or timedelta(), *patience])
        row = update(PlatformPause).where(PlatformPause.platform_id == platform_id)
        session.execute(row.values(until=now + length).execution_options(synchronize_session=False))
    else:
        leases.answers(session.connection(), platform_id)


def _count(session: Session, platform_id: int, failed: int, now: datetime) -> int:
    """Add to the failures of a platform; returns how many there were in a row."""
    counted = insert(session, PlatformPause).values(platform_id=platform_id, since=now, failures=failed)
    changed = {"failures": PlatformPause.failures + failed}
    counted = counted.on_conflict_do_update(index_elements=["platform_id"], set_=changed)
    return int(session.scalar(counted.returning(PlatformPause.failures)) or 0)


def note_switched_off(session: Session, *, now: datetime) -> int:
    """Say of what is due to a platform that is not active why it waits. Returns how many rows it said it of."""
    inactive = select(Platform.id).where(Platform.state != PlatformState.ACTIVE)
    return _changed(
        session,
        update(OutboxRow)
        .where(IS_DUE, OutboxRow.due_at <= now, OutboxRow.platform_id.in_(inactive))
        .where(or_(OutboxRow.problem.is_(None), OutboxRow.problem != SWITCHED_OFF))
        .values(problem=SWITCHED_OFF, problem_code=SWITCHED_OFF_CODE),
    )


def give_up(session: Session, *, now: datetime) -> int:
    """Refuse what is due to platforms that have not answered for days, so that somebody looks at it."""
    silent = select(PlatformPause.platform_id).where(
        PlatformPause.failures >= retry.BROKEN_AFTER, PlatformPause.since <= now - retry.GIVE_UP_AFTER
    )
    return _changed(
        session,
        update(OutboxRow)
        .where(IS_DUE, OutboxRow.platform_id.in_(silent), OutboxRow.queued_at <= now - retry.GIVE_UP_AFTER)
        .where(or_(OutboxRow.leased_until.is_(None), OutboxRow.leased_until <= now))
        .values(state=OutboxState.REFUSED, problem=SILENT, problem_code=SILENT_CODE),
    )


def resend(session: Session, row: OutboxRow, *, by: int | None, now: datetime) -> None:
    """Send a state again by hand, with a new timestamp, whatever became of it. `by` None: the command line."""
    session.refresh(row, with_for_update=True)
    row.state, row.queued_at, row.due_at = OutboxState.DUE, now, now
    row.attempts, row.failing_since = 0, None
    row.problem, row.problem_code = None, None
    row.version += 1
    audit.remember(session, "resend score", f"outbox {row.id}", by=by, organization=row.organization_id, now=now)


def resend_refused(session: Session, organization: int, *, by: int | None, now: datetime) -> int:
    """Send again all that was refused, in an organization and below it. Returns how many."""
    lines = select(OrganizationLine.organization_id).where(OrganizationLine.ancestor_id == organization)
    count = _changed(
        session,
        update(OutboxRow)
        .where(IS_REFUSED, OutboxRow.organization_id.in_(lines))
        .values(
            state=OutboxState.DUE,
            queued_at=now,
            due_at=now,
            attempts=0,
            failing_since=None,
            problem=None,
            problem_code=None,
            version=OutboxRow.version + 1,
        ),
    )
    audit.remember(session, "resend scores", "outbox", by=by, organization=organization, now=now, count=count)
    return count


def _changed(session: Session, statement: Any) -> int:
    found = session.execute(statement.execution_options(synchronize_session=False))
    return int(found.rowcount)  # type: ignore[attr-defined]  # a cursor result
