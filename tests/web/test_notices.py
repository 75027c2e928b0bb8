"""An LMS tells us of a copied course; whoever else posts there is refused, and leaves nothing behind."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import urllib3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OctKey
from sqlalchemy import select, update

import content
from plugin import clock
from plugin.actions import offerings
from plugin.actions.copies import KEPT
from plugin.db.learning import Cohort, Context, Enrolment, Offering
from plugin.db.notices import ContextCopy
from plugin.db.outbox import LineItem
from plugin.db.platforms import Deployment, PlatformState, UsedNonce
from plugin.worker import housekeeping
from tests.arrivals import forget_platforms, set_platform
from tests.connected import TINY, Connected
from tests.demo_lms import REMOVED, log_in
from tests.demo_lms import notices as lms
from tests.demo_lms import vocabulary as v
from tests.demo_lms.keys import PlatformKeys
from tests.demo_lms.model import Context as Course
from tests.demo_lms.model import Link
from tests.demo_lms.vocabulary import Role
from tests.lti.junk import JUNK, places, put
from tests.notices import ask, copies
from tests.queries import counted
from tests.rows import changed, snapshot


@pytest.fixture
def told(connected: Connected) -> Connected:
    """Ada has come in, and the LMS has our handler. Launches say nothing of what was copied."""
    lms.without_histories(connected.world)
    connected.launch("ada")
    assert ask(connected) == 1
    return connected


def copied(connected: Connected, of: Course | None = None, *, learner: str = "ben") -> tuple[Course, Link]:
    """A copy of a course in the LMS, with a learner; its link."""
    copy = connected.world.copy_context(of or connected.context, "Next year")
    connected.world.enrol(learner, copy, Role.LEARNER)
    [link] = connected.world.links_in(copy)
    link = replace(link, history=())
    connected.world.links[link.id] = link
    return copy, link


def cohort_in(connected: Connected, course: Course) -> Cohort:
    with connected.database() as session:
        wanted = select(Cohort).join(Context, Context.id == Cohort.context_id)
        return session.scalars(wanted.where(Context.context_id == course.id)).one()


def publish_anew(connected: Connected) -> int:
    """A second version, which is current from now on; its id."""
    with connected.database() as session:
        return offerings.publish(session, replace(content.load(TINY), version="2.0"), now=datetime.now(UTC)).id


# A copy


def test_the_first_launch_from_a_copy_opens_a_fresh_cohort_of_the_version_that_was_copied(told: Connected) -> None:
    first = cohort_in(told, told.context)
    newest = publish_anew(told)
    copy, link = copied(told)
    [delivery] = lms.tell_of_copy(told.world, copy)
    assert (delivery.status, delivery.answer) == (200, {"taken": 1})
    before = snapshot(told.engine)
    told.launch("ben", link)
    again = cohort_in(told, copy)
    assert again.id != first.id
    assert again.version_id == first.version_id != newest
    old = {"cohorts", "enrolments", "progress", "line_items", "outbox"}
    after = snapshot(told.engine)
    assert all(before[table] == {key: after[table][key] for key in before[table]} for table in old)
    with told.database() as session:
        people = session.scalars(select(Enrolment.person_id).where(Enrolment.cohort_id == again.id)).all()
        columns = session.scalars(select(LineItem.url).where(LineItem.cohort_id == again.id)).all()
    assert people == [told.person_id("ben")]
    [column] = told.world.line_items_of(link)
    assert [column.id in url for url in columns] == [True], "the copied column is the new cohort's"


def test_without_a_notice_the_version_of_today_is_taken(told: Connected) -> None:
    newest = publish_anew(told)
    copy, link = copied(told)
    told.launch("ben", link)
    assert cohort_in(told, copy).version_id == newest


def test_a_copy_of_a_copy_that_nobody_opened_finds_its_way_back(told: Connected) -> None:
    first = cohort_in(told, told.context)
    publish_anew(told)
    between, _ = copied(told)
    last, link = copied(told, between)
    for copy in (last, between):  # in any order
        lms.tell_of_copy(told.world, copy)
    told.launch("ben", link)
    assert cohort_in(told, last).version_id == first.version_id


def test_courses_that_were_copied_to_and_fro_lead_nowhere_and_cost_no_more(told: Connected) -> None:
    courses = [told.world.add_context(f"Ring {number}") for number in range(6)]
    for one in courses:
        for other in courses:
            if one is not other:
                lms.tell_of_copy(told.world, one, origin=other)
    newest = publish_anew(told)
    told.world.enrol("ben", courses[0], Role.LEARNER)
    link = told.world.add_link("Ring", context=courses[0], tool=told.tool, custom=told.link.custom)
    began = time.monotonic()
    told.launch("ben", link)
    assert time.monotonic() - began < 3
    assert cohort_in(told, courses[0]).version_id == newest


def test_what_the_launch_says_itself_counts_before_notices(told: Connected) -> None:
    first = cohort_in(told, told.context)
    other, other_link = copied(told, learner="ian")
    told.world.enrol("ben", other, Role.LEARNER)
    newest = publish_anew(told)
    told.launch("ben", other_link)
    copy, link = copied(told)
    lms.tell_of_copy(told.world, copy, origin=other)
    custom = {**link.custom, "context_id_history": told.context.id}
    told.world.links[link.id] = replace(link, custom=custom)
    told.launch("ben", told.world.links[link.id])
    assert cohort_in(told, other).version_id == newest
    assert cohort_in(told, copy).version_id == first.version_id


def test_late_and_repeated_notices_change_nothing_of_a_course_that_is_open_already(told: Connected) -> None:
    newest = publish_anew(told)
    copy, link = copied(told)
    told.launch("ben", link)
    for _ in range(2):
        [delivery] = lms.tell_of_copy(told.world, copy)
        assert delivery.status == 200
    assert len(copies(told)) == 1
    before = snapshot(told.engine)
    told.launch("ben", link)
    assert set(changed(before, snapshot(told.engine))) == {"used_nonces", "sign_ins"}
    assert cohort_in(told, copy).version_id == newest


def test_a_course_that_holds_one_offering_already_takes_another_one_from_its_notice(told: Connected) -> None:
    """Content is copied into courses that are in use, too."""
    first = cohort_in(told, told.context)
    copy, link = copied(told)
    told.launch("ben", link)
    lms.tell_of_copy(told.world, copy)
    assert cohort_in(told, copy).version_id == first.version_id
    told.publish("TST-02", "Another step")
    custom = {"practicum_offering": "TST-02"}
    second = told.world.add_link("Another", context=copy, tool=told.tool, custom=custom)
    assert "/learn/" in told.launch("ben", second).page.url


def test_a_notice_without_an_origin_says_nothing(told: Connected) -> None:
    copy = told.world.add_context("From a file")
    [delivery] = lms.tell_of_copy(told.world, copy)
    assert delivery.status == 200
    assert copies(told) == set()


def test_a_repeat_launch_asks_nothing_of_notices(told: Connected) -> None:
    told.forge("ada")
    with counted(told.engine) as statements:
        told.forge("ada")
    assert statements
    assert not [one for one in statements if "context_copies" in one or "notice_handlers" in one]
    with counted(told.engine) as statements:
        told.forge("ian")  # the long way: what is known of the handler comes with the question for the deployment
    assert len([one for one in statements if "notice_handlers" in one]) == 1
    assert not [one for one in statements if "notice_handlers" in one and not one.startswith("SELECT")]


def test_a_delivery_costs_three_statements_however_many_notices_it_holds(told: Connected) -> None:
    def statements_for(number: int) -> int:
        made = [told.world.add_context(f"Copy {each}") for each in range(number)]
        deployment = told.world.deployments[told.link.deployment_id]
        claims = [lms.copy_notice(told.world, deployment, one, told.context) for one in made]
        with counted(told.engine) as statements:
            delivery = lms.deliver(told.world, told.url("/lti/notices"), claims)
        assert delivery.answer == {"taken": number}
        return len([one for one in statements if not one.startswith(("SAVEPOINT", "RELEASE"))])

    assert statements_for(1) == statements_for(40) == 3


def test_what_nobody_opens_for_two_years_is_forgotten(told: Connected) -> None:
    copy, _ = copied(told)
    lms.tell_of_copy(told.world, copy)
    housekeeping.sweep(told.engine, datetime.now(UTC) + KEPT - timedelta(days=1))
    assert len(copies(told)) == 1
    housekeeping.sweep(told.engine, datetime.now(UTC) + KEPT + timedelta(days=1))
    assert copies(told) == set()


# What is refused

Make = Callable[[Connected], tuple[str, ...]]


def claims_of(connected: Connected, **changes: Any) -> dict[str, Any]:
    """An honest notice's claims with changes; REMOVED takes one away."""
    deployment = connected.world.deployments[connected.link.deployment_id]
    copy = connected.world.add_context("A copy")
    made = lms.copy_notice(connected.world, deployment, copy, connected.context, **changes)
    return {name: value for name, value in made.items() if value is not REMOVED}


