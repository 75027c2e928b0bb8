"""The checks that ask the LMS, in the way of the daily work: one scope for each token, exact media types, its own hosts
only, no redirects. Each ends by itself; none can end another.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Any

from lti import quirks
from lti.claims import SCOPE_LINE_ITEM, SCOPE_MEMBERS, SCOPE_RESULT_READ, SCOPE_SCORE
from lti.errors import AnswerUnreadable, ScopeMissing, ServiceError, TokenRefused
from lti.grades import LINE_ITEMS, Grades
from lti.http import HttpClient
from lti.key_sets import LONGEST as LONGEST_KEYS
from lti.key_sets import parse
from lti.quirks import Outcome
from lti.rosters import MEMBERS
from lti.scores import ActivityProgress, GradingProgress, Score
from lti.services import Services
from lti.stores import ToolKeys
from lti.tokens import AccessTokens, audience_of
from lti.urls import with_query
from plugin import clock
from plugin.actions.doctor.findings import Check, Fact, Finding
from plugin.actions.doctor.known import Case
from plugin.actions.doctor.wire import CALL_SECONDS, ROUND_SECONDS, Tick, Wire, trouble
from plugin.domain import scores

log = logging.getLogger("practicum.doctor")

PAGES = 3  # of a list of columns
PEOPLE = 50  # of a roster: Moodle would send all of them
CLOCK_SLACK = timedelta(seconds=30)  # launches are let in with 60
COMMENT = "Connection test of Practicum"
GRACE = 0.5  # seconds for a round to say that its time is over

RIGHTS = {
    Check.MAY_SCORE: SCOPE_SCORE,
    Check.MAY_RESULT: SCOPE_RESULT_READ,
    Check.MAY_COLUMN: SCOPE_LINE_ITEM,
    Check.MAY_ROSTER: SCOPE_MEMBERS,
}


@dataclass
class _Round:
    """One visit at an LMS. Scopes that it gave, and scopes that it did not; the others it was not asked for."""

    case: Case
    wire: Wire
    keys: ToolKeys
    granted: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    found: list[Finding] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tokens = AccessTokens(self.wire, self.keys, clock=lambda: clock.now().timestamp())
        self.services = Services(self.wire, self.tokens)
        self.grades = Grades(self.services)

    def lacks(self, check: Check, scope: str) -> Finding | None:
        """Why a service cannot be asked: no right, or no token."""
        if scope in self.granted:
            return None
        return Finding(check, "needs-right" if scope in self.refused else "needs-token")

    def failed(self, check: Check, error: ServiceError, url: str, **facts: Fact) -> Finding:
        """A call that did not go well."""
        token = isinstance(error, TokenRefused | ScopeMissing)
        code, told = trouble(error, self.case.platform.token_url if token else url)
        return Finding(check, code, {**told, **facts})


def ask(case: Case, http: HttpClient, keys: ToolKeys, *, seconds: float = ROUND_SECONDS) -> list[Finding]:
    """Ask the LMS; takes at most `seconds` and a little, whatever it does.

    The calls have a thread of their own: the look-up of a name is the one thing that no time-out of ours ends.
    """
    visit = _Round(case, Wire(http, seconds=seconds), keys)
    thread = threading.Thread(target=_work, args=(visit,), name="practicum-doctor", daemon=True)
    thread.start()
    thread.join(seconds + GRACE)
    found = [*visit.found, _clock(list(visit.wire.ticks))]
    answered = {finding.check for finding in found}
    late = [check for check, _ in CHECKS if check not in answered]
    return found + [Finding(check, "no-time", {"seconds": int(seconds)}) for check in late]


def _work(visit: _Round) -> None:
    for check, look in CHECKS:
        try:
            visit.found.extend(_findings(look(visit)))
        except Exception as error:
            # kind only: its words may quote what the LMS sent
            log.error("check %s of platform %d: %s", check, visit.case.platform.id, type(error).__name__)
            visit.found.append(Finding(check, "accident"))


def _findings(found: Finding | Iterable[Finding]) -> Iterable[Finding]:
    return (found,) if isinstance(found, Finding) else found


def _keys(visit: _Round) -> Finding:
    """Whether the LMS's public keys can be read, and hold one that may sign."""
    platform = visit.case.platform
    kept = {"kept_hours": _hours(visit.case)} if platform.key_set else {}
    try:
        answer = visit.wire.get(
            platform.key_set_url, headers={"Accept": "application/json"}, seconds=CALL_SECONDS, longest=LONGEST_KEYS
        )
        answer.json()
        keys = parse(answer.text())
    except ServiceError as error:
        code, facts = trouble(error, platform.key_set_url)
        return Finding(Check.KEYS, code, {**facts, **kept})
    size = {"count": len(keys), "kilobytes": -(-len(answer.body) // 1024), **kept}
    if not keys:
        _, facts = trouble(AnswerUnreadable(""), platform.key_set_url)
        return Finding(Check.KEYS, "keys-none", {**facts, **size})
    known = {key.kid for key in parse(platform.key_set or "")}
    is_new = bool(known) and known.isdisjoint(key.kid for key in keys)
    return Finding(Check.KEYS, "keys-changed" if is_new else "keys-well", size)


def _hours(case: Case) -> int:
    fetched_at = case.platform.key_set_fetched_at or case.at
    return max(0, int((case.at - fetched_at).total_seconds() // 3600))


def _clock(ticks: list[Tick]) -> Finding:
    """Whether the LMS's clock and ours agree, by what its answers say."""
    if not ticks:
        return Finding(Check.CLOCK, "clock-unseen")
    ahead = min((tick.ahead for tick in ticks), key=abs)  # a slow answer says less
    if abs(ahead) <= CLOCK_SLACK.total_seconds():
        return Finding(Check.CLOCK, "clock-well")
    return Finding(Check.CLOCK, "clock-ahead" if ahead > 0 else "clock-behind", {"seconds": round(abs(ahead))})


def _token(visit: _Round) -> Iterator[Finding]:
    """Whether the LMS gives us tokens, and with which rights. Each is asked for by itself, as the daily work does: an
    LMS that refuses a whole request for one scope (Sakai) still gives the others.
    """
    for scope in RIGHTS.values():
        try:
            visit.tokens.get(visit.case.platform, [scope])
            visit.granted.add(scope)
        except ServiceError as error:
            if not _is_about_scope(error):
                yield _no_token(visit, error)
                break
            visit.refused.add(scope)
    else:
        yield Finding(Check.TOKEN, "token-well" if visit.granted else "token-no-right")
    for check, scope in RIGHTS.items():
        yield Finding(check, _right(visit, check, scope))


def _is_about_scope(error: ServiceError) -> bool:
    return isinstance(error, ScopeMissing) or (isinstance(error, TokenRefused) and error.error == "invalid_scope")


def _no_token(visit: _Round, error: ServiceError) -> Finding:
    platform = visit.case.platform
    wanted = quirks.of(platform.family).token_audience
    code, facts = trouble(error, platform.token_url)
    if code == "token-refused" and wanted not in (None, audience_of(platform)):
        return Finding(Check.TOKEN, "token-audience", {"wanted": wanted})
    return Finding(Check.TOKEN, code, facts)


def _right(visit: _Round, check: Check, scope: str) -> str:
    if scope in visit.granted:
        return "right-granted"
    if scope not in visit.refused:
        return "needs-token"
    if check is Check.MAY_ROSTER and visit.case.course.memberships_url is None:
        return "roster-not-offered"
    return f"{check.value}-refused"


def _column(visit: _Round) -> Finding:
    """Whether the LMS lists gradebook columns, and ours is among them."""
    course = visit.case.course
    if not course.context_id:
        return Finding(Check.COLUMN, "needs-launch")
    if course.line_items_url is None and not course.columns:
        return Finding(Check.COLUMN, "column-not-offered")
    if lacking := visit.lacks(Check.COLUMN, SCOPE_LINE_ITEM):
        return lacking
    url = course.line_items_url or course.columns[0]
    facts: dict[str, Fact] = {"course": course.shown_id}
    try:
        found = _listed(visit, url) if course.line_items_url else {visit.grades.line_item(visit.case.platform, url).id}
    except ServiceError as error:
        return visit.failed(Check.COLUMN, error, url, **facts)
    facts["count"] = len(found)
    if not course.columns:
        return Finding(Check.COLUMN, "column-none", facts)
    return Finding(Check.COLUMN, "column-well" if found & set(course.columns) else "column-gone", facts)


def _listed(visit: _Round, url: str) -> set[str]:
    """Addresses of the columns on the first pages of a list."""
    found: set[str] = set()
    pages = visit.services.pages(visit.case.platform, url, scope=SCOPE_LINE_ITEM, accept=LINE_ITEMS)
    for answer in islice(pages, PAGES):
        entries = answer.json() if answer.body.strip() else []  # Sakai's empty list
        if not isinstance(entries, list):
            raise AnswerUnreadable("a list was promised")
        urls = [entry.get("id") for entry in entries if isinstance(entry, dict)]
        found |= {address for address in urls if isinstance(address, str)}
    return found


def _score(visit: _Round) -> Finding:
    """Whether a score arrives: posted for the test user whom somebody named, and read back."""
    case = visit.case
    if case.score_for is None:
        return Finding(Check.SCORE, "score-not-asked")
    if not case.course.columns:
        return Finding(Check.SCORE, "score-no-column")
    if lacking := visit.lacks(Check.SCORE, SCOPE_SCORE):
        return lacking
    column = case.course.columns[0]
    score = Score(
        user_id=case.score_for,
        activity=ActivityProgress.COMPLETED,
        grading=GradingProgress.FULLY_GRADED,
        at=scores.stamp(clock.now(), None),
        given=scores.MAXIMUM,
        maximum=scores.MAXIMUM,
        comment=COMMENT,
    )
    try:
        visit.grades.post_score(case.platform, column, score)
    except ServiceError as error:
        return _not_taken(visit, error, column)
    return _read_back(visit, column, case.score_for)


def _not_taken(visit: _Round, error: ServiceError, column: str) -> Finding:
    verdict = quirks.judge(visit.case.platform.family, error)
    if verdict.outcome is Outcome.GONE:
        return Finding(Check.SCORE, "score-no-learner", {"course": visit.case.course.shown_id})
    if verdict.outcome is Outcome.NEWER_THERE:
        return Finding(Check.SCORE, "score-newer")
    return visit.failed(Check.SCORE, error, column)


def _read_back(visit: _Round, column: str, user_id: str) -> Finding:
    if SCOPE_RESULT_READ not in visit.granted:
        return Finding(Check.SCORE, "score-sent")
    try:
        results = visit.grades.results(visit.case.platform, column, user_id)
    except ServiceError:
        return Finding(Check.SCORE, "score-sent")  # taken it has; many do not let us look
    for result in results:
        shown = scores.Shown(result.score, result.maximum, result.comment)
        if scores.shows(shown, scores.MAXIMUM, None):
            return Finding(Check.SCORE, "score-well", {"course": visit.case.course.shown_id})
    return Finding(Check.SCORE, "score-other")


def _roster(visit: _Round) -> Finding:
    """Whether the LMS says who is in a course; the first page tells enough."""
    course = visit.case.course
    if not course.context_id:
        return Finding(Check.ROSTER, "needs-launch")
    if course.memberships_url is None:
        return Finding(Check.ROSTER, "roster-not-offered")
    if lacking := visit.lacks(Check.ROSTER, SCOPE_MEMBERS):
        return lacking
    facts: dict[str, Fact] = {"course": course.shown_id}
    url = with_query(course.memberships_url, {"limit": str(PEOPLE)})
    pages = visit.services.pages(visit.case.platform, url, scope=SCOPE_MEMBERS, accept=MEMBERS)
    try:
        first = next(pages)
        members = _members(first.json()) if first.body.strip() else []  # Sakai's empty roster
    except ServiceError as error:
        return visit.failed(Check.ROSTER, error, course.memberships_url, **facts)
    facts["count"] = len(members)
    if not members:
        return Finding(Check.ROSTER, "roster-empty", facts)
    named = sum(any(member.get(name) for name in ("name", "given_name", "family_name")) for member in members)
    return Finding(Check.ROSTER, "roster-well" if named else "roster-nameless", facts)


def _members(found: Any) -> list[dict[str, Any]]:
    members = found.get("members") if isinstance(found, dict) else None
    if not isinstance(members, list):
        raise AnswerUnreadable("a list of members was promised")
    return [member for member in members if isinstance(member, dict)]


# In this order; what the first finds out, the others use.
CHECKS: tuple[tuple[Check, Callable[[_Round], Finding | Iterable[Finding]]], ...] = (
    (Check.KEYS, _keys),
    (Check.TOKEN, _token),
    (Check.COLUMN, _column),
    (Check.ROSTER, _roster),
    (Check.SCORE, _score),
)
