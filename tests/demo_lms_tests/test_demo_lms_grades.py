"""Assignment and Grade Services: columns, scores, results, and every way to be refused."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import urllib3

from tests.demo_lms import Habits, World, gradebook
from tests.demo_lms.model import LineItem, Link, MemberStatus
from tests.demo_lms.vocabulary import Grading, Scope
from tests.demo_lms_tests.conftest import Start, add_by_hand
from tests.demo_lms_tests.fake_tool import GONE, FakeTool, changed

ITEM = "application/vnd.ims.lis.v2.lineitem+json"
ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
UNFINISHED = frozenset(Grading) - {Grading.FULLY_GRADED}


def stamp(seconds: float = 0.0) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def score(**changes: Any) -> dict[str, Any]:
    honest = {
        "userId": "1001",
        "scoreGiven": 10,
        "scoreMaximum": 10,
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "timestamp": stamp(),
        "comment": "Completed 2026-11-21, 3.0 contact hours",
    }
    return changed(honest, changes)


def items_url(lms: World) -> str:
    return lms.config.url("/api/ags/201/lineitems")


def post(lms: World, tool: FakeTool, column: LineItem, **changes: Any) -> urllib3.BaseHTTPResponse:
    url = f"{items_url(lms)}/{column.id}/scores"
    return tool.call("POST", url, token=tool.token(), kind=SCORE, body=score(**changes))


def results(lms: World, tool: FakeTool, column: LineItem, query: str = "") -> list[dict[str, Any]]:
    url = f"{items_url(lms)}/{column.id}/results{query}"
    answer = tool.call("GET", url, token=tool.token(Scope.RESULT), accept=RESULTS)
    assert answer.status == 200
    assert answer.headers["Content-Type"] == RESULTS
    read: list[dict[str, Any]] = json.loads(answer.data)
    return read


# Columns


def test_a_column_is_created_read_changed_and_deleted(lms: World, tool: FakeTool, link: Link) -> None:
    token = tool.token(Scope.LINE_ITEM)
    asked = {
        "label": "Giving feedback",
        "scoreMaximum": 10,
        "resourceId": "F1",
        "tag": "completion",
        "resourceLinkId": link.id,
        "endDateTime": "2026-12-01T12:00:00Z",
        "gradesReleased": False,
        "https://practicum.example/extension": 1,
    }
    made = tool.call("POST", items_url(lms), token=token, kind=ITEM, body=asked)
    created = json.loads(made.data)
    assert (made.status, made.headers["Content-Type"]) == (201, ITEM)
    assert created == {k: v for k, v in asked.items() if "://" not in k} | {"id": created["id"]}
    read = tool.call("GET", created["id"], token=token, accept=ITEM)
    assert json.loads(read.data) == created
    put = {"id": created["id"], "label": "New", "scoreMaximum": 20, "resourceLinkId": link.id}
    changed_to = tool.call("PUT", created["id"], token=token, kind=ITEM, body=put)
    assert json.loads(changed_to.data) == put
    assert tool.call("DELETE", created["id"], token=token).status == 204
    assert lms.line_items == {}
    assert tool.call("GET", created["id"], token=token, accept=ITEM).status == 404


def test_posting_the_same_column_twice_makes_two(lms: World, tool: FakeTool) -> None:
    for _ in range(2):
        body = {"label": "Same", "scoreMaximum": 1, "resourceId": "F1"}
        assert tool.call("POST", items_url(lms), token=tool.token(), kind=ITEM, body=body).status == 201
    assert len(lms.line_items) == 2


@pytest.mark.parametrize(
    "changes",
    [
        {"label": GONE},
        {"label": ""},
        {"label": 7},
        {"scoreMaximum": GONE},
        {"scoreMaximum": 0},
        {"scoreMaximum": -1},
        {"scoreMaximum": "10"},
        {"scoreMaximum": True},
        {"id": "mine"},
        {"resourceLinkId": "no such link"},
        {"resourceId": "x" * 257},
        {"startDateTime": "tomorrow"},
        {"gradesReleased": "yes"},
        {"submissionReview": "yes"},
        {"shoeSize": 42},
    ],
)
def test_a_malformed_column_is_refused(lms: World, tool: FakeTool, changes: dict[str, Any]) -> None:
    body = changed({"label": "F", "scoreMaximum": 10}, changes)
    assert tool.call("POST", items_url(lms), token=tool.token(), kind=ITEM, body=body).status == 400
    assert lms.line_items == {}


def test_a_change_must_not_name_another_column_or_link(lms: World, tool: FakeTool, column: LineItem) -> None:
    url = f"{items_url(lms)}/{column.id}"
    other = lms.add_link("other", context="RPD-2026")
    for wrong in ({"id": items_url(lms) + "/999"}, {"resourceLinkId": other.id}, {"resourceLinkId": GONE}):
        body = changed({"label": "F", "scoreMaximum": 10, "resourceLinkId": column.resource_link_id}, wrong)
        assert tool.call("PUT", url, token=tool.token(), kind=ITEM, body=body).status == 400


def test_a_change_of_the_maximum_rescales_what_is_shown(lms: World, tool: FakeTool, column: LineItem) -> None:
    post(lms, tool, column, scoreGiven=5)
    body = {"label": "F", "scoreMaximum": 100, "resourceLinkId": column.resource_link_id}
    tool.call("PUT", f"{items_url(lms)}/{column.id}", token=tool.token(), kind=ITEM, body=body)
    result = lms.result("ada", column)
    assert result is not None
    assert (result.score, result.maximum) == (50, 100)


def test_columns_are_filtered(lms: World, tool: FakeTool, link: Link, column: LineItem) -> None:
    lms.add_line_item("Other", link=lms.add_link("Other", context="RPD-2026"), resource_id="F2", tag="completion")

    def labels(query: str) -> list[str]:
        answer = tool.call("GET", items_url(lms) + query, token=tool.token(Scope.LINE_ITEM_READ), accept=ITEMS)
        return [item["label"] for item in json.loads(answer.data)]

    assert labels("") == ["Giving feedback", "Other"]
    assert labels("?resource_id=F1") == ["Giving feedback"]
    assert labels("?resource_id=F1&tag=other") == []
    assert labels("?tag=completion") == ["Giving feedback", "Other"]
    assert labels(f"?resource_link_id={link.id}") == ["Giving feedback"]


def test_columns_come_in_pages_whose_addresses_are_case_sensitive(lms: World, tool: FakeTool, link: Link) -> None:
    for number in range(5):
        lms.add_line_item(f"c{number}", link=link)
    url, seen = items_url(lms) + "?limit=2", []
    while url:
        answer = tool.call("GET", url, token=tool.token(), accept=ITEMS)
        seen += [item["label"] for item in json.loads(answer.data)]
        link_header = answer.headers.get("Link", "")
        assert link_header == "" or link_header.endswith('; rel="next"')
        before, url = url, link_header.partition(">")[0].removeprefix("<")
    assert seen == ["c0", "c1", "c2", "c3", "c4"]
    assert tool.call("GET", before.lower(), token=tool.token(), accept=ITEMS).status == 400
    for wrong in ("?limit=0", "?limit=-1", "?limit=x", "?page=x", "?page=T2Zm"):
        assert tool.call("GET", items_url(lms) + wrong, token=tool.token(), accept=ITEMS).status == 400


def test_by_habit_the_link_header_has_curly_quotes_and_escaped_ampersands(start: Start, unregistered: FakeTool) -> None:
    lms = start(habits=Habits(curly_link_quotes=True, page_size=1))
    add_by_hand(lms, unregistered)
    link = lms.add_link("F", context="RPD-2026")
    for label in ("one", "two"):
        lms.add_line_item(label, link=link)
    answer = unregistered.call("GET", items_url(lms) + "?limit=1", token=unregistered.token(), accept=ITEMS)
    header = answer.headers["Link"].encode("latin-1").decode()
    assert header.endswith("; rel=“next”")
    assert "limit=1&amp;page=" in header


def test_by_habit_column_addresses_end_in_a_query_that_is_needed(start: Start, unregistered: FakeTool) -> None:
    lms = start(habits=Habits(line_item_query=True))
    add_by_hand(lms, unregistered)
    column = lms.add_line_item("F", link=lms.add_link("F", context="RPD-2026"))
    plain, query = f"{items_url(lms)}/{column.id}", f"?type_id={unregistered.client_id}"
    token = unregistered.token()
    read = json.loads(unregistered.call("GET", plain + query, token=token, accept=ITEM).data)
    assert read["id"] == plain + query
    assert unregistered.call("GET", plain, token=token, accept=ITEM).status == 400
    appended = unregistered.call("POST", plain + query + "/scores", token=token, kind=SCORE, body=score())
    inserted = unregistered.call("POST", plain + "/scores" + query, token=token, kind=SCORE, body=score())
    assert appended.status in (400, 405)
    assert inserted.status == 200


# Who may, and in what form


@pytest.mark.parametrize("accept", [None, "*/*", "application/json", ITEMS + ", */*", ITEMS + "; charset=utf-8", ITEM])
def test_only_the_exact_media_type_is_answered(lms: World, tool: FakeTool, accept: str | None) -> None:
    assert tool.call("GET", items_url(lms), token=tool.token(), accept=accept).status == 406


def test_results_and_single_columns_are_as_exact(lms: World, tool: FakeTool, column: LineItem) -> None:
    url = f"{items_url(lms)}/{column.id}"
    assert tool.call("GET", url, token=tool.token(), accept=ITEMS).status == 406
    assert tool.call("GET", url + "/results", token=tool.token(), accept=ITEM).status == 406


@pytest.mark.parametrize("kind", ["application/json", ITEM, SCORE + "; charset=latin-1", "text/plain"])
def test_a_score_of_another_media_type_is_refused(lms: World, tool: FakeTool, column: LineItem, kind: str) -> None:
    url = f"{items_url(lms)}/{column.id}/scores"
    assert tool.call("POST", url, token=tool.token(), kind=kind, body=score()).status == 415
    assert lms.posts() == []


def test_a_charset_of_utf_8_may_be_said(lms: World, tool: FakeTool, column: LineItem) -> None:
    url = f"{items_url(lms)}/{column.id}/scores"
    assert tool.call("POST", url, token=tool.token(), kind=SCORE + "; charset=utf-8", body=score()).status == 200


def test_a_body_that_is_no_json_object_is_refused(lms: World, tool: FakeTool, column: LineItem) -> None:
    url = f"{items_url(lms)}/{column.id}/scores"
    bodies: list[Any] = [[], "text", None]
    for body in bodies:
        assert tool.call("POST", url, token=tool.token(), kind=SCORE, body=body).status == 400
    headers = {"Authorization": f"Bearer {tool.token()}", "Content-Type": SCORE}
    assert tool.http.request("POST", url, body=b"{", headers=headers).status == 400


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("GET", "", {Scope.LINE_ITEM, Scope.LINE_ITEM_READ}),
        ("POST", "", {Scope.LINE_ITEM}),
        ("GET", "/{id}", {Scope.LINE_ITEM, Scope.LINE_ITEM_READ}),
        ("PUT", "/{id}", {Scope.LINE_ITEM}),
        ("DELETE", "/{id}", {Scope.LINE_ITEM}),
        ("POST", "/{id}/scores", {Scope.SCORE}),
        ("GET", "/{id}/results", {Scope.RESULT}),
    ],
)
def test_each_endpoint_asks_its_own_scope(
    lms: World, tool: FakeTool, column: LineItem, *, method: str, path: str, scopes: set[Scope]
) -> None:
    url = items_url(lms) + path.format(id=column.id)
    for scope in set(Scope) - scopes:
        answer = tool.call(method, url, token=tool.token(scope))
        assert answer.status == 403
        assert "insufficient_scope" in answer.headers["WWW-Authenticate"]
    for scope in scopes:
        assert tool.call(method, url, token=tool.token(scope)).status not in (401, 403)


def test_a_token_of_another_tool_or_context_reaches_nothing(lms: World, tool: FakeTool, column: LineItem) -> None:
    url = f"{items_url(lms)}/{column.id}"
    own = tool.token()
    add_by_hand(lms, tool)  # the same server, another client
    assert tool.call("GET", url, token=tool.token(), accept=ITEM).status == 404
    assert tool.call("POST", url + "/scores", token=tool.token(), kind=SCORE, body=score()).status == 404
    elsewhere = url.replace("/201/", "/202/")
    assert tool.call("GET", elsewhere, token=own, accept=ITEM).status == 404
    assert tool.call("GET", url.replace("/201/", "/999/"), token=own, accept=ITEM).status == 404
    assert tool.call("GET", url, token="made-up", accept=ITEM).status == 401
    headers = {"Authorization": f"bearer {own}", "Accept": ITEM}
    assert tool.http.request("GET", url, headers=headers).status == 401


def test_a_tool_deployed_in_one_context_does_not_reach_the_other(lms: World, tool: FakeTool) -> None:
    lms.deployments = {}
    lms.deploy(lms.tool(), ["RPD-2026"])
    assert tool.call("GET", items_url(lms), token=tool.token(), accept=ITEMS).status == 200
    other = items_url(lms).replace("/201/", "/202/")
    assert tool.call("GET", other, token=tool.token(), accept=ITEMS).status == 404


# Scores


def test_a_score_is_stored_counted_and_shown(lms: World, tool: FakeTool, column: LineItem) -> None:
    assert post(lms, tool, column, activityProgress="Submitted", gradingProgress="PendingManual").status == 200
    assert post(lms, tool, column, scoreGiven=8, timestamp=stamp(1)).status == 200
    assert [one.body["gradingProgress"] for one in lms.posts("ada")] == ["PendingManual", "FullyGraded"]
    assert lms.posts("ben") == []
    assert len(lms.posts("ada", column)) == 2
    assert results(lms, tool, column) == [
        {
            "id": f"{items_url(lms)}/{column.id}/results/1001",
            "scoreOf": f"{items_url(lms)}/{column.id}",
            "userId": "1001",
            "resultScore": 8,
            "resultMaximum": 10,
            "comment": "Completed 2026-11-21, 3.0 contact hours",
        }
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"userId": GONE},
        {"userId": 1001},
        {"userId": ""},
        {"activityProgress": GONE},
        {"activityProgress": "Done"},
        {"gradingProgress": GONE},
        {"gradingProgress": "Graded"},
        {"timestamp": GONE},
        {"timestamp": "2026-11-21T10:00:00"},
        {"timestamp": "2026-11-21"},
        {"timestamp": "2026-13-41T10:00:00Z"},
        {"timestamp": 1770000000},
        {"timestamp": stamp(86_400)},  # made when the tests are collected, so far ahead enough for a long run
        {"scoreMaximum": GONE},
        {"scoreMaximum": 0},
        {"scoreMaximum": "10"},
        {"scoreGiven": "10"},
        {"scoreGiven": True},
        {"scoreGiven": -1},
        {"comment": 7},
        {"submission": "yes"},
        {"submission": {"submittedAt": "yesterday"}},
        {"scoringUserId": 7},
        {"mood": "good"},
    ],
)
def test_a_malformed_score_is_refused_and_leaves_no_trace(
    lms: World, tool: FakeTool, column: LineItem, changes: dict[str, Any]
) -> None:
    answer = post(lms, tool, column, **changes)
    assert answer.status == 400
    assert json.loads(answer.data)["reason"]
    assert (lms.posts(), lms.results) == ([], {})


def test_extensions_and_submission_times_are_welcome(lms: World, tool: FakeTool, column: LineItem) -> None:
    more = {"submission": {"submittedAt": stamp(-5)}, "https://canvas.example/submission": {"new_submission": False}}
    assert post(lms, tool, column, **more).status == 200


def test_only_active_learners_of_the_context_can_be_graded(lms: World, tool: FakeTool, column: LineItem) -> None:
    assert post(lms, tool, column, userId="4711").status == 404
    assert post(lms, tool, column, userId="1007").status == 400
    assert post(lms, tool, column, userId="1005").status == 400
    lms.enrol("ada", "RPD-2026", status=MemberStatus.INACTIVE)
    assert post(lms, tool, column).status == 400


def test_a_score_has_to_be_strictly_later_than_the_stored_one(lms: World, tool: FakeTool, column: LineItem) -> None:
    now = stamp()
    assert post(lms, tool, column, timestamp=now).status == 200
    assert post(lms, tool, column, timestamp=now).status == 409
    assert post(lms, tool, column, timestamp=stamp(-60)).status == 409
    later = datetime.fromisoformat(now) + timedelta(milliseconds=1)
    assert post(lms, tool, column, timestamp=later.isoformat(timespec="milliseconds")).status == 200
    assert post(lms, tool, column, userId="1002", timestamp=stamp(-60)).status == 200
    assert len(lms.posts("ada")) == 2


def test_of_equal_scores_at_once_one_is_taken(lms: World, column: LineItem) -> None:
    same = score()

    def attempt(_: int) -> int:
        try:
            gradebook.accept(lms, column, same)
        except gradebook.ScoreRefused as refusal:
            return refusal.status
        return 200

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(attempt, range(40))) == [200] + [409] * 39
    assert len(lms.posts("ada")) == 1


def test_times_of_other_zones_and_with_nanoseconds_are_compared_as_instants(
    lms: World, tool: FakeTool, column: LineItem
) -> None:
    assert post(lms, tool, column, timestamp="2026-01-01T12:00:00.000000000Z").status == 200
    assert post(lms, tool, column, timestamp="2026-01-01T13:00:00+02:00").status == 409
    assert post(lms, tool, column, timestamp="2026-01-01T10:00:01-02:00").status == 200


def test_by_habit_the_same_second_is_not_later(start: Start, unregistered: FakeTool) -> None:
    lms = start(habits=Habits(whole_second_timestamps=True))
    add_by_hand(lms, unregistered)
    column = lms.add_line_item("F", link=lms.add_link("F", context="RPD-2026"))
    for timestamp, status in (("10:00:00.100Z", 200), ("10:00:00.900Z", 409), ("10:00:01.000Z", 200)):
        assert post(lms, unregistered, column, timestamp="2026-01-01T" + timestamp).status == status


def test_an_unfinished_score_keeps_the_grade_or_by_habit_erases_it(start: Start, unregistered: FakeTool) -> None:
    for erases in (False, True):
        lms = start(habits=Habits(erasing=UNFINISHED if erases else frozenset()))
        add_by_hand(lms, unregistered)
        column = lms.add_line_item("F", link=lms.add_link("F", context="RPD-2026"), score_maximum=10)
        post(lms, unregistered, column)
        unfinished = {"gradingProgress": "PendingManual", "scoreGiven": GONE, "scoreMaximum": GONE, "comment": GONE}
        assert post(lms, unregistered, column, timestamp=stamp(2), **unfinished).status == 200
        result = lms.result("ada", column)
        assert result is not None
        assert result.posts == 2
        assert result.score == (None if erases else 10)
        assert result.comment is None


def test_a_score_without_a_comment_takes_the_old_one_away(lms: World, tool: FakeTool, column: LineItem) -> None:
    post(lms, tool, column)
    post(lms, tool, column, comment=GONE, timestamp=stamp(1))
    assert "comment" not in results(lms, tool, column)[0]


def test_a_finished_score_without_points_shows_none(lms: World, tool: FakeTool, column: LineItem) -> None:
    assert post(lms, tool, column, scoreGiven=GONE, scoreMaximum=GONE).status == 200
    assert results(lms, tool, column) == []


def test_a_score_out_of_another_maximum_is_scaled_to_the_column(lms: World, tool: FakeTool, column: LineItem) -> None:
    post(lms, tool, column, scoreGiven=1, scoreMaximum=4)
    assert results(lms, tool, column)[0]["resultScore"] == 2.5


def test_what_a_teacher_types_over_stays_and_the_posts_are_still_kept(
    lms: World, tool: FakeTool, column: LineItem
) -> None:
    gradebook.override(lms, "ada", column, 3)
    assert post(lms, tool, column).status == 200
    assert results(lms, tool, column)[0]["resultScore"] == 3
    assert len(lms.posts("ada")) == 1


def test_results_are_of_one_person_or_in_pages(lms: World, tool: FakeTool, column: LineItem) -> None:
    for person in ("1001", "1002", "1003"):
        post(lms, tool, column, userId=person)
    assert [one["userId"] for one in results(lms, tool, column, "?user_id=1002")] == ["1002"]
    assert len(results(lms, tool, column, "?limit=2")) == 2
    assert results(lms, tool, column, "?user_id=4711") == []


def test_a_deleted_column_takes_its_results_along_but_not_the_history(
    lms: World, tool: FakeTool, column: LineItem
) -> None:
    post(lms, tool, column)
    lms.remove_line_item(column.id)
    assert lms.results == {}
    assert len(lms.posts("ada")) == 1
    assert post(lms, tool, column).status == 404
