"""When a roster is read, and when it is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from plugin.domain import rosters as rules

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=90)


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_a_roster_is_read_about_once_a_day_and_oftener_while_the_cohort_is_new(jitter: float) -> None:
    usual, new = (rules.next_reading(NOW, since, jitter) - NOW for since in (OLD, NOW))
    assert timedelta(hours=20) < usual < timedelta(hours=28)
    assert timedelta(hours=3) < new < timedelta(hours=5)


def test_readings_of_many_courses_are_spread() -> None:
    jitters = (0.0, 0.3, 0.9)
    assert len({rules.next_reading(NOW, OLD, jitter) for jitter in jitters}) == len(jitters)
    assert rules.first_reading(NOW, NOW, 0.9) == NOW
    assert rules.first_reading(NOW, OLD, 0.5) == NOW + timedelta(hours=12)


def test_pauses_double_and_end_at_a_day() -> None:
    pauses = [rules.pause(failures, 0.5) for failures in range(1, 40)]
    assert pauses[0] == timedelta(minutes=5)
    assert pauses[1] == 2 * pauses[0]
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(days=1)


def test_differences_do_for_a_week() -> None:
    assert rules.asks_for_whole(None, NOW)
    assert not rules.asks_for_whole(NOW - timedelta(days=6), NOW)
    assert rules.asks_for_whole(NOW - timedelta(days=7), NOW)


def test_a_person_may_ask_again_after_a_while() -> None:
    assert rules.may_ask_again(None) is None
    assert rules.may_ask_again(NOW) == NOW + rules.BY_HAND_EVERY
