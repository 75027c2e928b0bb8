"""Credit is integer minutes of what is required and done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.hours import contact_hours, earned, pending, required
from plugin.domain.progress import ActivityState, Step

STEPS = st.lists(
    st.builds(Step, st.text(max_size=3), st.integers(1, 600), st.booleans(), st.sampled_from(ActivityState)),
    max_size=12,
)


def test_only_required_activities_that_are_done_earn_minutes() -> None:
    steps = [
        Step("a", 25, True, ActivityState.DONE),
        Step("b", 30, True, ActivityState.WAITING),
        Step("c", 15, False, ActivityState.DONE),
        Step("d", 20, True, ActivityState.OPENED),
    ]
    assert (earned(steps), pending(steps), required(steps)) == (25, 30, 75)


@given(STEPS)
def test_earned_and_pending_never_exceed_what_is_required(steps: list[Step]) -> None:
    assert 0 <= earned(steps) + pending(steps) <= required(steps)


@pytest.mark.parametrize(("minutes", "hours"), [(0, "0.0"), (30, "0.5"), (100, "1.7"), (180, "3.0"), (2700, "45.0")])
def test_contact_hours_have_sixty_minutes_and_one_decimal(minutes: int, hours: str) -> None:
    assert contact_hours(minutes) == hours
