"""Days that an LMS says with a launch: of its course, and of a link in it. Kept when they change, shown to members.

What was said last is kept word for word beside the moments that were read from it, so that a launch compares two texts
and writes only when they differ. What cannot be read is no date; it never stops anybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, null, select, update
from sqlalchemy.orm import Session

from lti import dates
from plugin.db.learning import Cohort, Context, ResourceLink

_BETWEEN = " "


@dataclass(frozen=True)
class CourseDates:
    """When the LMS course ends, and by when work is due: `due` of each session that has a link of its own, None: of the
    whole offering."""

    ends: datetime | None = None
    due: tuple[tuple[int | None, datetime], ...] = ()

    def due_of(self, session: int | None) -> datetime | None:
        """By when a session, or the whole, is due; None where the LMS says nothing."""
        return dict(self.due).get(session)


NONE = CourseDates()


def as_said(pair: tuple[str, str] | None, known: str | None) -> str | None:
    """What a launch says of two dates, as it is kept; what is kept already, where the launch says nothing."""
    if pair is None:
        return known
    return _BETWEEN.join(pair) if pair[0] or pair[1] else None


def of_course(pair: tuple[str, str] | None) -> dict[str, Any]:
    """The columns of a context for what a launch says of it; none where it says nothing."""
    return _columns(pair, "begins_at", "ends_at")


def of_link(pair: tuple[str, str] | None) -> dict[str, Any]:
    """The same of a resource link."""
    return _columns(pair, "available_at", "due_at")


def _columns(pair: tuple[str, str] | None, first: str, last: str) -> dict[str, Any]:
    if pair is None:
        return {}
    return {first: dates.moment(pair[0]), last: dates.moment(pair[1]), "said_dates": as_said(pair, None)}


def refresh(session: Session, which: ColumnElement[bool]) -> None:
    """Put what course and links say now beside the cohorts that this is true of."""
    session.flush()
    rows = session.execute(
        select(Cohort.id, Context.ends_at, ResourceLink.session_number, ResourceLink.due_at)
        .join(Context, Context.id == Cohort.context_id)
        .outerjoin(ResourceLink, (ResourceLink.cohort_id == Cohort.id) & ResourceLink.due_at.is_not(None))
        .where(which)
    ).all()
    said: dict[int, dict[str, Any]] = {}
    for cohort_id, ends_at, number, due_at in rows:
        known = said.setdefault(cohort_id, {"due": {}} | ({"ends": ends_at.isoformat()} if ends_at else {}))
        if due_at is not None:
            key = str(number or "")
            # of two links to the same the earlier day is shown: whoever keeps it is late for neither
            known["due"][key] = min(due_at.isoformat(), known["due"].get(key, due_at.isoformat()))
    for cohort_id, known in sorted(said.items()):
        value: Any = known if known["due"] or "ends" in known else null()
        session.execute(update(Cohort).where(Cohort.id == cohort_id).values(dates=value))


def read(kept: Mapping[str, Any] | None) -> CourseDates:
    """The dates beside a cohort."""
    if not kept:
        return NONE
    ends = kept.get("ends")
    due = kept.get("due", {})
    return CourseDates(
        datetime.fromisoformat(ends) if ends else None,
        tuple((int(number) if number else None, datetime.fromisoformat(due[number])) for number in sorted(due)),
    )
