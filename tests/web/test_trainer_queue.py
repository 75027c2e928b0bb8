"""The trainers' queue: what waits, oldest first, within one's grants and nothing else."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from html import unescape
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import Engine, insert, text
from sqlalchemy.orm import Session

from plugin import clock
from plugin.actions import review
from plugin.db import queue as queues
from plugin.db.queue import EVERYTHING, Asker, Narrowing, Only, Spot
from plugin.db.reflections import Decision, Reflection
from plugin.db.sign_ins import GrantScope
from plugin.domain.business_days import back
from plugin.domain.people import Role
from plugin.domain.review import NOTHING_WRITTEN, State, Written
from tests.cast import Cast
from tests.queries import asked_of, counted
from tests.waiting import another_cohort, another_trainer, crowd, enrol, send

NEW_YORK = ZoneInfo("America/New_York")
MEMBER = re.compile(r"data-queue-open>([^<]+)</a>")
HEADS = re.compile(r'scope="col">([^<]+)</th>')
ADVICE = Written({}, {}, "", "Name one idea.", "")


def business_days_ago(days: int) -> datetime:
    today = clock.now().astimezone(NEW_YORK).date()
    return datetime.combine(back(today, days), time(9), NEW_YORK)


def words(page: str) -> str:
    """What is read on a page, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_an_empty_queue_is_a_good_evening(cast: Cast) -> None:
    page = cast.tom.get("/review")
    assert page.status_code == 200
    assert "Everything that was sent to you is answered" in page.text


def test_three_numbers_say_how_the_queue_is(cast: Cast, session: Session) -> None:
    for days, activity in ((6, "a"), (5, "b"), (4, "c"), (3, "d"), (0, "e")):
        send(session, cast.ada, activity=activity, at=business_days_ago(days))
    session.commit()
    page = words(cast.tom.get("/review").text)
    assert "1 overdue, 2 due today, 5 waiting, oldest 6 days" in page
    for wait in ("6 days, overdue", "5 days, due today", "4 days, due today", "3 days", "sent today"):
        assert wait in page
    assert "fine" not in page


def test_what_there_is_none_of_is_not_counted(cast: Cast, session: Session) -> None:
    send(session, cast.ada, at=business_days_ago(0))
    session.commit()
    assert " 1 waiting, sent today " in words(cast.tom.get("/review").text)
    send(session, cast.ben, at=business_days_ago(0))
    session.commit()
    assert " 2 waiting, all sent today " in words(cast.tom.get("/review").text)
    send(session, enrol(session, cast.ben, another_cohort(session, cast.here, "Evening run")), at=business_days_ago(3))
    session.commit()
    page = words(cast.tom.get("/review").text)
    assert " 3 waiting, oldest 3 days " in page
    assert "0 " not in page


def test_a_column_that_says_the_same_in_each_row_is_left_out(cast: Cast, session: Session) -> None:
    send(session, cast.ada, at=cast.now)
    ben = send(session, cast.ben, at=cast.now)
    session.commit()
    page = cast.tom.get("/review").text
    assert page.count("What happened, and what next") == 1, "it stands above the rows"
    assert HEADS.findall(page) == ["Member", "Waiting"]
    send(session, cast.ada, activity="goal", at=cast.now)
    send(session, cast.ben, "Sent again.", at=cast.now)
    review.open_to_read(session, ben, by=cast.tom.id, now=cast.now)
    session.commit()
    page = cast.tom.get("/review").text
    assert page.count("What happened, and what next") == 2
    assert HEADS.findall(page) == ["Member", "Reflection", "Revision", "Waiting", "Who has it"]


def test_the_oldest_comes_first_and_says_what_it_is(cast: Cast, session: Session) -> None:
    send(session, cast.ben, at=business_days_ago(1))
    send(session, cast.ada, at=business_days_ago(2))
    session.commit()
    page = cast.tom.get("/review").text
    assert MEMBER.findall(page) == ["Ada Okafor", "Ben Castillo"]
    assert "What happened, and what next" in page


def test_only_what_waits_is_in_the_queue(cast: Cast, session: Session) -> None:
    sent = send(session, cast.ada, at=cast.now)
    revision = review.revision_of(session, sent, 1)
    assert revision is not None
    review.release(session, sent, revision, ADVICE, Decision.RETURN, version=0, by=cast.tom.id, now=cast.now)
    kept = send(session, cast.ada, activity="goal", at=cast.now)
    kept.reviewed, kept.state, kept.waiting_since = False, State.KEPT, None
    session.commit()
    assert MEMBER.findall(cast.tom.get("/review").text) == []


def test_another_organizations_reflections_are_not_there(cast: Cast, session: Session) -> None:
    send(session, cast.other.ada, at=cast.now)
    session.commit()
    assert MEMBER.findall(cast.tom.get("/review").text) == []
    assert MEMBER.findall(cast.other.tom.get("/review").text) == ["Ada Okafor"]


