"""What has to hold on every page that a journey passes: in both themes, and on a phone."""

from __future__ import annotations

import re

from playwright.sync_api import ViewportSize

from tests.browser import COLOURS, barriers, too_wide
from tests.journeys.people import SEAT, Person

PHONE: ViewportSize = {"width": 320, "height": 700}  # of the LMS's window: the frame has even less


class Inspection:
    """Collects what is wrong on each page, once; the story goes on, so that one run tells it all.

    `thorough`: with axe and on a phone, which takes its time; otherwise only the words that every page has.
    """

    def __init__(self, *, thorough: bool = True) -> None:
        self.wrong: dict[str, list[str]] = {}
        self._seen: set[str] = set()
        self._thorough = thorough

    def __call__(self, name: str, person: Person) -> None:
        """Look at the page that the person's frame shows."""
        if name in self._seen:
            return
        self._seen.add(name)
        found = [*_words(person), *(_barriers(person) if self._thorough else [])]
        if found:
            self.wrong[name] = found


def _barriers(person: Person) -> list[str]:
    found = [f"axe: {barrier}" for barrier in barriers(person.frame)]
    person.page.emulate_media(color_scheme="dark")
    person.page.set_viewport_size(PHONE)
    found += [f"axe, dark: {barrier}" for barrier in barriers(person.frame, rules=COLOURS)]
    found += [f"on a phone: {wide}" for wide in too_wide(person.frame)]
    person.page.emulate_media(color_scheme="light")
    person.page.set_viewport_size(SEAT)
    return found


def _words(person: Person) -> list[str]:
    heads, title = person.tool.locator("h1").count(), person.frame.title()
    found = [] if heads == 1 else [f"{heads} h1"]
    if not re.fullmatch(r".+ · Practicum", title):
        found.append(f"title {title!r}")
    return found
