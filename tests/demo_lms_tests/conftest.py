"""The LMS under test and an independent tool beside it, both over real HTTP."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from tests.demo_lms import World, running_lms
from tests.demo_lms.keys import PlatformKeys
from tests.demo_lms.model import LineItem, Link
from tests.demo_lms_tests.fake_tool import FakeTool, serving

Start = Callable[..., World]


@pytest.fixture(scope="session")
def platform_keys() -> PlatformKeys:
    return PlatformKeys()


@pytest.fixture(scope="session")
def tool_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": "tool-1", "use": "sig", "alg": "RS256"})


@pytest.fixture
def start(platform_keys: PlatformKeys) -> Iterator[Start]:
    """Start an LMS with fields of `Config`; several may run at once."""
    with ExitStack() as running:

        def run(**fields: Any) -> World:
            return running.enter_context(running_lms(**{"keys": platform_keys.copy(), **fields}))[1]

        yield run


@pytest.fixture
def lms(start: Start) -> World:
    return start()


@pytest.fixture
def unregistered(tool_key: RSAKey) -> Iterator[FakeTool]:
    """The tool, known to nobody yet."""
    with serving(tool_key) as tool:
        yield tool


@pytest.fixture
def tool(lms: World, unregistered: FakeTool) -> FakeTool:
    """The tool, registered by hand."""
    add_by_hand(lms, unregistered)
    return unregistered


def add_by_hand(lms: World, tool: FakeTool, **more: Any) -> None:
    kept, deployment = lms.add_tool(
        tool.base_url,
        initiate_login_uri=tool.base_url + "/login",
        redirect_uris=[tool.base_url + "/launch"],
        jwks_uri=tool.base_url + "/jwks",
        target_link_uri=tool.base_url + "/launch",
        **more,
    )
    tool.issuer, tool.client_id, tool.deployment_id = lms.config.issuer, kept.client_id, deployment.id
    tool.token_audience = lms.config.habits.token_audience


@pytest.fixture
def link(lms: World, tool: FakeTool) -> Link:
    return lms.add_link(
        "Giving feedback", context="RPD-2026", text="A module of three hours", custom={"offering": "F1"}
    )


@pytest.fixture
def column(lms: World, link: Link) -> LineItem:
    return lms.add_line_item("Giving feedback", link=link, score_maximum=10, resource_id="F1", tag="completion")