def test_a_grant_for_one_cohort_shows_that_cohort(cast: Cast, app: Flask, session: Session) -> None:
    evening = another_cohort(session, cast.here, "Evening run")
    ana = another_trainer(session, app, cast.here, cohort=evening)
    send(session, cast.ada, at=cast.now)
    send(session, enrol(session, cast.ben, evening), at=cast.now)
    session.commit()
    assert MEMBER.findall(ana.get("/review").text) == ["Ben Castillo"]
    assert set(MEMBER.findall(cast.tom.get("/review").text)) == {"Ada Okafor", "Ben Castillo"}


def test_nobody_meets_their_own_writing(cast: Cast, session: Session) -> None:
    send(session, enrol(session, cast.tom, cast.here.cohort), at=cast.now)
    session.commit()
    assert MEMBER.findall(cast.tom.get("/review").text) == []


def test_the_queue_is_for_trainers(cast: Cast) -> None:
    assert [actor.get("/review").status_code for actor in (cast.ada, cast.lou, cast.ann, cast.ian)] == [404] * 4


def test_a_row_says_who_reads_and_where_a_draft_waits(cast: Cast, app: Flask, session: Session) -> None:
    ana = another_trainer(session, app, cast.here)
    read = send(session, cast.ada, at=cast.now)
    begun = send(session, cast.ben, at=cast.now)
    revision = review.revision_of(session, begun, 1)
    assert revision is not None
    review.save_draft(session, begun, revision, ADVICE, version=0, by=cast.tom.id, now=cast.now)
    review.open_to_read(session, read, by=ana.id, now=cast.now)
    session.commit()
    page = words(cast.tom.get("/review").text)
    assert "Ana Lindqvist is reading" in page
    assert "Your draft" in page
    assert "Your draft" not in words(ana.get("/review").text)


def test_somebody_who_opened_it_an_hour_ago_is_not_reading(cast: Cast, app: Flask, session: Session) -> None:
    ana = another_trainer(session, app, cast.here)
    review.open_to_read(session, send(session, cast.ada, at=cast.now), by=ana.id, now=cast.now - timedelta(hours=1))
    session.commit()
    assert "is reading" not in cast.tom.get("/review").text


def test_the_queue_narrows_to_a_cohort_to_revisions_to_what_one_began(cast: Cast, session: Session) -> None:
    evening = another_cohort(session, cast.here, "Evening run")
    send(session, enrol(session, cast.ben, evening), at=cast.now)
    answered = send(session, cast.ada, at=cast.now - timedelta(days=1))
    revision = review.revision_of(session, answered, 1)
    assert revision is not None
    review.release(session, answered, revision, ADVICE, Decision.RETURN, version=0, by=cast.tom.id, now=cast.now)
    send(session, cast.ada, "Written anew.", at=cast.now)
    session.commit()
    assert MEMBER.findall(cast.tom.get(f"/review?cohort={evening.id}").text) == ["Ben Castillo"]
    assert len(MEMBER.findall(cast.tom.get(f"/review?offering={evening.offering_id}").text)) == 2
    assert MEMBER.findall(cast.tom.get("/review?only=revisions").text) == ["Ada Okafor"]
    nothing = cast.tom.get("/review?only=mine").text
    assert MEMBER.findall(nothing) == []
    assert "Show everything that waits" in nothing
    cast.tom.get(f"/review/{answered.id}")
    assert MEMBER.findall(cast.tom.get("/review?only=mine").text) == ["Ada Okafor"]


def test_a_cohort_out_of_reach_narrows_to_nothing(cast: Cast, session: Session) -> None:
    send(session, cast.other.ada, at=cast.now)
    send(session, cast.ada, at=cast.now)
    session.commit()
    page = cast.tom.get(f"/review?cohort={cast.other.cohort.id}")
    assert MEMBER.findall(page.text) == []
    assert "PD 2" not in page.text


def test_an_address_that_was_cut_short_still_answers(cast: Cast, session: Session) -> None:
    send(session, cast.ada, at=cast.now)
    session.commit()
    for query in (
        "cohort=x&offering=-1&only=all",
        "after=1-2-3&before=",
        "after=99999999999999999999-1",
        f"after={10**17}-{2**53}",
        f"cohort={2**70}",
        "before=0-0",
    ):
        assert cast.tom.get(f"/review?{query}").status_code in {200, 302}, query


