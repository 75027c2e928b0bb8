"""Every row of a database, to be compared with itself: what a request changed, table by table."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from sqlalchemy import Engine, select

from plugin.db import Base

Rows = dict[str, dict[tuple[Any, ...], str]]
"""Table → primary key → digest of the row."""


def snapshot(engine: Engine) -> Rows:
    """All rows of all tables."""
    found: Rows = {}
    with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            keys = [column.name for column in table.primary_key.columns]
            rows = connection.execute(select(table)).mappings().all()
            found[table.name] = {tuple(row[key] for key in keys): _digest(dict(row)) for row in rows}
    return found


def changed(before: Rows, after: Rows) -> dict[str, set[tuple[Any, ...]]]:
    """Tables with the keys of rows that came, went or changed; tables without any are left out."""
    found = {
        table: {key for key in {*before[table], *rows} if before[table].get(key) != rows.get(key)}
        for table, rows in after.items()
    }
    return {table: keys for table, keys in found.items() if keys}


def added(before: Rows, after: Rows) -> Rows:
    """The rows that came."""
    return {
        table: {key: digest for key, digest in rows.items() if key not in before[table]}
        for table, rows in after.items()
    }


def touched(rows: Rows, after: Rows) -> dict[str, set[tuple[Any, ...]]]:
    """Tables with the keys of those of `rows` that went or changed."""
    found = {
        table: {key for key, digest in kept.items() if after[table].get(key) != digest} for table, kept in rows.items()
    }
    return {table: keys for table, keys in found.items() if keys}


def _digest(row: dict[str, Any]) -> str:
    return sha256(repr(sorted(row.items())).encode()).hexdigest()


def belonging(engine: Engine, organization: int) -> set[tuple[str, tuple[Any, ...]]]:
    """Table and key of every row that is an organization's: whose foreign keys lead to it, and the people it knows."""
    found: set[tuple[str, tuple[Any, ...]]] = {("organizations", (organization,))}
    with engine.connect() as connection:
        rows = {table: connection.execute(select(table)).mappings().all() for table in Base.metadata.sorted_tables}
    tables = {table.name: table for table in rows}
    found |= {
        ("people", (row["person_id"],))
        for row in rows[tables["identities"]]
        if row["platform_id"]
        in {one["id"] for one in rows[tables["platforms"]] if one["organization_id"] == organization}
    }
    for table, every in rows.items():
        keys = [column.name for column in table.primary_key.columns]
        for row in every:
            for foreign in table.foreign_keys:
                if (foreign.column.table.name, (row[foreign.parent.name],)) in found:
                    found.add((table.name, tuple(row[key] for key in keys)))
    return found
