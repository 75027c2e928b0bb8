"""A trainer opens, drafts and releases; what that makes of the reflection, the activity and the enrolment."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from plugin.actions import reflect, review, standing
from plugin.actions.review import AlreadyReleased, DraftConflict, Ending
from plugin.db.audit import AuditEvent
from plugin.db.learning import Cohort, Completion, Enrolment, EnrolmentState, Progress
from plugin.db.outbox import OutboxRow, OutboxState
from plugin.db.reflections import Decision, Feedback, Reflection, Revision
from plugin.domain import scores
from plugin.domain.review import NOTHING_WRITTEN, Lack, Mark, Problem, State, StepRefused, Written
from tests.cast import Actor, Cast
from tests.waiting import send

ALL_MET = dict.fromkeys(["practice", "research", "setting", "response"], Mark.MET)
ACCEPTING = Written(ALL_MET, {}, "You say what students did.", "", "")
RETURNING = Written({}, {"research": "Which idea from the reading?"}, "", "Name one idea.", "")


def waiting(session: Session, cast: Cast, **changes: str) -> tuple[Reflection, Revision]:
    row = send(session, cast.ada, at=cast.now, **changes)
    revision = review.revision_of(session, row, row.revision)
    assert revision is not None
    return row, revision


def released(
    session: Session,
    cast: Cast,
    answered: tuple[Reflection, Revision],
    written: Written,
    decision: Decision,
    *,
    by: Actor | None = None,
    version: int = 0,
) -> review.Release:
    who, later = (by or cast.tom).id, cast.now + timedelta(hours=1)
    return review.release(session, *answered, written, decision, version=version, by=who, now=later)


def finish_the_rest(session: Session, cast: Cast) -> None:
    """Ada has done every required activity but the reflection."""
    assert cast.ada.enrolment is not None
    for activity in cast.pack.activities:
        if activity.required and activity.key != "reflect":
            session.add(
                Progress(
                    enrolment_id=cast.ada.enrolment.id,
                    activity=activity.key,
                    opened_at=cast.now,
                    done_at=cast.now,
                    position=0,
                    minutes=activity.minutes,
                )
            )
    session.flush()


def test_opening_tells_who_reads_and_ends_the_time_in_which_it_can_be_taken_back(cast: Cast, session: Session) -> None:
    row, _revision = waiting(session, cast)
    review.open_to_read(session, row, by=cast.tom.id, now=cast.now)
    assert (row.state, row.reader_id, row.reader_since) == (State.IN_REVIEW, cast.tom.id, cast.now)
    assert cast.ada.enrolment is not None
    with pytest.raises(StepRefused):
        reflect.take_back(session, cast.ada.enrolment, "reflect", now=cast.now)


def test_the_first_reader_stays_the_reader_for_half_an_hour(cast: Cast, session: Session) -> None:
    row, _revision = waiting(session, cast)
    other = cast.other.tom.id
    review.open_to_read(session, row, by=cast.tom.id, now=cast.now)
    review.open_to_read(session, row, by=other, now=cast.now + timedelta(minutes=29))
    assert row.reader_id == cast.tom.id
    assert review.is_read_by_other(row, other, cast.now + timedelta(minutes=29))
    assert not review.is_read_by_other(row, other, cast.now + timedelta(minutes=31))
    review.open_to_read(session, row, by=other, now=cast.now + timedelta(minutes=31))
    assert row.reader_id == other


def test_a_draft_grows_by_versions_and_a_stale_tab_overwrites_nothing(cast: Cast, session: Session) -> None:
    row, revision = waiting(session, cast)
    first = review.save_draft(session, row, revision, RETURNING, version=0, by=cast.tom.id, now=cast.now)
    assert (first.version, row.state) == (1, State.IN_REVIEW)
    again = review.save_draft(session, row, revision, RETURNING, version=0, by=cast.tom.id, now=cast.now)
    assert again.version == 1
    review.save_draft(session, row, revision, ACCEPTING, version=1, by=cast.tom.id, now=cast.now)
    with pytest.raises(DraftConflict) as conflict:
        review.save_draft(session, row, revision, NOTHING_WRITTEN, version=1, by=cast.tom.id, now=cast.now)
    assert review.as_written(conflict.value.stored) == ACCEPTING


def test_two_trainers_draft_side_by_side(cast: Cast, session: Session) -> None:
    row, revision = waiting(session, cast)
    review.save_draft(session, row, revision, RETURNING, version=0, by=cast.tom.id, now=cast.now)
    review.save_draft(session, row, revision, ACCEPTING, version=0, by=cast.other.tom.id, now=cast.now)
    kept = {draft.trainer_id: review.as_written(draft) for draft in session.scalars(select(Feedback))}
    assert kept == {cast.tom.id: RETURNING, cast.other.tom.id: ACCEPTING}


def test_returning_gives_the_turn_to_the_member_and_tells_the_lms_nothing(cast: Cast, session: Session) -> None:
    row, revision = waiting(session, cast)
    assert released(session, cast, (row, revision), RETURNING, Decision.RETURN).ending is Ending.RELEASED
    assert (row.state, row.waiting_since, row.reader_id) == (State.RETURNED, None, None)
    assert session.scalar(select(func.count()).select_from(OutboxRow)) == 0
    assert session.scalar(select(func.count()).select_from(Progress)) == 0


def test_accepting_meets_the_reflection_and_credits_its_activity(cast: Cast, session: Session) -> None:
    row, revision = waiting(session, cast)
    assert released(session, cast, (row, revision), ACCEPTING, Decision.ACCEPT).ending is Ending.RELEASED
    assert (row.state, row.met_at) == (State.MET, cast.now + timedelta(hours=1))
    done = session.scalars(select(Progress)).one()
    assert (done.activity, done.minutes, done.done_at) == ("reflect", 9, row.met_at)
    assert session.scalar(select(Completion)) is None


def test_accepting_the_last_thing_completes_the_enrolment_and_queues_its_score(cast: Cast, session: Session) -> None:
    finish_the_rest(session, cast)
    row, revision = waiting(session, cast)
    released(session, cast, (row, revision), ACCEPTING, Decision.ACCEPT)
    completion = session.scalars(select(Completion)).one()
    assert (completion.person_id, completion.minutes) == (cast.ada.id, 30)
    enrolment = session.get_one(Enrolment, row.enrolment_id)
    assert enrolment.state is EnrolmentState.COMPLETED
    told = session.scalars(select(OutboxRow)).one()
    assert (told.progress, told.score, told.state) == (scores.Progress.COMPLETED, 1, OutboxState.DUE)
    assert told.line_item_id == cast.here.line_item.id


def test_accepting_leaves_the_member_where_they_were(cast: Cast, session: Session) -> None:
    row, revision = waiting(session, cast)
    enrolment = session.get_one(Enrolment, row.enrolment_id)
    where = standing.of(session, enrolment, session.get_one(Cohort, row.cohort_id))
    standing.opened(session, where, "finding-1", now=cast.now)
    session.flush()
    released(session, cast, (row, revision), ACCEPTING, Decision.ACCEPT)
    assert (enrolment.last_activity, enrolment.last_activity_at) == ("finding-1", cast.now)


def test_an_answer_that_lacks_something_is_kept_and_not_released(cast: Cast, session: Session) -> None:
    row, revision = waiting(session, cast)
    result = released(session, cast, (row, revision), RETURNING, Decision.ACCEPT)
    assert result.ending is Ending.INCOMPLETE
    assert [problem.criterion for problem in result.problems] == ["practice", "research", "setting", "response"]
    assert row.waiting_since is not None
    draft = session.scalars(select(Feedback)).one()
    assert (review.as_written(draft), draft.released_at) == (RETURNING, None)
    empty = released(session, cast, (row, revision), NOTHING_WRITTEN, Decision.RETURN, version=1)
    assert empty.problems == (Problem(Lack.ADVICE),)


def test_the_same_button_twice_is_one_release(cast: Cast, session: Session) -> None:
    row, revision = waiting(session, cast)
    for _press in range(2):
        assert released(session, cast, (row, revision), RETURNING, Decision.RETURN).ending is Ending.RELEASED
    assert session.scalar(select(func.count()).select_from(Feedback)) == 1
    deeds = session.scalars(select(AuditEvent.deed).where(AuditEvent.deed == "release feedback")).all()
    assert deeds == ["release feedback"]


def test_another_decision_from_another_tab_comes_too_late(cast: Cast, session: Session) -> None:
    row, revision = waiting(session, cast)
    released(session, cast, (row, revision), RETURNING, Decision.RETURN)
    with pytest.raises(AlreadyReleased):
        released(session, cast, (row, revision), ACCEPTING, Decision.ACCEPT)
    with pytest.raises(AlreadyReleased):
        review.save_draft(session, row, revision, ACCEPTING, version=1, by=cast.tom.id, now=cast.now)
    assert row.state is State.RETURNED


def test_the_slower_trainer_keeps_a_draft(cast: Cast, session: Session) -> None:
    row, revision = waiting(session, cast)
    released(session, cast, (row, revision), RETURNING, Decision.RETURN)
    late = released(session, cast, (row, revision), ACCEPTING, Decision.ACCEPT, by=cast.other.tom)
    assert late.ending is Ending.ANSWERED
    assert row.state is State.RETURNED
    draft = session.scalars(select(Feedback).where(Feedback.trainer_id == cast.other.tom.id)).one()
    assert (review.as_written(draft), draft.released_at) == (ACCEPTING, None)


def test_an_answer_to_a_revision_that_was_taken_back_goes_nowhere_and_is_kept(cast: Cast, session: Session) -> None:
    row, revision = waiting(session, cast)
    assert cast.ada.enrolment is not None
    reflect.take_back(session, cast.ada.enrolment, "reflect", now=cast.now)
    gone = released(session, cast, (row, revision), RETURNING, Decision.RETURN)
    assert (gone.ending, row.state) == (Ending.GONE, State.DRAFTING)
    newer, _revision = waiting(session, cast, text="A second try.")
    assert newer.id == row.id
    again = released(session, cast, (row, revision), RETURNING, Decision.RETURN, version=1)
    assert (again.ending, row.state) == (Ending.GONE, State.SUBMITTED)
    assert session.scalars(select(Feedback)).one().released_at is None


def test_the_trail_says_what_was_decided_and_not_a_word_of_what_was_written(cast: Cast, session: Session) -> None:
    row, revision = waiting(session, cast)
    released(session, cast, (row, revision), RETURNING, Decision.RETURN)
    event = session.scalars(select(AuditEvent).where(AuditEvent.deed == "release feedback")).one()
    assert (event.subject, event.actor_id) == (f"reflection {row.id}", cast.tom.id)
    assert event.facts == {"decision": "return", "revision": 1}
