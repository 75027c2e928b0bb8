"""Drafts that cannot overwrite each other, revisions that never change, sending and taking back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

import content
from plugin.actions import history, reflect, standing
from plugin.actions.reflect import Keep, NewerText, NothingWritten
from plugin.actions.standing import Standing
from plugin.db import doors
from plugin.db.audit import AuditEvent
from plugin.db.learning import Enrolment
from plugin.db.outbox import OutboxRow
from plugin.db.reflections import Decision, Feedback, Reflection, Revision, SetAside
from plugin.domain.drafts import LONGEST, TextTooLong
from plugin.domain.progress import ActivityState
from plugin.domain.review import State, StepRefused
from plugin.domain.scores import Progress
from tests.cast import Cast

TEXT = "On Monday I replaced the check mark with one sentence."


class Desk:
    """Ada at her reflection (or at another prompt), in a session of her own."""

    def __init__(self, cast: Cast, session: Session, key: str = "reflect") -> None:
        self.cast, self.session, self.now = cast, session, cast.now
        self.activity: content.Activity = next(found for found in cast.pack.activities if found.key == key)

    @property
    def enrolment(self) -> Enrolment:
        assert self.cast.ada.enrolment
        return self.session.get_one(Enrolment, self.cast.ada.enrolment.id)

    @property
    def standing(self) -> Standing:
        found = doors.own_enrolment(self.session, self.cast.ada.id, self.enrolment.id)
        assert found
        return standing.of(self.session, *found)

    @property
    def row(self) -> Reflection:
        found = reflect.written(self.session, self.enrolment.id, self.activity.key)
        assert found
        return found

    def save(self, text: str, version: int) -> reflect.Saved:
        return reflect.save(self.session, self.enrolment, self.activity, text, version=version, now=self.now)

    def send(self, text: str, version: int) -> Reflection:
        return reflect.send(self.session, self.standing, self.activity, text, version=version, now=self.now)

    def keep(self, text: str, version: int) -> Standing:
        return reflect.keep(self.session, self.standing, self.activity, text, version=version, now=self.now)

    def settle(self, which: Keep, *, mine: str, merged: str, version: int) -> reflect.Saved:
        return reflect.settle(
            self.session, self.enrolment, self.activity, which, mine=mine, merged=merged, version=version, now=self.now
        )

    def take_back(self) -> None:
        reflect.take_back(self.session, self.enrolment, self.activity.key, now=self.now)


@pytest.fixture
def desk(cast: Cast, session: Session) -> Desk:
    return Desk(cast, session)


@pytest.fixture
def notes(cast: Cast, session: Session) -> Desk:
    return Desk(cast, session, "goal")


def test_each_save_brings_the_version_that_the_next_one_needs(desk: Desk) -> None:
    assert desk.save("One", 0).version == 1
    assert desk.save("One two", 1) == reflect.Saved(2, desk.now, 2)
    assert (desk.row.text, desk.row.state) == ("One two", State.DRAFTING)


def test_a_save_over_an_older_version_is_refused_and_changes_nothing(desk: Desk) -> None:
    desk.save("The phone's text", 0)
    desk.save("The phone's longer text", 1)
    with pytest.raises(NewerText) as refused:
        desk.save("The laptop's text", 1)
    assert refused.value.stored.text == "The phone's longer text"
    assert (desk.row.text, desk.row.version) == ("The phone's longer text", 2)


def test_two_first_saves_make_one_draft_and_one_conflict(desk: Desk) -> None:
    desk.save("The phone's text", 0)
    with pytest.raises(NewerText):
        desk.save("The laptop's text", 0)
    desk.session.commit()  # the savepoint left the transaction whole
    assert desk.row.text == "The phone's text"


def test_a_save_whose_answer_was_lost_is_no_conflict(desk: Desk) -> None:
    desk.save("One", 0)
    desk.save("One two", 1)
    assert desk.save("One two", 1).version == 2


def test_two_devices_at_the_same_moment_cannot_both_win(cast: Cast, desk: Desk, engine: Engine) -> None:
    desk.save("One", 0)
    desk.session.commit()
    with Session(engine) as phone_session:
        phone = Desk(cast, phone_session)
        assert phone.row.version == 1
        phone.session.rollback()
        desk.save("The laptop's text", 1)
        desk.session.commit()
        with pytest.raises(NewerText):
            phone.save("The phone's text", 1)


def test_too_long_a_text_is_refused_with_its_length(desk: Desk) -> None:
    with pytest.raises(TextTooLong):
        desk.save("x" * (LONGEST + 1), 0)
    desk.save("x" * LONGEST, 0)


def test_keeping_ones_notes_makes_a_revision_each_time_and_the_activity_done(notes: Desk) -> None:
    notes.keep("My goal", 0)
    after = notes.keep("My better goal", 1)
    assert after.step("goal").state is ActivityState.DONE
    assert (notes.row.state, notes.row.reviewed) == (State.KEPT, False)
    texts = notes.session.scalars(select(Revision.text).order_by(Revision.number)).all()
    assert texts == ["My goal", "My better goal"]


def test_keeping_the_same_notes_twice_is_keeping_them_once(notes: Desk) -> None:
    notes.keep("My goal", 0)
    notes.keep("My goal", 0)
    assert notes.session.scalar(select(func.count()).select_from(Revision)) == 1


def test_sending_makes_a_revision_that_waits_and_tells_the_lms(desk: Desk) -> None:
    desk.save("On Monday", 0)
    row = desk.send(TEXT, 1)
    revision = desk.session.scalars(select(Revision)).one()
    assert (row.state, row.waiting_since, row.revision) == (State.SUBMITTED, desk.now, 1)
    assert (revision.number, revision.text, revision.words) == (1, TEXT, 10)
    assert desk.standing.step("reflect").state is ActivityState.WAITING
    assert desk.session.scalars(select(OutboxRow)).one().progress is Progress.SUBMITTED


def test_what_is_remembered_of_sending_holds_no_word_of_it(desk: Desk) -> None:
    desk.send(TEXT, 0)
    event = desk.session.scalars(select(AuditEvent).where(AuditEvent.deed == "send reflection")).one()
    assert event.facts == {"revision": 1}
    assert event.actor_id == desk.cast.ada.id


def test_a_double_click_sends_once(desk: Desk) -> None:
    desk.save("On Monday", 0)
    first, second = desk.send(TEXT, 1), desk.send(TEXT, 1)
    assert first.id == second.id
    assert desk.session.scalar(select(func.count()).select_from(Revision)) == 1


def test_what_another_tab_typed_after_sending_is_a_conflict(desk: Desk) -> None:
    desk.save("On Monday", 0)
    desk.send(TEXT, 1)
    with pytest.raises(NewerText) as refused:
        desk.save("On Monday, and then", 1)
    assert refused.value.stored.state is State.SUBMITTED


@pytest.mark.parametrize("text", ["", "  \n\t", "\x00"])
def test_nothing_is_not_sent_and_not_kept(desk: Desk, notes: Desk, text: str) -> None:
    with pytest.raises(NothingWritten):
        desk.send(text, 0)
    with pytest.raises(NothingWritten):
        notes.keep(text, 0)


def test_what_nobody_opened_can_be_taken_back_and_sent_again(desk: Desk) -> None:
    desk.send(TEXT, 0)
    desk.take_back()
    desk.take_back()  # a double click
    assert (desk.row.state, desk.row.waiting_since, desk.row.text) == (State.DRAFTING, None, TEXT)
    assert desk.session.scalars(select(Revision)).one().taken_back_at == desk.now
    assert desk.send(f"{TEXT} Then I waited.", desk.row.version).revision == 2


def test_what_a_trainer_opened_cannot_be_taken_back(desk: Desk) -> None:
    desk.send(TEXT, 0).state = State.IN_REVIEW
    desk.session.flush()
    with pytest.raises(StepRefused):
        desk.take_back()
    assert desk.row.waiting_since is not None


def test_a_returned_reflection_is_changed_and_sent_as_the_next_revision(desk: Desk) -> None:
    returned(desk)
    assert desk.row.text == TEXT, "the draft begins where the last revision ended"
    desk.send(f"{TEXT} I look again on Friday.", desk.row.version)
    assert (desk.row.state, desk.row.revision) == (State.SUBMITTED, 2)


def test_only_released_feedback_stands_beside_a_revision(desk: Desk) -> None:
    returned(desk)
    revision = desk.session.scalars(select(Revision)).one()
    desk.session.add(feedback(desk, revision, desk.cast.lou.id, None))
    desk.session.flush()
    [found] = history.revisions(desk.session, [desk.row])[desk.row.id]
    assert found.feedback
    assert (found.feedback.trainer_id, found.trainer) == (desk.cast.tom.id, "Tom Reyes")


def test_feedback_is_news_until_it_was_seen(desk: Desk) -> None:
    returned(desk)
    [item] = history.news(desk.session.connection(), desk.enrolment.id)
    assert (item.activity, item.trainer, item.decision) == ("reflect", "Tom Reyes", Decision.RETURN)
    history.seen(history.revisions(desk.session, [desk.row])[desk.row.id], now=desk.now)
    desk.session.flush()
    assert history.news(desk.session.connection(), desk.enrolment.id) == []


@pytest.mark.parametrize(
    ("which", "draft", "aside"),
    [
        (Keep.MINE, "mine", ["theirs"]),
        (Keep.THEIRS, "theirs", ["mine"]),
        (Keep.MERGED, "theirs and mine", ["mine", "theirs"]),
    ],
)
def test_of_two_texts_one_is_the_draft_and_the_other_is_set_aside(
    desk: Desk, which: Keep, draft: str, aside: list[str]
) -> None:
    desk.save("theirs", 0)
    desk.settle(which, mine="mine", merged="theirs and mine", version=1)
    assert desk.row.text == draft
    assert sorted(desk.session.scalars(select(SetAside.text))) == aside


def test_a_third_text_that_came_meanwhile_is_not_overwritten(desk: Desk) -> None:
    desk.save("theirs", 0)
    desk.save("theirs, longer", 1)
    for which in Keep:
        with pytest.raises(NewerText):
            desk.settle(which, mine="mine", merged="both", version=1)
    assert desk.row.text == "theirs, longer"


def test_the_same_text_is_set_aside_once_and_the_stored_one_never(desk: Desk) -> None:
    desk.save("theirs", 0)
    for text in ("mine", "mine", "theirs", "  "):
        reflect.set_aside(desk.session, desk.row, text, now=desk.now)
        desk.session.flush()
    assert desk.session.scalars(select(SetAside.text)).all() == ["mine"]


def returned(desk: Desk) -> None:
    """Ada sent her text and Tom returned it."""
    row = desk.send(TEXT, 0)
    revision = desk.session.scalars(select(Revision)).one()
    desk.session.add(feedback(desk, revision, desk.cast.tom.id, Decision.RETURN))
    row.state, row.waiting_since = State.RETURNED, None
    desk.session.flush()


def feedback(desk: Desk, revision: Revision, trainer: int, decision: Decision | None) -> Feedback:
    return Feedback(
        reflection_id=revision.reflection_id,
        revision_id=revision.id,
        trainer_id=trainer,
        marks={"practice": "met"},
        comments={},
        working="You said what happened.",
        next_step="Name the day on which you look again.",
        question="",
        version=1,
        saved_at=desk.now,
        decision=decision,
        released_at=desk.now + timedelta(days=1) if decision else None,
    )
