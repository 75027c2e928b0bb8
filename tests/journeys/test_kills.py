"""kill -9 at every turn of the story: nothing written is lost, nothing happens twice, the LMS is told once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from plugin import clock
from plugin.db.learning import Completion
from plugin.db.outbox import OutboxRow, OutboxState
from plugin.db.reflections import Feedback, Reflection, Revision
from plugin.db.session import make_engine
from plugin.domain.scores import Progress
from plugin.settings import Settings
from tests.demo_lms import Page
from tests.demo_lms.faults import HELD, Fault
from tests.demo_lms.vocabulary import Grading
from tests.journeys import plain, processes, words
from tests.journeys.house import House
from tests.journeys.plain import Visitor, said
from tests.journeys.processes import background_worker, kill, web_server, web_workers
from tests.patience import until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("kills")]

SCORES = "ags.post_score"
FIRST_TEXT = words.REFLECTION + words.NEXT_STEP
SECOND_TEXT = FIRST_TEXT + words.REVISION
MARKS = {f"mark-{key}": "met" for key in ("practice", "research", "setting", "response")}


def test_whatever_dies_nothing_is_lost_and_the_lms_is_told_once(house: House) -> None:
    plain.connect(house)
    tom, ada = plain.trainer(house, "tom"), Visitor(house, "ada")
    outline = path_of(ada.page.url)
    reflect = f"{outline}/activities/reflect"

    drafts_survive(house, ada, outline)
    plain.work_through(ada, outline)
    for key, text in (("plan", words.PLAN), ("conversation", words.CONVERSATION), ("look-back", words.LOOK_BACK)):
        ada.sends(f"{outline}/activities/{key}", f"/activities/{key}", text=text, step="keep")
    sending_survives(house, ada, reflect)
    desk = answer_survives(house, tom)
    assert words.COMMENT in said(ada.opens(reflect))
    ada.sends(reflect, "/activities/reflect", text=SECOND_TEXT, step="send")
    kill(*web_workers(house.pid), background_worker(house.pid))
    assert words.REVISION.strip() in said(tom.opens(desk))

    with slow_scores(house, drop=True) as held:
        release(tom, desk, "accept", MARKS)
        until(lambda: held.fired)
        kill(*processes.everything(house.pid))
    assert graded(house) == 0
    house.kill()
    house.start()
    with slow_scores(house, drop=True, after_effect=True) as held:
        leases_run_out(house)
        until(lambda: held.fired)
        kill(background_worker(house.pid))
    until(lambda: graded(house))
    leases_run_out(house)

    until(lambda: "Reported to" in said(ada.comes_in()))
    assert "You completed this on" in said(ada.page)
    assert graded(house) == 1
    everything_is_there_once(house)


def drafts_survive(house: House, ada: Visitor, outline: str) -> None:
    """Saved means saved: the worker of the web server dies, then the server itself."""
    for key, text, victims in (
        ("goal", words.GOAL, web_workers),
        ("reflect", words.REFLECTION, lambda top: [web_server(top)]),
    ):
        here = f"{outline}/activities/{key}"
        ada.saves(here, f"/activities/{key}", text=text)
        kill(*victims(house.pid))
        assert written(ada, here) == text
    ada.sends(f"{outline}/activities/goal", "/activities/goal", text=words.GOAL, step="keep")


def sending_survives(house: House, ada: Visitor, reflect: str) -> None:
    """The server dies while the text is under way; Ada presses the button again if she is asked to."""
    victims = web_workers(house.pid)
    death = Timer(0.01, kill, victims)
    death.start()

    def once() -> Page:
        page = ada.browser.open(house.tool + reflect)
        if "With your trainer since today" in said(page):
            return page
        fields = {**page.form("/activities/reflect").fields, "text": FIRST_TEXT, "step": "send"}
        return ada.browser.post(house.tool + reflect, fields, origin=house.tool)

    plain.insist(once)
    death.join()
    until(lambda: not any(processes.lives(pid) for pid in victims))
    assert "With your trainer since today" in said(ada.opens(reflect))
    kill(background_worker(house.pid))


def answer_survives(house: House, tom: Visitor) -> str:
    """The trainer's draft outlives the server, and goes out; the address of the desk."""
    found = re.search(r'href="(/review/\d+)', tom.opens("/review").text)
    assert found, said(tom.page)
    desk = found[1]
    marks = {**MARKS, "mark-response": "not_yet", "comment-response": words.COMMENT}
    tom.saves(desk, "/draft", working=words.WORKING, **marks)
    kill(*web_workers(house.pid))
    assert words.WORKING in tom.opens(desk).form("/draft").fields["working"]
    release(tom, desk, "return", {})
    return desk


def release(tom: Visitor, desk: str, decision: str, marks: dict[str, str]) -> None:
    tom.sends(desk, "/draft", to=f"{desk}/release", decision=decision, **marks)
    assert "Ada Okafor." in said(tom.page)


def path_of(url: str) -> str:
    """/learn/2"""
    return "/" + url.split("/", 3)[3].partition("?")[0]


def written(ada: Visitor, here: str) -> str:
    """What stands in the editor."""
    return ada.opens(here).form(here).fields["text"]


@contextmanager
def slow_scores(house: House, **trouble: bool) -> Iterator[Fault]:
    """The next score post is held until the block ends, and its answer never arrives."""
    fault = house.world.faults.add(SCORES, delay=HELD, times=1, **trouble)
    yield fault
    house.world.faults.remove(fault)


def graded(house: House) -> int:
    """How often the LMS was told that she completed it."""
    return sum(score.grading is Grading.FULLY_GRADED for score in house.world.posts("ada"))


@contextmanager
def database(house: House) -> Iterator[Session]:
    engine = make_engine(Settings.from_environment(house.environment).database_url)
    with Session(engine) as session:
        yield session
        session.commit()
    engine.dispose()


def leases_run_out(house: House) -> None:
    """What a dead worker held is free again: after a minute, or now."""
    with database(house) as session:
        held = update(OutboxRow).where(OutboxRow.leased_until.is_not(None))
        session.execute(held.values(leased_until=clock.now()))


def everything_is_there_once(house: House) -> None:
    """Text, revisions, answers, completion; nothing doubled."""
    with database(house) as session:
        (reflection,) = session.scalars(select(Reflection).where(Reflection.reviewed))
        assert reflection.text == SECOND_TEXT
        of_it = select(Revision).where(Revision.reflection_id == reflection.id).order_by(Revision.number)
        assert [(one.number, one.text) for one in session.scalars(of_it)] == [(1, FIRST_TEXT), (2, SECOND_TEXT)]
        answers = session.scalars(select(Feedback).order_by(Feedback.id)).all()
        assert [answer.decision for answer in answers] == ["return", "accept"]
        assert answers[0].comments == {"response": words.COMMENT}
        (completion,) = session.scalars(select(Completion))
        assert completion.minutes == 180
        (told,) = session.scalars(select(OutboxRow).where(OutboxRow.progress == Progress.COMPLETED))
        assert told.state is OutboxState.SENT
