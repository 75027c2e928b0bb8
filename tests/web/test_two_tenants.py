"""Two tenants on one LMS never meet: two registrations of one issuer with clients of their own, and two deployments
under one client. The same people, with the same `sub`, in the same courses.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

import content
from lti import stores
from lti.errors import PlatformRefused
from lti.grades import Grades
from lti.groups import Groups
from lti.rosters import Rosters
from lti.services import Services
from lti.tokens import AccessTokens
from plugin.actions import offerings, organizations, scores
from plugin.actions.doctor import known
from plugin.db.groups import CourseGroup
from plugin.db.learning import Cohort, Completion, Context, Enrolment, EnrolmentState
from plugin.db.lti_stores import Platforms
from plugin.db.outbox import LineItem, OutboxRow, OutboxState, PlatformPause
from plugin.db.people import Identity, SignIn
from plugin.db.platforms import DeepLinkingRequest, Deployment, Platform, PlatformState
from plugin.domain.people import Role
from plugin.domain.scores import Progress
from plugin.web.wiring import Wiring
from plugin.worker.rosters import Readers
from tests.arrivals import anywhere, forget_platforms, login_fields, set_platform
from tests.connected import OFFERING, TINY, Connected
from tests.demo_lms import Browser, Visit, addresses, log_in, notices, register_tool
from tests.demo_lms import vocabulary as v
from tests.demo_lms.keys import PlatformKeys
from tests.demo_lms.model import Context as Course
from tests.lti.peer import Reply, Server
from tests.notices import ask, copies, handlers
from tests.refusals import assert_refused

ELSEWHERE = "Local 2"
SECOND = "customer-2"


@dataclass
class Twins:
    """Two tenants of one LMS; `here` was connected first."""

    here: Connected
    there: Connected

    def __iter__(self) -> Iterator[Connected]:
        return iter((self.here, self.there))


@pytest.fixture
def clients(connected: Connected) -> Twins:
    """One issuer, two clients: Local 1's, and Local 2's. Both have their link in the same course."""
    with connected.database() as session:
        other = organizations.add(session, ELSEWHERE, now=datetime.now(UTC)).id
    tool = register_tool(connected.world, connected.invite(organization=ELSEWHERE, approve=True), always_new=True)
    tool = connected.world.change_tool(tool.client_id, active=True)
    with connected.database() as session:
        platform = session.scalars(select(Platform.id).where(Platform.client_id == tool.client_id)).one()
    there = replace(connected, organization_id=other, tool=tool, platform_id=platform)
    (there.link,) = there.place_link()
    assert there.platform_id != connected.platform_id
    return Twins(connected, there)


def store_of(tenant: Connected) -> stores.Platform:
    """The registration as calls to its services need it."""
    found = Platforms(tenant.engine).get(tenant.platform_id)
    assert found is not None
    return found


def enrolment_of(tenant: Connected, visit: Visit) -> Enrolment:
    """Where a launch led."""
    number = int(visit.page.url.partition("/learn/")[2].partition("?")[0])
    with tenant.database() as session:
        return session.get_one(Enrolment, number)


def complete(tenant: Connected, enrolment: Enrolment) -> None:
    """They have completed, and the LMS is to be told."""
    now = datetime.now(UTC)
    with tenant.database() as session:
        row = session.get_one(Enrolment, enrolment.id)
        row.state, row.started_at, row.completed_at = EnrolmentState.COMPLETED, now, now
        version = session.get_one(Cohort, row.cohort_id).version_id
        done = Completion(
            enrolment_id=row.id,
            person_id=row.person_id,
            organization_id=row.organization_id,
            version_id=version,
            completed_at=now,
            minutes=30,
        )
        session.add(done)
        session.flush()
        scores.tell(session, row, Progress.COMPLETED, now=now)


def work_off(tenant: Connected) -> None:
    """A worker sends what is due."""
    tenant.work_off()


def services_of(tenant: Connected) -> Services:
    """Calls to services, whose tokens both tenants share the memory of."""
    wiring: Wiring = tenant.app.extensions["practicum"]
    return Services(wiring.http, AccessTokens(wiring.http, wiring.tool_keys))


def callers(tenant: Connected, endpoint: str) -> list[str]:
    """The clients whose tokens came to an endpoint of the LMS."""
    tokens = [one.headers["authorization"].partition(" ")[2] for one in tenant.world.requests_to(endpoint)]
    return [tenant.world.access_tokens[token].client_id for token in tokens]


# Two clients


def test_the_same_sub_through_two_clients_is_two_people(clients: Twins) -> None:
    found = [enrolment_of(tenant, tenant.launch("ada")).person_id for tenant in clients]
    assert len(set(found)) == 2
    assert found == [tenant.person_id("ada") for tenant in clients]


def test_the_same_course_through_two_clients_is_two_cohorts_each_in_its_own_organization(clients: Twins) -> None:
    runs = [enrolment_of(tenant, tenant.launch("ada")) for tenant in clients]
    assert runs[0].cohort_id != runs[1].cohort_id
    with clients.here.database() as session:
        cohorts = [session.get_one(Cohort, run.cohort_id) for run in runs]
        contexts = [session.get_one(Context, cohort.context_id) for cohort in cohorts]
    assert [run.organization_id for run in runs] == [tenant.organization_id for tenant in clients]
    assert [cohort.organization_id for cohort in cohorts] == [tenant.organization_id for tenant in clients]
    assert len({context.context_id for context in contexts}) == 1, "it is one course of the LMS"
    assert [context.platform_id for context in contexts] == [tenant.platform_id for tenant in clients]


def test_nobody_opens_the_enrolment_of_their_namesake(clients: Twins) -> None:
    visits = [tenant.launch("ada") for tenant in clients]
    pages = [visit.page.url for visit in visits]
    for visit, own, other in ((visits[0], pages[0], pages[1]), (visits[1], pages[1], pages[0])):
        assert visit.browser.open(own).status == 200
        assert visit.browser.open(other).status == 404


def test_a_link_launched_through_the_other_client_opens_nothing_of_the_first(clients: Twins) -> None:
    """The LMS's ids of course and link are the same words; the registration decides."""
    here = enrolment_of(clients.here, clients.here.launch("ada"))
    claims = {v.RESOURCE_LINK: {"id": clients.here.link.id, "title": "x"}}
    there = enrolment_of(clients.there, clients.there.forge("ada", claims))
    assert there.organization_id == clients.there.organization_id
    assert here.cohort_id != there.cohort_id
    assert here.person_id != there.person_id


