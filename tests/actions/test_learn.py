"""Going through an offering: answers, places, what one is enrolled in, what the LMS was told."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

import content
from plugin.actions import learn, reflect, standing
from plugin.actions.standing import Standing
from plugin.db import doors
from plugin.db.learning import Answer, Cohort, Completion, Enrolment, EnrolmentState, Offering, Progress
from plugin.db.outbox import LineItem, OutboxRow, OutboxState
from plugin.domain import hours
from plugin.domain.progress import ActivityState
from plugin.domain.scores import Progress as Told
from tests.cast import Actor, Cast
from tests.queries import counted


def of(session: Session, actor: Actor) -> Standing:
    assert actor.enrolment
    found = doors.own_enrolment(session, actor.id, actor.enrolment.id)
    assert found
    return standing.of(session, *found)


def seen(session: Session, cast: Cast) -> learn.Overview:
    assert cast.ada.enrolment
    found = learn.overview(session.connection(), cast.ada.id, cast.ada.enrolment.id)
    assert found
    return found


def activity(cast: Cast, key: str) -> content.Activity:
    return next(found for found in cast.pack.activities if found.key == key)


def answered(session: Session, cast: Cast, key: str, **chosen: str) -> bool:
    return learn.answer(session, of(session, cast.ada), activity(cast, key), chosen, now=cast.now)


def test_an_inventory_is_done_when_every_statement_is_answered(cast: Cast, session: Session) -> None:
    assert not answered(session, cast, "inventory", s1="rarely")
    assert of(session, cast.ada).step("inventory").state is ActivityState.OPENED
    assert answered(session, cast, "inventory", s2="often")
    assert of(session, cast.ada).step("inventory").state is ActivityState.DONE


def test_an_answer_may_be_changed_and_both_are_kept(cast: Cast, session: Session) -> None:
    for choice in ("rarely", "often"):
        answered(session, cast, "inventory", s1=choice)
    made = learn.tries(session, of(session, cast.ada).enrolment.id, "inventory")
    assert made.choices == {"s1": ("rarely", "often")}
    assert made.latest("s1") == "often"


def test_the_same_answer_again_adds_nothing(cast: Cast, session: Session) -> None:
    for _ in range(2):
        answered(session, cast, "check", q1="a", q2="c")
    assert session.scalar(select(func.count()).select_from(Answer)) == 2


def test_answers_that_do_not_exist_are_left_out(cast: Cast, session: Session) -> None:
    answered(session, cast, "inventory", s1="always", s9="often", q1="a")
    answered(session, cast, "check", q1="z", s1="often")
    assert session.scalar(select(func.count()).select_from(Answer)) == 0


def test_a_check_counts_when_every_question_was_right_once(cast: Cast, session: Session) -> None:
    assert not answered(session, cast, "check", q1="b", q2="b")
    assert not answered(session, cast, "check", q1="a")  # once right stays right
    assert answered(session, cast, "check", q2="a")


def test_a_scene_is_tried_until_the_best_choice_is_found(cast: Cast, session: Session) -> None:
    assert not answered(session, cast, "try-it", sc1="b")
    assert not answered(session, cast, "try-it", sc1="a")
    assert answered(session, cast, "try-it", sc2="b")
    assert learn.tries(session, of(session, cast.ada).enrolment.id, "try-it").count("sc1") == 2


def test_what_is_done_earns_the_minutes_it_was_designed_for(cast: Cast, session: Session) -> None:
    standing.done(session, of(session, cast.ada), "finding-1", now=cast.now)
    standing.done(session, of(session, cast.ada), "finding-1", now=cast.now + timedelta(days=1))
    row = session.scalars(select(Progress)).one()
    assert (row.minutes, row.done_at) == (4, cast.now)
    assert hours.earned(of(session, cast.ada).steps) == 4


def test_the_place_in_a_text_is_remembered_within_its_bounds(cast: Cast, session: Session) -> None:
    stood = of(session, cast.ada)
    standing.opened(session, stood, "finding-1", now=cast.now)
    session.flush()
    for sent, kept in ((480, 480), (5000, 1000), (-3, 0)):
        learn.keep_place(session, stood.enrolment.id, "finding-1", sent)
        session.expire_all()
        assert of(session, cast.ada).progress["finding-1"].position == kept


def test_a_place_in_what_was_never_opened_is_no_progress(cast: Cast, session: Session) -> None:
    learn.keep_place(session, of(session, cast.ada).enrolment.id, "finding-1", 480)
    assert of(session, cast.ada).step("finding-1").state is ActivityState.NEW


def test_the_first_activity_tells_the_lms_that_the_member_started(cast: Cast, session: Session) -> None:
    stood = of(session, cast.ada)
    standing.opened(session, stood, "goal", now=cast.now)
    standing.opened(session, stood, "inventory", now=cast.now)
    session.flush()
    row = session.scalars(select(OutboxRow)).one()
    assert (row.progress, row.score, row.version) == (Told.STARTED, None, 1)
    assert stood.enrolment.last_activity == "inventory"


def test_the_last_required_activity_completes_the_offering_once(cast: Cast, session: Session) -> None:
    for found in cast.pack.activities:
        assert of(session, cast.ada).enrolment.state is EnrolmentState.ACTIVE
        if found.required:
            standing.done(session, of(session, cast.ada), found.key, now=cast.now)
    standing.done(session, of(session, cast.ada), "goal", now=cast.now + timedelta(days=1))
    completion = session.scalars(select(Completion)).one()
    assert (completion.minutes, completion.completed_at) == (30, cast.now)
    assert session.scalars(select(OutboxRow)).one().score == 1


def test_everything_somebody_is_enrolled_in_is_loaded_in_few_queries(
    cast: Cast, session: Session, engine: Engine
) -> None:
    here = cast.here.cohort
    for number in range(5):
        offering = Offering(
            code=f"OTH-{number}", kind="module", title="Another", summary="", minutes=30, current_version_id=None
        )
        session.add(offering)
        session.flush()
        cohort = Cohort(
            organization_id=here.organization_id,
            offering_id=offering.id,
            version_id=here.version_id,
            context_id=here.context_id,
            name="Another",
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
                state=EnrolmentState.COMPLETED if number == 0 else EnrolmentState.ACTIVE,
                completed_at=cast.now if number == 0 else None,
                last_activity_at=cast.now + timedelta(hours=number),
                enrolled_at=cast.now,
            )
        )
    session.commit()
    learn.enrolled(session, cast.ada.id)  # the pack is read once in a process
    with counted(engine) as statements:
        found = learn.enrolled(session, cast.ada.id)
    assert len(statements) == 3
    assert len(found) == 6
    assert found[0].enrolment.last_activity_at == cast.now + timedelta(hours=4)
    assert found[-1].enrolment.state is EnrolmentState.COMPLETED


def test_the_lms_has_been_told_nothing_before_anything_began(cast: Cast, session: Session) -> None:
    assert seen(session, cast).told == learn.Told("District 1 LMS", False, None)


def test_an_overview_is_of_ones_own(cast: Cast, session: Session) -> None:
    connection = session.connection()
    assert cast.ada.enrolment
    assert learn.overview(connection, cast.ben.id, cast.ada.enrolment.id) is None
    assert learn.overview(connection, cast.ada.id, 999_999) is None


def test_an_overview_stands_where_the_enrolment_stands(cast: Cast, session: Session) -> None:
    stood = of(session, cast.ada)
    for key in ("goal", "reading"):
        standing.opened(session, stood, key, now=cast.now)
    goal = stood.activity("goal")
    assert goal
    reflect.save(session, stood.enrolment, goal, "Ask first", version=0, now=cast.now)
    session.flush()
    overview, whole = seen(session, cast), of(session, cast.ada)
    assert overview.standing.steps == whole.steps
    assert overview.standing.enrolment.last_activity == "reading"
    assert {key: row.text for key, row in overview.standing.reflections.items()} == {"goal": "Ask first"}
    assert set(overview.standing.progress) == {"goal", "reading"}


def test_what_is_equal_of_two_overviews_reads_the_same(cast: Cast, session: Session) -> None:
    """All that happens to an enrolment makes its page anew: each of these is seen on it."""
    stood, made_of = of(session, cast.ada), [seen(session, cast).made_of]
    assert seen(session, cast).made_of == made_of[0]
    goal = stood.activity("goal")
    assert goal
    standing.opened(session, stood, "goal", now=cast.now)
    session.flush()
    made_of.append(seen(session, cast).made_of)
    reflect.save(session, stood.enrolment, goal, "Ask first", version=0, now=cast.now)
    made_of.append(seen(session, cast).made_of)
    standing.done(session, of(session, cast.ada), "goal", now=cast.now)
    made_of.append(seen(session, cast).made_of)
    learn.keep_place(session, stood.enrolment.id, "goal", 500)
    made_of.append(seen(session, cast).made_of)
    session.scalars(select(OutboxRow)).one().state = OutboxState.SENT
    session.flush()
    made_of.append(seen(session, cast).made_of)
    assert len(set(made_of)) == len(made_of)


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        ((OutboxState.SENT, OutboxState.REFUSED), OutboxState.REFUSED),
        ((OutboxState.NOT_SENT, OutboxState.SENT), OutboxState.SENT),
        ((OutboxState.SENT, OutboxState.DUE), OutboxState.DUE),
    ],
)
def test_of_several_columns_the_one_in_trouble_is_shown(
    cast: Cast, session: Session, states: tuple[OutboxState, OutboxState], shown: OutboxState
) -> None:
    here = cast.here
    second = LineItem(
        platform_id=here.platform.id, cohort_id=here.cohort.id, url="https://lms1.example.org/2", created_at=cast.now
    )
    session.add(second)
    session.flush()
    stood = of(session, cast.ada)
    standing.opened(session, stood, "goal", now=cast.now)
    for row, state in zip(session.scalars(select(OutboxRow).order_by(OutboxRow.id)), states, strict=True):
        row.state = state
    session.flush()
    told = seen(session, cast).told
    assert told.has_column
    assert told.row
    assert told.row.state is shown
