"""`practicum serve`: one tree of processes that mends itself, ends as a whole, and leaves nothing behind."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from plugin.cli.supervisor import GRACE, Supervisor
from tests.cli.conftest import Shell
from tests.conftest import SECRET
from tests.patience import until


def environment(database: str) -> dict[str, str]:
    found = {name: value for name, value in os.environ.items() if not name.startswith(("PRACTICUM_", "GRANIAN_"))}
    ours = {
        "PRACTICUM_DATABASE_URL": database,
        "PRACTICUM_SECRET_KEY": SECRET,
        "PRACTICUM_DEVELOPMENT": "1",
        "PYTHONUNBUFFERED": "1",
    }
    return {**found, **ours}


def children(pid: int) -> list[int]:
    """Child processes, as the kernel knows them."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def lives(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


class Tree:
    """A running `practicum serve`."""

    def __init__(self, env: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", "plugin.cli", "serve", "--port", "0"]
        self.parent = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)
        assert self.parent.stdout
        self.said = self.parent.stdout.readline()
        self.port = int(self.said.rpartition(":")[2].strip(" )\n"))

    def child(self, word: str) -> int:
        """The child whose command line has this word; 0 while there is none."""
        for pid in children(self.parent.pid):
            try:
                if word in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
                    return pid
            except FileNotFoundError:
                continue
        return 0

    def all(self) -> list[int]:
        """Every process of the tree but the parent."""
        found, todo = [], children(self.parent.pid)
        while todo:
            pid = todo.pop()
            found.append(pid)
            todo.extend(children(pid))
        return found

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def end(self) -> None:
        self.parent.kill()
        self.parent.wait()
        if self.parent.stdout:
            self.parent.stdout.close()


@pytest.fixture
def database(sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "practicum.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def tree(database: str) -> Iterator[Tree]:
    started = Tree(environment(database))
    yield started
    pids = started.all()
    started.end()
    until(lambda: not any(map(lives, pids)))


def test_a_worker_or_a_web_server_that_is_killed_is_started_again(tree: Tree) -> None:
    assert "http://localhost:8000" in tree.said
    assert tree.answers()
    until(lambda: tree.child("worker"))
    worker, web = tree.child("worker"), tree.child("granian")
    orphans = children(web)
    os.kill(worker, signal.SIGKILL)
    os.kill(web, signal.SIGKILL)
    until(lambda: tree.child("worker") not in {0, worker})
    until(lambda: tree.child("granian") not in {0, web})
    until(tree.answers)
    assert not any(map(lives, orphans)), "nothing of the dead server listens on beside the new one"


def test_told_to_stop_all_of_it_ends_soon(tree: Tree) -> None:
    until(lambda: tree.child("worker"))
    pids = tree.all()
    assert len(pids) >= 3
    tree.parent.send_signal(signal.SIGTERM)
    assert tree.parent.wait(timeout=60) == 0, "what does not end by itself is killed after the grace"
    assert GRACE < 10, "service managers begin to kill then"
    assert not any(map(lives, pids))


def test_nothing_outlives_a_parent_that_is_killed(tree: Tree) -> None:
    until(lambda: tree.child("worker"))
    pids = tree.all()
    assert len(pids) >= 3
    tree.parent.kill()
    tree.parent.wait()
    until(lambda: not any(map(lives, pids)))


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would have been started."""
    commands: list[list[str]] = []

    def run(supervisor: Supervisor) -> None:
        commands.extend(list(child.command) for child in supervisor.children)

    monkeypatch.setattr(Supervisor, "run", run)
    return commands


def test_on_sqlite_there_is_one_web_process_and_on_postgresql_two(
    practicum: Shell, database_url: str, started: list[list[str]]
) -> None:
    practicum("serve", "--port", "0")
    web, worker = started
    assert web[web.index("--workers") + 1] == ("1" if database_url.startswith("sqlite") else "2")
    assert worker[-1] == "worker"


def test_the_web_can_be_served_alone_by_as_many_as_wanted(practicum: Shell, started: list[list[str]]) -> None:
    practicum("serve", "--port", "0", "--no-worker", "--workers", "3", "--threads", "5")
    (web,) = started
    assert web[web.index("--workers") + 1 : web.index("--workers") + 4] == ["3", "--blocking-threads", "5"]


def test_a_port_that_is_taken_is_refused_with_a_sentence(shell: Shell, database: str) -> None:
    shell.set("PRACTICUM_DATABASE_URL", database)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert f"port {port} on 127.0.0.1 is taken" in shell.refused("serve", "--port", port)


def test_an_address_of_another_computer_is_refused_with_a_sentence(shell: Shell, database: str) -> None:
    shell.set("PRACTICUM_DATABASE_URL", database)
    assert "--host" in shell.refused("serve", "--host", "192.0.2.1", "--port", "0")


def test_a_database_that_is_not_at_head_is_refused_with_the_remedy(shell: Shell, tmp_path: Path) -> None:
    shell.set("PRACTICUM_DATABASE_URL", f"sqlite:///{tmp_path}/new.db")
    assert "practicum db upgrade" in shell.refused("serve")
    assert "practicum db upgrade" in shell.refused("worker")


def test_a_bad_setting_is_refused_with_its_name(shell: Shell) -> None:
    shell.set("PRACTICUM_SECRET_KEY", "short")
    assert "PRACTICUM_SECRET_KEY" in shell.refused("serve")


def test_a_database_that_does_not_answer_is_a_sentence(shell: Shell) -> None:
    shell.set("PRACTICUM_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/nothing")
    said = shell.refused("serve")
    assert "the database does not answer" in said
    assert "secret" not in said
