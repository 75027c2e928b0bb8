"""Rosters over the wire."""

from dataclasses import replace
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


def test_pages_are_asked_for_at_the_length_that_this_lms_can_give(
    server: Server, lms: Platform, rosters: Rosters
) -> None:
    server.answers["GET /members"] = Reply(roster())
    list(rosters.pages(lms, server.url + "/members"))
    assert server.requests[-1].query == {"limit": ["500"]}
    list(rosters.pages(replace(lms, family="schoology"), server.url + "/members?a=1"))
    assert server.requests[-1].query == {"a": ["1"], "limit": ["100"]}
    list(rosters.pages(lms, server.url + "/members?limit=20"))
    assert server.requests[-1].query == {"limit": ["20"]}, "an LMS that says it itself knows best"


def test_a_page_tells_where_its_differences_are(server: Server, lms: Platform, rosters: Rosters) -> None:
    link = f'<{server.url}/members?p=2>; rel="next", </members?since=7&amp;x=Y>; rel=differences'
    server.answers["GET /members"] = [
        Reply(roster({"user_id": "1"}), headers={"Link": link}),
        Reply(roster({"user_id": "2"})),
    ]
    pages = list(rosters.pages(lms, server.url + "/members"))
    assert [page.differences for page in pages] == [f"{server.url}/members?since=7&x=Y", None]
    server.answers["GET /members"] = Reply(roster({"user_id": "1", "status": "Deleted"}))
    (page,) = rosters.differences(lms, f"{server.url}/members?since=7&x=Y")
    assert [(one.user_id, one.status) for one in page.members] == [("1", Status.DELETED)]
    assert server.requests[-1].query == {"since": ["7"], "x": ["Y"]}, "the address is the LMS's, nothing is added"


@pytest.mark.parametrize("address", ["http://[", "https://l/" + "x" * 3000])
def test_an_address_of_differences_that_is_none_costs_the_roster_nothing(
    server: Server, lms: Platform, rosters: Rosters, address: str
) -> None:
    server.answers["GET /members"] = Reply(roster({"user_id": "1"}), headers={"Link": f"<{address}>; rel=differences"})
    (page,) = rosters.pages(lms, server.url + "/members")
    assert (page.differences, len(page.members)) == (None, 1)


def test_what_no_database_takes_is_left_out_of_a_name_and_refused_in_an_id(
    server: Server, lms: Platform, rosters: Rosters
) -> None:
    server.answers["GET /members"] = Reply(b'{"members": [{"user_id": "1", "name": "\\ud800"}]}')
    assert [member.name for member in rosters.members(lms, server.url + "/members")] == [None]
    server.answers["GET /members"] = Reply(b'{"members": [{"user_id": "\\u0000"}]}')
    with pytest.raises(AnswerUnreadable):
        list(rosters.members(lms, server.url + "/members"))
