"""The people of a journey: each in a browser context of their own, at the LMS, with the tool in the LMS's frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Frame, FrameLocator, Locator, Page, ViewportSize, expect

from tests.browser import complaints_of, enter
from tests.journeys.house import House

FRAME = "tool"  # what the LMS calls the frame that shows us
SEAT: ViewportSize = {"width": 960, "height": 900}  # of the LMS's window; its frame is then some 880 px wide

STILL = """
    async (name) => {
        const frame = document.querySelector(`iframe[name=${name}]`);
        let height = -1, same = 0;
        for (let looks = 0; same < 3 && looks < 200; looks += 1) {
            await new Promise((resolve) => setTimeout(resolve, 60));
            same = frame.offsetHeight === height ? same + 1 : 0;
            height = frame.offsetHeight;
        }
        return height;
    }
"""

Look = Callable[[str, "Person"], None]
"""What is done with each page that somebody passes, by its name: a test inspects it, screenshots shoot it."""


class Person:
    """Somebody with an account in the LMS. `look` is called on every page they pass, `complaints` fills by itself."""

    def __init__(self, house: House, browser: Browser, key: str, look: Look, **options: Any) -> None:
        self.house, self.key = house, key
        self.name = house.world.person(key).name
        self.context: BrowserContext = browser.new_context(
            **{"viewport": SEAT, "locale": "en-US", "timezone_id": "America/Chicago", **options}
        )
        self.complaints = complaints_of(self.context)
        self.page = self.context.new_page()
        self.look = look

    # ---- at the LMS

    def sign_in(self) -> None:
        """At the LMS's front door."""
        self.page.goto(self.house.world.config.url("/"))
        self.page.get_by_role("button", name=f"Sign in as {self.name}").click()
        self.page.get_by_role("button", name="Switch person").wait_for()

    def go(self, path: str, page: Page | None = None) -> None:
        """A page of the LMS by its address there."""
        (page or self.page).goto(self.house.world.config.url(path))

    def open_context(self) -> None:
        """The course in the LMS."""
        self.go(f"/contexts/{self.house.context.id}")

    def open_module(self, page: Page | None = None) -> None:
        """The module's link, inside the LMS's frame."""
        self.go(f"/contexts/{self.house.context.id}/links/{self.house.link.id}", page)

    # ---- in the frame

    @property
    def tool(self) -> FrameLocator:
        """What the LMS's frame shows, to find things in."""
        return self.page.frame_locator(f"iframe[name={FRAME}]")

    @property
    def frame(self) -> Frame:
        """What the LMS's frame shows, to ask things of."""
        found = self.page.frame(name=FRAME)
        assert found is not None, f"{self.page.url} shows no frame"
        return found

    @property
    def head(self) -> Locator:
        """The page's only h1."""
        return self.tool.get_by_role("heading", level=1)

    def arrives(self, title: str, look: str | None = None) -> None:
        """Wait for the page with this h1; then look at it, under this name."""
        expect(self.head).to_have_text(title)
        self.frame.wait_for_load_state()
        if look:
            self.looks(look)

    def looks(self, name: str) -> None:
        """Look at the page as it is now."""
        self.look(name, self)
        self.waits()

    def waits(self) -> int:
        """Until the frame has found its height, so that a pointer does not miss; the height."""
        height: int = self.page.evaluate(STILL, FRAME)
        return height

    def presses(self, label: str) -> None:
        """A button, by its whole label."""
        enter(self.tool.get_by_role("button", name=label, exact=True))

    def follows(self, label: str) -> None:
        """A link, by its whole label."""
        enter(self.tool.get_by_role("link", name=label, exact=True))

    def reads(self, words: str) -> None:
        """The page says this, for everybody to see."""
        expect(self.tool.get_by_text(words).filter(visible=True).first).to_be_visible()

    def close(self) -> None:
        """Leave, with everything that is open."""
        self.context.close()
