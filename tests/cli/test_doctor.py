"""`practicum platforms doctor`, as somebody types it."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from plugin.cli import main
from tests.cli.conftest import Shell
from tests.connected import Connected
from tests.demo_lms.vocabulary import Scope


@pytest.fixture
def practicum(shell: Shell, connected: Connected) -> Shell:
    """A shell at the installation that is connected."""
    connected.launch("ada")
    shell.set("PRACTICUM_DATABASE_URL", connected.settings.database_url)
    shell.set("PRACTICUM_BASE_URL", connected.base_url)
    return shell


def test_a_connection_that_works_ends_well(practicum: Shell, connected: Connected) -> None:
    said = practicum("platforms", "doctor", str(connected.platform_id))
    assert "well\tThe clocks agree\tThey do" in said
    assert "does not apply\tA test grade arrives" in said
    assert "A letter" not in said


def test_something_to_mend_ends_with_1_and_a_letter(practicum: Shell, connected: Connected) -> None:
    connected.world.change_tool(connected.tool.client_id, scopes=(Scope.LINE_ITEM, Scope.MEMBERSHIPS))
    done = CliRunner().invoke(main, ["platforms", "doctor", str(connected.platform_id)])
    assert done.exit_code == 1
    assert "to mend\tRight: send grades\tThe LMS does not give it" in done.output
    assert "\tLMS administrator: Allow the tool to send grades" in done.output
    assert "A letter for the LMS's administrator:\n\nHello," in done.output
    assert connected.url("/lti/jwks.json") in done.output


def test_a_test_grade_is_sent_for_whom_one_names(practicum: Shell, connected: Connected) -> None:
    probe = connected.world.add_person("probe", "Test Student")
    connected.world.enrol(probe, connected.context)
    said = practicum("platforms", "doctor", str(connected.platform_id), "--score-for", probe.id)
    assert "well\tA test grade arrives in the gradebook" in said
    assert [post.user_id for post in connected.world.posts()] == [probe.id]


def test_what_cannot_be_run_ends_with_2(practicum: Shell, connected: Connected) -> None:
    number = str(connected.platform_id)
    practicum("platforms", "doctor", number)
    for arguments, says in (((number,), "a moment ago"), (("999",), "there is no platform 999")):
        done = CliRunner().invoke(main, ["platforms", "doctor", *arguments])
        assert done.exit_code == 2
        assert says in done.output
