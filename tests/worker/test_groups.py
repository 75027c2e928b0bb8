"""Groups are read with the roster where the LMS tells them; whatever goes wrong with them, the roster is read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from lti.groups import Groups
from lti.rosters import Rosters
from lti.services import Services
from lti.tokens import AccessTokens
from plugin.actions import rosters
from plugin.db.groups import CourseGroup, GroupMember, GroupSource
from plugin.db.rosters import Roster, RosterMember
from plugin.domain.rosters import FORGOTTEN_AFTER
from plugin.web.wiring import Wiring
from plugin.worker.rosters import Readers
from tests.connected import Connect, Connected
from tests.demo_lms import Habits, profiles
from tests.demo_lms import vocabulary as v
from tests.demo_lms.vocabulary import Scope
from tests.queries import counted

ENDPOINT = "groups.of_context"


def readers_of(connected: Connected) -> Readers:
    wiring: Wiring = connected.app.extensions["practicum"]
    services = Services(wiring.http, AccessTokens(wiring.http, wiring.tool_keys))
    return Readers(connected.engine, Rosters(services), groups=Groups(services), clock=lambda: datetime.now(UTC))


def read(connected: Connected) -> int:
    """Read all rosters that are due."""
    made, count = readers_of(connected), 0
    while made.turn():
        count += 1
    return count


def again(connected: Connected, **changes: Any) -> int:
    """The same a day later."""
    with connected.database() as session:
        session.execute(update(Roster).values(due_at=datetime.now(UTC) - timedelta(seconds=1), **changes))
    return read(connected)


def members(connected: Connected) -> dict[str, set[str]]:
    """Who is in which group, by name and key."""
    found: dict[str, set[str]] = {}
    with connected.database() as session:
        for group in session.scalars(select(CourseGroup)):
            theirs = session.scalars(select(GroupMember.user_id).where(GroupMember.group_id == group.id))
            found[group.name] = {connected.world.people[user_id].key for user_id in theirs}
    return found


@pytest.fixture
def grouped(connected: Connected) -> Connected:
    """A course with two groups, which Ada has opened."""
    connected.world.add_group("North", "ada", "ben", context=connected.context)
    connected.world.add_group("South", "tom", context=connected.context)
    connected.launch("ada")
    return connected


def test_groups_are_kept_with_who_is_in_them(grouped: Connected) -> None:
    assert read(grouped) == 1
    assert members(grouped) == {"North": {"ada", "ben"}, "South": {"tom"}}
    [asked] = grouped.world.requests_to(ENDPOINT)
    assert asked.headers["accept"] == "application/vnd.ims.lti-gs.v1.contextgroupcontainer+json"


def test_differences_tell_who_changed_groups_and_leave_the_others_where_they_are(grouped: Connected) -> None:
    read(grouped)
    north, south = grouped.world.groups_in(grouped.context)
    grouped.world.change_group(north, "ada")
    grouped.world.change_group(south, "tom", "ben")
    assert again(grouped) == 1
    assert "since=" in grouped.world.requests_to("nrps.memberships")[-1].query
    assert members(grouped) == {"North": {"ada"}, "South": {"tom", "ben"}}


def test_a_group_that_is_renamed_or_deleted_is_so_here(grouped: Connected) -> None:
    read(grouped)
    north, south = grouped.world.groups_in(grouped.context)
    with grouped.world.lock:
        grouped.world.groups = {north.id: replace(north, name="The North")}
    again(grouped, differences_url=None)
    assert members(grouped) == {"The North": {"ada", "ben"}}
    assert south.id


def test_many_groups_come_in_pages(connect: Connect) -> None:
    small = connect(**profiles.fields("strict", page_size=2))
    for number in range(5):
        small.world.add_group(f"Group {number}", "ada", context=small.context)
    small.launch("ada")
    read(small)
    assert set(members(small)) == {f"Group {number}" for number in range(5)}


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 403},
        {"status": 404},
        {"drop": True},
        {"status": 200, "body": "<html>"},
        {"status": 200, "body": '{"groups": [{"name": "x"}]}'},
        {"status": 200, "body": '{"groups": ["x"]}'},
        {"status": 200, "body": '{"sets": []}'},
    ],
)
def test_groups_that_cannot_be_read_cost_the_roster_nothing_and_stay_as_they_were(
    grouped: Connected, fault: dict[str, Any]
) -> None:
    read(grouped)
    before = members(grouped)
    grouped.world.faults.add(ENDPOINT, **fault)
    assert again(grouped) == 1
    with grouped.database() as session:
        roster = session.scalars(select(Roster)).one()
        source = session.scalars(select(GroupSource)).one()
    assert (roster.failures, roster.problem) == (0, None)
    assert source.problem_code is not None
    assert members(grouped) == before
    grouped.world.faults.clear()
    again(grouped)
    with grouped.database() as session:
        assert session.scalars(select(GroupSource)).one().problem_code is None


def test_an_lms_that_gives_no_right_to_groups_gives_its_roster(grouped: Connected) -> None:
    kept = tuple(scope for scope in grouped.tool.scopes if scope is not Scope.GROUPS)
    grouped.world.change_tool(grouped.tool.client_id, scopes=kept)
    assert read(grouped) == 1
    assert members(grouped) == {}
    assert grouped.count(RosterMember) == 5


def test_an_lms_without_groups_is_not_asked_for_them(connect: Connect) -> None:
    other = connect(habits=Habits(groups=False))
    other.launch("ada")
    assert read(other) == 1
    assert other.world.requests_to(ENDPOINT) == []
    assert other.count(GroupSource) == 0


@pytest.mark.parametrize(
    "odd", ["x", [], ["x"], [{"group_id": None}], [{"group_id": "never seen"}], [{"id": "g1"}], None, {"group_id": "x"}]
)
def test_what_a_roster_says_oddly_of_groups_is_not_said(grouped: Connected, odd: Any) -> None:
    ada = grouped.world.person("ada").id
    body = {"members": [{"user_id": ada, "roles": ["Learner"], "name": "Ada", "group_enrollments": odd}]}
    grouped.world.faults.add("nrps.memberships", status=200, body=json.dumps(body))
    assert read(grouped) == 1
    assert not any(members(grouped).values())
    assert grouped.count(RosterMember) == 1


def test_numbers_serve_as_ids(grouped: Connected) -> None:
    ada = grouped.world.person("ada").id
    body = {
        "members": [{"user_id": ada, "roles": ["Learner"], "group_enrollments": [{"group_id": 7}, {"group_id": 7}]}]
    }
    grouped.world.faults.add(ENDPOINT, status=200, body='{"groups": [{"id": 7, "name": ""}]}')
    grouped.world.faults.add("nrps.memberships", status=200, body=json.dumps(body))
    read(grouped)
    assert members(grouped) == {"7": {"ada"}}


@pytest.mark.parametrize("claim", ["x", {"context_groups_url": 5}, {"context_groups_url": "ftp://x"}, {}, None])
def test_a_claim_that_cannot_be_read_is_none_and_the_launch_goes_on(connected: Connected, claim: Any) -> None:
    assert "/learn/" in connected.forge("ada", {v.GROUPS_SERVICE: claim}).page.url
    assert connected.count(GroupSource) == 0


def test_a_repeat_launch_asks_nothing_of_groups(grouped: Connected) -> None:
    grouped.forge("ada")
    with counted(grouped.engine) as statements:
        grouped.forge("ada")
    assert not [one for one in statements if "group" in one.lower() and "_groups" in one]
    assert not [one for one in statements if "group_sources" in one]


def test_groups_go_with_a_list_that_nobody_reads_any_more(grouped: Connected) -> None:
    read(grouped)
    with grouped.database() as session:
        rosters.forget(session, now=datetime.now(UTC) + FORGOTTEN_AFTER + timedelta(days=1))
    assert members(grouped) == {}
    assert grouped.count(GroupMember) == 0
