"""What makes many applications in one test run cheap: parts that are the same in each are made once.

An application of its own for each test is worth it; reading the system's certificates and compiling the same templates
for each is not: together they took two thirds of a test's time.
"""

from __future__ import annotations

import ssl
from functools import lru_cache

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine, delete, text

from lti import http
from plugin.app import create_app
from plugin.db import Base
from plugin.settings import Settings


class _Compiled(BytecodeCache):
    """Templates that one application has compiled serve the next one."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Take what is there."""
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was made."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = _Compiled()


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    return _trust()


_trust = http._trust


def make(settings: Settings) -> Flask:
    """An application whose errors become pages, as they do for people."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "_trust", _certificates)
        app = create_app(settings)
    app.config["TESTING"] = False
    app.jinja_env.bytecode_cache = COMPILED
    return app


def empty(engine: Engine) -> None:
    """Delete every row and begin numbering anew; where there is little, ten times as quick as TRUNCATE."""
    tables = Base.metadata.sorted_tables
    with engine.begin() as connection:
        for table in reversed(tables):
            connection.execute(delete(table))
        if engine.dialect.name == "postgresql":
            numbered = [table.name for table in tables if "id" in table.columns]
            again = ", ".join(f"setval(pg_get_serial_sequence('{name}', 'id'), 1, false)" for name in numbered)
            connection.execute(text(f"SELECT {again}"))
