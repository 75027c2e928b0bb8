"""The editor: nothing typed is lost, nothing is overwritten, nothing is sent twice."""

from __future__ import annotations

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from plugin.db.learning import Completion
from plugin.db.outbox import OutboxRow
from plugin.db.people import SignIn
from plugin.db.reflections import Decision, Feedback, Reflection, Revision, SetAside
from plugin.domain.drafts import LONGEST
from plugin.domain.review import State
from tests.cast import Actor, Cast
from tests.member import TEXT, answer, learn, now_stored, return_it, send, settle_everything, words, write

SECRET_WORDS = "the heron stood in the reeds"


def draft(member: Actor, text: Any, version: Any, key: str = "reflect") -> Any:
    """What autosave.js sends."""
    return member.send_json(learn(member, f"{key}/draft"), {"text": text, "version": version})


def stored(session: Session, key: str = "reflect") -> Reflection:
    [row] = now_stored(session, select(Reflection).where(Reflection.activity == key))
    assert isinstance(row, Reflection)
    return row


def test_autosave_answers_with_the_next_version_the_time_and_the_words(cast: Cast) -> None:
    first = draft(cast.ada, "On Monday", 0)
    assert first.status_code == 200
    assert first.json["version"] == 1
    assert first.json["words"] == 2
    assert re.fullmatch(r"\d{1,2}:\d\d\s[AP]M", first.json["saved_at_text"])
    assert draft(cast.ada, "On Monday I", 1).json["version"] == 2
    page = cast.ada.get(learn(cast.ada, "reflect"))
    assert ">\nOn Monday I</textarea>" in page.text
    assert 'name="version" value="2"' in page.text
    assert f"Saved {first.json['saved_at_text'][:4]}" in words(page)


def test_a_newer_text_is_answered_with_409_and_all_that_is_needed_to_choose(cast: Cast) -> None:
    draft(cast.ada, "From the phone", 0)
    draft(cast.ada, "From the phone, longer", 1)
    answered = draft(cast.ada, "From the laptop", 1)
    assert answered.status_code == 409
    assert answered.json["text"] == "From the phone, longer"
    assert answered.json["version"] == 2
    assert answered.json["conflict_url"] == learn(cast.ada, "reflect/conflict")


def test_eight_first_saves_at_once_make_one_draft_and_seven_conflicts(cast: Cast, session: Session) -> None:
    token = cast.ada.token()
    cookie = cast.ada.client.get_cookie("__Host-practicum")
    assert cookie

    def save(number: int) -> int:
        browser = cast.app.test_client()
        browser.environ_base["wsgi.url_scheme"] = "https"
        browser.set_cookie("__Host-practicum", cookie.value, secure=True)
        body = {"text": f"text {number}", "version": 0}
        return browser.post(learn(cast.ada, "reflect/draft"), json=body, headers={"X-CSRFToken": token}).status_code

    with ThreadPoolExecutor(8) as pool:
        codes = sorted(pool.map(save, range(8)))
    assert codes == [200] + [409] * 7
    assert len(now_stored(session, select(Reflection.id))) == 1


def test_eight_first_openings_at_once_are_one_opening(cast: Cast, session: Session) -> None:
    cookie = cast.ada.client.get_cookie("__Host-practicum")
    assert cookie

    def open_it(_number: int) -> int:
        browser = cast.app.test_client()
        browser.environ_base["wsgi.url_scheme"] = "https"
        browser.set_cookie("__Host-practicum", cookie.value, secure=True)
        return browser.get(learn(cast.ada, "reflect")).status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(open_it, range(8))) == [200] * 8
    assert len(now_stored(session, select(OutboxRow.id))) == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": "x"},
        {"text": 5, "version": 0},
        {"text": None, "version": 0},
        {"text": "x", "version": "0"},
        {"text": "x", "version": -1},
        {"text": "x", "version": 2**40},
        ["x", 0],
        "x",
    ],
)
def test_a_body_of_another_shape_is_refused_in_a_sentence(cast: Cast, body: object) -> None:
    headers = {"X-CSRFToken": cast.ada.token()}
    answered = cast.ada.client.post(learn(cast.ada, "reflect/draft"), json=body, headers=headers)
    assert answered.status_code == 400
    assert "Copy your words" in answered.get_json()["sentence"]


def test_a_body_that_is_no_json_is_refused_in_a_sentence(cast: Cast) -> None:
    headers = {"X-CSRFToken": cast.ada.token(), "Content-Type": "application/json"}
    answered = cast.ada.client.post(learn(cast.ada, "reflect/draft"), data=b"{", headers=headers)
    assert (answered.status_code, bool(answered.get_json()["sentence"])) == (400, True)


