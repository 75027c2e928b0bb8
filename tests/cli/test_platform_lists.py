"""`practicum platforms add-many`: hundreds of clients out of one list, all of them or none."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from plugin.actions import platform_lists
from plugin.db.audit import AuditEvent
from plugin.db.platforms import Deployment, Platform, PlatformState
from plugin.db.session import transaction
from tests.cli.conftest import Shell
from tests.queries import counted

LMS = "https://lms.example.org"
NAMES = "client_id,issuer,authorization_url,token_url,key_set_url,deployments,family"


@pytest.fixture
def local(practicum: Shell) -> Shell:
    """An installation with two organizations."""
    practicum("organizations", "add", "Local 1")
    practicum("organizations", "add", "Local 2")
    return practicum


def row(number: int) -> str:
    """A line of CSV."""
    return f"client-{number},{LMS},{LMS}/auth,{LMS}/token/{number},{LMS}/keys/{number},1,openedx"


def entry(**changes: Any) -> dict[str, Any]:
    """A JSON line's object, with changes; None takes a member away."""
    whole = {
        "organization": "Local 1",
        "issuer": LMS,
        "client_id": "client-1",
        "authorization_url": f"{LMS}/auth",
        "token_url": f"{LMS}/token",
        "key_set_url": f"{LMS}/keys",
        **changes,
    }
    return {name: value for name, value in whole.items() if value is not None}


@pytest.fixture
def given(tmp_path: Path) -> Any:
    """Write a list; its path."""

    def write(*lines: str | dict[str, Any], encoding: str = "utf-8") -> str:
        path = tmp_path / "campus.csv"
        text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        path.write_text(text, encoding=encoding)
        return str(path)

    return write


def stored(engine: Engine) -> list[tuple[str, str, PlatformState]]:
    """Client, address of its keys and state of every registration."""
    with transaction(engine) as session:
        rows = session.scalars(select(Platform).order_by(Platform.id))
        return [(found.client_id, found.key_set_url, found.state) for found in rows]


def faults(said: str) -> dict[int, list[str]]:
    """Line → what is wrong in it."""
    found: dict[int, list[str]] = {}
    for line, sentence in re.findall(r"^\S*campus\.csv:(\d+): (.+)$", said, re.M):
        found.setdefault(int(line), []).append(sentence)
    return found


def test_a_list_of_clients_is_connected_at_once(local: Shell, engine: Engine, given: Any) -> None:
    said = local("platforms", "add-many", given(NAMES, *map(row, range(3))), "--organization", "Local 1")
    assert "3 connected" in said
    assert "redirect URL\thttp://localhost:8000/lti/launch" in said
    assert stored(engine) == [(f"client-{n}", f"{LMS}/keys/{n}", PlatformState.ACTIVE) for n in range(3)]
    with transaction(engine) as session:
        assert session.scalars(select(Deployment.deployment_id)).all() == ["1", "1", "1"]
        assert len(session.scalars(select(AuditEvent).where(AuditEvent.deed == "add platform")).all()) == 3
    assert len(local("platforms", "list").splitlines()) == 3


def test_a_spreadsheets_semicolons_blanks_and_mark_at_the_beginning_are_read(
    local: Shell, engine: Engine, given: Any
) -> None:
    names = "Organization;" + NAMES.replace(",", ";").replace("_", " ").title()
    path = given(names, "", "Local 2;" + row(1).replace(",", ";"), ";;;;;;;", encoding="utf-8-sig")
    assert "1 connected" in local("platforms", "add-many", path)
    assert [client for client, *_ in stored(engine)] == ["client-1"]


def test_json_lines_say_the_same(local: Shell, engine: Engine, given: Any) -> None:
    path = given(
        entry(deployments=["1", "2"], shared_client=True),
        "",
        entry(client_id="client-2", organization="Local 2", instructors_are_trainers="yes", name="Campus 2"),
    )
    assert "2 connected" in local("platforms", "add-many", path)
    with transaction(engine) as session:
        first, second = session.scalars(select(Platform).order_by(Platform.id)).all()
        assert (first.shared_client, first.instructors_are_trainers, first.name) == (True, False, "lms.example.org")
        assert (second.shared_client, second.instructors_are_trainers, second.name) == (False, True, "Campus 2")
        assert session.scalars(select(Deployment.deployment_id).order_by(Deployment.id)).all() == ["1", "2"]


