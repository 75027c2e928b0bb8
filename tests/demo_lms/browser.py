"""A browser without a screen: cookies, redirects and forms over plain HTTP, light enough for load tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3

from tests.demo_lms.cookie_jar import CookieJar, ThirdParty

USER_AGENT = "Mozilla/5.0 (demo LMS test browser)"
MOST_HOPS = 12


@dataclass(frozen=True, slots=True)
class Form:
    """A form of a page, with an absolute address and the values it would send untouched."""

    action: str
    method: str
    fields: dict[str, str]
    sends_itself: bool
    attributes: dict[str, str]


@dataclass(frozen=True)
class Page:
    """An answer as a browser got it; `hops` are the addresses that led here."""

    url: str
    status: int
    headers: urllib3.HTTPHeaderDict
    body: bytes
    hops: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def location(self) -> str | None:
        """Where a redirect leads, absolute."""
        target = self.headers.get("Location")
        return urljoin(self.url, target) if target and 300 <= self.status < 400 else None

    @cached_property
    def forms(self) -> list[Form]:
        """Forms of an HTML page, in order."""
        if not (self.headers.get("Content-Type") or "").startswith("text/html"):
            return []
        reader = _FormReader(self.url)
        reader.feed(self.text)
        return reader.forms

    def form(self, action: str = "") -> Form:
        """The first form whose address holds `action`; LookupError with the page's beginning otherwise."""
        for one in self.forms:
            if action in one.action:
                return one
        raise LookupError(f"no form to {action!r} on {self.url} ({self.status}): {self.text[:2000]}")


class Browser:
    """One person's browser. With `frame_of` (an origin) it shows everything inside a page of that origin.

    `reroute` sends requests for one origin to another, with the Host header kept: a tool whose public address is
    https://learn.example.org may listen on http://127.0.0.1:5001.
    """

    def __init__(
        self,
        *,
        frame_of: str | None = None,
        third_party: ThirdParty = "allowed",
        reroute: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        http: urllib3.PoolManager | None = None,
        timeout: float = 20.0,
    ) -> None:
        self.cookies = CookieJar(frame_of=frame_of, third_party=third_party)
        self._reroute = dict(reroute or {})
        self._headers = {"User-Agent": USER_AGENT, "Accept-Language": "en-US", **(headers or {})}
        self._http = http or urllib3.PoolManager(retries=False, timeout=timeout, maxsize=2)

    def open(self, url: str, *, follow: bool = True, headers: Mapping[str, str] | None = None) -> Page:
        """GET a page; redirects and forms that send themselves are followed unless `follow` is false."""
        return self.request("GET", url, follow=follow, headers=headers)

    def post(
        self,
        url: str,
        fields: Mapping[str, str],
        *,
        follow: bool = True,
        origin: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        """POST a form; `origin` is the page's it is on."""
        sent = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        if origin is not None:
            sent["Origin"] = origin
        return self.request("POST", url, body=urlencode(fields).encode(), follow=follow, headers=sent)

    def submit(self, page: Page, form: Form | None = None, *, follow: bool = True, **changes: str) -> Page:
        """Send a form of a page (the only one, if none is named), with fields changed."""
        sent = form or self._only_form(page)
        fields = {**sent.fields, **changes}
        if sent.method == "GET":
            bare = sent.action.partition("?")[0]
            return self.open(bare + "?" + urlencode(fields), follow=follow)
        parts = urlsplit(page.url)
        return self.post(sent.action, fields, follow=follow, origin=f"{parts.scheme}://{parts.netloc}")

    def request(
        self,
        method: str,
        url: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        follow: bool = True,
    ) -> Page:
        page = self._fetch(method, url, body, headers)
        hops: list[str] = []
        while follow and len(hops) < MOST_HOPS:
            sent = next((form for form in page.forms if form.sends_itself), None)
            if page.location is None and sent is None:
                break
            hops.append(page.url)
            if page.location is not None:
                kept = page.status in (307, 308)
                page = self._fetch(method if kept else "GET", page.location, body if kept else None, None)
            elif sent is not None:
                method = sent.method
                page = self.submit(page, sent, follow=False)
        return Page(page.url, page.status, page.headers, page.body, tuple(hops))

    def _fetch(self, method: str, url: str, body: bytes | None, headers: Mapping[str, str] | None) -> Page:
        sent = {**self._headers, **(headers or {})}
        cookies = self.cookies.header(url)
        if cookies is not None:
            sent["Cookie"] = cookies
        parts = urlsplit(url)
        address = parts._replace(fragment="").geturl()
        elsewhere = self._reroute.get(f"{parts.scheme}://{parts.netloc}")
        if elsewhere is not None:
            sent["Host"] = parts.netloc
            address = elsewhere + address.partition(parts.netloc)[2]
        answer = self._http.request(method, address, body=body, headers=sent, redirect=False)
        for header in answer.headers.getlist("Set-Cookie"):
            self.cookies.receive(url, header)
        # a page that answers a form may have an address of its own (RFC 9110, section 8.7), and goes by it from then on
        return Page(
            urljoin(url, answer.headers.get("Content-Location") or url), answer.status, answer.headers, answer.data
        )

    @staticmethod
    def _only_form(page: Page) -> Form:
        if len(page.forms) != 1:
            raise LookupError(f"{len(page.forms)} forms on {page.url}: name the one to send")
        return page.forms[0]


@dataclass
class _FormReader(HTMLParser):
    url: str
    forms: list[Form] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._inside: Form | None = None
        self._writing: str | None = None
        self._choosing: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = Form(
                action=urljoin(self.url, given.get("action") or self.url),
                method=given.get("method", "get").upper(),
                fields={},
                sends_itself="data-auto-submit" in given,
                attributes=given,
            )
            self.forms.append(self._inside)
        elif self._inside is not None:
            self._field(tag, given, self._inside.fields)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = None
        elif tag == "textarea":
            self._writing = None
        elif tag == "select":
            self._choosing = None

    def handle_data(self, data: str) -> None:
        if self._inside is not None and self._writing is not None:
            before = self._inside.fields[self._writing]
            # a newline right after <textarea> is the page's, not the text's (HTML, "in body" insertion mode)
            self._inside.fields[self._writing] = before + (data if before else data.removeprefix("\n"))

    def _field(self, tag: str, given: dict[str, str], fields: dict[str, str]) -> None:
        name = given.get("name", "")
        if tag == "option" and self._choosing is not None:
            if "selected" in given or self._choosing not in fields:
                fields[self._choosing] = given.get("value", "")
        elif not name or "disabled" in given:
            return
        elif tag == "textarea":
            self._writing = name
            fields[name] = ""
        elif tag == "select":
            self._choosing = name
        elif tag == "input" and _counts(given):
            fields[name] = given.get("value", "on" if given.get("type") in ("checkbox", "radio") else "")


def _counts(given: dict[str, str]) -> bool:
    """Whether an input is sent without being touched."""
    kind = given.get("type", "text").lower()
    return kind not in ("submit", "button", "reset", "image", "file") and (
        kind not in ("checkbox", "radio") or "checked" in given
    )
