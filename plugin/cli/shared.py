"""What commands share: the installation from the environment, and refusals as one line."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import click
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
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


def log_to_stderr() -> None:
    """For commands that stay: say what happens, with the time."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it greets at every look at the schema


def refuse_old_schema() -> None:
    """End the command unless the database answers and its schema is the one that this code asks for."""
    try:
        found = migrate.current(engine())
    except OperationalError as error:
        # the driver's own words name host and reason, and no parameter
        raise click.ClickException(f"the database does not answer: {error.orig}") from None
    if found != migrate.head():
        raise click.ClickException("the database is not up to date; run `practicum db upgrade` first")


@contextmanager
def work() -> Iterator[Session]:
    """A transaction on a database whose schema is at head."""
    refuse_old_schema()
    with transaction(engine()) as session:
        yield session
