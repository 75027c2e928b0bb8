"""What makes many applications in one test run cheap: parts that are the same in each are made once.

An application of its own for each test is worth it; reading the system's certificates, and compiling the same templates
and addresses for each, is not: together they took most of a test's time. So did reading the same pack again and again.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path

import pytest
from flask import Flask
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import Engine
from werkzeug.routing import Rule

import content
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
_compile = Rule._compile_builder
_builders: dict[object, Callable[..., tuple[str, str]]] = {}


def _builder(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    """What makes a rule's addresses: a function of its parts alone, which asks the rule itself for its converters."""
    key = (rule.rule, tuple(rule._trace), append_unknown, repr(rule.defaults))
    if key not in _builders:
        _builders[key] = _compile(rule, append_unknown)
    return _builders[key]


@cache
def pack(path: Path) -> content.Pack:
    """The pack in a folder that no test changes."""
    return content.load(path)


def make(settings: Settings) -> Flask:
    """An application whose errors become pages, as they do for people."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "_trust", _certificates)
        patch.setattr(Rule, "_compile_builder", _builder)
        app = create_app(settings)
    app.config["TESTING"] = False
    app.jinja_env.bytecode_cache = COMPILED
    return app


def empty(engine: Engine) -> None:
    """Delete every row and begin numbering anew; where there is little, ten times as quick as TRUNCATE."""
    tables = Base.metadata.sorted_tables
    statements = [f"DELETE FROM {table.name}" for table in reversed(tables)]
    if engine.dialect.name == "postgresql":
        numbered = [table.name for table in tables if "id" in table.columns]
        again = ", ".join(f"setval(pg_get_serial_sequence('{name}', 'id'), 1, false)" for name in numbered)
        statements = ["; ".join([*statements, f"SELECT {again}"])]  # one journey instead of one for each table
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
