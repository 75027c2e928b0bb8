"""The application and the demo LMS, connected over real HTTP as in life: registered, a pack published, a link placed.

Fixtures (in every test, by way of `tests/conftest.py`):

    connected      Riverbend's LMS, registered by `/lti/register/<token>` and approved; the tiny pack's offering put
                   into "Riverbend PD 2026" by deep linking. Once on each engine. Both run on for the whole session:
                   each test finds database and LMS as they were right after the link was placed.
    connect        the same made afresh, with wishes: `connect(habits=Habits(…), place=False)`. It takes longer.

Everybody of `tests.demo_lms.cast` is there: ada, ben, tom and lou are learners of the course, ian teaches it, ann
administers the LMS, eve is in another course.
"""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Engine, delete, func, insert, select
from sqlalchemy.orm import Session

import content
from lti import keys
from plugin.actions import grants, offerings, organizations, platforms
from plugin.app import create_app
from plugin.db import Base, migrate
from plugin.db.people import Identity, Organization, Person
from plugin.db.platforms import Platform, ToolKey
from plugin.db.session import make_engine, transaction
from plugin.db.tool_keys import vault
from plugin.domain.people import Role
from plugin.settings import Settings
from plugin.web import kept
from plugin.web.wiring import Wiring
from plugin.worker.build import build
from tests import quick
from tests.demo_lms import Browser, Visit, World, forge, launch, register_tool, running_lms
from tests.demo_lms.cast import school_context
from tests.demo_lms.keys import PlatformKeys
from tests.demo_lms.model import Context, Link, Tool
from tests.serving import served
from tests.sites import LMS, TOOL, Authority

TINY = Path(__file__).parent / "packs" / "tiny"
THREE = Path(__file__).parent / "packs" / "course"
COURSE = "TST-45"
OFFERING = "TST-01"
LOCAL = "Local 1"
SECRET = "a secret for tests, of no use elsewhere"
Connect = Callable[..., "Connected"]


@dataclass
class Connected:
    """Both sides of the connection. `link` is the offering's link in the LMS's course `context`."""

    app: Flask
    base_url: str
    engine: Engine
    world: World
    organization_id: int
    tool: Tool
    platform_id: int
    context: Context
    link: Link

    @property
    def settings(self) -> Settings:
        """The application's settings."""
        wiring: Wiring = self.app.extensions["practicum"]
        return wiring.settings

    def launch(self, person: str, to: Link | Context | None = None, **more: Any) -> Visit:
        """Open the link (or another, or "choose content" in a context) through the LMS's pages, within its frame."""
        return launch(self.world, person, to or self.link, **more)

    def forge(self, person: str = "ada", changes: dict[str, Any] | None = None, **more: Any) -> Visit:
        """A launch whose id_token says what a probe wants; `more` as in `tests.demo_lms.forge`."""
        return forge(self.world, person, more.pop("to", self.link), changes, **more)

    def url(self, path: str) -> str:
        """An address of the application."""
        return self.base_url + path

    @contextmanager
    def database(self) -> Iterator[Session]:
        """A transaction of the test's own; kept when the block ends well."""
        with transaction(self.engine) as session:
            yield session

    def count(self, table: type[Base], *where: Any) -> int:
        """How many rows there are."""
        with self.database() as session:
            return session.scalar(select(func.count()).select_from(table).where(*where)) or 0

    def person_id(self, key: str) -> int:
        """Whom the application took somebody of the LMS for; they have launched."""
        with self.database() as session:
            sub = self.world.person(key).id
            return session.scalars(
                select(Person.id)
                .join(Identity, Identity.person_id == Person.id)
                .where(Identity.platform_id == self.platform_id, Identity.sub == sub)
            ).one()

    def publish(self, code: str, title: str) -> None:
        """One more offering: the tiny pack's content under another code."""
        with self.database() as session:
            pack = replace(quick.pack(TINY), code=code, title=title)
            offerings.publish(session, pack, now=datetime.now(UTC))

    def publish_course(self) -> None:
        """A course of three sessions, two of them with a reflection."""
        with self.database() as session:
            offerings.publish(session, content.load(THREE), now=datetime.now(UTC))

    def grant(self, key: str, role: Role, *, organization: str = LOCAL, cohort: int | None = None) -> None:
        """Give somebody who has launched a grant, by a code as in life."""
        person = self.person_id(key)
        with self.database() as session:
            body = organizations.find(session, organization)
            now = datetime.now(UTC)
            code = grants.issue(session, role, organization=body.id, cohort=cohort, starts_on=date(2020, 1, 1), now=now)
            grants.bind(session, code, person=person, now=now)

    def invite(self, *, organization: str = LOCAL, **more: Any) -> str:
        """A one-time registration address; `more` as in `platforms.invite`."""
        with self.database() as session:
            body = organizations.find(session, organization)
            token = platforms.invite(session, organization=body.id, now=datetime.now(UTC), **more)
        return self.url(f"/lti/register/{token}")

    def work_off(self) -> None:
        """A worker sends what is due."""
        wiring: Wiring = self.app.extensions["practicum"]
        worker = build(self.settings, self.engine, http=wiring.http)
        try:
            end = time.monotonic() + 60
            worker.turn()
            while worker.is_busy or worker.turn():
                worker.turn(0.05)
                assert time.monotonic() < end, "the worker does not come to rest"
        finally:
            worker.close()

    def place_link(self, *codes: str, person: str = "ian", context: Context | None = None, **more: str) -> list[Link]:
        """Choose offerings by deep linking; the links the LMS made of it. `more` are further fields of the form."""
        place = context or self.context
        before = {link.id for link in self.world.links_in(place)}
        picker = self.launch(person, place, tool=self.tool)
        form = picker.page.form("/deep-linking/")
        token = form.fields["csrf_token"]
        fields = [("csrf_token", token), *(("offering", code) for code in codes or (OFFERING,)), *more.items()]
        post_many(picker.browser, form.action, fields)
        return [link for link in self.world.links_in(place) if link.id not in before]


