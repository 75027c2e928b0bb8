"""What a launch waits for on PostgreSQL, asked of libpq itself, in which psycopg wraps every connection.

A cursor of psycopg's is ready for all there is: pipelines, adapting each value and each column anew, waiting in a way
that can be interrupted. For a statement that finds a row by its key that costs several times the journey to the server
(`make bench`). psycopg still opens the connection, writes and reads the values, and names the errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

from psycopg import Connection, OperationalError
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus, Format
from psycopg.pq.abc import PGresult

_DONE = (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK)
_numbers = count(1)


def command(driver: Connection[Any], words: bytes) -> None:
    """Run what has neither parameters nor rows, such as BEGIN.

    Raises psycopg.Error.
    """
    _checked(driver, driver.pgconn.exec_(words))


class Prepared:
    """A statement that the server planned once for one connection. It says the types of its parameters ($1, $2, …).

    Raises psycopg.Error, as does `run`.
    """

    def __init__(self, driver: Connection[Any], sql: str, *, parameters: int) -> None:
        self._name = b"practicum_%d" % next(_numbers)
        self._formats = [PyFormat.TEXT] * parameters
        self._values = Transformer(driver)
        _checked(driver, driver.pgconn.prepare(self._name, sql.encode()))
        told = _checked(driver, driver.pgconn.describe_prepared(self._name))
        self._values.set_loader_types([told.ftype(column) for column in range(told.nfields)], Format.TEXT)

    def run(self, driver: Connection[Any], parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Run it with these values; the rows, none where the statement gives none."""
        sent: Any = self._values.dump_sequence(parameters, self._formats)
        result = _checked(driver, driver.pgconn.exec_prepared(self._name, sent))
        self._values.set_pgresult(result, set_loaders=False)
        return self._values.load_rows(0, result.ntuples, tuple)


def _checked(driver: Connection[Any], result: PGresult) -> PGresult:
    if driver.closed:
        raise OperationalError("the connection is lost", info=result)
    if result.status not in _DONE:
        raise error_from_result(result, encoding=driver.info.encoding)
    return result
