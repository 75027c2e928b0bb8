"""practicum grant …"""

from __future__ import annotations

from datetime import datetime

import click

from plugin import clock
from plugin.actions import grants, organizations
from plugin.cli.shared import settings, work
from plugin.domain.people import Role


@click.command()
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.option("--organization", required=True, help="Where it holds, with everything below it.")
@click.option("--cohort", type=int, help="Number of a cohort, to narrow it to that one.")
@click.option("--from", "starts", type=click.DateTime(["%Y-%m-%d"]), help="First day; today when left out.")
@click.option("--to", "ends", type=click.DateTime(["%Y-%m-%d"]), help="Last day; open when left out.")
def grant(role: str, organization: str, cohort: int | None, starts: datetime | None, ends: datetime | None) -> None:
    """Make somebody a trainer, LSC, viewer or admin.

    Prints a one-time code and, as the last line, a link. Typed or opened by someone who came in through a launch from
    their LMS, it binds the grant to that person. Codes live for 14 days.
    """
    now = clock.now()
    with work() as session:
        try:
            body = organizations.find(session, organization)
            code = grants.issue(
                session,
                Role(role),
                organization=body.id,
                cohort=cohort,
                starts_on=starts.date() if starts else now.date(),
                ends_on=ends.date() if ends else None,
                now=now,
            )
        except (organizations.OrganizationRefused, grants.GrantRefused) as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"code: {code}")
    click.echo(f"{settings().base_url}/grant/{code}")
