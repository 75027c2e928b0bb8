"""The HTTP client of one round of checks: the shared one, held to the time that the round has left.

It also notes what the answers say the time is, and names what went wrong with a call.
"""

from __future__ import annotations

import re
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from lti.errors import (
    AddressRefused,
    AnswerUnreadable,
    PlatformRefused,
    ScopeMissing,
    ServiceError,
    TokenRefused,
    Unreachable,
)
from lti.http import LONGEST, Answer, HttpClient
from lti.urls import origin, split
from plugin import clock
from plugin.actions.doctor.findings import Fact

CALL_SECONDS = 5.0  # that one call may take
ROUND_SECONDS = 20.0  # that all calls of a round may take together

_SLUG = re.compile(r"[a-z_]{1,40}")  # of OAuth 2.0 (RFC 6749, 5.2); what looks otherwise may be anybody's words
_SHOWN = 200  # characters of an address

Trouble = tuple[str, Mapping[str, Fact]]
"""The code of what went wrong with a call, and its facts."""


class OutOfTime(Unreachable):
    """The round is over: this call was not made."""


@dataclass(frozen=True)
class Tick:
    """What an answer says the time is, and when it was ours: between `sent_at` and `come_at`."""

    says: datetime
    sent_at: datetime
    come_at: datetime

    @property
    def ahead(self) -> float:
        """Seconds by which the LMS's clock runs ahead of ours, at least; 0 where both may be right."""
        least = (self.says - self.come_at).total_seconds()
        most = (self.says - self.sent_at).total_seconds() + 1  # a Date header knows whole seconds
        return max(least, 0.0) or min(most, 0.0)


class Wire(HttpClient):
    """The shared client for one round. `ticks` are the times of the answers, by host."""

    def __init__(self, http: HttpClient, *, seconds: float = ROUND_SECONDS) -> None:
        self.guard = http.guard
        self._http, self._ends = http, time.monotonic() + seconds
        self.ticks: list[Tick] = []

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        seconds: float = CALL_SECONDS,
        longest: int = LONGEST,
    ) -> Answer:
        """As `HttpClient.send`, within the time of the round.

        Raises:
            OutOfTime: there is none left.
        """
        left = self._ends - time.monotonic()
        if left <= 0:
            raise OutOfTime("the round of checks is over")
        sent_at = clock.now()
        answer = self._http.send(
            method,
            url,
            headers=headers,
            body=body,
            seconds=min(seconds, CALL_SECONDS, left),
            longest=longest,
        )
        if says := _date(answer):
            self.ticks.append(Tick(says, sent_at, clock.now()))
        return answer


def _date(answer: Answer) -> datetime | None:
    try:
        found = parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, TypeError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def shown(url: str) -> str:
    """An address as it may be shown: without its query, in which an LMS may put anything; "" for what is none."""
    base = origin(url)
    if base is None:
        return ""
    path = url.partition("//")[2].partition("?")[0].partition("#")[0].partition("/")[2]
    return f"{base}/{path}"[:_SHOWN]


def trouble(error: ServiceError, url: str) -> Trouble:
    """What went wrong with a call to an address."""
    facts: dict[str, Fact] = {"address": shown(url)}
    match error:
        case OutOfTime():
            return "no-time", {"seconds": int(ROUND_SECONDS)}
        case AddressRefused():
            code = error.code
        case AnswerUnreadable():
            code = _nonsense(error)
        case ScopeMissing():
            code = "right-missing"
        case TokenRefused() if 400 <= error.answered < 500 and error.answered != 429:
            code, facts["status"] = "token-refused", error.answered
            facts["error"] = error.error if _SLUG.fullmatch(error.error) else "-"
        case PlatformRefused():
            code, facts["status"] = _status(error), error.answered
        case _:
            code, facts["host"], facts["seconds"] = _silence(error), _host(url), int(CALL_SECONDS)
    return code, facts


def _host(url: str) -> str:
    parts = split(url)
    return parts.host if parts else ""


def _silence(error: ServiceError) -> str:
    """Why nobody answered."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            return "certificate"
        if isinstance(cause, TimeoutError):
            return "slow"
    if "the name " in error.detail or "has no address" in error.detail:
        return "name-unknown"
    return "unreachable"


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _nonsense(error: AnswerUnreadable) -> str:
    if error.detail.startswith("longer than"):
        return "too-long"
    return "page-instead" if "html" in error.detail else "not-readable"


def _status(error: PlatformRefused) -> str:
    if 300 <= error.answered < 400:
        return "redirect"
    if error.answered in (401, 403):
        return "service-refused"
    if error.answered in (404, 410):
        return "not-there"
    if error.answered in (425, 429):
        return "busy"
    return "lms-trouble" if error.answered >= 500 else "not-taken"