def test_each_clients_columns_are_its_own(clients: Twins) -> None:
    runs = [enrolment_of(tenant, tenant.launch("ada")) for tenant in clients]
    with clients.here.database() as session:
        found = session.execute(select(LineItem.platform_id, LineItem.cohort_id, LineItem.url)).all()
    wanted = [
        (
            tenant.platform_id,
            run.cohort_id,
            addresses.line_item(tenant.world, tenant.world.line_items_of(tenant.link)[0]),
        )
        for tenant, run in zip(clients, runs, strict=True)
    ]
    assert sorted(tuple(row) for row in found) == sorted(wanted)


def test_a_launch_that_names_the_other_clients_column_takes_nothing_away_and_writes_nothing_there(
    clients: Twins,
) -> None:
    here = enrolment_of(clients.here, clients.here.launch("ada"))
    (theirs,) = clients.here.world.line_items_of(clients.here.link)
    endpoint = {
        "scope": [v.Scope.SCORE.value],
        "lineitems": addresses.line_items(clients.here.world, clients.here.context.id, clients.there.tool.client_id),
        "lineitem": addresses.line_item(clients.here.world, theirs),
    }
    liar = enrolment_of(clients.there, clients.there.forge("ada", {v.AGS_ENDPOINT: endpoint}))
    with clients.here.database() as session:
        kept = select(LineItem.cohort_id).where(LineItem.platform_id == clients.here.platform_id)
        assert session.scalars(kept).all() == [here.cohort_id]
    complete(clients.there, liar)
    work_off(clients.there)
    assert clients.here.world.posts() == [], "the token is the other client's, and that one has no such column"


def test_a_score_goes_to_its_own_clients_column_with_its_own_token(clients: Twins) -> None:
    runs = [enrolment_of(tenant, tenant.launch("ada")) for tenant in clients]
    columns = [tenant.world.line_items_of(tenant.link)[0] for tenant in clients]
    complete(clients.here, runs[0])
    work_off(clients.here)
    assert [post.line_item_id for post in clients.here.world.posts()] == [columns[0].id]
    assert clients.there.world.result("ada", columns[1]) is None
    complete(clients.there, runs[1])
    work_off(clients.there)
    assert [post.line_item_id for post in clients.here.world.posts()] == [column.id for column in columns]
    assert callers(clients.here, "ags.post_score") == [tenant.tool.client_id for tenant in clients]


