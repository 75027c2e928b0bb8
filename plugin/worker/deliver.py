"""Tell an LMS one score: what is sent, and what an answer, or none, means. No database here, and no clock."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from lti import quirks
from lti.errors import AddressRefused, PlatformRefused, ScopeMissing, ServiceError, TokenRefused, Unreachable
from lti.grades import Grades, LineItem
from lti.quirks import Outcome, Verdict
from lti.scores import ActivityProgress, GradingProgress, Score
from plugin.actions.columns import WantedColumn
from plugin.actions.outbox import Delivery, Result
from plugin.domain import scores

SENT = Verdict(Outcome.SENT)
FOUND = Verdict(Outcome.RETRY)  # at once, to the column that was found
DOWN = frozenset({502, 503, 504})
LOOKS = 4  # tries after which an LMS that cannot show its results, and only says so by failing, is believed
LOOKS_FOR_COMMENT = 12  # the same where believing it costs the comment: some six hours


class Seen(StrEnum):
    """What reading the result back tells."""

    OURS = "ours"  # the gradebook shows this score and this comment
    OTHER = "other"  # it shows another one, or none
    NOTHING = "nothing"  # this platform does not let us look, or there is nothing to look for


class Lost(Exception):
    """The lease ran out before the post: somebody else has the row by now."""


def deliver(delivery: Delivery, grades: Grades, *, holds: Callable[[], bool]) -> Result:
    """Tell it. `holds` says whether the row is still ours; it is asked last before each post.

    Where an earlier try may have arrived, the LMS is asked what it shows before anything is sent a second time.

    Raises:
        Lost: the row is no longer ours.
    """
    if delivery.wanted is not None:
        return _search(delivery, delivery.wanted, grades)
    seen = Seen.NOTHING
    try:
        if delivery.maybe_there:
            seen = _read_back(delivery, grades)
    except ServiceError as error:
        return _failed(delivery, error, quirks.judge(None, error), unknown=True)
    if seen is Seen.OURS:
        return Result(delivery, SENT)
    return _post(delivery, grades, seen, holds)


def _search(delivery: Delivery, wanted: WantedColumn, grades: Grades) -> Result:
    """Find the gradebook column, or make it."""
    if wanted.line_items_url is None:
        return Result(delivery, quirks.judge(None, PlatformRefused(404)))
    column = LineItem(
        label=wanted.label,
        score_maximum=wanted.maximum,
        resource_id=wanted.resource_id,
        tag=wanted.tag,
        resource_link_id=wanted.link_id,
    )
    try:
        found = grades.adopt_or_create(delivery.platform, wanted.line_items_url, column)
    except ServiceError as error:
        return _failed(delivery, error, quirks.judge(None, error), unknown=False)
    return Result(delivery, FOUND, column=found.id)


def _post(delivery: Delivery, grades: Grades, seen: Seen, holds: Callable[[], bool]) -> Result:
    if not holds():
        raise Lost
    try:
        grades.post_score(delivery.platform, delivery.line_item_url, _score(delivery, seen))
    except ServiceError as error:
        verdict = quirks.judge(delivery.platform.family, error)
        if verdict.outcome is Outcome.NEWER_THERE:
            return _newer(delivery, grades, verdict)
        unknown = _may_have_arrived(error) or (delivery.maybe_there and seen is Seen.NOTHING)
        return _failed(delivery, error, verdict, unknown=unknown)
    return Result(delivery, SENT)


def _newer(delivery: Delivery, grades: Grades, verdict: Verdict) -> Result:
    """The LMS holds an entry that is as new or newer: perhaps ours, of a try whose answer never came."""
    try:
        seen = _read_back(delivery, grades)
    except ServiceError as error:
        return _failed(delivery, error, quirks.judge(None, error), unknown=True)
    if seen is Seen.OURS or (seen is Seen.NOTHING and delivery.same_stamp):
        return Result(delivery, SENT)
    return Result(delivery, verdict)  # it goes again with a later timestamp


def _read_back(delivery: Delivery, grades: Grades) -> Seen:
    """Look whether the LMS shows this state.

    Raises:
        ServiceError: the LMS is not to be had at the moment. A platform that lacks the service or refuses it is no
            error: many give no right to read results.
    """
    if delivery.score is None:
        return Seen.NOTHING  # results show grades, and this has none
    try:
        results = grades.results(delivery.platform, delivery.line_item_url, delivery.user_id)
    except ServiceError as error:
        piles_up = quirks.of(delivery.platform.family).comment_is_appended
        if _is_passing(error, delivery.attempts, LOOKS_FOR_COMMENT if piles_up else LOOKS):
            raise
        return Seen.NOTHING
    silent = quirks.of(delivery.platform.family).results_lack_comment
    for result in results:
        shown = scores.Shown(result.score, result.maximum, result.comment)
        if scores.shows(shown, delivery.score, delivery.comment, comment_may_lack=silent):
            return Seen.OURS
    return Seen.OTHER


def _is_passing(error: ServiceError, attempts: int, looks: int) -> bool:
    """Whether the result may be read a little later: an LMS in trouble, not one that lacks the service."""
    if is_down(error) or quirks.judge(None, error).outcome is Outcome.WAIT:
        return True
    return isinstance(error, PlatformRefused) and error.answered in {401, 500} and attempts < looks


def _score(delivery: Delivery, seen: Seen) -> Score:
    activity, grading = scores.WORDS[delivery.progress]
    # where comments pile up, one that may be there already is not sent again
    again = delivery.maybe_there and seen is Seen.NOTHING
    silent = again and quirks.of(delivery.platform.family).comment_is_appended
    return Score(
        user_id=delivery.user_id,
        activity=ActivityProgress(activity),
        grading=GradingProgress(grading),
        at=delivery.stamp,
        given=delivery.score,
        maximum=None if delivery.score is None else scores.MAXIMUM,
        comment=None if silent else delivery.comment,
    )


def _may_have_arrived(error: ServiceError) -> bool:
    """Whether the LMS may have taken a post that ended so: a refusal in plain words means that it did not."""
    if isinstance(error, TokenRefused | ScopeMissing | AddressRefused):
        return False
    return not isinstance(error, PlatformRefused) or error.answered >= 500


def is_down(error: ServiceError) -> bool:
    """Whether it is the LMS as a whole that does not answer."""
    return isinstance(error, Unreachable) or (isinstance(error, PlatformRefused) and error.answered in DOWN)


def _failed(delivery: Delivery, error: ServiceError, verdict: Verdict, *, unknown: bool) -> Result:
    return Result(delivery, verdict, unknown=unknown, down=is_down(error))
