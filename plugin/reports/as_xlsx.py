"""XLSX: the rows on a sheet that can be filtered, and a second sheet that says what they are. Nothing is calculated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import IO, Any

import xlsxwriter

from plugin.reports import Cell, Column, Kind, Table

ROWS_OF_A_SHEET = 1_048_575  # Excel's limit, less the header; the rest goes on further sheets
DAY_ZERO = date(1899, 12, 30)
FORMATS = {Kind.DAY: "yyyy-mm-dd", Kind.HOURS: "0.0", Kind.NUMBER: "0", Kind.TEXT: "@"}
WIDTHS = {Kind.DAY: 12, Kind.HOURS: 10, Kind.NUMBER: 10, Kind.TEXT: 24}

About = Callable[[int], Sequence[tuple[str, str]]]


def write(table: Table, file: IO[bytes], *, title: str, about: About, now: datetime) -> int:
    """Write the workbook; memory stays flat however many rows there are. Returns how many.

    `about` gives the lines of the second sheet, as (what, how), when the number of rows is known.
    """
    book = xlsxwriter.Workbook(
        file,
        {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False},
    )
    book.set_properties({"title": title, "created": now.replace(tzinfo=None)})
    sheet = _Sheet(book, title, table.columns)
    count = 0
    for row in table.rows:
        if sheet.is_full:
            sheet.close()
            sheet = _Sheet(book, f"{title} {count // ROWS_OF_A_SHEET + 1}", table.columns)
        sheet.add(row)
        count += 1
    sheet.close()
    _say(book, about(count))
    book.close()
    return count


class _Sheet:
    """A sheet that is being filled."""

    def __init__(self, book: Any, title: str, columns: Sequence[Column]) -> None:
        self._sheet = book.add_worksheet(title)
        self._columns = len(columns)
        self._row = 0
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        for place, column in enumerate(columns):
            looks = book.add_format({"num_format": FORMATS[column.kind]})
            self._sheet.set_column(place, place, WIDTHS[column.kind], looks)
        for place, column in enumerate(columns):
            self._sheet.write_string(0, place, column.title, head)
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_landscape()
        self._sheet.fit_to_pages(1, 0)
        self._sheet.repeat_rows(0)

    @property
    def is_full(self) -> bool:
        return self._row == ROWS_OF_A_SHEET

    def add(self, row: Sequence[Cell]) -> None:
        self._row += 1
        for place, cell in enumerate(row):
            if cell is None:
                continue
            if isinstance(cell, str):
                self._sheet.write_string(self._row, place, _plain(cell))
            elif isinstance(cell, date):
                self._sheet.write_number(self._row, place, (cell - DAY_ZERO).days)
            else:
                self._sheet.write_number(self._row, place, cell)

    def close(self) -> None:
        self._sheet.autofilter(0, 0, self._row, self._columns - 1)


def _plain(text: str) -> str:
    """XlsxWriter passes on what looks like its own rich text unescaped; a name must not write XML."""
    return f"'{text}" if text.startswith("<r>") else text


def _say(book: Any, lines: Sequence[tuple[str, str]]) -> None:
    sheet = book.add_worksheet("About this report")
    sheet.set_column(0, 0, 24, book.add_format({"bold": True, "valign": "top"}))
    sheet.set_column(1, 1, 90, book.add_format({"text_wrap": True, "valign": "top"}))
    for row, (what, how) in enumerate(lines):
        sheet.write_string(row, 0, _plain(what))
        sheet.write_string(row, 1, _plain(how))