def test_too_long_a_text_is_refused_with_the_limit(cast: Cast) -> None:
    answered = draft(cast.ada, "x" * (LONGEST + 1), 0)
    assert answered.status_code == 413
    assert "50,000" in answered.get_json()["sentence"]
    assert draft(cast.ada, "é" * LONGEST, 0).status_code == 200


@pytest.mark.parametrize("text", ["a\x00b", "half an emoji \ud83d", "line\r\nline", "🦉 ünïcode"])
def test_whatever_a_browser_can_send_is_stored_or_refused_but_never_fails(cast: Cast, text: str) -> None:
    assert draft(cast.ada, text, 0).status_code == 200


def test_a_dead_sign_in_is_401_and_the_words_stay_where_they_are(cast: Cast, session: Session) -> None:
    draft(cast.ada, "On Monday", 0)
    token = cast.ada.token()
    session.execute(delete(SignIn).where(SignIn.person_id == cast.ada.id))
    session.commit()
    body = {"text": "On Monday I", "version": 1}
    answered = cast.ada.client.post(learn(cast.ada, "reflect/draft"), json=body, headers={"X-CSRFToken": token})
    assert answered.status_code == 401
    assert answered.get_json()["error"] == "signed-out"
    assert stored(session).text == "On Monday"


def test_a_dead_sign_in_gives_a_typed_text_back(cast: Cast, session: Session) -> None:
    form = {"csrf_token": cast.ada.token(), "text": TEXT, "version": "0", "step": "send"}
    session.execute(delete(SignIn).where(SignIn.person_id == cast.ada.id))
    session.commit()
    page = cast.ada.client.post(learn(cast.ada, "reflect"), data=form)
    assert page.status_code == 401
    assert TEXT.strip() in page.text


def test_a_stale_form_gives_the_typed_text_back(cast: Cast) -> None:
    form = {"csrf_token": "of another evening", "text": TEXT, "version": "0", "step": "send"}
    page = cast.ada.client.post(learn(cast.ada, "reflect"), data=form, headers={"Referer": "https://localhost/"})
    assert page.status_code == 400
    assert TEXT.strip() in page.text


def test_saving_works_without_a_script(cast: Cast, session: Session) -> None:
    assert write(cast.ada, "reflect", "On Monday\r\nI", "save").status_code == 303
    assert stored(session).text == "On Monday\nI"
    assert write(cast.ada, "reflect", "On Monday", "save", version=1).status_code == 303
    assert stored(session).version == 2


def test_too_long_a_text_comes_back_in_the_editor_with_the_reason(cast: Cast) -> None:
    long = "word " * 10_001
    for step in ("save", "send-anyway"):
        page = write(cast.ada, "reflect", long, step)
        assert page.status_code == 413
        assert "50,000 is the most that can be kept" in page.text
        assert long.strip() in page.text


@pytest.mark.parametrize("step", ["save", "send", "send-anyway", "compare"])
def test_an_old_form_meets_a_newer_text_side_by_side_and_both_are_kept(cast: Cast, session: Session, step: str) -> None:
    draft(cast.ada, "From the phone", 0)
    page = write(cast.ada, "reflect", TEXT, step, version=0)
    assert page.status_code == 200
    assert "From the phone" in page.text
    assert TEXT.strip() in page.text
    assert stored(session).text == "From the phone"
    assert now_stored(session, select(SetAside.text)) == [TEXT]


def test_the_conflict_page_of_the_script_shows_both_and_settles(cast: Cast, session: Session) -> None:
    draft(cast.ada, "From the phone", 0)
    page = cast.ada.post(learn(cast.ada, "reflect/conflict"), {"text": "From the laptop", "version": "0"})
    assert "From the phone" in page.text
    assert "From the laptop" in page.text
    assert f'action="{learn(cast.ada, "reflect/settle")}"' in page.text
    form = {"mine": "From the laptop", "merged": "From both", "version": "1", "keep": "merged"}
    assert cast.ada.post(learn(cast.ada, "reflect/settle"), form).status_code == 303
    assert stored(session).text == "From both"
    kept = words(cast.ada.get(f"{learn(cast.ada)}/writing"))
    assert "From the laptop" in kept
    assert "From the phone" in kept


def test_a_third_text_while_choosing_is_shown_in_its_turn(cast: Cast, session: Session) -> None:
    draft(cast.ada, "One", 0)
    draft(cast.ada, "Three", 1)
    form = {"mine": "Two", "merged": "One and two", "version": "1", "keep": "merged"}
    page = cast.ada.post(learn(cast.ada, "reflect/settle"), form)
    assert page.status_code == 200
    assert "Three" in page.text
    assert "One and two" in page.text
    assert stored(session).text == "Three"


