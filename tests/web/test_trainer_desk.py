"""The reading desk: what lies on it, what is never on it, and how a draft is kept."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.actions import reflect, review
from plugin.db.learning import Cohort
from plugin.db.reflections import Decision, Feedback, Reflection, Revision
from plugin.domain.review import LONGEST_ANSWER, State, Written
from tests.cast import Actor, Cast
from tests.waiting import TEXT, another_cohort, another_trainer, enrol, send

ADVICE = Written({}, {"research": "Which idea from the reading?"}, "", "Name one idea.", "")
FILLED = {
    "mark-practice": "approaching",
    "comment-practice": "From which other angle?",
    "working": "You say what students did.",
    "next_step": "Name the next lesson.",
    "question": "What surprised you?",
}


def words(page: str) -> str:
    """What is read on a page, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def one_waits(session: Session, member: Actor, cast: Cast, text: str = TEXT) -> Reflection:
    row = send(session, member, text, at=cast.now)
    session.commit()
    return row


def returned(session: Session, cast: Cast, text: str = TEXT) -> Reflection:
    """Ada's first revision came back to her from Tom."""
    row = send(session, cast.ada, text, at=cast.now - timedelta(days=3))
    revision = review.revision_of(session, row, row.revision)
    assert revision is not None
    before = cast.now - timedelta(days=2)
    review.release(session, row, revision, ADVICE, Decision.RETURN, version=0, by=cast.tom.id, now=before)
    session.commit()
    return row


def draft_of(session: Session, trainer: Actor) -> Feedback | None:
    found = session.scalar(
        select(Feedback).where(Feedback.trainer_id == trainer.id).execution_options(populate_existing=True)
    )
    session.commit()
    return found


def values(page: str) -> dict[str, str]:
    """What stands in the form of a desk: text areas, chosen marks, hidden fields."""
    areas = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>\n?(.*?)</textarea>', page, re.DOTALL)
    marks = re.findall(r'name="(mark-[^"]+)" value="([^"]+)" checked', page)
    hidden = re.findall(r'type="hidden" name="(version|revision)" value="([^"]+)"', page)
    return {name: unescape(text) for name, text in [*areas, *marks, *hidden]}


def test_opening_a_reflection_tells_the_other_trainers_who_reads_it(cast: Cast, app: Flask, session: Session) -> None:
    ana = another_trainer(session, app, cast.here)
    row = one_waits(session, cast.ada, cast)
    first = cast.tom.get(f"/review/{row.id}")
    assert first.status_code == 200
    assert "is reading this" not in first.text
    session.refresh(row)
    assert (row.state, row.reader_id) == (State.IN_REVIEW, cast.tom.id)
    session.commit()
    assert "Tom Reyes is reading this" in ana.get(f"/review/{row.id}").text
    assert "is reading this" not in cast.tom.get(f"/review/{row.id}").text


def test_the_desk_holds_the_text_the_prompt_the_rubric_and_a_place_for_the_answer(cast: Cast, session: Session) -> None:
    row = one_waits(session, cast.ada, cast)
    page = cast.tom.get(f"/review/{row.id}").text
    seen = words(page)
    assert TEXT in seen
    assert "Describe one comment you changed" in seen
    assert "Revision 1, sent today" in seen
    for criterion in cast.pack.rubric.criteria:
        assert criterion.title in seen
        assert criterion.not_yet in seen
    assert {"working", "next_step", "question", "comment-practice"} <= set(values(page))
    assert "Which part of the reading supports this choice?" in seen


def test_private_writing_is_never_on_a_trainers_page(cast: Cast, session: Session) -> None:
    for activity in ("goal", "inventory", "try"):
        private = send(session, cast.ada, f"PRIVATE {activity}", activity=activity, at=cast.now)
        private.reviewed, private.state, private.waiting_since = False, State.KEPT, None
    hidden = private.id
    row = returned(session, cast)
    send(session, cast.ada, "Written anew.", at=cast.now)
    session.commit()
    addresses = [
        "/review",
        f"/review/{row.id}",
        f"/review/{row.id}?changes=1",
        f"/review/{row.id}?check=accept",
        f"/review/{row.id}/released",
    ]
    for address in addresses:
        page = cast.tom.get(address)
        assert page.status_code == 200
        assert "PRIVATE" not in page.text, address
    for address in (f"/review/{hidden}", f"/review/{hidden}/released"):
        page = cast.tom.get(address)
        assert page.status_code == 404
        assert "PRIVATE" not in page.text


