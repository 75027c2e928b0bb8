"""Addresses: which ones we take for a web address, and which are the tool's own."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

LONGEST = 4000  # characters of an address that we call

# A plain host, a possible port, then path, query, fragment or nothing. Stricter than urllib: no credentials
# fit in, nor a host that two parsers could read in two ways.
_WEB_URL = re.compile(
    r"(https?)://([a-z0-9_.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::([0-9]{1,5}))?(?=[/?#]|\Z)", re.IGNORECASE
)
_ODD = re.compile(r"[^\x21-\x7e]|[\\<>\"]")  # browsers read a backslash as a slash
_PORTS = {"http": 80, "https": 443}


class WebUrl(NamedTuple):
    """Where an address leads: scheme, host (lower case, an IPv6 address without brackets) and port."""

    scheme: str
    host: str
    port: int


@lru_cache(maxsize=1000)
def split(url: str) -> WebUrl | None:
    """Where an http or https address leads; None for everything else, credentials and odd letters included."""
    found = _WEB_URL.match(url)
    if found is None or _ODD.search(url):
        return None
    scheme, host, port = found[1].lower(), found[2].lower().strip("[]"), int(found[3] or 0)
    if found[3] is not None and not 0 < port < 65_536:
        return None
    if found[2].startswith("[") and not _is_ipv6(host):
        return None
    return WebUrl(scheme, host, port or _PORTS[scheme])


def _is_ipv6(host: str) -> bool:
    try:
        IPv6Address(host)
    except ValueError:
        return False
    return True


def is_web_url(url: str) -> bool:
    """Whether this is an http or https address without credentials or odd letters."""
    return split(url) is not None


@lru_cache(maxsize=256)
def origin(url: str) -> str | None:
    """Scheme, host and port as a browser writes an origin: "https://lms.example.org"."""
    parts = split(url)
    if parts is None:
        return None
    host = f"[{parts.host}]" if ":" in parts.host else parts.host
    return f"{parts.scheme}://{host}" + ("" if parts.port == _PORTS[parts.scheme] else f":{parts.port}")


def target(url: str) -> str:
    """What a request for an address asks its host for: path and query."""
    found = _WEB_URL.match(url)
    rest = url[found.end() if found else 0 :].partition("#")[0]
    return rest if rest.startswith("/") else f"/{rest}"


def below(url: str, name: str) -> str:
    """An address one level below, before the query: Moodle's line items end in "?type_id=2"."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/" + name, fragment=""))


def with_query(url: str, added: Mapping[str, str]) -> str:
    """An address with more parameters after those it has."""
    parts = urlsplit(url)
    query = "&".join(part for part in (parts.query, urlencode(added)) if part)
    return urlunsplit(parts._replace(query=query, fragment=""))


def has_parameter(url: str, name: str) -> bool:
    """Whether an address has a parameter of this name in its query."""
    return any(key == name for key, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Tool:
    """Our own addresses: `base_url` is the public origin (a path may follow), `launch_url` the address
    that platforms post launches to, exactly as it is registered with them."""

    base_url: str
    launch_url: str

    def owns(self, url: str) -> bool:
        """Whether an address is at or below our base address."""
        parts = split(url)
        here, base = _base(self.base_url)
        if parts is None or parts != here:
            return False
        if not base:
            return True
        path = urlsplit(url).path
        return path == base or path.startswith(base + "/")


@lru_cache(maxsize=16)
def _base(url: str) -> tuple[WebUrl | None, str]:
    """Where our base address leads, and its path without a slash at the end."""
    return split(url), urlsplit(url).path.rstrip("/")
