"""INSERT … ON CONFLICT, which SQLAlchemy has for each engine under another name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from plugin.db.base import Base

ENGINES: Mapping[str, Callable[..., Any]] = {"sqlite": sqlite_insert, "postgresql": postgresql_insert}


def insert(session: Session, table: type[Base]) -> Any:
    """An insert that understands `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return ENGINES[session.get_bind().dialect.name](table)


def insert_or_leave(
    session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]], *, unique: Sequence[str]
) -> None:
    """Insert the rows that are not there yet, by their unique columns; what is there stays as it is."""
    session.execute(insert(session, table).values(list(rows)).on_conflict_do_nothing(index_elements=unique))


def kept_insert_or_nothing(table: type[Base], returning: str) -> Mapping[str, Any]:
    """For each engine a statement to be kept: insert one row, unless one like it is there; gives back this column of
    what was inserted, and no row for nothing. (PostgreSQL's driver does not count the rows of such an insert.)
    """
    made = table.__table__
    return {
        engine: insert(made).on_conflict_do_nothing().returning(made.c[returning]) for engine, insert in ENGINES.items()
    }