def test_earlier_answers_lie_beside_it_when_they_were_sent_to_trainers(cast: Cast, session: Session) -> None:
    send(session, cast.ada, "My goal, sent once.", activity="goal", at=cast.now - timedelta(days=5))
    send(session, cast.ada, "My goal, sent again.", activity="goal", at=cast.now - timedelta(days=4))
    send(session, cast.ada, "Not shown beside this one.", activity="try", at=cast.now)
    row = one_waits(session, cast.ada, cast)
    page = words(cast.tom.get(f"/review/{row.id}").text)
    assert "Earlier answer: A goal of your own" in page
    assert "My goal, sent again." in page
    assert "My goal, sent once." not in page
    assert "Not shown beside this one." not in page


def test_a_draft_of_the_members_is_not_shown_before_it_is_sent(cast: Cast, session: Session) -> None:
    row = returned(session, cast)
    row.text = "HALF A THOUGHT"
    session.commit()
    page = cast.tom.get(f"/review/{row.id}", follow_redirects=True)
    assert page.request.path == f"/review/{row.id}/released"
    assert TEXT in words(page.text)
    assert "HALF A THOUGHT" not in page.text


def test_changes_since_the_last_revision_are_told_by_words(cast: Cast, session: Session) -> None:
    row = returned(session, cast, "I wrote ten comments.")
    send(session, cast.ada, "I wrote twelve comments.", at=cast.now)
    session.commit()
    plain = cast.tom.get(f"/review/{row.id}").text
    assert "Show changes since revision 1" in plain
    assert "<ins>" not in plain
    page = cast.tom.get(f"/review/{row.id}?changes=1").text
    assert re.search(r"<del>.*ten.*</del><ins>.*twelve.*</ins>", page)
    assert "[removed: ten end] [added: twelve end]" in words(page)
    assert "1 word added, 1 removed since revision 1" in words(page)


def test_a_first_revision_has_no_changes_to_show(cast: Cast, session: Session) -> None:
    row = one_waits(session, cast.ada, cast)
    page = cast.tom.get(f"/review/{row.id}?changes=1").text
    assert "Show changes" not in page
    assert "<ins>" not in page


def test_what_was_taken_back_unread_is_not_among_the_earlier_revisions(cast: Cast, session: Session) -> None:
    send(session, cast.ada, "UNREAD AND TAKEN BACK", at=cast.now - timedelta(hours=2))
    assert cast.ada.enrolment is not None
    reflect.take_back(session, cast.ada.enrolment, "reflect", now=cast.now)
    row = one_waits(session, cast.ada, cast)
    for address in (f"/review/{row.id}", f"/review/{row.id}?changes=1"):
        page = cast.tom.get(address)
        assert page.status_code == 200
        assert "UNREAD AND TAKEN BACK" not in page.text


def test_the_earlier_answer_is_at_hand(cast: Cast, session: Session) -> None:
    row = returned(session, cast)
    send(session, cast.ada, "Written anew.", at=cast.now)
    session.commit()
    page = words(cast.tom.get(f"/review/{row.id}").text)
    assert "Revision 1 and its answer" in page
    assert "Name one idea." in page
    assert TEXT in page


