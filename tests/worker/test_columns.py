"""A column that no launch named is adopted where there is one of ours, and made where there is none: once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from plugin.actions import columns
from plugin.actions.outbox import LEASE
from plugin.db.learning import Cohort, Context, Offering, ResourceLink
from plugin.db.outbox import WANTED, LineItem, OutboxState
from plugin.db.session import transaction
from tests.demo_lms import Profile
from tests.demo_lms.addresses import line_item, line_items
from tests.demo_lms.faults import HELD
from tests.demo_lms.model import LineItem as Column
from tests.demo_lms.vocabulary import Grading, Scope
from tests.patience import until
from tests.worker.scene import LONG_AGO, SCORES, Scene

MAKE, LOOK = "ags.create", "ags.line_items"


@pytest.fixture
def unnamed(scene: Scene) -> Scene:
    """The same scene, but no launch has named a column, and the LMS has none."""
    place, world = scene.place, scene.world
    link = world.links[place.column.resource_link_id or ""]
    world.remove_line_item(place.column.id)
    with transaction(scene.engine) as session:
        context = Context(
            platform_id=place.platform_id,
            deployment_id=link.deployment_id,
            context_id=link.context_id,
            title="PD",
            line_items_url=line_items(world, link.context_id, link.client_id),
            created_at=LONG_AGO,
        )
        session.add(context)
        session.flush()
        session.execute(update(Cohort).where(Cohort.id == place.cohort_id).values(context_id=context.id))
        session.execute(update(Offering).values(code="MOD-1"))
        session.execute(update(LineItem).values(url=f"{WANTED}{place.cohort_id}"))
        session.add(
            ResourceLink(
                context_id=context.id, resource_link_id=link.id, cohort_id=place.cohort_id, created_at=LONG_AGO
            )
        )
    return scene


def address(scene: Scene) -> str:
    with Session(scene.engine) as session:
        return session.scalars(select(LineItem.url)).one()


def only_column(scene: Scene) -> Column:
    (column,) = scene.world.line_items.values()
    return column


def graded(scene: Scene) -> list[str]:
    """Who has a grade in the only column."""
    posts = scene.world.posts(line_item=only_column(scene))
    return [post.user_id for post in posts if post.grading is Grading.FULLY_GRADED]


@pytest.mark.parametrize("world", list(Profile), indirect=True)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_each_lms_gets_one_column_tied_to_its_link(unnamed: Scene) -> None:
    unnamed.tell(unnamed.ada, unnamed.ben)
    unnamed.work_off()
    made = only_column(unnamed)
    assert (made.resource_id, made.tag, made.label, made.score_maximum) == ("MOD-1", columns.TAG, "Feedback", 1)
    assert made.resource_link_id in unnamed.world.links
    assert address(unnamed) == line_item(unnamed.world, made)
    assert sorted(graded(unnamed)) == [unnamed.ada.sub, unnamed.ben.sub]
    result = unnamed.world.result("ada", made)
    assert result is not None
    assert result.score == result.maximum


def test_a_column_that_is_there_already_is_adopted(unnamed: Scene) -> None:
    link = next(iter(unnamed.world.links.values()))
    unnamed.world.add_line_item("Other", link=link, resource_id="MOD-2", tag=columns.TAG)
    ours = unnamed.world.add_line_item("Copied", link=link, resource_id="MOD-1", tag=columns.TAG)
    unnamed.tell(unnamed.ada)
    unnamed.work_off()
    assert address(unnamed) == line_item(unnamed.world, ours)
    assert unnamed.asked(MAKE) == 0
    assert unnamed.row(unnamed.ada).state is OutboxState.SENT


def test_many_scores_and_two_workers_make_one_column(unnamed: Scene) -> None:
    hold = unnamed.world.faults.add(MAKE, delay=HELD)
    unnamed.tell_many(12)
    first, second = unnamed.worker(), unnamed.worker()
    first.turn()
    second.turn()
    assert not second.is_busy, "one of them looks, the other leaves it alone"
    unnamed.world.faults.remove(hold)
    unnamed.work_off(first)
    unnamed.work_off(second)
    assert unnamed.asked(MAKE) == 1
    assert len(graded(unnamed)) == 12


def test_a_worker_that_died_after_it_made_the_column_leaves_it_to_be_adopted(unnamed: Scene) -> None:
    unnamed.world.faults.add(MAKE, drop=True, after_effect=True, times=1)
    unnamed.tell(unnamed.ada)
    unnamed.work_off()
    assert unnamed.row(unnamed.ada).state is OutboxState.DUE
    unnamed.clock.travel(LEASE)
    unnamed.work_off()
    assert (unnamed.asked(LOOK), unnamed.asked(MAKE)) == (2, 1)
    assert graded(unnamed) == [unnamed.ada.sub]


def test_a_launch_that_names_the_column_meanwhile_is_believed(unnamed: Scene) -> None:
    link = next(iter(unnamed.world.links.values()))
    hold = unnamed.world.faults.add(LOOK, delay=HELD, times=1)
    unnamed.tell(unnamed.ada)
    worker = unnamed.worker()
    worker.turn()
    until(lambda: hold.fired)
    named = unnamed.world.add_line_item("Named", link=link)
    with transaction(unnamed.engine) as session:
        place = unnamed.place
        url = line_item(unnamed.world, named)
        assert columns.name(session, platform_id=place.platform_id, cohort_id=place.cohort_id, url=url)
    unnamed.world.faults.remove(hold)
    unnamed.work_off(worker)
    assert address(unnamed) == line_item(unnamed.world, named)
    assert [post.line_item_id for post in unnamed.world.posts("ada")] == [named.id]


def test_an_lms_that_lets_nobody_make_columns_is_for_an_administrator_to_mend(unnamed: Scene) -> None:
    tool = unnamed.world.tool()
    unnamed.world.change_tool(tool.client_id, scopes=(Scope.SCORE, Scope.RESULT))
    unnamed.tell(unnamed.ada)
    unnamed.work_off()
    row = unnamed.row(unnamed.ada)
    assert row.state is OutboxState.REFUSED
    assert row.problem is not None
    assert "administrator" in row.problem
    assert unnamed.asked(SCORES) == 0


def test_where_the_lms_names_no_place_for_columns_any_more_somebody_is_told(unnamed: Scene) -> None:
    with transaction(unnamed.engine) as session:
        session.execute(update(Context).values(line_items_url=None))
    unnamed.tell(unnamed.ada)
    unnamed.work_off()
    unnamed.clock.travel(timedelta(days=1))
    unnamed.work_off()
    assert (unnamed.row(unnamed.ada).state, unnamed.row(unnamed.ada).problem_code) == (
        OutboxState.REFUSED,
        "column-gone",
    )
