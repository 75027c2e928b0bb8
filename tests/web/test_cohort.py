"""The cohort page: what those see who do not learn there. The ways to it by launch are in `test_launch.py`."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from plugin.db.learning import Enrolment
from plugin.db.people import SignIn
from plugin.domain.people import CourseRole
from tests.cast import Cast
from tests.queries import counted


def counts(text: str) -> tuple[int, int, int] | None:
    """Enrolled, started, completed, as the page shows them."""
    found = [re.search(rf"{word}</\w+>\s*<\w+[^>]*>\s*(\d+)", text) for word in ("enrolled", "started", "completed")]
    if None in found:
        return None
    first, second, third = (int(one[1]) for one in found if one)
    return first, second, third


@pytest.fixture
def page(cast: Cast) -> str:
    return f"/cohorts/{cast.here.cohort.id}"


def test_trainers_lscs_administrators_and_instructors_see_counts(cast: Cast, page: str) -> None:
    for actor in (cast.tom, cast.lou, cast.ann, cast.ian):
        answer = actor.get(page)
        assert answer.status_code == 200
        assert counts(answer.text) == (2, 0, 0), actor.person.name


def test_nobody_sees_a_name_or_a_word(cast: Cast, page: str) -> None:
    for actor in (cast.tom, cast.lou, cast.ann, cast.ian):
        text = actor.get(page).text
        assert "Ada Okafor" not in text
        assert "Ben Castillo" not in text


def test_a_learner_sees_what_is_taught_and_no_counts(cast: Cast, page: str) -> None:
    answer = cast.ada.get(page)
    assert answer.status_code == 200
    assert counts(answer.text) is None
    assert "What members do" in answer.text


def test_an_activity_that_may_be_left_out_says_so_and_the_others_say_nothing(cast: Cast, page: str) -> None:
    said = " ".join(re.sub(r"<[^>]+>", " ", cast.ian.get(page).text).split())
    activities = list(cast.pack.activities)
    marked = [activity for activity in activities if f"{activity.title} optional" in said]
    assert marked == [activity for activity in activities if not activity.required]
    assert 0 < len(marked) < len(activities)
    assert "required" not in said.lower()


def test_each_role_finds_the_way_to_its_own_work(cast: Cast, page: str) -> None:
    trainer, lsc, instructor = (actor.get(page).text for actor in (cast.tom, cast.lou, cast.ian))
    assert 'href="/review"' in trainer
    assert "Completion report" not in trainer
    assert 'href="/reports/completions"' in lsc
    assert 'href="/review"' not in lsc
    assert 'href="/review"' not in instructor
    assert 'href="/reports/completions"' not in instructor


def test_the_other_organizations_people_do_not_find_it(cast: Cast, page: str) -> None:
    for actor in (cast.other.tom, cast.other.lou, cast.other.ann, cast.other.ian, cast.other.ada):
        assert actor.get(page).status_code == 404
        assert actor.post(f"{page}/join").status_code == 404


def test_a_grant_reaches_it_from_wherever_one_came_in(cast: Cast, page: str, session: Session) -> None:
    """Tom came in from no course; an instructor without a grant would find nothing."""
    session.execute(update(SignIn).values(context_id=None))
    session.commit()
    assert cast.tom.get(page).status_code == 200
    assert cast.ian.get(page).status_code == 404
    assert cast.tom.post(f"{page}/join").status_code == 404, "there is no LMS course in which he could take it"


def test_a_course_one_came_from_stays_open_while_that_sign_in_holds(cast: Cast, page: str, session: Session) -> None:
    mine = session.scalars(select(SignIn).where(SignIn.person_id == cast.ian.id)).one()
    session.add(
        SignIn(
            token_hash="another",
            person_id=mine.person_id,
            platform_id=mine.platform_id,
            context_id=mine.context_id,
            course_role=CourseRole.INSTRUCTOR,
            created_at=mine.created_at,
            expires_at=mine.expires_at,
            waiting=False,
            next_path="/",
        )
    )
    mine.context_id = None
    session.commit()
    assert cast.ian.get(page).status_code == 200
    session.execute(update(SignIn).where(SignIn.token_hash == "another").values(waiting=True))
    session.commit()
    assert cast.ian.get(page).status_code == 404, "what waits for a new window has shown nothing yet"
    expired = {"waiting": False, "expires_at": mine.created_at - timedelta(hours=1)}
    session.execute(update(SignIn).where(SignIn.token_hash == "another").values(**expired))
    session.commit()
    assert cast.ian.get(page).status_code == 404


def test_whoever_takes_it_themselves_is_enrolled_once(cast: Cast, page: str, session: Session) -> None:
    first, second = cast.ian.post(f"{page}/join"), cast.ian.post(f"{page}/join")
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    mine = session.scalars(select(Enrolment).where(Enrolment.person_id == cast.ian.id)).one()
    assert mine.identity_id == cast.ian.identity.id
    assert mine.organization_id == cast.here.organization.id
    assert cast.ian.get(first.location).status_code == 200


def test_the_page_asks_the_database_little(cast: Cast, page: str) -> None:
    cast.ian.get(page)
    with counted(cast.app.extensions["practicum"].engine) as statements:
        assert cast.ian.get(page).status_code == 200
    assert 0 < len(statements) <= 5, statements
