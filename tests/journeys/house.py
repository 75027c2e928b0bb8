"""The whole house on this computer, as in life: `practicum serve` as a process tree, the demo LMS beside it, two sites.

The tool is on http://localhost, the LMS on http://127.0.0.1: in the LMS's frame the tool's cookies are third-party.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import urllib3

from tests.demo_lms import World, running_lms
from tests.demo_lms.cast import school_context
from tests.demo_lms.model import Context, Link

LOCAL = "Riverbend Teachers, Local 1"
OFFERING = "MOD-FA-01"
PRACTICUM = str(Path(sys.executable).with_name("practicum"))
SECRET = "a secret for journeys, of no use elsewhere"


class House:
    """An installation with an LMS. `world` is what the LMS knows; `tool` the address of ours."""

    def __init__(self, database_url: str, folder: Path, world: World) -> None:
        self.port = _free_port()
        self.tool = f"http://localhost:{self.port}"
        self.world = world
        self.log = folder / "practicum.log"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PRACTICUM_")},
            "PRACTICUM_DEVELOPMENT": "1",
            "PRACTICUM_BASE_URL": self.tool,
            "PRACTICUM_DATABASE_URL": database_url,
            "PRACTICUM_SECRET_KEY": SECRET,
        }
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process that holds the others."""
        assert self._server is not None, "it is not running"
        return self._server.pid

    @property
    def on_sqlite(self) -> bool:
        """Whether its database is SQLite; otherwise it is PostgreSQL."""
        return self.environment["PRACTICUM_DATABASE_URL"].startswith("sqlite")

    @property
    def context(self) -> Context:
        """The course in the LMS: Riverbend PD 2026."""
        return school_context(self.world)

    @property
    def link(self) -> Link:
        """The module's link in that course."""
        (found,) = self.world.links_in(self.context)
        return found

    def command(self, *words: str) -> str:
        """Run a `practicum` command; what it wrote."""
        done = subprocess.run([PRACTICUM, *words], env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"practicum {' '.join(words)}: {done.stderr or done.stdout}"
        return done.stdout

    def last_line(self, *words: str) -> str:
        """Run a `practicum` command; the last line it wrote, which is where links stand."""
        return self.command(*words).strip().splitlines()[-1]

    def start(self) -> None:
        """Serve web and worker; returns when it is ready."""
        with self.log.open("ab") as log:
            serve = [PRACTICUM, "serve", "--port", str(self.port)]
            self._server = subprocess.Popen(serve, env=self.environment, stdout=log, stderr=log)
        until(self.is_ready, seconds=60, otherwise=lambda: f"it did not start:\n{self.log_end()}")

    def is_ready(self) -> bool:
        """Whether the web answers and its database does."""
        assert self._server is not None
        assert self._server.poll() is None, f"practicum serve ended:\n{self.log_end()}"
        try:
            with urllib3.PoolManager(retries=False, timeout=2) as http:
                return http.request("GET", self.tool + "/readyz").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def stop(self) -> None:
        """End it as an operator does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9 of the process that holds the others: they notice, and end."""
        self._end(signal.SIGKILL)

    def log_end(self) -> str:
        """What it said last."""
        return self.log.read_text(errors="replace")[-3000:]

    def _end(self, how: signal.Signals) -> None:
        if self._server is not None:
            self._server.send_signal(how)
            self._server.wait(timeout=20)
            self._server = None


@contextmanager
def running_house(database_url: str, folder: Path) -> Iterator[House]:
    """An installation that serves, with the module published and one organization; an LMS that does not know it yet."""
    with running_lms() as (_, world):
        house = House(database_url, folder, world)
        house.command("db", "upgrade")
        house.command("packs", "publish")
        house.command("organizations", "add", LOCAL, "--time-zone", "America/Chicago")
        house.start()
        try:
            yield house
        finally:
            house.stop()


@contextmanager
def database_of_its_own(postgres_server: str) -> Iterator[str]:
    """A new, empty database on a PostgreSQL server: its address. It is dropped at the end."""
    name = f"practicum_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        yield f"{postgres_server.rsplit('/', 1)[0]}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def until(
    happened: Callable[[], object], *, seconds: float = 30.0, otherwise: Callable[[], str] = lambda: "it did not happen"
) -> None:
    """Wait for what another process does; AssertionError with the reason when it takes longer."""
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, otherwise()
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