def said(header: dict[str, Any] | None = None, /, **changes: Any) -> Make:
    """A notice that says something else than it should, signed all the same."""

    def make(connected: Connected) -> tuple[str, ...]:
        now = int(time.time())
        resolved = {name: now + value.ahead if isinstance(value, Ahead) else value for name, value in changes.items()}
        return (connected.world.keys.sign(claims_of(connected, **resolved), header),)

    return make


class Ahead:
    """A date so many seconds from when it is sent."""

    def __init__(self, ahead: int) -> None:
        self.ahead = ahead


def by_another_key(connected: Connected) -> tuple[str, ...]:
    own = PlatformKeys()
    return (own.sign(claims_of(connected), {"kid": connected.world.keys.current.kid}),)


def by_a_key_that_is_not_published(connected: Connected) -> tuple[str, ...]:
    return (PlatformKeys().sign(claims_of(connected)),)


def with_the_public_key_as_a_secret(connected: Connected) -> tuple[str, ...]:
    public = connected.world.keys.current.as_pem(private=False)
    header = {"alg": "HS256", "kid": connected.world.keys.current.kid}
    key = OctKey.import_key(public.hex())
    return (jws.serialize_compact(header, json.dumps(claims_of(connected)), key, algorithms=["HS256"]),)


def unsigned(connected: Connected) -> tuple[str, ...]:
    head, payload, _ = connected.world.keys.sign(claims_of(connected)).split(".")
    return (f"{head}.{payload}.",)


