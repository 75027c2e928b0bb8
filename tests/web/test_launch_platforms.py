"""From where one comes in: connections that are on, off or unknown, and their deployments."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from plugin.db.people import Identity
from plugin.db.platforms import Deployment, PlatformState
from tests.arrivals import (
    anywhere,
    at_once,
    forget_platforms,
    hand_made_link,
    login_fields,
    posting,
    set_platform,
)
from tests.connected import OFFERING, Connect, Connected
from tests.demo_lms import Browser, Habits, log_in
from tests.demo_lms import vocabulary as v
from tests.refusals import assert_refused


def test_an_lms_that_is_not_connected_reads_so(connected: Connected) -> None:
    page = Browser().post(connected.url("/lti/login"), login_fields(connected, iss="https://elsewhere.example"))
    assert_refused(page, status=400, says="not connected to this tool yet")


@pytest.mark.parametrize("state", [PlatformState.DISABLED, PlatformState.PENDING])
def test_a_connection_that_is_off_lets_nobody_in(connected: Connected, state: PlatformState) -> None:
    visit = connected.launch("ada")
    begun = log_in(connected.world, "ben", connected.link)
    set_platform(connected, state=state)
    # what is remembered of a connection lets nobody in
    assert_refused(begun.post(), status=403, says="not switched on")
    forget_platforms(connected)
    page = Browser().post(connected.url("/lti/login"), login_fields(connected))
    assert_refused(page, status=403, says="not switched on")
    assert visit.browser.open(visit.page.url).status == 401, "who was in is out"


def test_an_unknown_deployment_is_refused_until_an_administrator_adds_it(connected: Connected) -> None:
    other = connected.world.deploy(connected.tool, contexts=["OAK-2026"])
    link = connected.world.add_link(
        "There", context="OAK-2026", tool=connected.tool, deployment=other, custom={"practicum_offering": OFFERING}
    )
    assert_refused(connected.launch("eve", link).page, status=403, says="its deployment")
    with connected.database() as session:
        now = datetime.now(UTC)
        session.add(Deployment(platform_id=connected.platform_id, deployment_id=other.id, created_at=now))
    forget_platforms(connected)
    assert "/learn/" in connected.launch("eve", link).page.url


def test_the_first_deployment_is_adopted_and_a_second_one_refused(connect: Connect) -> None:
    connected = connect(habits=Habits(registration_answer_has_deployment=False), place=False)
    assert connected.count(Deployment) == 0
    link = hand_made_link(connected, practicum_offering=OFFERING)
    assert "/learn/" in connected.launch("ada", link).page.url
    assert connected.count(Deployment) == 1
    assert_refused(connected.forge("ben", {v.DEPLOYMENT_ID: "another"}, **anywhere(link)).page, status=403)
    assert connected.count(Deployment) == 1


def test_of_two_first_deployments_at_once_one_is_adopted(connect: Connect) -> None:
    connected = connect(habits=Habits(registration_answer_has_deployment=False), place=False)
    link = hand_made_link(connected, practicum_offering=OFFERING)
    logins = [log_in(connected.world, who, link, **anywhere()) for who in ("ada", "ben", "tom", "lou")]
    tokens = [login.sign({v.DEPLOYMENT_ID: f"deployment-{number}"}) for number, login in enumerate(logins)]
    pages = at_once([posting(login, token) for login, token in zip(logins, tokens, strict=True)])
    assert sorted(page.status for page in pages) == [200, 403, 403, 403]
    assert connected.count(Deployment) == 1


def test_where_one_client_serves_many_customers_people_are_keyed_by_deployment(connected: Connected) -> None:
    set_platform(connected, shared_client=True)
    with connected.database() as session:
        now = datetime.now(UTC)
        session.add(Deployment(platform_id=connected.platform_id, deployment_id="customer-2", created_at=now))
    here = connected.forge("ada").page
    there = connected.forge("ada", {v.DEPLOYMENT_ID: "customer-2"}, **anywhere()).page
    assert "/learn/" in here.url
    assert "/learn/" in there.url
    assert here.url != there.url
    with connected.database() as session:
        found = session.execute(
            select(Identity.deployment_key, Identity.person_id).where(Identity.sub == connected.world.person("ada").id)
        ).all()
    assert {row.deployment_key for row in found} == {connected.link.deployment_id, "customer-2"}
    assert len({row.person_id for row in found}) == 2


def test_where_one_client_serves_many_customers_no_launch_adopts_a_deployment(connected: Connected) -> None:
    set_platform(connected, shared_client=True)
    with connected.database() as session:
        for row in session.scalars(select(Deployment)):
            session.delete(row)
    assert_refused(connected.forge("ada").page, status=403, says="its deployment")
