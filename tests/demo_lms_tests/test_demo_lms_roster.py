"""Names and Role Provisioning: members in pages, filters, differences, privacy."""

import json
from typing import Any

import pytest

from tests.demo_lms import Habits, World
from tests.demo_lms.model import Link, MemberStatus
from tests.demo_lms.vocabulary import Role, Scope
from tests.demo_lms_tests.conftest import Start, add_by_hand
from tests.demo_lms_tests.fake_tool import FakeTool

MEMBERS = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"


def ask(lms: World, tool: FakeTool, query: str = "") -> tuple[dict[str, Any], str]:
    url = query if query.startswith("http") else lms.config.url("/api/nrps/201/memberships") + query
    answer = tool.call("GET", url, token=tool.token(Scope.MEMBERSHIPS), accept=MEMBERS)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == MEMBERS
    return json.loads(answer.data), answer.headers.get("Link", "")


def linked(header: str, relation: str) -> str:
    assert header.endswith(f'; rel="{relation}"')
    return header.partition(">")[0].removeprefix("<")


def test_members_come_with_names_roles_and_status(lms: World, tool: FakeTool) -> None:
    roster, _ = ask(lms, tool)
    assert roster["context"] == {"id": "201", "label": "RPD-2026", "title": "Riverbend PD 2026"}
    assert [one["user_id"] for one in roster["members"]] == ["1001", "1002", "1003", "1004", "1005"]
    assert roster["members"][0] == {
        "user_id": "1001",
        "status": "Active",
        "roles": [Role.LEARNER, Role.INSTITUTION_INSTRUCTOR],
        "name": "Ada Okafor",
        "given_name": "Ada",
        "family_name": "Okafor",
        "email": "ada@riverbend.example.org",
    }


def test_a_large_roster_comes_in_pages_each_member_once(lms: World, tool: FakeTool) -> None:
    lms.add_people(250, "RPD-2026")
    seen: list[str] = []
    url, pages = "?limit=1000", 0
    while True:
        roster, header = ask(lms, tool, url)
        seen += [one["user_id"] for one in roster["members"]]
        pages += 1
        if 'rel="next"' not in header:
            break
        url = linked(header, "next")
    assert pages == 3
    assert len(seen) == len(set(seen)) == 255


@pytest.mark.parametrize("role", ["Instructor", "http://purl.imsglobal.org/vocab/lis/v2/membership%23Instructor"])
def test_a_roster_can_be_asked_for_one_role(lms: World, tool: FakeTool, role: str) -> None:
    assert [one["user_id"] for one in ask(lms, tool, f"?role={role}")[0]["members"]] == ["1005"]


def test_the_differences_tell_of_who_came_changed_and_left(lms: World, tool: FakeTool) -> None:
    _, header = ask(lms, tool)
    lms.unenrol("ben", "RPD-2026")
    lms.enrol("lou", "RPD-2026", status=MemberStatus.INACTIVE)
    lms.enrol("eve", "RPD-2026")
    roster, header = ask(lms, tool, linked(header, "differences"))
    told = {one["user_id"]: one["status"] for one in roster["members"]}
    assert told == {"1002": "Deleted", "1004": "Inactive", "1007": "Active"}
    assert ask(lms, tool, linked(header, "differences"))[0]["members"] == []
    assert "1002" not in {one["user_id"] for one in ask(lms, tool)[0]["members"]}


def test_privacy_leaves_ids_and_roles(start: Start, unregistered: FakeTool) -> None:
    lms = start(habits=Habits(send_names=False, send_emails=False, short_roster_roles=True))
    add_by_hand(lms, unregistered)
    member = ask(lms, unregistered)[0]["members"][0]
    assert member == {"user_id": "1001", "status": "Active", "roles": ["Learner"]}


def test_with_a_link_each_member_has_its_message(lms: World, tool: FakeTool, link: Link) -> None:
    member = ask(lms, tool, f"?rlid={link.id}")[0]["members"][0]
    assert member["message"][0]["https://purl.imsglobal.org/spec/lti/claim/custom"] == {"offering": "F1"}
    address = lms.config.url("/api/nrps/201/memberships?rlid=999")
    assert tool.call("GET", address, token=tool.token(), accept=MEMBERS).status == 404


def test_a_roster_is_given_exactly_and_to_the_right_token_only(lms: World, tool: FakeTool) -> None:
    address = lms.config.url("/api/nrps/201/memberships")
    for accept in (None, "*/*", "application/json", MEMBERS + "; charset=utf-8"):
        assert tool.call("GET", address, token=tool.token(), accept=accept).status == 406
    assert tool.call("GET", address, token=tool.token(Scope.SCORE), accept=MEMBERS).status == 403
    assert tool.call("GET", address, token="made-up", accept=MEMBERS).status == 401
    elsewhere = lms.config.url("/api/nrps/999/memberships")
    assert tool.call("GET", elsewhere, token=tool.token(), accept=MEMBERS).status == 404
    for wrong in ("?since=yesterday", "?since=" + "9" * 40, "?limit=none"):
        assert tool.call("GET", address + wrong, token=tool.token(), accept=MEMBERS).status == 400
