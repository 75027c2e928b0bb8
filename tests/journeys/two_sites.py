"""Tool and LMS on two sites over https, and people whose Chromium has opinions on cookies."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import BrowserContext, Frame, FrameLocator, Locator, Page, Playwright, expect
from sqlalchemy import select

from lti import keys
from plugin.db.people import SignIn
from plugin.db.reflections import Reflection
from plugin.settings import Settings
from tests.browser import AUTOSAVE_AT_WORK, enter
from tests.connected import SECRET, Connected, connection
from tests.cookie_policies import Cookies, chromium_of
from tests.demo_lms import Habits
from tests.demo_lms.keys import PlatformKeys
from tests.sites import Authority, two_sites

OFFERING = "One next step"
WRITING = "What happened, and what next"
TEXT = "#text"
WAY_IN = "Continue as {name}"
STORAGE = {None: "no storage", "_parent": "storage in the page", "lti_storage": "storage in a frame"}
"""Where an LMS keeps values for tools, in words."""


class TwoSites:
    """Both sides of a connection (`made`), and a Chromium for each policy, started when it is first asked for."""

    def __init__(self, made: Connected, sites: Authority, playwright: Playwright, folder: Path) -> None:
        self.made, self._sites, self._playwright, self._folder = made, sites, playwright, folder
        self._open = ExitStack()
        self._contexts: dict[Cookies, BrowserContext] = {}

    def browser(self, cookies: Cookies) -> BrowserContext:
        """The Chromium with this policy, empty of cookies and pages."""
        if cookies not in self._contexts:
            folder = self._folder / cookies.name
            opened = chromium_of(self._playwright, cookies, self._sites, folder, viewport={"width": 960, "height": 900})
            self._contexts[cookies] = self._open.enter_context(opened)
        context = self._contexts[cookies]
        blank = context.new_page()
        for page in context.pages:
            if page is not blank:
                page.close()
        context.clear_cookies()
        return context

    def offers_storage(self, target: str | None, names: str = "both") -> None:
        """Where the LMS keeps values for tools from now on, and by which names its messages go; None is nowhere."""
        habits = Habits(storage_target=target, storage_names=names)  # type: ignore[arg-type]  # one of a few words
        self.made.world.config = replace(self.made.world.config, habits=habits)

    def drafts(self, key: str) -> list[str]:
        """What the server has of somebody's writing."""
        person = self.made.person_id(key)
        with self.made.database() as session:
            return list(session.scalars(select(Reflection.text).where(Reflection.person_id == person)))

    def sign_ins(self) -> int:
        """How many there are that do not wait."""
        return self.made.count(SignIn, SignIn.waiting.is_(False))

    def close(self) -> None:
        """Every Chromium."""
        self._open.close()


class Someone:
    """A person at the LMS in one of these browsers. `page` is the LMS's window."""

    def __init__(self, place: TwoSites, context: BrowserContext, key: str) -> None:
        self.place, self.context, self.key = place, context, key
        self.name = place.made.world.person(key).name
        self.page = context.new_page()

    def sign_in(self) -> None:
        """At the LMS, where somebody else may have been signed in."""
        self.goes("/")
        switch = self.page.get_by_role("button", name="Switch person")
        if switch.count():
            switch.click()
        self.page.get_by_role("button", name=f"Sign in as {self.name}").click()
        switch.wait_for()

    def goes(self, path: str) -> None:
        """A page of the LMS."""
        self.page.goto(self.place.made.world.config.url(path))

    def opens_in_frame(self) -> FrameLocator:
        """The module in the LMS's frame."""
        made = self.place.made
        self.goes(f"/contexts/{made.context.id}/links/{made.link.id}")
        return self.frame

    def opens_in_tab(self) -> Page:
        """The module in a tab of its own."""
        self.goes(f"/contexts/{self.place.made.context.id}")
        with self.page.expect_popup() as opened:
            self.page.get_by_role("link", name="Open in new window").first.click()
        return opened.value

    @property
    def frame(self) -> FrameLocator:
        """What the LMS's frame shows, to find things in."""
        return self.page.frame_locator("iframe[name=tool]")

    @property
    def inside(self) -> Frame:
        """The same, to ask things of."""
        found = self.page.frame(name="tool")
        assert found is not None
        return found

    def says_who_they_are(self, where: FrameLocator | Page) -> None:
        """Press the button with their name."""
        enter(where.get_by_role("button", name=WAY_IN.format(name=self.name), exact=True))


def comes(place: TwoSites, cookies: Cookies, key: str = "ada") -> Someone:
    """Somebody who is signed in at the LMS, in the browser with this policy."""
    someone = Someone(place, place.browser(cookies), key)
    someone.sign_in()
    return someone


def heading(where: FrameLocator | Page | Frame) -> Locator:
    """The page's h1."""
    return where.get_by_role("heading", level=1)


def write(where: FrameLocator | Page, text: str) -> None:
    """From the overview to the writing, and a draft: until the page says that it is saved."""
    expect(heading(where)).to_have_text(OFFERING)
    enter(where.get_by_role("link", name=WRITING))
    expect(heading(where)).to_have_text(WRITING)
    where.locator(TEXT).fill(text)
    saved(where)


def saved(where: FrameLocator | Page) -> None:
    """Until the page says that everything is saved: its script does, since the page itself speaks of an earlier day."""
    expect(where.locator(AUTOSAVE_AT_WORK)).to_contain_text("Saved ")


@contextmanager
def running_on_two_sites(playwright: Playwright, folder: Path, template: Path) -> Iterator[TwoSites]:
    """The tool and an LMS, connected, over a database that is a copy of the template."""
    database = folder / "practicum.db"
    shutil.copy(template, database)
    settings = Settings(database_url=f"sqlite:///{database}", secret_key=SECRET, development=True, rate_limits=False)
    with two_sites(folder) as sites, connection(settings, PlatformKeys(), keys.make(), sites=sites) as made:
        place = TwoSites(made, sites, playwright, folder)
        try:
            yield place
        finally:
            place.close()
