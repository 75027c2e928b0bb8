"""Setting an installation up: `practicum db`, `organizations`, `platforms`, `packs`, `grant`, as they are typed."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from plugin.actions import grants, platforms
from plugin.db import migrate
from plugin.db.people import Grant, Organization, OrganizationLine
from plugin.db.platforms import Deployment, Invitation, Platform
from plugin.db.session import transaction
from plugin.domain.people import Role
from tests.cast import TINY, Cast
from tests.cli.conftest import Shell

LMS = (
    "--organization", "Local 1",
    "--issuer", "https://lms.example.org",
    "--client-id", "client-9",
    "--authorization-url", "https://lms.example.org/auth",
    "--token-url", "https://lms.example.org/token",
    "--key-set-url", "https://lms.example.org/keys",
)  # fmt: skip


@pytest.fixture
def local(practicum: Shell) -> Shell:
    """An installation with one organization."""
    practicum("organizations", "add", "Local 1")
    return practicum


def last_line(said: str) -> str:
    return said.strip().splitlines()[-1]


# db


def test_an_empty_database_is_brought_to_head_and_again_changes_nothing(shell: Shell, tmp_path: Path) -> None:
    shell.set("PRACTICUM_DATABASE_URL", f"sqlite:///{tmp_path / 'var' / 'practicum.db'}")
    assert f"schema at {migrate.head()} (was empty)" in shell("db", "upgrade")
    assert shell("db", "upgrade").strip() == f"schema at {migrate.head()}"


@pytest.mark.parametrize(
    "command",
    [("organizations", "list"), ("platforms", "list"), ("packs", "list"), ("grant", "lsc", "--organization", "x")],
)
def test_on_a_database_that_is_not_at_head_commands_say_what_to_run(
    shell: Shell, tmp_path: Path, command: tuple[str, ...]
) -> None:
    shell.set("PRACTICUM_DATABASE_URL", f"sqlite:///{tmp_path / 'empty.db'}")
    assert "run `practicum db upgrade` first" in shell.refused(*command)


def test_a_bad_setting_ends_a_command_with_its_sentence(shell: Shell) -> None:
    shell.set("PRACTICUM_DATABASE_URL", "mysql://x")
    assert "PRACTICUM_DATABASE_URL" in shell.refused("organizations", "list")


def test_a_database_that_does_not_answer_is_a_sentence(shell: Shell) -> None:
    shell.set("PRACTICUM_DATABASE_URL", "postgresql://nobody:hidden@127.0.0.1:1/none")
    said = shell.refused("organizations", "list")
    assert "the database does not answer" in said
    assert "hidden" not in said


# organizations


def test_the_tree_is_written_out_below_each_body(practicum: Shell, engine: Engine) -> None:
    practicum("organizations", "add", "National", "--kind", "national")
    practicum("organizations", "add", "Federation", "--kind", "federation", "--parent", "National")
    said = practicum("organizations", "add", "Local 1", "--parent", "Federation", "--time-zone", "America/Chicago")
    assert said.strip() == 'added "Local 1" (local)'
    listed = [line.split("\t")[1:] for line in practicum("organizations", "list").splitlines()]
    assert listed == [
        ["federation", "Federation", "America/New_York"],
        ["local", "Local 1", "America/Chicago"],
        ["national", "National", "America/New_York"],
    ]
    with transaction(engine) as session:
        local = session.scalars(select(Organization.id).where(Organization.name == "Local 1")).one()
        above = session.scalars(
            select(OrganizationLine.ancestor_id).where(OrganizationLine.organization_id == local)
        ).all()
    assert len(above) == 3


IMPOSSIBLE_BODIES: list[tuple[list[str], str]] = [
    (["Local 1"], 'there is an organization "Local 1" already'),
    ([" Local 1 "], 'there is an organization "Local 1" already'),
    (["  "], "1 to 200 characters"),
    (["x" * 201], "1 to 200 characters"),
    (["two\nlines"], "all on one line"),
    (["Local 2", "--parent", "Nowhere"], 'there is no organization "Nowhere" (known: "Local 1")'),
    (["Local 2", "--time-zone", "America"], "not a time zone"),
    (["Local 2", "--time-zone", "../etc"], "not a time zone"),
    (["Local 2", "--time-zone", ""], "not a time zone"),
    (["Local 2", "--kind", "village"], "village"),
]


def test_an_organization_that_cannot_be_is_refused_in_words(local: Shell) -> None:
    for arguments, says in IMPOSSIBLE_BODIES:
        assert says in local.refused("organizations", "add", *arguments), arguments
    assert len(local("organizations", "list").splitlines()) == 1


# packs


def test_packs_are_checked_published_and_listed(practicum: Shell) -> None:
    assert "nothing to mend" in practicum("packs", "check", str(TINY))
    assert practicum("packs", "publish", str(TINY)).strip() == "TST-01 1.0.0 is current"
    assert practicum("packs", "list").strip() == "TST-01\t1.0.0\t30 min\tOne next step"


def test_the_installed_packs_are_meant_when_none_is_named(practicum: Shell) -> None:
    assert "nothing to mend" in practicum("packs", "check")
    practicum("packs", "publish")
    assert "MOD-FA-01\t" in practicum("packs", "list")


def test_a_pack_with_a_fault_is_named_with_its_line_and_the_running_version_stays(
    practicum: Shell, tmp_path: Path
) -> None:
    practicum("packs", "publish", str(TINY))
    broken = tmp_path / "broken"
    shutil.copytree(TINY, broken)
    sheet = broken / "pack.yaml"
    sheet.write_text(sheet.read_text().replace("minutes: 30", "minutes: 31").replace("1.0.0", "1.1.0"))
    assert re.search(r"\w+\.(yaml|md):\d+: ", practicum.refused("packs", "check", str(broken)))
    said = practicum.refused("packs", "publish", str(broken))
    assert "was not published; the running version stays" in said
    assert "TST-01\t1.0.0" in practicum("packs", "list")


def test_other_content_under_a_published_number_says_which_number_to_give(practicum: Shell, tmp_path: Path) -> None:
    practicum("packs", "publish", str(TINY))
    changed = tmp_path / "changed"
    shutil.copytree(TINY, changed)
    sheet = changed / "pack.yaml"
    sheet.write_text(sheet.read_text().replace("A half hour on", "Half an hour on"))
    assert '"version: 1.0.1"' in practicum.refused("packs", "publish", str(changed))


def test_a_path_that_is_no_pack_is_a_sentence(practicum: Shell, tmp_path: Path) -> None:
    assert "Traceback" not in practicum.refused("packs", "check", str(tmp_path / "nowhere"))


# platforms


def test_an_invitation_ends_with_the_address_alone_on_its_line(local: Shell, engine: Engine) -> None:
    said = local("platforms", "invite", "--organization", "Local 1", "--approve", "--instructors-are-trainers")
    found = re.fullmatch(r"http://localhost:8000/lti/register/([\w-]{43})", last_line(said))
    assert found
    with transaction(engine) as session:
        row = platforms.invitation(session, found.group(1), now=datetime.now(UTC))
        assert (row.approve, row.instructors_are_trainers) == (True, True)


def test_an_invitation_for_nobody_says_who_there_is(local: Shell, engine: Engine) -> None:
    said = local.refused("platforms", "invite", "--organization", "Local 9")
    assert 'there is no organization "Local 9" (known: "Local 1")' in said
    with transaction(engine) as session:
        assert session.scalars(select(Invitation)).all() == []


def test_a_connection_by_hand_is_listed_shown_and_switched(local: Shell, engine: Engine) -> None:
    said = local("platforms", "add", *LMS, "--deployment", "1", "--deployment", "2", "--family", "Blackboard")
    assert "redirect URL\thttp://localhost:8000/lti/launch" in said
    with transaction(engine) as session:
        number = str(session.scalars(select(Platform.id)).one())
    assert f"{number}\tactive\thttps://lms.example.org\tclient-9\tLocal 1" in local("platforms", "list")
    shown = local("platforms", "show", number)
    assert "family\tblackboard" in shown
    assert "deployments\t1, 2" in shown
    assert "is disabled" in local("platforms", "disable", number)
    assert f"{number}\tdisabled" in local("platforms", "list")
    assert "is active" in local("platforms", "approve", number)
    local("platforms", "deployment", number, "3")
    with transaction(engine) as session:
        assert len(session.scalars(select(Deployment)).all()) == 3


def test_a_connection_that_cannot_be_is_refused_by_the_name_of_what_is_wrong(local: Shell) -> None:
    broken = ["lms.example.org" if word == "https://lms.example.org" else word for word in LMS]
    assert "issuer: write the whole address" in local.refused("platforms", "add", *broken)
    local("platforms", "add", *LMS)
    assert "connected already" in local.refused("platforms", "add", *LMS)
    assert "there is no platform 999" in local.refused("platforms", "show", "999")
    assert "there is no platform 999" in local.refused("platforms", "disable", "999")


def test_outside_development_an_lms_without_tls_is_refused(local: Shell) -> None:
    local.set("PRACTICUM_BASE_URL", "https://learn.example.org")
    local.set("PRACTICUM_DEVELOPMENT", "0")
    plain = [word.replace("https://", "http://") for word in LMS]
    assert "has to begin with https" in local.refused("platforms", "add", *plain)


# grant


def test_a_grant_prints_its_code_and_ends_with_a_link(local: Shell, engine: Engine) -> None:
    said = local("grant", "trainer", "--organization", "Local 1", "--from", "2026-01-01", "--to", "2026-12-31")
    code = re.search(r"^code: ([\w-]{14})$", said, re.M)
    assert code
    assert last_line(said) == f"http://localhost:8000/grant/{code.group(1)}"
    with transaction(engine) as session:
        row = session.scalars(select(Grant)).one()
        assert (row.role, str(row.starts_on), str(row.ends_on)) == (Role.TRAINER, "2026-01-01", "2026-12-31")


def test_a_code_of_the_command_line_makes_somebody_an_lsc(cast: Cast, practicum: Shell, engine: Engine) -> None:
    said = practicum("grant", "lsc", "--organization", "Local 1")
    assert cast.ben.get("/reports/scores").status_code == 404
    with transaction(engine) as session:
        code = last_line(said).rpartition("/")[2]
        grants.bind(session, code, person=cast.ben.id, now=datetime.now(UTC))
    assert cast.ben.get("/reports/scores").status_code == 200


IMPOSSIBLE_GRANTS: list[tuple[list[str], str]] = [
    (["trainer", "--organization", "Nowhere"], "there is no organization"),
    (["king", "--organization", "Local 1"], "king"),
    (["trainer", "--organization", "Local 1", "--cohort", "999"], "no cohort 999"),
    (["trainer", "--organization", "Local 1", "--from", "2026-02-30"], "2026-02-30"),
    (["lsc", "--organization", "Local 1", "--from", "2026-02-01", "--to", "2026-01-01"], "before it starts"),
    (["lsc"], "--organization"),
]


def test_a_grant_that_cannot_be_is_refused_in_words(local: Shell, engine: Engine) -> None:
    for arguments, says in IMPOSSIBLE_GRANTS:
        assert says in local.refused("grant", *arguments), arguments
    with transaction(engine) as session:
        assert session.scalars(select(Grant)).all() == []


def test_every_command_says_what_it_is_for(shell: Shell) -> None:
    for command in ((), ("db",), ("organizations",), ("packs",), ("platforms",), ("platforms", "add"), ("grant",)):
        assert "Usage:" in shell(*command, "--help")
