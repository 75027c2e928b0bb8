"""When an offering is complete: computed from requirements, never assumed."""

from __future__ import annotations

from collections.abc import Sequence

from plugin.domain.progress import ActivityState, Step


def is_complete(steps: Sequence[Step]) -> bool:
    """Every required activity is done, and there is at least one."""
    asked = [step for step in steps if step.required]
    return bool(asked) and all(step.state is ActivityState.DONE for step in asked)
