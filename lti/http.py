"""Every call we make to a platform goes through here: time-outs, size caps, no redirects, and a guard
against addresses that a platform has no business to send us to.

One client, made once per process and shared by its threads.
"""

import ipaddress
import json
import os
import re
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any

from lti import urls
from lti.connections import Connections, Request
from lti.errors import AddressRefused, AnswerUnreadable, PlatformRefused, Unreachable
from lti.urls import WebUrl

TOTAL_SECONDS = 30.0
LONGEST = 2_000_000  # bytes of an answer
_EXCERPT = 500
_LONGEST_WAIT = 24 * 3600.0

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Not public, though the ipaddress module of some Python 3.11 releases says so.
_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "fec0::/10", "5f00::/16", "3fff::/20")
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers (any case), body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def text(self) -> str:
        """The body as UTF-8. Raises AnswerUnreadable."""
        try:
            return self.body.decode("utf-8")
        except UnicodeDecodeError as error:
            raise AnswerUnreadable("the body is not UTF-8") from error

    def json(self) -> Any:
        """The body as JSON. Raises AnswerUnreadable."""
        try:
            return json.loads(self.text())
        except (ValueError, RecursionError) as error:
            kind = re.sub(r"[^a-z/+.-]", "", self.headers.get("Content-Type", "").lower())[:60]
            raise AnswerUnreadable(f"status {self.status}, {kind or 'no type'}: not JSON") from error

    @property
    def retry_after(self) -> float | None:
        """Seconds that the platform asks us to wait, at most a day; None when it does not say."""
        value = self.headers.get("Retry-After", "").strip()
        try:
            seconds = float(value) if value.isdigit() else _seconds_until(value)
        except ValueError:
            return None
        return min(max(seconds, 0.0), _LONGEST_WAIT)

    def refusal(self) -> PlatformRefused:
        """This answer as an error."""
        excerpt = self.body[:_EXCERPT].decode("utf-8", "replace")
        return PlatformRefused(self.status, excerpt=excerpt, retry_after=self.retry_after)


class Guard:
    """Which addresses we call. Outside development: https only, and only hosts whose every address is
    public. `allow_private` is for development: http, loopback and private networks pass too."""

    def __init__(self, *, allow_private: bool = False) -> None:
        self.allow_private = allow_private

    def check(self, url: str) -> WebUrl:
        """Where an address leads that we may call. The name is looked up and checked when we connect.

        Raises AddressRefused.
        """
        parts = urls.split(url)
        if parts is None or len(url) > urls.LONGEST:
            raise _refused("not a web address without credentials")
        if parts.scheme != "https" and not self.allow_private:
            raise _refused(f"{parts.host} is not asked over https")
        return parts

    def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host, looked up once; every one of them has to be permitted.

        Raises AddressRefused, Unreachable (the name is unknown).
        """
        found = self.resolve(host, port)
        if not found:
            raise Unreachable(f"{host} has no address")
        if not all(self.permits(ipaddress.ip_address(address.partition("%")[0])) for address in found):
            raise _refused(f"{host} is not on the public internet")
        return found

    def resolve(self, host: str, port: int) -> list[str]:
        """What the system's resolver says."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"the name {host} is not known") from error
        return list(dict.fromkeys(str(entry[4][0]) for entry in found))

    def permits(self, address: _Address) -> bool:
        """Whether we may connect to this address."""
        return self.allow_private or all(_is_public(form) for form in _forms(address))


class HttpClient:
    """`user_agent` is sent with every request: Canvas and some Moodle sites answer 403 without one."""

    def __init__(self, *, user_agent: str = "lti-tool/1.0", guard: Guard | None = None) -> None:
        self.guard = guard or Guard()
        self._user_agent = user_agent
        self._connections = Connections(self.guard.addresses, trust=_trust())

    def get(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        seconds: float = TOTAL_SECONDS,
        longest: int = LONGEST,
    ) -> Answer:
        """GET. Raises what `send` raises, and PlatformRefused unless the answer is a 2xx."""
        answer = self.send("GET", url, headers=headers, seconds=seconds, longest=longest)
        if not 200 <= answer.status < 300:
            raise answer.refusal()
        return answer

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        seconds: float = TOTAL_SECONDS,
        longest: int = LONGEST,
    ) -> Answer:
        """One request, whatever its status; redirects are not followed. `seconds` bounds the whole call
        but for the look-up of the name, `longest` the body in bytes.

        Raises AddressRefused, Unreachable, AnswerUnreadable (too long).
        """
        place = self.guard.check(url)
        sent = {**headers, "User-Agent": self._user_agent}
        request = Request(method, place, urls.target(url), sent, body)
        try:
            status, came, content = self._connections.exchange(
                request, deadline=time.monotonic() + seconds, longest=longest
            )
        except (HTTPException, OSError) as error:
            raise Unreachable(f"{method} {place.host}: {type(error).__name__}") from error
        return Answer(status, came, content)


def _trust() -> ssl.SSLContext:
    """The system's certificates (or SSL_CERT_FILE's, which OpenSSL reads by itself) and, where
    REQUESTS_CA_BUNDLE names a file or a folder, those as well.

    Raises ValueError when that bundle cannot be read.
    """
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    if bundle := os.environ.get("REQUESTS_CA_BUNDLE"):
        try:
            if Path(bundle).is_dir():
                context.load_verify_locations(capath=bundle)
            else:
                context.load_verify_locations(cafile=bundle)
        except (OSError, ssl.SSLError) as error:
            raise ValueError(f"REQUESTS_CA_BUNDLE: {bundle} cannot be read as certificates") from error
    return context


def _forms(address: _Address) -> list[_Address]:
    """What an address stands for: itself, and the IPv4 addresses that hide in it. A mapped address and one of
    a NAT64 gateway (the only way out of an IPv6-only network) are nothing but their IPv4 address."""
    if isinstance(address, ipaddress.IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address in _NAT64:
        return [ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)]
    hidden = [address.sixtofour, *(address.teredo or ())]
    return [address, *(form for form in hidden if form)]


def _is_public(address: _Address) -> bool:
    if address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return address.is_global and not any(address in network for network in _NEVER)


def _refused(detail: str) -> AddressRefused:
    return AddressRefused(
        "address-refused",
        "Your LMS gave this tool an address that it must not call. An LMS administrator should check the "
        "addresses in the tool's settings: they have to begin with https and be reachable from outside.",
        detail,
    )


def _seconds_until(value: str) -> float:
    """Seconds until an HTTP date. Raises ValueError."""
    moment = parsedate_to_datetime(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()
