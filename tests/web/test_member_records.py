"""The record: revisions with their answers, all one's writing, hours."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.db.reflections import Decision, Feedback, Reflection
from tests.cast import Cast
from tests.member import TEXT, learn, now_stored, return_it, send, settle_everything, words, write


def sent_twice(cast: Cast, session: Session) -> None:
    """Ada sent her text, Tom returned it, she sent another."""
    send(cast.ada)
    return_it(session, cast)
    [version] = now_stored(session, select(Reflection.version).where(Reflection.activity == "reflect"))
    write(cast.ada, "reflect", "A second, better text.", "send-anyway", version)


def test_every_revision_stands_once_with_its_answer_newest_first(cast: Cast, session: Session) -> None:
    sent_twice(cast, session)
    page = words(cast.ada.get(learn(cast.ada, "reflect/revisions")))
    assert page.count("A second, better text.") == 1
    assert page.count("Name the day on which you look again.") == 1
    assert page.index("Revision 2") < page.index("Revision 1") < page.index("Tom Reyes answered")


def test_opening_the_revisions_is_seeing_the_answer(cast: Cast, session: Session) -> None:
    send(cast.ada)
    return_it(session, cast)
    cast.ada.get(learn(cast.ada, "reflect/revisions"))
    assert now_stored(session, select(Feedback.seen_at)) != [None]


def test_a_revision_taken_back_says_so(cast: Cast) -> None:
    send(cast.ada)
    cast.ada.post(learn(cast.ada, "reflect/take-back"))
    assert "taken back before anybody read it" in cast.ada.get(learn(cast.ada, "reflect/revisions")).text


def test_before_the_first_revision_the_page_says_what_will_be_there(cast: Cast) -> None:
    assert "There is no revision yet" in cast.ada.get(learn(cast.ada, "reflect/revisions")).text


def test_my_writing_holds_all_prompts_drafts_revisions_and_answers(cast: Cast, session: Session) -> None:
    write(cast.ada, "goal", "They shall use it.", "keep")
    write(cast.ada, "goal", "A thought not kept yet.", "save", 1)
    sent_twice(cast, session)
    page = words(cast.ada.get(f"{learn(cast.ada)}/writing"))
    for found in (
        "A goal of your own",
        "They shall use it.",
        "Draft",
        "A thought not kept yet.",
        "A second, better text.",
        "You tied it to what students did.",
    ):
        assert found in page
    assert page.count("A second, better text.") == 1, "what was sent is no draft"


def test_my_writing_before_the_first_word_is_no_dead_end(cast: Cast) -> None:
    page = words(cast.ada.get(f"{learn(cast.ada)}/writing"))
    assert "Nothing is written yet" in page
    assert "Back to the overview" in page


def test_all_of_it_can_be_taken_along_as_plain_text(cast: Cast, session: Session) -> None:
    write(cast.ada, "goal", "Tom & I <use> it.", "keep")
    sent_twice(cast, session)
    taken = cast.ada.get(f"{learn(cast.ada)}/writing.txt")
    assert taken.mimetype == "text/plain"
    assert taken.headers["Content-Disposition"] == 'attachment; filename="my-writing-tst-01.txt"'
    for found in ("Tom & I <use> it.", TEXT.strip(), "A second, better text.", "Next step: Name the day", "Met"):
        assert found in taken.text
    assert cast.ben.get(f"{learn(cast.ada)}/writing.txt").status_code == 404


def test_hours_are_earned_waiting_and_explained(cast: Cast, session: Session) -> None:
    settle_everything(cast.ada, cast)
    send(cast.ada)
    page = words(cast.ada.get(f"{learn(cast.ada)}/hours"))
    assert "earned 21 min waiting for a trainer 9 min in all 30 min" in page
    assert "so far that is 0.4" in page
    assert "Try it in class optional, not counted Not started not yet" in page
    return_it(session, cast, Decision.ACCEPT)
    page = words(cast.ada.get(f"{learn(cast.ada)}/hours"))
    assert "earned 30 min in all 30 min" in page
    assert "certificate" not in page.lower()
