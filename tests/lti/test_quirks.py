"""What follows from each LMS's answer to a score."""

import pytest

from lti import quirks
from lti.errors import (
    AddressRefused,
    AnswerUnreadable,
    PlatformRefused,
    ScopeMissing,
    ServiceError,
    TokenRefused,
    Unreachable,
)
from lti.quirks import Outcome
from lti.scores import GradingProgress


def answer(status: int, excerpt: str = "", retry_after: float | None = None) -> PlatformRefused:
    return PlatformRefused(status, excerpt=excerpt, retry_after=retry_after)


@pytest.mark.parametrize(
    ("family", "error", "outcome"),
    [
        (None, None, Outcome.SENT),
        (None, answer(400), Outcome.MEND),
        (None, answer(401), Outcome.RETRY),
        (None, answer(403), Outcome.MEND),
        (None, answer(404), Outcome.MEND),
        (None, answer(409), Outcome.NEWER_THERE),
        (None, answer(410), Outcome.MEND),
        (None, answer(302), Outcome.MEND),
        (None, answer(429), Outcome.WAIT),
        (None, answer(500), Outcome.RETRY),
        (None, answer(503), Outcome.RETRY),
        (None, answer(503, retry_after=5), Outcome.WAIT),
        (None, Unreachable("x"), Outcome.RETRY),
        (None, AnswerUnreadable("x"), Outcome.RETRY),
        (None, ScopeMissing("x"), Outcome.MEND),
        (None, AddressRefused("host-unknown", "The host is not registered."), Outcome.MEND),
        (None, TokenRefused(401, error="invalid_client"), Outcome.MEND),
        (None, TokenRefused(400, error="invalid_scope"), Outcome.MEND),
        (None, TokenRefused(503, error=""), Outcome.RETRY),
        (None, TokenRefused(429, error="", retry_after=9), Outcome.WAIT),
        ("moodle", answer(400, "user not gradable"), Outcome.GONE),
        ("moodle", answer(409), Outcome.NEWER_THERE),
        ("moodle", answer(500), Outcome.RETRY),
        ("moodle", answer(404), Outcome.MEND),
        ("canvas", answer(400, "Provided timestamp before last updated timestamp"), Outcome.NEWER_THERE),
        ("canvas", answer(400, "odd"), Outcome.MEND),
        ("canvas", answer(403, "403 Forbidden (Rate Limit Exceeded)"), Outcome.WAIT),
        ("canvas", answer(403), Outcome.MEND),
        ("canvas", answer(422, "User not found in course or is not a student"), Outcome.GONE),
        ("canvas", answer(422, "The maximum number of allowed attempts has been reached"), Outcome.MEND),
        ("BlackboardLearn", answer(400, "User could not be found: _1_1"), Outcome.GONE),
        ("desire2learn", answer(403), Outcome.GONE),
        ("desire2learn", answer(422), Outcome.GONE),
        ("Sakai", answer(400, "user is not in the site"), Outcome.GONE),
        ("schoology", answer(409), Outcome.NEWER_THERE),
        ("canvas", answer(412, "Tool does not have permission to view line_item"), Outcome.MEND),
        ("Open edX", answer(400, '{"timestamp": ["Score already exists"]}'), Outcome.NEWER_THERE),
        ("Open edX", answer(400, '{"scoreMaximum": ["A valid integer is required."]}'), Outcome.MEND),
        ("openedx", answer(500), Outcome.RETRY),
        ("something new", answer(400), Outcome.MEND),
    ],
)
def test_an_answer_becomes_an_outcome(family: str | None, error: ServiceError | None, outcome: Outcome) -> None:
    verdict = quirks.judge(family, error)
    assert verdict.outcome is outcome
    assert bool(verdict.sentence) == bool(verdict.code) == (outcome is not Outcome.SENT)


def test_a_wish_to_wait_is_passed_on() -> None:
    assert quirks.judge(None, answer(429, retry_after=30)).wait == 30
    assert quirks.judge(None, answer(429)).wait is None
    assert quirks.judge("moodle", TokenRefused(429, error="", retry_after=9)).wait == 9


def test_a_token_that_is_refused_twice_is_a_setting_only_after_some_tries() -> None:
    verdict = quirks.judge(None, answer(401))
    assert (verdict.code, verdict.tries) == ("no-right", 4)
    assert "administrator" in verdict.sentence


