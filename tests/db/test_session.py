"""Transactions on both engines: kept whole or not at all; on SQLite, writers in one queue and readers in none."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from psycopg.pq import TransactionStatus
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError, PendingRollbackError, StatementError
from sqlalchemy.orm import Session

from plugin.db import session as sessions
from plugin.db.people import Person
from plugin.db.session import Spares, make_engine, reader, transaction

Found = TypeVar("Found")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
ROOT = Path(__file__).parent.parent.parent
NEW = text("INSERT INTO people (name, created_at) VALUES (:name, '2026-11-21')")
PATIENCE = 20.0  # seconds until a test that hangs is called a failure


def in_time(work: Callable[[], Found]) -> Found:
    """Do it in another thread; a queue that nobody left would hang for ever."""
    found: list[Found] = []
    thread = threading.Thread(target=lambda: found.append(work()), daemon=True)
    thread.start()
    thread.join(PATIENCE)
    assert found, "it hangs"
    return found[0]


def add(engine: Engine, name: str = "x") -> int:
    with transaction(engine) as session:
        person = Person(name=name, created_at=NOW)
        session.add(person)
        session.flush()
        return person.id


def count(engine: Engine) -> int:
    with Session(reader(engine)) as session:
        return session.scalar(select(func.count()).select_from(Person)) or 0


@pytest.fixture
def sqlite(tmp_path: Path, sqlite_template: Path) -> Engine:
    """A SQLite database of its own, for what only SQLite does."""
    path = tmp_path / "own" / "practicum.db"
    path.parent.mkdir()
    path.write_bytes(sqlite_template.read_bytes())
    return make_engine(f"sqlite:///{path}")


# Whole or not at all


def test_what_ends_well_is_kept_and_what_fails_leaves_nothing(engine: Engine) -> None:
    add(engine)

    def fails() -> None:
        with transaction(engine) as session:
            session.add(Person(name="y", created_at=NOW))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert count(engine) == 1


def test_a_failed_transaction_holds_nobody_up(engine: Engine) -> None:
    with pytest.raises(IntegrityError), transaction(engine) as session:
        session.execute(text("INSERT INTO identities (platform_id) VALUES (1)"))
    assert in_time(lambda: add(engine))


def test_a_row_that_points_nowhere_is_refused(engine: Engine) -> None:
    """SQLite only does so when it is asked to."""
    with pytest.raises(IntegrityError), transaction(engine) as session:
        session.execute(
            text(
                "INSERT INTO organization_lines (ancestor_id, organization_id) VALUES (998, 999)",
            )
        )


def test_a_moment_without_a_time_zone_is_refused_and_others_come_back_in_utc(engine: Engine) -> None:
    naive = Person(name="x", created_at=datetime(2026, 11, 21))  # noqa: DTZ001  that is the point
    with pytest.raises(StatementError, match="time zone"), transaction(engine) as session:
        session.add(naive)
    person = add(engine)
    with Session(engine) as session:
        assert session.get_one(Person, person).created_at == NOW


def test_an_error_does_not_quote_what_was_to_be_stored(engine: Engine) -> None:
    with pytest.raises(IntegrityError) as refused, transaction(engine) as session:
        session.execute(text("INSERT INTO people (name, created_at) VALUES (:name, NULL)"), {"name": "Ada Okafor"})
    assert "Ada Okafor" not in str(refused.value).partition("DETAIL")[0]
    assert "hide_parameters" in str(refused.value)


# Many at once


def test_many_writers_at_once_all_get_their_turn(engine: Engine) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda number: add(engine, str(number)), range(80)))
    assert len(set(made)) == count(engine) == 80


def test_what_is_read_in_order_to_be_written_is_not_lost(engine: Engine) -> None:
    person = add(engine, "0")

    def count_up(_: int) -> None:
        with transaction(engine) as session:
            held = session.scalars(select(Person).where(Person.id == person).with_for_update()).one()
            held.name = str(int(held.name) + 1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count_up, range(60)))
    with Session(reader(engine)) as session:
        assert session.get_one(Person, person).name == "60"


def test_a_reader_waits_for_no_writer_and_sees_what_was_there_before(engine: Engine) -> None:
    person = add(engine, "before")
    with transaction(engine) as session:
        session.execute(update(Person).where(Person.id == person).values(name="after"))

        def read() -> str:
            with Session(reader(engine)) as reading:
                return reading.get_one(Person, person).name

        assert in_time(read) == "before"
    assert read() == "after"


def test_a_writer_waits_for_no_reader(engine: Engine) -> None:
    add(engine)
    with Session(reader(engine)) as reading:
        assert reading.scalar(select(func.count()).select_from(Person)) == 1
        in_time(lambda: add(engine))
        assert count(engine) == 2


def test_a_session_that_commits_lets_others_write_before_it_goes_on(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Person(name="first", created_at=NOW))
        session.commit()
        in_time(lambda: add(engine, "between"))
        session.add(Person(name="last", created_at=NOW))
        session.commit()
    with Session(reader(engine)) as reading:
        names = reading.scalars(select(Person.name).order_by(Person.id)).all()
    assert names == ["first", "between", "last"]


# Spare connections


def test_a_spare_connection_is_used_again_and_what_was_not_committed_is_undone(engine: Engine) -> None:
    spares = Spares(engine)
    first = spares.take()
    first.execute(NEW, {"name": "undone"})
    spares.give_back(first)
    assert not first.in_transaction()
    in_time(lambda: add(engine, "meanwhile"))
    again = spares.take()
    assert again is first
    again.execute(NEW, {"name": "kept"})
    again.commit()
    spares.give_back(again)
    spares.close()
    with Session(reader(engine)) as session:
        assert session.scalars(select(Person.name).order_by(Person.id)).all() == ["meanwhile", "kept"]


def test_as_many_as_are_wanted_are_spare_the_others_go_back(engine: Engine) -> None:
    spares = Spares(reader(engine), most=2)
    taken = [spares.take() for _ in range(5)]
    assert len({id(connection.connection.dbapi_connection) for connection in taken}) == 5
    for connection in taken:
        spares.give_back(connection)
    assert [connection.closed for connection in taken] == [False, False, True, True, True]
    spares.close()
    assert all(connection.closed for connection in taken)


def test_a_broken_connection_is_not_kept(engine: Engine) -> None:
    spares = Spares(engine)
    broken = spares.take()
    broken.execute(NEW, {"name": "x"})
    broken.invalidate()
    with pytest.raises(PendingRollbackError):
        broken.execute(NEW, {"name": "x"})
    spares.give_back(broken)
    assert broken.closed
    assert in_time(lambda: add(engine))
    spares.close()


def test_a_spare_that_died_while_it_rested_is_replaced(postgres_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "RESTED", 0.0)
    own, other = make_engine(postgres_database), make_engine(postgres_database)
    spares = Spares(own)
    connection = spares.take()
    driver: Any = connection.connection.driver_connection
    backend: int = driver.info.backend_pid
    spares.give_back(connection)
    with other.connect() as killer:
        killer.exec_driver_sql("SELECT pg_terminate_backend(%s)", (backend,))
    anew = spares.take()
    assert anew.scalar(text("SELECT 1")) == 1
    spares.give_back(anew)
    spares.close()
    for engine in (own, other):
        engine.dispose()


def test_a_spare_that_could_not_begin_or_commit_holds_nobody_up(
    sqlite: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    spares = Spares(sqlite)
    connection = spares.take()
    connection.exec_driver_sql("PRAGMA busy_timeout = 1")
    connection.rollback()
    stranger = sqlite3.connect(str(sqlite.url.database))
    stranger.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"):
        connection.execute(NEW, {"name": "x"})
    spares.give_back(connection)
    stranger.rollback()
    stranger.close()
    assert in_time(lambda: add(sqlite))

    connection = spares.take()
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")  # COMMIT itself fails then
    connection.execute(text("INSERT INTO organization_lines (ancestor_id, organization_id) VALUES (998, 999)"))
    with pytest.raises(IntegrityError):
        connection.commit()
    spares.give_back(connection)
    assert in_time(lambda: add(sqlite))
    assert count(sqlite) == 2
    spares.close()
    sqlite.dispose()


# PostgreSQL


def test_a_page_that_reads_begins_nothing_and_gives_back_what_can_write(postgres_database: str) -> None:
    engine = make_engine(postgres_database)
    with reader(engine).connect() as connection:
        driver: Any = connection.connection.driver_connection
        connection.execute(text("SELECT 1"))
        assert driver.info.transaction_status == TransactionStatus.IDLE
    with engine.connect() as connection:
        assert id(connection.connection.driver_connection) == id(driver)
        connection.execute(text("SELECT 1"))
        assert driver.info.transaction_status == TransactionStatus.INTRANS
    engine.dispose()


def test_a_connection_that_died_while_it_rested_is_replaced(
    postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "RESTED", 0.0)
    own, other = make_engine(postgres_database), make_engine(postgres_database)
    with own.connect() as connection:
        driver: Any = connection.connection.driver_connection
        backend: int = driver.info.backend_pid
        connection.execute(text("SELECT 1"))
    with other.connect() as killer:
        killer.exec_driver_sql("SELECT pg_terminate_backend(%s)", (backend,))
    with own.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1
        assert connection.connection.driver_connection is not driver
    for engine in (own, other):
        engine.dispose()


# SQLite


def test_a_sqlite_file_is_made_with_its_folder_and_keeps_what_was_committed(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'new' / 'deep' / 'practicum.db'}")
    with engine.connect() as connection:
        asked = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    engine.dispose()


def test_processes_share_the_queue(sqlite: Engine) -> None:
    """Two processes with two threads each; SQLite's own busy handler is never met."""
    script = (
        "import sys; from concurrent.futures import ThreadPoolExecutor\n"
        "from sqlalchemy import text\n"
        "from plugin.db.session import make_engine, transaction\n"
        "engine = make_engine(sys.argv[1])\n"
        "def add(_):\n"
        "    with transaction(engine) as session:\n"
        "        session.execute(text(\"INSERT INTO people (name, created_at) VALUES ('x', '2026-11-21')\"))\n"
        "with ThreadPoolExecutor(2) as pool:\n"
        "    list(pool.map(add, range(40)))\n"
        "engine.dispose()\n"
    )
    command = [sys.executable, "-c", script, str(sqlite.url)]
    running = [subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE) for _ in range(2)]
    said = [process.communicate(timeout=60)[1].decode() for process in running]
    assert [process.returncode for process in running] == [0, 0], said
    assert count(sqlite) == 80
    sqlite.dispose()


