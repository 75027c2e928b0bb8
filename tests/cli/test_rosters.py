"""`practicum rosters …`, as somebody types it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from plugin.db.rosters import Roster
from plugin.db.session import transaction
from tests.cast import Cast
from tests.cli.conftest import Shell
from tests.rostered import keep_roster


@pytest.fixture
def read(cast: Cast, engine: Engine) -> Cast:
    """The roster here was read; the one elsewhere could not be."""
    with transaction(engine) as session:
        for place in (cast.here, cast.other):
            session.merge(place.context).memberships_url = f"{place.platform.issuer}/members"
            keep_roster(session, place, [("Yan Wu", None)], read_at=cast.now)
        theirs = session.get_one(Roster, cast.other.context.id)
        theirs.read_at, theirs.problem = None, "The LMS asks for a pause."
    return cast


def test_the_list_says_how_fresh_each_is_and_what_is_wrong_without_names(read: Cast, practicum: Shell) -> None:
    here, other = sorted(practicum("rosters", "list").splitlines())
    assert "PD 1\tLocal 1\tDistrict 1 LMS\t1 people\tread 20" in here
    assert "never read" in other
    assert other.endswith("\tThe LMS asks for a pause.")
    assert "Yan" not in here + other


def test_the_list_is_narrowed_by_organization_and_failure(read: Cast, practicum: Shell) -> None:
    assert len(practicum("rosters", "list", "--organization", "Local 1").splitlines()) == 1
    assert "PD 2" in practicum("rosters", "list", "--failing")
    assert practicum("rosters", "list", "--failing", "--organization", "Local 1") == ""
    assert "there is no organization" in practicum.refused("rosters", "list", "--organization", "Nowhere")


def test_one_is_read_anew_by_its_number_however_lately_it_was_read(
    read: Cast, practicum: Shell, engine: Engine
) -> None:
    number = read.here.context.id
    assert "is read by the next worker" in practicum("rosters", "refresh", str(number))
    with Session(engine) as session:
        row = session.get_one(Roster, number)
        assert row.wanted_at is not None
        assert row.due_at < read.now + timedelta(minutes=5)
    assert "there is no roster 999" in practicum.refused("rosters", "refresh", "999")


def test_a_course_that_tells_of_no_roster_cannot_be_read(read: Cast, practicum: Shell, engine: Engine) -> None:
    with transaction(engine) as session:
        session.merge(read.here.context).memberships_url = None
    assert "does not say who is in the course" in practicum.refused("rosters", "refresh", str(read.here.context.id))
