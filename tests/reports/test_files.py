"""Rows to bytes: what a spreadsheet, a script and a curious name find in the files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from io import BytesIO, StringIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plugin.reports import Cell, Column, Kind, Table, as_csv, as_json, as_xlsx
from tests.reports import books

COLUMNS = (
    Column("name", "Name"),
    Column("hours", "Hours", Kind.HOURS),
    Column("minutes", "Minutes", Kind.NUMBER),
    Column("day", "Day", Kind.DAY),
)
NOW = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tcmd", "\rcmd", "\ncmd", "＝1", '=HYPERLINK("https://example.org","x")']


def table(*rows: tuple[Cell, ...]) -> Table:
    return Table(COLUMNS, rows)


def named(*names: str) -> Table:
    return table(*((name, None, None, None) for name in names))


def csv_bytes(whole: Table) -> bytes:
    file = BytesIO()
    as_csv.write(whole, file)
    return file.getvalue()


def csv_rows(whole: Table) -> list[list[str]]:
    return list(csv.reader(StringIO(csv_bytes(whole).decode("utf-8-sig"), newline="")))


def xlsx_bytes(whole: Table) -> bytes:
    file = BytesIO()
    as_xlsx.write(whole, file, title="Completions", about=lambda rows: [("Rows", str(rows))], now=NOW)
    return file.getvalue()


def test_csv_opens_in_a_spreadsheet_as_it_is() -> None:
    written = csv_bytes(table(("Núñez, Luz", 3.0, 180, date(2026, 3, 5)), ("Đặng “Dee” O’Neill", None, None, None)))
    assert written == (
        b"\xef\xbb\xbfName,Hours,Minutes,Day\r\n"
        + '"Núñez, Luz",3.0,180,2026-03-05\r\nĐặng “Dee” O’Neill,,,\r\n'.encode()
    )


@pytest.mark.parametrize("name", FORMULAS)
def test_csv_calculates_no_name(name: str) -> None:
    assert csv_rows(named(name))[1][0] == f"'{name}"


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_whatever_a_name_is_csv_gives_it_back_and_never_begins_with_a_sign(name: str) -> None:
    found = csv_rows(named(name))[1][0]
    assert found in {name, f"'{name}"}
    assert not found.startswith(tuple("=+-@\t\r\n"))


def test_an_empty_csv_is_its_header() -> None:
    assert csv_bytes(table()) == b"\xef\xbb\xbfName,Hours,Minutes,Day\r\n"


def test_writing_counts_the_rows_and_leaves_the_file_open() -> None:
    for write in (as_csv.write, as_json.write):
        file = BytesIO()
        assert write(named("Ada", "Ben"), file) == 2
        assert not file.closed


def test_rows_are_taken_one_after_the_other() -> None:
    alive = 0
    most = 0

    class Row(tuple[Cell, ...]):
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def rows() -> Iterator[tuple[Cell, ...]]:
        nonlocal alive, most
        for number in range(1000):
            alive += 1
            most = max(most, alive)
            yield Row(("Ada", 3.0, number, date(2026, 3, 5)))

    for write in (csv_bytes, xlsx_bytes):
        alive = most = 0
        write(Table(COLUMNS, rows()))
        assert most <= 3


def test_xlsx_holds_texts_numbers_and_days() -> None:
    found = books.sheets(xlsx_bytes(table(("Luz Núñez", 3.0, 180, date(2026, 3, 5)), ("Ben", None, None, None))))
    assert found["Completions"] == [["Name", "Hours", "Minutes", "Day"], ["Luz Núñez", "3", "180", "46086"], ["Ben"]]
    assert found["About this report"] == [["Rows", "2"]]


@pytest.mark.parametrize("name", [*FORMULAS, "{=1}", "https://example.org", "mailto:a@example.org", "<r><t>x</t></r>"])
def test_xlsx_calculates_no_name_and_links_none(name: str) -> None:
    written = xlsx_bytes(named(name))
    assert books.calculated(written) == []
    [row] = books.sheets(written)["Completions"][1:]
    assert row[0].lstrip("'").replace("_x000D_", "\r") == name


@settings(deadline=None, max_examples=40)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_a_name_is_xlsx_stays_a_whole_file(name: str) -> None:
    assert len(books.sheets(xlsx_bytes(named(name, "Ben")))["Completions"]) == 3


def test_more_rows_than_a_sheet_holds_go_on_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(as_xlsx, "ROWS_OF_A_SHEET", 2)
    found = books.sheets(xlsx_bytes(named("Ada", "Ben", "Chidi", "Dee", "Eve")))
    assert [[row[0] for row in rows] for rows in found.values()] == [
        ["Name", "Ada", "Ben"],
        ["Name", "Chidi", "Dee"],
        ["Name", "Eve"],
        ["Rows"],
    ]
    assert list(found) == ["Completions", "Completions 2", "Completions 3", "About this report"]


def test_json_is_an_array_of_objects_for_scripts() -> None:
    file = BytesIO()
    as_json.write(table(("Luz Núñez", 3.0, 180, date(2026, 3, 5)), ("Ben", None, None, None)), file)
    assert json.loads(file.getvalue()) == [
        {"name": "Luz Núñez", "hours": 3.0, "minutes": 180, "day": "2026-03-05"},
        {"name": "Ben", "hours": None, "minutes": None, "day": None},
    ]


def test_an_empty_json_is_an_empty_array() -> None:
    file = BytesIO()
    as_json.write(table(), file)
    assert json.loads(file.getvalue()) == []
