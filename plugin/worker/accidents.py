"""What went wrong on our side, for the log: kind and place, never words, since an error may quote what people wrote."""

from __future__ import annotations

import logging
import traceback

from plugin.db.tool_keys import KeysUnreadable

log = logging.getLogger("practicum.worker")


def report(what: str, error: BaseException) -> None:
    """Log an accident: where it happened and of which kind it was, without its words."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = " < ".join(f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno} {frame.name}" for frame in frames[::-1])
    words = f": {error}" if isinstance(error, KeysUnreadable) else ""  # a sentence of our own
    log.error("%s failed: %s%s at %s", what, type(error).__name__, words, places or "no place")
