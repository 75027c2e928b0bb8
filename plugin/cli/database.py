"""practicum db …"""

from __future__ import annotations

import click

from plugin.cli.shared import engine
from plugin.db import migrate


@click.group()
def db() -> None:
    """The database of this installation."""


@db.command()
def upgrade() -> None:
    """Bring the schema up to date; safe to run again."""
    before = migrate.current(engine())
    migrate.upgrade(engine())
    after = migrate.current(engine())
    click.echo(f"schema at {after}" + ("" if before == after else f" (was {before or 'empty'})"))
