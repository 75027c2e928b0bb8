"""The page that tests a connection: what it shows, what it asks before it changes a gradebook, and whom it spares."""

from __future__ import annotations

import threading
import time
from typing import Any, cast

import pytest
from sqlalchemy import select, update

from plugin.actions.doctor.wire import CALL_SECONDS
from plugin.db.audit import AuditEvent
from plugin.db.checkups import PlatformCheckup
from plugin.db.outbox import OutboxRow
from plugin.db.people import Person
from plugin.db.platforms import Platform
from plugin.domain.people import Role
from plugin.web import checkups
from tests.connected import Connected
from tests.demo_lms import Browser, Page
from tests.demo_lms.faults import HELD
from tests.demo_lms.vocabulary import Scope
from tests.patience import until


@pytest.fixture
def admin(connected: Connected) -> Browser:
    """Tom, an administrator here, who came in through the LMS."""
    connected.launch("tom")
    connected.grant("tom", Role.ADMIN)
    return connected.launch("tom").browser


def page_of(connected: Connected) -> str:
    return connected.url(f"/platforms/{connected.platform_id}/checks")


def press(connected: Connected, admin: Browser, **fields: str) -> Page:
    """Press the button of the test, or with fields that of the test with a grade."""
    page = admin.open(page_of(connected))
    plain, with_grade = (form for form in page.forms if form.action.endswith("/checks"))
    return admin.submit(page, with_grade if fields else plain, **cast(Any, fields))


def test_the_page_is_found_below_the_platform_and_says_that_nothing_was_tested(
    connected: Connected, admin: Browser
) -> None:
    shown = admin.open(connected.url(f"/platforms/{connected.platform_id}"))
    assert f"/platforms/{connected.platform_id}/checks" in shown.text
    assert "It has not been tested yet" in admin.open(page_of(connected)).text


def test_a_connection_that_works_reads_so_and_needs_no_letter(connected: Connected, admin: Browser) -> None:
    page = press(connected, admin)
    assert page.status == 200
    assert "Nothing is to be mended" in page.text
    assert "Keys that can be used" in page.text
    assert "A letter for" not in page.text
    assert connected.world.posts() == []
    tom = connected.person_id("tom")
    with connected.database() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.deed == "check platform")).one()
        assert (event.actor_id, event.facts) == (tom, {"with_score": False})


def test_what_is_wrong_is_grouped_by_who_mends_it_and_the_letter_can_be_copied(
    connected: Connected, admin: Browser
) -> None:
    connected.world.change_tool(connected.tool.client_id, scopes=(Scope.LINE_ITEM,))
    connected.world.faults.add("/lti/jwks", status=500)
    page = press(connected, admin)
    assert "To mend in the LMS, by its administrator" in page.text
    assert "A letter for the LMS’s administrator" in page.text
    assert "so no completion reaches the gradebook" in page.text
    assert connected.tool.client_id in page.text
    assert connected.url("/lti/jwks.json") in page.text
    assert "Reyes" not in page.text.partition("<main")[2], "nobody's name is in it"


def test_it_is_not_tested_again_at_once(connected: Connected, admin: Browser) -> None:
    press(connected, admin)
    connected.world.served.clear()
    page = press(connected, admin)
    assert "It was tested a moment ago" in page.text
    assert not list(connected.world.served)
    assert "Nothing is to be mended" in page.text, "the last result still stands there"


def test_a_test_grade_needs_a_user_and_a_tick(connected: Connected, admin: Browser) -> None:
    connected.launch("ada")
    probe = connected.world.add_person("probe", "Test Student")
    connected.world.enrol(probe, connected.context)
    for fields in ({"user_id": probe.id}, {"user_id": " ", "agreed": "yes"}, {"user_id": "x" * 256, "agreed": "yes"}):
        refused = press(connected, admin, **fields)
        assert refused.status == 400
        assert "tick that their grade may be replaced" in refused.text
    assert connected.world.posts() == []
    page = press(connected, admin, user_id=f" {probe.id} ", agreed="yes")
    assert f"It did, in the course with id {connected.context.id}, and was read back." in page.text
    assert [post.user_id for post in connected.world.posts()] == [probe.id]
    with connected.database() as session:
        kept = session.get_one(PlatformCheckup, connected.platform_id)
        event = session.scalars(select(AuditEvent).where(AuditEvent.deed == "check platform")).one()
        assert probe.id not in repr(
            [one["facts"] for one in (kept.findings or {})["findings"] if one["check"] == "score"]
        )
        assert event.facts == {"with_score": True}


def test_while_the_lms_is_asked_nobody_waits_for_the_database(connected: Connected, admin: Browser) -> None:
    hold = connected.world.faults.add("oauth.token", delay=HELD, times=1)
    asked = threading.Thread(target=press, args=(connected, admin))
    asked.start()
    try:
        until(lambda: hold.fired)
        began = time.monotonic()
        with connected.database() as session:
            session.execute(update(Person).values(created_at=Person.created_at))
            session.execute(update(Platform).values(name=Platform.name))
        assert time.monotonic() - began < CALL_SECONDS, "or it waited until the LMS was given up"
        assert asked.is_alive()
    finally:
        connected.world.faults.clear()
        asked.join()


def test_one_connection_is_tested_at_a_time_so_that_threads_are_left_for_those_who_learn(
    connected: Connected, admin: Browser
) -> None:
    with checkups.ONE_AT_A_TIME:
        page = press(connected, admin)
    assert "Another connection is being tested" in page.text
    assert connected.count(PlatformCheckup) == 0
    assert "Nothing is to be mended" in press(connected, admin).text


def test_somebody_of_whom_the_lms_was_told_is_refused_as_a_test_user(connected: Connected, admin: Browser) -> None:
    visit = connected.launch("ada")
    visit.browser.open(f"{visit.page.url.partition('?')[0]}/activities/goal")
    assert connected.count(OutboxRow) == 1
    page = press(connected, admin, user_id=connected.world.person("ada").id, agreed="yes")
    assert page.status == 409
    assert "they are no test user" in page.text
    assert connected.count(PlatformCheckup) == 0
    assert connected.world.posts() == []
