"""What a launch means for those with work to do, and for the gradebook: grants, trainers, columns."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from plugin.db.learning import Cohort, Completion, Context, Enrolment, EnrolmentState
from plugin.db.outbox import LineItem, OutboxRow, OutboxState
from plugin.db.people import Grant
from plugin.domain.people import Role
from plugin.domain.scores import Progress
from tests.arrivals import (
    at_once,
)
from tests.connected import Connect, Connected
from tests.demo_lms import log_in


def complete(connected: Connected, key: str) -> None:
    """As if somebody had completed the offering a month ago, when no gradebook column was there."""
    person, then = connected.person_id(key), datetime.now(UTC) - timedelta(days=30)
    with connected.database() as session:
        enrolment = session.scalars(select(Enrolment).where(Enrolment.person_id == person)).one()
        enrolment.started_at = enrolment.completed_at = then
        enrolment.state = EnrolmentState.COMPLETED
        version = session.get_one(Cohort, enrolment.cohort_id).version_id
        session.add(
            Completion(
                enrolment_id=enrolment.id,
                person_id=person,
                organization_id=enrolment.organization_id,
                version_id=version,
                completed_at=then,
                minutes=30,
            )
        )


# Gradebook columns


def test_a_new_column_hears_of_everybodys_earlier_completion(connected: Connected) -> None:
    """A link is made anew: who completed before, and may never come back, is not lost."""
    for key in ("ada", "ben", "tom"):
        connected.launch(key)
    complete(connected, "ada")
    complete(connected, "ben")
    (again,) = connected.place_link()
    assert connected.count(OutboxRow) == 0
    connected.launch("ada", again)
    with connected.database() as session:
        column = session.scalars(select(LineItem).order_by(LineItem.id.desc())).first()
        assert column is not None
        told = session.execute(
            select(OutboxRow.person_id, OutboxRow.progress, OutboxRow.state, OutboxRow.comment).where(
                OutboxRow.line_item_id == column.id
            )
        ).all()
    assert {row.person_id for row in told} == {connected.person_id("ada"), connected.person_id("ben")}
    assert {(row.progress, row.state) for row in told} == {(Progress.COMPLETED, OutboxState.DUE)}
    assert all("contact hours" in (row.comment or "") for row in told)


def test_a_new_column_that_an_instructor_opens_first_hears_it_too(connected: Connected) -> None:
    connected.launch("ada")
    complete(connected, "ada")
    (again,) = connected.place_link()
    connected.launch("ian", again)
    with connected.database() as session:
        columns = session.scalars(select(LineItem.url)).all()
        told = session.scalars(select(OutboxRow.progress)).all()
    assert len(columns) == 2
    assert set(told) == {Progress.COMPLETED}


def test_launching_again_by_a_known_link_tells_nothing_again(connected: Connected) -> None:
    connected.launch("ada")
    complete(connected, "ada")
    (again,) = connected.place_link()
    connected.launch("ada", again)
    with connected.database() as session:
        versions = session.scalars(select(OutboxRow.version)).all()
    connected.launch("ada", again)
    connected.launch("ada")
    with connected.database() as session:
        assert session.scalars(select(OutboxRow.version)).all() == versions


# Grants


@pytest.mark.parametrize("role", list(Role))
def test_a_launch_is_the_way_to_ones_work_and_enrols_nobody_with_a_grant(connected: Connected, role: Role) -> None:
    connected.launch("tom")
    connected.grant("tom", role)
    assert connected.count(Enrolment) == 0, "the enrolment that was never begun is none"
    visit = connected.launch("tom")
    assert "/cohorts/" in visit.page.url
    assert connected.count(Enrolment) == 0
    taken = visit.browser.submit(visit.page, visit.page.form("/join"))
    assert "/learn/" in taken.url


def test_a_grant_for_one_cohort_does_not_keep_anybody_from_learning_in_another(connected: Connected) -> None:
    (elsewhere,) = connected.place_link(context=connected.world.context("OAK-2026"))
    connected.launch("ben")
    with connected.database() as session:
        cohort = session.scalars(select(Cohort.id)).one()
    connected.grant("ben", Role.TRAINER, cohort=cohort)
    assert "/cohorts/" in connected.launch("ben").page.url
    assert "/learn/" in connected.launch("ben", elsewhere).page.url


def test_a_grant_that_has_ended_is_none(connected: Connected) -> None:
    connected.launch("tom")
    connected.grant("tom", Role.TRAINER)
    with connected.database() as session:
        session.execute(update(Grant).values(ends_on=datetime.now(UTC).date() - timedelta(days=2)))
    assert "/learn/" in connected.launch("tom").page.url


def test_instructors_are_no_trainers_unless_the_platform_is_the_unions_own(connected: Connected) -> None:
    connected.launch("ian")
    assert connected.count(Grant) == 0


def test_on_a_platform_of_the_unions_own_instructors_train_their_own_cohort_only(connect: Connect) -> None:
    connected = connect(instructors_are_trainers=True)
    (elsewhere,) = connected.place_link(context=connected.world.context("OAK-2026"))
    connected.launch("eve", elsewhere)
    visit = connected.launch("ian")
    connected.launch("ian")
    with connected.database() as session:
        grants = session.scalars(select(Grant)).all()
        cohort = session.scalars(
            select(Cohort.id).join(Context, Context.id == Cohort.context_id).where(Context.context_id == "201")
        ).one()
    assert [(grant.role, grant.cohort_id) for grant in grants] == [(Role.TRAINER, cohort)]
    assert visit.browser.open(connected.url("/review")).status == 200
    assert visit.browser.open(connected.url("/reports/completions")).status == 404


def test_two_frames_of_an_instructor_make_one_grant_and_a_revoked_one_is_not_made_again(connect: Connect) -> None:
    connected = connect(instructors_are_trainers=True)
    logins = [log_in(connected.world, "ian", connected.link) for _ in range(3)]
    at_once([login.post for login in logins])
    assert connected.count(Grant) == 1
    with connected.database() as session:
        session.execute(update(Grant).values(revoked_at=datetime.now(UTC)))
    connected.launch("ian")
    assert connected.count(Grant) == 1


def test_a_learner_on_a_platform_of_the_unions_own_is_still_a_learner(connect: Connect) -> None:
    connected = connect(instructors_are_trainers=True)
    assert "/learn/" in connected.launch("ada").page.url
    assert connected.count(Grant) == 0
