"""INSERT … ON CONFLICT, which SQLAlchemy has for each engine under another name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import insert as plain_insert
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from plugin.db.base import Base
from plugin.db.hot import Hot

ENGINES: Mapping[str, Callable[..., Any]] = {"sqlite": sqlite_insert, "postgresql": postgresql_insert}


def insert(session: Session, table: type[Base]) -> Any:
    """An insert that understands `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return ENGINES[session.get_bind().dialect.name](table)


def hot_insert(table: type[Base], columns: Sequence[str], *, returning: str | None = None) -> Hot:
    """One new row of these columns; gives back this column of it."""
    made = plain_insert(table.__table__)  # type: ignore[arg-type]  # declared tables are tables
    return Hot(made.returning(table.__table__.c[returning]) if returning else made.inline(), columns)


def hot_insert_or_nothing(table: type[Base], columns: Sequence[str], *, returning: str) -> Mapping[str, Hot]:
    """For each engine one new row of these columns, unless one like it is there; gives back this column of what was
    inserted, and no row for nothing. (PostgreSQL's driver does not count the rows of such an insert.)
    """
    made = table.__table__
    return {
        engine: Hot(insert(made).on_conflict_do_nothing().returning(made.c[returning]), columns)
        for engine, insert in ENGINES.items()
    }
