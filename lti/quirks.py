"""What LMSs really do: one entry per family, chosen by `tool_platform.product_family_code`.

Everything that differs from the standard, and the meaning of each LMS's answers to a score, is in this file
with its reason. The facts were collected in November 2026 from the LMSs' sources and issue threads and, for
Moodle 4.5.6 and Open edX's consumer 11.4, by running them ("run"; everything else is "read"). Check a
quirk against the LMS before a person is told about it by name. Numbers as in "3.1" are sections of the LTI
field notes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from lti.errors import (
    AddressRefused,
    AnswerUnreadable,
    PlatformRefused,
    ScopeMissing,
    ServiceError,
    TokenRefused,
)
from lti.scores import GradingProgress


class Outcome(StrEnum):
    """What follows from an answer to a score."""

    SENT = "sent"
    RETRY = "retry"  # later, with growing pauses
    WAIT = "wait"  # the platform asks for patience: stop for this whole platform
    NEWER_THERE = "newer-there"  # read the result back and compare before sending again
    MEND = "mend"  # somebody has to change a setting; resend by hand afterwards
    GONE = "gone"  # this person cannot get this score; resend by hand if that changes


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome, in words for trainer and coordinator; `code` is the stable name of the sentence. `wait` is
    the platform's wish in seconds. A RETRY with `tries` should be shown as MEND, with the same sentence, once
    it was tried so often."""

    outcome: Outcome
    code: str = ""
    sentence: str = ""
    wait: float | None = None
    tries: int | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    """An answer (its status, and a pattern when one status means several things) and its verdict."""

    status: int
    verdict: Verdict
    says: re.Pattern[str] | None = None

    def fits(self, error: PlatformRefused) -> bool:
        return error.answered == self.status and (self.says is None or bool(self.says.search(error.excerpt)))


@dataclass(frozen=True, slots=True)
class Quirks:
    """One family.

    `tells_without_score`: the grading progress that may be posted without a score and does no harm.
    `comment_is_appended`: each post adds its comment, so a repeated post must not carry it again.
    `results_lack_comment`: a result that is read back may come without the comment that is there.
    `whole_maximum`: a maximum with decimals is refused (we always send whole numbers).
    `score_extension`: members to add to each score.
    `service_hosts`: hosts of its services beyond those in its registration.
    `content_placements`: where it offers to choose content of ours, in its own words.
    `registration_extension`: members to add to our description of ourselves.
    `roster_page`: members that are asked for in one answer.
    `rules` say what its answers to a score mean, `roster_rules` those to a question for the roster.
    `token_audience`: what its token endpoint wants to be called, where that is not its address.
    `tells_history`: it can say what a course or a link was copied from.
    `free_columns`: a column that no link brought reaches its gradebook, too.
    `variables`: its own name of a variable of the standard that it does not know.
    """

    family: str
    tells_without_score: frozenset[GradingProgress] = frozenset(
        {GradingProgress.NOT_READY, GradingProgress.PENDING, GradingProgress.PENDING_MANUAL}
    )
    comment_is_appended: bool = False
    results_lack_comment: bool = False
    whole_maximum: bool = False
    score_extension: Mapping[str, Any] = field(default_factory=dict)
    service_hosts: frozenset[str] = frozenset()
    content_placements: tuple[str, ...] = ("ContentArea",)
    registration_extension: Mapping[str, Any] = field(default_factory=dict)
    roster_page: int = 500
    token_audience: str | None = None
    tells_history: bool = True
    free_columns: bool = True
    variables: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[_Rule, ...] = ()
    roster_rules: tuple[_Rule, ...] = ()


