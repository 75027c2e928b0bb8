"""An Open edX from outside: its pages and answers over HTTP, as its authors and learners see them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from typing import Any, Self

import urllib3

from tests.demo_lms import Browser, Page

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".venv-openedx"

MEMBERS = (
    {"username": "ada", "name": "Ada Okafor", "email": "ada@example.org", "role": "student"},
    {"username": "ben", "name": "Ben Castillo", "email": "ben@example.org", "role": "student"},
    {"username": "ian", "name": "Ian Principal", "email": "ian@example.org", "role": "instructor"},
    {"username": "tess", "name": "Tess Staff", "email": "tess@example.org", "role": "staff"},
)
CONNECTION = {
    "client_id": r"<b>Client ID: </b>\s*(\S+)",
    "deployment": r"<b>Deployment ID: </b>\s*(\S+)",
    "key_set_url": r"<b>Keyset URL: </b>\s*(\S+)",
    "token_url": r"<b>Access Token URL: </b>\s*(\S+)",
    "authorization_url": r"<b>Login URL: </b>\s*(\S+)",
}
CHOOSE = re.compile(r'<a href="([^"]+)" target="_blank">\s*Deep Linking Launch')
FRAME = re.compile(r'id="lti-iframe-container" data-target="([^"]+)"')
Score = dict[str, Any]


class Campus:
    """A running Open edX with courses that tests make for themselves."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = urllib3.PoolManager(retries=False, timeout=60)
        self._courses = 0

    def course(self, *, shares_names: bool = True) -> Course:
        """A new course with everybody of `MEMBERS` in it. `shares_names` lets tools know who they are."""
        self._courses += 1
        key = f"course-v1:Riverbend+PD{self._courses}+2026"
        self.ask("/courses", {"key": key, "members": MEMBERS, "shares_names": shares_names})
        return Course(self, key)

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """What it answers in JSON."""
        answer = self._http.request("GET" if body is None else "POST", self.url + path, json=body)
        assert answer.status == 200, f"{path}: {answer.status} {answer.data.decode()[:2000]}"
        return json.loads(answer.data)

    def browser(self, username: str) -> Browser:
        """A browser in which somebody is signed in there."""
        browser = Browser()
        assert browser.open(f"{self.url}/sign-in/{username}").status == 200
        return browser

    def sub(self, username: str) -> str:
        """The id by which tools know somebody."""
        found: str = self.ask(f"/people/{username}")["external_user_id"]
        return found


@dataclass(frozen=True)
class Course:
    """A course; `key` is the id of its context."""

    campus: Campus
    key: str

    def block(self, tool: str, name: str = "One next step", **fields: Any) -> Block:
        """Place the tool in a unit, as an author does by hand; `fields` are more settings of the block."""
        settings = {
            "lti_version": "lti_1p3",
            "lti_1p3_launch_url": f"{tool}/",
            "lti_1p3_oidc_url": f"{tool}/lti/login",
            "lti_1p3_redirect_uris": [f"{tool}/lti/launch"],
            "lti_1p3_tool_key_mode": "keyset_url",
            "lti_1p3_tool_keyset_url": f"{tool}/lti/jwks.json",
            "has_score": True,
            "weight": 10.0,
            **fields,
        }
        made = self.campus.ask("/blocks", {"course": self.key, "name": name, "fields": settings})
        block = Block(self, made["usage"])
        block.connection.update(block.read_connection())
        return block


@dataclass(frozen=True)
class Block:
    """The tool in a unit. `usage` is the id of its resource link; `connection` what its author reads off."""

    course: Course
    usage: str
    connection: dict[str, str] = field(default_factory=dict)

    @property
    def campus(self) -> Campus:
        """Where it is."""
        return self.course.campus

    def change(self, **fields: Any) -> None:
        """An author changes its settings."""
        self.campus.ask(f"/blocks/{self.usage}/change", fields)

    def read_connection(self) -> dict[str, str]:
        """What the author is shown to register with the tool."""
        page = self._studio("ian")
        found = {name: re.search(pattern, page.text) for name, pattern in CONNECTION.items()}
        return {name: unescape(match[1]) for name, match in found.items() if match}

    def launch(self, username: str, browser: Browser | None = None) -> Page:
        """A learner opens the unit; the tool's page."""
        return self.answer(username, browser).send()

    def answer(self, username: str, browser: Browser | None = None) -> Answer:
        """The same up to the form with the id_token, which is not sent yet."""
        browser = browser or self.campus.browser(username)
        unit = browser.open(f"{self.campus.url}/blocks/{self.usage}")
        frame = FRAME.search(unit.text)
        assert frame, unit.text[:2000]
        return Answer.of(browser, _address(frame[1]))

    def choose(self, username: str) -> tuple[Browser, Page]:
        """An author follows the link to choose content; the tool's page."""
        link = CHOOSE.search(self._studio(username).text)
        assert link, "the block has deep linking switched on"
        browser = self.campus.browser(username)
        return browser, Answer.of(browser, _address(link[1])).send()

    def grades(self) -> dict[str, list[dict[str, float]]]:
        """Username → every grade that reached the gradebook, the latest last."""
        found: dict[str, list[dict[str, float]]] = self.campus.ask(f"/gradebook/{self.usage}")
        return found

    def scores(self, line_item: str) -> list[Score]:
        """Every score that a tool sent for a line item, as it was sent."""
        path = line_item.removeprefix(self.campus.url) + "/scores"
        return [call["body"] for call in self.campus.ask("/calls")["calls"] if call["path"] == path]

    def _studio(self, username: str) -> Page:
        page = self.campus.browser(username).open(f"{self.campus.url}/blocks/{self.usage}/studio")
        assert page.status == 200, page.text[:2000]
        return page


@dataclass(frozen=True)
class Answer:
    """The LMS's answer to a login at the tool: a form that a script sends; `fields` are state and id_token."""

    browser: Browser
    address: str
    fields: dict[str, str]

    @classmethod
    def of(cls, browser: Browser, login: str) -> Self:
        """Go from the beginning of a login to the LMS's answer."""
        page = browser.open(login)
        assert page.status == 200, f"{page.url}: {page.text[:2000]}"
        form = page.form("/lti/launch")
        return cls(browser, form.action, form.fields)

    def send(self, **changes: str) -> Page:
        """Send it, with changes; the page where that ends."""
        return self.browser.post(self.address, {**self.fields, **changes})


def _address(attribute: str) -> str:
    """An address out of an attribute. Browsers leave "&lti_" in one alone, `html.unescape` makes "<i_" of it."""
    return attribute.replace("&amp;", "&")


@contextmanager
def running(folder: Path) -> Iterator[Campus]:
    """Open edX's platform code in its own process and environment, which is installed when it is missing."""
    subprocess.run(["make", "--no-print-directory", "openedx"], cwd=ROOT, check=True, stdin=subprocess.DEVNULL)
    command = [str(ENVIRONMENT / "bin" / "python"), "-m", "tests.openedx", str(folder)]
    said = folder / "openedx.log"
    with said.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
    with process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().decode().strip()
            assert url, f"it did not start: {said.read_text()[-3000:]}"
            yield Campus(url)
        finally:
            process.communicate()  # closes its standard input, at which it ends
