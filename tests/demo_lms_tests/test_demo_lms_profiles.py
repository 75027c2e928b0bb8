"""Each profile behaves as the LMS of its name was seen or read to; `tests.demo_lms.profiles` says where."""

import json
from typing import Any

import pytest
import urllib3

from tests.demo_lms import Habits, Profile, World, fields, gradebook
from tests.demo_lms.launches import begin_link, login_request
from tests.demo_lms.model import LineItem, MemberStatus
from tests.demo_lms.profiles import DIFFERENCES
from tests.demo_lms.vocabulary import Grading, Media, Scope
from tests.demo_lms_tests.conftest import Start, add_by_hand
from tests.demo_lms_tests.fake_tool import GONE, FakeTool, changed
from tests.demo_lms_tests.test_demo_lms_grades import post, results, stamp
from tests.demo_lms_tests.test_demo_lms_roster import linked

UNSCORED = {"scoreGiven": GONE, "scoreMaximum": GONE, "comment": GONE}
NO_SUBMISSION = {"https://canvas.instructure.com/lti/submission": {"new_submission": False}}


@pytest.fixture
def tool(unregistered: FakeTool) -> FakeTool:
    return unregistered


@pytest.fixture
def become(start: Start, tool: FakeTool) -> Start:
    """Start an LMS of a profile, with wishes, where the tool is registered by hand."""

    def run(profile: Profile, **wishes: Any) -> World:
        lms = start(**fields(profile, **wishes))
        add_by_hand(lms, tool)
        return lms

    return run


def column_of(lms: World) -> LineItem:
    link = lms.add_link("F", context="RPD-2026")
    return lms.add_line_item("F", link=link, score_maximum=10, resource_id="F1", tag="completion")


def ask(lms: World, tool: FakeTool, path: str, scope: Scope, media: Media) -> urllib3.BaseHTTPResponse:
    url = path if path.startswith("http") else lms.config.url(path)
    return tool.call("GET", url, token=tool.token(scope), accept=media)


def members(lms: World, tool: FakeTool, query: str = "") -> urllib3.BaseHTTPResponse:
    return ask(lms, tool, "/api/nrps/201/memberships" + query, Scope.MEMBERSHIPS, Media.MEMBERSHIPS)


def test_the_strict_one_differs_from_the_standard_in_nothing() -> None:
    assert fields(Profile.STRICT) == {"habits": Habits()}
    assert set(DIFFERENCES) == set(Profile)


@pytest.mark.parametrize(
    ("profile", "issuer", "storage"),
    [
        (Profile.STRICT, None, None),
        (Profile.CANVAS, "https://canvas.instructure.com", "_parent"),
        (Profile.MOODLE, None, None),
        (Profile.BLACKBOARD, "https://blackboard.com", None),
        (Profile.SCHOOLOGY, "https://schoology.schoology.com", "_parent"),
        (Profile.OPEN_EDX, None, None),
    ],
)
def test_issuer_and_storage_are_announced_as_each_does(
    become: Start, profile: Profile, issuer: str | None, storage: str | None
) -> None:
    lms = become(profile)
    said = login_request(lms, begin_link(lms, "ada", lms.add_link("F", context="RPD-2026"))).fields
    assert said["iss"] == (issuer or lms.config.issuer)
    assert said.get("lti_storage_target") == storage


def test_customers_of_one_client_are_told_apart_by_their_deployments(become: Start, tool: FakeTool) -> None:
    clients = set()
    for _ in range(2):
        lms = become(Profile.BLACKBOARD)
        clients.add((lms.config.iss, tool.client_id))
    assert len(clients) == 1


@pytest.mark.parametrize("profile", [Profile.BLACKBOARD, Profile.SCHOOLOGY, Profile.OPEN_EDX])
def test_where_tools_are_typed_in_there_is_no_configuration_to_read(become: Start, profile: Profile) -> None:
    lms = become(profile)
    address = lms.config.url("/.well-known/openid-configuration")
    assert urllib3.request("GET", address, retries=False).status == 404


def test_brightspace_wants_its_constant_audience(become: Start, tool: FakeTool) -> None:
    lms = become(Profile.BRIGHTSPACE)
    assert tool.token_audience == "https://api.brightspace.com/auth/token"
    assert tool.ask_token()[0] == 200
    own = tool.assertion(aud=lms.config.url("/lti/token"))
    assert tool.ask_token(client_assertion=own)[1]["error"] == "invalid_client"


def test_canvas_wants_a_user_agent(become: Start, tool: FakeTool) -> None:
    lms = become(Profile.CANVAS)
    address = lms.config.url("/api/nrps/201/memberships")
    sent = {"Accept": str(Media.MEMBERSHIPS), "Authorization": f"Bearer {tool.token()}"}
    silent = urllib3.request("GET", address, headers={**sent, "User-Agent": urllib3.util.SKIP_HEADER}, retries=False)
    assert silent.status == 403
    assert urllib3.request("GET", address, headers=sent, retries=False).status == 200