def test_an_lms_that_refuses_one_client_holds_up_nothing_of_the_other(clients: Twins) -> None:
    for tenant in clients:
        complete(tenant, enrolment_of(tenant, tenant.launch("ada")))
    with clients.here.database() as session:
        now = datetime.now(UTC)
        pause = PlatformPause(
            platform_id=clients.here.platform_id, since=now, failures=3, until=now + timedelta(hours=1)
        )
        session.add(pause)
    work_off(clients.there)
    assert callers(clients.there, "ags.post_score") == [clients.there.tool.client_id]
    with clients.here.database() as session:
        states = {row.platform_id: row.state for row in session.scalars(select(OutboxRow))}
    assert states == {clients.here.platform_id: OutboxState.DUE, clients.there.platform_id: OutboxState.SENT}


def test_access_tokens_are_each_clients_own_and_so_is_what_becomes_of_them(clients: Twins) -> None:
    wiring: Wiring = clients.here.app.extensions["practicum"]
    tokens = AccessTokens(wiring.http, wiring.tool_keys)
    here, there = (store_of(tenant) for tenant in clients)
    scope = [v.Scope.SCORE.value]
    held = tokens.get(here, scope), tokens.get(there, scope)
    owners = [clients.here.world.access_tokens[token].client_id for token in held]
    assert owners == [tenant.tool.client_id for tenant in clients]
    tokens.drop(here, scope, held[1])
    assert tokens.get(here, scope) == held[0], "the other's token says nothing of ours"
    tokens.drop(here, scope, held[0])
    assert tokens.get(there, scope) == held[1]
    assert tokens.get(here, scope) not in held


def test_a_column_is_not_read_with_the_other_clients_token(clients: Twins) -> None:
    grades = Grades(services_of(clients.here))
    here, there = (addresses.line_items(one.world, one.context.id, one.tool.client_id) for one in clients)
    mine = grades.line_items(store_of(clients.here), here)
    theirs = grades.line_items(store_of(clients.there), there)
    assert {item.id for item in mine}.isdisjoint({item.id for item in theirs})
    with pytest.raises(PlatformRefused):
        grades.line_item(store_of(clients.there), mine[0].id)
    assert callers(clients.here, "ags.line_items") == [tenant.tool.client_id for tenant in clients]


def test_a_roster_is_asked_for_by_each_client_with_its_own_token(clients: Twins) -> None:
    rosters = Rosters(services_of(clients.here))
    url = addresses.memberships(clients.here.world, clients.here.context.id)
    clients.there.world.change_tool(clients.there.tool.client_id, claims=())
    named, nameless = (list(rosters.members(store_of(tenant), url)) for tenant in clients)
    assert callers(clients.here, "nrps.memberships") == [tenant.tool.client_id for tenant in clients]
    assert all(member.name for member in named)
    assert not any(member.name for member in nameless), "what one client may see, the other may not"


def told_of_a_copy(tenant: Connected, copy: Course) -> dict[str, Any]:
    """The claims of a notice of this tenant's that the course was copied from theirs."""
    deployment = tenant.world.deployments[tenant.link.deployment_id]
    return notices.copy_notice(tenant.world, deployment, copy, tenant.context)


def test_a_notice_of_one_client_says_nothing_of_the_courses_of_the_other(clients: Twins) -> None:
    here, there = clients
    copy = here.world.add_context("Copy")
    own = PlatformKeys()
    with Server({"GET /keys": Reply(own.key_set())}) as server:
        set_platform(there, key_set_url=server.url + "/keys", key_set=None, key_set_fetched_at=None)
        forget_platforms(there)
        address = here.url("/lti/notices")
        # the other client's notice, by keys that are not its own, and for a deployment that is not its own
        forged = here.world.keys.sign(told_of_a_copy(there, copy))
        assert notices.post(here.world, address, (forged,)).status == 401
        foreign = {**told_of_a_copy(here, copy), v.DEPLOYMENT_ID: there.link.deployment_id}
        assert notices.deliver(here.world, address, [foreign]).status == 403
        assert copies(here) == set()
        assert notices.deliver(here.world, address, [told_of_a_copy(here, copy)]).status == 200
    assert {platform for platform, *_ in copies(here)} == {here.platform_id}


