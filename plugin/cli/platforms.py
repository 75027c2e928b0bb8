"""practicum platforms …"""

from __future__ import annotations

from typing import BinaryIO

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin import clock
from plugin.actions import organizations, platform_lists
from plugin.actions import platforms as connections
from plugin.cli.shared import settings, work
from plugin.db.people import Organization
from plugin.db.platforms import Deployment, Platform, PlatformState

ORGANIZATION = click.option("--organization", required=True, help="Name of the organization it is for.")


@click.group()
def platforms() -> None:
    """Connections to LMSs."""


@platforms.command()
@ORGANIZATION
@click.option("--approve", is_flag=True, help="What registers with the link is active at once.")
@click.option("--instructors-are-trainers", is_flag=True, help="Only for a union's own LMS courses.")
def invite(organization: str, approve: bool, instructors_are_trainers: bool) -> None:
    """Print a one-time dynamic registration link; it is the last line and lives for 7 days."""
    with work() as session:
        token = connections.invite(
            session,
            organization=_organization(session, organization).id,
            approve=approve,
            instructors_are_trainers=instructors_are_trainers,
            now=clock.now(),
        )
    click.echo("Paste this where the LMS adds a tool by dynamic registration. It works once, for 7 days.")
    click.echo(f"{settings().base_url}/lti/register/{token}")


@platforms.command()
@ORGANIZATION
@click.option("--issuer", required=True)
@click.option("--client-id", required=True)
@click.option("--authorization-url", required=True, help="OIDC authentication endpoint.")
@click.option("--token-url", required=True)
@click.option("--key-set-url", required=True)
@click.option("--deployment", "deployments", multiple=True, help="May be given several times.")
@click.option("--token-audience", help="When the token endpoint wants another audience than its address.")
@click.option("--family", help="canvas, moodle, blackboard, desire2learn, schoology, sakai, openedx …")
@click.option("--name", default="", help="What people read; the host when left out.")
@click.option("--shared-client", is_flag=True, help="One client id serves many customers (Blackboard).")
@click.option("--instructors-are-trainers", is_flag=True, help="Only for a union's own LMS courses.")
def add(
    *,
    organization: str,
    issuer: str,
    client_id: str,
    authorization_url: str,
    token_url: str,
    key_set_url: str,
    deployments: tuple[str, ...],
    token_audience: str | None,
    family: str | None,
    name: str,
    shared_client: bool,
    instructors_are_trainers: bool,
) -> None:
    """Connect an LMS by hand; it is active at once."""
    given = connections.ByHand(
        name=name,
        issuer=issuer,
        client_id=client_id,
        authorization_url=authorization_url,
        token_url=token_url,
        key_set_url=key_set_url,
        deployments=deployments,
        token_audience=token_audience,
        family=family,
        shared_client=shared_client,
        instructors_are_trainers=instructors_are_trainers,
    )
    with work() as session:
        try:
            body = _organization(session, organization)
            platform = connections.add(
                session, given, organization=body.id, plain_http=settings().development, now=clock.now()
            )
        except connections.PlatformRefused as error:
            raise click.ClickException(str(error)) from None
        click.echo(f"platform {platform.id} is connected")
    _say_addresses()


@platforms.command("add-many")
@click.argument("file", type=click.File("rb"))
@click.option("--organization", default="", help="For lines that name none.")
def add_many(file: BinaryIO, organization: str) -> None:
    """Connect every LMS, or client of one, that FILE lists ("-" reads what is piped in); they are active at once.

    FILE is CSV whose first line names the columns, or JSON lines. The names are: organization, issuer, client_id,
    authorization_url, token_url, key_set_url, deployments (parted by blanks), and where they matter token_audience,
    family, name, shared_client, instructors_are_trainers (yes or no). When anything in it is wrong, all that is wrong
    is listed by its line, and nothing is stored.
    """
    try:
        lines = platform_lists.read(file.read(), organization=organization)
        with work() as session:
            rows = platform_lists.add(session, lines, plain_http=settings().development, now=clock.now())
            added = [f"{row.id}\t{row.issuer}\t{row.client_id}" for row in rows]
    except platform_lists.ListRefused as error:
        listed = "\n".join(f"{file.name}:{fault.line}: {fault.sentence}" for fault in error.faults)
        raise click.ClickException(f"nothing was stored; {error}.\n{listed}") from None
    click.echo("\n".join(added))
    click.echo(f"{len(added)} connected")
    _say_addresses()


