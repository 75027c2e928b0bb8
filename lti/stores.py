"""What the application keeps for us, and in which shape it hands it over.

The library has no tables. The application fulfils three protocols (`Platforms`, `Nonces`, `ToolKeys`) and
gives `Platform` values; all dates are aware, in UTC.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from lti.keys import SigningKey
from lti.urls import WebUrl, split


@dataclass(frozen=True, slots=True)
class Platform:
    """One registration with an LMS: issuer and client id.

    `hosts` are the hosts its service addresses may live on: "lms.example.org" (any port),
    "lms.example.org:8443" (that port only) or "*.example.org" (every host below it).
    `key_set` is the text of the last good key set document, `key_set_fetched_at` when it was read.
    `adopts_first_deployment` lets the first launch bring the deployment id, while `deployments` is empty.
    """

    id: int
    issuer: str
    client_id: str
    authorization_url: str
    token_url: str
    key_set_url: str
    token_audience: str | None = None
    family: str | None = None
    active: bool = True
    deployments: frozenset[str] = frozenset()
    adopts_first_deployment: bool = False
    key_set: str | None = field(default=None, repr=False)
    key_set_fetched_at: datetime | None = None
    hosts: frozenset[str] = frozenset()

    def serves(self, url: str) -> bool:
        """Whether an address that came in a claim lives on a host of this platform."""
        parts = split(url)
        return parts is not None and any(_matches(entry.lower(), parts) for entry in self.hosts)


class Platforms(Protocol):
    """The registrations. `find` and `get` return inactive ones too: the refusal then says so."""

    def find(self, issuer: str, client_id: str | None) -> list[Platform]:
        """All registrations of an issuer, or those with this client id."""

    def get(self, id: int) -> Platform | None:
        """The registration with this id."""

    def keep_key_set(self, id: int, document: str, fetched_at: datetime) -> None:
        """Keep the text of a key set that was just read from the platform's registered address."""


class Nonces(Protocol):
    """The only record of a launch's one use."""

    def use(self, nonce: str, expires_at: datetime) -> bool:
        """Mark a nonce as used, atomically; False if it was used before. It may be forgotten after
        `expires_at`, when the state that it belongs to is too old anyway."""


class ToolKeys(Protocol):
    """Our own keys. `signing` hands out a parsed key that is kept: parsing PEM costs 30 ms and more."""

    def signing(self) -> SigningKey:
        """The key that signs now."""

    def published(self) -> list[Mapping[str, Any]]:
        """The public keys, as JWK, that platforms may need now."""


def hosts_of(urls: Iterable[str]) -> frozenset[str]:
    """The hosts of some addresses, as `Platform.hosts` wants them; what is no web address is left out."""
    return frozenset(parts.host for url in urls if (parts := split(url)))


def _matches(entry: str, parts: WebUrl) -> bool:
    if entry.startswith("*."):
        return parts.host.endswith(entry[1:]) and len(parts.host) > len(entry[1:])
    return entry in (parts.host, f"{parts.host}:{parts.port}")
