"""How far a member is, and where to go on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class ActivityState(StrEnum):
    """What a member has done with one activity."""

    NEW = "new"
    OPENED = "opened"
    WAITING = "waiting"  # the member has done their part; a trainer has not yet
    RETURNED = "returned"
    DONE = "done"


OPEN = frozenset({ActivityState.NEW, ActivityState.OPENED, ActivityState.RETURNED})  # the member's turn


@dataclass(frozen=True)
class Step:
    """One activity as the rules see it; `minutes` is its designed length."""

    key: str
    minutes: int
    required: bool
    state: ActivityState


def continue_with(steps: Sequence[Step], last: str | None) -> str | None:
    """The activity to offer next.

    What was returned waits for the member and comes first; then the place where they left, while it is unfinished;
    then the first required activity they have not done; then any optional one. None when nothing is left to do.
    """
    open_ones = [step for step in steps if step.state in {ActivityState.NEW, ActivityState.OPENED}]
    returned = next((step.key for step in steps if step.state is ActivityState.RETURNED), None)
    if returned:
        return returned
    if any(step.key == last for step in open_ones):
        return last
    required = next((step.key for step in open_ones if step.required), None)
    return required or next((step.key for step in open_ones), None)


def minutes_left(steps: Sequence[Step]) -> int:
    """Designed minutes of the required activities the member has still to do."""
    return sum(step.minutes for step in steps if step.required and step.state in OPEN)


def next_after(steps: Sequence[Step], key: str) -> str | None:
    """The activity to go to when this one is finished: the next open one in order, else whatever else is open."""
    here = next((place for place, step in enumerate(steps) if step.key == key), len(steps))
    later = next((step.key for step in steps[here + 1 :] if step.state in OPEN), None)
    return later or continue_with([step for step in steps if step.key != key], None)


def left_of(minutes: int, position: int) -> int:
    """Designed minutes of a text from the place where the reader is (0–1000) to its end; at least one."""
    return max(1, -(-minutes * (1000 - min(max(position, 0), 1000)) // 1000))


def is_settled(asked: frozenset[str], found: frozenset[str]) -> bool:
    """Whether every question, scenario or statement has the answer that it wants."""
    return bool(asked) and asked <= found
