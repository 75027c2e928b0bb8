"""practicum packs …"""

from __future__ import annotations

from pathlib import Path

import click
from sqlalchemy import select

import content
from plugin import clock
from plugin.actions import offerings
from plugin.cli.shared import work
from plugin.db.learning import Offering, Version

PATHS = click.argument("paths", nargs=-1, type=click.Path(path_type=Path))


@click.group()
def packs() -> None:
    """Offerings as packs: check, publish, list."""


@packs.command()
@PATHS
def check(paths: tuple[Path, ...]) -> None:
    """Say what is wrong with packs, as file:line: what; remedy. Checks the installed ones when no PATH is given."""
    faults = 0
    for path in paths or content.installed():
        found = content.check(path, today=clock.now().date())
        for fault in found:
            click.echo(str(fault))
        faults += len(found)
        if not found:
            click.echo(f"{path}: nothing to mend")
    if faults:
        raise click.ClickException(f"{faults} to mend")


@packs.command()
@PATHS
def publish(paths: tuple[Path, ...]) -> None:
    """Make packs the current version of their offerings; the installed ones when no PATH is given.

    A pack with faults is refused whole and the running version stays. Cohorts that run keep their version.
    """
    for path in paths or content.installed():
        found = content.check(path, today=clock.now().date())
        if found:
            listed = "\n".join(str(fault) for fault in found)
            raise click.ClickException(f"{path} was not published; the running version stays.\n{listed}")
        with work() as session:
            try:
                version = offerings.publish(session, content.load(path), now=clock.now())
            except offerings.PublishRefused as error:
                raise click.ClickException(f"{path}: {error}") from None
            code = session.scalars(select(Offering.code).where(Offering.id == version.offering_id)).one()
            click.echo(f"{code} {version.number} is current")


@packs.command("list")
def list_() -> None:
    """List offerings and their current versions."""
    with work() as session:
        rows = session.execute(
            select(Offering.code, Version.number, Offering.minutes, Offering.title)
            .join(Version, Version.id == Offering.current_version_id)
            .order_by(Offering.code)
        )
        for code, number, minutes, title in rows:
            click.echo(f"{code}\t{number}\t{minutes} min\t{title}")
