"""Connections to LMSs, as an administrator of the union looks after them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from plugin.actions import organizations
from plugin.db.audit import AuditEvent
from plugin.db.people import Grant
from plugin.db.platforms import Deployment, Invitation, Platform, PlatformState
from plugin.db.tokens import hashed
from plugin.domain.people import Role
from tests.cast import Cast
from tests.connected import Connected
from tests.demo_lms import launch, register_tool, running_lms


@pytest.fixture
def here(cast: Cast) -> str:
    return f"/platforms/{cast.here.platform.id}"


def state_of(session: Session, cast: Cast) -> PlatformState:
    session.expire_all()
    return session.get_one(Platform, cast.here.platform.id).state


def test_an_administrator_sees_the_connections_of_their_organization_only(cast: Cast) -> None:
    page = cast.ann.get("/platforms/")
    assert page.status_code == 200
    assert "District 1 LMS" in page.text
    assert "District 2 LMS" not in page.text
    assert "Local 2" not in page.text


def test_above_a_federation_one_sees_all_below_it(cast: Cast, session: Session) -> None:
    now = datetime.now(UTC)
    federation = organizations.add(session, "Federation", now=now)
    local = organizations.add(session, "Local 3", parent="Federation", now=now)
    session.execute(update(Platform).where(Platform.id == cast.here.platform.id).values(organization_id=local.id))
    session.execute(update(Grant).where(Grant.person_id == cast.ann.id).values(organization_id=federation.id))
    session.commit()
    page = cast.ann.get("/platforms/")
    assert "District 1 LMS" in page.text
    assert cast.ann.get(f"/platforms/{cast.here.platform.id}").status_code == 200
    assert cast.ann.post("/platforms/invite", {"organization": str(local.id)}).status_code == 200


def test_others_do_not_find_the_page(cast: Cast, here: str) -> None:
    for actor in (cast.ada, cast.tom, cast.lou, cast.ian):
        for path in ("/platforms/", here):
            assert actor.get(path).status_code == 404


def test_a_connection_that_waits_is_first_and_is_switched_on_with_one_press(
    cast: Cast, here: str, session: Session
) -> None:
    session.execute(update(Platform).where(Platform.id == cast.here.platform.id).values(state=PlatformState.PENDING))
    # somebody whose own LMS works has to press it
    session.execute(update(Grant).where(Grant.person_id == cast.other.ann.id).values(organization_id=1))
    session.commit()
    page = cast.other.ann.get(here)
    assert "Waits for your approval" in page.text
    assert cast.ada.get("/profile").status_code == 401
    pressed = cast.other.ann.post(f"{here}/state", {"state": "active"})
    assert pressed.status_code == 303
    assert "is switched on" in cast.other.ann.get(here).text
    assert state_of(session, cast) is PlatformState.ACTIVE
    assert session.get_one(Platform, cast.here.platform.id).approved_at is not None
    assert cast.ada.get("/profile").status_code == 200


def test_switching_off_keeps_everybody_out_and_is_written_down(cast: Cast, here: str, session: Session) -> None:
    assert cast.ann.post(f"{here}/state", {"state": "disabled"}).status_code == 303
    assert state_of(session, cast) is PlatformState.DISABLED
    assert cast.ada.get("/profile").status_code == 401
    event = session.scalars(select(AuditEvent).where(AuditEvent.deed == "set platform state")).one()
    assert (event.actor_id, event.organization_id) == (cast.ann.id, cast.here.organization.id)
    assert event.facts == {"state": "disabled"}


def test_the_switch_says_what_follows_and_who_would_be_locked_out(cast: Cast, here: str, session: Session) -> None:
    assert "nobody can come in from this LMS" in cast.ann.get(here).text
    assert f"practicum platforms approve {cast.here.platform.id}" in cast.ann.get(here).text
    session.execute(update(Grant).where(Grant.person_id == cast.other.ann.id).values(organization_id=1))
    session.commit()
    from_elsewhere = cast.other.ann.get(here).text
    assert "nobody can come in from this LMS" in from_elsewhere
    assert "practicum platforms approve" not in from_elsewhere


@pytest.mark.parametrize("state", ["", "pending", "nonsense"])
def test_there_are_two_switches_and_no_other_state(cast: Cast, here: str, session: Session, state: str) -> None:
    answer = cast.ann.post(f"{here}/state", {"state": state})
    assert answer.status_code == 400
    assert "did not arrive whole" in answer.text
    assert state_of(session, cast) is PlatformState.ACTIVE


def test_a_deployment_is_added_once(cast: Cast, here: str, session: Session) -> None:
    for _ in range(2):
        assert cast.ann.post(f"{here}/deployments", {"deployment": "  7:abc "}).status_code == 303
    found = session.scalars(
        select(Deployment.deployment_id).where(Deployment.platform_id == cast.here.platform.id)
    ).all()
    assert sorted(found) == ["1", "7:abc"]
    assert "7:abc" in cast.ann.get(here).text


@pytest.mark.parametrize("deployment", ["", "   ", "x" * 256, "a\0b", "a\nb"])
def test_a_deployment_that_cannot_be_is_refused_in_words(cast: Cast, here: str, deployment: str) -> None:
    answer = cast.ann.post(f"{here}/deployments", {"deployment": deployment})
    assert answer.status_code == 400
    assert "1 to 255 characters" in answer.text


def test_an_invitation_is_shown_once_and_kept_as_a_hash(cast: Cast, session: Session) -> None:
    page = cast.ann.post("/platforms/invite", {"organization": str(cast.here.organization.id)})
    assert page.status_code == 200
    found = re.search(r"/lti/register/([\w-]+)", page.text)
    assert found
    row = session.scalars(select(Invitation)).one()
    assert row.token_hash == hashed(found.group(1))
    assert not row.approve
    assert not row.instructors_are_trainers
    assert found.group(1) not in cast.ann.get("/platforms/").text


def test_an_invitation_approves_only_when_it_is_ticked(cast: Cast, session: Session) -> None:
    cast.ann.post("/platforms/invite", {"organization": str(cast.here.organization.id), "approve": "yes"})
    assert session.scalars(select(Invitation.approve)).all() == [True]


def test_nobody_invites_for_another_organization(cast: Cast, session: Session) -> None:
    assert cast.ann.post("/platforms/invite", {"organization": str(cast.other.organization.id)}).status_code == 404
    assert session.scalars(select(Invitation)).all() == []


def test_an_administrator_of_one_cohort_is_none_of_the_organization(cast: Cast, session: Session, here: str) -> None:
    session.execute(update(Grant).where(Grant.role == Role.ADMIN).values(cohort_id=cast.here.cohort.id))
    session.commit()
    page = cast.ann.get("/platforms/")
    assert "District" not in page.text.partition("<main")[2]
    assert cast.ann.get(here).status_code == 404


def test_a_whole_connection_by_the_pages(connected: Connected) -> None:
    """Invite, register, approve, come in: as the two administrators do it."""
    connected.launch("tom")
    connected.grant("tom", Role.ADMIN)
    admin = connected.launch("tom").browser
    page = admin.open(connected.url("/platforms/"))
    invited = admin.submit(page, page.form("/invite"), organization=str(connected.organization_id))
    address = re.search(r"http://localhost:\d+/lti/register/[\w-]+", invited.text)
    assert address
    with running_lms() as (_, world):
        tool = register_tool(world, address.group())
        world.change_tool(tool.client_id, active=True)
        link = world.add_link("L", context="RPD-2026", custom={"practicum_offering": "TST-01"})
        assert launch(world, "tom", link).page.status == 403
        listed = admin.open(connected.url("/platforms/"))
        assert "Waits for your approval" in listed.text
        with connected.database() as session:
            fresh = session.scalars(select(Platform.id).order_by(Platform.id.desc())).first()
        shown = admin.open(connected.url(f"/platforms/{fresh}"))
        admin.submit(shown, shown.form("/state"))
        assert launch(world, "ada", link).page.status == 200
