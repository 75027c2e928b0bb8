"""Rosters and lists over the wire, with every LMS of `tests.demo_lms.profiles`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from lti import keys
from lti.errors import PlatformRefused, TokenRefused
from lti.grades import Grades
from lti.quirks import Outcome, judge
from lti.roles import CourseRole
from lti.rosters import Member, Rosters, Status
from lti.services import Services
from lti.stores import Platform
from tests.demo_lms import Profile, World, addresses, fields, running_lms
from tests.demo_lms.keys import PlatformKeys
from tests.demo_lms.model import MemberStatus
from tests.demo_lms.vocabulary import Role, Scope
from tests.lti.peer import Reply, Server, platform, tool_key

COURSE = "RPD-2026"
Start = Callable[..., "Connected"]

each_lms = pytest.mark.parametrize("profile", list(Profile))


@dataclass(frozen=True)
class Connected:
    """A simulator, and its registration here."""

    world: World
    platform: Platform

    @property
    def roster_url(self) -> str:
        return addresses.memberships(self.world, self.world.context(COURSE).id)

    @property
    def line_items_url(self) -> str:
        return addresses.line_items(self.world, self.world.context(COURSE).id, self.platform.client_id)


@cache
def lms_keys() -> PlatformKeys:
    return PlatformKeys()


@pytest.fixture
def start(server: Server) -> Iterator[Start]:
    """Start an LMS of a profile, with wishes, and register with it."""
    server.answers["GET /keys"] = Reply(keys.document([keys.public_jwk(tool_key())]))
    running = []

    def run(profile: Profile, **wishes: object) -> Connected:
        lms = running_lms(keys=lms_keys().copy(), **fields(profile, **wishes))
        address, world = lms.__enter__()
        running.append(lms)
        tool, _ = world.add_tool(
            "https://tool.example.org",
            initiate_login_uri="https://tool.example.org/lti/login",
            redirect_uris=["https://tool.example.org/lti/launch"],
            jwks_uri=server.url + "/keys",
            target_link_uri="https://tool.example.org/lti/launch",
        )
        registration = platform(
            issuer=world.config.iss,
            client_id=tool.client_id,
            token_url=address + addresses.TOKEN,
            token_audience=world.config.habits.token_audience,
            hosts=frozenset({"127.0.0.1"}),
            family=world.config.product_family_code,
        )
        return Connected(world, registration)

    yield run
    for lms in running:
        lms.__exit__(None, None, None)


def members(lms: Connected, services: Services) -> list[Member]:
    return list(Rosters(services).members(lms.platform, lms.roster_url))


@each_lms
def test_a_roster_is_read_from_its_first_page_to_its_last(profile: Profile, start: Start, services: Services) -> None:
    lms = start(profile, page_size=3, roster_page_size=3)
    lms.world.add_people(8, COURSE)
    found = members(lms, services)
    assert [one.user_id for one in found] == [one.person_id for one in lms.world.members(COURSE)]
    assert len(lms.world.requests_to("nrps.memberships")) == 5
    assert {one.roles.course_role for one in found} == {CourseRole.LEARNER, CourseRole.INSTRUCTOR}
    assert {one.status for one in found} == {Status.ACTIVE}
    assert bool(found[0].name) == lms.world.config.habits.send_names


@each_lms
def test_a_course_without_anybody_is_no_error(profile: Profile, start: Start, services: Services) -> None:
    lms = start(profile)
    for enrolment in lms.world.members(COURSE):
        lms.world.unenrol(enrolment.person_id, COURSE)
    assert members(lms, services) == []


@each_lms
def test_who_is_suspended_is_inactive_or_not_there(profile: Profile, start: Start, services: Services) -> None:
    lms = start(profile)
    lms.world.enrol("ben", COURSE, Role.LEARNER, MemberStatus.INACTIVE)
    ben = [one.status for one in members(lms, services) if one.user_id == lms.world.person("ben").id]
    assert ben == ([Status.INACTIVE] if lms.world.config.habits.roster_shows_absence else [])


@each_lms
def test_a_roster_that_is_not_allowed_is_for_an_administrator_to_mend(
    profile: Profile, start: Start, services: Services
) -> None:
    lms = start(profile)
    lms.world.change_tool(lms.platform.client_id, scopes=(Scope.SCORE,))
    with pytest.raises(TokenRefused) as refused:
        members(lms, services)
    assert judge(lms.platform.family, refused.value).outcome is Outcome.MEND


def test_an_older_open_edx_refuses_a_large_roster_as_a_whole(start: Start, services: Services) -> None:
    lms = start(Profile.OPEN_EDX, roster_limit=3)
    with pytest.raises(PlatformRefused, match="403"):
        members(lms, services)


@each_lms
def test_columns_are_found_by_resource_id_and_tag_on_whatever_page_they_are(
    profile: Profile, start: Start, services: Services
) -> None:
    lms = start(profile, page_size=2)
    for number in range(5):
        link = lms.world.add_link(f"Module {number}", context=COURSE)
        lms.world.add_line_item(f"Module {number}", link=link, resource_id=f"M-{number}", tag="completion")
    grades = Grades(services)
    assert len(grades.line_items(lms.platform, lms.line_items_url)) == 5
    (found,) = grades.line_items(lms.platform, lms.line_items_url, resource_id="M-4", tag="completion")
    assert found.label == "Module 4"
    assert grades.line_item(lms.platform, found.id) == found


@each_lms
def test_a_token_asks_for_one_scope_and_each_service_has_its_own(
    profile: Profile, start: Start, services: Services
) -> None:
    lms = start(profile)
    lms.world.change_tool(lms.platform.client_id, scopes=(Scope.MEMBERSHIPS, Scope.LINE_ITEM))
    members(lms, services)
    Grades(services).line_items(lms.platform, lms.line_items_url)
    assert sorted(token.scopes for token in lms.world.access_tokens.values()) == sorted(
        [(Scope.MEMBERSHIPS,), (Scope.LINE_ITEM,)]
    )
