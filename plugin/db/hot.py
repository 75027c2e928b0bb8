"""Statements that run with every launch and page: SQLAlchemy writes each of them once, the driver runs it.

What a connection does for each statement, to be ready for all there is, costs several times as much as the driver needs
for one that finds a row by its key (`make bench`). Only what a launch waits for is here; everything else goes
SQLAlchemy's own way, and so do these as soon as somebody listens to the engine, to count or to trace.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError

Process = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Written:
    """A statement as one driver takes it: its parameters by name or in order, and what its columns become."""

    sql: str
    parameters: tuple[tuple[str, Process | None], ...]
    fixed: Mapping[str, Any]
    by_name: bool
    row: Any  # a named tuple; None where no rows come back
    columns: tuple[tuple[int, Process], ...]

    def sent(self, values: Mapping[str, Any]) -> Any:
        """The parameters for the driver."""
        given = {**self.fixed, **values} if self.fixed else values
        sent = [process(given[name]) if process else given[name] for name, process in self.parameters]
        return dict(zip((name for name, _ in self.parameters), sent, strict=True)) if self.by_name else sent

    def received(self, rows: Sequence[Any]) -> list[Any]:
        """The driver's rows with their columns by name."""
        found = []
        for row in rows:
            values = list(row)
            for place, process in self.columns:
                values[place] = process(values[place])
            found.append(self.row._make(values))
        return found


class Hot:
    """A select, or an insert of one row of these columns. Its parameters are given by name."""

    def __init__(self, statement: Any, columns: Sequence[str] | None = None) -> None:
        self.statement, self._columns = statement, columns
        self._written: dict[Dialect, _Written] = {}

    def all(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """Run it in the connection's transaction; the rows, their columns by name. None come back of a plain insert.

        Raises what `Connection.execute` raises.
        """
        if connection.engine._has_events:
            result = connection.execute(self.statement, values)
            return result.all() if result.returns_rows else ()
        dialect = connection.dialect
        written = self._written.get(dialect) or self._write(dialect)
        if not connection.in_transaction():
            connection.begin()
        cursor = connection.connection.cursor()
        try:
            cursor.execute(written.sql, written.sent(values))
            return written.received(cursor.fetchall()) if written.row else ()
        except dialect.loaded_dbapi.Error as error:
            raise _known(connection, cursor, written.sql, error) from error
        finally:
            cursor.close()

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Any | None:
        """The first row; None when there is none."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def _write(self, dialect: Dialect) -> _Written:
        compiled = self.statement.compile(dialect=dialect, column_keys=self._columns)
        kinds = {name: bind.type for bind, name in compiled.bind_names.items()}
        order = compiled.positiontup if compiled.positional else list(kinds)
        given = {name for name, bind in compiled.binds.items() if bind.required}
        columns = list(self.statement.exported_columns)
        read = [_process(column.type, dialect, "result_processor", None) for column in columns]
        written = _Written(
            sql=compiled.string,
            parameters=tuple((name, _process(kinds[name], dialect, "bind_processor")) for name in order),
            fixed={name: value for name, value in compiled.params.items() if name not in given},
            by_name=not compiled.positional,
            row=namedtuple("Row", [column.key for column in columns]) if columns else None,
            columns=tuple((place, process) for place, process in enumerate(read) if process),
        )
        self._written[dialect] = written
        return written


def _process(kind: Any, dialect: Dialect, which: str, *about: Any) -> Process | None:
    """How a column's type makes what the driver takes, or what it gave."""
    process: Process | None = getattr(kind.dialect_impl(dialect), which)(dialect, *about)
    return process


def _known(connection: Connection, cursor: Any, sql: str, error: Exception) -> BaseException:
    """The driver's error as SQLAlchemy's; a connection that is gone is not used again. Values are not told."""
    dialect = connection.dialect
    gone = dialect.is_disconnect(error, connection.connection, cursor)  # type: ignore[arg-type]  # of its own driver
    if gone:
        connection.invalidate(error)
    return DBAPIError.instance(
        sql,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=gone,
        dialect=dialect,
    )