def test_a_conflict_that_is_none_goes_back_to_the_editor(cast: Cast) -> None:
    here = learn(cast.ada, "reflect")
    assert cast.ada.post(f"{here}/conflict", {"text": "First words", "version": "0"}).location == here
    assert cast.ada.post(f"{here}/conflict", {"text": "First words", "version": "0"}).location == here


def test_notes_for_oneself_are_kept_and_the_way_goes_on(cast: Cast, session: Session) -> None:
    page = cast.ada.get(learn(cast.ada, "goal"))
    assert "Only you can read this" in page.text
    assert "rubric" not in page.text.lower().partition("<main")[2]
    assert write(cast.ada, "goal", "They shall use it.", "keep").location == learn(cast.ada, "inventory")
    assert stored(session, "goal").state is State.KEPT
    assert "Keep changes" in cast.ada.get(learn(cast.ada, "goal")).text


def test_notes_are_never_sent_and_a_reflection_is_never_kept(cast: Cast, session: Session) -> None:
    write(cast.ada, "goal", TEXT, "send-anyway")
    assert stored(session, "goal").state is State.DRAFTING
    write(cast.ada, "reflect", TEXT, "keep")
    assert stored(session).state is State.DRAFTING


def test_an_earlier_answer_is_a_starting_point_and_says_where_it_comes_from(cast: Cast, session: Session) -> None:
    write(cast.ada, "goal", "They shall use it.", "keep")
    answer(cast.ada, "inventory", s1="rarely", s2="often")
    page = words(cast.ada.get(learn(cast.ada, "reflect")))
    assert "A goal of your own" in page
    assert "Rarely: I tell students one specific thing to do next." in page
    answered = write(cast.ada, "reflect", "My own words.", "start:goal")
    assert answered.location == f"{learn(cast.ada, 'reflect')}#text"
    write(cast.ada, "reflect", stored(session).text, "start:inventory", stored(session).version)
    assert re.fullmatch(
        r"My own words\.\n\nFrom “A goal of your own”, [^:]+:\nThey shall use it\.\n\n"
        r"From “What I do now”, [^:]+:\nRarely: I tell students .+\nOften: Students have time .+",
        stored(session).text,
    )


def test_what_is_not_shown_beside_a_prompt_cannot_be_copied_into_it(cast: Cast, session: Session) -> None:
    write(cast.ada, "try", "Private notes.", "keep")
    write(cast.ada, "reflect", "My own words.", "start:try")
    assert stored(session).text == "My own words."


def test_before_sending_a_short_text_is_asked_about_and_never_stopped(cast: Cast, session: Session) -> None:
    asked = write(cast.ada, "reflect", "Too short.", "send")
    assert asked.location == f"{learn(cast.ada, 'reflect')}?ask=short#ask"
    page = words(cast.ada.get(asked.location))
    assert "It has 2 words; 70 to 100 are suggested." in page
    assert "Send it as it is" in page
    assert stored(session).state is State.DRAFTING, "asked, and saved"
    assert write(cast.ada, "reflect", "Too short.", "send-anyway", version=1).status_code == 303
    assert stored(session).state is State.SUBMITTED


def test_a_question_that_has_no_reason_any_more_is_not_asked(cast: Cast) -> None:
    draft(cast.ada, TEXT, 0)
    assert "are suggested." not in words(cast.ada.get(f"{learn(cast.ada, 'reflect')}?ask=short"))


def test_the_reflection_page_says_who_reads_it_and_what_they_look_for(cast: Cast) -> None:
    page = words(cast.ada.get(learn(cast.ada, "reflect")))
    assert "Only you and your trainers can read this" in page
    assert "Leave out students’ names" in page
    assert "Why we ask" in page
    assert "I weigh what happened, why, and another way it could have gone." in page
    assert "(70–100 suggested)" in page


def test_after_sending_the_page_says_what_happens_now_and_by_when(cast: Cast) -> None:
    send(cast.ada)
    page = words(cast.ada.get(learn(cast.ada, "reflect")))
    assert "Sent. There is nothing for you to do until the answer comes." in page
    assert re.search(r"Answers usually come by \d+ \w+", page)
    assert "Take it back" in page
    assert "With your trainer since today" in page
    assert "Send to my trainer" not in page


def test_a_double_click_on_send_is_one_revision_and_one_page(cast: Cast, session: Session) -> None:
    answers = [write(cast.ada, "reflect", TEXT, "send") for _ in range(2)]
    assert {answered.location for answered in answers} == {learn(cast.ada, "reflect")}
    assert len(now_stored(session, select(Revision.id))) == 1


