"""Credit: designed minutes of completed required activities (design, rule 5). Integer minutes everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from plugin.domain.progress import ActivityState, Step


def earned(steps: Sequence[Step]) -> int:
    """Minutes of required activities that are done."""
    return sum(step.minutes for step in steps if step.required and step.state is ActivityState.DONE)


def pending(steps: Sequence[Step]) -> int:
    """Minutes of required activities that wait for a trainer."""
    return sum(step.minutes for step in steps if step.required and step.state is ActivityState.WAITING)


def required(steps: Sequence[Step]) -> int:
    """Minutes the offering is designed for."""
    return sum(step.minutes for step in steps if step.required)


def contact_hours(minutes: int) -> str:
    """Minutes as contact hours of 60 minutes with one decimal, e.g. 180 → "3.0"."""
    return str((Decimal(minutes) / 60).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP))
