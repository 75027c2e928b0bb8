"""Keys: the platform's own pair, and the public keys of tools, fetched from their key sets."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import urllib3
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeyParameters, RSAKey

FETCH_SECONDS = 3.0
LARGEST_KEY_SET = 256 * 1024
ABOUT: KeyParameters = {"use": "sig", "alg": "RS256"}


class PlatformKeys:
    """Signing keys of the LMS. The newest signs; older ones stay published until they are retired."""

    def __init__(self, keys: Sequence[RSAKey] | None = None) -> None:
        self._keys = list(keys) if keys else [_fresh()]

    @classmethod
    def from_pems(cls, pems: Sequence[str]) -> "PlatformKeys":
        return cls([_named(RSAKey.import_key(pem, ABOUT)) for pem in pems])

    def copy(self) -> "PlatformKeys":
        """Keys of another LMS that begins with the same ones; making and reading keys is slow."""
        return PlatformKeys(self._keys)

    @property
    def current(self) -> RSAKey:
        return self._keys[-1]

    def rotate(self, *, retire_old: bool = False) -> str:
        """Start to sign with a fresh key; answer its `kid`."""
        fresh = _fresh()
        self._keys = [fresh] if retire_old else [*self._keys, fresh]
        return str(fresh.kid)

    def key_set(self) -> dict[str, Any]:
        """The public JSON Web Key Set."""
        return {"keys": [key.as_dict(private=False) for key in self._keys]}

    def pems(self) -> list[str]:
        return [key.as_pem(private=True).decode() for key in self._keys]

    def sign(self, claims: dict[str, Any], header: dict[str, Any] | None = None) -> str:
        """A compact JWT over `claims`, RS256 with the current key; `header` adds to or replaces header fields."""
        fields = {"alg": "RS256", "kid": self.current.kid, "typ": "JWT", **(header or {})}
        return jwt.encode(fields, claims, self.current)


def _fresh() -> RSAKey:
    return _named(RSAKey.generate_key(2048, ABOUT))


def _named(key: RSAKey) -> RSAKey:
    """With its thumbprint as `kid`, which stays the same when the key is read from a file."""
    key.ensure_kid()
    return key


class KeyUnavailable(Exception):
    """The tool's key set cannot be had, or holds no usable key of that `kid`; the text says which."""


@dataclass(frozen=True, slots=True)
class _KeySet:
    keys: dict[str, RSAKey]


class ToolKeys:
    """Public keys of tools by address of the key set and `kid`; fetched once, and again for an unknown `kid`."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sets: dict[str, _KeySet] = {}
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(total=FETCH_SECONDS), retries=False, headers={"User-Agent": "Riverbend-LMS"}
        )
        self.fetches = 0

    def key(self, key_set_url: str, kid: str) -> RSAKey:
        """The key, or KeyUnavailable."""
        with self._lock:
            known = self._sets.get(key_set_url)
        if known is None or kid not in known.keys:
            known = self._fetch(key_set_url)
        try:
            return known.keys[kid]
        except KeyError:
            raise KeyUnavailable(f"the key set at {key_set_url} has no signing key {kid!r}") from None

    def _fetch(self, url: str) -> _KeySet:
        try:
            answer = self._http.request("GET", url, headers={"Accept": "application/json"}, preload_content=False)
            body = answer.read(LARGEST_KEY_SET + 1)
            answer.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise KeyUnavailable(f"the key set at {url} cannot be fetched: {error}") from error
        if answer.status != 200 or len(body) > LARGEST_KEY_SET:
            raise KeyUnavailable(f"the key set at {url} answered {answer.status} with {len(body)} bytes")
        found = _KeySet(_signing_keys(url, body))
        with self._lock:
            self.fetches += 1
            self._sets[url] = found
        return found


def _signing_keys(url: str, body: bytes) -> dict[str, RSAKey]:
    try:
        entries = json.loads(body)["keys"]
        usable = [entry for entry in entries if entry.get("kty") == "RSA" and entry.get("use", "sig") == "sig"]
        return {entry["kid"]: RSAKey.import_key(entry) for entry in usable}
    except (ValueError, KeyError, TypeError, AttributeError, JoseError) as error:
        raise KeyUnavailable(f"what {url} answers is not a key set: {error!r}") from error


def random_id() -> str:
    """An unguessable name for a client, token or launch."""
    return secrets.token_urlsafe(18)
