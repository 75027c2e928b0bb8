"""Hot statements: what SQLAlchemy writes and the driver runs gives what SQLAlchemy itself gives."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, bindparam, func, select
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.orm import Session

from plugin.db.hot import Hot
from plugin.db.people import Grant, Identity, Person, SignIn
from plugin.db.platforms import Platform, PlatformState, UsedNonce
from plugin.db.session import make_engine, reader
from plugin.db.upsert import hot_insert, hot_insert_or_nothing
from plugin.domain.people import Role
from tests.cast import Cast
from tests.queries import counted

NOW = datetime(2026, 11, 22, 1, 30, 15, 123456, tzinfo=UTC)
PEOPLE = Person.__table__
NEW_PERSON = hot_insert(Person, ("name", "created_at"), returning="id")
BY_NAME = Hot(select(PEOPLE.c.id, PEOPLE.c.name, PEOPLE.c.created_at).where(PEOPLE.c.name == bindparam("name")))
USE = hot_insert_or_nothing(UsedNonce, ("nonce", "expires_at"), returning="nonce")


def named(engine: Engine, name: str) -> int:
    with engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(PEOPLE).where(PEOPLE.c.name == name)) or 0


def test_rows_are_those_of_sqlalchemy(cast: Cast, engine: Engine) -> None:
    """Moments, enums, lists, truth and None, in joins and with values that stand in the statement."""
    grants, platforms, sign_ins = Grant.__table__, Platform.__table__, SignIn.__table__
    statements: list[tuple[Any, dict[str, Any]]] = [
        (select(platforms).where(platforms.c.state == PlatformState.ACTIVE).order_by(platforms.c.id), {}),
        (
            select(grants.c.role, grants.c.starts_on, grants.c.ends_on, PEOPLE.c.name.label("who"))
            .join(PEOPLE, PEOPLE.c.id == grants.c.person_id)
            .where(grants.c.role == bindparam("role"), grants.c.starts_on <= bindparam("day"))
            .order_by(grants.c.id),
            {"role": Role.TRAINER, "day": date(2100, 1, 1)},
        ),
        (
            select(sign_ins).where(sign_ins.c.expires_at > bindparam("now"), sign_ins.c.waiting.is_(False)),
            {"now": NOW},
        ),
        (select(PEOPLE.c.id).where(PEOPLE.c.name == bindparam("name")), {"name": "nobody of this name"}),
    ]
    for statement, values in statements:
        for chosen in (engine, reader(engine)):
            with chosen.connect() as connection:
                whole = connection.execute(statement, values)
                names = list(whole.keys())
                rows = Hot(statement).all(connection, values)
                assert [tuple(row) for row in rows] == [tuple(row) for row in whole]
                assert all(getattr(row, name) == value for row in rows for name, value in zip(names, row, strict=True))


def test_what_is_inserted_is_what_was_given(engine: Engine) -> None:
    with engine.begin() as connection:
        [[made]] = NEW_PERSON.all(connection, {"name": "Zoë “Zed” Ångström %s :name ?", "created_at": NOW})
    with Session(engine) as session:
        person = session.get_one(Person, made)
    assert (person.name, person.created_at, person.legal_name) == ("Zoë “Zed” Ångström %s :name ?", NOW, None)
    with engine.connect() as connection:
        found = BY_NAME.first(connection, {"name": person.name})
        assert found
        assert (found.id, found.name, found.created_at) == (made, person.name, NOW)
        assert BY_NAME.first(connection, {"name": "' OR 1=1 --"}) is None


def test_it_is_part_of_the_transaction_that_it_runs_in(engine: Engine) -> None:
    with engine.connect() as connection:
        NEW_PERSON.all(connection, {"name": "undone", "created_at": NOW})
        assert connection.in_transaction()
        connection.rollback()
        NEW_PERSON.all(connection, {"name": "kept", "created_at": NOW})
        connection.commit()
    assert (named(engine, "undone"), named(engine, "kept")) == (0, 1)


def test_it_sees_what_the_same_transaction_wrote(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Person(name="by the session", created_at=NOW))
        session.flush()
        assert BY_NAME.first(session.connection(), {"name": "by the session"})
        [[made]] = NEW_PERSON.all(session.connection(), {"name": "by hand", "created_at": NOW})
        assert session.get_one(Person, made).name == "by hand"


def test_an_insert_of_what_is_there_gives_nothing(engine: Engine) -> None:
    with engine.begin() as connection:
        use = USE[connection.dialect.name]
        assert use.first(connection, {"nonce": "n-1", "expires_at": NOW})
        assert use.first(connection, {"nonce": "n-1", "expires_at": NOW}) is None
        assert use.first(connection, {"nonce": "n-2", "expires_at": NOW})


def test_an_error_is_sqlalchemys_and_tells_no_values(cast: Cast, engine: Engine) -> None:
    twice = hot_insert(
        Identity,
        ("platform_id", "deployment_key", "sub", "person_id", "email", "created_at", "last_launch_at"),
        returning="id",
    )
    mine = cast.ada.identity
    row = {
        "platform_id": mine.platform_id,
        "deployment_key": mine.deployment_key,
        "sub": mine.sub,
        "person_id": cast.ada.id,
        "email": "secret@example.org",
        "created_at": NOW,
        "last_launch_at": NOW,
    }
    with engine.connect() as connection:
        with pytest.raises(IntegrityError) as caught:
            twice.all(connection, row)
        assert "secret@example.org" not in str(caught.value)
        connection.rollback()
        assert BY_NAME.first(connection, {"name": cast.ada.person.name}), "the connection goes on"


def test_who_listens_to_the_engine_hears_of_it(engine: Engine) -> None:
    with counted(engine) as statements, engine.connect() as connection:
        found = BY_NAME.all(connection, {"name": "nobody"})
        [[made]] = NEW_PERSON.all(connection, {"name": "heard", "created_at": NOW})
        assert BY_NAME.first(connection, {"name": "heard"}).id == made  # type: ignore[union-attr]  # it is there
    assert found == []
    assert len(statements) == 3


def test_values_that_are_missing_are_a_mistake_of_ours(engine: Engine) -> None:
    with engine.connect() as connection, pytest.raises(KeyError, match="name"):
        BY_NAME.all(connection, {})


def test_a_connection_that_is_gone_is_not_used_again(postgres_database: str) -> None:
    """The server was started anew while a connection was in use: that request fails, the next one does not."""
    own, other = make_engine(postgres_database), make_engine(postgres_database)
    with own.connect() as connection, other.connect() as killer:
        BY_NAME.all(connection, {"name": "x"})
        driver: Any = connection.connection.dbapi_connection
        killer.exec_driver_sql("SELECT pg_terminate_backend(%s)", (driver.info.backend_pid,))
        with pytest.raises(OperationalError):
            BY_NAME.all(connection, {"name": "x"})
        assert connection.invalidated
        driver.close()
    with own.connect() as connection:
        assert BY_NAME.all(connection, {"name": "x"}) == []
    for engine in (own, other):
        engine.dispose()


def test_a_plan_that_the_server_lost_is_made_anew(postgres_database: str) -> None:
    """Somebody's DISCARD, or a pooler between us and the server: one request fails, the next one does not."""
    engine = make_engine(postgres_database)
    with reader(engine).connect() as connection:
        assert BY_NAME.all(connection, {"name": "x"}) == []
        connection.exec_driver_sql("DEALLOCATE ALL")
        with pytest.raises(ProgrammingError, match="does not exist"):
            BY_NAME.all(connection, {"name": "x"})
        assert BY_NAME.all(connection, {"name": "x"}) == []
    engine.dispose()


def test_what_the_driver_does_by_itself_leaves_our_plans_alone(postgres_database: str) -> None:
    """psycopg prepares what is asked often, and takes all plans back after a rollback: it must not."""
    engine = make_engine(postgres_database)
    with engine.connect() as connection:
        for _ in range(10):
            connection.execute(select(PEOPLE.c.id).where(PEOPLE.c.name == "x"))
            assert BY_NAME.all(connection, {"name": "x"}) == []
            with connection.begin_nested() as inner:
                BY_NAME.all(connection, {"name": "x"})
                inner.rollback()
            connection.rollback()
    engine.dispose()
