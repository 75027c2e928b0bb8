"""Where a member goes on, and what is left."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.progress import (
    ActivityState,
    Step,
    continue_with,
    is_settled,
    left_of,
    minutes_left,
    next_after,
)

NEW, OPENED, WAITING = ActivityState.NEW, ActivityState.OPENED, ActivityState.WAITING
RETURNED, DONE = ActivityState.RETURNED, ActivityState.DONE


def steps(*states: ActivityState, optional: str = "") -> list[Step]:
    """Activities a, b, c, … of ten minutes each in these states."""
    return [Step(key, 10, key not in optional, state) for key, state in zip("abcdefgh", states, strict=False)]


def test_whoever_begins_begins_at_the_beginning() -> None:
    assert continue_with(steps(NEW, NEW), None) == "a"


def test_the_place_where_one_left_comes_first_while_it_is_unfinished() -> None:
    assert continue_with(steps(NEW, OPENED, NEW), "b") == "b"
    assert continue_with(steps(NEW, DONE, NEW), "b") == "a"
    assert continue_with(steps(NEW, WAITING, NEW), "b") == "a"


def test_what_a_trainer_returned_comes_before_everything() -> None:
    assert continue_with(steps(OPENED, RETURNED), "a") == "b"


def test_optional_activities_are_offered_last_and_then_nothing() -> None:
    assert continue_with(steps(NEW, NEW, optional="a"), None) == "b"
    assert continue_with(steps(NEW, DONE, optional="a"), None) == "a"
    assert continue_with(steps(DONE, WAITING), "b") is None


def test_after_an_activity_comes_the_next_open_one_in_order() -> None:
    assert next_after(steps(DONE, DONE, WAITING, NEW), "a") == "d"
    assert next_after(steps(DONE, NEW, optional="b"), "a") == "b", "the author put it there"


def test_after_the_last_activity_comes_what_was_left_out_before() -> None:
    assert next_after(steps(NEW, DONE, OPENED), "c") == "a"
    assert next_after(steps(DONE, OPENED), "b") is None


def test_minutes_left_are_those_of_the_members_own_turn() -> None:
    assert minutes_left(steps(NEW, OPENED, WAITING, RETURNED, DONE, NEW, optional="f")) == 30


@pytest.mark.parametrize(("position", "left"), [(0, 25), (480, 13), (999, 1), (1000, 1), (-5, 25), (4000, 1)])
def test_what_is_left_of_a_text_follows_the_place(position: int, left: int) -> None:
    assert left_of(25, position) == left


@given(st.integers(1, 600), st.integers(0, 1000), st.integers(0, 1000))
def test_further_down_is_never_longer(minutes: int, one: int, other: int) -> None:
    assert left_of(minutes, max(one, other)) <= left_of(minutes, min(one, other))


def test_questions_are_settled_when_all_are_found_and_there_are_some() -> None:
    asked = frozenset({"q1", "q2"})
    assert is_settled(asked, frozenset({"q1", "q2", "of-an-older-version"}))
    assert not is_settled(asked, frozenset({"q1"}))
    assert not is_settled(frozenset(), frozenset())
