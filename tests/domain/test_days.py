"""Days of a place as moments, and the periods of a chart."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from plugin.domain import days

NEW_YORK = ZoneInfo("America/New_York")


def test_a_day_begins_where_it_is() -> None:
    assert days.begins(date(2026, 1, 1), NEW_YORK) == datetime(2026, 1, 1, 5, 0, tzinfo=UTC)
    assert days.begins(date(2026, 1, 1), ZoneInfo("Pacific/Auckland")) == datetime(2025, 12, 31, 11, 0, tzinfo=UTC)


def test_a_day_may_have_twenty_three_hours() -> None:
    begin, end = days.begins(date(2026, 3, 8), NEW_YORK), days.ends(date(2026, 3, 8), NEW_YORK)
    assert (end - begin).total_seconds() == 23 * 3600


def test_the_days_that_can_be_asked_for_have_a_beginning_and_an_end_everywhere() -> None:
    for name in ("Pacific/Kiritimati", "Etc/GMT+12"):
        assert days.begins(days.EARLIEST, ZoneInfo(name)) < days.ends(days.LATEST, ZoneInfo(name))


def test_a_short_time_is_shown_by_month() -> None:
    found = days.periods(date(2025, 11, 20), date(2026, 2, 1))
    assert [period.start for period in found] == [
        date(2025, 11, 1),
        date(2025, 12, 1),
        date(2026, 1, 1),
        date(2026, 2, 1),
    ]
    assert not any(period.is_year for period in found)


def test_two_years_are_months_and_a_month_more_is_years() -> None:
    assert len(days.periods(date(2024, 1, 1), date(2025, 12, 31))) == 24
    assert [period.start.year for period in days.periods(date(2024, 1, 1), date(2026, 1, 1))] == [2024, 2025, 2026]


def test_a_time_that_ends_before_it_begins_has_no_periods() -> None:
    assert days.periods(date(2026, 2, 1), date(2026, 1, 31)) == ()
