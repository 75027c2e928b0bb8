"""The whole house on this computer, as in life: an installation, and the demo LMS beside it on another site."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from tests import postgres
from tests.demo_lms import World, running_lms
from tests.demo_lms.cast import school_context
from tests.demo_lms.model import Context, Link
from tests.installation import LOCAL, Installation

SECRET = "a secret for journeys, of no use elsewhere"


class House(Installation):
    """An installation with an LMS. `world` is what the LMS knows; `tool` the address of ours."""

    def __init__(self, database_url: str, folder: Path, world: World) -> None:
        super().__init__(postgres.free_port(), database_url, folder, PRACTICUM_SECRET_KEY=SECRET)
        self.world = world

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