def a_launch(connected: Connected) -> tuple[str, ...]:
    return (log_in(connected.world, "ada", connected.link).sign(),)


def a_launch_that_says_it_is_a_notice(connected: Connected) -> tuple[str, ...]:
    login = log_in(connected.world, "ada", connected.link)
    return (login.sign({v.NOTICE: claims_of(connected)[v.NOTICE]}),)


PROBES: dict[str, tuple[Make, str]] = {
    "no date of issue": (said(iat=REMOVED), "claim-missing"),
    "no end": (said(exp=REMOVED), "claim-missing"),
    "ended": (said(iat=Ahead(-900), exp=Ahead(-300)), "token-expired"),
    "two hours old and good for ever": (said(iat=Ahead(-7200), exp=Ahead(7200)), "token-expired"),
    "of tomorrow": (said(iat=Ahead(86400), exp=Ahead(90000)), "timestamps-wrong"),
    "dates that are texts": (said(iat="now"), "claim-malformed"),
    "of 1970": (said(iat=0, exp=4_000_000_000), "token-expired"),
    "for somebody else": (said(aud="else", azp="else"), "platform-unknown"),
    "for us and another, which is meant": (said(aud=["us", "else"], azp="else"), "platform-unknown"),
    "for several, and nobody is meant": (said(aud=["a", "b"], azp=REMOVED), "audience-wrong"),
    "for nobody": (said(aud=REMOVED, azp=REMOVED), "audience-wrong"),
    "of another issuer": (said(iss="https://elsewhere.example.org"), "platform-unknown"),
    "of no issuer": (said(iss=REMOVED), "claim-missing"),
    "an issuer that is a list": (said(iss=["x"]), "claim-malformed"),
    "of a deployment that is not ours": (said(**{v.DEPLOYMENT_ID: "never seen"}), "deployment-unknown"),
    "of no deployment": (said(**{v.DEPLOYMENT_ID: REMOVED}), "claim-missing"),
    "without a nonce": (said(nonce=REMOVED), "claim-missing"),
    "a nonce that is a number": (said(nonce=5), "claim-malformed"),
    "of version 1.1": (said(**{v.VERSION: "1.1.0"}), "version-wrong"),
    "no notice": (said(**{v.NOTICE: REMOVED}), "claim-missing"),
    "a notice without an id": (said(**{v.NOTICE: {"type": "LtiContextCopyNotice"}}), "claim-missing"),
    "another type of notice": (said(**{v.NOTICE: {"id": "1", "type": "LtiHelloWorldNotice"}}), "message-unknown"),
    "no copy": (said(**{v.CONTEXT: REMOVED}), "claim-missing"),
    "a copy without an id": (said(**{v.CONTEXT: {"title": "x"}}), "claim-missing"),
    "a copy with an endless id": (said(**{v.CONTEXT: {"id": "x" * 256}}), "claim-malformed"),
    "origins that are no list": (said(**{v.ORIGIN_CONTEXTS: "201"}), "claim-malformed"),
    "origins that are objects": (said(**{v.ORIGIN_CONTEXTS: [{"id": "201"}]}), "claim-malformed"),
    "too many origins": (said(**{v.ORIGIN_CONTEXTS: [str(n) for n in range(101)]}), "claim-malformed"),
    "an origin with a NUL": (said(**{v.ORIGIN_CONTEXTS: ["\0"]}), "token-malformed"),
    "no key named": (said({"kid": ""}), "key-unnamed"),
    "a key of another": (by_another_key, "signature-wrong"),
    "a key that is not published": (by_a_key_that_is_not_published, "key-unknown"),
    "an HMAC with the public key": (with_the_public_key_as_a_secret, "algorithm-refused"),
    "no signature": (unsigned, "signature-wrong"),
    "no token at all": (lambda _: ("",), "token-missing"),
    "a token that is none": (lambda _: ("a.b.c",), "token-malformed"),
    "an endless token": (lambda _: ("a" * 70_000,), "token-too-long"),
    "a launch": (a_launch, "message-unknown"),
    "a launch that says it is a notice": (a_launch_that_says_it_is_a_notice, "message-unknown"),
}


