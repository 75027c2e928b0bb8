"""CSV that spreadsheets open as it is: UTF-8 with its mark, CRLF, and no cell that could be taken for a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import TextIOWrapper
from typing import IO

from plugin.reports import Cell, Table

# A cell that begins with one of these is calculated by some spreadsheet (OWASP, CSV injection).
# The wide forms count, too: East Asian editions read them as the narrow ones.
CALCULATED = frozenset("=+-@\t\r\n＝＋－＠")


def guarded(row: Sequence[Cell]) -> list[Cell]:
    """The row, with an apostrophe before each text that a spreadsheet would calculate."""
    return [f"'{cell}" if type(cell) is str and cell[:1] in CALCULATED else cell for cell in row]


def write(table: Table, file: IO[bytes]) -> int:
    """Write one header row and the rows, days as ISO 8601, nothing where a cell is None. Returns how many rows."""
    text = TextIOWrapper(file, encoding="utf-8-sig", newline="")
    writer = csv.writer(text)
    writer.writerow([column.title for column in table.columns])
    counter = _Counter(table.rows)
    writer.writerows(map(guarded, counter))
    text.detach()  # flushes, and leaves the file open for its owner
    return counter.count


class _Counter:
    """Rows that are counted while they pass."""

    def __init__(self, rows: Iterable[Sequence[Cell]]) -> None:
        self.count = 0
        self._rows = rows

    def __iter__(self) -> Iterator[Sequence[Cell]]:
        for row in self._rows:
            self.count += 1
            yield row
