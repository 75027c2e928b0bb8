"""The worker asks LMSs to tell us of copied courses: once for each deployment, politely, and harming nobody."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from plugin.actions import notice_handlers
from plugin.actions.notice_handlers import AFTER_REFUSAL, AGAIN, LEASE
from plugin.db.notices import NoticeHandler
from plugin.db.outbox import PlatformPause
from plugin.db.platforms import Deployment, PlatformState
from plugin.worker.build import build
from tests.arrivals import forget_platforms, set_platform
from tests.connected import Connect, Connected
from tests.demo_lms import profiles
from tests.demo_lms import vocabulary as v
from tests.demo_lms.vocabulary import Notice, Scope
from tests.notices import ask, asker, handlers
from tests.patience import until

PUT = "notices.register"


@pytest.fixture
def told(connected: Connected) -> Connected:
    """A connection whose LMS offers notices; Ada's launch brought the claim."""
    connected.launch("ada")
    return connected


def after(connected: Connected, length: timedelta) -> Callable[[], datetime]:
    """A clock that is ahead, with the LMS's."""
    connected.world.travel(length)
    return lambda: datetime.now(UTC) + length


def puts(connected: Connected) -> int:
    return len([served for served in connected.world.requests_to(PUT) if served.method == "PUT"])


def row(connected: Connected) -> NoticeHandler:
    [found] = handlers(connected)
    return found


def later(connected: Connected, length: timedelta) -> int:
    """As if so much time had passed here; the LMS's clock stays, so that tokens are good."""
    with connected.database() as session:
        for one in session.scalars(select(NoticeHandler)):
            one.due_at -= length
    return ask(connected)


def test_our_handler_is_registered_once_for_the_deployment(told: Connected) -> None:
    assert ask(told) == 1
    deployment = told.link.deployment_id
    assert told.world.notice_handlers == {(deployment, Notice.CONTEXT_COPY): told.url("/lti/notices")}
    found = row(told)
    assert (found.handler, found.failures, found.problem) == (told.url("/lti/notices"), 0, None)
    assert found.registered_at is not None
    told.launch("ian")
    told.launch("ben")
    assert ask(told) == 0
    assert puts(told) == 1


def test_it_is_asked_for_again_a_month_later_in_case_the_lms_lost_it(told: Connected) -> None:
    ask(told)
    told.world.notice_handlers.clear()
    assert later(told, AGAIN - timedelta(hours=1)) == 0
    assert later(told, timedelta(hours=2)) == 1
    assert told.world.notice_handlers


def test_when_our_address_changes_the_lms_is_told_the_new_one(told: Connected) -> None:
    ask(told)
    with told.database() as session:
        session.execute(update(NoticeHandler).values(handler="https://old.example.org/lti/notices"))
    assert ask(told) == 1
    assert row(told).handler == told.url("/lti/notices")


def test_each_deployment_is_registered_by_itself(told: Connected) -> None:
    connected = told
    connected.world.deploy(connected.tool, id="second")
    with connected.database() as session:
        session.add(Deployment(platform_id=connected.platform_id, deployment_id="second", created_at=datetime.now(UTC)))
    forget_platforms(connected)
    link = connected.world.add_link(
        "Second",
        context=connected.context,
        tool=connected.tool,
        deployment=connected.world.deployments["second"],
        custom={"practicum_offering": "TST-01"},
    )
    connected.launch("ian", link)
    assert ask(connected) == 2
    assert {deployment for deployment, _ in connected.world.notice_handlers} == {connected.link.deployment_id, "second"}


def test_an_lms_that_offers_no_notices_is_not_asked(connect: Connect) -> None:
    moodle = connect(**profiles.fields("moodle"))
    moodle.launch("ada")
    assert handlers(moodle) == []
    assert ask(moodle) == 0


@pytest.mark.parametrize(
    "claim",
    [
        {"notice_types_supported": [Notice.HELLO_WORLD.value]},
        {"service_versions": ["2.0"]},
        {"platform_notification_service_url": "file:///etc/passwd"},
        {"platform_notification_service_url": 5},
        {"notice_types_supported": Notice.CONTEXT_COPY.value},
    ],
)
def test_a_claim_that_offers_something_else_or_cannot_be_read_is_none_and_the_launch_goes_on(
    connected: Connected, claim: dict[str, Any]
) -> None:
    with connected.database() as session:
        session.execute(delete(NoticeHandler))  # of the launch that placed the link
    honest = {
        "service_versions": ["1.0"],
        "platform_notification_service_url": connected.world.config.url("/api/notices/1/handlers"),
        "scope": [Scope.NOTICE_HANDLERS.value],
        "notice_types_supported": [Notice.CONTEXT_COPY.value],
    }
    assert "/learn/" in connected.forge("ada", {v.NOTICE_SERVICE: {**honest, **claim}}).page.url
    assert handlers(connected) == []


