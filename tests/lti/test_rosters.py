"""Rosters over the wire."""

from typing import Any

import pytest

from lti.errors import AddressRefused, AnswerUnreadable, PlatformRefused
from lti.roles import CourseRole, Roles
from lti.rosters import Member, Rosters, Status
from lti.services import Services
from lti.stores import Platform
from tests.lti.peer import MEMBERSHIP, Reply, Request, Server

ACCEPT = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"


@pytest.fixture
def rosters(services: Services) -> Rosters:
    return Rosters(services)


def roster(*members: Any) -> dict[str, Any]:
    return {"id": "https://lms.example.org/members", "context": {"id": "ctx-3"}, "members": list(members)}


def test_members_are_read_with_short_and_long_roles(server: Server, lms: Platform, rosters: Rosters) -> None:
    server.answers["GET /members"] = Reply(
        roster(
            {
                "user_id": "17",
                "roles": ["Learner"],
                "name": "Ada Okafor",
                "given_name": "Ada",
                "family_name": "Okafor",
                "email": "ada@example.org",
                "status": "Active",
            },
            {"user_id": "18", "roles": [f"{MEMBERSHIP}#Instructor"], "status": "Inactive"},
            {"user_id": "19", "roles": ["Learner", 5], "status": "Deleted", "name": 7},
            {"user_id": "20", "status": "Suspended"},
        )
    )
    found = list(rosters.members(lms, server.url + "/members"))
    assert [(one.user_id, one.roles.course_role, one.status) for one in found] == [
        ("17", CourseRole.LEARNER, Status.ACTIVE),
        ("18", CourseRole.INSTRUCTOR, Status.INACTIVE),
        ("19", CourseRole.LEARNER, Status.DELETED),
        ("20", CourseRole.NONE, Status.INACTIVE),
    ]
    assert (found[0].given, found[0].family, found[0].email) == ("Ada", "Okafor", "ada@example.org")
    assert found[1].name is None
    assert "Ada" not in repr(found[0])
    assert server.requests[-1].headers["Accept"] == ACCEPT


def test_all_pages_are_read(server: Server, lms: Platform, rosters: Rosters) -> None:
    def page(request: Request) -> Reply:
        number = int(request.query.get("Page", ["1"])[0])
        link = f'<{server.url}/Members?Page={number + 1}>; rel="next"' if number < 3 else ""
        return Reply(roster({"user_id": str(number)}), headers={"Link": link})

    server.answers["GET /Members"] = page
    found = rosters.members(lms, server.url + "/Members")
    assert [member.user_id for member in found] == ["1", "2", "3"]


def test_role_and_link_narrow_the_roster(server: Server, lms: Platform, rosters: Rosters) -> None:
    server.answers["GET /members"] = Reply(roster())
    assert list(rosters.members(lms, server.url + "/members?a=1", role="Learner", resource_link_id="9")) == []
    assert server.requests[-1].query == {"a": ["1"], "role": ["Learner"], "rlid": ["9"]}


def test_an_empty_body_means_nobody(server: Server, lms: Platform, rosters: Rosters) -> None:
    server.answers["GET /members"] = Reply(b"")
    assert list(rosters.members(lms, server.url + "/members")) == []


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"members": {}},
        {"members": [5]},
        {"members": [{"name": "x"}]},
        {"members": [{"user_id": 5}]},
        {"members": [{"user_id": "5", "roles": "Learner"}]},
        b"<html>",
    ],
)
def test_an_odd_roster_is_unreadable_and_no_error(server: Server, lms: Platform, rosters: Rosters, body: Any) -> None:
    server.answers["GET /members"] = Reply(body)
    with pytest.raises(AnswerUnreadable):
        list(rosters.members(lms, server.url + "/members"))


def test_a_failure_in_the_middle_is_a_failure(server: Server, lms: Platform, rosters: Rosters) -> None:
    server.answers["GET /members"] = [
        Reply(roster({"user_id": "1"}), headers={"Link": f'<{server.url}/members?p=2>; rel="next"'}),
        Reply({"error": "above_response_limit"}, status=403),
    ]
    members = rosters.members(lms, server.url + "/members")
    assert next(members) == Member("1", Roles())
    with pytest.raises(PlatformRefused):
        next(members)


def test_a_foreign_roster_is_not_called(lms: Platform, rosters: Rosters) -> None:
    with pytest.raises(AddressRefused):
        list(rosters.members(lms, "https://evil.example.org/members"))
