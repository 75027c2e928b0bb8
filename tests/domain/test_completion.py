"""An offering is complete when all that is required is done."""

from __future__ import annotations

import pytest

from plugin.domain.completion import is_complete
from plugin.domain.progress import ActivityState, Step


def step(state: ActivityState, *, required: bool = True) -> Step:
    return Step("a", 10, required, state)


def test_all_required_activities_done_is_complete_whatever_is_optional() -> None:
    assert is_complete([step(ActivityState.DONE), step(ActivityState.NEW, required=False)])


@pytest.mark.parametrize("state", [state for state in ActivityState if state is not ActivityState.DONE])
def test_one_required_activity_that_is_not_done_is_enough_to_be_incomplete(state: ActivityState) -> None:
    assert not is_complete([step(ActivityState.DONE), step(state)])


def test_nothing_required_is_never_complete() -> None:
    assert not is_complete([])
    assert not is_complete([step(ActivityState.DONE, required=False)])
