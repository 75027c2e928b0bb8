"""Days on which trainers can be expected to read: Monday to Friday. Holidays differ by district and are not known."""

from __future__ import annotations

from datetime import date, timedelta

USUAL_ANSWER = 5  # working days within which trainers usually answer


def after(day: date, count: int) -> date:
    """The `count`-th working day after a day."""
    found = day
    for _ in range(count):
        found += timedelta(days=1)
        while found.weekday() >= 5:
            found += timedelta(days=1)
    return found
