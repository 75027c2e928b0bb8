"""What commands share: the installation from the environment, and refusals as one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import click
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from plugin.db import migrate
from plugin.db.session import make_engine, transaction
from plugin.settings import Settings, SettingsError


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this installation; a bad one ends the command with its sentence."""
    try:
        return Settings.from_environment()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


@lru_cache(maxsize=1)
def engine() -> Engine:
    """The engine of this installation."""
    return make_engine(settings().database_url)


@contextmanager
def work() -> Iterator[Session]:
    """A transaction on a database whose schema is at head."""
    if migrate.current(engine()) != migrate.head():
        raise click.ClickException("the database is not up to date; run `practicum db upgrade` first")
    with transaction(engine()) as session:
        yield session
