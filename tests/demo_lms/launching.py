"""Driving a tool from the LMS's side: whole launches as browsers do them, and forged ones for probes.

`launch` goes through the LMS's own pages, `forge` and `Login` sign in this process, which is also what load tests want:
there the LMS costs one signature.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.demo_lms import addresses, claims, launches
from tests.demo_lms.browser import Browser, Page
from tests.demo_lms.model import Context, Launch, Link, Person, Tool
from tests.demo_lms.world import World

REMOVED: Final = object()
"""In `forge`, the value of a claim or field that shall not be there."""


@dataclass(frozen=True, slots=True)
class Visit:
    """Where a launch ended, in which browser."""

    browser: Browser
    page: Page


def sign_in(browser: Browser, world: World, person: Person | str) -> None:
    """Sign a browser in at the LMS."""
    browser.post(world.config.url("/sign-in"), {"person": world.person(person).id}, follow=False)


def launch(
    world: World,
    person: Person | str,
    to: Link | Context,
    *,
    tool: Tool | None = None,
    browser: Browser | None = None,
    in_window: bool = False,
) -> Visit:
    """Open a link as a person (or, with a context, "choose content" there) through the pages of the running LMS.

    Ends on the first page that neither redirects nor sends itself on: the tool's, or whoever's refused.
    """
    browser = browser or Browser(frame_of=None if in_window else world.config.issuer)
    sign_in(browser, world, person)
    if isinstance(to, Link):
        path = f"/launch/links/{to.id}" + ("?in=window" if in_window else "")
    else:
        path = f"/launch/choose/{to.id}/{(tool or world.tool()).client_id}"
    return Visit(browser, browser.open(world.config.url(path)))


@dataclass(frozen=True, slots=True)
class Login:
    """A login at the tool that waits for the LMS's answer; the answer may be honest or not, and sent more than once."""

    world: World
    browser: Browser
    launch: Launch
    asked: dict[str, str]
    """The authentication request the tool sent the browser away with."""

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The honest claims, with changes."""
        return _changed(claims.id_token(self.world, self.launch, self.asked.get("nonce")), changes)

    def sign(
        self,
        changes: Mapping[str, Any] | None = None,
        *,
        header: Mapping[str, Any] | None = None,
        key: RSAKey | None = None,
    ) -> str:
        """An id_token over the claims with `changes` (REMOVED takes one away), by the LMS's key or another."""
        body = self.claims(**(changes or {}))
        launches.expect_answer(self.world, self.launch)
        if key is None:
            return self.world.keys.sign(body, dict(header or {}))
        return jwt.encode({"alg": "RS256", "kid": self.world.keys.current.kid, **(header or {})}, body, key)

    def post(self, id_token: str | None = None, *, follow: bool = True, **fields: Any) -> Page:
        """Send the answer; without a token an honest one. `fields` change or (REMOVED) take away form fields."""
        honest = {"id_token": id_token or self.sign(), "state": self.asked.get("state", "")}
        sent = {name: str(value) for name, value in _changed(honest, fields).items()}
        origin = self.world.config.issuer
        return self.browser.post(self.asked["redirect_uri"], sent, follow=follow, origin=origin)


class NoAuthenticationRequest(Exception):
    """The tool's login did not send the browser to the LMS; `page` is what it showed instead."""

    def __init__(self, page: Page) -> None:
        super().__init__(f"{page.status} {page.url}: {page.text[:2000]}")
        self.page = page


def log_in(
    world: World,
    person: Person | str,
    to: Link | Context,
    *,
    tool: Tool | None = None,
    browser: Browser | None = None,
    login_changes: Mapping[str, Any] | None = None,
    **more: Any,
) -> Login:
    """Begin a launch in this process and carry the login request to the tool; `more` as in `Launch`.

    `login_changes` changes or (REMOVED) takes away parameters of the login request.
    """
    browser = browser or Browser()
    if isinstance(to, Link):
        begun = launches.begin_link(world, person, to, **more)
    else:
        begun = launches.begin_deep_linking(world, person, to, tool, **more)
    request = launches.login_request(world, begun)
    fields = {name: str(value) for name, value in _changed(request.fields, login_changes or {}).items()}
    if request.method == "GET":
        page = browser.open(launches.Post(request.address, fields).as_address, follow=False)
    else:
        page = browser.post(request.address, fields, follow=False, origin=world.config.issuer)
    if page.location is None:
        raise NoAuthenticationRequest(page)
    return Login(world, browser, begun, dict(parse_qsl(urlsplit(page.location).query, keep_blank_values=True)))


def forge(
    world: World,
    person: Person | str,
    to: Link | Context,
    changes: Mapping[str, Any] | None = None,
    *,
    header: Mapping[str, Any] | None = None,
    key: RSAKey | None = None,
    follow: bool = True,
    **more: Any,
) -> Visit:
    """A launch whose id_token says what a probe wants; without changes it is an honest one. `more` as in `log_in`."""
    login = log_in(world, person, to, **more)
    token = login.sign(changes, header=header, key=key)
    return Visit(login.browser, login.post(token, follow=follow))


def register_tool(world: World, tool_url: str, *, browser: Browser | None = None, always_new: bool = False) -> Tool:
    """Register a tool from its registration page, as an administrator does; a page with one form is sent on.

    Raises LookupError with what the tool showed, if it did not register.
    """
    browser = browser or Browser()
    token = world.new_registration_token(always_new=always_new, tool_url=tool_url)
    page = browser.open(addresses.registration_page(world, tool_url, token))
    if not world.registration_tokens[token].used and len(page.forms) == 1:
        page = browser.submit(page)
    client_id = world.registration_tokens[token].client_id
    if client_id is None:
        raise LookupError(f"{tool_url} did not register: {page.status} {page.text[:2000]}")
    return world.tools[client_id]


def _changed(honest: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**honest, **changes}.items() if value is not REMOVED}