def post_many(browser: Browser, url: str, fields: list[tuple[str, str]]) -> Any:
    """Send a form in which a name may stand several times."""
    parts = urlsplit(url)
    sent = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": f"{parts.scheme}://{parts.netloc}",  # over https a form of ours is asked for it
    }
    return browser.request("POST", url, body=urlencode(fields).encode(), headers=sent)


@pytest.fixture(scope="session")
def platform_keys() -> PlatformKeys:
    """Keys that every demo LMS of the run begins with; making one takes a tenth of a second."""
    return PlatformKeys()


@pytest.fixture(scope="session")
def tool_key() -> keys.KeyPair:
    """Our own first key, the same in every database of the run."""
    return keys.make()


@pytest.fixture
def connect(settings: Settings, platform_keys: PlatformKeys, tool_key: keys.KeyPair) -> Iterator[Connect]:
    """Connect an application with an LMS; see `connection`."""
    with ExitStack() as open_ones:

        def run(**wishes: Any) -> Connected:
            return open_ones.enter_context(connection(settings, platform_keys.copy(), tool_key, **wishes))

        yield run


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def standing(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    platform_keys: PlatformKeys,
    tool_key: keys.KeyPair,
) -> Iterator[Standing]:
    """The connection that the tests of a session share, one on each engine."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("connected") / "practicum.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        url = f"sqlite:///{path}"
    else:
        url = new_database(request.getfixturevalue("postgres_server"))
    settings = Settings(database_url=url, secret_key=SECRET, development=True, rate_limits=False)
    with connection(settings, platform_keys.copy(), tool_key) as made:
        yield Standing(made, _rows(made.engine), _memory(made.world))


@pytest.fixture
def connected(standing: Standing) -> Connected:
    """The application and Riverbend's LMS, connected, with a link to the tiny pack's offering."""
    standing.begin_again()
    return replace(standing.made)


@dataclass
class Standing:
    """A connection, and what database and LMS knew when it was made; `begun` counts how often it began again."""

    made: Connected
    rows: dict[str, list[dict[str, Any]]]
    memory: dict[str, Any]
    begun: int = 0

    def begin_again(self) -> None:
        """Make both as they were."""
        self.begun += 1
        _restore_rows(self.made.engine, self.rows)
        world = self.made.world
        with world.lock:
            for name, value in self.memory.items():
                setattr(world, name, copy(value))
            world.faults.clear()
        wiring: Wiring = self.made.app.extensions["practicum"]
        wiring.key_sets._memories.clear()
        wiring.platforms.forget()
        # SQLite gives a number again whose row is gone: what the process knows by number is of another test
        offerings._shelves.clear()
        kept.install(self.made.app)


SHARED_PARTS = frozenset({"lock", "config", "faults", "tool_keys"})


def _memory(world: World) -> dict[str, Any]:
    """What an LMS knows: values are frozen, so a copy of what holds them is enough."""
    return {name: copy(value) for name, value in vars(world).items() if name not in SHARED_PARTS}


def _rows(engine: Engine) -> dict[str, list[dict[str, Any]]]:
    with engine.connect() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in Base.metadata.sorted_tables
        }


def _restore_rows(engine: Engine, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Empty every table and fill it again. Deleting few rows is ten times as quick as truncating many tables."""
    tables = Base.metadata.sorted_tables
    with engine.begin() as connection:
        for table in reversed(tables):
            connection.execute(delete(table))
        for table in tables:
            if rows[table.name]:
                connection.execute(insert(table), rows[table.name])