def _say_addresses() -> None:
    """What the LMS wants to know of us."""
    described = connections.described(settings().base_url)
    click.echo(f"login initiation URL\t{described.login_url}")
    click.echo(f"redirect URL\t{described.launch_url}")
    click.echo(f"target link URL\t{described.target_url}")
    click.echo(f"deep linking URL\t{described.deep_linking_url}")
    click.echo(f"public key set URL\t{described.key_set_url}")


@platforms.command("list")
def list_() -> None:
    """List connections."""
    with work() as session:
        rows = session.execute(
            select(Platform, Organization.name)
            .join(Organization, Organization.id == Platform.organization_id)
            .order_by(Platform.id)
        )
        for platform, organization in rows:
            click.echo(f"{platform.id}\t{platform.state}\t{platform.issuer}\t{platform.client_id}\t{organization}")


@platforms.command()
@click.argument("platform_id", type=int)
def show(platform_id: int) -> None:
    """Show one connection."""
    with work() as session:
        platform = _platform(session, platform_id)
        deployments = session.scalars(
            select(Deployment.deployment_id).where(Deployment.platform_id == platform.id).order_by(Deployment.id)
        )
        for name in ("name", "state", "issuer", "client_id", "authorization_url", "token_url", "key_set_url", "family"):
            click.echo(f"{name.replace('_', ' ')}\t{getattr(platform, name) or ''}")
        click.echo(f"deployments\t{', '.join(deployments) or 'none yet'}")


@platforms.command()
@click.argument("platform_id", type=int)
def approve(platform_id: int) -> None:
    """Let launches of a connection in, for the first time or again."""
    _set_state(platform_id, PlatformState.ACTIVE)


@platforms.command()
@click.argument("platform_id", type=int)
def disable(platform_id: int) -> None:
    """Keep launches of a connection out; nothing that was learned or written is touched."""
    _set_state(platform_id, PlatformState.DISABLED)


@platforms.command()
@click.argument("platform_id", type=int)
@click.argument("deployment_id")
def deployment(platform_id: int, deployment_id: str) -> None:
    """Let launches of one more deployment in."""
    with work() as session:
        try:
            connections.add_deployment(
                session, _platform(session, platform_id), deployment_id, by=None, now=clock.now()
            )
        except connections.PlatformRefused as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"platform {platform_id} takes deployment {deployment_id}")


@platforms.command()
@click.argument("platform_id", type=int)
@click.option("--score-for", metavar="USER_ID", help="Post a test grade for this test learner, by the LMS's user id.")
def doctor(platform_id: int, score_for: str | None) -> None:
    """Test a connection: what is wrong, and who must do what. Takes at most 20 seconds; the LMS is not changed, unless
    --score-for names a test user. Exit status 1 when something is to be mended, 2 when it could not be run.
    """
    from plugin.cli import doctor

    if doctor.tell(platform_id, score_for=score_for):
        raise SystemExit(1)


def _set_state(platform_id: int, state: PlatformState) -> None:
    with work() as session:
        connections.set_state(session, _platform(session, platform_id), state, by=None, now=clock.now())
    click.echo(f"platform {platform_id} is {state}")


def _platform(session: Session, platform_id: int) -> Platform:
    found = session.get(Platform, platform_id)
    if found is None:
        raise click.ClickException(f"there is no platform {platform_id}; see `practicum platforms list`")
    return found


def _organization(session: Session, name: str) -> Organization:
    try:
        return organizations.find(session, name)
    except organizations.OrganizationRefused as error:
        raise click.ClickException(str(error)) from None
