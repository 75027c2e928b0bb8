"""Access tokens for the platform's services: client credentials with a signed assertion (security framework
4.1), kept in this process until they run out.

Ask for the least: Sakai refuses a whole request when one of its scopes is not allowed, Moodle answers with
fewer scopes than were asked.
"""

import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from lti import quirks
from lti.errors import AnswerUnreadable, ScopeMissing, TokenRefused
from lti.http import Answer, HttpClient
from lti.stores import Platform, ToolKeys

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIFE = 180  # seconds; platforms want at most five minutes
_CLOCK_SLACK = 5  # our clock may run ahead of a platform that refuses an iat in its future
_MARGIN = 60.0  # seconds before its end at which a token is no longer used
_DEFAULT_LIFE = 300.0  # when the platform does not say (RFC 6749, 5.1 only recommends it)
_LONGEST_LIFE = 24 * 3600.0
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")

_Key = tuple[int, str, str, frozenset[str]]


@dataclass(slots=True)
class _Kept:
    lock: threading.Lock = field(default_factory=threading.Lock)
    token: str = ""
    good_until: float = 0.0


class AccessTokens:
    """Keep one for the life of the process and share it between threads. `clock` gives Unix seconds."""

    def __init__(self, http: HttpClient, keys: ToolKeys, *, clock: Callable[[], float] = time.time) -> None:
        self._http = http
        self._keys = keys
        self._clock = clock
        self._kept: dict[_Key, _Kept] = {}

    def get(self, platform: Platform, scopes: Iterable[str]) -> str:
        """A token with these scopes, from the platform or from memory. Threads that want the same token
        wait for one request.

        Raises TokenRefused, ScopeMissing, Unreachable, AddressRefused, AnswerUnreadable.
        """
        wanted = frozenset(scopes)
        kept = self._kept.setdefault(_key(platform, wanted), _Kept())
        with kept.lock:
            if self._clock() >= kept.good_until:
                kept.token, life = self._request(platform, wanted)
                kept.good_until = self._clock() + life - min(_MARGIN, life / 2)
            return kept.token

    def drop(self, platform: Platform, scopes: Iterable[str], token: str) -> None:
        """Forget a token that the platform no longer takes, unless a newer one came meanwhile."""
        kept = self._kept.get(_key(platform, frozenset(scopes)))
        if kept is not None:
            with kept.lock:
                if kept.token == token:
                    kept.good_until = 0.0

    def _request(self, platform: Platform, wanted: frozenset[str]) -> tuple[str, float]:
        """A new token and its life in seconds."""
        answer = self._http.send(
            "POST",
            platform.token_url,
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            body=urlencode(
                {
                    "grant_type": "client_credentials",
                    "client_assertion_type": _ASSERTION,
                    "client_assertion": self._assertion(platform),
                    "scope": " ".join(sorted(wanted)),
                }
            ).encode("ascii"),
        )
        if not 200 <= answer.status < 300:
            raise TokenRefused(answer.status, error=_error_slug(answer), retry_after=answer.retry_after)
        return _granted(answer.json(), wanted)

    def _assertion(self, platform: Platform) -> str:
        now = int(self._clock())
        return self._keys.signing().sign(
            {
                "iss": platform.client_id,
                "sub": platform.client_id,
                "aud": audience_of(platform),
                "iat": now - _CLOCK_SLACK,
                "exp": now + _ASSERTION_LIFE,
                "jti": secrets.token_urlsafe(24),
            }
        )


def audience_of(platform: Platform) -> str:
    """What a platform's token endpoint wants to be called: as it was registered, as all of its make want it, or by its
    own address (security framework, 4.1.1)."""
    return platform.token_audience or quirks.of(platform.family).token_audience or platform.token_url


def _key(platform: Platform, scopes: frozenset[str]) -> _Key:
    """A registration that gets another client or takes over a freed id shares no token with the former."""
    return platform.id, platform.client_id, platform.token_url, scopes


def _granted(found: Any, wanted: frozenset[str]) -> tuple[str, float]:
    """Token and life from the token endpoint's answer."""
    token = found.get("access_token") if isinstance(found, dict) else None
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise AnswerUnreadable("the token endpoint gave no access_token")
    scope = found.get("scope")
    missing = wanted - frozenset(scope.split()) if isinstance(scope, str) and scope.strip() else frozenset()
    if missing:
        raise ScopeMissing("not granted: " + " ".join(sorted(missing)))
    return token, _life(found.get("expires_in"))


def _life(stated: object) -> float:
    """Seconds of life; some platforms write the number as a string."""
    try:
        life = float(stated) if isinstance(stated, int | float | str) else _DEFAULT_LIFE
    except (ValueError, OverflowError):
        return _DEFAULT_LIFE
    return min(life, _LONGEST_LIFE) if life > 0 else _DEFAULT_LIFE


def _error_slug(answer: Answer) -> str:
    """The `error` member of an OAuth 2.0 error answer, "" when there is none."""
    try:
        found = answer.json()
    except AnswerUnreadable:
        return ""
    error = found.get("error") if isinstance(found, dict) else None
    return error[:60] if isinstance(error, str) else ""