# Scores


@pytest.mark.parametrize(
    ("profile", "kept"),
    [
        (Profile.STRICT, set(Grading)),
        (Profile.CANVAS, {Grading.FULLY_GRADED, Grading.PENDING_MANUAL}),
        (Profile.MOODLE, {Grading.FULLY_GRADED}),
    ],
)
def test_which_gradings_erase_the_score(become: Start, tool: FakeTool, profile: Profile, kept: set[Grading]) -> None:
    lms = become(profile, line_item_query=False)
    for grading in set(Grading) - {Grading.FULLY_GRADED}:
        column = column_of(lms)
        post(lms, tool, column, **NO_SUBMISSION)
        told = {"gradingProgress": grading, "timestamp": stamp(2), **NO_SUBMISSION, **UNSCORED}
        assert post(lms, tool, column, **told).status == 200
        result = lms.result("ada", column)
        assert result is not None
        assert result.score == (10 if grading in kept else None)


def test_canvas_appends_each_comment_and_takes_the_same_post_again(become: Start, tool: FakeTool) -> None:
    lms = become(Profile.CANVAS)
    column, at = column_of(lms), stamp()
    for expected in (200, 200):
        assert post(lms, tool, column, comment="Done", timestamp=at, **NO_SUBMISSION).status == expected
    assert post(lms, tool, column, comment=GONE, timestamp=stamp(1), **NO_SUBMISSION).status == 200
    result = lms.result("ada", column)
    assert result is not None
    assert (result.comments, result.comment) == (("Done", "Done"), "Done")
    assert post(lms, tool, column, timestamp=stamp(-9), **NO_SUBMISSION).status == 400


def test_canvas_counts_a_post_that_does_not_say_otherwise_as_an_attempt(become: Start, tool: FakeTool) -> None:
    lms = become(Profile.CANVAS)
    column = column_of(lms)
    assert post(lms, tool, column).status == 200
    refused = post(lms, tool, column, timestamp=stamp(1))
    assert refused.status == 422
    assert b"attempts" in refused.data
    assert post(lms, tool, column, timestamp=stamp(2), **NO_SUBMISSION).status == 200


def test_moodle_compares_whole_seconds_and_a_locked_grade_is_a_500_without_a_reason(
    become: Start, tool: FakeTool
) -> None:
    lms = become(Profile.MOODLE)
    column = column_of(lms)
    url = f"/api/ags/201/lineitems/{column.id}/scores"
    said = {
        "userId": "1001",
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "scoreGiven": 12,
        "scoreMaximum": 10,
    }

    def send(timestamp: str, query: str = f"?type_id={tool.client_id}") -> urllib3.BaseHTTPResponse:
        body = changed(said, {"timestamp": timestamp})
        return tool.call("POST", lms.config.url(url + query), token=tool.token(), kind=Media.SCORE, body=body)

    assert send("2026-01-01T10:00:00.100Z", query="").status == 400
    assert send("2026-01-01T10:00:00.100Z").status == 200
    assert send("2026-01-01T10:00:00.900Z").status == 409
    result = lms.result("ada", column)
    assert result is not None
    assert (result.score, result.comment) == (10, None), "cut to the maximum"
    gradebook.lock(lms, "ada", column)
    locked = send("2026-01-01T10:00:02.000Z")
    assert locked.status == 500
    assert json.loads(locked.data)["reason"] == ""


@pytest.mark.parametrize(
    ("profile", "answers"),
    [
        (Profile.STRICT, (404, 400, 400)),
        (Profile.CANVAS, (422, 422, 422)),
        (Profile.MOODLE, (400, 400, 400)),
        (Profile.BLACKBOARD, (400, 400, 400)),
        (Profile.BRIGHTSPACE, (403, 403, 422)),
        (Profile.SAKAI, (400, 400, 400)),
        (Profile.OPEN_EDX, (500, 400, 400)),
    ],
)
def test_who_cannot_be_graded_is_refused_in_each_ones_way(
    become: Start, tool: FakeTool, profile: Profile, answers: tuple[int, int, int]
) -> None:
    lms = become(profile, line_item_query=False)
    column = column_of(lms)
    lms.unenrol("ben", "RPD-2026")
    nobody, who_left, teacher = "4711", "1002", "1005"
    for person, status in zip((nobody, who_left, teacher), answers, strict=True):
        assert post(lms, tool, column, userId=person, **NO_SUBMISSION).status == status
    assert lms.scores == []


