"""INSERT … ON CONFLICT, which SQLAlchemy has for each engine under another name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from plugin.db.base import Base


def insert(session: Session, table: type[Base]) -> Any:
    """An insert that understands `on_conflict_do_nothing` and `on_conflict_do_update`."""
    made = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgresql_insert
    return made(table)


def insert_or_leave(
    session: Session, table: type[Base], rows: Sequence[Mapping[str, Any]], *, unique: Sequence[str]
) -> None:
    """Insert the rows that are not there yet, by their unique columns; what is there stays as it is."""
    session.execute(insert(session, table).values(list(rows)).on_conflict_do_nothing(index_elements=unique))
