"""Where a member goes on: my learning, and one enrolment in its LMS frame."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from weakref import WeakKeyDictionary

import pytest
from flask import Flask
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from plugin.actions import offerings
from plugin.db.learning import Cohort, Enrolment, EnrolmentState
from plugin.db.outbox import LineItem, OutboxRow, OutboxState
from plugin.db.people import Person
from plugin.db.reflections import Decision, Reflection
from plugin.db.session import transaction
from plugin.domain.review import State
from tests.cast import Cast, make_cast
from tests.member import learn, return_it, send, settle_everything, words
from tests.packs.desk import Desk
from tests.queries import counted

SECOND_SESSION = """---
session: 2
title: And the next
minutes: 10
---

:::: reading {#finding-2 minutes=10 title="A second finding" pilot="n=3 median=10"}
Some words.
::::
"""


def test_whoever_has_one_enrolment_is_there_at_once(cast: Cast) -> None:
    answered = cast.ada.get("/")
    assert (answered.status_code, answered.location) == (302, learn(cast.ada))


def test_whoever_has_several_sees_them_all_the_open_ones_first(cast: Cast, session: Session) -> None:
    with_another(cast, session, title="PD elsewhere", completed=True)
    page = words(cast.ada.get("/"))
    assert "My learning" in page
    assert page.index("PD 1") < page.index("PD elsewhere")
    assert "Begin" in page
    assert "Completed on" in page


def test_whoever_has_none_reads_what_to_do(cast: Cast) -> None:
    page = words(cast.ian.get("/"))
    assert "Nothing has begun yet" in page
    assert "Open a module or course from its link in District 1 LMS" in page


@pytest.mark.parametrize(
    ("name", "link"),
    [("tom", "Reflections to answer"), ("lou", "Completion reports"), ("ann", "LMS connections")],
)
def test_people_with_a_grant_find_the_way_to_their_work(cast: Cast, name: str, link: str) -> None:
    assert link in words(getattr(cast, name).get("/"))


def test_a_fresh_enrolment_offers_the_first_activity_and_nothing_else(cast: Cast) -> None:
    page = words(cast.ada.get(learn(cast.ada)))
    assert "One next step 30-minute module 0 min of 30 min" in page
    assert "Next A goal of your own About 3 minutes Begin" in page
    assert "0 of 6 done" in page
    assert "District 1 LMS hears from us when you open the first activity." in page
    assert "Waiting" not in page


def test_one_goes_on_at_the_place_one_left(cast: Cast) -> None:
    cast.ada.get(learn(cast.ada, "finding-1"))
    cast.ada.send_json(learn(cast.ada, "finding-1/position"), {"position": 500})
    page = cast.ada.get(learn(cast.ada))
    assert "Where you left off What feedback does to the next try About 2 minutes left Continue" in words(page)
    assert f'href="{learn(cast.ada, "finding-1")}#place"' in page.text


def test_one_goes_on_at_ones_draft(cast: Cast) -> None:
    cast.ada.get(learn(cast.ada, "reflect"))
    cast.ada.send_json(learn(cast.ada, "reflect/draft"), {"text": "On Monday", "version": 0})
    assert f'href="{learn(cast.ada, "reflect")}#editor"' in cast.ada.get(learn(cast.ada)).text


def test_what_is_with_a_trainer_says_since_when_and_until_when(cast: Cast) -> None:
    send(cast.ada)
    page = words(cast.ada.get(learn(cast.ada)))
    assert re.search(
        r"Waiting for others “What happened, and what next”, with your trainer since today\. Answers usually come by",
        page,
    )
    assert "9 min with a trainer" in page


def test_what_waits_longer_than_usual_is_not_promised_for_yesterday(cast: Cast, session: Session) -> None:
    send(cast.ada)
    session.execute(update(Reflection).values(waiting_since=cast.now - timedelta(days=30)))
    session.commit()
    for path in (learn(cast.ada), learn(cast.ada, "reflect")):
        page = words(cast.ada.get(path))
        assert "It takes longer than usual; the trainers see it at the top of their list." in page
        assert "usually come by" not in page


def test_what_is_being_read_says_so(cast: Cast, session: Session) -> None:
    send(cast.ada)
    session.execute(update(Reflection).values(state=State.IN_REVIEW))
    session.commit()
    assert "“What happened, and what next” is being read." in words(cast.ada.get(learn(cast.ada)))


def test_what_was_returned_comes_first_and_is_said_once(cast: Cast, session: Session) -> None:
    send(cast.ada)
    return_it(session, cast)
    page = words(cast.ada.get(learn(cast.ada)))
    assert "Returned to you What happened, and what next Tom Reyes answered on" in page
    assert "Revise" in page
    assert page.count("Tom Reyes answered") == 1


def test_an_answer_that_is_not_the_next_thing_to_do_waits_below(cast: Cast, session: Session) -> None:
    settle_everything(cast.ada, cast)
    send(cast.ada)
    return_it(session, cast, Decision.ACCEPT)
    page = words(cast.ada.get(learn(cast.ada)))
    assert "Waiting for you Tom Reyes answered “What happened, and what next” on" in page
    cast.ada.get(learn(cast.ada, "reflect"))
    assert "Waiting for you" not in words(cast.ada.get(learn(cast.ada)))


def test_when_all_is_sent_nothing_is_asked_for(cast: Cast, session: Session) -> None:
    settle_everything(cast.ada, cast)
    send(cast.ada)
    page = words(cast.ada.get(learn(cast.ada)))
    assert "Try it in class" in page, "what is optional may still be done"
    assert "Next Try it in class About 15 minutes" in page


def test_a_completed_offering_says_so_and_stays_open(cast: Cast, session: Session) -> None:
    settle_everything(cast.ada, cast)
    send(cast.ada)
    return_it(session, cast, Decision.ACCEPT)
    page = words(cast.ada.get(learn(cast.ada)))
    assert "You completed this on" in page
    assert "0.5 contact hours" in page
    assert "Continue" not in page
    for key in ("goal", "inventory", "finding-1", "try-it", "check", "try", "reflect"):
        assert cast.ada.get(learn(cast.ada, key)).status_code == 200


@pytest.mark.parametrize(
    ("state", "attempts", "said"),
    [
        (OutboxState.DUE, 0, "The report to District 1 LMS is on its way."),
        (OutboxState.DUE, 3, "We are retrying: District 1 LMS has not taken the report yet."),
        (OutboxState.SENT, 1, "Reported to District 1 LMS on 21 November 2025: started."),
        (OutboxState.REFUSED, 1, "Not reported to District 1 LMS: The column was deleted."),
        (OutboxState.NOT_SENT, 0, "District 1 LMS takes one report only, when you have finished."),
    ],
)
def test_the_page_says_what_the_lms_knows(
    cast: Cast, session: Session, state: OutboxState, attempts: int, said: str
) -> None:
    cast.ada.get(learn(cast.ada, "goal"))
    row = session.scalars(select(OutboxRow)).one()
    row.state, row.attempts = state, attempts
    row.sent_at = cast.now.replace(year=2025, month=11, day=21, hour=17)
    row.problem = "The column was deleted." if state is OutboxState.REFUSED else None
    session.commit()
    assert said in words(cast.ada.get(learn(cast.ada)))


def test_an_lms_without_a_column_is_no_reason_to_worry(cast: Cast, session: Session) -> None:
    session.delete(session.get_one(LineItem, cast.here.line_item.id))
    session.commit()
    cast.ada.get(learn(cast.ada, "goal"))
    assert "has no gradebook column for this" in words(cast.ada.get(learn(cast.ada)))


def test_a_nameless_member_is_asked_once_and_never_stopped(cast: Cast, session: Session) -> None:
    session.execute(update(Person).where(Person.id == cast.ada.id).values(name=""))
    session.commit()
    page = cast.ada.get(learn(cast.ada))
    assert "Your LMS sent no name." in page.text
    assert cast.ada.get(learn(cast.ada, "goal")).status_code == 200
    cast.ada.post("/profile", {"legal_name": "Ada N. Okafor"})
    assert "sent no name" not in cast.ada.get(learn(cast.ada)).text


def test_a_link_to_one_session_offers_that_session_first(
    app: Flask, engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offerings, "_shelves", WeakKeyDictionary())  # another pack under a number that was used before
    desk = Desk.copy(tmp_path)
    (desk.path / "02-and-the-next.md").write_text(SECOND_SESSION, encoding="utf-8")
    desk.replace("minutes: 30", "minutes: 40", "pack.yaml")
    desk.replace("pedagogy: 20", "pedagogy: 30")
    with transaction(engine) as opened:
        cast = make_cast(opened, app, desk.path)
    whole = words(cast.ada.get(learn(cast.ada)))
    assert "Next A goal of your own" in whole
    page = cast.ada.get(f"{learn(cast.ada)}?session=2")
    assert "Next A second finding" in words(page)
    assert re.search(r'<details class="fold" id="session-2" open>', page.text)
    assert not re.search(r'<details class="fold" id="session-1" open>', page.text)
    for odd in ("9", "x", "", "-1"):
        assert "Next A goal of your own" in words(cast.ada.get(f"{learn(cast.ada)}?session={odd}"))


def test_a_members_pages_ask_the_database_little(cast: Cast, session: Session, engine: Engine) -> None:
    settle_everything(cast.ada, cast)
    cast.ada.get(learn(cast.ada, "reflect"))
    send(cast.ada)
    return_it(session, cast)
    with_another(cast, session, title="PD elsewhere", completed=False)
    paths = ["/", learn(cast.ada), *(learn(cast.ada, activity.key) for activity in cast.pack.activities)]
    paths += [f"{learn(cast.ada)}/writing", f"{learn(cast.ada)}/hours", learn(cast.ada, "reflect/revisions")]
    asked = {}
    for path in [*paths, "/profile", "/grant"]:
        with counted(engine) as statements:
            assert cast.ada.get(path).status_code == 200
        asked[path] = len(statements)
    assert max(asked.values()) <= 8, asked


def test_the_very_first_page_also_tells_the_lms_and_still_asks_little(cast: Cast, engine: Engine) -> None:
    cast.ada.get(learn(cast.ada))
    with counted(engine) as statements:
        cast.ada.get(learn(cast.ada, "finding-1"))
    assert any("outbox" in statement for statement in statements)
    assert len(statements) <= 8


def with_another(cast: Cast, session: Session, *, title: str, completed: bool) -> None:
    """A second enrolment of Ada's, in a cohort that no LMS course holds."""
    here = cast.here.cohort
    cohort = Cohort(
        organization_id=here.organization_id,
        offering_id=here.offering_id,
        version_id=here.version_id,
        context_id=None,
        name=title,
        created_at=cast.now,
    )
    session.add(cohort)
    session.flush()
    session.add(
        Enrolment(
            person_id=cast.ada.id,
            cohort_id=cohort.id,
            organization_id=here.organization_id,
            identity_id=cast.ada.identity.id,
            state=EnrolmentState.COMPLETED if completed else EnrolmentState.ACTIVE,
            completed_at=cast.now if completed else None,
            enrolled_at=cast.now - timedelta(days=9),
        )
    )
    session.commit()
