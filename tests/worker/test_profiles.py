"""The outbox and every LMS of `tests.demo_lms.profiles`: what is sent reaches the gradebook, once, in order.

What an LMS is told, and what its answers mean, differs; what our database is makes no difference to it, so one engine
is enough here (`test_chaos` has both).
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from plugin.actions import outbox
from plugin.db.outbox import OutboxState
from plugin.db.session import transaction
from plugin.domain.retry import LOOK_LONGER
from tests.demo_lms import Profile, gradebook
from tests.demo_lms.model import Result
from tests.demo_lms.vocabulary import Grading, Scope
from tests.worker.scene import ON_THE_WAY, RESULTS, SCORES, TOKENS, Member, Scene

SOON = timedelta(seconds=10)  # longer than the first pause between tries
COMMENT = ", 3.0 contact hours"

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
each_lms = pytest.mark.parametrize("world", list(Profile), indirect=True)


def profile(scene: Scene) -> str:
    """Whose LMS it is, as its family says it."""
    return scene.world.config.product_family_code


def shown(scene: Scene, member: Member) -> Result:
    result = scene.world.result(member.sub, scene.place.column)
    assert result is not None
    return result


def arrived_once(scene: Scene, member: Member) -> None:
    """Full score and the comment stand in the gradebook, and nothing was taken twice."""
    result = shown(scene, member)
    assert result.score == result.maximum
    (post,) = scene.graded(member)
    assert post.comment is not None
    assert post.comment.endswith(COMMENT)
    assert result.comment == post.comment
    assert len(result.comments) <= 1
    row = scene.row(member)
    assert (row.state, row.problem) == (OutboxState.SENT, None)


@each_lms
def test_a_completion_arrives_with_its_comment(scene: Scene) -> None:
    scene.tell(scene.ada)
    scene.work_off()
    arrived_once(scene, scene.ada)
    assert scene.asked(SCORES) == 1


@each_lms
def test_progress_on_the_way_is_told_where_it_erases_nothing_and_the_completion_follows_it(scene: Scene) -> None:
    for progress in ON_THE_WAY:
        scene.tell(scene.ada, progress=progress)
        scene.work_off()
    arrived_once(scene, scene.ada)
    posts = scene.posts(scene.ada)
    erasing = scene.world.config.habits.erasing
    assert [post.grading for post in posts] == [
        grading
        for grading in (Grading.NOT_READY, Grading.PENDING_MANUAL, Grading.FULLY_GRADED)
        if grading not in erasing
    ]
    assert all(later.timestamp - earlier.timestamp >= timedelta(seconds=1) for earlier, later in pairwise(posts))


@each_lms
def test_a_score_whose_answer_was_lost_is_not_taken_twice(scene: Scene) -> None:
    scene.world.faults.add(SCORES, drop=True, after_effect=True, times=1)
    scene.tell(scene.ada)
    scene.work_off()
    scene.clock.travel(SOON)
    scene.work_off()
    arrived_once(scene, scene.ada)
    assert scene.asked(SCORES) == 1, "it was read back instead"


@each_lms
def test_a_score_that_never_arrived_is_sent_again_with_its_comment(scene: Scene) -> None:
    scene.world.faults.add(SCORES, drop=True, times=1)
    scene.tell(scene.ada)
    scene.work_off()
    scene.clock.travel(SOON)
    scene.work_off()
    arrived_once(scene, scene.ada)


@each_lms
def test_where_results_may_not_be_read_no_comment_is_given_twice(scene: Scene) -> None:
    tool = scene.world.tool()
    scene.world.change_tool(tool.client_id, scopes=(Scope.SCORE,))
    scene.world.faults.add(SCORES, drop=True, after_effect=True, times=1)
    scene.tell(scene.ada)
    scene.work_off()
    scene.clock.travel(SOON)
    scene.work_off()
    result = shown(scene, scene.ada)
    assert result.score == result.maximum
    assert sum(post.comment is not None for post in scene.graded(scene.ada)) == 1
    assert scene.row(scene.ada).state is OutboxState.SENT
    assert scene.asked(SCORES) == 2


@each_lms
def test_a_token_that_dies_in_mid_life_is_asked_for_anew(scene: Scene) -> None:
    scene.tell(scene.ada)
    scene.work_off()
    scene.world.access_tokens.clear()
    scene.tell(scene.ben)
    scene.work_off()
    arrived_once(scene, scene.ben)
    assert scene.asked(TOKENS) == 2


@each_lms
@pytest.mark.parametrize("headers", [{"Retry-After": "40"}, {}], ids=["says-how-long", "says-nothing"])
def test_an_lms_that_asks_for_patience_is_waited_for(scene: Scene, headers: dict[str, str]) -> None:
    scene.world.faults.add(SCORES, status=429, headers=headers, times=1)
    scene.tell(scene.ada)
    scene.work_off()
    scene.tell(scene.ben)
    scene.work_off()
    assert scene.asked(SCORES) == 1, "nobody else of that LMS either"
    pause = scene.pause()
    assert pause is not None
    assert pause.until is not None
    scene.clock.travel(max(pause.until, scene.row(scene.ada).due_at) - scene.clock())
    scene.work_off()
    arrived_once(scene, scene.ada)
    arrived_once(scene, scene.ben)


@each_lms
def test_an_lms_in_trouble_is_tried_again(scene: Scene) -> None:
    scene.world.faults.add(SCORES, status=500, times=1)
    scene.world.faults.add(SCORES, status=503, times=1)
    scene.tell(scene.ada)
    for _ in range(3):
        scene.work_off()
        scene.clock.travel(timedelta(minutes=1))
    arrived_once(scene, scene.ada)


@each_lms
def test_somebody_who_left_is_refused_with_what_to_do_and_sent_by_hand_later(scene: Scene) -> None:
    scene.world.unenrol("ada", "RPD-2026")
    scene.tell(scene.ada)
    scene.work_off()
    row = scene.row(scene.ada)
    assert row.state is OutboxState.REFUSED
    assert row.problem is not None
    assert "send the score again" in row.problem
    # where the LMS does not say why, no person is blamed
    assert row.problem_code == {"riverbend": "not-taken", "schoology": "not-taken", "Open edX": "not-taken"}.get(
        profile(scene), "canvas-no-student" if profile(scene) == "canvas" else "no-learner"
    )
    scene.world.enrol("ada", "RPD-2026")
    with transaction(scene.engine) as session:
        outbox.resend(session, session.merge(row), by=None, now=scene.clock())
    scene.work_off()
    arrived_once(scene, scene.ada)


@each_lms
def test_a_column_that_is_gone_is_for_somebody_to_mend(scene: Scene) -> None:
    scene.world.remove_line_item(scene.place.column.id)
    scene.tell(scene.ada)
    scene.work_off()
    row = scene.row(scene.ada)
    assert (row.state, row.problem_code) == (OutboxState.REFUSED, "column-gone")


@each_lms
def test_a_tool_without_the_right_to_write_scores_is_for_an_administrator_to_mend(scene: Scene) -> None:
    tool = scene.world.tool()
    scene.world.change_tool(tool.client_id, scopes=(Scope.MEMBERSHIPS,))
    scene.tell(scene.ada)
    scene.work_off()
    row = scene.row(scene.ada)
    assert row.state is OutboxState.REFUSED
    assert row.problem is not None
    assert "administrator" in row.problem
    assert scene.asked(SCORES) == 0


@each_lms
def test_an_entry_that_is_newer_than_ours_is_read_and_then_overwritten(scene: Scene) -> None:
    ahead = scene.clock() + timedelta(seconds=30)
    entry = {
        "userId": scene.ada.sub,
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "scoreGiven": 1,
        "scoreMaximum": 2,
        "timestamp": ahead.isoformat(timespec="milliseconds"),
    }
    gradebook.accept(scene.world, scene.place.column, entry)
    scene.tell(scene.ada)
    scene.work_off()
    assert scene.row(scene.ada).state is OutboxState.DUE
    assert scene.asked(RESULTS) == 1
    scene.clock.travel(timedelta(minutes=1))
    scene.work_off()
    result = shown(scene, scene.ada)
    assert result.score == result.maximum
    assert scene.row(scene.ada).state is OutboxState.SENT


@each_lms
def test_a_grade_that_a_teacher_locked_ends_with_somebody_who_can_unlock_it(scene: Scene) -> None:
    gradebook.lock(scene.world, "ada", scene.place.column)
    scene.tell(scene.ada)
    for _ in range(8):
        scene.work_off()
        scene.clock.travel(LOOK_LONGER / 4)
    row = scene.row(scene.ada)
    assert row.state is OutboxState.REFUSED
    assert row.problem is not None
    assert "again" in row.problem
    assert (row.problem_code == "moodle-locked") == (profile(scene) == "moodle")