def test_nothing_cannot_be_sent(cast: Cast, session: Session) -> None:
    write(cast.ada, "reflect", "  \r\n ", "send")
    assert "Write something first" in cast.ada.get(learn(cast.ada, "reflect")).text
    assert len(now_stored(session, select(Revision.id))) == 0


def test_what_was_typed_in_another_tab_after_sending_is_kept_and_said(cast: Cast, session: Session) -> None:
    draft(cast.ada, "On Monday", 0)
    write(cast.ada, "reflect", TEXT, "send", version=1)
    page = write(cast.ada, "reflect", "Typed in the other tab", "save", version=1)
    assert "This was sent meanwhile" in page.text
    assert "Typed in the other tab" in page.text
    assert now_stored(session, select(SetAside.text)) == ["Typed in the other tab"]


def test_a_sent_text_is_taken_back_until_somebody_opens_it(cast: Cast, session: Session) -> None:
    send(cast.ada)
    for _ in range(2):
        assert cast.ada.post(learn(cast.ada, "reflect/take-back")).status_code == 303
    assert stored(session).state is State.DRAFTING
    page = cast.ada.get(learn(cast.ada, "reflect"))
    assert TEXT.strip() in page.text
    assert "It is yours again" in page.text
    write(cast.ada, "reflect", TEXT, "send", version=stored(session).version)
    session.execute(update(Reflection).values(state=State.IN_REVIEW))
    session.commit()
    cast.ada.post(learn(cast.ada, "reflect/take-back"))
    read = words(cast.ada.get(learn(cast.ada, "reflect")))
    assert "Your trainer opened it before you took it back." in read
    assert "Your trainer has opened it." in read
    assert stored(session).state is State.IN_REVIEW


def test_feedback_stands_beside_the_editor_and_the_last_text_is_the_draft(cast: Cast, session: Session) -> None:
    send(cast.ada)
    return_it(session, cast)
    page = cast.ada.get(learn(cast.ada, "reflect"))
    read = words(page)
    assert "Tom Reyes answered, with a next step for you." in read
    assert "Already working You tied it to what students did." in read
    assert "Student response and next step Not yet Say what students wrote." in read
    assert f">\n{TEXT}</textarea>" in page.text
    assert now_stored(session, select(Feedback.seen_at)) != [None]


def test_a_trainers_draft_is_never_shown(cast: Cast, session: Session) -> None:
    send(cast.ada)
    given = return_it(session, cast)
    given.decision = given.released_at = None
    session.execute(update(Reflection).values(state=State.IN_REVIEW, waiting_since=cast.now))
    session.commit()
    for path in (learn(cast.ada, "reflect"), learn(cast.ada, "reflect/revisions"), f"{learn(cast.ada)}/writing"):
        assert "You tied it" not in cast.ada.get(path).text


def test_a_returned_text_sent_unchanged_is_asked_about(cast: Cast, session: Session) -> None:
    send(cast.ada)
    return_it(session, cast)
    version = stored(session).version
    asked = write(cast.ada, "reflect", TEXT, "send", version=version)
    assert "Nothing has changed since it came back to you." in cast.ada.get(asked.location).text
    write(cast.ada, "reflect", TEXT + " On Friday.", "send-anyway", version=stored(session).version)
    assert (stored(session).revision, stored(session).state) == (2, State.SUBMITTED)


def test_from_the_first_word_to_completion(cast: Cast, session: Session) -> None:
    settle_everything(cast.ada, cast)
    send(cast.ada)
    return_it(session, cast)
    write(cast.ada, "reflect", TEXT + " On Friday I look again.", "send-anyway", version=stored(session).version)
    assert len(now_stored(session, select(Completion.id))) == 0
    return_it(session, cast, Decision.ACCEPT)
    assert "Your trainer has accepted this reflection." in cast.ada.get(learn(cast.ada, "reflect")).text
    assert now_stored(session, select(Completion.minutes)) == [30]
    assert "You completed this on" in cast.ada.get(learn(cast.ada)).text


def test_no_word_of_it_reaches_a_log_or_an_address(cast: Cast, app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    addresses = [
        draft(cast.ada, SECRET_WORDS, 0).request.url,
        draft(cast.ada, SECRET_WORDS + " again", 0).json["conflict_url"],
        write(cast.ada, "reflect", SECRET_WORDS, "send", version=1).location,
        write(cast.ada, "reflect", SECRET_WORDS, "send-anyway", version=2).location,
    ]
    draft(cast.ada, SECRET_WORDS * 3000, 3)
    cast.ada.client.post(learn(cast.ada, "reflect"), data={"csrf_token": "old", "text": SECRET_WORDS})
    assert not any("heron" in str(address) for address in addresses)
    assert "heron" not in caplog.text
