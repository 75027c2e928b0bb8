"""When a round of checks may run, and where its findings are kept.

A round is claimed and committed before the LMS is called, and its findings are stored in a transaction of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from lti.http import HttpClient
from lti.stores import ToolKeys
from plugin.actions import audit
from plugin.actions.doctor import calls, known
from plugin.actions.doctor.findings import Check, Finding
from plugin.actions.doctor.known import Case
from plugin.actions.doctor.sentences import WORDS
from plugin.db.checkups import PlatformCheckup
from plugin.db.platforms import Platform
from plugin.db.upsert import insert

PAUSE = timedelta(seconds=30)  # between rounds of one connection: longer than a round may take


class TooSoon(Exception):
    """A round of this connection began a moment ago."""


@dataclass(frozen=True)
class Report:
    """What a round found, in the order in which it is shown."""

    at: datetime
    findings: tuple[Finding, ...]


def begin(session: Session, platform: Platform, *, score_for: str | None, by: int | None, now: datetime) -> Case:
    """Claim a round; the caller commits before it runs it. `by` None: the command line.

    Raises:
        TooSoon: another round of this connection began less than `PAUSE` ago.
        NotATestUser: `score_for` is a member of ours.
    """
    case = known.read(session, platform, score_for=score_for, now=now)
    claimed = insert(session, PlatformCheckup).values(platform_id=platform.id, began_at=now)
    claimed = claimed.on_conflict_do_update(
        index_elements=["platform_id"], set_={"began_at": now}, where=PlatformCheckup.began_at <= now - PAUSE
    )
    if session.scalar(claimed.returning(PlatformCheckup.platform_id)) is None:
        raise TooSoon
    audit.remember(
        session,
        "check platform",
        f"platform {platform.id}",
        by=by,
        organization=platform.organization_id,
        now=now,
        with_score=score_for is not None,
    )
    return case


def run(case: Case, http: HttpClient, keys: ToolKeys) -> tuple[Finding, ...]:
    """Check everything; some 20 seconds at most, and no database meanwhile but for our own keys."""
    found = [*known.look(case), *calls.ask(case, http, keys)]
    order = list(Check)
    return tuple(sorted(found, key=lambda finding: order.index(finding.check)))


def keep(session: Session, case: Case, findings: Sequence[Finding]) -> None:
    """Store what a round found, unless a later one was quicker."""
    told = [{"check": one.check.value, "code": one.code, "facts": dict(one.facts)} for one in findings]
    session.execute(
        update(PlatformCheckup)
        .where(PlatformCheckup.platform_id == case.platform.id, PlatformCheckup.began_at == case.at)
        .values(ended_at=case.at, findings={"findings": told})
    )


def last(session: Session, platform_id: int) -> Report | None:
    """The last round that came to its end; None where there is none that this release can read."""
    row = session.get(PlatformCheckup, platform_id)
    if row is None or row.ended_at is None or row.findings is None:
        return None
    found: list[dict[str, Any]] = row.findings["findings"]
    checks = {check.value for check in Check}
    if any(one["check"] not in checks or one["code"] not in WORDS for one in found):
        return None  # of another release
    return Report(row.ended_at, tuple(Finding(Check(one["check"]), one["code"], one["facts"]) for one in found))
