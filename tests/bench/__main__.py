"""`make bench`: what a launch costs, as a ratio to a bare Flask application on the same server in the same run."""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import psycopg
import urllib3
from joserfc import jwt
from joserfc.jwk import RSAKey

import content
from plugin.actions import offerings, organizations
from plugin.db import migrate
from plugin.db.platforms import Deployment, Platform, PlatformState
from plugin.db.session import make_engine, transaction
from tests import postgres

ISSUER = "https://lms.example.org"
CLAIM = "https://purl.imsglobal.org/spec/lti/claim/"
TICK = os.sysconf("SC_CLK_TCK")
PEOPLE = 50  # who launch again and again
Launch = Callable[[urllib3.PoolManager, str, int], None]


@dataclass
class Server:
    """A server under measure: one granian worker of four threads."""

    base: str
    process: subprocess.Popen[bytes]

    def cpu(self) -> float:
        """CPU seconds its processes have used so far."""
        return sum(_cpu(pid) for pid in [self.process.pid, *_children(self.process.pid)])


@dataclass
class Figure:
    """CPU milliseconds a launch, round by round, of ours and of the yardstick."""

    name: str
    ours: list[float] = field(default_factory=list)
    yardstick: list[float] = field(default_factory=list)

    def line(self) -> str:
        """The ratio with its range."""
        ratios = [mine / bare for mine, bare in zip(self.ours, self.yardstick, strict=True)]
        return (
            f"{self.name:38} {statistics.median(ratios):5.2f}×  (range {min(ratios):.2f}–{max(ratios):.2f}, "
            f"{len(ratios)} rounds; medians {statistics.median(self.ours):.2f} ms to "
            f"{statistics.median(self.yardstick):.2f} ms of CPU)"
        )


