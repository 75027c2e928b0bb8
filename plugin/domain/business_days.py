"""Business days: by when a trainer usually answers, how long a reflection has waited, and how urgent that makes it.

They are Monday to Friday. Holidays differ by district and are not known, so they are not among the rules.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum

USUAL_ANSWER = 5  # business days within which trainers usually answer
DUE_FROM = USUAL_ANSWER - 1  # asked for a day early, so that the promise is kept and not merely met


class Urgency(StrEnum):
    """How a wait stands against the promise of an answer within five business days."""

    FINE = "fine"
    DUE = "due"
    OVERDUE = "overdue"


def after(day: date, count: int) -> date:
    """The `count`-th business day after a day."""
    found = day
    for _ in range(count):
        found += timedelta(days=1)
        while found.weekday() >= 5:
            found += timedelta(days=1)
    return found


def waited(since: date, today: date) -> int:
    """Business days that have begun after `since`, through `today`; 0 on the day itself and when `today` is earlier."""
    whole, rest = divmod(max((today - since).days, 0), 7)
    return whole * 5 + sum(1 for ahead in range(1, rest + 1) if (since + timedelta(days=ahead)).weekday() < 5)


def back(today: date, count: int) -> date:
    """The latest day since which `count` business days have been waited: what came by then has waited so long."""
    found = today
    while count > 0:
        count -= found.weekday() < 5
        found -= timedelta(days=1)
    return found


def urgency(days: int) -> Urgency:
    """What a wait of so many business days means."""
    if days > USUAL_ANSWER:
        return Urgency.OVERDUE
    return Urgency.DUE if days >= DUE_FROM else Urgency.FINE
