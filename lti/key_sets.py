"""The platforms' public keys: parsed once, fetched again when they must be, kept when the host fails.

Order of places: the memory of this process, the document that the application kept, the platform's host.
The host is asked when a token names a key we do not have, at most once a minute per platform, and once a
day so that a key which the platform withdrew does not live here for ever. An unreachable host never stops
launches whose key we have.
"""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc import jwk
from joserfc.errors import JoseError

from lti.errors import LaunchRefused, ServiceError
from lti.http import HttpClient
from lti.refusals import LaunchCode
from lti.stores import Platform, Platforms

FETCH_SECONDS = 3.0
LONGEST = 1_000_000  # bytes; Brightspace's is over 64 KB
AGAIN_AFTER = timedelta(seconds=60)
STALE_AFTER = timedelta(days=1)
STALE_AGAIN_AFTER = timedelta(minutes=15)  # a stale set may cost one slow launch in a quarter of an hour
_NEVER = datetime.min.replace(tzinfo=UTC)
_RSA_LETTERS = (342, 1366)  # base64url letters of a modulus of 2048 and of 8192 bits
_SAME_KID = 3  # keys that share a kid and an algorithm and may each be tried


@dataclass(frozen=True, slots=True)
class PlatformKey:
    """A public key that may verify, ready to use."""

    kid: str
    alg: str
    key: jwk.Key


@dataclass(frozen=True, slots=True)
class _Known:
    """A key set document, parsed; replaced as a whole, so threads never see half of one."""

    document: str | None = None
    keys: tuple[PlatformKey, ...] = ()
    fetched_at: datetime = _NEVER


@dataclass(slots=True)
class _Memory:
    """What this process knows of one platform."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    known: _Known = field(default_factory=_Known)
    tried_at: datetime = _NEVER
    failure: str = ""


class KeySets:
    """Keep one for the life of the process and share it between threads."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http
        self._memories: dict[tuple[int, str], _Memory] = {}

    def matching(self, platform: Platform, *, kid: str, alg: str, platforms: Platforms, now: datetime) -> list[jwk.Key]:
        """The keys that a token with this header may be signed with; never empty.

        Raises LaunchRefused: key-unknown, keys-unreachable.
        """
        # The address is part of the key: a registration that moves, or takes over a freed id, starts afresh.
        memory = self._memories.setdefault((platform.id, platform.key_set_url), _Memory())
        if platform.key_set is not None and platform.key_set != memory.known.document:
            _learn(memory, platform)
        found = _select(memory, kid, alg)
        if _may_fetch(memory, now, is_missing=not found):
            self._fetch_once(memory, platform, platforms, now, is_missing=not found)
            found = _select(memory, kid, alg)
        if not found and memory.failure:
            raise LaunchRefused(LaunchCode.KEYS_UNREACHABLE, memory.failure)
        if not found:
            raise LaunchRefused(LaunchCode.KEY_UNKNOWN, f"{len(memory.known.keys)} usable keys, none by that kid")
        return found

    def _fetch_once(
        self, memory: _Memory, platform: Platform, platforms: Platforms, now: datetime, *, is_missing: bool
    ) -> None:
        """One thread fetches. Those whose key is missing wait for what it finds; those whose key set is
        only stale go on with the key they have."""
        if not memory.lock.acquire(blocking=is_missing):
            return
        try:
            if _may_fetch(memory, now, is_missing=is_missing):
                self._fetch(memory, platform, platforms, now)
        finally:
            memory.lock.release()

    def _fetch(self, memory: _Memory, platform: Platform, platforms: Platforms, now: datetime) -> None:
        try:
            answer = self._http.get(
                platform.key_set_url,
                headers={"Accept": "application/json"},
                seconds=FETCH_SECONDS,
                longest=LONGEST,
            )
            document = answer.text()
        except ServiceError as error:
            memory.failure = str(error)
            return
        finally:
            memory.tried_at = now
        keys = parse(document)
        if not keys:
            memory.failure = "the key set address answers without a usable key"
            return
        memory.known, memory.failure = _Known(document, keys, now), ""
        platforms.keep_key_set(platform.id, document, now)


def parse(document: str) -> tuple[PlatformKey, ...]:
    """The usable keys of a key set document; what is odd in it is left out, nothing raises."""
    try:
        found = json.loads(document)
    except (ValueError, RecursionError):
        return ()
    entries = found.get("keys") if isinstance(found, dict) else None
    return tuple(_usable(entries)) if isinstance(entries, list) else ()


def _usable(entries: list[Any]) -> Iterator[PlatformKey]:
    for entry in entries:
        if isinstance(entry, dict) and _may_verify(entry) and (key := _key(entry)):
            yield key


def _may_verify(entry: dict[str, Any]) -> bool:
    """Whether its own words allow it to verify signatures; saying nothing allows it."""
    operations = entry.get("key_ops")
    return (
        isinstance(entry.get("kid"), str)
        and entry.get("use") in (None, "sig")
        and (operations is None or (isinstance(operations, list) and "verify" in operations))
    )


def _key(entry: dict[str, Any]) -> PlatformKey | None:
    """The key, by its kty and curve: `alg` is optional in a JWK. Only the public members are looked at."""
    stated = entry.get("alg")
    try:
        match entry:
            case {"kty": "RSA", "n": str(n), "e": str(e)} if stated in (None, "RS256"):
                if not _RSA_LETTERS[0] <= len(n) <= _RSA_LETTERS[1]:
                    return None
                rsa = jwk.RSAKey.import_key({"kty": "RSA", "n": n, "e": e})
                return PlatformKey(entry["kid"], "RS256", rsa)
            case {"kty": "EC", "crv": "P-256", "x": str(x), "y": str(y)} if stated in (None, "ES256"):
                ec = jwk.ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})
                return PlatformKey(entry["kid"], "ES256", ec)
    except (JoseError, ValueError, TypeError, UnsupportedAlgorithm):
        return None
    return None


def _learn(memory: _Memory, platform: Platform) -> None:
    """Take over what the application kept, when it is newer than what we know."""
    kept_at = platform.key_set_fetched_at or _NEVER
    if platform.key_set is not None and kept_at >= memory.known.fetched_at:
        memory.known = _Known(platform.key_set, parse(platform.key_set), kept_at)


def _select(memory: _Memory, kid: str, alg: str) -> list[jwk.Key]:
    return [key.key for key in memory.known.keys if key.kid == kid and key.alg == alg][:_SAME_KID]


def _may_fetch(memory: _Memory, now: datetime, *, is_missing: bool) -> bool:
    fetched_at = memory.known.fetched_at
    last = max(memory.tried_at, fetched_at)
    if is_missing:
        return now - last > AGAIN_AFTER
    return now - fetched_at > STALE_AFTER and now - last > STALE_AGAIN_AFTER