def main() -> None:
    """Measure on SQLite and on PostgreSQL, print a ratio for each."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--launches", type=int, default=200, help="in each round, of each application")
    parser.add_argument("--only", choices=["sqlite", "postgresql"])
    given = parser.parse_args()
    print("Launch: login, verified launch, first page. Ratio of server CPU to a bare Flask application that answers a")
    print("login, does one RS256 verification and one durable commit, and serves a page; in turns, launch by launch,")
    print("on the same server with the same workers.")
    with tempfile.TemporaryDirectory(prefix="practicum-bench-") as folder:
        if given.only != "postgresql":
            base = f"sqlite:///{folder}"
            measure("SQLite", f"{base}/practicum.db", f"{base}/yardstick.db", given)
        if given.only != "sqlite":
            with postgres.running(durable=True) as address:
                urls = [new_database(address, name) for name in ("practicum", "yardstick")]
                measure("PostgreSQL", urls[0], urls[1], given)


def measure(engine: str, database: str, yardstick: str, given: argparse.Namespace) -> None:
    """Run the rounds on one engine."""
    key = RSAKey.generate_key(2048)
    prepare(database, key)
    ports = [postgres.free_port(), postgres.free_port()]
    ours_at = f"http://localhost:{ports[0]}"
    common = {name: value for name, value in os.environ.items() if not name.startswith("PRACTICUM_")}
    ours_env = {
        **common,
        "PRACTICUM_DATABASE_URL": database,
        "PRACTICUM_BASE_URL": ours_at,
        "PRACTICUM_SECRET_KEY": "bench " * 8,
        "PRACTICUM_DEVELOPMENT": "1",
        "PRACTICUM_RATE_LIMITS": "off",
    }
    bare_env = {**common, "YARDSTICK_DATABASE_URL": yardstick, "YARDSTICK_KEY": key.as_pem(private=False).decode()}
    figures = [Figure(f"{engine}: repeat launch"), Figure(f"{engine}: first launch of a person")]
    with (
        serving("plugin.app:serve", ports[0], ours_env, ours_at + "/healthz") as ours,
        serving("tests.bench.yardstick:make", ports[1], bare_env, f"http://localhost:{ports[1]}/page") as bare,
    ):
        http = urllib3.PoolManager(retries=False, timeout=20)
        launch_ours, launch_bare = practicum_launch(key, ours.base), bare_launch(key, bare.base)
        people = [f"person-{number}" for number in range(PEOPLE)]
        for sub in people:
            launch_ours(http, sub, 0)
            launch_bare(http, sub, 0)
        for number in range(given.rounds):
            fresh = [f"new-{number}-{one}" for one in range(given.launches)]
            again = [people[one % PEOPLE] for one in range(given.launches)]
            for figure, subs in zip(figures, (again, fresh), strict=True):
                before = ours.cpu(), bare.cpu()
                for one, sub in enumerate(subs):  # in turns, so that whatever the machine does meets both
                    launch_ours(http, sub, one)
                    launch_bare(http, sub, one)
                figure.ours.append((ours.cpu() - before[0]) * 1000 / len(subs))
                figure.yardstick.append((bare.cpu() - before[1]) * 1000 / len(subs))
    for figure in figures:
        print(figure.line(), flush=True)


def prepare(database: str, key: RSAKey) -> None:
    """An installation with one platform, whose key set is known, and the shipped module."""
    engine = make_engine(database)
    migrate.upgrade(engine)
    now = datetime.now(UTC)
    public = {**key.as_dict(private=False), "kid": "bench", "alg": "RS256", "use": "sig"}
    with transaction(engine) as session:
        body = organizations.add(session, "Local 1", now=now)
        platform = Platform(
            organization_id=body.id,
            name="Bench LMS",
            issuer=ISSUER,
            client_id="bench",
            authorization_url=f"{ISSUER}/auth",
            token_url=f"{ISSUER}/token",
            key_set_url=f"{ISSUER}/keys",
            key_set=json.dumps({"keys": [public]}),
            key_set_fetched_at=now,
            hosts=["lms.example.org"],
            state=PlatformState.ACTIVE,
            instructors_are_trainers=False,
            shared_client=False,
            created_at=now,
        )
        session.add(platform)
        session.flush()
        session.add(Deployment(platform_id=platform.id, deployment_id="1", created_at=now))
        for path in content.installed():
            offerings.publish(session, content.load(path), now=now)
    engine.dispose()


def practicum_launch(key: RSAKey, base: str) -> Launch:
    """A whole launch at ours, as a browser does it."""

    def launch(http: urllib3.PoolManager, sub: str, _number: int) -> None:
        login = {
            "iss": ISSUER,
            "client_id": "bench",
            "login_hint": sub,
            "target_link_uri": base + "/",
            "lti_deployment_id": "1",
        }
        began = http.request("POST", base + "/lti/login", fields=login, encode_multipart=False, redirect=False)
        asked = parse_qs(urlsplit(began.headers["Location"]).query)
        cookie = began.headers["Set-Cookie"].split(";", 1)[0]
        token = _token(key, sub, asked["nonce"][0], base)
        landed = http.request(
            "POST",
            base + "/lti/launch",
            fields={"id_token": token, "state": asked["state"][0]},
            encode_multipart=False,
            redirect=False,
            headers={"Cookie": cookie},
        )
        assert landed.status == 200, (landed.status, landed.data[:2000])
        assert b"Feedback that moves learning" in landed.data

    return launch


def bare_launch(key: RSAKey, base: str) -> Launch:
    """The same at the yardstick: login, launch, page."""

    def launch(http: urllib3.PoolManager, sub: str, number: int) -> None:
        fields = {"login_hint": sub}
        http.request("POST", base + "/lti/login", fields=fields, encode_multipart=False, redirect=False)
        nonce = f"{sub}-{number}-{time.monotonic_ns()}"
        landed = http.request(
            "POST",
            base + "/lti/launch",
            fields={"id_token": _token(key, sub, nonce, base)},
            encode_multipart=False,
            redirect=False,
        )
        assert landed.status == 303, landed.data[:500]
        assert http.request("GET", base + "/page").status == 200

    return launch


def _token(key: RSAKey, sub: str, nonce: str, base: str) -> str:
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": "bench",
        "sub": sub,
        "name": f"Person {sub}",
        "nonce": nonce,
        "iat": now,
        "exp": now + 60,
        CLAIM + "message_type": "LtiResourceLinkRequest",
        CLAIM + "version": "1.3.0",
        CLAIM + "deployment_id": "1",
        CLAIM + "target_link_uri": base + "/",
        CLAIM + "roles": ["http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"],
        CLAIM + "context": {"id": "c1", "title": "PD 2026"},
        CLAIM + "resource_link": {"id": "r1", "title": "Feedback"},
        CLAIM + "custom": {"practicum_offering": "MOD-FA-01"},
        "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint": {
            "scope": ["https://purl.imsglobal.org/spec/lti-ags/scope/score"],
            "lineitems": f"{ISSUER}/items",
            "lineitem": f"{ISSUER}/items/1",
        },
    }
    return jwt.encode({"alg": "RS256", "kid": "bench"}, claims, key)


@contextmanager
def serving(target: str, port: int, environment: dict[str, str], ready: str) -> Iterator[Server]:
    """Serve a WSGI factory with granian: one worker, four threads, no access log."""
    command = [str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", "--factory"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--blocking-threads", "4", target]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            _wait_for(ready, process)
            yield Server(f"http://localhost:{port}", process)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    http = urllib3.PoolManager(retries=False, timeout=2)
    for _ in range(100):
        if process.poll() is not None:
            raise SystemExit("the server under measure did not start")
        try:
            if http.request("GET", url).status == 200:
                return
        except urllib3.exceptions.HTTPError:
            pass  # it is still starting
        time.sleep(0.1)
    raise SystemExit("the server under measure did not answer")


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in listed]


def new_database(address: str, name: str) -> str:
    """Make a database on a server; its address."""
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return address.rsplit("/", 1)[0].replace("postgresql://", "postgresql+psycopg://") + f"/{name}"


if __name__ == "__main__":
    main()
