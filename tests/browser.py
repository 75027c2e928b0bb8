"""Debian's Chromium for tests and screenshots, and what every page has to stand in it.

A person has a browser context of their own. Whatever the browser complains about (errors of scripts, refused content,
answers that failed) is kept with them, so that a test can ask for it at the end.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    ElementHandle,
    Frame,
    Locator,
    Playwright,
    expect,
    sync_playwright,
)
from playwright.sync_api import (
    Error as Gone,
)
from playwright.sync_api import (
    TimeoutError as NoAnswer,
)

EXECUTABLE = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",  # a container's shared memory is small, and a page that finds none left crashes
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
KEY_ANSWERED = 5_000  # milliseconds
PATIENCE = 30_000  # milliseconds that a page may take on a busy computer
AUTOSAVE_AT_WORK = "[data-autosave-words][aria-hidden]"  # the line of a writing page, once its script has come
LEVELS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
COLOURS = ("color-contrast", "link-in-text-block")  # the rules that a theme can break


@contextmanager
def chromium() -> Iterator[Browser]:
    """A Chromium with a Playwright of its own: one at a time in a thread."""
    with sync_playwright() as playwright:
        browser = launched(playwright)
        try:
            yield browser
        finally:
            browser.close()


def launched(playwright: Playwright) -> Browser:
    """A Chromium of this Playwright's; whoever asked for it closes it."""
    expect.set_options(timeout=PATIENCE)
    return playwright.chromium.launch(executable_path=EXECUTABLE, args=list(FLAGS))


@contextmanager
def chromium_with(playwright: Playwright, preferences: str, folder: Path) -> Iterator[BrowserContext]:
    """A Chromium whose profile (kept in `folder`) begins with these preferences, JSON as Chromium writes it."""
    profile = folder / "Default"
    profile.mkdir(parents=True)
    (profile / "Preferences").write_text(preferences, encoding="utf-8")
    context = playwright.chromium.launch_persistent_context(
        folder, executable_path=EXECUTABLE, args=list(FLAGS), locale="en-US"
    )
    try:
        yield context
    finally:
        context.close()


HEAR = "control => control.addEventListener('keydown', () => { control.heard = true; }, { capture: true, once: true })"
HAS_HEARD = "control => control.heard === true"


def enter(control: Locator) -> None:
    """Press Enter on a link or a button: while a slow page still finds its height in a frame, a pointer may miss.

    Chromium does not always answer for a key that takes its frame to another page, though the key does its work (about
    one in fifty on a busy machine). So the control itself is asked whether it heard the key; only one that still stands
    there and has not is pressed again. What a test expects next tells whether the key did its work.
    """
    expect(control).to_be_visible()
    expect(control).to_be_enabled()
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        pressed = control.element_handle()
        pressed.evaluate(HEAR)
        try:
            control.press("Enter", timeout=KEY_ANSWERED)
        except NoAnswer:
            if not _heard(pressed):
                continue
        return
    raise AssertionError(f"no key reaches {control}")


def _heard(control: ElementHandle) -> bool:
    """Whether a key arrived there; a control that is gone with its page heard one."""
    try:
        return bool(control.evaluate(HAS_HEARD))
    except Gone:
        return True


def press_twice(control: Locator) -> None:
    """Click twice in a moment. As with a key, Chromium may not answer for the second when the first leads away."""
    expect(control).to_be_visible()
    with suppress(NoAnswer):
        control.dblclick(timeout=KEY_ANSWERED)


def complaints_of(context: BrowserContext) -> list[str]:
    """A list that fills with what goes wrong on any page of a context, its frames included."""
    found: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error":
            found.append(f"{message.text} ({message.location.get('url', '')})")

    context.on("console", said)
    context.on("weberror", lambda error: found.append(str(error.error)))
    return found


@functools.cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def barriers(frame: Frame, *, rules: tuple[str, ...] = ()) -> list[str]:
    """What axe finds in a page (not in frames inside it), one line for each place; `rules` narrows it to these."""
    if not frame.evaluate("typeof axe === 'object'"):
        frame.evaluate(_axe())
    wanted = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": list(LEVELS)}
    # preload: axe would put the stylesheets into the page once more, which the content policy rightly refuses
    options: dict[str, Any] = {"runOnly": wanted, "iframes": False, "preload": False, "resultTypes": ["violations"]}
    violations = frame.evaluate("options => axe.run(document, options)", options)["violations"]
    return [f"{one['id']}: {one['help']}: {node['html'][:200]}" for one in violations for node in one["nodes"]]


def too_wide(frame: Frame) -> list[str]:
    """What reaches beyond the right edge, when the page scrolls sideways."""
    found: list[str] = frame.evaluate(
        """() => {
            const page = document.documentElement;
            if (page.scrollWidth <= page.clientWidth) return [];
            const wide = [...document.querySelectorAll("body *")]
                .filter((one) => one.getBoundingClientRect().right > page.clientWidth + 1)
                .map((one) => one.outerHTML.slice(0, 120));
            return [`${page.scrollWidth} px wide in ${page.clientWidth}`, ...wide.slice(0, 5)];
        }"""
    )
    return found
