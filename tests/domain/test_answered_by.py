"""Trainers are expected on working days."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain import business_days

FRIDAY, SATURDAY, MONDAY = date(2026, 11, 20), date(2026, 11, 21), date(2026, 11, 23)


@pytest.mark.parametrize(
    ("sent", "back"), [(MONDAY, date(2026, 11, 30)), (FRIDAY, date(2026, 11, 27)), (SATURDAY, date(2026, 11, 27))]
)
def test_five_working_days_pass_over_a_weekend(sent: date, back: date) -> None:
    assert business_days.after(sent, business_days.USUAL_ANSWER) == back


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 30))
def test_the_day_found_is_a_working_day_after_the_first(day: date, count: int) -> None:
    found = business_days.after(day, count)
    assert found > day
    assert found.weekday() < 5
