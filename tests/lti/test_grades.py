"""Line items, scores and results over the wire."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from lti.errors import AddressRefused, AnswerUnreadable, PlatformRefused
from lti.grades import Grades, LineItem
from lti.scores import ActivityProgress, GradingProgress, Score
from lti.services import Services, next_page
from lti.stores import Platform
from tests.lti.peer import Reply, Request, Server, platform

LINE_ITEM = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
AT = datetime(2026, 11, 21, 7, 0, 0, 123456, tzinfo=timezone(timedelta(hours=-5)))


@pytest.fixture
def grades(services: Services) -> Grades:
    return Grades(services)


def done(**changes: Any) -> Score:
    """A completed score."""
    found: dict[str, Any] = {
        "user_id": "17",
        "activity": ActivityProgress.COMPLETED,
        "grading": GradingProgress.FULLY_GRADED,
        "at": AT,
        "given": 1,
        "maximum": 1,
        "comment": "Completed 2026-11-21, 3.0 contact hours",
        **changes,
    }
    return Score(**found)


def test_a_score_goes_below_the_line_item_and_before_its_query(server: Server, lms: Platform, grades: Grades) -> None:
    server.answers["POST /items/5/lineitem/scores"] = Reply()
    grades.post_score(lms, server.url + "/items/5/lineitem?type_id=2", done())
    request = server.requests[-1]
    assert request.query == {"type_id": ["2"]}
    assert request.headers["Content-Type"] == SCORE
    assert request.headers["Accept"] == SCORE
    assert request.headers["Authorization"] == "Bearer t"
    assert json.loads(request.body) == {
        "userId": "17",
        "activityProgress": "Completed",
        "gradingProgress": "FullyGraded",
        "timestamp": "2026-11-21T12:00:00.123+00:00",
        "scoreGiven": 1,
        "scoreMaximum": 1,
        "comment": "Completed 2026-11-21, 3.0 contact hours",
    }


def test_a_score_without_a_score_says_nothing_of_one(server: Server, lms: Platform, grades: Grades) -> None:
    server.answers["POST /1/scores"] = Reply(status=204)
    score = Score("17", ActivityProgress.STARTED, GradingProgress.NOT_READY, AT)
    grades.post_score(lms, server.url + "/1", score)
    assert set(json.loads(server.requests[-1].body)) == {
        "userId",
        "activityProgress",
        "gradingProgress",
        "timestamp",
    }


def test_canvas_is_told_that_a_score_is_no_new_submission(server: Server, grades: Grades, lms: Platform) -> None:
    server.answers["POST /1/scores"] = Reply()
    canvas = platform(token_url=lms.token_url, hosts=lms.hosts, family="canvas")
    grades.post_score(canvas, server.url + "/1", done())
    body = json.loads(server.requests[-1].body)
    assert body["https://canvas.instructure.com/lti/submission"] == {"new_submission": False}


@pytest.mark.parametrize(
    "changes",
    [
        {"at": datetime(2026, 11, 21)},  # noqa: DTZ001 - the point of the case
        {"given": None},
        {"maximum": None},
        {"given": -1},
        {"given": True},
        {"given": float("nan")},
        {"given": float("inf")},
        {"maximum": 0},
        {"maximum": 45.5},
        {"maximum": True},
    ],
)
def test_a_score_that_no_platform_would_take_is_not_built(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"score|maximum|date"):
        done(**changes)


def test_a_line_item_outside_the_platform_s_hosts_is_not_called(server: Server, lms: Platform, grades: Grades) -> None:
    foreign = platform(token_url=lms.token_url, hosts=frozenset({"lms.example.org"}))
    with pytest.raises(AddressRefused, match="host-unknown"):
        grades.post_score(foreign, server.url + "/1", done())
    assert server.requests == [], "not even a token is asked for"


def item(number: int, **changes: Any) -> dict[str, Any]:
    found = {
        "id": f"https://lms.example.org/{number}",
        "label": f"Module {number}",
        "scoreMaximum": 1,
        "resourceId": "feedback",
        "tag": "practicum",
        **changes,
    }
    return {name: value for name, value in found.items() if value is not None}


def test_line_items_are_filtered_there_and_again_here(server: Server, lms: Platform, grades: Grades) -> None:
    server.answers["GET /items"] = Reply([item(1), item(2, tag="other"), item(3, tag=None)])
    found = grades.line_items(lms, server.url + "/items?type_id=2", resource_id="feedback", tag="practicum")
    assert [entry.label for entry in found] == ["Module 1"]
    request = server.requests[-1]
    assert request.query == {"type_id": ["2"], "resource_id": ["feedback"], "tag": ["practicum"]}
    assert request.headers["Accept"] == LINE_ITEMS
    assert found[0].score_maximum == 1.0


def test_all_pages_are_read_with_the_letters_of_their_addresses(server: Server, lms: Platform, grades: Grades) -> None:
    def page(request: Request) -> Reply:
        number = request.query.get("Page", ["One"])[0]
        following = {"One": "TwO", "TwO": "Three"}.get(number)
        link = f"<{server.url}/items?Page={following}>; rel=next" if following else ""
        return Reply([item(len(number))], headers={"Link": link})

    server.answers["GET /items"] = page
    assert [entry.label for entry in grades.line_items(lms, server.url + "/items")] == [
        "Module 3",
        "Module 3",
        "Module 5",
    ]


def test_pages_that_run_in_circles_are_refused(server: Server, lms: Platform, grades: Grades) -> None:
    server.answers["GET /items"] = Reply([], headers={"Link": '</items>; rel="next"'})
    with pytest.raises(AnswerUnreadable):
        grades.line_items(lms, server.url + "/items")


def test_a_next_page_on_a_foreign_host_is_not_called(server: Server, lms: Platform, grades: Grades) -> None:
    server.answers["GET /items"] = Reply([], headers={"Link": '<https://evil.example.org/2>; rel="next"'})
    with pytest.raises(AddressRefused):
        grades.line_items(lms, server.url + "/items")


@pytest.mark.parametrize(
    "header",
    [
        '<https://l/2>; rel="next"',
        "<https://l/2>; rel=next",
        "<https://l/2>; title=x; rel=next",
        '<https://l/2>; rel="last next"',
        '<https://l/1>; rel="first", <https://l/2>; rel="next", <https://l/9>; rel="last"',
        "<https://l/2>; rel=“next”",
        "<https://l/2>; rel=“next”".encode().decode("latin-1"),
        "</2>;rel=NEXT",
        '<https://l/2>;\trel="next"; title="a, b"',
        '<2>; REL="next"',
    ],
)
def test_the_next_page_is_found_however_the_header_is_written(header: str) -> None:
    assert next_page(header, "https://l/1") == "https://l/2"


def test_moodle_s_escaped_addresses_are_understood() -> None:
    header = "<https://l/x?a=1&amp;b=2>; rel=“next”"
    assert next_page(header, "https://l/1") == "https://l/x?a=1&b=2"


@pytest.mark.parametrize(
    "header", ["", "odd", '<https://l/2>; rel="prev"', "<https://l/2>", '<https://l/2>; rel="nextish"']
)
def test_no_next_page_is_none(header: str) -> None:
    assert next_page(header, "https://l/1") is None


def test_a_next_page_whose_address_is_none_is_unreadable() -> None:
    with pytest.raises(AnswerUnreadable):
        next_page("<http://[>; rel=next", "https://l/1")


def test_a_line_item_is_created_without_an_id(server: Server, lms: Platform, grades: Grades) -> None:
    server.answers["POST /items"] = Reply(item(4), status=201)
    made = grades.create_line_item(
        lms, server.url + "/items", LineItem(id="mine", label="Module 4", score_maximum=1, tag="practicum")
    )
    assert made.id == "https://lms.example.org/4"
    request = server.requests[-1]
    assert json.loads(request.body) == {"label": "Module 4", "scoreMaximum": 1, "tag": "practicum"}
    assert (request.headers["Content-Type"], request.headers["Accept"]) == (LINE_ITEM, LINE_ITEM)


def test_a_change_gives_back_everything_that_it_does_not_change(server: Server, lms: Platform, grades: Grades) -> None:
    whole = item(5, submissionReview={"url": "https://tool.example.org/review"}, zz=[1])
    server.answers["GET /5"] = Reply(whole)
    server.answers["PUT /5"] = lambda request: Reply(json.loads(request.body))
    changed = grades.change_line_item(lms, server.url + "/5?type_id=2", {"label": "New"})
    assert json.loads(server.requests[-1].body) == {**whole, "label": "New"}
    assert changed.label == "New"
    assert server.requests[-2].headers["Accept"] == LINE_ITEM


def test_results_are_asked_for_one_person_and_filtered_again(server: Server, lms: Platform, grades: Grades) -> None:
    server.answers["GET /1/results"] = Reply(
        [
            {"userId": "17", "resultScore": 1, "resultMaximum": 1, "comment": "Done"},
            {"userId": 18, "resultScore": None},
        ]
    )
    found = grades.results(lms, server.url + "/1?type_id=2", "17")
    assert [(result.user_id, result.score, result.maximum, result.comment) for result in found] == [
        ("17", 1.0, 1.0, "Done")
    ]
    assert server.requests[-1].query == {"type_id": ["2"], "user_id": ["17"]}
    assert server.requests[-1].headers["Accept"] == RESULTS
    assert [result.user_id for result in grades.results(lms, server.url + "/1")] == ["17", "18"]


@pytest.mark.parametrize(
    "body", [{}, {"items": []}, [1], [{"label": "x"}], [{"id": 5}], [{"id": "http://["}], b"<html>", b"[" * 9999]
)
def test_an_odd_list_is_unreadable_and_no_error(server: Server, lms: Platform, grades: Grades, body: Any) -> None:
    server.answers["GET /items"] = Reply(body)
    with pytest.raises(AnswerUnreadable):
        grades.line_items(lms, server.url + "/items")


def test_an_empty_body_is_an_empty_list(server: Server, lms: Platform, grades: Grades) -> None:
    server.answers["GET /items"] = Reply(b"")
    assert grades.line_items(lms, server.url + "/items") == []


@pytest.mark.parametrize("odd", [10**400, True, "1", None, 1e300])
def test_an_odd_number_in_a_result_is_no_score(server: Server, lms: Platform, grades: Grades, odd: object) -> None:
    server.answers["GET /1/results"] = Reply([{"userId": "17", "resultScore": odd}])
    assert grades.results(lms, server.url + "/1")[0].score is None


def test_a_refusal_carries_status_wish_and_words(server: Server, lms: Platform, grades: Grades) -> None:
    server.answers["POST /1/scores"] = Reply(b"slow down", status=429, headers={"Retry-After": "7"})
    with pytest.raises(PlatformRefused) as caught:
        grades.post_score(lms, server.url + "/1", done(at=datetime(2026, 11, 21, tzinfo=UTC)))
    assert (caught.value.answered, caught.value.retry_after, caught.value.excerpt) == (429, 7.0, "slow down")
    assert "slow down" not in str(caught.value)
