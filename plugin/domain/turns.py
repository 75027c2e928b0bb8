"""Whose turn it is: a slow LMS, or one with much to be told, never holds up the others."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """An LMS with something due: at most `most` calls to it may be under way at once."""

    platform_id: int
    most: int


def allot(
    lines: Sequence[Line], under_way: Mapping[int, int], *, slots: int, kept_free: int, slow: Collection[int] = ()
) -> dict[int, int]:
    """Platform → how many calls to begin now.

    `lines` in the order of who has waited longest; `under_way` counts running calls for each platform, `slots` is how
    many there may be in all. Slots go round one by one, first to whoever has the fewest. The last `kept_free` slots go
    only to a platform without any call under way, so that the next one to come finds a slot however slow the rest is.
    The `slow` platforms have half of the slots together: however many there are, those that answer find the others.
    """
    running = dict(under_way)
    given: dict[int, int] = {}
    free = slots - sum(running.values())
    while free > 0:
        open_lines = [line for line in lines if running.get(line.platform_id, 0) < line.most]
        if sum(running.get(platform_id, 0) for platform_id in slow) >= max(slots // 2, 1):
            open_lines = [line for line in open_lines if line.platform_id not in slow]
        if free <= kept_free:
            open_lines = [line for line in open_lines if not running.get(line.platform_id)]
        if not open_lines:
            break
        chosen = min(open_lines, key=lambda line: running.get(line.platform_id, 0)).platform_id
        running[chosen] = running.get(chosen, 0) + 1
        given[chosen] = given.get(chosen, 0) + 1
        free -= 1
    return given
