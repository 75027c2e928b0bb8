"""Notices of copies, groups of a context, and launches about privacy."""

import json
from typing import Any

import pytest

from tests.demo_lms import Habits, World, launches
from tests.demo_lms.claims import id_token
from tests.demo_lms.notices import copy_notice, tell_of_copy
from tests.demo_lms.vocabulary import Notice, Scope
from tests.demo_lms_tests.conftest import Start, add_by_hand
from tests.demo_lms_tests.fake_tool import FakeTool

JSON = "application/json"
GROUPS = "application/vnd.ims.lti-gs.v1.contextgroupcontainer+json"
LTI = "https://purl.imsglobal.org/spec/lti/claim/"


def put(lms: World, tool: FakeTool, **changes: Any) -> int:
    body = {"notice_type": "LtiContextCopyNotice", "handler": tool.base_url + "/notices", **changes}
    return int(_call(lms, tool, "PUT", body).status)


def _call(lms: World, tool: FakeTool, method: str, body: Any = None, **more: Any) -> Any:
    address = lms.config.url(f"/api/notices/{tool.deployment_id}/handlers")
    sent = {} if body is None else {"body": body, "kind": JSON}
    return tool.call(method, address, token=tool.token(Scope.NOTICE_HANDLERS), accept=JSON, **sent, **more)


def test_a_handler_is_kept_for_each_type_of_notice(lms: World, tool: FakeTool) -> None:
    assert put(lms, tool) == 200
    found = json.loads(_call(lms, tool, "GET").data)
    assert found["deployment_id"] == tool.deployment_id
    assert {one["notice_type"]: one["handler"] for one in found["notice_handlers"]} == {
        "LtiHelloWorldNotice": "",
        "LtiContextCopyNotice": tool.base_url + "/notices",
    }


@pytest.mark.parametrize(
    "changes", [{"notice_type": "odd"}, {"handler": 5}, {"handler": "https://elsewhere.example.org/notices"}]
)
def test_an_odd_handler_is_refused(lms: World, tool: FakeTool, changes: dict[str, Any]) -> None:
    assert put(lms, tool, **changes) == 400
    assert lms.notice_handlers == {}


def test_handlers_need_their_scope_and_the_tools_own_deployment(lms: World, tool: FakeTool) -> None:
    address = lms.config.url(f"/api/notices/{tool.deployment_id}/handlers")
    assert tool.call("GET", address, token=tool.token(Scope.SCORE), accept=JSON).status == 403
    elsewhere = lms.config.url("/api/notices/999/handlers")
    assert tool.call("GET", elsewhere, token=tool.token(Scope.NOTICE_HANDLERS), accept=JSON).status == 404


def test_an_lms_without_notices_has_no_handlers(start: Start, unregistered: FakeTool) -> None:
    lms = start(habits=Habits(notices=False))
    add_by_hand(lms, unregistered)
    assert put(lms, unregistered) == 404


def test_a_notice_names_copy_and_origin_and_nobody(lms: World, tool: FakeTool) -> None:
    copy = lms.copy_context("RPD-2026", "Next year")
    claims = copy_notice(lms, lms.deployments[str(tool.deployment_id)], copy, lms.context("RPD-2026"))
    assert claims[LTI + "context"]["id"] == copy.id
    assert claims[LTI + "origin_contexts"] == ["201"]
    assert claims[LTI + "notice"]["type"] == Notice.CONTEXT_COPY
    assert not {"sub", LTI + "message_type"} & set(claims)


def test_nobody_is_told_who_did_not_ask(lms: World, tool: FakeTool) -> None:
    assert tell_of_copy(lms, lms.copy_context("RPD-2026", "Next year")) == []


def test_groups_come_with_their_members_in_the_roster(lms: World, tool: FakeTool) -> None:
    north = lms.add_group("North", "ada", context="RPD-2026")
    answer = tool.call("GET", lms.config.url("/api/groups/201/groups"), token=tool.token(Scope.GROUPS), accept=GROUPS)
    assert json.loads(answer.data)["groups"] == [{"id": north.id, "name": "North"}]
    accept = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
    roster = lms.config.url("/api/nrps/201/memberships")
    found = json.loads(tool.call("GET", roster, token=tool.token(Scope.MEMBERSHIPS), accept=accept).data)["members"]
    assert {one["user_id"]: one["group_enrollments"] for one in found if one["group_enrollments"]} == {
        "1001": [{"group_id": north.id}]
    }


def test_a_privacy_launch_comes_from_no_context_with_roles_of_the_system(lms: World, tool: FakeTool) -> None:
    lms.change_tool(str(tool.client_id), data_privacy_uri=tool.base_url + "/launch")
    claims = id_token(lms, launches.begin_privacy(lms, "ann", "ada"), "n")
    assert claims[LTI + "message_type"] == "LtiDataPrivacyLaunchRequest"
    assert claims[LTI + "for_user"]["user_id"] == "1001"
    assert claims[LTI + "roles"] == ["http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator"]
    assert not {LTI + "context", LTI + "resource_link"} & set(claims)


def test_members_ask_about_themselves_only(lms: World, tool: FakeTool) -> None:
    lms.change_tool(str(tool.client_id), data_privacy_uri=tool.base_url + "/launch")
    with pytest.raises(launches.NotStarted):
        launches.begin_privacy(lms, "ada", "ben")
