"""Cookies as browsers keep them, as far as a launch depends on it (RFC 6265bis)."""

import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import SplitResult, urlsplit

ThirdParty = Literal["allowed", "partitioned", "blocked"]


@dataclass(frozen=True, slots=True)
class Cookie:
    """A cookie with the attributes that decide where it goes; names of attributes in lower case."""

    host: str
    name: str
    value: str
    attributes: dict[str, str]
    expires_at: float | None

    @property
    def path(self) -> str:
        path = self.attributes.get("path", "")
        return path if path.startswith("/") else "/"

    @property
    def secure(self) -> bool:
        return "secure" in self.attributes

    def goes_to(self, host: str, path: str) -> bool:
        domain = self.attributes.get("domain", "").lstrip(".")
        at_home = host == self.host or (domain != "" and (host == domain or host.endswith("." + domain)))
        return at_home and (path == self.path or path.startswith(self.path.rstrip("/") + "/"))


class CookieJar:
    """Cookies by host, not by port, as browsers keep them.

    `frame_of` is the origin of a page that frames everything else. Then other hosts' cookies are third-party: only
    `SameSite=None; Secure` ones live, of them only Partitioned ones where `third_party` says so, or none at all.
    """

    def __init__(self, *, frame_of: str | None = None, third_party: ThirdParty = "allowed") -> None:
        self._cookies: dict[tuple[str, str, str], Cookie] = {}
        self._frame_of = urlsplit(frame_of).netloc if frame_of else None
        self._third_party = third_party

    def header(self, url: str) -> str | None:
        """The Cookie header for a request."""
        parts = urlsplit(url)
        now = time.time()
        sent = [
            cookie
            for cookie in self._cookies.values()
            if cookie.goes_to(parts.hostname or "", parts.path or "/")
            and (not cookie.secure or trustworthy(parts))
            and (cookie.expires_at is None or cookie.expires_at > now)
            and self._lives(cookie, parts)
        ]
        sent.sort(key=lambda cookie: -len(cookie.path))
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in sent) or None

    def receive(self, url: str, header: str) -> None:
        """Keep, replace or drop a cookie as one Set-Cookie header says; what browsers refuse is not kept."""
        parts = urlsplit(url)
        cookie = parse(parts.hostname or "", header)
        if cookie is None or not _acceptable(cookie, parts) or not self._lives(cookie, parts):
            return
        place = (cookie.host, cookie.path, cookie.name)
        if cookie.expires_at is not None and cookie.expires_at <= time.time():
            self._cookies.pop(place, None)
        else:
            self._cookies[place] = cookie

    def value(self, name: str) -> str | None:
        """The value of a cookie by name, wherever it belongs."""
        return next((cookie.value for cookie in self._cookies.values() if cookie.name == name), None)

    def names(self) -> set[str]:
        return {cookie.name for cookie in self._cookies.values()}

    def _lives(self, cookie: Cookie, at: SplitResult) -> bool:
        if self._frame_of is None or at.netloc == self._frame_of:
            return True
        if self._third_party == "blocked":
            return False
        cross_site = cookie.attributes.get("samesite", "").lower() == "none" and cookie.secure
        return cross_site and (self._third_party == "allowed" or "partitioned" in cookie.attributes)


def trustworthy(parts: SplitResult) -> bool:
    """Whether Secure cookies travel there: https, and this very machine."""
    host = parts.hostname or ""
    return (
        parts.scheme == "https"
        or host in ("localhost", "::1")
        or host.endswith(".localhost")
        or host.startswith("127.")
    )


def parse(host: str, header: str) -> Cookie | None:
    """A cookie from one Set-Cookie header, or None if it has no name."""
    pair, *rest = header.split(";")
    name, _, value = pair.strip().partition("=")
    attributes = {}
    for one in rest:
        key, _, text = one.strip().partition("=")
        attributes[key.lower()] = text
    return Cookie(host, name, value, attributes, _expiry(attributes)) if name else None


def _expiry(attributes: dict[str, str]) -> float | None:
    if "max-age" in attributes:
        return time.time() + int(attributes["max-age"])
    if "expires" in attributes:
        return parsedate_to_datetime(attributes["expires"]).timestamp()
    return None


def _acceptable(cookie: Cookie, at: SplitResult) -> bool:
    """What browsers refuse: Secure over plain http, SameSite=None without Secure, broken `__Host-` promises."""
    if cookie.secure and not trustworthy(at):
        return False
    if cookie.attributes.get("samesite", "").lower() == "none" and not cookie.secure:
        return False
    if "partitioned" in cookie.attributes and not cookie.secure:
        return False
    if cookie.name.startswith("__Host-"):
        return cookie.secure and "domain" not in cookie.attributes and cookie.attributes.get("path") == "/"
    return cookie.secure or not cookie.name.startswith("__Secure-")