def test_a_copy_that_one_client_was_told_of_begins_afresh_for_the_other(clients: Twins) -> None:
    notices.without_histories(clients.here.world)
    for tenant in clients:
        tenant.launch("ada")
    with clients.here.database() as session:
        offerings.publish(session, dataclasses.replace(content.load(TINY), version="2.0"), now=datetime.now(UTC))
    copy = clients.here.world.copy_context(clients.here.context, "Next year")
    clients.here.world.enrol("ben", copy, v.Role.LEARNER)
    assert notices.deliver(
        clients.here.world, clients.here.url("/lti/notices"), [told_of_a_copy(clients.here, copy)]
    ).answer == {"taken": 1}
    versions = []
    for tenant in clients:
        [link] = [link for link in tenant.world.links_in(copy) if link.client_id == tenant.tool.client_id]
        run = enrolment_of(tenant, tenant.launch("ben", link))
        with tenant.database() as session:
            versions.append(session.get_one(Cohort, run.cohort_id).version_id)
    assert versions[0] != versions[1], "only the one that was told knows what it was copied from"


def test_groups_of_the_same_course_through_two_clients_are_each_clients_own(clients: Twins) -> None:
    here = clients.here
    here.world.add_group("North", "ada", context=here.context)
    for tenant in clients:
        tenant.launch("ada")
    services = services_of(here)
    readers = Readers(here.engine, Rosters(services), groups=Groups(services), clock=lambda: datetime.now(UTC))
    while readers.turn():
        pass
    with here.database() as session:
        found = session.execute(
            select(Context.platform_id, CourseGroup.id, CourseGroup.name).join(
                Context, Context.id == CourseGroup.context_id
            )
        ).all()
    assert sorted(row.platform_id for row in found) == sorted(tenant.platform_id for tenant in clients)
    assert len({row.id for row in found}) == 2
    assert sorted(callers(here, "groups.of_context")) == sorted(tenant.tool.client_id for tenant in clients)


def test_each_clients_handler_is_asked_for_with_its_own_token(clients: Twins) -> None:
    assert ask(clients.here) == 2
    assert sorted(callers(clients.here, "notices.register")) == sorted(t.tool.client_id for t in clients)
    assert {row.platform_id for row in handlers(clients.here)} == {t.platform_id for t in clients}


def test_keys_of_one_registration_open_nothing_of_the_other(clients: Twins, platform_keys: PlatformKeys) -> None:
    """Open edX: one issuer, a key set for each client."""
    own = PlatformKeys()
    with Server({"GET /keys": Reply(own.key_set())}) as server:
        set_platform(clients.there, key_set_url=server.url + "/keys", key_set=None, key_set_fetched_at=None)
        forget_platforms(clients.there)
        signed: dict[str, Any] = {"key": own.current, "header": {"kid": own.current.kid}}
        assert "/learn/" in clients.there.forge("ada", **signed).page.url
        assert_refused(clients.here.forge("ada", **signed).page, status=401)
        assert_refused(clients.there.forge("ben").page, status=401)
        assert "/learn/" in clients.here.forge("ben").page.url
    with clients.here.database() as session:
        here, there = (session.get_one(Platform, tenant.platform_id).key_set for tenant in clients)
    assert str(own.current.kid) in str(there)
    assert str(own.current.kid) not in str(here)


def test_a_login_through_one_client_is_not_answered_by_a_launch_of_the_other(clients: Twins) -> None:
    for one, other in ((clients.here, clients.there), (clients.there, clients.here)):
        begun = log_in(one.world, "ada", one.link)
        assert_refused(begun.post(begun.sign({"aud": other.tool.client_id})))
        begun = log_in(one.world, "ada", one.link)
        answer = log_in(other.world, "ada", other.link, browser=begun.browser)
        assert_refused(begun.post(answer.sign({"nonce": begun.asked["nonce"]})))
    assert clients.here.count(Identity, Identity.sub == clients.here.world.person("ada").id) == 0


def test_a_login_that_does_not_say_its_client_is_not_guessed(clients: Twins) -> None:
    page = Browser().post(clients.here.url("/lti/login"), login_fields(clients.here, client_id=None))
    assert_refused(page, status=400)
    deployment = {"client_id": None, "lti_deployment_id": clients.there.link.deployment_id}
    sent = Browser().post(clients.here.url("/lti/login"), login_fields(clients.here, **deployment), follow=False)
    assert sent.location is not None
    assert f"client_id={clients.there.tool.client_id}" in sent.location


def test_a_deployment_of_one_client_is_none_of_the_other(clients: Twins) -> None:
    theirs = {v.DEPLOYMENT_ID: clients.there.link.deployment_id}
    assert_refused(clients.here.forge("ada", theirs, **anywhere()).page, status=403, says="its deployment")


