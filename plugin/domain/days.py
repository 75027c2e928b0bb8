"""Days of a place as moments, and the periods that a chart of them shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

EARLIEST, LATEST = date(2000, 1, 1), date(2099, 12, 31)  # days that a report can be asked for
MOST_MONTHS = 24  # a longer time is shown by years


def begins(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of the day there, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def ends(day: date, zone: ZoneInfo) -> datetime:
    """The first moment after the day there, in UTC."""
    return begins(day + timedelta(days=1), zone)


@dataclass(frozen=True)
class Period:
    """A bar of a chart: the month, or the year, that begins on `start`, as far as it was asked for."""

    start: date
    is_year: bool


def periods(first: date, last: date) -> tuple[Period, ...]:
    """The months from `first` to `last`, both included; the years, when there are more months than anybody looks at."""
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    if months > MOST_MONTHS:
        return tuple(Period(date(year, 1, 1), True) for year in range(first.year, last.year + 1))
    return tuple(Period(_month(first, count), False) for count in range(max(months, 0)))


def _month(first: date, count: int) -> date:
    year, month = divmod(first.month - 1 + count, 12)
    return date(first.year + year, month + 1, 1)
