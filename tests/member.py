"""What members do, in few words, for tests that begin somewhere in the middle of the tiny pack."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from plugin.actions import standing
from plugin.db import doors
from plugin.db.reflections import Decision, Feedback, Reflection, Revision
from plugin.domain.review import State
from tests.cast import Actor, Cast

TEXT = "On Monday I replaced the grade on ten exit tickets with one comment each. " * 6  # 84 words: 70–100 suggested
RIGHT = {"q1": "b", "q2": "a", "sc1": "a", "sc2": "b"}


def learn(member: Actor, rest: str = "") -> str:
    """An address of the member's own enrolment: the outline, or below its activities."""
    assert member.enrolment
    return f"/learn/{member.enrolment.id}" + (f"/activities/{rest}" if rest else "")


def words(page: TestResponse) -> str:
    """What is read on a page, in one line."""
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", f"<main{main}")).split())


def now_stored(session: Session, statement: Select[Any]) -> list[Any]:
    """What the database holds now; the transaction ends, so that the application may write."""
    session.expire_all()
    found = list(session.scalars(statement))
    session.commit()
    return found


def write(member: Actor, key: str, text: str, step: str, version: int = 0) -> TestResponse:
    """Press a button of the editor."""
    return member.post(learn(member, key), {"text": text, "version": str(version), "step": step})


def answer(member: Actor, key: str, **chosen: str) -> TestResponse:
    """Answer statements, scenes or questions."""
    return member.post(learn(member, f"{key}/answers"), chosen)


def send(member: Actor, text: str = TEXT, version: int = 0) -> None:
    """Send the reflection."""
    assert write(member, "reflect", text, "send", version).status_code == 303


def settle_everything(member: Actor, cast: Cast) -> None:
    """Do all that is required but the reflection."""
    write(member, "goal", "They shall use one sentence.", "keep")
    answer(member, "inventory", s1="rarely", s2="often")
    member.post(learn(member, "finding-1/done"))
    answer(member, "try-it", sc1=RIGHT["sc1"], sc2=RIGHT["sc2"])
    answer(member, "check", q1=RIGHT["q1"], q2=RIGHT["q2"])


def return_it(session: Session, cast: Cast, decision: Decision = Decision.RETURN) -> Feedback:
    """Tom answers what Ada sent, as rows."""
    row = session.scalars(select(Reflection).where(Reflection.activity == "reflect")).one()
    revision = session.scalars(
        select(Revision).where(Revision.reflection_id == row.id, Revision.number == row.revision)
    ).one()
    given = Feedback(
        reflection_id=row.id,
        revision_id=revision.id,
        trainer_id=cast.tom.id,
        marks={"practice": "met", "research": "approaching", "setting": "met", "response": "not_yet"},
        comments={"response": "Say what students wrote."},
        working="You tied it to what students did.",
        next_step="Name the day on which you look again.",
        question="What did the others do?",
        version=1,
        saved_at=cast.now,
        decision=decision,
        released_at=cast.now,
    )
    session.add(given)
    met = decision is Decision.ACCEPT
    row.state, row.waiting_since = State.MET if met else State.RETURNED, None
    row.met_at = cast.now if met else None
    session.flush()
    if met:
        found = doors.own_enrolment(session, row.person_id, row.enrolment_id)
        assert found
        standing.done(session, standing.of(session, *found), "reflect", now=cast.now)
    session.commit()
    return given
