"""The story over plain HTTP, without a screen: for when processes die under it.

Whoever meets a dead process tries again, as people do and as autosave.js does; nothing else is repeated.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from html import unescape

from urllib3.exceptions import HTTPError

from tests.demo_lms import Browser, Page, launch, register_tool
from tests.installation import LOCAL, OFFERING
from tests.journeys import learning
from tests.journeys.house import House

PATIENCE = 60.0  # seconds until somebody who finds nobody at home gives up
TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


class Visitor:
    """A person whose browser shows the tool in the LMS's frame, and keeps no cookie there but a Partitioned one."""

    def __init__(self, house: House, key: str) -> None:
        self.house, self.key = house, key
        self.browser = Browser(frame_of=house.world.config.issuer, third_party="partitioned")
        self.page = self.comes_in()

    def comes_in(self) -> Page:
        """Open the module from the LMS; the page where that ends."""
        self.page = insist(lambda: launch(self.house.world, self.key, self.house.link, browser=self.browser).page)
        return self.page

    def opens(self, url: str) -> Page:
        """A page of the tool: the path, or an address on it."""
        self.page = insist(lambda: self.browser.open(self._address(url)))
        return self.page

    def sends(self, url: str, action: str, *, to: str | None = None, **fields: str) -> Page:
        """The form to `action` on a page, with these fields changed; `to` where a button of it posts elsewhere.

        A form that is gone once it was sent was taken, and its answer never came: the page without it is what shows.
        """
        tried = False

        def once() -> Page:
            nonlocal tried
            page = self.browser.open(self._address(url))
            if tried and page.status == 200 and not any(action in form.action for form in page.forms):
                return page
            form, tried = page.form(action), True
            sent = {**form.fields, **fields}
            return self.browser.post(self._address(to or form.action), sent, origin=self.house.tool)

        self.page = insist(once)
        return self.page

    def saves(self, url: str, action: str, **fields: str) -> None:
        """As autosave.js does it: what is typed into the form to `action`, beside the version that its page has."""
        page = self.opens(url)
        form = page.form(action)
        typed = {name: value for name, value in form.fields.items() if name != "csrf_token"} | fields
        body = json.dumps({**typed, "version": int(form.fields["version"])}).encode()
        headers = {"Content-Type": "application/json", "X-CSRFToken": token_of(page), "Origin": self.house.tool}
        address = self._address(form.attributes["data-autosave-url"])
        answer = insist(lambda: self.browser.request("POST", address, body=body, headers=headers))
        stored = json.loads(answer.text)
        if answer.status == 409:  # an earlier try was stored, and its answer never came
            assert {name: stored[name] for name in fields} == fields
        else:
            assert answer.status == 200, answer.text

    def _address(self, url: str) -> str:
        return url if url.startswith("http") else self.house.tool + url


def insist(act: Callable[[], Page]) -> Page:
    """Do it, again while nobody answers or a server says that it cannot."""
    until = time.monotonic() + PATIENCE
    problems = []
    while True:
        try:
            page = act()
            if page.status < 500:
                return page
            problems.append(f"{page.status} {page.text[:500]}")
        except (HTTPError, LookupError) as error:
            problems.append(repr(error)[:500])
        assert time.monotonic() < until, list(dict.fromkeys(problems))
        time.sleep(0.1)


def token_of(page: Page) -> str:
    """The token that a script sends along."""
    found = TOKEN.search(page.text)
    assert found, f"{page.url} ({page.status}) holds no token: {page.text[:500]}"
    return found[1]


def said(page: Page) -> str:
    """What is read on a page, in one line."""
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", f"<main{main}")).split())


def connect(house: House) -> None:
    """The LMS knows the tool, and the module is in its course."""
    tool = register_tool(house.world, house.last_line("platforms", "invite", "--organization", LOCAL, "--approve"))
    house.world.change_tool(tool.client_id, active=True)
    picker = launch(house.world, "ian", house.context)
    picker.browser.submit(picker.page, picker.page.form("/deep-linking/"), offering=OFFERING)


def trainer(house: House, key: str) -> Visitor:
    """Somebody who is one from now on."""
    visitor = Visitor(house, key)
    link = house.last_line("grant", "trainer", "--organization", LOCAL)
    visitor.sends(link, "/grant")
    return visitor


def work_through(ada: Visitor, outline: str) -> None:
    """All but the writing: readings, inventory, practice and check, everything right at once."""
    for activity in learning.pack().activities:
        here = f"{outline}/activities/{activity.key}"
        if activity.kind == "reading":
            ada.sends(here, "/done")
        elif activity.kind == "inventory":
            ada.sends(here, "/answers", **{statement.key: "often" for statement in activity.statements})
        elif activity.kind in ("practice", "check"):
            items = activity.scenarios or activity.questions
            ada.sends(here, "/answers", **{item.key: learning.right(item.choices).key for item in items})
