"""Rows to bytes: CSV, XLSX and JSON. Knows no table and no request."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum

Cell = str | int | float | date | None


class Kind(Enum):
    """What the cells of a column hold."""

    TEXT = "text"
    NUMBER = "number"
    HOURS = "hours"  # one decimal
    DAY = "day"


@dataclass(frozen=True)
class Column:
    """A column: its key in JSON, and what stands above it."""

    key: str
    title: str
    kind: Kind = Kind.TEXT


@dataclass(frozen=True)
class Table:
    """Columns, and rows that are read once; each row has a cell for each column, None where there is nothing."""

    columns: tuple[Column, ...]
    rows: Iterable[Sequence[Cell]]
