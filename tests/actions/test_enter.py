"""Coming in, without HTTP: what a verified launch makes and finds. Whole launches are in `tests/web/test_launch.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from lti import claims as c
from lti import messages
from lti.claims import VerifiedClaims
from lti.errors import LaunchRefused
from lti.launch import Launch
from lti.refusals import LaunchCode
from plugin.actions import enter
from plugin.actions.arrive import Waiting
from plugin.actions.open_link import Dead, EntryRefused
from plugin.db.learning import Cohort, Context, Enrolment
from plugin.db.lti_stores import Platforms
from plugin.db.outbox import WANTED, LineItem, OutboxRow
from plugin.db.people import Grant, Identity, Person, SignIn
from plugin.db.platforms import DeepLinkingRequest, Deployment, Platform, PlatformState
from plugin.db.sign_ins import find_signed_in
from plugin.db.tokens import hashed
from plugin.domain.people import Role
from tests.cast import Actor, Cast

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NONCE = "the login's"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership#"
Arrive = Callable[..., Launch]


@pytest.fixture
def arrive(cast: Cast, session: Session) -> Arrive:
    """A verified launch of somebody of the cast, by the link to their cohort; claims may be changed."""

    def make(who: Actor, *, bound: bool = True, **changes: Any) -> Launch:
        place = cast.here
        honest: dict[str, Any] = {
            "sub": who.identity.sub,
            "name": who.person.name,
            c.VERSION: "1.3.0",
            c.MESSAGE_TYPE: messages.RESOURCE_LINK_REQUEST,
            c.DEPLOYMENT_ID: "1",
            c.TARGET_LINK_URI: "http://localhost:8000/",
            c.ROLES: [f"{MEMBERSHIP}Learner"],
            c.CONTEXT: {"id": "c1", "title": "PD 1"},
            c.RESOURCE_LINK: {"id": "link-1"},
            c.CUSTOM: {"practicum_offering": "TST-01"},
            c.TOOL_PLATFORM: {"guid": "x", "product_family_code": "demo"},
            c.AGS_ENDPOINT: {"lineitem": place.line_item.url},
            **{SHORT.get(name, name): value for name, value in changes.items()},
        }
        claims = VerifiedClaims({name: value for name, value in honest.items() if value is not None})
        platform = Platforms(session).get(place.platform.id)
        assert platform is not None
        return Launch(
            platform=platform,
            message=messages.read(claims),
            claims=claims,
            browser_bound=bound,
            cookie_name="x",
            nonce=NONCE,
        )

    return make


SHORT = {
    "roles": c.ROLES,
    "context": c.CONTEXT,
    "link": c.RESOURCE_LINK,
    "custom": c.CUSTOM,
    "endpoint": c.AGS_ENDPOINT,
    "roster": c.NRPS_SERVICE,
    "deployment": c.DEPLOYMENT_ID,
    "presentation": c.LAUNCH_PRESENTATION,
    "kind": c.MESSAGE_TYPE,
    "settings": c.DEEP_LINKING_SETTINGS,
}


def sign_in_of(session: Session, entry: enter.Entry) -> dict[str, Any]:
    """The sign-in of an entry, without what is new each time."""
    hashes = (hashed(entry.token), Waiting(entry.token, NONCE).hash)
    row = session.execute(select(SignIn.__table__).where(SignIn.token_hash.in_(hashes))).mappings().one()
    return {name: value for name, value in row.items() if name not in {"id", "token_hash"}}


def settled(session: Session, arrive: Arrive, who: Actor) -> None:
    """They came in before, a moment ago: all that a launch says is known."""
    enter.enter(session, arrive(who), now=NOW)
    session.execute(update(Identity).values(last_launch_at=NOW))
    session.flush()


# The short way in


def test_the_short_way_in_leads_where_the_long_one_does(cast: Cast, session: Session, arrive: Arrive) -> None:
    settled(session, arrive, cast.ada)
    for changes in (
        {},
        {"bound": False},
        {"custom": {"practicum_offering": "TST-01", "practicum_session": "1"}},
        {"presentation": {"return_url": "https://elsewhere.example/x"}},
        {"name": None},
    ):
        quick = enter.enter_known(session.connection(), arrive(cast.ada, **changes), now=NOW)
        assert quick is not None
        whole = enter.enter(session, arrive(cast.ada, **changes), now=NOW)
        assert (quick.person_id, quick.name, quick.next_path) == (whole.person_id, whole.name, whole.next_path)
        assert sign_in_of(session, quick) == sign_in_of(session, whole)
        assert quick.token != whole.token
        if "bound" not in changes:
            assert quick.signed_in == find_signed_in(session.connection(), hashed(quick.token), NOW)


def test_the_short_way_knows_who_is_signed_in_unless_they_hold_a_grant(
    cast: Cast, session: Session, arrive: Arrive
) -> None:
    settled(session, arrive, cast.ada)
    new = enter.enter_known(session.connection(), arrive(cast.ada, sub="new", name="Nia New"), now=NOW)
    assert new is not None
    assert new.signed_in is not None
    assert new.signed_in == find_signed_in(session.connection(), hashed(new.token), NOW)
    starts = {"organization_id": new.signed_in.organization_id, "starts_on": NOW.date(), "created_at": NOW}
    session.add(Grant(role=Role.VIEWER, person_id=new.person_id, bound_at=NOW, **starts))
    session.flush()
    again = enter.enter_known(session.connection(), arrive(cast.ada, sub="new", name="Nia New"), now=NOW)
    assert again is not None
    assert again.signed_in is None


NEWS: dict[str, dict[str, Any]] = {
    "another name": {"name": "Ada Okafor-Lind"},
    "another title": {"context": {"id": "c1", "title": "PD, autumn"}},
    "another course": {"context": {"id": "c2", "title": "PD 1"}},
    "another link": {"link": {"id": "link-2"}},
    "another offering": {"custom": {"practicum_offering": "TST-02"}},
    "no offering": {"custom": {}},
    "another column": {"endpoint": {"lineitem": "https://lms1.example.org/items/2"}},
    "a list of columns": {"endpoint": {"lineitems": "https://lms1.example.org/items"}},
    "a roster": {"roster": {"context_memberships_url": "https://lms1.example.org/roster"}},
    "a role that teaches": {"roles": [f"{MEMBERSHIP}Instructor"]},
    "no role": {"roles": []},
    "another deployment": {"deployment": "2"},
    "no course": {"context": None},
}


def test_the_short_way_is_not_taken_when_there_is_news(cast: Cast, session: Session, arrive: Arrive) -> None:
    settled(session, arrive, cast.ada)
    before = session.scalar(select(func.count()).select_from(SignIn))
    for news, changes in NEWS.items():
        assert enter.enter_known(session.connection(), arrive(cast.ada, **changes), now=NOW) is None, news
    assert session.scalar(select(func.count()).select_from(SignIn)) == before


def test_the_short_way_is_not_taken_by_whoever_has_to_be_looked_after(
    cast: Cast, session: Session, arrive: Arrive
) -> None:
    settled(session, arrive, cast.ada)
    assert enter.enter_known(session.connection(), arrive(cast.ada), now=NOW + timedelta(hours=2)) is None, (
        "not seen for long"
    )
    assert enter.enter_known(session.connection(), arrive(cast.tom), now=NOW) is None, "not enrolled"
    adopting = replace(arrive(cast.ada), adopts_deployment=True)
    assert enter.enter_known(session.connection(), adopting, now=NOW) is None


def test_the_short_way_makes_somebody_new_as_the_long_one_does(cast: Cast, session: Session, arrive: Arrive) -> None:
    settled(session, arrive, cast.ada)

    def made(entry: enter.Entry) -> dict[str, Any]:
        row = session.execute(
            select(Person.name, Identity.platform_id, Identity.deployment_key, Identity.email, Identity.last_launch_at)
            .add_columns(Enrolment.cohort_id, Enrolment.organization_id, Enrolment.state, Enrolment.enrolled_at)
            .join(Identity, Identity.person_id == Person.id)
            .join(Enrolment, Enrolment.identity_id == Identity.id)
            .where(Person.id == entry.person_id, Enrolment.person_id == entry.person_id)
        )
        return dict(row.mappings().one())

    for number, shared in enumerate((False, True)):
        session.execute(update(Platform).values(shared_client=shared))
        new = {"name": "Nia New", "email": "nia@example.org"}
        quick = enter.enter_known(session.connection(), arrive(cast.ada, sub=f"quick-{number}", **new), now=NOW)
        assert quick is not None
        whole = enter.enter(session, arrive(cast.ada, sub=f"whole-{number}", **new), now=NOW)
        assert made(quick) == made(whole)
        assert made(quick)["name"] == "Nia New"
        assert quick.person_id != whole.person_id
        again = enter.enter_known(session.connection(), arrive(cast.ada, sub=f"quick-{number}", **new), now=NOW)
        assert again is not None
        assert (again.person_id, again.next_path) == (quick.person_id, quick.next_path)


def test_nobody_comes_in_when_the_connection_was_cut_since_the_launch_was_verified(
    cast: Cast, session: Session, arrive: Arrive
) -> None:
    """What a launch is verified with may be some seconds old."""
    settled(session, arrive, cast.ada)
    for sub in (cast.ada.identity.sub, "somebody new"):
        verified = arrive(cast.ada, sub=sub)
        session.execute(update(Platform).values(state=PlatformState.DISABLED))
        assert enter.enter_known(session.connection(), verified, now=NOW) is None
        with pytest.raises(LaunchRefused, match=LaunchCode.PLATFORM_DISABLED):
            enter.enter(session, verified, now=NOW)
        session.execute(update(Platform).values(state=PlatformState.ACTIVE))
        session.execute(update(Deployment).values(deployment_id="moved"))
        assert enter.enter_known(session.connection(), verified, now=NOW) is None
        with pytest.raises(LaunchRefused, match=LaunchCode.DEPLOYMENT_UNKNOWN):
            enter.enter(session, verified, now=NOW)
        session.execute(update(Deployment).values(deployment_id="1"))


# Who and where


def test_a_course_is_kept_with_what_it_says_of_itself_today(cast: Cast, session: Session, arrive: Arrive) -> None:
    new = {"lineitem": cast.here.line_item.url, "lineitems": "https://lms1.example.org/all"}
    roster = {"context_memberships_url": "https://lms1.example.org/roster"}
    enter.enter(
        session, arrive(cast.ada, context={"id": "c1", "title": "Autumn"}, endpoint=new, roster=roster), now=NOW
    )
    session.expire_all()
    context = session.get_one(Context, cast.here.context.id)
    assert (context.title, context.line_items_url, context.memberships_url) == (
        "Autumn",
        "https://lms1.example.org/all",
        "https://lms1.example.org/roster",
    )


def test_an_untitled_launch_leaves_the_title(cast: Cast, session: Session, arrive: Arrive) -> None:
    enter.enter(session, arrive(cast.ada, context={"id": "c1"}), now=NOW)
    session.expire_all()
    assert session.get_one(Context, cast.here.context.id).title == "PD 1"


def test_a_course_copy_is_a_new_cohort_with_the_version_that_is_current(
    cast: Cast, session: Session, arrive: Arrive
) -> None:
    entry = enter.enter(session, arrive(cast.ada, context={"id": "copy", "title": "PD 1 copy"}), now=NOW)
    cohort = session.scalars(select(Cohort).order_by(Cohort.id.desc())).first()
    assert cohort is not None
    assert (cohort.name, cohort.organization_id) == ("PD 1 copy", cast.here.organization.id)
    assert cohort.version_id == cast.here.cohort.version_id
    mine = session.scalars(select(Enrolment).where(Enrolment.person_id == cast.ada.id)).all()
    assert len(mine) == 2
    assert entry.next_path == f"/learn/{mine[-1].id}"


def test_the_same_sub_on_two_platforms_is_two_people(cast: Cast, session: Session, arrive: Arrive) -> None:
    session.execute(update(Identity).where(Identity.id == cast.other.ada.identity.id).values(sub="17"))
    entry = enter.enter(session, arrive(cast.ada, sub="17"), now=NOW)
    assert entry.person_id not in {cast.ada.id, cast.other.ada.id}


def test_when_somebody_was_seen_is_kept_to_the_hour(cast: Cast, session: Session, arrive: Arrive) -> None:
    """No write for each of many launches."""
    session.execute(update(Identity).values(last_launch_at=NOW - timedelta(minutes=59)))
    enter.enter(session, arrive(cast.ada, email="ada@example.org"), now=NOW)
    session.expire_all()
    assert session.get_one(Identity, cast.ada.identity.id).last_launch_at == NOW - timedelta(minutes=59)
    enter.enter(session, arrive(cast.ada, email="ada@example.org"), now=NOW + timedelta(minutes=2))
    session.expire_all()
    identity = session.get_one(Identity, cast.ada.identity.id)
    assert (identity.last_launch_at, identity.email) == (NOW + timedelta(minutes=2), "ada@example.org")


def test_a_name_is_put_together_where_the_lms_sends_its_parts(cast: Cast, session: Session, arrive: Arrive) -> None:
    entry = enter.enter(
        session, arrive(cast.ada, sub="new", name=None, given_name="Núria", family_name="Ferrer"), now=NOW
    )
    assert session.get_one(Person, entry.person_id).name == "Núria Ferrer"


NOWHERE: dict[str, tuple[dict[str, Any], Dead, bool]] = {
    "no offering": ({"custom": {}}, Dead.NOT_SET_UP, False),
    "a blank offering": ({"custom": {"practicum_offering": " "}}, Dead.NOT_SET_UP, False),
    "a variable that the LMS does not know": (
        {"custom": {"practicum_offering": "$Practicum.offering"}},
        Dead.NOT_SET_UP,
        False,
    ),
    "an offering that is none": (
        {"custom": {"practicum_offering": "NOPE"}, "roles": [f"{MEMBERSHIP}Instructor"]},
        Dead.UNKNOWN_OFFERING,
        True,
    ),
    "no course": ({"context": None}, Dead.NO_CONTEXT, False),
}


def test_a_launch_that_leads_nowhere_says_why(cast: Cast, session: Session, arrive: Arrive) -> None:
    for name, (changes, why, instructs) in NOWHERE.items():
        with pytest.raises(EntryRefused) as refused:
            enter.enter(session, arrive(cast.ada, **changes), now=NOW)
        assert (refused.value.why, refused.value.instructs) == (why, instructs), name


def test_a_request_to_choose_is_kept_as_it_was_verified(cast: Cast, session: Session, arrive: Arrive) -> None:
    settings = {
        "deep_link_return_url": "https://lms1.example.org/return",
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe"],
        "data": "kept",
    }
    launch = arrive(cast.ian, kind=messages.DEEP_LINKING_REQUEST, settings=settings, roles=[f"{MEMBERSHIP}Instructor"])
    entry = enter.enter(session, launch, now=NOW)
    request = session.scalars(select(DeepLinkingRequest)).one()
    assert entry.next_path == f"/deep-linking/{request.id}"
    assert request.person_id == cast.ian.id
    assert request.settings == {
        "return_url": "https://lms1.example.org/return",
        "data": "kept",
        "targets": ["iframe"],
        "accept_multiple": None,
        "accept_lineitem": None,
        "makes_columns": None,
    }


# Columns


def test_somebody_who_comes_with_another_identity_is_told_about_there(
    cast: Cast, session: Session, arrive: Arrive
) -> None:
    """After a merge: the cells of the account they come with hear what was achieved."""
    assert cast.ada.enrolment is not None
    other = Identity(
        platform_id=cast.here.platform.id,
        deployment_key="",
        sub="second account",
        person_id=cast.ada.id,
        created_at=NOW,
        last_launch_at=NOW,
    )
    session.add(other)
    session.execute(update(Enrolment).where(Enrolment.id == cast.ada.enrolment.id).values(started_at=NOW))
    session.flush()
    enter.enter(session, arrive(cast.ada, sub="second account"), now=NOW)
    session.expire_all()
    assert session.get_one(Enrolment, cast.ada.enrolment.id).identity_id == other.id
    assert session.scalars(select(OutboxRow.user_id)).all() == ["second account"]


def test_a_column_that_moves_to_another_cohort_follows(cast: Cast, session: Session, arrive: Arrive) -> None:
    enter.enter(session, arrive(cast.ada, context={"id": "copy", "title": "Copy"}), now=NOW)
    session.expire_all()
    assert session.get_one(LineItem, cast.here.line_item.id).cohort_id != cast.here.cohort.id
    assert session.scalar(select(func.count()).select_from(LineItem)) == 2, "the other organization's is untouched"


def test_a_new_column_of_a_large_cohort_hears_of_everybody_within_the_launch(
    cast: Cast, session: Session, arrive: Arrive
) -> None:
    """Eighty people who began before the column was there."""
    count = 80
    people = session.scalars(insert(Person).returning(Person.id), [{"name": "x", "created_at": NOW}] * count).all()
    identities = session.scalars(
        insert(Identity).returning(Identity.id),
        [
            {
                "platform_id": cast.here.platform.id,
                "deployment_key": "",
                "sub": f"many-{person}",
                "person_id": person,
                "created_at": NOW,
                "last_launch_at": NOW,
            }
            for person in people
        ],
    ).all()
    session.execute(
        insert(Enrolment),
        [
            {
                "person_id": person,
                "cohort_id": cast.here.cohort.id,
                "organization_id": cast.here.organization.id,
                "identity_id": identity,
                "state": "active",
                "enrolled_at": NOW,
                "started_at": NOW,
            }
            for person, identity in zip(people, identities, strict=True)
        ],
    )
    session.flush()
    enter.enter(session, arrive(cast.ada, endpoint={"lineitem": "https://lms1.example.org/items/new"}), now=NOW)
    told = session.execute(
        select(LineItem.url, func.count()).join(OutboxRow, OutboxRow.line_item_id == LineItem.id).group_by(LineItem.url)
    ).all()
    assert dict(told)["https://lms1.example.org/items/new"] == count


def test_a_column_that_no_launch_names_is_wanted_once_until_one_does(
    cast: Cast, session: Session, arrive: Arrive
) -> None:
    place = {"lineitems": "https://lms1.example.org/items", "scope": [c.SCOPE_LINE_ITEM]}
    elsewhere: dict[str, Any] = {"context": {"id": "c-new", "title": "PD 9"}}

    def columns() -> list[str]:
        made = select(LineItem.url).join(Cohort, Cohort.id == LineItem.cohort_id).where(Cohort.name == "PD 9")
        return list(session.scalars(made))

    enter.enter(session, arrive(cast.ada, endpoint={**place, "scope": []}, **elsewhere), now=NOW)
    assert columns() == [], "this LMS lets nobody make columns"
    for link in ("link-7", "link-8"):
        enter.enter(session, arrive(cast.ada, endpoint=place, link={"id": link}, **elsewhere), now=NOW)
    [wanted] = columns()
    assert wanted.startswith(WANTED)
    named = {**place, "lineitem": "https://lms1.example.org/items/7"}
    enter.enter(session, arrive(cast.ada, endpoint=named, **elsewhere), now=NOW)
    assert columns() == ["https://lms1.example.org/items/7"]
    enter.enter(session, arrive(cast.ada, endpoint=place, link={"id": "link-9"}, **elsewhere), now=NOW)
    assert columns() == ["https://lms1.example.org/items/7"]