def test_blackboard_leaves_the_comment_out_of_one_persons_results(become: Start, tool: FakeTool) -> None:
    lms = become(Profile.BLACKBOARD)
    column = column_of(lms)
    post(lms, tool, column)
    assert "comment" in results(lms, tool, column)[0]
    assert "comment" not in results(lms, tool, column, "?user_id=1001")[0]


def test_open_edx_takes_whole_maxima_later_times_and_publishes_the_link_s_own_column_only(
    become: Start, tool: FakeTool
) -> None:
    lms = become(Profile.OPEN_EDX, zero_published=False)
    column, at = column_of(lms), stamp()
    assert post(lms, tool, column, scoreMaximum=45.5).status == 400
    assert post(lms, tool, column, timestamp=at).status == 200
    again = post(lms, tool, column, timestamp=at)
    assert again.status == 400
    assert b"timestamp" in again.data
    assert post(lms, tool, column, scoreGiven=0, timestamp=stamp(1)).status == 200
    shown = lms.result("ada", column)
    assert shown is not None
    assert shown.score == 10, "a zero is kept to itself"
    token, items = tool.token(), lms.config.url("/api/ags/201/lineitems")
    assert tool.call("DELETE", f"{items}/{column.id}", token=token).status == 403
    free = {"label": "F", "scoreMaximum": 10}
    assert tool.call("POST", items, token=token, kind=Media.LINE_ITEM, body=free).status == 400
    tied = {**free, "resourceId": "F1"}
    made = tool.call("POST", items, token=token, kind=Media.LINE_ITEM, body=tied)
    other = next(one for one in lms.line_items.values() if one.id != column.id)
    assert made.status == 201
    assert post(lms, tool, other).status == 200
    result = lms.result("ada", other)
    assert result is not None
    assert result.score is None


# Lists


def test_moodle_s_lists_are_whole_unless_pages_are_asked_for_and_then_linked_in_curly_quotes(
    become: Start, tool: FakeTool
) -> None:
    lms = become(Profile.MOODLE)
    for _ in range(3):
        column_of(lms)
    address = f"/api/ags/201/lineitems?type_id={tool.client_id}"
    whole = ask(lms, tool, address, Scope.LINE_ITEM, Media.LINE_ITEMS)
    assert len(json.loads(whole.data)) == 3
    assert "Link" not in whole.headers
    page = ask(lms, tool, address + "&limit=2", Scope.LINE_ITEM, Media.LINE_ITEMS)
    link = page.headers["Link"].encode("latin-1").decode()
    assert "rel=“next”" in link
    assert "&amp;" in link
    assert 'rel="next"' in members(lms, tool, "?limit=2").headers["Link"]


def test_moodle_s_roster_has_short_roles_and_no_word_of_who_is_gone(become: Start, tool: FakeTool) -> None:
    lms = become(Profile.MOODLE)
    lms.unenrol("ben", "RPD-2026")
    lms.enrol("lou", "RPD-2026", status=MemberStatus.INACTIVE)
    answer = members(lms, tool)
    told = json.loads(answer.data)["members"]
    assert [(one["user_id"], one["roles"]) for one in told] == [
        ("1001", ["Learner"]),
        ("1003", ["Learner"]),
        ("1005", ["Instructor"]),
    ]
    assert {one["status"] for one in told} == {"Active"}
    assert "Link" not in answer.headers


def test_sakai_refuses_a_token_for_one_scope_too_many_and_says_nothing_where_nobody_is(
    become: Start, tool: FakeTool
) -> None:
    lms = become(Profile.SAKAI)
    lms.change_tool(tool.client_id, scopes=(Scope.SCORE, Scope.MEMBERSHIPS))
    assert tool.ask_token(scope=f"{Scope.SCORE} {Scope.LINE_ITEM}")[1]["error"] == "invalid_scope"
    nobody = members(lms, tool, "?role=Mentor")
    assert (nobody.status, nobody.data) == (200, b"")
    first = members(lms, tool, "?limit=2")
    following = linked(first.headers["Link"], "next")
    assert "start=2" in following
    rest = ask(lms, tool, following, Scope.MEMBERSHIPS, Media.MEMBERSHIPS)
    assert [one["user_id"] for one in json.loads(rest.data)["members"]] == ["1003", "1004"]


def test_schoology_shows_a_hundred_members_at_most(become: Start, tool: FakeTool) -> None:
    lms = become(Profile.SCHOOLOGY)
    lms.add_people(150, "RPD-2026")
    assert len(json.loads(members(lms, tool, "?limit=1000").data)["members"]) == 100


def test_an_older_open_edx_refuses_a_large_roster_and_names_nobody(become: Start, tool: FakeTool) -> None:
    lms = become(Profile.OPEN_EDX, roster_limit=3)
    assert members(lms, tool).status == 403
    newer = become(Profile.OPEN_EDX)
    assert "name" not in json.loads(members(newer, tool).data)["members"][0]
