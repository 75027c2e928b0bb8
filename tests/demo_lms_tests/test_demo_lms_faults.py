"""Faults on order strike what they are meant for, as often as said, before or after the effect."""

import time
from collections.abc import Callable

import pytest
import urllib3

from tests.demo_lms import Browser, Config, World, create_lms, launch
from tests.demo_lms.model import LineItem, Link
from tests.demo_lms_tests.fake_tool import FakeTool
from tests.demo_lms_tests.test_demo_lms_grades import ITEMS, SCORE, items_url, score

Send = Callable[[], urllib3.BaseHTTPResponse]


@pytest.fixture
def send(lms: World, tool: FakeTool, column: LineItem) -> Send:
    """Send Ada's score, each time with a later timestamp, with one token."""
    token = tool.token()
    url = f"{items_url(lms)}/{column.id}/scores"
    second = iter(range(100))

    def post() -> urllib3.BaseHTTPResponse:
        body = score(timestamp=f"2026-01-01T10:00:{next(second):02}Z")
        return tool.call("POST", url, token=token, kind=SCORE, body=body)

    return post


def test_a_status_is_answered_so_many_times_and_nothing_happens(lms: World, send: Send) -> None:
    fault = lms.faults.add("ags.post_score", times=2, status=503, headers={"Retry-After": "7"}, body="later")
    first = send()
    assert (first.status, first.data, first.headers["Retry-After"]) == (503, b"later", "7")
    assert send().status == 503
    assert lms.posts() == []
    assert send().status == 200
    assert fault.fired == 2
    assert len(lms.posts("ada")) == 1


def test_a_connection_dropped_before_the_effect_leaves_nothing(lms: World, send: Send) -> None:
    lms.faults.add("ags.post_score", times=1, drop=True)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        send()
    assert lms.posts() == []


def test_a_connection_dropped_after_the_effect_has_stored_the_score_and_nobody_heard(lms: World, send: Send) -> None:
    lms.faults.add("ags.post_score", times=1, drop=True, after_effect=True)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        send()
    assert len(lms.posts("ada")) == 1
    assert send().status == 200
    assert len(lms.posts("ada")) == 2


def test_an_error_may_be_answered_after_the_effect_too(lms: World, send: Send) -> None:
    lms.faults.add("ags.post_score", times=1, status=500, after_effect=True)
    assert send().status == 500
    assert len(lms.posts("ada")) == 1


def test_a_path_a_method_or_an_endpoint_says_where(lms: World, tool: FakeTool, send: Send) -> None:
    lms.faults.add("/api/ags/202", status=500)
    lms.faults.add("/api/ags", method="GET", status=502)
    assert send().status == 200
    assert tool.call("GET", items_url(lms), token=tool.token(), accept=ITEMS).status == 502
    lms.faults.clear()
    assert tool.call("GET", items_url(lms), token=tool.token(), accept=ITEMS).status == 200


def test_a_fault_can_be_removed(lms: World, send: Send) -> None:
    fault = lms.faults.add("ags.post_score", status=503)
    assert send().status == 503
    lms.faults.remove(fault)
    assert send().status == 200


def test_a_fault_for_an_endpoint_that_is_not_there_is_refused(lms: World) -> None:
    with pytest.raises(ValueError, match=r"ags\.scores: no endpoint; there are ags\.change"):
        lms.faults.add("ags.scores", status=503)


def test_a_delay_alone_only_takes_time(lms: World, send: Send) -> None:
    lms.faults.add("ags.post_score", times=1, delay=0.05)
    before = time.monotonic()
    assert send().status == 200
    assert time.monotonic() - before >= 0.05


def test_headers_alone_replace_those_of_the_honest_answer(lms: World, send: Send) -> None:
    lms.faults.add("ags.post_score", times=1, headers={"X-Odd": "yes", "Content-Type": "text/odd"})
    answer = send()
    assert (answer.status, answer.headers["X-Odd"], answer.headers["Content-Type"]) == (200, "yes", "text/odd")
    assert len(lms.posts("ada")) == 1


def test_a_body_alone_is_answered_as_a_success_that_is_none(lms: World, tool: FakeTool, send: Send) -> None:
    lms.faults.add("/api/ags", times=1, body="<html>maintenance</html>", headers={"Content-Type": "text/html"})
    answer = send()
    assert (answer.status, answer.data) == (200, b"<html>maintenance</html>")
    assert lms.posts() == []


def test_chance_strikes_some_and_spares_some(lms: World, send: Send) -> None:
    lms.faults.add("ags.post_score", probability=0.5, status=503)
    statuses = [send().status for _ in range(30)]
    assert set(statuses) == {200, 503}
    assert len(lms.posts("ada")) == statuses.count(200)


def test_pages_and_launches_meet_faults_as_well(lms: World, tool: FakeTool, link: Link) -> None:
    lms.faults.add("registration.key_set", times=1, status=503)
    assert Browser().open(lms.config.url("/lti/jwks")).status == 503
    assert launch(lms, "ada", link).page.status == 200


def test_the_world_keeps_what_was_asked_of_it(lms: World, send: Send) -> None:
    lms.faults.add("ags.post_score", times=1, drop=True)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        send()
    send()
    served = lms.requests_to("ags.post_score")
    assert [one.status for one in served] == [0, 200]
    assert served[1].headers["content-type"] == SCORE
    assert len(lms.requests_to("oauth.token")) == 1
    assert lms.requests_to("oauth.token")[0].path == "/lti/token"


def test_without_a_socket_a_drop_is_an_error_of_the_connection() -> None:
    app = create_lms(Config(issuer="http://lms.example"))
    app.extensions["world"].faults.add("/", drop=True)
    with pytest.raises(ConnectionAbortedError):
        app.test_client().get("/")
