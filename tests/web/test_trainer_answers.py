"""Releasing an answer: what the member gets, what the trainer sees next, and who was quicker."""

from __future__ import annotations

import re
import threading
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from plugin.db.learning import Completion, Progress
from plugin.db.outbox import OutboxRow
from plugin.db.reflections import Decision, Feedback, Reflection
from plugin.domain.review import State
from tests.cast import Actor, Cast
from tests.waiting import another_cohort, another_trainer, enrol, send

RETURNING = {
    "decision": "return",
    "revision": "1",
    "version": "0",
    "mark-research": "not_yet",
    "comment-research": "Which idea from the reading?",
    "working": "You say what students did.",
    "next_step": "Name one idea.",
}
ACCEPTING = {
    "decision": "accept",
    "revision": "1",
    "version": "0",
    "mark-practice": "met",
    "mark-research": "approaching",
    "mark-setting": "met",
    "mark-response": "met",
    "working": "A dated next step.",
}


Form = dict[str, str]


def words(page: str) -> str:
    """What is read on a page, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def waits(session: Session, member: Actor, cast: Cast, *, hours: int = 1) -> Reflection:
    row = send(session, member, at=cast.now - timedelta(hours=hours))
    session.commit()
    return row


def at_once(*sendings: tuple[Actor, str, Form]) -> list[TestResponse]:
    """Browsers send their forms at the same moment."""
    tokens = [actor.token() for actor, _path, _form in sendings]
    gate = threading.Barrier(len(sendings))
    answers: dict[int, TestResponse] = {}

    def send_form(number: int) -> None:
        actor, path, form = sendings[number]
        gate.wait()
        answers[number] = actor.client.post(path, data={**form, "csrf_token": tokens[number]})

    threads = [threading.Thread(target=send_form, args=(number,)) for number in range(len(sendings))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return [answers[number] for number in range(len(sendings))]


def now_stands(session: Session, row: Reflection) -> State:
    session.refresh(row)
    session.commit()
    return row.state


def release(actor: Actor, reflection: int, form: dict[str, str], **changes: str) -> TestResponse:
    return actor.post(f"/review/{reflection}/release", {**form, **changes})


def test_after_returning_comes_the_next_that_waits_with_a_quiet_word(cast: Cast, session: Session) -> None:
    ada, ben = waits(session, cast.ada, cast, hours=3), waits(session, cast.ben, cast, hours=2)
    answer = release(cast.tom, ada.id, RETURNING)
    assert (answer.status_code, answer.location) == (302, f"/review/{ben.id}")
    assert "Returned to Ada Okafor. 1 waiting." in words(cast.tom.get(answer.location).text)
    assert now_stands(session, ada) is State.RETURNED


def test_after_the_last_one_comes_the_empty_queue(cast: Cast, session: Session) -> None:
    row = waits(session, cast.ada, cast)
    answer = release(cast.tom, row.id, ACCEPTING)
    assert (answer.status_code, answer.location) == (302, "/review")
    page = words(cast.tom.get("/review").text)
    assert "Accepted for Ada Okafor. Nothing else waits." in page
    assert "Have a good evening" in page


def test_going_on_stays_in_the_part_of_the_queue_that_was_chosen(cast: Cast, session: Session) -> None:
    evening = another_cohort(session, cast.here, "Evening run")
    first = waits(session, enrol(session, cast.ada, evening), cast, hours=3)
    waits(session, cast.ada, cast, hours=2)
    second = waits(session, enrol(session, cast.ben, evening), cast, hours=1)
    part = f"cohort={evening.id}"
    page = cast.tom.get(f"/review/{first.id}?{part}").text
    assert f'formaction="/review/{first.id}/release?{part}"' in page
    answer = cast.tom.post(f"/review/{first.id}/release?{part}", RETURNING)
    assert answer.location == f"/review/{second.id}?{part}"


def test_what_another_trainer_reads_is_passed_over(cast: Cast, app: Flask, session: Session) -> None:
    ana = another_trainer(session, app, cast.here)
    ada, ben = waits(session, cast.ada, cast, hours=3), waits(session, cast.ben, cast, hours=2)
    ana.get(f"/review/{ben.id}")
    assert release(cast.tom, ada.id, RETURNING).location == "/review"


def finish(session: Session, cast: Cast, *, but: set[str]) -> None:
    """Ada has done every required activity but these."""
    assert cast.ada.enrolment is not None
    for activity in cast.pack.activities:
        if activity.required and activity.key not in but:
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


def test_an_accepted_reflection_is_met_and_the_last_one_completes_and_queues_a_score(
    cast: Cast, session: Session
) -> None:
    finish(session, cast, but={"reflect"})
    row = waits(session, cast.ada, cast)
    assert release(cast.tom, row.id, ACCEPTING).status_code == 302
    assert now_stands(session, row) is State.MET
    assert session.scalar(select(func.count()).select_from(Completion)) == 1
    assert session.scalars(select(OutboxRow)).one().score == 1


def test_a_member_who_finishes_while_a_trainer_accepts_has_completed(cast: Cast, session: Session) -> None:
    finish(session, cast, but={"reflect", "finding-1"})
    assert cast.ada.enrolment is not None
    row, last = waits(session, cast.ada, cast), f"/learn/{cast.ada.enrolment.id}/activities/finding-1"
    cast.ada.get(last)  # the activity was open before
    cast.tom.get(f"/review/{row.id}")
    answers = at_once((cast.tom, f"/review/{row.id}/release", ACCEPTING), (cast.ada, f"{last}/done", {}))
    assert [answer.status_code // 100 for answer in answers] == [3, 3]
    assert session.scalar(select(func.count()).select_from(Completion)) == 1
    assert session.scalars(select(OutboxRow)).one().score == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"mark-practice": ""}, "Mark “Examines practice” before you accept."),
        ({"mark-practice": "not_yet"}, "“Examines practice” is marked Not yet. Change the mark, or return"),
        (
            {"decision": "return", "mark-practice": "not_yet"},
            "“Examines practice” is marked Not yet: say in its comment what is missing.",
        ),
        ({"decision": "return"}, "Write a next step or a comment, so that Ada Okafor knows what to do."),
    ],
)
def test_an_answer_that_lacks_something_comes_back_whole_and_says_what(
    cast: Cast, session: Session, changes: dict[str, str], sentence: str
) -> None:
    row = waits(session, cast.ada, cast)
    answer = release(cast.tom, row.id, ACCEPTING, **changes)
    assert answer.status_code == 302
    assert answer.location.endswith("#problems")
    page = cast.tom.get(answer.location)
    assert sentence in words(page.text)
    assert 'role="alert"' in page.text
    assert 'id="problems" tabindex="-1"' in page.text
    assert "A dated next step." in page.text
    targets = re.findall(r'<li><a href="#([^"]+)">', page.text)
    assert targets
    assert all(f'id="{target}"' in page.text for target in targets)
    assert now_stands(session, row) is State.IN_REVIEW


def test_a_double_click_is_one_release_and_leads_to_the_same_place(cast: Cast, session: Session) -> None:
    ada = waits(session, cast.ada, cast, hours=3)
    waits(session, cast.ben, cast, hours=2)
    first = release(cast.tom, ada.id, RETURNING)
    second = release(cast.tom, ada.id, RETURNING)
    assert (first.status_code, second.status_code) == (302, 302)
    assert first.location == second.location
    assert session.scalar(select(func.count()).where(Feedback.released_at.is_not(None))) == 1


def test_of_two_trainers_at_once_one_answers_and_the_other_reads_who_did(
    cast: Cast, app: Flask, session: Session
) -> None:
    ana = another_trainer(session, app, cast.here)
    row = waits(session, cast.ada, cast)
    by_actor = {cast.tom.id: (cast.tom, "A dated next step."), ana.id: (ana, "You say what students did.")}
    address = f"/review/{row.id}/release"
    answers = at_once((cast.tom, address, ACCEPTING), (ana, address, RETURNING))
    assert [answer.status_code for answer in answers] == [302, 302]
    released = session.scalars(select(Feedback).where(Feedback.released_at.is_not(None))).all()
    drafts = session.scalars(select(Feedback).where(Feedback.released_at.is_(None))).all()
    session.commit()
    assert (len(released), len(drafts)) == (1, 1)
    assert now_stands(session, row) is (State.MET if released[0].decision is Decision.ACCEPT else State.RETURNED)
    (winner, sent), (slower, kept) = by_actor[released[0].trainer_id], by_actor[drafts[0].trainer_id]
    told = next(answer.location for answer in answers if "released" in answer.location)
    page = words(slower.get(told).text)
    assert f"{winner.person.name} was quicker" in page
    assert sent in page
    assert "Your draft on revision 1, not sent" in page
    assert kept in page
    assert kept not in words(winner.get(told).text)


def test_one_trainer_pressing_in_two_browsers_at_once_releases_once(cast: Cast, session: Session) -> None:
    row = waits(session, cast.ada, cast)
    address = f"/review/{row.id}/release"
    answers = at_once((cast.tom, address, RETURNING), (cast.tom, address, RETURNING))
    assert [answer.status_code for answer in answers] == [302, 302]
    assert answers[0].location == answers[1].location
    assert session.scalar(select(func.count()).where(Feedback.released_at.is_not(None))) == 1


def test_other_words_from_a_tab_left_open_are_given_back_and_not_sent(cast: Cast, session: Session) -> None:
    row = waits(session, cast.ada, cast)
    release(cast.tom, row.id, RETURNING)
    late = release(cast.tom, row.id, ACCEPTING, working="Typed in the other tab.")
    assert late.status_code == 409
    page = words(late.text)
    assert "You answered this from another tab" in page
    assert "Typed in the other tab." in page
    assert now_stands(session, row) is State.RETURNED
    told = cast.tom.send_json(f"/review/{row.id}/draft", {"working": "Typed later.", "version": 1, "revision": "1"})
    assert told.status_code == 410
    assert "was not sent" in told.get_json()["sentence"]


def test_an_answer_to_an_older_revision_does_not_hit_the_newer_one(cast: Cast, app: Flask, session: Session) -> None:
    ana = another_trainer(session, app, cast.here)
    row = waits(session, cast.ada, cast)
    release(cast.tom, row.id, RETURNING)
    send(session, cast.ada, "Written anew.", at=cast.now)
    session.commit()
    late = release(ana, row.id, ACCEPTING)
    assert late.location == f"/review/{row.id}/released?revision=1"
    assert now_stands(session, row) is State.SUBMITTED
    page = words(ana.get(late.location).text)
    assert "Tom Reyes returned revision 1" in page
    assert "A dated next step." in page


def test_a_stale_tab_cannot_release_over_a_newer_draft(cast: Cast, session: Session) -> None:
    row = waits(session, cast.ada, cast)
    newer = {"working": "Newer words.", "version": 0, "revision": "1"}
    assert cast.tom.send_json(f"/review/{row.id}/draft", newer).status_code == 200
    stale = release(cast.tom, row.id, RETURNING)
    assert stale.status_code == 409
    page = words(stale.text)
    assert "You have written to this in another tab too" in page
    assert "Newer words." in page
    assert "You say what students did." in page
    assert now_stands(session, row) is State.IN_REVIEW


def test_the_answer_can_be_read_again_as_the_member_has_it(cast: Cast, session: Session) -> None:
    row = waits(session, cast.ada, cast)
    release(cast.tom, row.id, RETURNING)
    page = words(cast.tom.get(f"/review/{row.id}/released").text)
    assert "You returned revision 1" in page
    for said in ("Which idea from the reading?", "You say what students did.", "Name one idea.", "Not yet"):
        assert said in page


def test_what_is_not_answered_has_no_answer_to_read(cast: Cast, session: Session) -> None:
    row = waits(session, cast.ada, cast)
    assert cast.tom.get(f"/review/{row.id}/released").location == f"/review/{row.id}"


def test_a_decision_that_there_is_not_changes_nothing(cast: Cast, session: Session) -> None:
    row = waits(session, cast.ada, cast)
    assert release(cast.tom, row.id, RETURNING, decision="excellent").status_code == 400
    assert now_stands(session, row) is State.SUBMITTED