def test_switching_one_client_off_signs_out_its_own_people_only(clients: Twins) -> None:
    here, there = (tenant.launch("ada") for tenant in clients)
    set_platform(clients.here, state=PlatformState.DISABLED)
    assert here.browser.open(here.page.url).status == 401
    assert there.browser.open(there.page.url).status == 200
    with clients.here.database() as session:
        found = session.execute(select(SignIn.platform_id, SignIn.person_id).order_by(SignIn.id.desc()).limit(2)).all()
    assert {row.platform_id for row in found} == {tenant.platform_id for tenant in clients}
    assert len({row.person_id for row in found}) == 2


def test_an_administrator_of_one_tenant_does_not_find_the_others_connection(clients: Twins) -> None:
    clients.here.launch("tom")
    clients.here.grant("tom", Role.ADMIN)
    tom = clients.here.launch("tom").browser
    assert tom.open(clients.here.url(f"/platforms/{clients.here.platform_id}/checks")).status == 200
    assert tom.open(clients.here.url(f"/platforms/{clients.there.platform_id}/checks")).status == 404
    namesake = clients.there.launch("tom").browser
    assert namesake.open(clients.here.url(f"/platforms/{clients.here.platform_id}/checks")).status == 404


def test_the_doctor_of_one_client_looks_at_nothing_of_the_other(clients: Twins) -> None:
    for tenant in clients:
        complete(tenant, enrolment_of(tenant, tenant.launch("ada")))
    with clients.here.database() as session:
        refused = update(OutboxRow).where(OutboxRow.platform_id == clients.there.platform_id)
        session.execute(refused.values(state=OutboxState.REFUSED, problem="x", problem_code="no-right"))
    cases = []
    for tenant in clients:
        with tenant.database() as session:
            platform = session.get_one(Platform, tenant.platform_id)
            cases.append(known.read(session, platform, score_for=None, now=datetime.now(UTC)))
    assert [len(case.reasons) for case in cases] == [0, 1]
    assert [case.waiting for case in cases] == [1, 0]
    assert set(cases[0].course.columns).isdisjoint(cases[1].course.columns)


# Two deployments under one client


@pytest.fixture
def customers(connected: Connected) -> Twins:
    """One client that serves two customers (Blackboard): the same ids of people, courses and links in both."""
    set_platform(connected, shared_client=True)
    with connected.database() as session:
        now = datetime.now(UTC)
        session.add(Deployment(platform_id=connected.platform_id, deployment_id=SECOND, created_at=now))
    connected.world.deploy(connected.tool, id=SECOND)
    forget_platforms(connected)
    return Twins(connected, replace(connected, link=_second_link(connected)))


def _second_link(connected: Connected) -> Any:
    deployment = connected.world.deployments[SECOND]
    custom = {"practicum_offering": OFFERING}
    link = connected.world.add_link(
        "Second", context=connected.context, tool=connected.tool, deployment=deployment, custom=custom
    )
    connected.world.add_line_item("Second", link=link)
    return link


def test_the_same_sub_in_two_deployments_is_two_people_in_two_cohorts(customers: Twins) -> None:
    runs = [enrolment_of(tenant, tenant.launch("ada")) for tenant in customers]
    assert runs[0].person_id != runs[1].person_id
    assert runs[0].cohort_id != runs[1].cohort_id
    with customers.here.database() as session:
        found = session.execute(select(Context.deployment_id, Context.context_id)).all()
    assert {row.deployment_id for row in found} == {customers.here.link.deployment_id, SECOND}
    assert len({row.context_id for row in found}) == 1


def test_course_and_link_of_the_same_ids_are_each_deployments_own(customers: Twins) -> None:
    here = enrolment_of(customers.here, customers.here.launch("ada"))
    same = {v.DEPLOYMENT_ID: SECOND}
    there = enrolment_of(customers.here, customers.here.forge("ada", same, **anywhere()))
    assert here.cohort_id != there.cohort_id
    assert here.person_id != there.person_id
    again = enrolment_of(customers.here, customers.here.launch("ada"))
    assert again.id == here.id


def test_nobody_opens_the_enrolment_of_their_namesake_in_the_other_deployment(customers: Twins) -> None:
    visits = [tenant.launch("ada") for tenant in customers]
    assert visits[0].browser.open(visits[1].page.url).status == 404
    assert visits[1].browser.open(visits[0].page.url).status == 404