_SENT = Verdict(Outcome.SENT)
_NEWER = Verdict(
    Outcome.NEWER_THERE,
    "newer-there",
    "The LMS holds a later entry for this person. It is read back and compared.",
)
_LEFT = Verdict(
    Outcome.GONE,
    "no-learner",
    "The LMS does not have this person as a learner of that course, so it takes no score for them. When they "
    "are enrolled there again, send the score again.",
)
_NO_COLUMN = Verdict(
    Outcome.MEND,
    "column-gone",
    "The grade column is no longer in the LMS: the activity was deleted or moved. Once somebody opens the "
    "activity from its new place in the course, send the score again.",
)
_NO_RIGHT = Verdict(
    Outcome.MEND,
    "no-right",
    "The LMS does not let this tool write scores. An LMS administrator has to allow grades for this tool; "
    "then send the score again.",
)
# The token was asked for anew already. Mostly a setting, but tokens die early and stores of them lag behind.
_NO_RIGHT_NOW = replace(_NO_RIGHT, outcome=Outcome.RETRY, tries=4)
_NOT_TAKEN = Verdict(
    Outcome.MEND,
    "not-taken",
    "The LMS did not take the score and gave no reason that helps. An LMS administrator should look at the "
    "grade column of this activity; then send the score again.",
)
_BUSY = Verdict(Outcome.WAIT, "busy", "The LMS asks for a pause. The score is sent by itself afterwards.")
_LATER = Verdict(
    Outcome.RETRY, "later", "The LMS could not be reached or had trouble of its own. It is tried again by itself."
)

_ROSTER_KEPT = Verdict(
    Outcome.MEND,
    "roster-not-given",
    "This LMS does not give this tool the list of its course. Members can work all the same. To see who has not "
    "opened it yet, an LMS administrator can allow names and roles for this tool.",
)
_ROSTER_GONE = Verdict(
    Outcome.GONE,
    "roster-course-gone",
    "The LMS no longer knows this course: it was deleted, or the tool was taken out of it. Nothing that members did is "
    "lost. When somebody opens the activity from the course again, the list is read again.",
)
_ROSTER_ODD = Verdict(
    Outcome.MEND,
    "roster-refused",
    "The LMS did not give the list of the course and named no reason that helps. An LMS administrator should look "
    "whether names and roles are allowed for this tool.",
)
_ROSTER_BUSY = Verdict(Outcome.WAIT, "roster-busy", "The LMS asks for a pause. The list is read by itself afterwards.")
_ROSTER_LATER = Verdict(
    Outcome.RETRY,
    "roster-later",
    "The LMS could not be reached or had trouble of its own. The list is read again by itself.",
)

_ROSTER_COMMON = (
    _Rule(401, _ROSTER_KEPT),
    _Rule(403, _ROSTER_KEPT),
    _Rule(404, _ROSTER_GONE),
    _Rule(410, _ROSTER_GONE),
    _Rule(425, _ROSTER_BUSY),
    _Rule(429, _ROSTER_BUSY),
)

_COMMON = (
    _Rule(401, _NO_RIGHT_NOW),
    _Rule(403, _NO_RIGHT),
    _Rule(404, _NO_COLUMN),
    _Rule(409, _NEWER),
    _Rule(410, _NO_COLUMN),
    _Rule(425, _BUSY),
    _Rule(429, _BUSY),
)

_MOODLE = Quirks(
    "moodle",
    # Every score that is not FullyGraded wipes grade and feedback (3.2, run). Nothing is told before the end.
    tells_without_score=frozenset(),
    rules=(
        # 400 stands for "not enrolled", "is the teacher" and "unknown" alike (3.2, run); our own score is well
        # formed, so it is the person. 409 is decided in whole seconds (run): the common rule.
        _Rule(400, _LEFT),
        # A locked grade answers 500 without a reason (3.2, run): trying for ever helps nobody.
        _Rule(
            500,
            Verdict(
                Outcome.RETRY,
                "moodle-locked",
                "Moodle could not store the score. Mostly the grade is locked there: a teacher of the course "
                "can unlock it in the grader report; then send the score again.",
                tries=4,
            ),
        ),
    ),
)

