"""A throw-away PostgreSQL from Debian's packages, for the time of a command.

    python -m tests.postgres COMMAND …     runs COMMAND with PRACTICUM_TEST_POSTGRES set to its address

The server refuses to run as root, so it is started as `postgres`, the user that Debian's package brings.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

PATIENCE = 60  # seconds until it must have started, or ended

# durability is PostgreSQL's to prove, not these tests'
FAST = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200"]


def binaries() -> Path:
    """The newest installed server's programs.

    Raises:
        FileNotFoundError: none is installed.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        raise FileNotFoundError("no PostgreSQL server: `apt-get install postgresql`")
    return found[-1].parent


def free_port() -> int:
    """A port of the loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(*, durable: bool = False) -> Iterator[str]:
    """Start a server on a free port of the loopback; yields the address of its database `postgres`.

    `durable` leaves its commits as safe, and as slow, as they are in production: for yardsticks.
    """
    folder = Path(tempfile.mkdtemp(prefix="practicum-pg-"))
    data, port = folder / "data", free_port()
    as_user: dict[str, str | int] = {}
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        as_user = {"user": owner.pw_uid, "group": owner.pw_gid}
    bin_folder = binaries()
    init = [bin_folder / "initdb", "-D", data, "-U", "practicum", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(init, check=True, stdout=subprocess.DEVNULL, cwd=folder, **as_user)  # type: ignore[call-overload]
    start = [bin_folder / "postgres", "-D", data, "-k", folder, "-h", "127.0.0.1", "-p", str(port)]
    start += [] if durable else FAST
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(start, stdout=log, stderr=log, cwd=folder, **as_user)  # type: ignore[call-overload]
    address = f"postgresql://practicum@127.0.0.1:{port}/postgres"
    try:
        _wait_for(address, server, folder / "log")
        yield address
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(timeout=PATIENCE)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")
        try:
            psycopg.connect(address, connect_timeout=10).close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"PostgreSQL did not answer within {PATIENCE} seconds")


if __name__ == "__main__":
    with running() as url:
        sys.exit(subprocess.call(sys.argv[1:], env={**os.environ, "PRACTICUM_TEST_POSTGRES": url}))
