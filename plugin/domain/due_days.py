"""Days of links: from when they are open, and by when their work is due. Days are whole days of a place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

LONGEST_SPACING = 366  # days
BACK, AHEAD = timedelta(days=366), timedelta(days=5 * 366)  # further than this a year was mistyped


class Fault(StrEnum):
    """What is wrong with days that somebody asks for."""

    AVAILABLE_FAR = "the first day is too far away"
    DUE_FAR = "the due day, or the last of several, is too far away"
    DUE_BEFORE = "due before it is open"
    SPACING_RANGE = "the spacing is no number of days that makes sense"
    SPACING_ALONE = "a spacing without a first due day"


@dataclass(frozen=True)
class Days:
    """What was asked for: open from a day, due by the end of a day, and each further session so many days later."""

    available: date | None = None
    due: date | None = None
    spacing: int = 0

    def due_of(self, place: int) -> date | None:
        """The due day of the link at this place, 0 for the first."""
        return None if self.due is None else self.due + timedelta(days=self.spacing * place)


def faults(days: Days, *, links: int, today: date) -> tuple[Fault, ...]:
    """What is wrong with days for so many links of one offering; nothing mostly."""
    found = []
    if days.available is not None and not _is_near(days.available, today):
        found.append(Fault.AVAILABLE_FAR)
    if not 0 <= days.spacing <= LONGEST_SPACING:
        return (*found, Fault.SPACING_RANGE)
    if days.due is None:
        return (*found, Fault.SPACING_ALONE) if days.spacing else tuple(found)
    if not (_is_near(days.due, today) and _is_near(days.due_of(max(links, 1) - 1), today)):
        found.append(Fault.DUE_FAR)
    elif days.available is not None and days.due < days.available:
        found.append(Fault.DUE_BEFORE)
    return tuple(found)


def _is_near(day: date | None, today: date) -> bool:
    return day is not None and -BACK <= day - today <= AHEAD


def begins(day: date, zone: tzinfo) -> datetime:
    """The first moment of a day, in UTC."""
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def ends(day: date, zone: tzinfo) -> datetime:
    """The last second of a day, in UTC."""
    return datetime.combine(day, time(23, 59, 59), zone).astimezone(UTC)
