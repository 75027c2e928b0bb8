"""What it costs to tell a score, and how near the worker comes to the ideal when each answer takes 50 ms.

python -m tests.bench.outbox            on SQLite and on PostgreSQL
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Thread
from typing import Any

import urllib3
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from plugin.actions import organizations
from plugin.db import migrate
from plugin.db.learning import Cohort, Offering, OfferingKind, Version
from plugin.db.outbox import IS_DUE, LineItem, OutboxRow
from plugin.db.platforms import Platform, PlatformState
from plugin.db.session import make_engine, reader, transaction
from plugin.db.tool_keys import provide
from plugin.domain.scores import Progress
from plugin.settings import Settings
from plugin.worker.build import build
from plugin.worker.loop import Limits
from tests import postgres
from tests.bench.__main__ import new_database
from tests.worker.crowd import queue
from tests.worker.scene import Run

LATENCY = 50  # milliseconds
CONNECTIONS = 32
IDEAL = CONNECTIONS / (LATENCY / 1000)  # scores a second
SECRET = "bench " * 8


@dataclass(frozen=True)
class Round:
    """One outbox worked off: scores a second, those of bare threads just before, CPU milliseconds of the worker for a
    score, most calls at once."""

    rate: float
    bare: float
    cpu: float
    most: int


def main() -> None:
    """Measure, and print each engine's ratio to the ideal."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.outbox")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scores", type=int, default=6400, help="in each round")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    given = parser.parse_args()
    print(
        f"Outbox: one worker, {CONNECTIONS} connections to an LMS that answers after {LATENCY} ms: {IDEAL:.0f} scores a"
    )
    print(
        f"second would be ideal. Beside it {CONNECTIONS} bare threads that only send, measured just before. CPU is the"
    )
    print("worker process's for a score with its commits.")
    with tempfile.TemporaryDirectory(prefix="practicum-bench-") as folder:
        if given.only != "postgresql":
            measure("SQLite", [f"sqlite:///{folder}/{number}.db" for number in range(given.rounds)], given.scores)
        if given.only != "sqlite":
            with postgres.running(durable=True) as address:
                measure("PostgreSQL", [new_database(address, f"n{n}") for n in range(given.rounds)], given.scores)


def measure(engine: str, databases: list[str], scores: int) -> None:
    """A round on each database; one line."""
    rounds = [work_off(database, scores) for database in databases]
    ratios = [one.rate / IDEAL for one in rounds]
    bare = [one.rate / one.bare for one in rounds]
    cpu = [one.cpu for one in rounds]
    median = statistics.median
    print(
        f"{engine + ': outbox':38} {median(ratios):5.2f} of the ideal  (range {min(ratios):.2f}–{max(ratios):.2f}, "
        f"{len(rounds)} rounds), {median(bare):.2f} of bare threads; {median(cpu):.2f} ms of CPU a score "
        f"({min(cpu):.2f}–{max(cpu):.2f}); {max(one.most for one in rounds)} calls at once at most",
        flush=True,
    )


def work_off(database: str, scores: int) -> Round:
    """Fill an outbox, let a worker in a process of its own empty it, and ask the LMS what it saw."""
    with slow_lms() as address:
        bare = bare_rate(address, scores // 4)
    with slow_lms() as address:
        engine = make_engine(database)
        migrate.upgrade(engine)
        provide(engine, SECRET, now=datetime.now(UTC))
        with transaction(engine) as session:
            place = _place(session, address)
        queue(engine, place, [f"person-{n}" for n in range(scores)], Progress.COMPLETED, now=datetime.now(UTC))
        engine.dispose()
        command = [sys.executable, "-m", "tests.bench.outbox_worker", database]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ), timeout=600)
        seen = json.loads(urllib3.request("GET", address + "/counted").data)
    assert seen["scores"] == scores, f"{seen['scores']} scores arrived of {scores}"
    assert seen["most"] <= CONNECTIONS, f"{seen['most']} calls at once"
    return Round(scores / (seen["last"] - seen["first"]), bare, float(done.stdout) * 1000 / scores, seen["most"])


def bare_rate(address: str, calls: int) -> float:
    """Calls a second of as many threads that do nothing but send one request after the other: what the machine gives,
    with all that goes on beside, at this moment."""
    host, port = address.removeprefix("http://").split(":")
    head = b"POST /items/1/scores HTTP/1.1\r\nHost: lms\r\nContent-Length: 200\r\n\r\n" + b" " * 200

    def call() -> None:
        with socket.create_connection((host, int(port))) as connection:
            for _ in range(calls // CONNECTIONS):
                connection.sendall(head)
                connection.recv(1000)

    threads = [Thread(target=call) for _ in range(CONNECTIONS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return calls // CONNECTIONS * CONNECTIONS / (time.monotonic() - began)


def run_worker(database: str) -> None:
    """Be the worker: print the CPU seconds that it took to empty the outbox."""
    engine = make_engine(database)
    settings = Settings(database_url=database, secret_key=SECRET, development=True)
    limits = Limits(slots=CONNECTIONS, each=CONNECTIONS, kept_free=0)
    worker = build(settings, engine, limits=limits)
    before = time.process_time()
    thread = Thread(target=worker.run)
    thread.start()
    while _due(engine):
        time.sleep(0.2)
    used = time.process_time() - before
    worker.stop()
    thread.join()
    engine.dispose()
    print(used)


def _due(engine: Engine) -> bool:
    with Session(reader(engine)) as session:
        return session.scalar(select(OutboxRow.id).where(IS_DUE).limit(1)) is not None


@contextmanager
def slow_lms() -> Iterator[str]:
    """The LMS in a process of its own; its address."""
    command = [sys.executable, "-m", "tests.bench.slow_lms", str(LATENCY)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        with process.stdout as said:
            yield f"http://127.0.0.1:{said.readline().strip()}"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)


def _place(session: Session, address: str) -> Run:
    now = datetime.now(UTC)

    def stored(row: Any) -> Any:
        session.add(row)
        session.flush()
        return row

    body = organizations.add(session, "Local 1", now=now)
    platform = stored(
        Platform(
            organization_id=body.id,
            name="Slow LMS",
            issuer=address,
            client_id="bench",
            authorization_url=f"{address}/auth",
            token_url=f"{address}/token",
            key_set_url=f"{address}/keys",
            hosts=["127.0.0.1"],
            state=PlatformState.ACTIVE,
            instructors_are_trainers=False,
            shared_client=False,
            created_at=now,
        )
    )
    offering = stored(Offering(code="F", kind=OfferingKind.MODULE, title="Feedback", summary="", minutes=180))
    version = stored(
        Version(offering_id=offering.id, number="1.0.0", digest="", minutes=180, document={}, published_at=now)
    )
    cohort = stored(
        Cohort(organization_id=body.id, offering_id=offering.id, version_id=version.id, name="PD 2026", created_at=now)
    )
    stored(LineItem(platform_id=platform.id, cohort_id=cohort.id, url=f"{address}/items/1", created_at=now))
    return Run(body.id, platform.id, cohort.id, version.id)


if __name__ == "__main__":
    main()
