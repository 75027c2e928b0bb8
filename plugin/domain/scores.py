"""What the LMS is told, and when (design §4, AGS 2.0 §3.4). Never 0, never a word that somebody wrote."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from plugin.domain.hours import contact_hours

MAXIMUM = 1  # one line item "complete": whole number, since some LMSs refuse others


class Progress(StrEnum):
    """How far a member is, as the outbox tells it; the order is the order in which they happen."""

    STARTED = "started"
    SUBMITTED = "submitted"
    COMPLETED = "completed"


RANK = {Progress.STARTED: 1, Progress.SUBMITTED: 2, Progress.COMPLETED: 3}


@dataclass(frozen=True)
class Report:
    """One state of one person on one line item, in AGS's words; `score` is None for a post without one."""

    activity_progress: str
    grading_progress: str
    score: int | None
    comment: str | None


def report(progress: Progress, *, on: date, minutes: int) -> Report:
    """The AGS state for a progress; `on` and `minutes` matter for a completion only."""
    if progress is Progress.COMPLETED:
        comment = f"Completed {on.isoformat()}, {contact_hours(minutes)} contact hours"
        return Report("Completed", "FullyGraded", MAXIMUM, comment)
    if progress is Progress.SUBMITTED:
        return Report("Submitted", "PendingManual", None, None)
    return Report("Started", "NotReady", None, None)


def supersedes(new: Progress, old: Progress | None) -> bool:
    """Whether there is something to tell: a completion is never taken back by what happened before it."""
    if old is None:
        return True
    if old is Progress.COMPLETED:
        return False
    return new is not old and RANK[new] > RANK[old]