def test_fifty_rows_make_a_page_and_no_row_is_missed_or_seen_twice(cast: Cast, session: Session) -> None:
    rows = crowd(session, cast.here, 110, at=cast.now)
    for row in rows[40:60]:  # sent at the same moment: the key goes on by id
        row.waiting_since = rows[40].waiting_since
    session.commit()
    seen: list[str] = []
    address: str | None = "/review"
    pages = []
    while address:
        page = cast.tom.get(address).text
        pages.append(page)
        seen += MEMBER.findall(page)
        newer = re.search(r'<a href="([^"]+)" rel="next"', page)
        address = unescape(newer[1]) if newer else None
    assert seen == [f"Member {number:03}" for number in range(110)]
    assert [len(MEMBER.findall(page)) for page in pages] == [50, 50, 10]
    older = re.search(r'<a href="([^"]+)" rel="prev"', pages[2])
    assert older is not None
    assert MEMBER.findall(cast.tom.get(unescape(older[1])).text) == MEMBER.findall(pages[1])
    assert 'rel="prev"' not in pages[0]


def test_a_page_whose_rows_were_answered_meanwhile_leads_to_the_first(cast: Cast, session: Session) -> None:
    row = send(session, cast.ada, at=cast.now)
    session.commit()
    micros = int(cast.now.timestamp() * 1_000_000) + 1_000_000
    page = cast.tom.get(f"/review?after={micros}-{row.id}")
    assert page.status_code == 302
    assert page.location == "/review"


def test_two_hundred_that_wait_cost_no_more_queries_than_five(cast: Cast, engine: Engine, session: Session) -> None:
    crowd(session, cast.here, 5, at=cast.now)
    session.commit()
    cast.tom.get("/review")  # the first asker in a process reads the pack
    with counted(engine) as few:
        cast.tom.get("/review")
    crowd(session, cast.other, 200, at=cast.now)
    session.commit()
    cast.other.tom.get("/review")
    with counted(engine) as many:
        page = cast.other.tom.get("/review")
    assert "200 waiting" in page.text
    assert 0 < len(many) == len(few) <= 8


def test_the_navigation_counts_what_waits(cast: Cast, session: Session) -> None:
    send(session, cast.ada, at=cast.now)
    send(session, cast.ben, at=cast.now)
    session.commit()
    assert '<span class="count">(2)</span>' in cast.tom.get("/profile").text
    assert '<span class="count">' not in cast.ada.get("/profile").text


def fill_with_answered(session: Session, cast: Cast, count: int) -> None:
    assert cast.ada.enrolment is not None
    enrolment = cast.ada.enrolment
    rows = [
        {
            "enrolment_id": enrolment.id,
            "cohort_id": enrolment.cohort_id,
            "organization_id": enrolment.organization_id,
            "person_id": enrolment.person_id,
            "activity": f"a{number}",
            "reviewed": True,
            "state": State.MET,
            "text": "Answered long ago. " * 20,
            "version": 1,
            "saved_at": cast.now,
            "revision": 1,
            "met_at": cast.now,
            "created_at": cast.now,
        }
        for number in range(count)
    ]
    session.execute(insert(Reflection), rows)


def test_what_was_answered_long_ago_is_never_looked_at(cast: Cast, engine: Engine, session: Session) -> None:
    fill_with_answered(session, cast, 3000)
    crowd(session, cast.here, 20, at=cast.now)
    session.commit()
    session.execute(text("ANALYZE"))
    session.commit()
    who = Asker(cast.tom.id, (GrantScope(Role.TRAINER, cast.here.organization.id, None),))
    narrow = Asker(cast.tom.id, (GrantScope(Role.TRAINER, cast.here.organization.id, cast.here.cohort.id),))
    spot = Spot(cast.now, 1)
    plans = []
    with Session(engine) as reading, asked_of(engine) as asked:
        for asker in (who, narrow):
            queues.waiting_count(reading, asker.grants, asker.person_id)
            queues.numbers(reading, asker, due_before=cast.now, overdue_before=cast.now)
            queues.page(reading, asker, EVERYTHING, after=spot)
            queues.page(reading, asker, Narrowing(only=Only.MINE))
            queues.runs(reading, asker)
            queues.standing(reading, asker, EVERYTHING, spot)
            queues.next_free(reading, asker, EVERYTHING, spot, now=cast.now)
    with engine.connect() as connection:
        explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
        for statement, parameters in asked:
            steps = connection.exec_driver_sql(explain + statement, parameters).all()
            plans.append("\n".join(str(step) for step in steps))
    assert len(plans) == 14
    for plan in plans:
        assert "ix_reflections_waiting" in plan, plan
        assert "Seq Scan on reflections" not in plan, plan
        assert "SCAN reflections'" not in plan, plan


def test_an_unread_draft_marks_nothing_as_mine_for_others(cast: Cast, app: Flask, session: Session) -> None:
    ana = another_trainer(session, app, cast.here)
    row = send(session, cast.ada, at=cast.now)
    revision = review.revision_of(session, row, 1)
    assert revision is not None
    review.save_draft(session, row, revision, NOTHING_WRITTEN, version=0, by=ana.id, now=cast.now - timedelta(hours=2))
    session.commit()
    assert MEMBER.findall(cast.tom.get("/review?only=mine").text) == []
    assert MEMBER.findall(ana.get("/review?only=mine").text) == ["Ada Okafor"]
