"""When the list of an LMS course is read, and what somebody in it counts as."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

EVERY = timedelta(days=1)
NEW = timedelta(days=7)  # so long a cohort is new: people still come into its course by the dozen
EVERY_WHILE_NEW = timedelta(hours=4)
WHOLE_EVERY = timedelta(days=7)  # differences only add up to the truth as long as none was missed
ASLEEP_AFTER = timedelta(days=60)  # without anybody at work; then nobody asks who is missing, and the LMS is spared
FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(days=1)
FORGOTTEN_AFTER = timedelta(days=180)  # a list that was not read for so long is nobody's business any more
BY_HAND_EVERY = timedelta(minutes=15)


class MemberStatus(StrEnum):
    """What the LMS says of somebody in its course. Whoever is absent from a whole reading is gone, never deleted."""

    ACTIVE = "active"
    INACTIVE = "inactive"  # listed, but may not work there
    GONE = "gone"


class Reached(StrEnum):
    """How far somebody of the LMS course is with the cohort's offering, and whether they are in the course still."""

    NOT_OPENED = "not-opened"
    NOT_STARTED = "not-started"
    STARTED = "started"
    DONE = "done"
    GONE = "gone"  # had opened it, and is no longer active in the LMS course


def first_reading(now: datetime, course_since: datetime, jitter: float) -> datetime:
    """When to read a course for the first time: at once where it is new. Those that have been there for long, and may
    be hundreds on the day on which rosters begin to be kept, are spread over a day."""
    return now if now - course_since < NEW else now + EVERY * jitter


def next_reading(now: datetime, cohort_since: datetime, jitter: float) -> datetime:
    """When to read again after a reading that succeeded: about once a day, more often while the cohort is new.

    `jitter` in 0…1 spreads readings, so that a district's courses do not come due together.
    """
    return now + _spread(EVERY_WHILE_NEW if now - cohort_since < NEW else EVERY, jitter)


def pause(failures: int, jitter: float) -> timedelta:
    """How long to wait after so many failures in a row (1, 2, …): doubling, at most a day."""
    return _spread(min(FIRST_PAUSE * (1 << min(max(failures, 1) - 1, 20)), LONGEST_PAUSE), jitter)


def asks_for_whole(whole_at: datetime | None, now: datetime) -> bool:
    """Whether differences are not enough any more."""
    return whole_at is None or now - whole_at >= WHOLE_EVERY


def may_ask_again(tried_at: datetime | None) -> datetime | None:
    """From when on a person may have the list read anew; None for at once."""
    return None if tried_at is None else tried_at + BY_HAND_EVERY


def _spread(length: timedelta, jitter: float) -> timedelta:
    return length * (0.85 + 0.3 * jitter)
