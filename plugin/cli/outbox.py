"""practicum outbox …"""

from __future__ import annotations

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin import clock
from plugin.actions import organizations
from plugin.actions import outbox as actions
from plugin.cli.shared import work
from plugin.db.outbox import OutboxRow, OutboxState
from plugin.db.people import Organization, OrganizationLine
from plugin.db.platforms import Platform

SHOWN = {state.value.replace("_", "-"): state for state in OutboxState}


@click.group()
def outbox() -> None:
    """What the LMSs are still to be told."""


@outbox.command("list")
@click.option("--state", type=click.Choice(sorted(SHOWN)), help="Only these; due and refused when left out.")
@click.option("--organization", help="Only this organization and those below it.")
@click.option("--limit", default=200, show_default=True, type=click.IntRange(1), help="At most so many, oldest first.")
def list_(state: str | None, organization: str | None, limit: int) -> None:
    """List what is due or was refused: number, state, what is told of whom, since when, tries, and what is wrong."""
    states = [SHOWN[state]] if state else [OutboxState.DUE, OutboxState.REFUSED]
    wanted = (
        select(OutboxRow, Platform.name, Organization.name)
        .join(Platform, Platform.id == OutboxRow.platform_id)
        .join(Organization, Organization.id == OutboxRow.organization_id)
        .where(OutboxRow.state.in_(states))
        .order_by(OutboxRow.queued_at, OutboxRow.id)
        .limit(limit)
    )
    with work() as session:
        if organization is not None:
            lines = select(OrganizationLine.organization_id).where(
                OrganizationLine.ancestor_id == _organization(session, organization)
            )
            wanted = wanted.where(OutboxRow.organization_id.in_(lines))
        for row, platform, body in session.execute(wanted):
            since = f"since {row.queued_at:%Y-%m-%d %H:%M}"
            told = f"{row.progress} of person {row.person_id}"
            click.echo(f"{row.id}\t{row.state}\t{told}\t{body}\t{platform}\t{since}\t{row.attempts} tries", nl=False)
            click.echo(f"\t{row.problem}" if row.problem else "")


@outbox.command()
@click.argument("number", type=int, required=False)
@click.option("--refused", is_flag=True, help="All that was refused, in --organization and below it.")
@click.option("--organization", help="Name of an organization, with --refused.")
def resend(number: int | None, refused: bool, organization: str | None) -> None:
    """Send a score again: one by its NUMBER from `practicum outbox list`, or all that was refused."""
    if (number is None) is not refused or refused is not (organization is not None):
        raise click.UsageError('give a NUMBER, or --refused --organization "NAME"')
    now = clock.now()
    with work() as session:
        if number is None:
            count = actions.resend_refused(session, _organization(session, organization or ""), by=None, now=now)
            click.echo(f"{count} are sent again")
            return
        row = session.get(OutboxRow, number)
        if row is None:
            raise click.ClickException(f"there is no {number} in the outbox; see `practicum outbox list`")
        actions.resend(session, row, by=None, now=now)
        click.echo(f"{number} is sent again")


def _organization(session: Session, name: str) -> int:
    try:
        return organizations.find(session, name).id
    except organizations.OrganizationRefused as error:
        raise click.ClickException(str(error)) from None
