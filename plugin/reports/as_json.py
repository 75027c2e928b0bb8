"""JSON for scripts: an array of objects, one to a line, days as ISO 8601."""

from __future__ import annotations

import json
from datetime import date
from typing import IO

from plugin.reports import Table


def write(table: Table, file: IO[bytes]) -> int:
    """Write the rows as objects by the keys of their columns. Returns how many rows."""
    keys = [column.key for column in table.columns]
    count = 0
    file.write(b"[")
    for count, row in enumerate(table.rows, start=1):
        line = json.dumps(dict(zip(keys, row, strict=True)), ensure_ascii=False, default=date.isoformat)
        file.write((",\n" if count > 1 else "\n").encode() + line.encode())
    file.write(b"\n]\n")
    return count