def test_all_that_is_wrong_is_listed_by_line_and_nothing_is_stored(local: Shell, engine: Engine, given: Any) -> None:
    local("platforms", "add-many", given(entry(client_id="there")))
    path = given(
        entry(),
        entry(client_id="", token_url="lms.example.org/token"),
        entry(client_id="client-3", organization="Local 9"),
        "[1]",
        entry(client_id="there"),
        entry(),
        entry(client_id="client-7", organization=None, deployments=[""]),
    )
    assert set(faults(local.refused("platforms", "add-many", path))) == {4}, "what cannot be read is said first"
    Path(path).write_text(Path(path).read_text().replace("[1]", ""))
    said = local.refused("platforms", "add-many", path)
    assert "nothing was stored; 7 to mend" in said
    found = faults(said)
    assert {line: len(sentences) for line, sentences in found.items()} == {2: 2, 3: 1, 5: 1, 6: 1, 7: 2}
    assert any("client id" in sentence for sentence in found[2])
    assert any("token URL" in sentence for sentence in found[2])
    assert 'no organization "Local 9"' in found[3][0]
    assert "connected already" in found[5][0]
    assert found[6] == ["is the same issuer and client id as line 1"]
    assert any("--organization" in sentence for sentence in found[7])
    assert [client for client, *_ in stored(engine)] == ["there"]


UNREADABLE: list[tuple[list[Any], int, str]] = [
    ([""], 1, "is empty"),
    ([NAMES.replace("issuer", "isuer"), row(1)], 1, '"isuer" is no name of a column'),
    ([NAMES.replace("issuer,", ""), row(1)], 1, "issuer is missing"),
    ([NAMES + ",family", row(1) + ",x"], 1, "family is there twice"),
    ([NAMES, row(1), row(2) + ",more"], 3, "has 8 values, but the first line has 7 names"),
    ([NAMES, row(1), '"client-2'], 3, "is not CSV"),
    (["{"], 1, "is not a JSON object on one line"),
    (["{}", '{"a": ' * 5000], 2, "is not a JSON object on one line"),
    ([entry(client_id=10000000000001)], 1, "client_id: write it as text"),
    ([entry(deployments=[1])], 1, "deployments: write a list of texts"),
    ([entry(shared_client="perhaps")], 1, "shared_client: write yes or no"),
    ([entry(issure="x")], 1, '"issure" is no name of a value'),
]


def test_a_list_that_cannot_be_read_says_where_and_what(local: Shell, engine: Engine, given: Any) -> None:
    for lines, line, says in UNREADABLE:
        found = faults(local.refused("platforms", "add-many", given(*lines), "--organization", "Local 1"))
        assert any(says in sentence for sentence in found.get(line, [])), (lines, found)
    path = Path(given(NAMES, row(1)))
    path.write_bytes(path.read_bytes() + b"\nDistrict \xe9")
    assert "is not UTF-8" in faults(local.refused("platforms", "add-many", str(path)))[3][0]
    assert "No such file" in local.refused("platforms", "add-many", str(path.with_name("nowhere.csv")))
    assert stored(engine) == []


def test_outside_development_addresses_without_tls_are_faults_too(local: Shell, given: Any) -> None:
    local.set("PRACTICUM_BASE_URL", "https://learn.example.org")
    local.set("PRACTICUM_DEVELOPMENT", "0")
    found = faults(local.refused("platforms", "add-many", given(entry(token_url="http://lms.example.org/token"))))
    assert found == {1: ["token URL: has to begin with https://; plain http is for development only"]}


def test_a_long_list_asks_no_more_often_than_a_short_one(local: Shell, engine: Engine) -> None:
    def asked(prefix: str, count: int) -> int:
        lines = platform_lists.read(
            "\n".join(
                json.dumps(entry(client_id=f"{prefix}-{number}", deployments=["1"])) for number in range(count)
            ).encode()
        )
        with counted(engine) as statements, transaction(engine) as session:
            platform_lists.add(session, lines, now=datetime.now(UTC))
        return len([statement for statement in statements if statement.startswith("SELECT")])

    assert asked("many", 300) == asked("few", 3)