_CANVAS = Quirks(
    "canvas",
    # NotReady, Failed and Pending erase the score, PendingManual keeps it (3.1, read: scores_controller).
    tells_without_score=frozenset({GradingProgress.PENDING_MANUAL}),
    # The comment is added to the submission each time (3.1, read): a blind retry doubles it. The same post sent
    # again is taken again, since only an older timestamp is refused.
    comment_is_appended=True,
    results_lack_comment=True,
    # Without it every post makes a new submission and uses up an attempt (3.1, read).
    score_extension={"https://canvas.instructure.com/lti/submission": {"new_submission": False}},
    # Issuer and tokens live on common hosts, services on each school's own one (3.1, read).
    service_hosts=frozenset({"*.instructure.com"}),
    # A module item and an assignment (read: vendor's pages on placements); the first has no gradebook column.
    content_placements=("assignment_selection", "link_selection"),
    # It knows no dates of a course section by the standard's names (read: variable_expander); a date that is not set
    # comes back as the variable's name.
    variables={
        "$CourseSection.timeFrame.begin": "$Canvas.course.startAt",
        "$CourseSection.timeFrame.end": "$Canvas.course.endAt",
    },
    # Without it Canvas sends neither names nor e-mails (vendor's pages on registration).
    registration_extension={"https://canvas.instructure.com/lti/privacy_level": "public"},
    rules=(
        # Canvas's throttle answers 403 "Rate Limit Exceeded" where others say 429 (read).
        _Rule(403, _BUSY, re.compile("rate limit", re.IGNORECASE)),
        # A timestamp older than the stored result is a 400 (3.1, read).
        _Rule(400, _NEWER, re.compile("timestamp", re.IGNORECASE)),
        _Rule(
            422,
            Verdict(
                Outcome.MEND,
                "canvas-no-attempt",
                "Canvas has no attempt left for this person on the assignment. A teacher of the course can "
                "allow another attempt; then send the score again.",
            ),
            re.compile("attempt", re.IGNORECASE),
        ),
        # The column is not, or no longer, one of this tool's (read: Canvas's table of AGS errors).
        _Rule(412, _NO_COLUMN),
        # 422 otherwise: no student of the course, or a course that is not published (3.1, read).
        _Rule(
            422,
            Verdict(
                Outcome.GONE,
                "canvas-no-student",
                "Canvas takes no score: this person is not a student of the course, or the course is not "
                "published. When that has changed, send the score again.",
            ),
        ),
    ),
    # The same throttle answers for every service (read).
    roster_rules=(_Rule(403, _ROSTER_BUSY, re.compile("rate limit", re.IGNORECASE)),),
)

_BLACKBOARD = Quirks(
    "blackboardlearn",
    # One person's results come without the comment (3.3, read).
    results_lack_comment=True,
    # "User could not be found:" (3.3, issue threads).
    rules=(_Rule(400, _LEFT, re.compile("user", re.IGNORECASE)),),
)

_BRIGHTSPACE = Quirks(
    "desire2learn",
    # One constant for all of its customers (3.4, vendor's pages).
    token_audience="https://api.brightspace.com/auth/token",  # noqa: S106  an address
    # 403 for somebody who is not enrolled, 422 for a role without grades (3.4, vendor's pages).
    rules=(_Rule(403, _LEFT), _Rule(422, _LEFT)),
)

_SAKAI = Quirks(
    "sakai",
    # 400 when the person is not in the site (3.6, read).
    rules=(_Rule(400, _LEFT, re.compile("user|site|member", re.IGNORECASE)),),
)

_SCHOOLOGY = Quirks(
    "schoology",
    # It gives at most 100 members in one answer (read).
    roster_page=100,
    # Custom values come through deep linking only, and none of them is a history (vendor's pages).
    tells_history=False,
    # Nothing was read of its answers to scores (3.5): the common rules.
)

_OPEN_EDX = Quirks(
    "openedx",
    # scoreMaximum 45.5 is a 400 (3.7, run).
    whole_maximum=True,
    # It has no variables for histories (read).
    tells_history=False,
    # Only the column of the block's own link reaches the gradebook (3.7, read: signals.py), and it is the block's whole
    # grade, so a second one tied to it would overwrite the first.
    free_columns=False,
    rules=(
        # The timestamp has to be later than the stored one, else 400 (3.7, run): "Score timestamp can only be
        # updated …", "Score already exists for the provided timestamp". Other 400s are of other things.
        _Rule(400, _NEWER, re.compile("timestamp", re.IGNORECASE)),
        # Somebody unknown answers 500 (run).
        _Rule(500, Verdict(Outcome.RETRY, _LEFT.code, _LEFT.sentence, tries=4)),
    ),
    roster_rules=(
        # Before 11.4 the consumer gave no pages and answered so for a large course (read). Nothing can be mended.
        _Rule(
            403,
            Verdict(
                Outcome.MEND,
                "roster-too-long",
                "This LMS gives no list of a course with so many people. Members can work all the same.",
            ),
            re.compile("above_response_limit"),
        ),
    ),
)

