"""Many at once, and for long: whole launches against the server that `practicum serve` starts, worker included.

python -m tests.bench.load            on SQLite and on PostgreSQL

Nothing may fail, and memory has to be flat: what all processes of the tree hold together at the end is at most
`GROWTH` more than it was half-way, when caches, pools and allocators had been filled.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import urllib3
from joserfc.jwk import RSAKey

from tests import postgres
from tests.bench.__main__ import Launch, new_database, practicum_launch, prepare

CLIENTS = 32
LAUNCHES = 20_000
FRESH = 2  # each second launch is somebody's first
KNOWN = 500  # people who launch again and again
SAMPLES = 200
GROWTH = 4.0  # MB
MB = 1_000_000
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Seen:
    """What the clients saw: milliseconds of each launch, what went wrong, and megabytes at even distances."""

    took: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    @property
    def half_way(self) -> float:
        """Megabytes in the eighth after the half."""
        return statistics.median(self._eighth(4))

    @property
    def growth(self) -> float:
        """By how many megabytes the last eighth is above the one after the half."""
        return statistics.median(self._eighth(7)) - self.half_way

    def _eighth(self, number: int) -> list[float]:
        length = len(self.memory)
        return self.memory[length * number // 8 : max(length * (number + 1) // 8, length * number // 8 + 1)]


def main() -> None:
    """Load each engine, print what came of it; ends with 1 when something failed or memory grew."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load")
    parser.add_argument("--launches", type=int, default=LAUNCHES)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    given = parser.parse_args()
    print(f"Load: {given.clients} clients at once do whole launches (login, verified launch, first page), each second")
    print("one somebody's first, against `practicum serve` with its worker. Memory is RSS of all its processes.")
    well = True
    with tempfile.TemporaryDirectory(prefix="practicum-bench-") as folder:
        if given.only != "postgresql":
            well &= measure("SQLite", f"sqlite:///{folder}/practicum.db", given)
        if given.only != "sqlite":
            with postgres.running(durable=True) as address:
                well &= measure("PostgreSQL", new_database(address, "practicum"), given)
    sys.exit(0 if well else 1)


def measure(engine: str, address: str, given: argparse.Namespace) -> bool:
    """One engine; a line, and whether all is well."""
    key = RSAKey.generate_key(2048)
    prepare(address, key)
    with production(address) as (base, server):
        began = time.monotonic()
        seen = load(practicum_launch(key, base), server.pid, given.launches, given.clients)
        seconds = time.monotonic() - began
    took = sorted(seen.took)
    print(
        f"{engine + ': load':38} {len(took)} launches, {len(seen.wrong)} errors, {len(took) / seconds:.0f} a second; "
        f"median {_at(took, 0.5):.0f} ms, 99 % within {_at(took, 0.99):.0f} ms, slowest {_at(took, 1):.0f} ms; memory "
        f"{seen.memory[0]:.0f} MB at first, {seen.half_way:.0f} half-way, {seen.growth:+.1f} from there to the end",
        flush=True,
    )
    for words in seen.wrong[:5]:
        print(f"    {words}")
    return not seen.wrong and seen.growth <= GROWTH


def load(launch: Launch, server: int, launches: int, clients: int) -> Seen:
    """Let clients launch until it was done so often; people come again and again, and new ones in between."""
    seen, numbers = Seen(), count()
    every = max(launches // SAMPLES, 1)

    def work() -> None:
        http = urllib3.PoolManager(retries=False, timeout=30)
        while (number := next(numbers)) < launches:
            fresh = number % FRESH == 0
            began = time.monotonic()
            try:
                launch(http, f"new-{number}" if fresh else f"person-{number % KNOWN}", number)
            except Exception as error:  # whatever it was, it is counted and told
                seen.wrong.append(f"launch {number}: {type(error).__name__}: {str(error)[:300]}")
            seen.took.append((time.monotonic() - began) * 1000)
            if number % every == 0:
                seen.memory.append(resident(server))

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def resident(pid: int) -> float:
    """Megabytes that a process and all below it hold."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it has just ended
    return pages * PAGE / MB + sum(resident(int(child)) for child in below)


@contextmanager
def production(database: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """The server as it runs in production, but for https and limits to what one address may ask."""
    port = postgres.free_port()
    base = f"http://localhost:{port}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PRACTICUM_")},
        "PRACTICUM_DATABASE_URL": database,
        "PRACTICUM_BASE_URL": base,
        "PRACTICUM_SECRET_KEY": "bench " * 8,
        "PRACTICUM_DEVELOPMENT": "1",
        "PRACTICUM_RATE_LIMITS": "off",
    }
    with tempfile.TemporaryFile() as log:
        command = [sys.executable, "-m", "plugin.cli", "serve", "--port", str(port)]
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(base + "/readyz", process)
            yield base, process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    http = urllib3.PoolManager(retries=False, timeout=2)
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        try:
            if http.request("GET", url).status == 200:
                return
        except urllib3.exceptions.HTTPError:
            pass  # it is still starting
        time.sleep(0.1)
    raise SystemExit("the server under load did not start")


def _at(sorted_values: list[float], share: float) -> float:
    return sorted_values[min(int(len(sorted_values) * share), len(sorted_values) - 1)]


if __name__ == "__main__":
    main()
