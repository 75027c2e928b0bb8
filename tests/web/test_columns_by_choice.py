"""Columns for sessions and reflections, from the picker to the LMS's gradebook."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.actions import reflect, review
from plugin.actions import standing as standings
from plugin.actions.standing import Standing
from plugin.db.learning import Cohort, Completion, Enrolment
from plugin.db.outbox import WANTED, LineItem, OutboxRow
from plugin.db.reflections import Decision, Reflection
from plugin.domain.columns import Choice, Kind, Part
from plugin.domain.review import Mark, Written
from plugin.domain.scores import Progress
from tests.arrivals import at_once
from tests.connected import COURSE, Connect, Connected
from tests.demo_lms import Profile, fields, log_in
from tests.demo_lms.model import LineItem as Column
from tests.demo_lms.model import Link
from tests.demo_lms.vocabulary import Activity, Grading, Role, Scope

TEXT = "On Monday I replaced the grade on ten exit tickets with one comment each. " * 6
ANSWER = Written(dict.fromkeys(("practice", "research", "setting", "response"), Mark.MET), {}, "Clear.", "Go on.", "")
REFLECTIONS = {"look": 1, "tell": 2}


@pytest.fixture
def course(connected: Connected) -> Connected:
    """Beside the module there is a course of three sessions, two of them with a reflection."""
    connected.publish_course()
    return connected


@contextmanager
def at_work(course: Connected, key: str) -> Iterator[tuple[Session, Standing, datetime]]:
    """A member's enrolment in the course, within a transaction."""
    person = course.person_id(key)
    with course.database() as session:
        wanted = select(Enrolment, Cohort).join(Cohort, Cohort.id == Enrolment.cohort_id)
        enrolment, cohort = session.execute(wanted.where(Enrolment.person_id == person)).one()
        yield session, standings.of(session, enrolment, cohort), datetime.now(UTC)


def do(course: Connected, key: str, *activities: str) -> None:
    """Open activities and finish those that are no reflections."""
    for activity in activities:
        with at_work(course, key) as (session, standing, now):
            standings.opened(session, standing, activity, now=now)
            if activity not in REFLECTIONS:
                standings.done(session, standing, activity, now=now)


def send(course: Connected, key: str, activity: str, text: str = TEXT) -> None:
    """Send a reflection, the first time or again."""
    with at_work(course, key) as (session, standing, now):
        found = standing.activity(activity)
        assert found is not None
        version = standing.reflections[activity].version if activity in standing.reflections else 0
        standings.opened(session, standing, activity, now=now)
        reflect.send(session, standing, found, text, version=version, now=now)


def release(course: Connected, key: str, activity: str, decision: Decision) -> None:
    """A trainer answers what waits."""
    trainer = course.person_id("tom")
    with at_work(course, key) as (session, standing, now):
        row = session.scalars(
            select(Reflection).where(Reflection.enrolment_id == standing.enrolment.id, Reflection.activity == activity)
        ).one()
        revision = review.revision_of(session, row, row.revision)
        assert revision is not None
        made = review.release(session, row, revision, ANSWER, decision, version=0, by=trainer, now=now)
        assert made.ending is review.Ending.RELEASED, made


def told(course: Connected, key: str = "ada") -> dict[Part, Progress]:
    """What is, or was, to be told of a member, by the part that the column stands for."""
    person = course.person_id(key)
    with course.database() as session:
        rows = session.execute(
            select(LineItem, OutboxRow.progress)
            .join(OutboxRow, OutboxRow.line_item_id == LineItem.id)
            .where(OutboxRow.person_id == person)
        ).all()
        return {row.LineItem.part: row.progress for row in rows}


def columns(course: Connected) -> dict[str, Column]:
    """The course's columns in the LMS, by resourceId."""
    found = [item for item in course.world.line_items.values() if (item.resource_id or "").startswith(COURSE)]
    assert len({(item.context_id, item.resource_id) for item in found}) == len(found), "none is there twice"
    return {item.resource_id or "": item for item in found}


def states(course: Connected, column: Column, key: str = "ada") -> list[tuple[Activity, Grading, float | None]]:
    """What the LMS was told for a member in a column, in order."""
    return [(post.activity, post.grading, post.given) for post in course.world.posts(key, column)]


STARTED = (Activity.STARTED, Grading.NOT_READY, None)
SENT = (Activity.SUBMITTED, Grading.PENDING_MANUAL, None)
RETURNED = (Activity.IN_PROGRESS, Grading.PENDING, None)
DONE = (Activity.COMPLETED, Grading.FULLY_GRADED, 1)


def session_part(number: int) -> Part:
    return Part(Kind.SESSION, session=number)


