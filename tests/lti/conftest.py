"""What the tests of the library share."""

from collections.abc import Iterator

import pytest

from lti.services import Services
from lti.stores import Platform
from lti.tokens import AccessTokens
from tests.lti.peer import Desk, MemoryKeys, Reply, Server, http, platform


@pytest.fixture
def desk() -> Desk:
    """The tool's side, with one platform and its fresh key set."""
    return Desk()


@pytest.fixture
def server() -> Iterator[Server]:
    """A web server to be told what to answer."""
    with Server() as running:
        yield running


@pytest.fixture
def lms(server: Server) -> Platform:
    """A platform whose services live on the server and whose token endpoint grants what is asked."""
    server.answers["POST /token"] = Reply({"access_token": "t", "token_type": "Bearer", "expires_in": 3600})
    return platform(token_url=server.url + "/token", hosts=frozenset({server.host}))


@pytest.fixture
def services() -> Services:
    """Service calls with a token cache of their own."""
    client = http()
    return Services(client, AccessTokens(client, MemoryKeys()))
