"""Names compared as people type them: without regard to case or accents, alike on both engines."""

from __future__ import annotations

import unicodedata
from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

IN_SQLITE = "practicum_folded"


def fold(text: str | None) -> str | None:
    """ "Núñez" → "nunez". SQLite calls this one; PostgreSQL does the same with its own functions."""
    if text is None:
        return None
    if text.isascii():
        return text.lower()
    parts = unicodedata.normalize("NFKD", text.lower())
    return "".join(character for character in parts if not "\u0300" <= character <= "\u036f")


class folded(GenericFunction[str]):  # noqa: N801  reads as the SQL function that it is
    """`folded(column)` in a query is what `fold` is in Python."""

    type = String()
    inherit_cache = True


@compiles(folded, "sqlite")
def _sqlite(element: folded, compiler: Any, **kw: Any) -> str:
    return f"{IN_SQLITE}({compiler.process(element.clauses, **kw)})"


@compiles(folded, "postgresql")
def _postgresql(element: folded, compiler: Any, **kw: Any) -> str:
    # a database of the locale C lowers ASCII only, so the collation is named
    lowered = f'lower(({compiler.process(element.clauses, **kw)}) COLLATE "und-x-icu")'
    return rf"regexp_replace(normalize({lowered}, NFKD), '[\u0300-\u036f]', '', 'g')"


def prepare(connection: Any) -> None:
    """Teach a new SQLite connection the function."""
    connection.create_function(IN_SQLITE, 1, fold, deterministic=True)
