"""Engines and transactions. On SQLite writers wait in one queue instead of sleeping on a busy file."""

from __future__ import annotations

import fcntl
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from typing import Any

from psycopg.pq import TransactionStatus
from sqlalchemy import Connection, Engine, PoolProxiedConnection, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import Session
from sqlalchemy.pool import ConnectionPoolEntry

from plugin.db import folding, libpq

POOL_SIZE = 8
RESTED = 1.0  # seconds after which a connection is asked whether it still lives
RESTS_SINCE = "practicum.rests_since"
POOL_TIMEOUT = 10.0  # seconds a request waits for a connection before it is told to come back


class WriteQueue:
    """One writer at a time, in order: a lock within the process, a file lock between processes.

    SQLite's own busy handler sleeps up to 100 ms between tries; waiting in a queue takes that tail away.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._file: int | None = None
        self._opened_by: int | None = None
        self._writer: object = None

    def enter(self, writer: object) -> None:
        """Wait until nobody else writes."""
        self._lock.acquire()
        try:
            fcntl.flock(self._opened(), fcntl.LOCK_EX)
        except BaseException:
            self._lock.release()
            raise
        self._writer = writer

    def leave(self, writer: object) -> None:
        """Let the next one write; nothing for somebody whose turn it is not."""
        if writer is None or self._writer is not writer:
            return
        self._writer = None
        fcntl.flock(self._opened(), fcntl.LOCK_UN)
        self._lock.release()

    def _opened(self) -> int:
        """The file, opened once by each process: a lock belongs to what was opened, which a fork would share."""
        if self._file is None or self._opened_by != os.getpid():
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._opened_by = os.getpid()
            weakref.finalize(self, os.close, self._file)
        return self._file


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
        # our BEGIN says what a transaction is. What the driver would prepare by itself it would also take back, with
        # all the rest: with `Hot`'s
        connect_args={"autocommit": True, "prepare_threshold": None},
    )
    _ask_after_rest(engine)
    _begin_with(engine, _sending(b"BEGIN"))
    engine.dialect.do_commit = _ending(b"COMMIT")  # type: ignore[method-assign, assignment]
    engine.dialect.do_rollback = _ending(b"ROLLBACK")  # type: ignore[method-assign, assignment]
    return engine


def _sending(words: bytes) -> Callable[[Any], None]:
    return lambda connection: libpq.command(connection, words)


def _ending(words: bytes) -> Callable[[Any], None]:
    def end(connection: Any) -> None:
        if connection.pgconn.transaction_status != TransactionStatus.IDLE:
            libpq.command(connection, words)

    return end


def _ask_after_rest(engine: Engine) -> None:
    """Ask the server whether a connection still lives before it is used, if it has rested: to ask each time, as the
    pool's own `pool_pre_ping` does, is a journey to the server for each request."""

    @event.listens_for(engine, "checkin")
    def rest(_connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
        record.info.setdefault(RESTS_SINCE, time.monotonic())  # a spare one has rested before it came back

    @event.listens_for(engine, "checkout")
    def ask(connection: DBAPIConnection, record: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        since = record.info.pop(RESTS_SINCE, None)
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
        queue.enter(connection.dbapi_connection)
        try:
            connection.cursor().execute("BEGIN IMMEDIATE")
        except BaseException:
            queue.leave(connection.dbapi_connection)
            raise

    def commit(connection: PoolProxiedConnection) -> None:
        try:
            connection.commit()
        except BaseException:
            rollback(connection)  # SQLite leaves a transaction open that it could not commit
            raise
        queue.leave(connection.dbapi_connection)

    def rollback(connection: PoolProxiedConnection) -> None:
        connection.rollback()
        queue.leave(connection.dbapi_connection)

    @event.listens_for(engine, "invalidate")
    def broken(connection: DBAPIConnection | None, _record: ConnectionPoolEntry, _why: object) -> None:
        queue.leave(connection)

    _begin_with(engine, begin)
    engine.dialect.do_commit = commit  # type: ignore[method-assign, assignment]
    engine.dialect.do_rollback = rollback  # type: ignore[method-assign, assignment]
    return engine


class Spares:
    """Connections that stay at hand between requests, whose transaction was ended.

    To fetch one from the pool and to give it back costs as much as the statements of a page. Few are kept, the last one
    used is the next: a process that is busy takes the others from the pool.
    """

    def __init__(self, engine: Engine, *, most: int = 2) -> None:
        self._engine, self._most = engine, most
        self._spare: deque[Connection] = deque()

    def take(self) -> Connection:
        """A connection without a transaction. Raises what `Engine.connect` raises."""
        try:
            connection = self._spare.pop()
        except IndexError:
            return self._engine.connect()
        since = connection.info.pop(RESTS_SINCE)
        if time.monotonic() - since < RESTED:
            return connection
        connection.info[RESTS_SINCE] = since
        connection.close()  # the pool asks the server whether it still lives
        return self._engine.connect()

    def give_back(self, connection: Connection) -> None:
        """Undo what was not committed; what is broken is not kept."""
        if connection.in_transaction():
            try:
                connection.rollback()
            except BaseException:
                connection.close()
                raise
        if connection.closed or connection.invalidated or len(self._spare) >= self._most:
            connection.close()
            return
        connection.info[RESTS_SINCE] = time.monotonic()
        self._spare.append(connection)

    def close(self) -> None:
        """Give them all to the pool."""
        while self._spare:
            self._spare.pop().close()


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
    return _beginning(engine, lambda _connection: None)


@contextmanager
def snapshot(engine: Engine) -> Iterator[Session]:
    """A session that reads and sees one moment throughout, so that nobody is in two parts of a report, or in none."""
    with Session(_beginning(engine, _sending(b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"))) as session:
        yield session


def _beginning(engine: Engine, begin: Callable[[Any], None]) -> Engine:
    """The same connections, whose transactions begin so on PostgreSQL, and without the queue on SQLite."""
    other = engine.execution_options()  # shares the pool
    other.dialect = copy(engine.dialect)
    if engine.dialect.name == "sqlite":
        _begin_with(other, lambda connection: connection.cursor().execute("BEGIN"))
    else:
        _begin_with(other, begin)
    return other


def _begin_with(engine: Engine, begin: Callable[[PoolProxiedConnection], object]) -> None:
    """How a transaction begins. The dialect does it: with a listener to the engine, each statement would cost half as
    much again, since it had to be asked whether it listens to that, too."""
    engine.dialect.do_begin = begin  # type: ignore[method-assign, assignment]