@pytest.mark.parametrize("name", PROBES)
def test_whatever_is_no_notice_of_this_lms_is_refused_in_words_and_leaves_nothing_behind(
    told: Connected, name: str
) -> None:
    make, code = PROBES[name]
    tokens = make(told)
    before = snapshot(told.engine)
    delivery = lms.post(told.world, told.url("/lti/notices"), tokens)
    assert 400 <= delivery.status < 500
    assert [one["error"] for one in delivery.answer["refused"]] == [code]
    assert delivery.answer["taken"] == 0
    assert delivery.answer["reference"]
    assert delivery.answer["refused"][0]["sentence"].endswith(".")
    moved = changed(before, snapshot(told.engine))
    assert set(moved) <= {"platforms"}, "at most the key set was fetched"


def test_a_notice_that_was_spoilt_and_signed_all_the_same_is_refused_or_says_exactly_what_it_says(
    told: Connected,
) -> None:
    """Claims dropped, or with junk in their place; forty in each delivery, through the whole application."""
    address = told.url("/lti/notices")

    @settings(max_examples=15, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def trial(data: st.DataObject) -> None:
        spoilt = []
        for _ in range(40):
            claims = claims_of(told)
            path = data.draw(st.sampled_from(list(places(claims))))
            put(claims, path, data.draw(JUNK), remove=data.draw(st.booleans()))
            spoilt.append(claims)
        before = copies(told)
        delivery = lms.post(told.world, address, tuple(signed(claims, told) for claims in spoilt))
        assert delivery.status == 200 or 400 <= delivery.status < 500
        refused = {one["number"] for one in delivery.answer.get("refused", [])}
        assert delivery.answer["taken"] == 40 - len(refused)
        kept = [claims for number, claims in enumerate(spoilt) if number not in refused]
        wanted = {
            (told.platform_id, claims[v.DEPLOYMENT_ID], claims[v.CONTEXT]["id"], origin)
            for claims in kept
            for origin in claims.get(v.ORIGIN_CONTEXTS) or ()
            if origin
        }
        assert copies(told) - before == wanted

    trial()


def signed(claims: dict[str, Any], connected: Connected) -> str:
    """A token over any JSON, NaN and half characters included."""
    key = connected.world.keys.current
    header = {"alg": "RS256", "kid": key.kid}
    return str(jws.serialize_compact(header, json.dumps(claims).encode(), key, algorithms=["RS256"]))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"notices", 400),
        (b"[" * 100_000, 400),
        (b"[]", 400),
        (b'{"notices": []}', 400),
        (b'{"notices": {"jwt": "x"}}', 400),
        (b'{"notices": ["x"]}', 400),
        (b'{"notices": [{"jwt": 5}]}', 400),
        (b'{"notices": [' + b",".join([b'{"jwt": "x"}'] * 101) + b"]}", 413),
        (b'{"notices": [{"jwt": "' + b"x" * 300_000 + b'"}]}', 413),
        (b"x" * 2_000_000, 413),
        (b"\xff\xfe", 400),
    ],
)
def test_a_delivery_that_is_none_is_refused(connected: Connected, body: bytes, status: int) -> None:
    before = snapshot(connected.engine)
    answer = urllib3.request("POST", connected.url("/lti/notices"), body=body, retries=False)
    assert answer.status == status
    assert b"Traceback" not in answer.data
    assert changed(before, snapshot(connected.engine)) == {}


