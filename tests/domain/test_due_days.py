"""Days of links: whole days of a place, and which of them cannot be meant."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from plugin.domain.due_days import LONGEST_SPACING, Days, Fault, begins, ends, faults

TODAY = date(2026, 11, 22)
SOON = date(2027, 3, 14)


@pytest.mark.parametrize(
    ("days", "links", "found"),
    [
        (Days(), 1, ()),
        (Days(available=TODAY, due=TODAY), 1, ()),
        (Days(due=SOON, spacing=7), 15, ()),
        (Days(available=SOON, due=SOON - timedelta(days=1)), 1, (Fault.DUE_BEFORE,)),
        (Days(available=date(1926, 3, 14)), 1, (Fault.AVAILABLE_FAR,)),
        (Days(due=date(2127, 3, 14)), 1, (Fault.DUE_FAR,)),
        (Days(available=date(1, 1, 1), due=date(9999, 12, 31)), 1, (Fault.AVAILABLE_FAR, Fault.DUE_FAR)),
        (Days(due=SOON, spacing=LONGEST_SPACING), 15, (Fault.DUE_FAR,)),
        (Days(spacing=7), 3, (Fault.SPACING_ALONE,)),
        (Days(due=SOON, spacing=-1), 3, (Fault.SPACING_RANGE,)),
        (Days(due=SOON, spacing=9999), 3, (Fault.SPACING_RANGE,)),
    ],
)
def test_days_that_cannot_be_meant_are_named(days: Days, links: int, found: tuple[Fault, ...]) -> None:
    assert faults(days, links=links, today=TODAY) == found


def test_each_further_link_is_due_so_many_days_later() -> None:
    days = Days(due=SOON, spacing=14)
    assert [days.due_of(place) for place in range(3)] == [SOON, date(2027, 3, 28), date(2027, 4, 11)]
    assert Days(spacing=14).due_of(1) is None


def test_a_day_is_whole_where_it_is_meant_on_the_day_the_clocks_change_too() -> None:
    chicago = ZoneInfo("America/Chicago")
    assert begins(SOON, chicago) == datetime(2027, 3, 14, 6, 0, tzinfo=UTC)
    assert ends(SOON, chicago) == datetime(2027, 3, 15, 4, 59, 59, tzinfo=UTC)
