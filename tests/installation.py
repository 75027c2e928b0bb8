"""Practicum on this computer as operators run it: its commands, and `practicum serve` as a tree of processes.

The tool is on http://localhost. An LMS beside it is on http://127.0.0.1: another site, so that in the LMS's frame the
tool's cookies are third-party, as in life.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import urllib3

from tests.patience import until

LOCAL = "Riverbend Teachers, Local 1"
OFFERING = "MOD-FA-01"
PRACTICUM = str(Path(sys.executable).with_name("practicum"))


class Installation:
    """One installation: `tool` is its address, `log` what it says, `environment` that of its commands.

    What does not go well is an AssertionError with what Practicum said.
    """

    def __init__(self, port: int, database_url: str, folder: Path, **settings: str) -> None:
        self.port = port
        self.tool = f"http://localhost:{port}"
        self.log = folder / "practicum.log"
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("PRACTICUM_")},
            "PRACTICUM_DEVELOPMENT": "1",
            "PRACTICUM_BASE_URL": self.tool,
            "PRACTICUM_DATABASE_URL": database_url,
            **settings,
        }
        self._server: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process that holds the others."""
        assert self._server is not None, "it is not running"
        return self._server.pid

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
        until(self.is_ready, seconds=120, otherwise=lambda: f"it did not start:\n{self.log_end()}")

    def is_ready(self) -> bool:
        """Whether the web answers and its database does."""
        assert self._server is not None
        assert self._server.poll() is None, f"practicum serve ended; its log is {self.log}:\n{self.log_end()}"
        try:
            with urllib3.PoolManager(retries=False, timeout=10) as http:
                return http.request("GET", self.tool + "/readyz").status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def wait(self) -> None:
        """Until it ends by itself."""
        assert self._server is not None, "it is not running"
        self._server.wait()

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
            self._server.wait(timeout=60)
            self._server = None