def reflection_part(key: str) -> Part:
    return Part(Kind.REFLECTION, activity=key)


# One link for each session, one column for each


def test_a_sessions_column_is_told_its_beginning_and_its_end_with_date_and_hours(course: Connected) -> None:
    links = course.place_link(COURSE, links="sessions", columns="sessions")
    course.launch("tom")
    for link in links:
        course.launch("ada", link)
    do(course, "ada", "plan")
    course.work_off()
    do(course, "ada", "end")
    course.work_off()
    third = columns(course)[f"{COURSE}/3"]
    assert states(course, third) == [STARTED, DONE]
    result = course.world.result("ada", third)
    assert result is not None
    today = datetime.now(UTC).date()
    assert result.comment == f"Session 3 completed {today.isoformat()}, 0.2 contact hours"
    assert (result.score, result.maximum) == (1, 1)
    assert told(course) == {session_part(3): Progress.COMPLETED}
    assert course.count(Completion) == 0


def test_a_session_is_complete_with_its_last_required_activity_also_when_that_is_a_trainers_doing(
    course: Connected,
) -> None:
    links = course.place_link(COURSE, links="sessions", columns="sessions")
    course.launch("tom", links[0])
    for link in links:
        course.launch("ada", link)
    do(course, "ada", "seen")
    send(course, "ada", "look")
    assert told(course)[session_part(1)] is Progress.STARTED
    release(course, "ada", "look", Decision.ACCEPT)
    assert told(course) == {session_part(1): Progress.COMPLETED}
    course.work_off()
    assert states(course, columns(course)[f"{COURSE}/1"])[-1] == DONE


def test_a_column_that_its_link_shows_later_hears_what_was_done_before(course: Connected) -> None:
    first, *_rest, third = course.place_link(COURSE, links="sessions", columns="sessions")
    course.launch("ada", first)
    do(course, "ada", "plan", "end", "seen")
    assert told(course) == {session_part(1): Progress.STARTED}
    course.launch("ian", third)
    assert told(course) == {session_part(1): Progress.STARTED, session_part(3): Progress.COMPLETED}
    course.work_off()
    result = course.world.result("ada", columns(course)[f"{COURSE}/3"])
    assert result is not None
    assert result.comment is not None
    assert result.comment.startswith("Session 3 completed ")


def test_with_one_column_for_the_completion_it_comes_with_the_last_link(course: Connected) -> None:
    links = course.place_link(COURSE, links="sessions")
    course.launch("ada", links[0])
    do(course, "ada", "seen")
    course.work_off()
    (column,) = columns(course).values()
    assert (column.resource_id, column.tag, column.resource_link_id) == (COURSE, "completion", links[-1].id)
    assert states(course, column) == [STARTED], "the worker adopted it before its own link was opened"
    course.launch("ada", links[-1])
    assert course.count(LineItem, LineItem.kind == Kind.COMPLETION) == 1


# One link, several columns


def test_columns_that_no_link_can_bring_are_made_once_with_the_first_that_is_told(course: Connected) -> None:
    (link,) = course.place_link(COURSE, columns="sessions")
    course.launch("ada", link)
    course.launch("ben", link)
    assert columns(course) == {}
    do(course, "ada", "seen", "heard")
    do(course, "ben", "seen")
    course.work_off()
    course.work_off()
    made = columns(course)
    assert sorted(made) == [f"{COURSE}/1", f"{COURSE}/2"]
    assert [(made[key].label, made[key].tag) for key in sorted(made)] == [
        ("1 · Look at one comment", "session"),
        ("2 · Tell what happened", "session"),
    ]
    assert {one.resource_link_id for one in made.values()} == {None}, "a second one at the link would hide the first"
    assert states(course, made[f"{COURSE}/1"], "ben") == [STARTED]
    with course.database() as session:
        assert [row.url.startswith(WANTED) for row in session.scalars(select(LineItem).order_by(LineItem.id))] == [
            False,
            False,
            True,
        ]


def test_many_who_open_the_link_at_once_want_each_column_once(course: Connected) -> None:
    (link,) = course.place_link(COURSE, columns="sessions")
    logins = [log_in(course.world, person, link) for person in ("ada", "ben", "tom", "lou")]
    assert {page.status for page in at_once([login.post for login in logins])} == {200}
    with course.database() as session:
        assert len(session.scalars(select(LineItem)).all()) == 3


