"""Count what the database is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


@contextmanager
def asked_of(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """The statements with their parameters that are run on this engine while the block lasts, in order."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):  # what opens a transaction asks nothing
            asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", note)


@contextmanager
def counted(engine: Engine) -> Iterator[list[str]]:
    """The statements that are run on this engine; the list is filled when the block ends."""
    statements: list[str] = []
    with asked_of(engine) as asked:
        yield statements
    statements += [statement for statement, _parameters in asked]
