"""Scores into results (AGS 2.0 §3.4): which posts are accepted, and what the gradebook then shows."""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from tests.demo_lms import shapes
from tests.demo_lms.model import LineItem, MemberStatus, Person, Result, Score
from tests.demo_lms.vocabulary import Activity, Grading, Role
from tests.demo_lms.world import World

AHEAD = timedelta(seconds=60)
FIELDS = frozenset(
    {
        "userId",
        "scoringUserId",
        "scoreGiven",
        "scoreMaximum",
        "activityProgress",
        "gradingProgress",
        "timestamp",
        "comment",
        "submission",
    }
)
Value = TypeVar("Value", bound=StrEnum)


class ScoreRefused(Exception):
    """A score that is not taken, with the HTTP status that says so."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


def accept(world: World, item: LineItem, body: dict[str, Any]) -> Score:
    """Take a score post into history and gradebook, or raise ScoreRefused.

    400 for a malformed one or a person who is not a Learner here, 404 for a person the LMS does not know,
    409 where the stored score is as new or newer.
    """
    try:
        score = _read(world, item, body)
    except shapes.BadShape as fault:
        raise ScoreRefused(400, str(fault)) from fault
    if score.timestamp > world.now() + AHEAD:
        raise ScoreRefused(400, "timestamp is in the future")
    _check_person(world, item, score.user_id)
    with world.lock:
        old = world.results.get((item.id, score.user_id))
        if old is not None and old.timestamp is not None and not _later(world, score.timestamp, old.timestamp):
            raise ScoreRefused(409, "timestamp is not later than that of the score already here")
        world.scores.append(score)
        world.results[item.id, score.user_id] = _result(world, item, score, old)
    return score


def override(world: World, person: Person | str, item: LineItem, score: float) -> Result:
    """A teacher types over a grade in the LMS: from then on the tool's scores are stored but not shown."""
    who = world.person(person).id
    with world.lock:
        old = world.results.get((item.id, who)) or _untouched(item, who)
        typed = replace(old, score=score, overridden=True)
        world.results[item.id, who] = typed
    return typed


def _untouched(item: LineItem, person_id: str) -> Result:
    return Result(
        line_item_id=item.id,
        user_id=person_id,
        activity=Activity.INITIALIZED,
        grading=Grading.NOT_READY,
        timestamp=None,
        score=None,
        maximum=item.score_maximum,
        comment=None,
        posts=0,
    )


def _read(world: World, item: LineItem, body: dict[str, Any]) -> Score:
    shapes.only(body, FIELDS)
    given = shapes.optional_number(body, "scoreGiven")
    maximum = None
    if given is not None or body.get("scoreMaximum") is not None:
        maximum = shapes.maximum(body)
    submission = shapes.optional_object(body, "submission") or {}
    for name in ("startedAt", "submittedAt"):
        shapes.optional_instant_text(submission, name)
    shapes.optional_text(body, "scoringUserId")
    return Score(
        line_item_id=item.id,
        user_id=shapes.text(body, "userId"),
        activity=_one_of(Activity, body, "activityProgress"),
        grading=_one_of(Grading, body, "gradingProgress"),
        timestamp=shapes.instant(body, "timestamp"),
        timestamp_text=shapes.text(body, "timestamp"),
        given=given,
        maximum=maximum,
        comment=shapes.optional_text(body, "comment", longest=10_000),
        received_at=world.now(),
        body=body,
    )


def _one_of(kind: type[Value], body: dict[str, Any], name: str) -> Value:
    try:
        return kind(shapes.text(body, name))
    except ValueError:
        raise shapes.BadShape(f"{name} has to be one of {', '.join(kind)}") from None


def _check_person(world: World, item: LineItem, person_id: str) -> None:
    if person_id not in world.people:
        raise ScoreRefused(404, "userId is nobody this LMS knows")
    enrolment = world.enrolment(person_id, item.context_id)
    if enrolment is None or enrolment.status is not MemberStatus.ACTIVE:
        raise ScoreRefused(400, "userId is not enrolled in this context")
    if enrolment.role is not Role.LEARNER:
        raise ScoreRefused(400, "userId cannot be graded: not a Learner of this context")


def _later(world: World, new: datetime, old: datetime) -> bool:
    if world.config.habits.whole_second_timestamps:
        return int(new.timestamp()) > int(old.timestamp())
    return new > old


def _result(world: World, item: LineItem, score: Score, old: Result | None) -> Result:
    """What is shown after `score`. Only FullyGraded sets the grade; the comment is always the newest post's."""
    before = old or _untouched(item, score.user_id)
    seen = replace(
        before,
        activity=score.activity,
        grading=score.grading,
        timestamp=score.timestamp,
        posts=before.posts + 1,
    )
    if before.overridden:
        return seen
    if score.grading is Grading.FULLY_GRADED:
        return replace(seen, score=_scaled(item, score), maximum=item.score_maximum, comment=score.comment)
    if world.config.habits.unfinished_scores_erase:
        # the wiped grade takes its time along, so that order is not protected after it (seen in Moodle)
        return replace(seen, score=None, comment=None, timestamp=None)
    return replace(seen, comment=score.comment)


def _scaled(item: LineItem, score: Score) -> float | None:
    if score.given is None or score.maximum is None:
        return None
    return score.given * item.score_maximum / score.maximum
