"""A score on its way to a strict LMS over real HTTP: what each answer, or none, leads to."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from plugin.actions import outbox
from plugin.db.outbox import OutboxState
from plugin.db.platforms import PlatformState
from plugin.db.session import transaction
from plugin.domain.retry import GIVE_UP_AFTER
from plugin.domain.scores import Progress
from tests.demo_lms.vocabulary import Grading, Scope
from tests.worker.scene import RESULTS, SCORES, TOKENS, Scene

SOON = timedelta(seconds=10)  # longer than the first pause between tries


def test_a_completion_arrives_once_with_its_comment(scene: Scene) -> None:
    ada = scene.ada
    scene.tell(ada)
    scene.work_off()
    scene.work_off()
    (post,) = scene.posts(ada)
    assert (post.grading, post.given, post.maximum) == (Grading.FULLY_GRADED, 1, 1)
    assert post.comment is not None
    assert post.comment.endswith(", 3.0 contact hours")
    assert scene.row(ada).state is OutboxState.SENT
    assert scene.asked(SCORES) == 1
    assert scene.asked(RESULTS) == 0


def test_what_has_no_score_yet_is_told_as_progress(scene: Scene) -> None:
    ada = scene.ada
    for progress in (Progress.STARTED, Progress.SUBMITTED, Progress.COMPLETED):
        scene.tell(ada, progress=progress)
        scene.work_off()
    told = [(post.activity.value, post.grading.value, post.given) for post in scene.posts(ada)]
    assert told == [
        ("Started", "NotReady", None),
        ("Submitted", "PendingManual", None),
        ("Completed", "FullyGraded", 1),
    ]
    times = [post.timestamp for post in scene.posts(ada)]
    assert all(later - earlier >= timedelta(seconds=1) for earlier, later in pairwise(times))


def test_an_error_of_the_lms_is_tried_again_later_and_then_arrives(scene: Scene) -> None:
    ada = scene.ada
    scene.world.faults.add(SCORES, status=500, times=1)
    scene.tell(ada)
    scene.work_off()
    row = scene.row(ada)
    assert (row.state, row.attempts) == (OutboxState.DUE, 1)
    assert row.problem is not None
    scene.work_off()
    assert scene.asked(SCORES) == 1, "not before its time"
    scene.clock.travel(SOON)
    scene.work_off()
    assert len(scene.graded(ada)) == 1
    assert (scene.row(ada).state, scene.row(ada).problem) == (OutboxState.SENT, None)


def test_a_connection_that_drops_before_the_lms_took_the_score_costs_nothing(scene: Scene) -> None:
    ada = scene.ada
    scene.world.faults.add(SCORES, drop=True, times=1)
    scene.tell(ada)
    scene.work_off()
    first = scene.row(ada).stamped_at
    assert scene.row(ada).state is OutboxState.DUE
    scene.clock.travel(SOON)
    scene.work_off()
    (post,) = scene.graded(ada)
    assert post.timestamp == first, "an LMS knows a repeated post by its timestamp"
    assert scene.row(ada).state is OutboxState.SENT
    assert scene.asked(RESULTS) == 1


def test_a_connection_that_drops_after_the_lms_took_the_score_leads_to_no_second_post(scene: Scene) -> None:
    ada = scene.ada
    scene.world.faults.add(SCORES, drop=True, after_effect=True, times=1)
    scene.tell(ada)
    scene.work_off()
    assert scene.row(ada).state is OutboxState.DUE
    scene.clock.travel(SOON)
    scene.work_off()
    assert len(scene.graded(ada)) == 1
    assert scene.row(ada).state is OutboxState.SENT
    assert scene.asked(SCORES) == 1, "it was read back instead"


def test_where_results_may_not_be_read_the_timestamp_keeps_a_score_from_arriving_twice(scene: Scene) -> None:
    ada = scene.ada
    tool = scene.world.tool()
    scene.world.change_tool(tool.client_id, scopes=tuple(scope for scope in tool.scopes if scope is not Scope.RESULT))
    scene.world.faults.add(SCORES, drop=True, after_effect=True, times=1)
    scene.tell(ada)
    scene.work_off()
    scene.clock.travel(SOON)
    scene.work_off()
    assert scene.asked(SCORES) == 2, "the second one is answered 409"
    assert len(scene.graded(ada)) == 1
    assert scene.row(ada).state is OutboxState.SENT


def test_progress_whose_answer_was_lost_is_not_taken_twice(scene: Scene) -> None:
    ada = scene.ada
    scene.world.faults.add(SCORES, drop=True, after_effect=True, times=1)
    scene.tell(ada, progress=Progress.SUBMITTED)
    scene.work_off()
    scene.clock.travel(SOON)
    scene.work_off()
    assert len(scene.posts(ada)) == 1
    assert scene.row(ada).state is OutboxState.SENT


def test_where_comments_pile_up_a_repeated_post_leaves_its_comment_out(scene: Scene) -> None:
    ada = scene.ada
    scene.set_platform(family="canvas")
    tool = scene.world.tool()
    scene.world.change_tool(tool.client_id, scopes=tuple(scope for scope in tool.scopes if scope is not Scope.RESULT))
    scene.world.faults.add(SCORES, drop=True, times=1)
    scene.tell(ada)
    scene.work_off()
    scene.clock.travel(SOON)
    scene.work_off()
    assert [post.comment for post in scene.graded(ada)] == [None]


def test_where_comments_pile_up_results_are_waited_for_before_a_comment_is_given_up(scene: Scene) -> None:
    ada = scene.ada
    scene.set_platform(family="canvas")
    scene.world.faults.add(SCORES, drop=True, times=1)
    scene.world.faults.add(RESULTS, status=500, times=6)
    scene.world.faults.add(RESULTS, status=401, times=2)
    scene.tell(ada)
    for _ in range(9):
        scene.work_off()
        scene.clock.travel(timedelta(minutes=30))
    (post,) = scene.graded(ada)
    assert post.comment is not None
    assert scene.row(ada).state is OutboxState.SENT


def test_an_lms_that_asks_for_patience_is_left_alone_for_just_so_long(scene: Scene) -> None:
    ada, ben = scene.ada, scene.ben
    scene.world.faults.add(SCORES, status=429, headers={"Retry-After": "120"}, times=1)
    scene.tell(ada)
    scene.work_off()
    scene.tell(ben)
    scene.clock.travel(timedelta(seconds=115))
    scene.work_off()
    assert scene.asked(SCORES) == 1, "nobody else of that LMS either"
    scene.clock.travel(timedelta(seconds=6))
    scene.work_off()
    assert scene.states() == {OutboxState.SENT: 2}
    assert scene.pause() is None


def test_a_token_that_was_withdrawn_is_asked_for_anew_at_once(scene: Scene) -> None:
    ada = scene.ada
    scene.world.faults.add(SCORES, status=401, times=1)
    scene.tell(ada)
    scene.work_off()
    assert (scene.row(ada).state, scene.row(ada).attempts) == (OutboxState.SENT, 0)
    assert scene.asked(TOKENS) == 2


def test_a_column_that_is_gone_is_refused_with_what_to_do(scene: Scene) -> None:
    ada = scene.ada
    scene.world.remove_line_item(scene.place.column.id)
    scene.tell(ada)
    scene.work_off()
    row = scene.row(ada)
    assert row.state is OutboxState.REFUSED
    assert row.problem is not None
    assert "no longer in the LMS" in row.problem
    scene.clock.travel(GIVE_UP_AFTER)
    scene.work_off()
    assert scene.asked(SCORES) == 1, "nobody tries again by itself"


def test_somebody_who_left_the_course_is_refused_until_it_is_sent_again_by_hand(scene: Scene) -> None:
    ada = scene.ada
    scene.set_platform(family="moodle")
    scene.world.unenrol("ada", "RPD-2026")
    scene.tell(ada)
    scene.work_off()
    row = scene.row(ada)
    assert row.state is OutboxState.REFUSED
    assert row.problem is not None
    assert "enrolled there again" in row.problem
    scene.world.enrol("ada", "RPD-2026")
    with transaction(scene.engine) as session:
        outbox.resend(session, session.merge(row), by=None, now=scene.clock())
    scene.work_off()
    assert len(scene.graded(ada)) == 1
    assert scene.row(ada).state is OutboxState.SENT


def test_progress_that_would_erase_a_grade_is_never_sent(scene: Scene) -> None:
    ada = scene.ada
    scene.set_platform(family="moodle")
    scene.tell(ada, progress=Progress.SUBMITTED)
    scene.work_off()
    assert scene.row(ada).state is OutboxState.NOT_SENT
    assert scene.asked(SCORES) + scene.asked(TOKENS) == 0
    scene.tell(ada)
    scene.work_off()
    assert scene.row(ada).state is OutboxState.SENT


def test_a_newer_entry_in_the_lms_is_read_and_then_overwritten_with_a_later_time(scene: Scene) -> None:
    ada = scene.ada
    scene.world.faults.add(SCORES, status=409, times=1)
    scene.tell(ada)
    scene.work_off()
    first = scene.row(ada).stamped_at
    assert scene.row(ada).state is OutboxState.DUE
    assert scene.asked(RESULTS) == 1
    scene.clock.travel(SOON)
    scene.work_off()
    (post,) = scene.graded(ada)
    assert first is not None
    assert post.timestamp >= first + timedelta(seconds=1)
    assert scene.row(ada).state is OutboxState.SENT


def test_a_platform_that_is_switched_off_is_told_nothing_and_the_row_says_why(scene: Scene) -> None:
    ada = scene.ada
    scene.set_platform(state=PlatformState.DISABLED)
    scene.tell(ada)
    scene.work_off()
    with transaction(scene.engine) as session:
        outbox.note_switched_off(session, now=scene.clock())
    row = scene.row(ada)
    assert (row.state, row.attempts, row.problem) == (OutboxState.DUE, 0, outbox.SWITCHED_OFF)
    assert scene.asked(TOKENS) == 0
    scene.set_platform(state=PlatformState.ACTIVE)
    scene.work_off()
    assert (scene.row(ada).state, scene.row(ada).problem) == (OutboxState.SENT, None)


def test_a_silent_lms_is_left_alone_and_then_asked_with_one_call(scene: Scene) -> None:
    silence = scene.world.faults.add("/", drop=True)
    scene.tell_many(9)
    scene.work_off()
    calls = len(scene.world.served)
    assert calls == 5, "four at once, and after the first failure one by one"
    assert scene.pause() is not None
    scene.clock.travel(timedelta(seconds=15))
    scene.work_off()
    assert len(scene.world.served) == calls
    scene.clock.travel(timedelta(seconds=60))
    scene.work_off()
    assert len(scene.world.served) == calls + 1
    scene.world.faults.remove(silence)
    scene.clock.travel(timedelta(minutes=15))
    scene.work_off()
    assert scene.states() == {OutboxState.SENT: 9}
    assert scene.pause() is None
    assert len(scene.world.scores) == 9


def test_after_seven_days_somebody_has_to_look(scene: Scene) -> None:
    ada = scene.ada
    scene.world.faults.add(SCORES, status=500)
    scene.tell(ada)
    began = scene.clock()
    scene.work_off()
    while (row := scene.row(ada)).state is OutboxState.DUE:
        scene.clock.travel(row.due_at - scene.clock())
        scene.work_off()
    assert row.state is OutboxState.REFUSED
    assert GIVE_UP_AFTER <= scene.clock() - began < GIVE_UP_AFTER + timedelta(hours=12)
    assert row.problem is not None
    assert row.problem.endswith(outbox.GAVE_UP)
    assert row.problem_code == f"later {outbox.GAVE_UP_CODE}"
    assert row.attempts < 60


def test_what_waits_behind_a_silent_lms_is_refused_after_seven_days_as_well(scene: Scene) -> None:
    scene.world.faults.add("/", drop=True)
    scene.tell_many(6)
    scene.work_off()
    scene.clock.travel(GIVE_UP_AFTER)
    with transaction(scene.engine) as session:
        outbox.give_up(session, now=scene.clock())
    assert scene.states() == {OutboxState.REFUSED: 6}


def test_an_accident_of_ours_is_tried_again_and_logged_without_a_word_of_anybody(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    ada = scene.ada

    def stumble(*_: object) -> None:
        raise ValueError("Ada Okafor wrote this")

    with monkeypatch.context() as patch:
        patch.setattr("lti.grades.Grades.post_score", stumble)
        scene.tell(ada)
        scene.work_off()
    assert scene.row(ada).state is OutboxState.DUE
    assert "ValueError" in caplog.text
    assert "Ada" not in caplog.text
    scene.clock.travel(SOON)
    scene.work_off()
    assert len(scene.graded(ada)) == 1
