"""practicum keys …"""

from __future__ import annotations

import click

from plugin import clock
from plugin.actions import audit
from plugin.cli.shared import settings, work
from plugin.db import tool_keys


@click.group()
def keys() -> None:
    """The keys with which this tool signs what it sends to LMSs."""


@keys.command("list")
def list_() -> None:
    """List all keys, and what each is for now."""
    with work() as session:
        for row, use in tool_keys.listed(session, now=clock.now()):
            click.echo(f"{row.kid}\t{row.created_at:%Y-%m-%d %H:%M}\t{use}")


@keys.command()
@click.option(
    "--at-once",
    is_flag=True,
    help="Take all former keys out now, for one that leaked or cannot be opened any more. An LMS that keeps our key "
    "set refuses this tool until it reads it again, some hours at most.",
)
def rotate(at_once: bool) -> None:
    """Make a new key. It is published now and signs from tomorrow, so that every LMS has read it by then.

    This happens by itself every 90 days.
    """
    now = clock.now()
    with work() as session:
        row = tool_keys.rotate(session, settings().secret_key, now=now, at_once=at_once)
        audit.remember(session, "rotate keys", f"key {row.id}", by=None, organization=None, now=now, at_once=at_once)
        click.echo(f"{row.kid} is published and signs {'now' if at_once else 'in a day'}")