def test_only_posts_are_taken(connected: Connected) -> None:
    assert urllib3.request("GET", connected.url("/lti/notices"), retries=False).status == 405


def test_the_same_notice_twice_is_refused_the_second_time_and_in_one_delivery(told: Connected) -> None:
    token = told.world.keys.sign(claims_of(told))
    address = told.url("/lti/notices")
    both = lms.post(told.world, address, (token, token))
    assert (both.status, both.answer["taken"]) == (409, 1)
    again = lms.post(told.world, address, (token,))
    assert (again.status, again.answer["refused"][0]["error"]) == (409, "nonce-used")
    assert len(copies(told)) == 1


def test_a_bad_notice_costs_the_good_ones_beside_it_nothing(told: Connected) -> None:
    good = [told.world.keys.sign(claims_of(told)) for _ in range(2)]
    delivery = lms.post(told.world, told.url("/lti/notices"), (good[0], *by_another_key(told), good[1]))
    assert delivery.status == 401
    assert delivery.answer["taken"] == 2
    assert [one["number"] for one in delivery.answer["refused"]] == [1]
    assert len(copies(told)) == 2


def test_a_notice_that_waited_in_a_queue_for_half_an_hour_is_taken(told: Connected) -> None:
    [token] = said(iat=Ahead(-1800), exp=Ahead(1800))(told)
    assert lms.post(told.world, told.url("/lti/notices"), (token,)).status == 200


def test_a_nonce_is_kept_as_long_as_its_notice_could_be_taken(told: Connected) -> None:
    token = told.world.keys.sign(claims_of(told))
    lms.post(told.world, told.url("/lti/notices"), (token,))
    with told.database() as session:
        ends = session.scalars(select(UsedNonce.expires_at).order_by(UsedNonce.expires_at.desc())).first()
    assert ends is not None
    assert ends >= datetime.now(UTC) + timedelta(seconds=3660)


def test_a_switched_off_connection_and_a_deployment_that_was_taken_away_tell_nothing(told: Connected) -> None:
    token = told.world.keys.sign(claims_of(told))
    set_platform(told, state=PlatformState.DISABLED)
    forget_platforms(told)
    refused = lms.post(told.world, told.url("/lti/notices"), (token,))
    assert refused.answer["refused"][0]["error"] == "platform-disabled"
    set_platform(told, state=PlatformState.ACTIVE)
    forget_platforms(told)
    told.launch("ada")  # and the registration is remembered for some seconds
    with told.database() as session:
        session.execute(update(Deployment).values(deployment_id="another"))
    assert lms.post(told.world, told.url("/lti/notices"), (token,)).status == 200
    assert copies(told) == set()


def test_a_new_key_of_the_lms_is_fetched_for_a_notice_too(told: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    told.world.keys.rotate()
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(minutes=2))
    told.world.travel(timedelta(minutes=2))
    copy, _ = copied(told)
    [delivery] = lms.tell_of_copy(told.world, copy)
    assert delivery.status == 200


def test_a_notice_speaks_of_its_own_lms_only(told: Connected) -> None:
    """Courses are kept by platform and deployment: the same ids of another LMS are other courses."""
    copy, _ = copied(told)
    lms.tell_of_copy(told.world, copy)
    assert copies(told) == {(told.platform_id, told.link.deployment_id, copy.id, told.context.id)}
    with told.database() as session:
        session.execute(update(ContextCopy).values(deployment_id="of another customer"))
        first = session.scalars(select(Offering.current_version_id)).one()
    newest = publish_anew(told)
    [link] = told.world.links_in(copy)
    told.launch("ben", link)
    assert cohort_in(told, copy).version_id == newest != first
