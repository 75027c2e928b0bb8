"""What an LMS is told, with which timestamp, and how we know it in a gradebook again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.columns import Kind, Part
from plugin.domain.scores import MAXIMUM, RANK, Progress, Shown, furthest, report, shows, stamp, stamp_again, supersedes

NOW = datetime(2026, 11, 21, 12, 0, 0, 987654, tzinfo=UTC)
COMMENT = "Completed 2026-11-21, 3.0 contact hours"


def test_a_completion_is_the_full_score_with_date_and_hours() -> None:
    said = report(Progress.COMPLETED, on=date(2026, 11, 21), minutes=180)
    assert (said.activity_progress, said.grading_progress) == ("Completed", "FullyGraded")
    assert (said.score, said.comment) == (MAXIMUM, COMMENT)


@pytest.mark.parametrize("progress", [Progress.STARTED, Progress.SUBMITTED, Progress.RETURNED])
def test_before_that_there_is_no_score_and_no_comment(progress: Progress) -> None:
    said = report(progress, on=date(2026, 11, 21), minutes=180)
    assert (said.score, said.comment) == (None, None)


def test_only_what_is_further_is_told() -> None:
    for new, old in product(Progress, Progress):
        assert supersedes(new, old) is (new is not old and RANK[new] >= RANK[old])
        assert RANK[furthest(new, old)] == max(RANK[new], RANK[old])
    assert all(supersedes(progress, None) for progress in Progress)


def test_a_reflection_may_go_to_and_fro_until_it_is_met() -> None:
    assert supersedes(Progress.RETURNED, Progress.SUBMITTED)
    assert supersedes(Progress.SUBMITTED, Progress.RETURNED)
    assert not supersedes(Progress.RETURNED, Progress.COMPLETED)


def test_a_session_is_named_in_its_comment_and_a_reflection_says_only_when() -> None:
    day = date(2026, 11, 21)
    session = report(Progress.COMPLETED, on=day, minutes=180, part=Part(Kind.SESSION, session=2))
    assert session.comment == "Session 2 completed 2026-11-21, 3.0 contact hours"
    reflection = report(Progress.COMPLETED, on=day, minutes=30, part=Part(Kind.REFLECTION, activity="reflect"))
    assert (reflection.comment, reflection.score) == ("Met 2026-11-21", MAXIMUM)


def test_a_first_timestamp_is_now_in_whole_milliseconds() -> None:
    assert stamp(NOW, None) == NOW.replace(microsecond=987000)


@given(st.lists(st.timedeltas(min_value=timedelta(days=-1), max_value=timedelta(days=1)), min_size=2, max_size=20))
def test_timestamps_rise_by_a_second_however_the_clock_jumps(jumps: list[timedelta]) -> None:
    last: datetime | None = None
    now = NOW
    for jump in jumps:
        now += jump
        at = stamp(now, last)
        if last is None or now - last >= timedelta(seconds=1, milliseconds=1):
            assert at <= now, "never ahead of the clock without need"
        else:
            assert at == max(last + timedelta(seconds=1), now.replace(microsecond=now.microsecond // 1000 * 1000))
        assert at.microsecond % 1000 == 0
        last = at


def test_a_repeat_keeps_its_timestamp_for_an_hour() -> None:
    assert stamp_again(NOW, NOW + timedelta(minutes=59))
    assert not stamp_again(NOW, NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    "shown",
    [
        Shown(1, 1, COMMENT),
        Shown(1, None, COMMENT),
        Shown(100, 100, COMMENT),
        Shown(9.9999999, 10, f"<p>{COMMENT}</p>"),
    ],
)
def test_our_score_is_known_again_however_it_is_scaled_and_wrapped(shown: Shown) -> None:
    assert shows(shown, MAXIMUM, COMMENT)


@pytest.mark.parametrize(
    "shown",
    [
        Shown(None, 1, COMMENT),
        Shown(0.5, 1, COMMENT),
        Shown(1, 100, COMMENT),
        Shown(1, 0, COMMENT),
        Shown(1, 1, None),
        Shown(1, 1, "well done"),
    ],
)
def test_another_score_or_another_comment_is_not_ours(shown: Shown) -> None:
    assert not shows(shown, MAXIMUM, COMMENT)


def test_where_comments_are_never_given_back_the_score_is_enough() -> None:
    assert shows(Shown(1, 1, None), MAXIMUM, COMMENT, comment_may_lack=True)
    assert not shows(Shown(1, 1, "well done"), MAXIMUM, COMMENT, comment_may_lack=True)
