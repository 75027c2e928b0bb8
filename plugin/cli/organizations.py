"""practicum organizations …"""

from __future__ import annotations

import click
from sqlalchemy import select

from plugin import clock
from plugin.actions import organizations as tree
from plugin.cli.shared import work
from plugin.db.people import Organization, OrganizationKind


@click.group()
def organizations() -> None:
    """The union's tree: national, federations, locals."""


@organizations.command()
@click.argument("name")
@click.option(
    "--kind", type=click.Choice([kind.value for kind in OrganizationKind]), default="local", show_default=True
)
@click.option("--parent", help="Name of the organization above it.")
@click.option("--time-zone", default="America/New_York", show_default=True, help="Where its days begin.")
def add(name: str, kind: str, parent: str | None, time_zone: str) -> None:
    """Add an organization."""
    with work() as session:
        try:
            body = tree.add(
                session, name, kind=OrganizationKind(kind), parent=parent, time_zone=time_zone, now=clock.now()
            )
        except tree.OrganizationRefused as error:
            raise click.ClickException(str(error)) from None
        click.echo(f'added "{body.name}" ({body.kind})')


@organizations.command("list")
def list_() -> None:
    """List all organizations."""
    with work() as session:
        for body in session.scalars(select(Organization).order_by(Organization.name)):
            click.echo(f"{body.id}\t{body.kind}\t{body.name}\t{body.time_zone}")
