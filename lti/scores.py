"""A score as the Assignment and Grade Services carry it (LTI-AGS 2.0, section 3.4)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any


class ActivityProgress(StrEnum):
    """How far the person is."""

    INITIALIZED = "Initialized"
    STARTED = "Started"
    IN_PROGRESS = "InProgress"
    SUBMITTED = "Submitted"
    COMPLETED = "Completed"


class GradingProgress(StrEnum):
    """How far the grading is."""

    NOT_READY = "NotReady"
    FAILED = "Failed"
    PENDING = "Pending"
    PENDING_MANUAL = "PendingManual"
    FULLY_GRADED = "FullyGraded"


@dataclass(frozen=True, slots=True)
class Score:
    """What is told about one person on one line item.

    `given` and `maximum` go together or are both absent; the maximum is a whole number (Open edX refuses
    others). `at` is aware; platforms refuse a score that is not later than the one they have.
    Raises ValueError for anything else: a score is built by us, so a wrong one is our mistake.
    """

    user_id: str = field(repr=False)
    activity: ActivityProgress
    grading: GradingProgress
    at: datetime
    given: float | None = None
    maximum: int | None = None
    comment: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("the date of a score needs its offset")
        if (self.given is None) != (self.maximum is None):
            raise ValueError("given and maximum go together")
        if self.given is not None and (isinstance(self.given, bool) or not 0 <= self.given < math.inf):
            raise ValueError("a score is a number from 0")
        if self.maximum is not None and (type(self.maximum) is not int or self.maximum <= 0):
            raise ValueError("a maximum is a whole number above 0")

    def body(self, extra: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The JSON object to post, with a platform's extension beside it."""
        members: dict[str, Any] = {
            "userId": self.user_id,
            "activityProgress": self.activity.value,
            "gradingProgress": self.grading.value,
            "timestamp": timestamp(self.at),
            "scoreGiven": self.given,
            "scoreMaximum": self.maximum,
            "comment": self.comment,
        }
        return {name: value for name, value in members.items() if value is not None} | dict(extra or {})


def timestamp(at: datetime) -> str:
    """ISO 8601 with milliseconds and offset: "2026-11-21T10:00:00.123+00:00"."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
