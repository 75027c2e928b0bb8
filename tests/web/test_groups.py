"""A cohort's lists can be narrowed to a group of its LMS course, by those who see names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from plugin.db.groups import CourseGroup, GroupMember
from plugin.db.reflections import Reflection, Revision
from plugin.db.session import transaction
from plugin.domain.review import State
from tests.cast import Actor, Cast, Place
from tests.rostered import keep_roster


def add_group(session: Session, place: Place, name: str, *people: Actor) -> int:
    group = CourseGroup(context_id=place.context.id, group_id=f"lms-{name}", name=name)
    session.add(group)
    session.flush()
    session.add_all(GroupMember(group_id=group.id, user_id=actor.identity.sub) for actor in people)
    return group.id


def sent(session: Session, place: Place, author: Actor) -> None:
    now = datetime.now(UTC)
    assert author.enrolment is not None
    row = Reflection(
        enrolment_id=author.enrolment.id,
        cohort_id=place.cohort.id,
        organization_id=place.organization.id,
        person_id=author.id,
        activity="reflect",
        reviewed=True,
        state=State.SUBMITTED,
        text="x",
        version=1,
        saved_at=now,
        revision=1,
        waiting_since=now,
        created_at=now,
    )
    session.add(row)
    session.flush()
    session.add(Revision(reflection_id=row.id, number=1, text="x", words=1, submitted_at=now))


@pytest.fixture
def groups(cast: Cast, engine: Engine) -> tuple[int, int, int]:
    """North with Ada, South with Ben, and a group of the other organization's course."""
    with transaction(engine) as session:
        place = cast.here
        people = [("Ada Okafor", cast.ada), ("Ben Castillo", cast.ben)]
        place.context = session.merge(place.context)
        place.context.memberships_url = "https://lms1.example.org/members"
        keep_roster(session, place, people, read_at=datetime.now(UTC))
        north, south = add_group(session, place, "North", cast.ada), add_group(session, place, "South", cast.ben)
        add_group(session, place, "Nobody")
        for author in (cast.ada, cast.ben):
            sent(session, place, author)
        return north, south, add_group(session, cast.other, "Elsewhere", cast.other.ada)


def test_a_roster_is_narrowed_to_a_group(cast: Cast, groups: tuple[int, int, int]) -> None:
    north, south, _ = groups
    address = f"/cohorts/{cast.here.cohort.id}/roster?state=not-started"
    everybody = cast.lou.get(address).text
    assert "Ada Okafor" in everybody
    assert "Ben Castillo" in everybody
    assert "North" in everybody
    assert "Nobody" not in everybody, "an empty group is no choice"
    assert "Elsewhere" not in everybody
    only = cast.lou.get(f"{address}&group={north}").text
    assert "Ada Okafor" in only
    assert "Ben Castillo" not in only
    assert "Ben Castillo" in cast.lou.get(f"{address}&group={south}").text


@pytest.mark.parametrize("odd", ["x", "0", "9999999999999999999999", "-1"])
def test_a_group_that_is_none_of_the_course_is_refused_in_words(
    cast: Cast, groups: tuple[int, int, int], odd: str
) -> None:
    for asked in (odd, str(groups[2])):
        page = cast.lou.get(f"/cohorts/{cast.here.cohort.id}/roster?group={asked}")
        assert page.status_code == 422
        assert "There is no such group in this course" in page.text


def test_whoever_sees_no_names_is_offered_no_groups(cast: Cast, groups: tuple[int, int, int]) -> None:
    """The counts of a group of one would say something of somebody."""
    address = f"/cohorts/{cast.here.cohort.id}/roster"
    page = cast.ian.get(address)
    assert page.status_code == 200
    assert "North" not in page.text
    assert cast.ian.get(f"{address}?group={groups[0]}").status_code == 422


def test_the_queue_is_narrowed_to_a_group_of_the_chosen_cohort(cast: Cast, groups: tuple[int, int, int]) -> None:
    north, _, elsewhere = groups
    everything = cast.tom.get("/review").text
    assert "North" in everything
    only = cast.tom.get(f"/review?group={north}").text
    assert "Ada Okafor" in only
    assert "Ben Castillo" not in only
    for odd in (elsewhere, "x", 0):
        page = cast.tom.get(f"/review?group={odd}").text
        assert "Ada Okafor" in page
        assert "Ben Castillo" in page
        assert "Elsewhere" not in page


def test_the_report_is_narrowed_to_a_group_and_says_so(cast: Cast, groups: tuple[int, int, int]) -> None:
    north, _, elsewhere = groups
    address = f"/reports/completions?state=all&cohort={cast.here.cohort.id}"
    assert "North" in cast.lou.get(address).text
    only = cast.lou.get(f"{address}&group={north}").text
    assert "Ada Okafor" in only
    assert "Ben Castillo" not in only
    assert "Ben Castillo" in cast.lou.get(f"{address}&group={elsewhere}").text
    assert "North" not in cast.lou.get("/reports/completions?state=all").text, "groups belong to a cohort's course"
    file = cast.lou.get(f"/reports/completions.csv?state=all&cohort={cast.here.cohort.id}&group={north}").text
    assert "Ada Okafor" in file
    assert "Ben Castillo" not in file


def test_where_there_are_no_groups_nothing_is_shown_of_them(cast: Cast) -> None:
    for actor, address in ((cast.lou, f"/cohorts/{cast.here.cohort.id}/roster"), (cast.tom, "/review")):
        assert 'name="group"' not in actor.get(address).text
