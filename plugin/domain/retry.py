"""When to try again, and when to stop and say so."""

from __future__ import annotations

from datetime import datetime, timedelta

FIRST = timedelta(seconds=5)
LONGEST = timedelta(hours=6)
GIVE_UP_AFTER = timedelta(days=7)
LOOK_LONGER = timedelta(hours=6)  # a night's maintenance looks like a locked grade

BROKEN_AFTER = 5  # failures to reach an LMS, one after the other, that mean the LMS and not the message
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)


def wait(attempts: int, jitter: float) -> timedelta:
    """How long after the `attempts`-th failed try (1, 2, …): doubling, capped, spread by `jitter` in 0…1."""
    return _spread(_doubled(FIRST, attempts, LONGEST), jitter)


def pause(failures: int, jitter: float) -> timedelta | None:
    """How long to leave a whole LMS alone after so many failures to reach it in a row; None while they are few.

    One message is then tried; the others follow when it gets through.
    """
    if failures < BROKEN_AFTER:
        return None
    return _spread(_doubled(FIRST_PAUSE, failures - BROKEN_AFTER + 1, LONGEST_PAUSE), jitter)


def is_settled(attempts: int, tries: int | None, since: datetime, now: datetime) -> bool:
    """Whether an answer that may pass, but mostly does not, has been given `tries` times and for hours.

    Until then somebody can read what is the matter, and it is still tried.
    """
    return tries is not None and attempts >= tries and now - since >= LOOK_LONGER


def is_hopeless(since: datetime, now: datetime) -> bool:
    """Whether somebody has to look at it: it has been failing for days."""
    return now - since >= GIVE_UP_AFTER


def _doubled(first: timedelta, times: int, longest: timedelta) -> timedelta:
    return min(first * (1 << min(max(times, 1) - 1, 20)), longest)


def _spread(length: timedelta, jitter: float) -> timedelta:
    """Workers and messages that failed together must not come back together."""
    return length * (0.75 + 0.5 * jitter)
