"""practicum reports …"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import BinaryIO

import click
from sqlalchemy.orm import Session

from plugin import clock
from plugin.actions import organizations, report
from plugin.actions.report import Form
from plugin.cli.shared import engine, refuse_old_schema, work
from plugin.db import reach
from plugin.db.reports import Asked, Part
from plugin.db.session import snapshot
from plugin.db.sign_ins import GrantScope
from plugin.domain import days
from plugin.domain.people import Role

DAY = click.DateTime(["%Y-%m-%d"])
STATES = {**{part.value: (part,) for part in Part}, "all": tuple(Part)}


@click.group()
def reports() -> None:
    """Reports, as files."""


@reports.command()
@click.option("--organization", required=True, help="What it is about, with everything below it.")
@click.option("--from", "first", type=DAY, help="First day; open when left out.")
@click.option("--to", "last", type=DAY, help="Last day; open when left out.")
@click.option("--state", type=click.Choice(list(STATES)), default=Part.COMPLETED.value, show_default=True)
@click.option("--offering", help="Code of an offering, to narrow it to that one.")
@click.option("--format", "form", type=click.Choice([form.value for form in Form]), default="csv", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="A file; standard output when left out.")
def completions(
    *,
    organization: str,
    first: datetime | None,
    last: datetime | None,
    state: str,
    offering: str | None,
    form: str,
    out: Path | None,
) -> None:
    """Completions, one row for each enrolment: the rows that the page shows.

    Days are those of each organization; completed people count by the day of completion, others by the day of
    enrolment. What members write is in no report.
    """
    if form == Form.XLSX and out is None and sys.stdout.isatty():
        raise click.ClickException("an Excel file is no text for a terminal; add --out FILE")
    refuse_old_schema()
    now = clock.now()
    with tempfile.TemporaryFile() as file:
        with snapshot(engine()) as session:
            asked = _asked(
                session, organization, first=_day(first), last=_day(last), parts=STATES[state], offering=offering
            )
            rows = report.write(session, asked, Form(form), file, now=now)
        with work() as session:
            report.remember_export(session, asked, form, rows=rows, by=None, now=now)
        file.seek(0)
        _hand_over(file, out)
    if out is not None:
        click.echo(f"{rows} rows in {out}", err=True)


def _day(moment: datetime | None) -> date | None:
    if moment is None:
        return None
    if not days.EARLIEST <= moment.date() <= days.LATEST:
        raise click.ClickException(f"{moment.date()}: give a day of the years 2000 to 2099")
    return moment.date()


def _asked(
    session: Session,
    organization: str,
    *,
    first: date | None,
    last: date | None,
    parts: tuple[Part, ...],
    offering: str | None,
) -> Asked:
    if first and last and first > last:
        raise click.ClickException(f"--to {last} is before --from {first}")
    try:
        body = organizations.find(session, organization)
    except organizations.OrganizationRefused as error:
        raise click.ClickException(str(error)) from None
    # the command line sees what an LSC of this organization sees
    within = reach.find(session, (GrantScope(Role.LSC, body.id, None),))
    chosen = None
    if offering is not None:
        run = reach.offerings(session, within)
        chosen = next((each.id for each in run if each.code == offering), None)
        if chosen is None:
            known = ", ".join(each.code for each in run) or "none"
            raise click.ClickException(f'no cohort of "{body.name}" runs an offering {offering} (it runs: {known})')
    return Asked(within, parts, first, last, organization_id=body.id, offering_id=chosen)


def _hand_over(file: BinaryIO, out: Path | None) -> None:
    """Bring the finished file to where it was asked for; there is never half a file under its name."""
    if out is None:
        shutil.copyfileobj(file, sys.stdout.buffer)
        return
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        with beside.open("wb") as target:
            beside.chmod(0o600)  # names of people: for whoever asked
            shutil.copyfileobj(file, target)
        beside.replace(out)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise click.ClickException(f"{out}: {error.strerror}") from None