def test_an_lms_that_gives_no_right_is_asked_a_day_later_and_nothing_else_suffers(told: Connected) -> None:
    kept = tuple(scope for scope in told.tool.scopes if scope is not Scope.NOTICE_HANDLERS)
    told.world.change_tool(told.tool.client_id, scopes=kept)
    assert ask(told) == 1
    assert (row(told).problem_code, row(told).failures, row(told).handler) == ("notices-no-right", 1, None)
    assert "/learn/" in told.launch("ada").page.url
    assert later(told, AFTER_REFUSAL / 2) == 0
    told.world.change_tool(told.tool.client_id, scopes=told.tool.scopes)
    assert later(told, AFTER_REFUSAL) == 1
    assert (row(told).problem_code, row(told).failures) == (None, 0)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 500}, "notices-later"),
        ({"drop": True}, "notices-later"),
        ({"status": 200, "body": "<html>"}, "notices-later"),
        ({"status": 200, "body": "[]"}, "notices-later"),
        ({"status": 404}, "notices-refused"),
        ({"status": 403}, "notices-no-right"),
    ],
)
def test_what_goes_wrong_is_stored_and_tried_again_with_growing_pauses(
    told: Connected, fault: dict[str, Any], code: str
) -> None:
    told.world.faults.add(PUT, times=2, **fault)
    waits = []
    for _ in range(2):
        ask(told)
        found = row(told)
        waits.append(found.due_at - datetime.now(UTC))
        assert found.problem_code == code
        assert found.registered_at is None
        assert ask(told) == 0
        with told.database() as session:
            session.execute(update(NoticeHandler).values(due_at=datetime.now(UTC)))
    assert ask(told) == 1
    assert row(told).problem_code is None
    assert min(waits) > timedelta(minutes=3)


def test_an_lms_that_asks_for_patience_is_left_alone_for_all_its_deployments(told: Connected) -> None:
    told.world.faults.add(PUT, status=429, headers={"Retry-After": "7200"}, times=1)
    ask(told)
    assert row(told).problem_code == "notices-busy"
    assert later(told, timedelta(hours=1)) == 0
    assert later(told, timedelta(hours=1, minutes=1)) == 1


def test_a_switched_off_or_silent_lms_is_not_asked(told: Connected) -> None:
    set_platform(told, state=PlatformState.DISABLED)
    assert ask(told) == 0
    set_platform(told, state=PlatformState.ACTIVE)
    with told.database() as session:
        now = datetime.now(UTC)
        pause = PlatformPause(platform_id=told.platform_id, since=now, failures=9, until=now + timedelta(hours=1))
        session.add(pause)
    assert ask(told) == 0
    assert puts(told) == 0


def test_a_service_on_a_host_that_is_not_the_lmss_own_is_not_called(connected: Connected) -> None:
    foreign = {
        "service_versions": ["1.0"],
        "platform_notification_service_url": "http://127.0.0.2:9/handlers",
        "notice_types_supported": [Notice.CONTEXT_COPY.value],
    }
    set_platform(connected, hosts=["lms.example.org"])
    connected.forge("ada", {v.NOTICE_SERVICE: foreign})
    assert ask(connected) == 1
    assert row(connected).problem_code == "host-unknown"


def test_two_workers_ask_once_and_a_dead_ones_lease_runs_out(told: Connected) -> None:
    with told.database() as session:
        taken = notice_handlers.lease(session, handler=told.url("/lti/notices"), now=datetime.now(UTC))
    assert taken is not None
    assert ask(told) == 0
    assert ask(told, now=after(told, LEASE)) == 1
    with told.database() as session:
        assert not notice_handlers.registered(session, taken, now=datetime.now(UTC)), "its lease was lost"
    assert puts(told) == 1


def test_every_worker_asks_and_does_so_beside_the_scores(told: Connected) -> None:
    worker = build(told.settings, told.engine)
    assert "ask for notices" in {job.name for job in worker._schedule._due}
    worker.close()
    made = asker(told)
    made.job.work(told.engine, datetime.now(UTC))
    until(lambda: puts(told))
    made.close()
