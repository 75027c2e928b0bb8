"""Waiting for what another process or thread does."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(
    happened: Callable[[], object], seconds: float = 60.0, otherwise: Callable[[], str] = lambda: "it did not happen"
) -> None:
    """Wait until it happened; AssertionError with the reason when it takes longer. The time is for a busy machine."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, otherwise()
        time.sleep(0.02)
