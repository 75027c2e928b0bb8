"""The `practicum` command. Each module holds one group; a command owns its transaction, as a request does."""

from __future__ import annotations

import click

from plugin.cli import database, grants, keys, organizations, outbox, packs, platforms, reports, rosters, serve, worker


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="practicum")
def main() -> None:
    """Practicum: a union's professional learning inside a district's LMS."""


main.add_command(database.db)
main.add_command(organizations.organizations)
main.add_command(grants.grant)
main.add_command(packs.packs)
main.add_command(platforms.platforms)
main.add_command(keys.keys)
main.add_command(outbox.outbox)
main.add_command(rosters.rosters)
main.add_command(reports.reports)
main.add_command(serve.serve)
main.add_command(worker.worker)
