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

from sqlalchemy import Connection, Dialect, PoolProxiedConnection
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DBAPIError

from plugin.db.libpq import Prepared

Process = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Written:
    """A statement as one driver takes it: its parameters in order, and what its columns become."""

    sql: str
    parameters: tuple[tuple[str, Process | None], ...]
    fixed: Mapping[str, Any]
    row: Any  # a named tuple; None where no rows come back
    columns: tuple[tuple[int, Process], ...]

    def sent(self, values: Mapping[str, Any]) -> list[Any]:
        """The parameters for the driver."""
        given = {**self.fixed, **values} if self.fixed else values
        return [process(given[name]) if process else given[name] for name, process in self.parameters]

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
    """A select, an insert of one row of these columns, or what gives back what it changed. Its parameters are given by
    name."""

    def __init__(self, statement: Any, columns: Sequence[str] | None = None) -> None:
        self.statement, self._columns = statement, columns
        self._written: dict[Dialect, _Written] = {}

    def all(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """Run it in the connection's transaction; the rows, their columns by name. None come back of a plain insert.

        Raises what `Connection.execute` raises.
        """
        if connection._has_events or connection.engine._has_events:
            result = connection.execute(self.statement, values)
            return result.all() if result.returns_rows else ()
        dialect = connection.dialect
        written = self._written.get(dialect) or self._write(dialect)
        sent = written.sent(values)
        if not connection.in_transaction():
            connection.begin()
        run = self._prepared if dialect.name == "postgresql" else _by_cursor
        try:
            rows = run(connection.connection, written, sent)
        except dialect.loaded_dbapi.Error as error:
            raise _known(connection, written.sql, error) from error
        return written.received(rows) if written.row else ()

    def first(self, connection: Connection, values: Mapping[str, Any]) -> Any | None:
        """The first row; None when there is none."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def _write(self, dialect: Dialect) -> _Written:
        # the server itself knows parameters by their numbers only
        postgresql = dialect.name == "postgresql"
        words = PGDialect_psycopg(paramstyle="numeric_dollar") if postgresql else dialect  # type: ignore[no-untyped-call]
        compiled = self.statement.compile(dialect=words, column_keys=self._columns)
        kinds = {name: bind.type for bind, name in compiled.bind_names.items()}
        given = {name for name, bind in compiled.binds.items() if bind.required}
        columns = list(self.statement.exported_columns)
        read = [_process(column.type, dialect, "result_processor", None) for column in columns]
        written = _Written(
            sql=compiled.string,
            parameters=tuple((name, _process(kinds[name], dialect, "bind_processor")) for name in compiled.positiontup),
            fixed={name: value for name, value in compiled.params.items() if name not in given},
            row=namedtuple("Row", [column.key for column in columns]) if columns else None,
            columns=tuple((place, process) for place, process in enumerate(read) if process),
        )
        self._written[dialect] = written
        return written

    def _prepared(self, connection: PoolProxiedConnection, written: _Written, sent: list[Any]) -> Sequence[Any]:
        """On PostgreSQL; a statement that failed is prepared anew, should its plan have been lost or be out of date."""
        driver: Any = connection.driver_connection
        prepared = connection.info.pop(self, None) or Prepared(driver, written.sql, parameters=len(sent))
        rows = prepared.run(driver, sent)
        connection.info[self] = prepared
        return rows


def _by_cursor(connection: PoolProxiedConnection, written: _Written, sent: list[Any]) -> Sequence[Any]:
    cursor = connection.cursor()
    try:
        cursor.execute(written.sql, sent)
        return cursor.fetchall()
    finally:
        cursor.close()


def _process(kind: Any, dialect: Dialect, which: str, *about: Any) -> Process | None:
    """How a column's type makes what the driver takes, or what it gave."""
    process: Process | None = getattr(kind.dialect_impl(dialect), which)(dialect, *about)
    return process


def _known(connection: Connection, sql: str, error: Exception) -> BaseException:
    """The driver's error as SQLAlchemy's; a connection that is gone is not used again. Values are not told."""
    dialect = connection.dialect
    gone = dialect.is_disconnect(error, connection.connection, None)  # type: ignore[arg-type]  # of its own driver
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
