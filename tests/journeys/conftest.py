"""An installation and an LMS for each story, on each engine; tool and LMS on two sites for what hangs on those."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Playwright, sync_playwright

from tests.browser import launched
from tests.journeys.house import House, database_of_its_own, running_house
from tests.journeys.two_sites import TwoSites, running_on_two_sites


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """What drives browsers; there can be one at a time."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    """Debian's Chromium."""
    running = launched(playwright)
    yield running
    running.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """The whole house over a database of its own; a test that asks for it runs once on each engine."""
    with ExitStack() as open_until_the_end:
        if request.param == "sqlite":
            url = f"sqlite:///{tmp_path / 'practicum.db'}"
        else:
            url = open_until_the_end.enter_context(database_of_its_own(request.getfixturevalue("postgres_server")))
        yield open_until_the_end.enter_context(running_house(url, tmp_path))


@pytest.fixture(scope="module")
def two_sites(
    playwright: Playwright, tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[TwoSites]:
    """Both sites, for all tests of a file; each test empties the browser that it uses."""
    with running_on_two_sites(playwright, tmp_path_factory.mktemp("sites"), sqlite_template) as running:
        yield running


@pytest.fixture
def place(two_sites: TwoSites) -> TwoSites:
    """Both sites, with an LMS that keeps nothing for tools."""
    two_sites.offers_storage(None)
    return two_sites
