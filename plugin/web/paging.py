"""Places in a long list as they stand in an address."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from plugin.db import told
from plugin.db.outbox import OutboxState
from plugin.db.reports import Key, Part

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(9999, 1, 1, tzinfo=UTC)
REPORT_KEY = re.compile(r"([a-z-]{1,20})\.([0-9]{1,18})\.([0-9]{1,18})")
ROW_ID = re.compile(r"[0-9]{1,18}")
TOLD_KEY = re.compile(r"([a-z_]{1,20})\.([0-9]{1,18})")


def write_key(key: Key | None) -> str | None:
    """E.g. completed.1795248000000000.17, the moment in microseconds."""
    return None if key is None else f"{key.part.value}.{(key.at - EPOCH) // timedelta(microseconds=1)}.{key.id}"


def read_key(text: str, parts: tuple[Part, ...]) -> Key | None:
    """The key that was written; None when it is not one of this report."""
    found = REPORT_KEY.fullmatch(text)
    if found is None or found[1] not in {part.value for part in parts}:
        return None
    since = int(found[2])
    if since > (LATEST - EPOCH) // timedelta(microseconds=1):
        return None
    return Key(Part(found[1]), EPOCH + timedelta(microseconds=since), int(found[3]))


def write_told_key(key: told.Key | None) -> str | None:
    """E.g. refused.17."""
    return None if key is None else f"{key.state.value}.{key.id}"


def read_told_key(text: str, states: tuple[OutboxState, ...]) -> told.Key | None:
    """The key that was written; None when it is not one of this list."""
    found = TOLD_KEY.fullmatch(text)
    if found is None or found[1] not in {state.value for state in states}:
        return None
    return told.Key(OutboxState(found[1]), int(found[2]))


def read_id(text: str) -> int | None:
    """The id of a row at the end of a page; None for anything else."""
    return int(text) if ROW_ID.fullmatch(text) and text.isascii() else None
