"""The cookie matrix as pictures: each policy, with and without the LMS's storage, in the frame and in a tab."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import FrameLocator, Page, Playwright

from plugin.db import migrate
from plugin.db.session import make_engine
from tests.cookie_policies import Cookies
from tests.journeys.people import SEAT
from tests.journeys.two_sites import OFFERING, STORAGE, Someone, TwoSites, heading, running_on_two_sites, write
from tests.screenshots.camera import file_name

DRAFT = "I replaced one comment, and the student whose comment it was asked me what to try next."


def matrix(playwright: Playwright, folder: Path) -> Iterator[str]:
    """Take them; the names of the pictures, as they come."""
    with (
        tempfile.TemporaryDirectory(prefix="practicum-sites-") as kept,
        running_on_two_sites(playwright, Path(kept), _at_head(Path(kept))) as place,
    ):
        for cookies, storage, in_tab in itertools.product(Cookies, STORAGE, (False, True)):
            place.offers_storage(storage)
            yield from _one(place, cookies, folder, in_tab=in_tab)


def _one(place: TwoSites, cookies: Cookies, folder: Path, *, in_tab: bool) -> Iterator[str]:
    ada = Someone(place, place.browser(cookies), "ada")
    ada.sign_in()
    where: FrameLocator | Page = ada.opens_in_tab() if in_tab else ada.opens_in_frame()
    shown = where if isinstance(where, Page) else ada.page
    storage = place.made.world.config.habits.storage_target
    name = f"{cookies}, {STORAGE[storage]}, {'tab' if in_tab else 'frame'}"
    if cookies is Cookies.NONE and storage is None:
        where.get_by_role("button", name=f"Continue as {ada.name}", exact=True).wait_for()
        yield _taken(shown, folder, f"{name}, one more click")
        ada.says_who_they_are(where)
    heading(where).filter(has_text=OFFERING).wait_for()
    write(where, DRAFT)
    yield _taken(shown, folder, name)


def _taken(page: Page, folder: Path, name: str) -> str:
    # as high as the page: Chromium paints of a frame only what is in the window
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": SEAT["width"], "height": height})
    page.screenshot(path=folder / file_name(name, SEAT["width"], "light"), animations="disabled")
    return name


def _at_head(folder: Path) -> Path:
    path = folder / "template.db"
    engine = make_engine(f"sqlite:///{path}")
    migrate.upgrade(engine)
    engine.dispose()
    return path
