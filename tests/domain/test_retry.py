"""When to try again, and when to stop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from plugin.domain import retry

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def test_the_first_pause_is_short_and_each_later_one_twice_as_long() -> None:
    pauses = [retry.wait(attempts, 0.5) for attempts in (1, 2, 3)]
    assert pauses == [timedelta(seconds=5), timedelta(seconds=10), timedelta(seconds=20)]


@given(st.integers(min_value=0, max_value=10**6), st.floats(min_value=0, max_value=1))
def test_a_pause_is_spread_and_never_longer_than_a_working_day(attempts: int, jitter: float) -> None:
    pause = retry.wait(attempts, jitter)
    assert timedelta(seconds=3) < pause < timedelta(hours=8)
    assert retry.wait(attempts, 0) <= pause <= retry.wait(attempts, 1)


def test_an_lms_is_left_alone_only_after_some_failures_in_a_row() -> None:
    assert {retry.pause(failures, 0.5) for failures in range(5)} == {None}
    assert retry.pause(5, 0.5) == timedelta(seconds=30)
    assert retry.pause(6, 0.5) == timedelta(minutes=1)
    assert retry.pause(1000, 0.5) == timedelta(minutes=15)


def test_seven_days_of_failures_are_enough() -> None:
    assert not retry.is_hopeless(NOW - timedelta(days=6, hours=23), NOW)
    assert retry.is_hopeless(NOW - timedelta(days=7), NOW)


def test_an_answer_that_mostly_stays_is_believed_after_some_tries_and_some_hours() -> None:
    early, late = NOW - timedelta(hours=1), NOW - timedelta(hours=6)
    assert not retry.is_settled(50, None, late, NOW)
    assert not retry.is_settled(3, 4, late, NOW)
    assert not retry.is_settled(4, 4, early, NOW), "a restart of the LMS must not refuse a whole course"
    assert retry.is_settled(4, 4, late, NOW)
