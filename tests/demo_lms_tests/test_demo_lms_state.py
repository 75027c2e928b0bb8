"""The state file and the command line: a demonstration started again is as it was."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.demo_lms import Config, World, create_lms, launch, sign_in, state_file
from tests.demo_lms.__main__ import arguments, register_once
from tests.demo_lms.browser import Browser
from tests.demo_lms.model import LineItem, Link
from tests.demo_lms_tests.conftest import Start
from tests.demo_lms_tests.fake_tool import FakeTool
from tests.demo_lms_tests.test_demo_lms_grades import post


def test_everything_that_lasts_comes_back_the_same(
    lms: World, tool: FakeTool, link: Link, column: LineItem, tmp_path: Path
) -> None:
    post(lms, tool, column)
    lms.unenrol("ben", "RPD-2026")
    lms.deploy(lms.tool(), ["RPD-2026"])
    file = tmp_path / "kept" / "lms.json"
    state_file.save(lms, file)
    again = World(lms.config)
    state_file.load(again, file)
    lasting = [
        "people",
        "contexts",
        "enrolments",
        "tools",
        "deployments",
        "links",
        "line_items",
        "scores",
        "results",
        "last_number",
    ]
    for name in lasting:
        assert getattr(again, name) == getattr(lms, name), name
    assert again.keys.key_set() == lms.keys.key_set()
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in file.parent.iterdir()] == ["lms.json"]


def test_a_file_of_another_lms_is_refused(lms: World, tmp_path: Path) -> None:
    file = tmp_path / "lms.json"
    state_file.save(lms, file)
    with pytest.raises(ValueError, match=r"written for http://127\.0\.0\.1"):
        create_lms(Config(issuer="http://other.example", state_file=file))


def test_what_is_done_in_the_browser_is_kept_at_once(start: Start, unregistered: FakeTool, tmp_path: Path) -> None:
    file = tmp_path / "lms.json"
    lms = start(state_file=file)
    register_once(lms, unregistered.base_url + "/register")
    assert lms.tool().active
    browser = Browser()
    sign_in(browser, lms, "ann")
    browser.post(lms.config.url(f"/tools/{lms.tool().client_id}/deactivate"), {})
    assert json.loads(file.read_text())["tools"][0]["active"] is False


def test_an_lms_started_again_launches_the_tool_it_had(start: Start, unregistered: FakeTool, tmp_path: Path) -> None:
    file = tmp_path / "lms.json"
    first = start(state_file=file)
    register_once(first, unregistered.base_url + "/register")
    first.add_link("F", context="RPD-2026")
    state_file.save(first, file)
    again = start(state_file=file, issuer=first.config.issuer)
    assert again.tool() == first.tool()
    register_once(again, unregistered.base_url + "/register")
    assert len(unregistered.registration_answers) == 1
    assert launch(first, "ada", again.links_in("RPD-2026")[0]).page.status == 200


def test_an_issuer_has_no_trailing_slash() -> None:
    with pytest.raises(ValueError, match="issuer"):
        Config(issuer="http://lms.example/")


def test_the_command_starts_registers_and_says_where_it_is(unregistered: FakeTool, tmp_path: Path) -> None:
    file = tmp_path / "lms.json"
    command = [sys.executable, "-m", "tests.demo_lms", "--port", "0", "--state", str(file)]
    command += ["--tool", unregistered.base_url + "/register", "--register", "--family", "moodle"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        name, _, address = process.stdout.readline().strip().partition(": ")
        assert name == "Riverbend School District LMS"
        said = Browser().open(address + "/.well-known/openid-configuration").text
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
    assert '"product_family_code":"moodle"' in said
    assert json.loads(file.read_text())["tools"][0]["active"] is True


def test_the_command_line_has_the_port_of_the_demonstration() -> None:
    given = arguments([])
    assert (given.host, given.port, given.tool, given.state) == ("127.0.0.1", 8001, None, None)
    assert arguments(["--state", "var/lms.json"]).state == Path("var/lms.json")