def test_a_column_that_another_deployment_names_stays_where_it_is(customers: Twins) -> None:
    here = enrolment_of(customers.here, customers.here.launch("ada"))
    same = {v.DEPLOYMENT_ID: SECOND}  # and so the first customer's column is in its claim
    liar = enrolment_of(customers.here, customers.here.forge("ada", same, **anywhere()))
    assert liar.cohort_id != here.cohort_id
    with customers.here.database() as session:
        assert session.scalars(select(LineItem.cohort_id)).all() == [here.cohort_id]
    complete(customers.here, liar)
    work_off(customers.here)
    assert customers.here.world.posts() == []
    complete(customers.here, here)
    work_off(customers.here)
    assert len(customers.here.world.posts()) == 1


def test_a_column_follows_its_course_within_one_deployment(customers: Twins) -> None:
    first = enrolment_of(customers.here, customers.here.launch("ada"))
    customers.here.publish("TST-02", "Another step")
    other = {v.CUSTOM: {"practicum_offering": "TST-02"}}
    second = enrolment_of(customers.here, customers.here.forge("ada", other))
    assert second.cohort_id != first.cohort_id
    with customers.here.database() as session:
        assert session.scalars(select(LineItem.cohort_id)).all() == [second.cohort_id]


def test_scores_of_two_deployments_go_each_to_its_own_column(customers: Twins) -> None:
    columns = [tenant.world.line_items_of(tenant.link)[0].id for tenant in customers]
    runs = [enrolment_of(tenant, tenant.launch("ada")) for tenant in customers]
    complete(customers.there, runs[1])
    work_off(customers.there)
    assert [post.line_item_id for post in customers.here.world.posts()] == [columns[1]]
    complete(customers.here, runs[0])
    work_off(customers.here)
    assert [post.line_item_id for post in customers.here.world.posts()] == [columns[1], columns[0]]


def test_a_notice_of_one_deployment_says_nothing_of_the_same_course_in_the_other(customers: Twins) -> None:
    notices.without_histories(customers.here.world)
    for tenant in customers:
        tenant.launch("ada")
    with customers.here.database() as session:
        offerings.publish(session, dataclasses.replace(content.load(TINY), version="2.0"), now=datetime.now(UTC))
    copy = customers.here.world.copy_context(customers.here.context, "Next year")
    customers.here.world.enrol("ben", copy, v.Role.LEARNER)
    address = customers.here.url("/lti/notices")
    assert notices.deliver(customers.here.world, address, [told_of_a_copy(customers.here, copy)]).status == 200
    links = {link.deployment_id: link for link in customers.here.world.links_in(copy)}
    versions = []
    for tenant in customers:
        run = enrolment_of(tenant, tenant.launch("ben", links[tenant.link.deployment_id]))
        with tenant.database() as session:
            versions.append(session.get_one(Cohort, run.cohort_id).version_id)
    assert versions[0] != versions[1]


def test_a_login_for_one_deployment_is_not_answered_by_a_launch_of_the_other(customers: Twins) -> None:
    begun = log_in(customers.here.world, "ada", customers.here.link)
    assert_refused(begun.post(begun.sign({v.DEPLOYMENT_ID: SECOND})))


def test_content_that_was_asked_for_in_one_deployment_is_given_back_to_it(customers: Twins) -> None:
    begun = log_in(customers.here.world, "ian", customers.here.context, tool=customers.here.tool, **anywhere())
    begun.post(begun.sign({v.DEPLOYMENT_ID: SECOND}))
    with customers.here.database() as session:
        kept = session.scalars(select(DeepLinkingRequest).order_by(DeepLinkingRequest.id.desc()).limit(1)).one()
        theirs = session.scalars(select(Identity.person_id).where(Identity.deployment_key == SECOND)).all()
    assert kept.deployment_id == SECOND
    assert kept.person_id in theirs
    first = customers.here.launch("ian", customers.here.context, tool=customers.here.tool).browser
    assert first.open(customers.here.url(f"/deep-linking/{kept.id}")).status == 404


def test_signing_in_from_one_deployment_ends_the_sign_in_of_the_other_in_this_browser(customers: Twins) -> None:
    visit = customers.here.launch("ada")
    token = visit.browser
    begun = log_in(customers.there.world, "ada", customers.there.link, browser=token)
    landed = begun.post()
    assert "/learn/" in landed.url
    assert landed.url != visit.page.url
    assert token.open(visit.page.url).status == 404
