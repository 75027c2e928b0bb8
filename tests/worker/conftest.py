"""A scene for tests of the worker: a running LMS, our keys where it can read them, members on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from lti import keys
from lti.http import Guard, HttpClient
from plugin.db.platforms import ToolKey
from plugin.db.session import make_engine, transaction
from plugin.db.tool_keys import vault
from plugin.settings import Settings
from tests.demo_lms import Profile, World, fields, running_lms
from tests.demo_lms.keys import PlatformKeys
from tests.lti.peer import Reply, Server
from tests.worker.scene import LONG_AGO, Clock, Scene, new_place


@cache
def tool_key() -> keys.KeyPair:
    """One pair for all tests: making one takes a tenth of a second."""
    return keys.make()


@cache
def lms_keys() -> PlatformKeys:
    return PlatformKeys()


@pytest.fixture
def key_set_url() -> Iterator[str]:
    """Where LMSs read our public keys."""
    with Server({"GET /keys": Reply(keys.document([tool_key().public_jwk]))}) as server:
        yield server.url + "/keys"


@pytest.fixture
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """The LMS: a strict one, or of the profile that a test is parametrized with."""
    profile = getattr(request, "param", Profile.STRICT)
    with running_lms(keys=lms_keys().copy(), **fields(profile)) as (_, running):
        yield running


@pytest.fixture(scope="session")
def http() -> HttpClient:
    """One for all tests: reading the system's certificates takes a while."""
    return HttpClient(guard=Guard(allow_private=True))


@pytest.fixture
def scene(settings: Settings, world: World, key_set_url: str, http: HttpClient) -> Iterator[Scene]:
    """An installation, an LMS, Ada and Ben."""
    pair = tool_key()
    engine = make_engine(settings.database_url)
    with transaction(engine) as session:
        place = new_place(session, world, key_set_url=key_set_url)
        ada, ben = (place.enrol(session, world.person(key).id) for key in ("ada", "ben"))
        session.add(
            ToolKey(
                kid=pair.kid,
                private_key=vault(settings.secret_key).encrypt(pair.private_pem.encode()).decode(),
                public_jwk=dict(pair.public_jwk),
                created_at=LONG_AGO,
            )
        )
    clock = Clock()
    clock.worlds.append(world)
    made = Scene(engine, settings, http, clock, place, ada, ben)
    yield made
    made.end()
    engine.dispose()
