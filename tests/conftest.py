"""What every test may ask for: a database of each kind, the application over it, the cast.

The cast: Ada the member, Ben beside her, Tom her trainer, Lou of the LSC, Ann the administrator, Ian who teaches in the
LMS without a grant; and Eve, who is all of that in another organization on another LMS.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from plugin.db import migrate
from plugin.db.session import make_engine, transaction
from plugin.settings import Settings
from plugin.web.wiring import Wiring
from tests import postgres, quick
from tests.cast import Cast, make_cast
from tests.connected import connect, connected, platform_keys, standing, tool_key
from tests.groups import pytest_collection_modifyitems

__all__ = ["connect", "connected", "platform_keys", "standing", "tool_key"]  # fixtures of the application beside an LMS
__all__ += ["pytest_collection_modifyitems"]

# The same examples in every run, and as long for each as the machine takes: what fails today failed yesterday, too.
# HYPOTHESIS_PROFILE=default looks further.
hypothesis.settings.register_profile(
    "same", derandomize=True, database=None, deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

SECRET = "a secret for tests, of no use elsewhere"


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server: the one `python -m tests.postgres` started, or one of this run's own."""
    given = os.environ.get("PRACTICUM_TEST_POSTGRES")
    if given:
        yield given
        return
    with postgres.running() as address:
        yield address


@pytest.fixture(scope="session")
def postgres_database(postgres_server: str) -> str:
    """A database of this test process, at head."""
    name = f"practicum_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    url = postgres_server.rsplit("/", 1)[0].replace("postgresql://", "postgresql+psycopg://") + f"/{name}"
    engine = make_engine(url)
    migrate.upgrade(engine)
    engine.dispose()
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file at head, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    engine = make_engine(f"sqlite:///{path}")
    migrate.upgrade(engine)
    engine.dispose()  # closing the last connection writes the log back into the file
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database at head; a test that asks for it runs once on each engine."""
    if request.param == "sqlite":
        path = tmp_path / "practicum.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    url: str = request.getfixturevalue("postgres_database")
    yield url
    engine = make_engine(url)
    quick.empty(engine)
    engine.dispose()


@pytest.fixture
def settings(database_url: str) -> Settings:
    """Settings of a development installation over the test's database."""
    return Settings(database_url=database_url, secret_key=SECRET, development=True, rate_limits=False)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application."""
    made = quick.make(settings)
    yield made
    wiring: Wiring = made.extensions["practicum"]
    wiring.close()


@pytest.fixture
def engine(app: Flask) -> Engine:
    """The application's engine."""
    wiring: Wiring = app.extensions["practicum"]
    return wiring.engine


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session of the test's own. Commit before the application is asked; expire before its answer is read."""
    with Session(engine, expire_on_commit=False) as opened:
        yield opened


@pytest.fixture
def cast(app: Flask, engine: Engine) -> Cast:
    """Everybody, enrolled and signed in; see `tests.cast`."""
    with transaction(engine) as opened:
        return make_cast(opened, app)