def test_the_queue_is_left_when_the_file_is_busy_with_somebody_who_does_not_queue(sqlite: Engine) -> None:
    """A copy that is taken with the sqlite3 shell, for example."""
    with reader(sqlite).connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 1")
    stranger = sqlite3.connect(str(sqlite.url.database))
    stranger.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"):
        add(sqlite)
    stranger.rollback()
    stranger.close()
    assert in_time(lambda: add(sqlite))
    sqlite.dispose()


def test_a_connection_that_breaks_gives_its_place_back(sqlite: Engine) -> None:
    with sqlite.connect() as connection:
        connection.execute(text("SELECT 1"))
        connection.invalidate()
    assert in_time(lambda: add(sqlite))
    sqlite.dispose()


def test_a_writer_that_dies_with_its_process_gives_its_place_back(sqlite: Engine) -> None:
    script = (
        "import os, sys; from plugin.db.session import make_engine\n"
        "connection = make_engine(sys.argv[1]).connect(); connection.begin()\n"
        "connection.exec_driver_sql('SELECT 1'); os._exit(1)\n"
    )
    died = subprocess.run([sys.executable, "-c", script, str(sqlite.url)], cwd=ROOT, check=False, timeout=60)
    assert died.returncode == 1
    assert in_time(lambda: add(sqlite))
    sqlite.dispose()
