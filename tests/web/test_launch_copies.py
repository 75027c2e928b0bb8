"""An LMS course is copied: a fresh run of the same version, with columns of its own; the old one stays as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from plugin.actions import offerings
from plugin.db.audit import AuditEvent
from plugin.db.learning import Cohort, Context, Enrolment, Offering, Progress
from plugin.db.outbox import LineItem, OutboxRow
from plugin.db.people import Person
from tests import quick
from tests.connected import TINY, Connected
from tests.demo_lms.model import Context as LmsContext
from tests.demo_lms.model import Link
from tests.demo_lms.vocabulary import Role
from tests.rows import snapshot


def published_anew(connected: Connected) -> None:
    """A second version of the offering, which is current from now on."""
    with connected.database() as session:
        offerings.publish(session, replace(quick.pack(TINY), version="2.0"), now=datetime.now(UTC))


def copied(connected: Connected, of: LmsContext, *, title: str = "Next year", learner: str = "ben") -> Link:
    """Copy a context in the LMS and put a learner there; the copy of the link."""
    copy = connected.world.copy_context(of, title)
    connected.world.enrol(learner, copy, Role.LEARNER)
    [link] = connected.world.links_in(copy)
    return link


def cohort_in(connected: Connected, link: Link) -> Cohort:
    with connected.database() as session:
        wanted = select(Cohort).join(Context, Context.id == Cohort.context_id)
        return session.scalars(wanted.where(Context.context_id == link.context_id)).one()


def test_a_copy_is_a_fresh_cohort_of_the_version_that_was_copied(connected: Connected) -> None:
    connected.launch("ada")
    first = cohort_in(connected, connected.link)
    published_anew(connected)
    link = copied(connected, connected.context)
    connected.launch("ben", link)
    again = cohort_in(connected, link)
    assert again.id != first.id
    assert again.version_id == first.version_id
    assert again.organization_id == first.organization_id
    with connected.database() as session:
        told = session.scalars(select(AuditEvent).where(AuditEvent.deed == "copy cohort")).one()
        assert session.scalars(select(Offering.current_version_id)).one() != first.version_id
    assert told.facts["copied_from"] == first.id


def test_nothing_of_the_copied_cohort_is_touched_and_nobody_comes_along(connected: Connected) -> None:
    home = connected.launch("ada")
    home.browser.open(home.page.url + "/activities/goal")
    first = cohort_in(connected, connected.link)
    tables = [table.__tablename__ for table in (Cohort, Enrolment, Progress, OutboxRow, LineItem)]
    before = snapshot(connected.engine)
    link = copied(connected, connected.context)
    connected.launch("ben", link)
    after = snapshot(connected.engine)
    for table in tables:
        assert before[table] == {key: after[table][key] for key in before[table]}, table
    with connected.database() as session:
        names = session.scalars(
            select(Person.name).join(Enrolment, Enrolment.person_id == Person.id).where(Enrolment.cohort_id != first.id)
        ).all()
    assert names == [connected.world.person("ben").name]


def test_the_copied_column_is_the_new_cohorts(connected: Connected) -> None:
    connected.launch("ada")
    link = copied(connected, connected.context)
    connected.launch("ben", link)
    with connected.database() as session:
        columns = {row.url: row.cohort_id for row in session.scalars(select(LineItem))}
    [old], [new] = (connected.world.line_items_of(one) for one in (connected.link, link))
    assert {url.rstrip("/").rsplit("/", 1)[-1].partition("?")[0]: of for url, of in columns.items()} == {
        old.id: cohort_in(connected, connected.link).id,
        new.id: cohort_in(connected, link).id,
    }


def test_of_several_generations_the_nearest_counts(connected: Connected) -> None:
    connected.launch("ada")
    second = copied(connected, connected.context)
    published_anew(connected)
    connected.launch("ben", second)
    copy = cohort_in(connected, second).id
    with connected.database() as session:
        newest = session.scalars(select(Offering.current_version_id)).one()
        session.get_one(Cohort, copy).version_id = newest or 0
    third = copied(connected, connected.world.context(second.context_id), title="The year after")
    connected.launch("ben", third)
    assert cohort_in(connected, third).version_id == newest


@pytest.mark.parametrize("history", ["", "never seen,nor this", "$Context.id.history"])
def test_without_a_history_that_we_know_the_current_version_is_taken(connected: Connected, history: str) -> None:
    connected.launch("ada")
    published_anew(connected)
    fresh = connected.world.add_context("Fresh")
    connected.world.enrol("ben", fresh, Role.LEARNER)
    custom = {**connected.link.custom, "context_id_history": history}
    link = connected.world.add_link("Feedback", context=fresh, tool=connected.tool, custom=custom)
    connected.launch("ben", link)
    with connected.database() as session:
        newest = session.scalars(select(Offering.current_version_id)).one()
    assert cohort_in(connected, link).version_id == newest
