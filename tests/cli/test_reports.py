"""practicum reports completions: the same rows as the page, for scripts and for the terminal."""

from __future__ import annotations

import csv
import json
import os
import pty
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.cli import main, shared
from plugin.db.audit import AuditEvent
from tests.cast import Cast
from tests.conftest import SECRET
from tests.reports import books
from tests.reports.people import SECRET_TEXT, enrol, federation, reflect
from tests.web.test_lsc_completions import asking

Run = Callable[..., Result]
THAT_YEAR = ("--from", "2025-01-01", "--to", "2025-12-31")


@pytest.fixture
def run(database_url: str, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """`practicum reports completions` about Local 1, over the cast's database."""
    monkeypatch.setenv("PRACTICUM_DATABASE_URL", database_url)
    monkeypatch.setenv("PRACTICUM_SECRET_KEY", SECRET)
    monkeypatch.setenv("PRACTICUM_DEVELOPMENT", "1")
    for kept in (shared.settings, shared.engine):
        kept.cache_clear()

    def invoke(*arguments: str, organization: str = "Local 1") -> Result:
        words = ["reports", "completions", "--organization", organization, *arguments]
        return CliRunner().invoke(main, words)

    yield invoke
    shared.engine().dispose()
    for kept in (shared.settings, shared.engine):
        kept.cache_clear()


def names(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    text = result.stdout_bytes.decode("utf-8-sig")
    return [line["Name"] for line in csv.DictReader(StringIO(text, newline=""))]


def test_the_file_is_the_one_that_the_page_gives(session: Session, cast: Cast, run: Run) -> None:
    for name in ("Luz Núñez", "=1+1", "Đặng, Dee"):
        someone = enrol(session, cast.here, name, completed="2025-03-05 15:00")
        reflect(session, someone, met=True)
    session.commit()
    printed = run(*THAT_YEAR, "--format", "csv")
    assert printed.stdout_bytes == cast.lou.get(asking("/reports/completions.csv")).data
    assert SECRET_TEXT.encode() not in printed.stdout_bytes
    assert len(names(printed)) == 3


def test_json_holds_the_rows_as_objects(session: Session, cast: Cast, run: Run) -> None:
    enrol(session, cast.here, "Luz Núñez", completed="2025-03-05 15:00", minutes=180)
    session.commit()
    [row] = json.loads(run(*THAT_YEAR, "--format", "json").stdout)
    assert (row["name"], row["completed"], row["contact_hours"]) == ("Luz Núñez", "2025-03-05", 3.0)


def test_excel_goes_to_a_file_that_only_its_owner_reads(session: Session, cast: Cast, run: Run, tmp_path: Path) -> None:
    enrol(session, cast.here, "Luz Núñez", completed="2025-03-05 15:00")
    session.commit()
    out = tmp_path / "report.xlsx"
    result = run(*THAT_YEAR, "--format", "xlsx", "--out", str(out))
    assert result.exit_code == 0, result.output
    assert "1 rows in" in result.stderr
    assert len(books.sheets(out.read_bytes())["Completions"]) == 2
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert list(tmp_path.glob(".*")) == []


def test_excel_is_not_poured_into_a_terminal() -> None:
    terminal, ours = pty.openpty()
    command = [sys.executable, "-m", "plugin.cli", "reports", "completions", "--organization", "x", "--format", "xlsx"]
    done = subprocess.run(command, stdout=ours, stderr=subprocess.PIPE, text=True, check=False)
    os.close(ours)
    os.close(terminal)
    assert done.returncode == 1
    assert "add --out FILE" in done.stderr


def test_it_is_about_the_organization_and_what_is_below_it(session: Session, cast: Cast, run: Run) -> None:
    federation(session, "State Federation", cast.here, cast.other)
    enrol(session, cast.here, "Ours", completed="2025-03-05 15:00")
    enrol(session, cast.other, "Theirs", completed="2025-03-05 15:00")
    session.commit()
    assert names(run(*THAT_YEAR)) == ["Ours"]
    assert sorted(names(run(*THAT_YEAR, organization="State Federation"))) == ["Ours", "Theirs"]


def test_state_days_and_offering_narrow_it(session: Session, cast: Cast, run: Run) -> None:
    enrol(session, cast.here, "Done", completed="2025-03-05 15:00")
    enrol(session, cast.here, "Earlier", completed="2015-03-05 15:00")
    enrol(session, cast.here, "Under way", started="2025-03-05 15:00")
    session.commit()
    assert names(run()) == ["Done", "Earlier"]
    assert names(run("--from", "2025-03-05", "--to", "2025-03-05")) == ["Done"]
    assert names(run(*THAT_YEAR, "--state", "all", "--offering", "TST-01")) == ["Done", "Under way"]
    assert names(run("--from", "2001-01-01", "--to", "2001-01-01")) == []


def test_it_is_remembered_without_a_person(session: Session, cast: Cast, run: Run) -> None:
    run(*THAT_YEAR)
    [event] = session.scalars(select(AuditEvent).where(AuditEvent.deed == "export completions"))
    assert (event.actor_id, event.organization_id) == (None, cast.here.organization.id)
    assert (event.facts["form"], event.facts["rows"]) == ("csv", 0)


@pytest.mark.parametrize(
    ("arguments", "organization", "sentence"),
    [
        (("--from", "2025-12-31", "--to", "2025-01-01"), "Local 1", "--to 2025-01-01 is before --from 2025-12-31"),
        (("--from", "nonsense"), "Local 1", "does not match the format"),
        (("--to", "9999-12-31"), "Local 1", "give a day of the years 2000 to 2099"),
        (("--offering", "NO-SUCH"), "Local 1", "it runs: TST-01"),
        ((), "Local 9", 'there is no organization "Local 9"'),
        (("--out", "/nowhere/report.csv"), "Local 1", "No such file or directory"),
    ],
)
def test_what_cannot_be_is_a_sentence(run: Run, arguments: tuple[str, ...], organization: str, sentence: str) -> None:
    result = run(*arguments, organization=organization)
    assert result.exit_code in {1, 2}
    assert sentence in result.stderr
    assert result.stdout_bytes == b""