def new_database(server: str) -> str:
    """A PostgreSQL database of its own, at head; its address."""
    name = f"connected_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server, autocommit=True) as link:
        link.execute(f"CREATE DATABASE {name}".encode())
    url = server.rsplit("/", 1)[0].replace("postgresql://", "postgresql+psycopg://") + f"/{name}"
    engine = make_engine(url)
    migrate.upgrade(engine)
    engine.dispose()
    return url


@contextmanager
def connection(
    settings: Settings,
    lms_keys: PlatformKeys,
    tool_key: keys.KeyPair,
    *,
    place: bool = True,
    approve: bool = True,
    instructors_are_trainers: bool = False,
    sites: Authority | None = None,
    **lms: Any,
) -> Iterator[Connected]:
    """Serve both and connect them. `lms` as in `tests.demo_lms.Config`; `place` puts the offering into the course.

    With `sites` both are served over https, on two sites.
    """
    with ExitStack() as running:
        at: dict[str, Any] = {}
        if sites is not None:
            at = {"host": TOOL, "tls": sites.context(TOOL)}
            lms |= {"public_host": LMS, "tls": sites.context(LMS)}
        make = create_app if sites else quick.make  # certificates of the run's own: what others made trusts none
        base_url, app = running.enter_context(served(lambda url: make(replace(settings, base_url=url)), **at))
        wiring: Wiring = app.extensions["practicum"]
        running.callback(wiring.close)
        organization_id = prepare(wiring.engine, settings.secret_key, tool_key)
        _, world = running.enter_context(running_lms(keys=lms_keys, **lms))
        made = Connected(
            app,
            base_url,
            wiring.engine,
            world,
            organization_id,
            tool=None,  # type: ignore[arg-type]  # it registers next
            platform_id=0,
            context=school_context(world),
            link=None,  # type: ignore[arg-type]  # placed last, when it is wanted
        )
        invited = made.invite(approve=approve, instructors_are_trainers=instructors_are_trainers)
        client_id = register_tool(world, invited).client_id
        made.tool = world.change_tool(client_id, active=True)
        with made.database() as session:
            made.platform_id = session.scalars(select(Platform.id).where(Platform.client_id == client_id)).one()
        if place:
            (made.link,) = made.place_link()
        yield made


def prepare(engine: Engine, secret: str, tool_key: keys.KeyPair) -> int:
    """Publish the tiny pack, keep our key, add Local 1; its id."""
    now = datetime.now(UTC)
    with transaction(engine) as session:
        offerings.publish(session, quick.pack(TINY), now=now)
        sealed = vault(secret).encrypt(tool_key.private_pem.encode()).decode()
        public = dict(tool_key.public_jwk)
        session.add(ToolKey(kid=tool_key.kid, private_key=sealed, public_jwk=public, created_at=now))
        body: Organization = organizations.add(session, LOCAL, now=now)
        return body.id