def test_a_reflections_column_follows_it_to_and_fro_and_never_holds_a_word_of_it(course: Connected) -> None:
    (link,) = course.place_link(COURSE, columns="reflections")
    course.launch("tom", link)
    course.launch("ada", link)
    send(course, "ada", "look", TEXT)
    course.work_off()
    release(course, "ada", "look", Decision.RETURN)
    course.work_off()
    send(course, "ada", "look", TEXT + "And again.")
    course.work_off()
    release(course, "ada", "look", Decision.ACCEPT)
    course.work_off()
    column = columns(course)[f"{COURSE}/look"]
    assert states(course, column) == [SENT, RETURNED, SENT, DONE]
    assert (column.label, column.tag) == ("What the comment asked for", "reflection")
    result = course.world.result("ada", column)
    assert result is not None
    assert result.comment == f"Met {datetime.now(UTC).date().isoformat()}"
    assert not any("Monday" in str(post.body) or "Clear." in str(post.body) for post in course.world.posts("ada"))
    assert all(post.given != 0 for post in course.world.posts("ada"))


def test_the_choice_stays_with_the_cohort_for_links_that_say_nothing(course: Connected) -> None:
    (chosen,) = course.place_link(COURSE, columns="sessions")
    tool = course.world.change_tool(course.tool.client_id, scopes=(Scope.SCORE,))
    course.launch("ada", chosen)
    assert course.count(LineItem) == 0, "this LMS lets nobody make columns"
    course.world.change_tool(tool.client_id, scopes=tuple(Scope))
    by_hand = course.world.add_link("By hand", context=course.context, tool=tool, custom={"practicum_offering": COURSE})
    course.launch("ben", by_hand)
    with course.database() as session:
        cohort = session.scalars(select(Cohort)).one()
        assert cohort.column_choice is Choice.SESSIONS
        assert {row.part for row in session.scalars(select(LineItem))} == {session_part(n) for n in (1, 2, 3)}


def test_a_choice_that_somebody_mistyped_is_none(course: Connected) -> None:
    custom = {"practicum_offering": COURSE, "practicum_columns": "sessionz"}
    link = course.world.add_link("By hand", context=course.context, tool=course.tool, custom=custom)
    assert "/learn/" in course.launch("ada", link).page.url
    with course.database() as session:
        assert [row.kind for row in session.scalars(select(LineItem))] == [Kind.COMPLETION]


# Copies


def copied(course: Connected) -> list[Link]:
    copy = course.world.copy_context(course.context, "Next year")
    course.world.enrol("ben", copy, Role.LEARNER)
    return [link for link in course.world.links_in(copy) if link.custom["practicum_offering"] == COURSE]


@pytest.mark.parametrize("links", ["one", "sessions"])
def test_a_course_copy_adopts_the_copied_columns(course: Connected, links: str) -> None:
    placed = course.place_link(COURSE, links=links, columns="sessions")
    for link in placed:
        course.launch("ada", link)
    do(course, "ada", "seen", "heard", "plan")
    course.work_off()
    before = {item.id for item in course.world.line_items.values()}
    for link in copied(course):
        course.launch("ben", link)
    after = {item.id for item in course.world.line_items.values()} - before
    do(course, "ben", "seen", "heard", "plan", "end")
    course.work_off()
    assert {item.id for item in course.world.line_items.values()} - before == after, "none was made anew"
    theirs = {course.world.line_items[one].resource_id: course.world.line_items[one] for one in after}
    assert states(course, theirs[f"{COURSE}/3"], "ben") in ([STARTED, DONE], [DONE])
    assert states(course, theirs[f"{COURSE}/1"], "ben") == [STARTED]
    assert course.world.posts("ben", columns_of_first(course, before)) == []


def columns_of_first(course: Connected, ids: set[str]) -> Column:
    return next(
        course.world.line_items[one] for one in ids if course.world.line_items[one].resource_id == f"{COURSE}/1"
    )


# LMSs of their own kind


@pytest.mark.parametrize("profile", [Profile.MOODLE, Profile.CANVAS, Profile.BRIGHTSPACE, Profile.SAKAI])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_each_lms_gets_its_session_columns_and_the_end_arrives(connect: Connect, profile: Profile) -> None:
    # what asks for a real browser, or for a host of the LMS's own, is left out
    course = connect(place=False, **{**fields(profile, storage_target=None), "shared_issuer": None})
    course.publish_course()
    links = course.place_link(COURSE, links="sessions", columns="sessions")
    for link in links:
        course.launch("ada", link)
    do(course, "ada", "plan", "end")
    course.work_off()
    with course.database() as session:
        assert {row.problem for row in session.scalars(select(OutboxRow))} == {None}
    result = course.world.result("ada", columns(course)[f"{COURSE}/3"])
    assert result is not None
    assert (result.score, result.maximum) == (1, 1)
    assert len(columns(course)) == 3
