"""Scores into results (AGS 2.0 §3.4): which posts are accepted, and what the gradebook then shows."""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from tests.demo_lms import shapes
from tests.demo_lms.config import Habits, Refusal
from tests.demo_lms.model import LineItem, MemberStatus, Person, Result, Score
from tests.demo_lms.vocabulary import Activity, Grading, Role
from tests.demo_lms.world import World

AHEAD = timedelta(seconds=60)
SUBMISSION = "https://canvas.instructure.com/lti/submission"  # Canvas's extension of a score
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
    409 where the stored score is as new or newer; by habit in other words.
    """
    habits = world.config.habits
    try:
        score = _read(world, item, body)
    except shapes.BadShape as fault:
        raise ScoreRefused(400, str(fault)) from fault
    if score.timestamp > world.now() + AHEAD and not habits.future_timestamp_taken:
        raise ScoreRefused(400, "timestamp is in the future")
    _check_person(world, item, score.user_id)
    with world.lock:
        old = world.results.get((item.id, score.user_id))
        if old is not None and old.timestamp is not None and not _later(world, score.timestamp, old.timestamp):
            raise _refused(habits.stale, score.user_id)
        if (item.id, score.user_id) in world.locked:
            raise _refused(habits.locked, score.user_id)
        _use_attempt(world, item, score)
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


def lock(world: World, person: Person | str, item: LineItem) -> None:
    """A teacher locks a grade in the LMS: posts of the tool are refused."""
    with world.lock:
        world.locked.add((item.id, world.person(person).id))


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
    if maximum is not None and world.config.habits.whole_maximum and maximum % 1:
        raise shapes.BadShape("scoreMaximum has to be a whole number")
    if world.config.habits.attempts is not None:
        shapes.optional_object(body, SUBMISSION)
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


def _refused(refusal: Refusal, user_id: str) -> ScoreRefused:
    return ScoreRefused(refusal.status, refusal.text.replace("{user}", user_id))


def _check_person(world: World, item: LineItem, person_id: str) -> None:
    habits = world.config.habits
    if person_id not in world.people:
        raise _refused(habits.nobody, person_id)
    enrolment = world.enrolment(person_id, item.context_id)
    if enrolment is None or (enrolment.status is not MemberStatus.ACTIVE and not habits.suspended_graded):
        raise _refused(habits.not_here, person_id)
    if enrolment.role is not Role.LEARNER:
        raise _refused(habits.no_learner, person_id)


def _use_attempt(world: World, item: LineItem, score: Score) -> None:
    """Count a post that is a new submission, where those are counted."""
    allowed = world.config.habits.attempts
    if allowed is None or score.body.get(SUBMISSION, {}).get("new_submission", True) is False:
        return
    place = (item.id, score.user_id)
    if world.attempts.get(place, 0) >= allowed:
        raise ScoreRefused(422, "The maximum number of allowed attempts has been reached for this submission")
    world.attempts[place] = world.attempts.get(place, 0) + 1


def _later(world: World, new: datetime, old: datetime) -> bool:
    habits = world.config.habits
    if habits.whole_second_timestamps:
        return int(new.timestamp()) > int(old.timestamp())
    return new >= old if habits.same_timestamp_taken else new > old


def _result(world: World, item: LineItem, score: Score, old: Result | None) -> Result:
    """What is shown after `score`. Only FullyGraded sets the grade; the comment is the newest post's, or one more."""
    before = old or _untouched(item, score.user_id)
    habits = world.config.habits
    seen = replace(
        before,
        activity=score.activity,
        grading=score.grading,
        timestamp=score.timestamp,
        posts=before.posts + 1,
    )
    if before.overridden:
        return seen
    if score.grading in habits.erasing:
        # the wiped grade takes its time along, so that order is not protected after it (seen in Moodle)
        return replace(seen, score=None, comment=None, timestamp=None)
    if not habits.comments_pile_up:
        seen = replace(seen, comment=score.comment)
    elif score.comment is not None:
        seen = replace(seen, comment=score.comment, comments=(*before.comments, score.comment))
    if score.grading is not Grading.FULLY_GRADED or not _is_published(habits, item, score):
        return seen
    return replace(seen, score=_scaled(world, item, score), maximum=item.score_maximum)


def _is_published(habits: Habits, item: LineItem, score: Score) -> bool:
    """Whether a final score reaches the gradebook."""
    if habits.only_tied_columns and item.resource_link_id is None:
        return False
    return habits.zero_published or score.given != 0


def _scaled(world: World, item: LineItem, score: Score) -> float | None:
    if score.given is None or score.maximum is None:
        return None
    scaled = score.given * item.score_maximum / score.maximum
    return min(scaled, item.score_maximum) if world.config.habits.caps_scores else scaled
