"""When to try again, and when to stop and say so."""

from __future__ import annotations

from datetime import timedelta

FIRST = timedelta(seconds=5)
LONGEST = timedelta(hours=6)
GIVE_UP_AFTER = timedelta(days=7)


def wait(attempts: int, jitter: float) -> timedelta:
    """How long after the `attempts`-th failed try (1, 2, …): doubling, capped, spread by `jitter` in 0…1."""
    doubled: timedelta = FIRST * int(2 ** min(max(attempts, 1) - 1, 20))
    return min(doubled, LONGEST) * float(0.75 + 0.5 * jitter)


def is_hopeless(waited: timedelta) -> bool:
    """Whether somebody has to look at it: the LMS has not taken it for days."""
    return waited >= GIVE_UP_AFTER
