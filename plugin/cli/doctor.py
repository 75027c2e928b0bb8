"""practicum platforms doctor: a round of checks, printed."""

from __future__ import annotations

import click

from lti.http import Guard, HttpClient
from plugin import __version__, clock
from plugin.actions import platforms
from plugin.actions.doctor import rounds, words
from plugin.actions.doctor.findings import Health, Who
from plugin.actions.doctor.known import NotATestUser
from plugin.actions.doctor.words import About, Line
from plugin.cli.shared import engine, settings, work
from plugin.db.platforms import Platform
from plugin.db.session import transaction
from plugin.db.tool_keys import ToolKeys

VERDICTS = {Health.WELL: "well", Health.MEND: "to mend", Health.UNKNOWN: "not checked", Health.NONE: "does not apply"}
WHOSE = {Who.LMS: "LMS administrator", Who.OURS: "Practicum administrator", Who.NOBODY: "nobody"}


def tell(platform_id: int, *, score_for: str | None) -> bool:
    """Check a connection and print what was found, with the letter for the LMS's administrator; says whether something
    is to be mended.

    Raises:
        UsageError: there is no such connection, it was checked a moment ago, or the user named is a member.
    """
    chosen = settings()
    with work() as session:
        platform = session.get(Platform, platform_id)
        if platform is None:
            raise click.UsageError(f"there is no platform {platform_id}; see `practicum platforms list`")
        try:
            case = rounds.begin(session, platform, score_for=score_for, by=None, now=clock.now())
        except rounds.TooSoon:
            raise click.UsageError("it was tested a moment ago; wait half a minute, to spare the LMS") from None
        except NotATestUser:
            raise click.UsageError("--score-for: the LMS was told about this person: name a test user") from None
    agent = f"Practicum/{__version__} (+{chosen.base_url})"
    http = HttpClient(user_agent=agent, guard=Guard(allow_private=chosen.development))
    findings = rounds.run(case, http, ToolKeys(engine(), chosen.secret_key))
    with transaction(engine()) as session:
        rounds.keep(session, case, findings)
    lines = [words.line(finding, words.plainly, reason=lambda _codes, sentence: sentence) for finding in findings]
    for line in lines:
        _print(line)
    if letter := words.letter(_about(platform, chosen.base_url), lines, case.at, words.plainly):
        click.echo(f"\nA letter for the LMS's administrator:\n\n{letter}", nl=False)
    return words.health(findings) is Health.MEND


def _print(line: Line) -> None:
    click.echo(f"{VERDICTS[line.health]}\t{line.title}\t{line.wrong}")
    if line.todo:
        click.echo(f"\t{WHOSE[line.who]}: {line.todo}")


def _about(platform: Platform, base_url: str) -> About:
    ours = platforms.described(base_url)
    return About(
        name=platform.name,
        issuer=platform.issuer,
        client_id=platform.client_id,
        family=platform.family,
        ours={
            "Practicum’s public keys": ours.key_set_url,
            "Practicum’s login address": ours.login_url,
            "Practicum’s redirect address": ours.launch_url,
        },
    )
