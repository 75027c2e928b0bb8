"""What the LMS is told, and when (design §4, AGS 2.0 §3.4). Never 0, never a word that somebody wrote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from plugin.domain.columns import WHOLE, Kind, Part
from plugin.domain.hours import contact_hours

MAXIMUM = 1  # of every line item: whole number, since some LMSs refuse others
STEP = timedelta(seconds=1)  # Moodle compares timestamps in whole seconds
SAME_STAMP_FOR = timedelta(hours=1)


class Progress(StrEnum):
    """How far a member is, as the outbox tells it; the order is the order in which they happen."""

    STARTED = "started"
    SUBMITTED = "submitted"
    RETURNED = "returned"  # of a reflection's own column only
    COMPLETED = "completed"


# a reflection goes to and fro between member and trainer until it is met
RANK = {Progress.STARTED: 1, Progress.SUBMITTED: 2, Progress.RETURNED: 2, Progress.COMPLETED: 3}

# activityProgress and gradingProgress of AGS 2.0, §3.4.7 and §3.4.8
WORDS = {
    Progress.STARTED: ("Started", "NotReady"),
    Progress.SUBMITTED: ("Submitted", "PendingManual"),
    Progress.RETURNED: ("InProgress", "Pending"),
    Progress.COMPLETED: ("Completed", "FullyGraded"),
}


@dataclass(frozen=True)
class Reached:
    """How far a member is with a part of an offering; `at` and `minutes` are of its completion."""

    progress: Progress
    at: datetime | None = None
    minutes: int = 0


@dataclass(frozen=True)
class Report:
    """One state of one person on one line item, in AGS's words; `score` is None for a post without one."""

    activity_progress: str
    grading_progress: str
    score: int | None
    comment: str | None


@dataclass(frozen=True)
class Shown:
    """What a gradebook shows: `maximum` is 1 where the LMS does not say (AGS 2.0 §3.3)."""

    score: float | None
    maximum: float | None
    comment: str | None


def report(progress: Progress, *, on: date, minutes: int, part: Part = WHOLE) -> Report:
    """The AGS state for a progress with a part; `on` and `minutes` matter for a completion only."""
    activity, grading = WORDS[progress]
    if progress is not Progress.COMPLETED:
        return Report(activity, grading, None, None)
    return Report(activity, grading, MAXIMUM, _comment(part, on, minutes))


def _comment(part: Part, on: date, minutes: int) -> str:
    match part.kind:
        case Kind.COMPLETION:
            return f"Completed {on.isoformat()}, {contact_hours(minutes)} contact hours"
        case Kind.SESSION:
            return f"Session {part.session} completed {on.isoformat()}, {contact_hours(minutes)} contact hours"
        case Kind.REFLECTION:
            return f"Met {on.isoformat()}"


def supersedes(new: Progress, old: Progress | None) -> bool:
    """Whether there is something to tell: a completion is never taken back by what happened before it."""
    return old is None or (new is not old and RANK[new] >= RANK[old])


def furthest(one: Progress, other: Progress) -> Progress:
    """The later of the two; of two that may follow each other the first."""
    return max(one, other, key=RANK.__getitem__)


def stamp(now: datetime, last: datetime | None) -> datetime:
    """The timestamp of the next post, in whole milliseconds: now, but at least a second after the last one.

    A timestamp in the future blocks every later score on some LMSs, so it is ahead of `now` only where that rule
    forces it.
    """
    at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return at if last is None else max(at, last + STEP)


def stamp_again(stamped: datetime, now: datetime) -> bool:
    """Whether a repeated post carries its old timestamp, by which an LMS knows what it took already."""
    return abs(now - stamped) < SAME_STAMP_FOR


def shows(shown: Shown, score: int, comment: str | None, *, comment_may_lack: bool = False) -> bool:
    """Whether the gradebook shows this score of `MAXIMUM` and this comment.

    LMSs rescale scores and wrap comments in markup. `comment_may_lack` is for those that never give one back.
    """
    if shown.score is None or (not shown.maximum and shown.maximum is not None):
        return False
    if abs(shown.score / (shown.maximum or 1.0) - score / MAXIMUM) > 1e-6:
        return False
    if comment is None or (shown.comment is None and comment_may_lack):
        return True
    return comment in (shown.comment or "")
