"""Waiting is counted in business days of the reader's calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.business_days import Urgency, back, urgency, waited

FRIDAY, SATURDAY, SUNDAY = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 22)
DAYS = st.dates(date(2024, 1, 1), date(2030, 12, 31))


def test_what_came_today_has_not_waited_a_day() -> None:
    assert waited(FRIDAY, FRIDAY) == 0


def test_a_weekend_is_no_wait() -> None:
    assert waited(FRIDAY, SATURDAY) == waited(FRIDAY, SUNDAY) == 0
    assert waited(FRIDAY, SUNDAY + timedelta(days=1)) == 1
    assert waited(SATURDAY, SUNDAY + timedelta(days=1)) == 1


def test_a_week_is_five_days_of_waiting() -> None:
    assert waited(FRIDAY - timedelta(days=7), FRIDAY) == 5


def test_a_clock_that_went_back_makes_no_negative_wait() -> None:
    assert waited(FRIDAY, FRIDAY - timedelta(days=3)) == 0


@given(DAYS, st.integers(0, 400))
def test_days_are_counted_one_by_one(since: date, length: int) -> None:
    passed = [since + timedelta(days=ahead) for ahead in range(1, length + 1)]
    assert waited(since, since + timedelta(days=length)) == sum(day.weekday() < 5 for day in passed)


@given(DAYS, st.integers(1, 60))
def test_looking_back_finds_the_latest_day_that_has_waited_so_long(today: date, count: int) -> None:
    found = back(today, count)
    assert waited(found, today) >= count
    assert waited(found + timedelta(days=1), today) < count


@pytest.mark.parametrize(
    ("days", "means"),
    [(0, Urgency.FINE), (3, Urgency.FINE), (4, Urgency.DUE), (5, Urgency.DUE), (6, Urgency.OVERDUE)],
)
def test_an_answer_is_due_before_the_promise_of_five_days_ends(days: int, means: Urgency) -> None:
    assert urgency(days) is means