def test_a_locked_grade_in_moodle_is_not_tried_for_ever() -> None:
    verdict = quirks.judge("moodle", answer(500))
    assert verdict.tries == 4
    assert "locked" in verdict.sentence
    assert quirks.judge(None, answer(500)).tries is None
    assert quirks.judge("moodle", TokenRefused(500, error="")).code == "later", "no token is no locked grade"


def test_no_sentence_holds_what_the_platform_wrote() -> None:
    assert "_1_1" not in quirks.judge("BlackboardLearn", answer(400, "User could not be found: _1_1")).sentence


@pytest.mark.parametrize(
    ("family", "told"),
    [
        ("moodle", set()),
        ("canvas", {GradingProgress.PENDING_MANUAL}),
        (None, {GradingProgress.NOT_READY, GradingProgress.PENDING, GradingProgress.PENDING_MANUAL}),
        ("openedx", {GradingProgress.NOT_READY, GradingProgress.PENDING, GradingProgress.PENDING_MANUAL}),
    ],
)
def test_progress_without_a_score_is_told_where_it_does_no_harm(family: str | None, told: set[GradingProgress]) -> None:
    assert quirks.of(family).tells_without_score == told


def test_canvas_appends_comments_and_open_edx_wants_whole_numbers() -> None:
    assert quirks.of("canvas").comment_is_appended
    assert not quirks.of("moodle").comment_is_appended
    assert quirks.of("BlackboardLearn").results_lack_comment
    assert not quirks.of("moodle").results_lack_comment
    assert quirks.of("Open edX").whole_maximum


def test_a_configuration_speaks_for_its_own_host_and_canvas_s_for_its_old_one() -> None:
    assert quirks.speaks_for("lms.example.org", "lms.example.org")
    assert quirks.speaks_for("sso.canvaslms.com", "canvas.instructure.com")
    assert not quirks.speaks_for("sso.canvaslms.com", "canvas.beta.instructure.com")
    assert not quirks.speaks_for("evil.example.org", "canvas.instructure.com")


@pytest.mark.parametrize(
    ("family", "error", "outcome", "code"),
    [
        (None, answer(403), Outcome.MEND, "roster-not-given"),
        (None, answer(401), Outcome.MEND, "roster-not-given"),
        (None, answer(404), Outcome.GONE, "roster-course-gone"),
        (None, answer(400), Outcome.MEND, "roster-refused"),
        (None, answer(429), Outcome.WAIT, "roster-busy"),
        (None, answer(500), Outcome.RETRY, "roster-later"),
        (None, answer(503, retry_after=5), Outcome.WAIT, "roster-busy"),
        (None, Unreachable("x"), Outcome.RETRY, "roster-later"),
        (None, AnswerUnreadable("x"), Outcome.RETRY, "answer-unreadable"),
        (None, ScopeMissing("x"), Outcome.MEND, "roster-not-given"),
        (None, TokenRefused(400, error="invalid_scope"), Outcome.MEND, "roster-not-given"),
        (None, TokenRefused(400, error="invalid_client"), Outcome.MEND, "token-refused"),
        (None, TokenRefused(503, error=""), Outcome.RETRY, "roster-later"),
        (None, TokenRefused(429, error="", retry_after=9), Outcome.WAIT, "roster-busy"),
        (None, AddressRefused("host-unknown", "The host is not registered."), Outcome.MEND, "host-unknown"),
        ("canvas", answer(403, "403 Forbidden (Rate Limit Exceeded)"), Outcome.WAIT, "roster-busy"),
        ("canvas", answer(403), Outcome.MEND, "roster-not-given"),
        ("moodle", answer(500), Outcome.RETRY, "roster-later"),
        ("Open edX", answer(403, '{"error": "above_response_limit"}'), Outcome.MEND, "roster-too-long"),
    ],
)
def test_an_answer_to_a_question_for_the_roster_has_a_meaning_of_its_own(
    family: str | None, error: ServiceError, outcome: Outcome, code: str
) -> None:
    verdict = quirks.judge_roster(family, error)
    assert (verdict.outcome, verdict.code) == (outcome, code)
    assert "score" not in verdict.sentence


def test_a_wish_to_wait_with_the_roster_is_passed_on() -> None:
    assert quirks.judge_roster(None, answer(429, retry_after=30)).wait == 30
    assert quirks.judge_roster("canvas", answer(403, "rate limit", retry_after=7)).wait == 7
