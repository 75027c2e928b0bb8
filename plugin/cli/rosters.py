"""practicum rosters …"""

from __future__ import annotations

import click
from sqlalchemy import func, select

from plugin import clock
from plugin.actions import organizations
from plugin.actions import rosters as actions
from plugin.cli.shared import work
from plugin.db.learning import Context
from plugin.db.people import Organization, OrganizationLine
from plugin.db.platforms import Platform
from plugin.db.rosters import Roster, RosterMember
from plugin.domain.rosters import MemberStatus


@click.group()
def rosters() -> None:
    """Who the LMSs say is in their courses."""


@rosters.command("list")
@click.option("--organization", help="Only this organization and those below it.")
@click.option("--failing", is_flag=True, help="Only those whose last reading failed.")
@click.option(
    "--limit", default=200, show_default=True, type=click.IntRange(1), help="At most so many, next due first."
)
def list_(organization: str | None, failing: bool, limit: int) -> None:
    """List rosters: number, course, organization, LMS, people, when it was read, when it is due, and what is wrong."""
    people = (
        select(func.count())
        .where(RosterMember.context_id == Roster.context_id, RosterMember.status == MemberStatus.ACTIVE)
        .correlate(Roster)
        .scalar_subquery()
    )
    wanted = (
        select(Roster, Context.title, Organization.name, Platform.name, people)
        .join(Context, Context.id == Roster.context_id)
        .join(Platform, Platform.id == Roster.platform_id)
        .join(Organization, Organization.id == Platform.organization_id)
        .order_by(Roster.due_at, Roster.context_id)
        .limit(limit)
    )
    if failing:
        wanted = wanted.where(Roster.problem.is_not(None))
    with work() as session:
        if organization is not None:
            try:
                top = organizations.find(session, organization).id
            except organizations.OrganizationRefused as error:
                raise click.ClickException(str(error)) from None
            lines = select(OrganizationLine.organization_id).where(OrganizationLine.ancestor_id == top)
            wanted = wanted.where(Platform.organization_id.in_(lines))
        for row, title, body, platform, count in session.execute(wanted):
            read = f"read {row.read_at:%Y-%m-%d %H:%M}" if row.read_at else "never read"
            due = f"due {row.due_at:%Y-%m-%d %H:%M}"
            click.echo(f"{row.context_id}\t{title}\t{body}\t{platform}\t{count} people\t{read}\t{due}", nl=False)
            click.echo(f"\t{row.problem}" if row.problem else "")


@rosters.command()
@click.argument("number", type=int)
def refresh(number: int) -> None:
    """Have a worker read one anew, by its NUMBER from `practicum rosters list`, as soon as its LMS may be asked."""
    with work() as session:
        found = session.execute(
            select(Context, Platform.organization_id)
            .join(Platform, Platform.id == Context.platform_id)
            .join(Roster, Roster.context_id == Context.id)
            .where(Context.id == number)
        ).one_or_none()
        if found is None:
            raise click.ClickException(f"there is no roster {number}; see `practicum rosters list`")
        context, body = found
        if context.memberships_url is None:
            raise click.ClickException("this LMS does not say who is in the course, so there is nothing to read")
        actions.ask(session, context, by=None, organization=body, now=clock.now(), always=True)
        click.echo(f"{number} is read by the next worker that looks")
