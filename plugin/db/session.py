"""Engines and transactions. On SQLite writers wait in one queue instead of sleeping on a busy file."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, PoolProxiedConnection, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from plugin.db import folding

POOL_SIZE = 8
RESTED = 1.0  # seconds after which a connection is asked whether it still lives
POOL_TIMEOUT = 10.0  # seconds a request waits for a connection before it is told to come back


class WriteQueue:
    """One writer at a time, in order: a lock within the process, a file lock between processes.

    SQLite's own busy handler sleeps up to 100 ms between tries; waiting in a queue takes that tail away.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file: int | None = None

    def enter(self) -> None:
        """Wait until nobody else writes."""
        self._lock.acquire()
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX)
        except BaseException:
            self._lock.release()
            raise

    def leave(self) -> None:
        """Let the next one write."""
        if self._file is not None:
            os.close(self._file)  # closing gives the file lock back
            self._file = None
        self._lock.release()


def make_engine(url: str) -> Engine:
    """An engine for the address; SQLite files get WAL, full durability, foreign keys and the write queue."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url, Path(str(parsed.database)))
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        pool_timeout=POOL_TIMEOUT,
        pool_use_lifo=True,  # the one that was used last is the one whose statements and pages are at hand
        hide_parameters=True,  # an error must not carry what somebody wrote into the log
    )
    _ask_after_rest(engine)
    # a reader may have left it otherwise, when its connection was not closed but collected
    _begin_with(engine, lambda connection: _commit_each(connection.driver_connection, False))
    return engine


def _ask_after_rest(engine: Engine) -> None:
    """Ask the server whether a connection still lives before it is used, if it has rested: to ask each time, as the
    pool's own `pool_pre_ping` does, is a journey to the server for each request."""

    @event.listens_for(engine, "checkin")
    def rest(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def ask(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        since = record.info.get("rests_since")
        if since is None or time.monotonic() - since < RESTED:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error  # the pool takes another one


def _sqlite(url: str, path: Path) -> Engine:
    path.parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE,
        pool_timeout=POOL_TIMEOUT,
        pool_use_lifo=True,  # the one that was used last is the one whose statements and pages are at hand
        hide_parameters=True,
        connect_args={"timeout": 30},
    )
    queue = WriteQueue(path.with_name(path.name + ".lock"))

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself; `begin` below does
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA cache_size = -16000")
        cursor.close()
        folding.prepare(connection)

    def begin(connection: PoolProxiedConnection) -> None:
        if not connection.info.get("queued"):  # a connection that commits and goes on keeps its place
            queue.enter()
            connection.info["queued"] = True
        connection.cursor().execute("BEGIN IMMEDIATE")

    _begin_with(engine, begin)

    def leave(record: Any) -> None:
        if record is not None and record.info.pop("queued", False):
            queue.leave()

    @event.listens_for(engine, "checkin")
    def returned(_connection: DBAPIConnection | None, record: Any) -> None:
        leave(record)

    @event.listens_for(engine, "invalidate")
    def broken(_connection: DBAPIConnection | None, record: Any, _why: object) -> None:
        leave(record)

    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """A session whose work is kept whole when the block ends well, and not at all otherwise."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


def reader(engine: Engine) -> Engine:
    """The same connections for transactions that only read: on SQLite they wait for no writer and hold none up.

    On SQLite such a transaction sees one moment throughout; on PostgreSQL each statement sees its own, as in any
    transaction there, and so none is begun: that spares two journeys to the server.
    """
    reading = engine.execution_options()  # shares the pool
    reading.dialect = copy(engine.dialect)
    if engine.dialect.name == "postgresql":
        _begin_with(reading, lambda connection: _commit_each(connection.driver_connection, True))
        reading.dialect.do_rollback = _stop_reading  # type: ignore[method-assign, assignment]
        reading.dialect.do_commit = _stop_reading  # type: ignore[method-assign, assignment]
    else:
        _begin_with(reading, lambda connection: connection.cursor().execute("BEGIN"))
    return reading


def _stop_reading(connection: Any) -> None:
    _commit_each(getattr(connection, "driver_connection", connection), False)


def _commit_each(connection: Any, each: bool) -> None:
    """Let psycopg send statements by themselves, or as a transaction."""
    if connection.autocommit is not each:
        connection.autocommit = each


def _begin_with(engine: Engine, begin: Callable[[PoolProxiedConnection], object]) -> None:
    """How a transaction begins. The dialect does it: with a listener to the engine, each statement would cost half as
    much again, since it had to be asked whether it listens to that, too."""
    engine.dialect.do_begin = begin  # type: ignore[method-assign, assignment]
