"""This tool beside an Open edX: one of each for the whole session, and blocks of its own for every test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from lti import keys
from lti.grades import Grades
from lti.http import Guard, HttpClient
from lti.rosters import Rosters
from lti.services import Services
from lti.stores import Platform as Registration
from lti.tokens import AccessTokens
from plugin.actions import standing
from plugin.db import doors
from plugin.db.learning import Context, Enrolment
from plugin.db.lti_stores import Platforms
from plugin.db.outbox import OutboxRow
from plugin.db.people import Identity
from plugin.db.platforms import Platform
from plugin.db.session import make_engine, transaction
from plugin.db.tool_keys import ToolKeys
from plugin.settings import Settings
from plugin.web.wiring import Wiring
from plugin.worker.build import build
from plugin.worker.loop import Worker
from tests import quick
from tests.cli.conftest import Shell
from tests.connected import LOCAL, SECRET, new_database, prepare
from tests.openedx_tests.campus import Block, Campus, running
from tests.patience import until
from tests.serving import served


@pytest.fixture(scope="session")
def campus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campus]:
    """The Open edX of this session."""
    with running(tmp_path_factory.mktemp("openedx")) as started:
        yield started


@dataclass
class Tool:
    """This tool, served, with Local 1 and the tiny pack; `worker` is the one that tells LMSs scores."""

    app: Flask
    url: str
    engine: Engine
    settings: Settings
    services: Services
    worker: Worker

    @property
    def grades(self) -> Grades:
        """Assignment and grade services, by our library."""
        return Grades(self.services)

    @property
    def rosters(self) -> Rosters:
        """Names and roles, by our library."""
        return Rosters(self.services)

    def registration(self, block: Block) -> Registration:
        """What we know of the client of a block."""
        (found,) = Platforms(self.engine).find(block.campus.url, block.connection["client_id"])
        return found

    def enrolment(self, block: Block, username: str) -> Enrolment:
        """The enrolment that came of somebody's launch of a block."""
        with Session(self.engine, expire_on_commit=False) as session:
            return session.scalars(
                select(Enrolment)
                .join(Identity, Identity.id == Enrolment.identity_id)
                .join(Platform, Platform.id == Identity.platform_id)
                .where(
                    Platform.client_id == block.connection["client_id"],
                    Identity.sub == block.campus.sub(username),
                )
            ).one()

    def context(self, block: Block) -> Context:
        """The LMS course of a block's cohort."""
        with Session(self.engine, expire_on_commit=False) as session:
            return session.scalars(
                select(Context)
                .join(Platform, Platform.id == Context.platform_id)
                .where(Platform.client_id == block.connection["client_id"])
            ).one()

    def complete(self, enrolment: Enrolment) -> None:
        """Do everything that the offering asks for, one activity after the other."""
        with transaction(self.engine) as session:
            found = doors.own_enrolment(session, enrolment.person_id, enrolment.id)
            assert found is not None
            for activity in standing.of(session, *found).activities:
                standing.done(session, standing.of(session, *found), activity.key, now=datetime.now(UTC))

    def rows(self, block: Block) -> list[OutboxRow]:
        """What is or was to be told to a block's gradebook."""
        with Session(self.engine, expire_on_commit=False) as session:
            platform = select(Platform.id).where(Platform.client_id == block.connection["client_id"])
            return list(session.scalars(select(OutboxRow).where(OutboxRow.platform_id.in_(platform))))

    def work_off(self) -> None:
        """Let the worker tell all that is due."""
        self.worker.turn()
        until(lambda: not (self.worker.is_busy or self.worker.turn()) or self.worker.turn(0.05))


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def tool(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, tool_key: keys.KeyPair
) -> Iterator[Tool]:
    """One on each engine; tests do not disturb each other, since each registers blocks of its own."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("beside-openedx") / "practicum.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        url = f"sqlite:///{path}"
    else:
        url = new_database(request.getfixturevalue("postgres_server"))
    settings = Settings(database_url=url, secret_key=SECRET, development=True, rate_limits=False)
    with served(lambda base_url: quick.make(replace(settings, base_url=base_url))) as (base_url, app):
        wiring: Wiring = app.extensions["practicum"]
        prepare(wiring.engine, SECRET, tool_key)
        engine = make_engine(url)
        http = HttpClient(guard=Guard(allow_private=True))
        services = Services(http, AccessTokens(http, ToolKeys(engine, SECRET)))
        worker = build(wiring.settings, engine, http=http)
        yield Tool(app, base_url, engine, wiring.settings, services, worker)
        worker.close()
        engine.dispose()
        wiring.close()


@pytest.fixture
def practicum(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """The command line of this installation."""
    shell = Shell(monkeypatch)
    for name, value in {
        "PRACTICUM_SECRET_KEY": SECRET,
        "PRACTICUM_DEVELOPMENT": "1",
        "PRACTICUM_BASE_URL": tool.url,
        "PRACTICUM_DATABASE_URL": tool.settings.database_url,
    }.items():
        shell.set(name, value)
    yield shell
    shell.forget()


@pytest.fixture
def register(practicum: Shell) -> Any:
    """Connect a block by hand, with what its author reads off: `practicum platforms add`."""

    def run(block: Block) -> Block:
        shown = block.connection
        practicum(
            "platforms", "add", "--organization", LOCAL, "--issuer", block.campus.url, "--family", "openedx",
            "--client-id", shown["client_id"], "--deployment", shown["deployment"],
            "--authorization-url", shown["authorization_url"], "--token-url", shown["token_url"],
            "--key-set-url", shown["key_set_url"],
        )  # fmt: skip
        return block

    return run
