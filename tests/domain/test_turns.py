"""Whose turn it is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.turns import Line, allot


def test_one_lms_alone_gets_as_many_calls_as_it_may() -> None:
    assert allot([Line(1, 4)], {}, slots=8, kept_free=2) == {1: 4}


def test_calls_go_round() -> None:
    assert allot([Line(1, 4), Line(2, 4), Line(3, 4)], {}, slots=8, kept_free=2) == {1: 2, 2: 2, 3: 2}


def test_the_last_slots_are_for_whoever_has_none() -> None:
    assert allot([Line(1, 4), Line(2, 4)], {1: 4, 2: 2}, slots=8, kept_free=2) == {}
    assert allot([Line(1, 4), Line(3, 4)], {1: 4, 2: 2}, slots=8, kept_free=2) == {3: 1}


def test_an_lms_in_trouble_gets_one_call() -> None:
    assert allot([Line(1, 1)], {}, slots=8, kept_free=2) == {1: 1}
    assert allot([Line(1, 1)], {1: 1}, slots=8, kept_free=2) == {}


def test_slow_ones_have_half_of_the_slots_however_many_they_are() -> None:
    lines = [Line(platform, 4) for platform in range(1, 10)]
    given = allot(lines, {}, slots=8, kept_free=2, slow=set(range(1, 9)))
    assert given.pop(9) == 2
    assert sum(given.values()) == 4
    assert allot(lines[:8], {1: 3, 2: 1}, slots=8, kept_free=2, slow=set(range(1, 9))) == {}
    assert allot([Line(1, 4)], {}, slots=1, kept_free=0, slow={1}) == {1: 1}


@given(
    st.dictionaries(st.integers(1, 9), st.integers(1, 4), max_size=9),
    st.dictionaries(st.integers(1, 9), st.integers(0, 4), max_size=9),
    st.integers(1, 16),
)
def test_no_limit_is_ever_passed(most: dict[int, int], under_way: dict[int, int], slots: int) -> None:
    given = allot([Line(platform, limit) for platform, limit in most.items()], under_way, slots=slots, kept_free=2)
    begun = sum(given.values())
    assert not begun or begun + sum(under_way.values()) <= slots
    assert all(under_way.get(platform, 0) + count <= most[platform] for platform, count in given.items())