def test_a_text_is_shown_as_it_was_typed_and_never_as_markup(cast: Cast, session: Session) -> None:
    row = one_waits(session, cast.ada, cast, "<script>alert(1)</script> & <b>bold</b>")
    page = cast.tom.get(f"/review/{row.id}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;bold&lt;/b&gt;" in page


def test_neighbours_in_the_queue_are_one_key_away(cast: Cast, session: Session) -> None:
    first = send(session, cast.ada, at=cast.now - timedelta(hours=3))
    second = send(session, cast.ben, at=cast.now - timedelta(hours=2))
    session.commit()
    page = cast.tom.get(f"/review/{first.id}").text
    assert "1 of 2" in words(page)
    assert f'<a href="/review/{second.id}" rel="next" data-key="j">' in page
    assert 'rel="prev"' not in page


def visit_all(actor: Actor, reflection: int) -> list[int]:
    """Every address of a reflection, asked for and posted to."""
    asked = [actor.get(f"/review/{reflection}{rest}") for rest in ("", "/released")]
    form = {"decision": "accept", "version": "0", "revision": "1", **FILLED}
    asked += [actor.post(f"/review/{reflection}/{deed}", form) for deed in ("draft", "compare", "release")]
    asked.append(actor.send_json(f"/review/{reflection}/draft", {"version": 0}))
    return [answer.status_code for answer in asked]


def test_only_trainers_find_a_reflection(cast: Cast, session: Session) -> None:
    row = one_waits(session, cast.ada, cast)
    for actor in (cast.ada, cast.ben, cast.lou, cast.ann, cast.ian):
        assert visit_all(actor, row.id) == [404] * 6, actor.person.name
        assert draft_of(session, actor) is None


def test_a_trainer_of_another_organization_does_not_find_it(cast: Cast, session: Session) -> None:
    row = one_waits(session, cast.ada, cast)
    assert visit_all(cast.other.tom, row.id) == [404] * 6


def test_a_trainer_of_one_cohort_does_not_find_those_of_another(cast: Cast, app: Flask, session: Session) -> None:
    evening: Cohort = another_cohort(session, cast.here, "Evening run")
    ana = another_trainer(session, app, cast.here, cohort=evening)
    row = one_waits(session, cast.ada, cast)
    theirs = one_waits(session, enrol(session, cast.ben, evening), cast)
    assert visit_all(ana, row.id) == [404] * 6
    assert ana.get(f"/review/{theirs.id}").status_code == 200


def test_a_trainer_does_not_find_their_own_reflection(cast: Cast, session: Session) -> None:
    row = one_waits(session, enrol(session, cast.tom, cast.here.cohort), cast)
    assert visit_all(cast.tom, row.id) == [404] * 6


def test_a_number_that_no_reflection_can_have_is_not_found(cast: Cast) -> None:
    assert cast.tom.get("/review/999999999999999999999999").status_code == 404


# ---- drafts ----------------------------------------------------------------------------------------------------


def saved(actor: Actor, reflection: int, version: int, **changes: Any) -> Any:
    return actor.send_json(f"/review/{reflection}/draft", {**FILLED, "revision": "1", "version": version, **changes})


def test_a_draft_is_saved_while_it_is_written_and_is_there_again(cast: Cast, session: Session) -> None:
    row = one_waits(session, cast.ada, cast)
    first = saved(cast.tom, row.id, 0)
    assert (first.status_code, first.json["version"]) == (200, 1)
    assert first.json["saved_at_text"]
    assert saved(cast.tom, row.id, 1, working="More.").json["version"] == 2
    there = values(cast.tom.get(f"/review/{row.id}").text)
    assert there["working"] == "More."
    assert there["mark-practice"] == "approaching"
    assert there["comment-practice"] == "From which other angle?"
    assert there["version"] == "2"


def test_a_mark_that_was_taken_away_is_gone(cast: Cast, session: Session) -> None:
    row = one_waits(session, cast.ada, cast)
    saved(cast.tom, row.id, 0)
    saved(cast.tom, row.id, 1, **{"mark-practice": None})
    assert "mark-practice" not in values(cast.tom.get(f"/review/{row.id}").text)


def test_two_tabs_of_one_trainer_never_overwrite_each_other(cast: Cast, session: Session) -> None:
    row = one_waits(session, cast.ada, cast)
    saved(cast.tom, row.id, 0, working="From the first tab.")
    late = saved(cast.tom, row.id, 0, working="From the second tab.")
    assert late.status_code == 409
    assert late.json["version"] == 1
    assert late.json["working"] == "From the first tab."
    assert late.json["mark-research"] is None
    page = cast.tom.post(late.json["conflict_url"], {**FILLED, "working": "From the second tab.", "version": "0"})
    assert page.status_code == 200
    assert "From the first tab." in words(page.text)
    assert values(page.text)["working"] == "From the second tab."
    assert values(page.text)["version"] == "1"
    assert saved(cast.tom, row.id, 1, working="Both.").status_code == 200


def test_the_same_words_again_are_no_conflict(cast: Cast, session: Session) -> None:
    row = one_waits(session, cast.ada, cast)
    saved(cast.tom, row.id, 0)
    lost_answer = saved(cast.tom, row.id, 0)
    assert (lost_answer.status_code, lost_answer.json["version"]) == (200, 1)


def test_a_draft_belongs_to_one_trainer(cast: Cast, app: Flask, session: Session) -> None:
    ana = another_trainer(session, app, cast.here)
    row = one_waits(session, cast.ada, cast)
    saved(cast.tom, row.id, 0, working="Tom's words.")
    assert saved(ana, row.id, 0, working="Ana's words.").status_code == 200
    assert "Tom's words." not in unescape(ana.get(f"/review/{row.id}").text)
    assert values(cast.tom.get(f"/review/{row.id}").text)["working"] == "Tom's words."


def test_saving_works_without_a_script(cast: Cast, session: Session) -> None:
    row = one_waits(session, cast.ada, cast)
    form = {**FILLED, "revision": "1", "version": "0", "step": "save"}
    kept = cast.tom.post(f"/review/{row.id}/draft", form)
    assert (kept.status_code, kept.location) == (302, f"/review/{row.id}#answer")
    assert values(cast.tom.get(f"/review/{row.id}").text)["question"] == "What surprised you?"
    stale = cast.tom.post(f"/review/{row.id}/draft", {**form, "question": "Something else?"})
    assert stale.status_code == 409
    assert "What surprised you?" in words(stale.text)
    assert values(stale.text)["question"] == "Something else?"


def test_too_many_characters_are_refused_in_words_and_given_back(cast: Cast, session: Session) -> None:
    row = one_waits(session, cast.ada, cast)
    long = "x" * (LONGEST_ANSWER + 1)
    refused = saved(cast.tom, row.id, 0, **{"comment-practice": long})
    assert refused.status_code == 413
    assert "“Comment on “Examines practice”” has 10,001 characters" in refused.get_json()["sentence"]
    page = cast.tom.post(f"/review/{row.id}/release", {**FILLED, "next_step": long, "decision": "return"})
    assert page.status_code == 413
    assert values(page.text)["next_step"] == long
    assert values(page.text)["working"] == FILLED["working"]
    assert saved(cast.tom, row.id, 0, working="y" * LONGEST_ANSWER).status_code == 200


def test_what_cannot_be_a_draft_is_refused(cast: Cast, session: Session) -> None:
    row = one_waits(session, cast.ada, cast)
    bodies: list[dict[str, Any]] = [
        {"version": "x"},
        {"version": -1},
        {"version": 2**60},
        {"version": True},
        {"version": 0, "working": ["a"]},
        {"version": 0, "marks": {"practice": "met"}},
        {"version": 0, "mark-practice": "excellent"},
        {"version": 0, "revision": "x"},
    ]
    for body in bodies:
        refused = cast.tom.send_json(f"/review/{row.id}/draft", body)
        assert refused.status_code == 400, body
        assert "Nothing was changed" in refused.get_json()["sentence"]
    assert draft_of(session, cast.tom) is None


def test_a_body_that_is_no_object_is_refused(cast: Cast, session: Session) -> None:
    row = one_waits(session, cast.ada, cast)
    headers = {"X-CSRFToken": cast.tom.token(), "Content-Type": "application/json"}
    for body in (b"[1, 2]", b"null", b"{", b""):
        assert cast.tom.client.post(f"/review/{row.id}/draft", data=body, headers=headers).status_code == 400


def test_signs_that_a_database_refuses_do_not_stop_a_draft(cast: Cast, session: Session) -> None:
    row = one_waits(session, cast.ada, cast)
    assert saved(cast.tom, row.id, 0, working="a\x00b\ud800c\r\nd").status_code == 200
    assert values(cast.tom.get(f"/review/{row.id}").text)["working"] == "ab?c\nd"


def test_an_answer_to_a_revision_that_never_was_is_not_found(cast: Cast, session: Session) -> None:
    row = one_waits(session, cast.ada, cast)
    assert saved(cast.tom, row.id, 0, revision="7").status_code == 404


def test_writing_keeps_the_reader_at_the_desk(cast: Cast, app: Flask, session: Session) -> None:
    ana = another_trainer(session, app, cast.here)
    row = one_waits(session, cast.ada, cast)
    review.open_to_read(session, row, by=cast.tom.id, now=cast.now - timedelta(minutes=45))
    session.commit()
    assert saved(cast.tom, row.id, 0).status_code == 200
    assert "Tom Reyes is reading this" in ana.get(f"/review/{row.id}").text


def test_a_reflection_that_was_taken_back_is_not_shown_and_ones_own_words_are(cast: Cast, session: Session) -> None:
    row = send(session, cast.ada, "TAKEN BACK", at=cast.now)
    revision = session.scalars(select(Revision)).one()
    review.save_draft(session, row, revision, ADVICE, version=0, by=cast.tom.id, now=cast.now)
    row.state = State.SUBMITTED
    session.flush()
    assert cast.ada.enrolment is not None
    reflect.take_back(session, cast.ada.enrolment, "reflect", now=cast.now)
    session.commit()
    page = cast.tom.get(f"/review/{row.id}")
    assert page.status_code == 200
    assert "Ada Okafor took this back" in page.text
    assert "Name one idea." in page.text
    assert "TAKEN BACK" not in page.text


def test_nothing_that_was_written_reaches_a_log(cast: Cast, session: Session, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    row = one_waits(session, cast.ada, cast, "SECRET TEXT")
    saved(cast.tom, row.id, 0, working="SECRET WORDS")
    saved(cast.tom, row.id, 0, working="SECRET WORDS AGAIN")
    saved(cast.tom, row.id, 1, working="SECRET" * 2000)
    cast.tom.post(f"/review/{row.id}/release", {**FILLED, "working": "SECRET FORM", "decision": "perhaps"})
    cast.other.tom.post(f"/review/{row.id}/release", {**FILLED, "working": "SECRET FORM", "decision": "accept"})
    assert caplog.records
    assert "SECRET" not in caplog.text