_STANDARD = Quirks("")
_FAMILIES = {
    quirks.family: quirks for quirks in (_MOODLE, _CANVAS, _BLACKBOARD, _BRIGHTSPACE, _SAKAI, _SCHOOLOGY, _OPEN_EDX)
}

# Hosts that publish the configuration for an issuer on another host of the same vendor: Canvas moved its
# common endpoints to sso.canvaslms.com and kept the issuer (read).
_SPEAKS_FOR = {
    "sso.canvaslms.com": "canvas.instructure.com",
    "sso.beta.canvaslms.com": "canvas.beta.instructure.com",
    "sso.test.canvaslms.com": "canvas.test.instructure.com",
}


def of(family: str | None) -> Quirks:
    """The entry of a family code ("moodle", "BlackboardLearn", "Open edX"), or the standard's."""
    return _FAMILIES.get(re.sub(r"[^a-z0-9]", "", (family or "").lower()), _STANDARD)


def judge(family: str | None, error: ServiceError | None) -> Verdict:
    """What follows from an attempt to post a score: None when it raised nothing, else what it raised."""
    match error:
        case None:
            return _SENT
        case TokenRefused() | ScopeMissing() | AddressRefused() if _is_setting(error):
            return Verdict(Outcome.MEND, error.code, error.sentence)
        case TokenRefused():  # a family's rules are about scores, not about its token endpoint
            return _judge_answer(_STANDARD, error)
        case PlatformRefused():
            return _judge_answer(of(family), error)
        case AnswerUnreadable():
            return Verdict(Outcome.RETRY, error.code, error.sentence, tries=8)
    return _LATER


def judge_roster(family: str | None, error: ServiceError) -> Verdict:
    """What follows from a question for the roster that raised this. That an LMS gives no roster is a normal thing."""
    match error:
        case ScopeMissing() | TokenRefused(error="invalid_scope"):
            return _ROSTER_KEPT
        case TokenRefused() | AddressRefused() if _is_setting(error):
            return Verdict(Outcome.MEND, error.code, error.sentence)
        case TokenRefused():  # a family's rules are about rosters, not about its token endpoint
            return _first((), _ROSTER_COMMON, error, otherwise=_ROSTER_LATER, busy=_ROSTER_BUSY)
        case PlatformRefused():
            otherwise = _ROSTER_ODD if error.answered < 500 else _ROSTER_LATER
            return _first(of(family).roster_rules, _ROSTER_COMMON, error, otherwise=otherwise, busy=_ROSTER_BUSY)
        case AnswerUnreadable():
            return Verdict(Outcome.RETRY, error.code, error.sentence)
    return _ROSTER_LATER


def _is_setting(error: ServiceError) -> bool:
    """Whether somebody has to change a setting: everything but a token endpoint in passing trouble."""
    return not isinstance(error, TokenRefused) or (error.answered < 500 and error.answered != 429)


def speaks_for(host: str, issuer_host: str) -> bool:
    """Whether a configuration read from `host` may describe an issuer on `issuer_host`."""
    return host == issuer_host or _SPEAKS_FOR.get(host) == issuer_host


def _judge_answer(quirks: Quirks, refused: PlatformRefused) -> Verdict:
    otherwise = _NOT_TAKEN if refused.answered < 500 else _LATER
    return _first(quirks.rules, _COMMON, refused, otherwise=otherwise, busy=_BUSY)


def _first(
    rules: tuple[_Rule, ...],
    common: tuple[_Rule, ...],
    refused: PlatformRefused,
    *,
    otherwise: Verdict,
    busy: Verdict,
) -> Verdict:
    """The verdict of the first rule that fits; an answer that passes, and says when, asks for patience."""
    verdict = next((rule.verdict for rule in (*rules, *common) if rule.fits(refused)), otherwise)
    if verdict.outcome is Outcome.RETRY and verdict.tries is None and refused.retry_after is not None:
        verdict = busy
    if verdict.outcome is Outcome.WAIT:
        return replace(verdict, wait=refused.retry_after)
    return verdict
