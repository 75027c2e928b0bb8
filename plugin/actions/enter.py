"""A verified launch → person, place, enrolment, and a sign-in. Nothing here trusts what the LMS calls a person."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, or_, select, update
from sqlalchemy.orm import Session

from lti.errors import LaunchRefused
from lti.launch import Launch
from lti.messages import DataPrivacyLaunch, DeepLinkingRequest, Message, ResourceLaunch, SubmissionReview
from lti.refusals import LaunchCode
from plugin.actions import audit, course_dates, link_columns, notice_handlers, privacy, show_work
from plugin.actions.open_link import (
    MAY_CHOOSE,
    Dead,
    EntryRefused,
    Who,
    enrol,
    learning_path,
    offering_of,
    open_link,
    said_of_context,
)
from plugin.actions.platforms import host_of
from plugin.db import places
from plugin.db.learning import Cohort, Context, Enrolment
from plugin.db.notices import NoticeHandler
from plugin.db.people import Identity, Person, SignIn
from plugin.db.platforms import DeepLinkingRequest as DeepLinkingRow
from plugin.db.platforms import Deployment, Platform, PlatformState
from plugin.db.sign_ins import SignedIn
from plugin.db.tokens import hashed, waiting
from plugin.db.upsert import hot_insert, hot_insert_or_nothing
from plugin.domain.people import CourseRole

SIGN_IN_LIFE = timedelta(hours=12)
WAITING_LIFE = timedelta(minutes=10)
CHOOSING_LIFE = timedelta(hours=2)
SEEN_AGAIN_AFTER = timedelta(hours=1)  # how exactly `last_launch_at` is kept: no write for each of many launches


_NEW_PERSON = hot_insert(Person, ("name", "created_at"), returning="id")
_NO_PERSON: Any = delete(Person.__table__).where(Person.__table__.c.id == bindparam("id"))  # type: ignore[arg-type]
_NEW_IDENTITY = hot_insert_or_nothing(
    Identity,
    ("platform_id", "deployment_key", "sub", "person_id", "email", "created_at", "last_launch_at"),
    returning="id",
)
_NEW_SIGN_IN = hot_insert(
    SignIn,
    (
        "token_hash",
        "person_id",
        "platform_id",
        "context_id",
        "course_role",
        "created_at",
        "expires_at",
        "waiting",
        "next_path",
        "frame_host",
    ),
)


@dataclass(frozen=True)
class Entry:
    """Somebody is in: whose sign-in it is, its token for the browser, and where they go. `signed_in` is what the token
    would find, where that is known without asking."""

    person_id: int
    name: str
    token: str
    next_path: str
    signed_in: SignedIn | None = None


def enter(session: Session, launch: Launch, *, now: datetime) -> Entry:
    """Let somebody in: remember who and where, enrol a learner, open a sign-in (a waiting one for a frame without
    cookies).

    Raises:
        EntryRefused: the launch leads nowhere; nothing of it is to be kept.
        Stranger: whoever wants to know what is kept about them was never here, and is not made anybody for asking.
        LaunchRefused: the platform was switched off since the launch was verified, its deployment taken away, or
            another one became its first at this moment.
    """
    message = launch.message
    platform = session.get_one(Platform, launch.platform.id)
    known_service = _check_still_connected(session, launch, platform)
    if launch.adopts_deployment:
        _adopt_deployment(session, platform, message.deployment_id, now)
    _learn_product(platform, message)
    if message.services.notices and message.services.notices != known_service:
        notice_handlers.offered(
            session,
            platform_id=platform.id,
            deployment_id=message.deployment_id,
            service_url=message.services.notices,
            now=now,
        )
    if isinstance(message, DataPrivacyLaunch):
        privacy.refuse_stranger(session, message, platform)
    who = _person(session, launch, platform, now)
    context_id: int | None
    if isinstance(message, ResourceLaunch):
        context_id, path = open_link(session, message, platform, who, now)
    elif isinstance(message, SubmissionReview):
        context_id, path = show_work.show_work(session, message, platform, who, now)
    elif isinstance(message, DataPrivacyLaunch):
        context_id, path = None, privacy.page_for(session, message, platform, who, now)
    else:
        context_id, path = None, _choose(session, message, platform, who, now)
    session.flush()
    return _sign_in(session.connection(), launch, who, context_id=context_id, path=path, now=now)


def _check_still_connected(session: Session, launch: Launch, platform: Platform) -> str | None:
    """Launches are verified with what was known of the platform some seconds ago. Returns where the deployment's LMS
    takes handlers of notices, as far as that is known."""
    if platform.state is not PlatformState.ACTIVE:
        raise LaunchRefused(LaunchCode.PLATFORM_DISABLED, f"platform {platform.id}")
    deployment = launch.message.deployment_id
    if launch.adopts_deployment:
        return None
    known = session.execute(
        select(NoticeHandler.service_url)
        .select_from(Deployment)
        .outerjoin(NoticeHandler, NoticeHandler.id == Deployment.id)
        .where(Deployment.platform_id == platform.id, Deployment.deployment_id == deployment)
    ).first()
    if known is None:
        raise LaunchRefused(LaunchCode.DEPLOYMENT_UNKNOWN, f"platform {platform.id}, taken away just now")
    url: str | None = known.service_url
    return url


def enter_known(connection: Connection, launch: Launch, *, now: datetime) -> Entry | None:
    """Let a member in by a link that is known: one query, and rows for what is new about them.

    None when there is more to do, which `enter` does: the LMS says something new of the place or of the person,
    somebody works there, or another launch made the same person at this moment.
    """
    message = launch.message
    if launch.adopts_deployment or not isinstance(message, ResourceLaunch):
        return None
    if message.roles.course_role.value != CourseRole.LEARNER.value:
        return None
    way = places.find_way(
        connection,
        platform=launch.platform.id,
        deployment=message.deployment_id,
        sub=message.person.sub,
        context=message.place.context_id or "",
        offering=offering_of(message),
        link=message.link_id,
        line_item=message.services.lineitem or "",
    )
    if way is None or not _is_known_place(message, way):
        return None
    if way.identity_id is None:
        who = new_person(connection, launch, "" if not way.shared_client else message.deployment_id, now)
        if who is None:
            return None
        enrolment_id = enrol(
            connection,
            person_id=who.person_id,
            identity_id=who.identity_id,
            cohort_id=way.cohort_id,
            organization_id=way.organization_id,
            now=now,
        )
    elif _is_known_member(message, way, now):
        who = Who(way.identity_id, way.person_id, way.legal_name or way.name, CourseRole.LEARNER, is_new=False)
        enrolment_id = way.enrolment_id
    else:
        return None
    path = learning_path(message, enrolment_id)
    entry = _sign_in(connection, launch, who, context_id=way.context_id, path=path, now=now)
    return entry if way.has_grants else replace(entry, signed_in=_signed_in(launch, who, way))


def _signed_in(launch: Launch, who: Who, way: Any) -> SignedIn:
    """Somebody without grants, as `find_signed_in` would find them."""
    return SignedIn(
        person_id=who.person_id,
        name=who.name,
        legal_name=way.legal_name,
        platform_id=launch.platform.id,
        platform_name=way.platform_name,
        frame_hosts=(*way.hosts, *frame_hosts(launch)[:1]),
        organization_id=way.platform_organization_id,
        time_zone=way.time_zone,
        context_id=way.context_id,
        course_role=who.course_role,
        grants=(),
    )


def _is_known_place(message: ResourceLaunch, way: Any) -> bool:
    """Whether the LMS says nothing of the place that is not stored already."""
    return (
        (way.family is not None or not message.tool_platform.family)
        and (way.line_item_id is not None or not message.services.lineitem)
        and said_of_context(message, way.title, way.context_dates)
        == (way.title, way.line_items_url, way.memberships_url, way.context_dates)
        and course_dates.as_said(message.place.link_dates, way.link_dates) == way.link_dates
    )


def _is_known_member(message: ResourceLaunch, way: Any, now: datetime) -> bool:
    """Whether they are enrolled as who they are now, and the LMS says nothing new of them."""
    name = _name(message)
    return (
        way.enrolled_identity_id == way.identity_id
        and way.last_launch_at > now - SEEN_AGAIN_AFTER
        and (not name or name == way.name)
    )


def new_person(connection: Connection, launch: Launch, deployment_key: str, now: datetime) -> Who | None:
    """Make somebody who was never here, with their identity; None when another launch did at this moment."""
    said, name = launch.message.person, _name(launch.message)
    [[person_id]] = _NEW_PERSON.all(connection, {"name": name, "created_at": now})
    identity = {
        "platform_id": launch.platform.id,
        "deployment_key": deployment_key,
        "sub": said.sub,
        "person_id": person_id,
        "email": said.email,
        "created_at": now,
        "last_launch_at": now,
    }
    made = _NEW_IDENTITY[connection.dialect.name].first(connection, identity)
    if made is None:
        connection.execute(_NO_PERSON, {"id": person_id})
        return None
    return Who(made.id, person_id, name, course_role(launch.message), is_new=True)


def course_role(message: Message) -> CourseRole:
    """What the LMS says that somebody is: in the course, or else in the LMS."""
    role = CourseRole(message.roles.course_role.value)
    if role is CourseRole.NONE and message.roles.is_lms_administrator:
        return CourseRole.ADMINISTRATOR
    return role


def _sign_in(
    connection: Connection, launch: Launch, who: Who, *, context_id: int | None, path: str, now: datetime
) -> Entry:
    """Open a sign-in: at once, or a waiting one for a frame without cookies (`arrive` goes on with it)."""
    token = secrets.token_urlsafe(32)
    row = {
        "token_hash": hashed(token) if launch.browser_bound else waiting(token, launch.nonce),
        "person_id": who.person_id,
        "platform_id": launch.platform.id,
        "context_id": context_id,
        "course_role": who.course_role,
        "created_at": now,
        "expires_at": now + (SIGN_IN_LIFE if launch.browser_bound else WAITING_LIFE),
        "waiting": not launch.browser_bound,
        "next_path": path,
        "frame_host": next(iter(frame_hosts(launch)), None),
    }
    _NEW_SIGN_IN.all(connection, row)
    return Entry(who.person_id, who.name, token, path)


def _name(message: Message) -> str:
    """What the LMS calls the person; empty when it sends no name."""
    said = message.person
    return (said.name or " ".join(part for part in (said.given, said.family) if part))[:200]


def frame_hosts(launch: Launch) -> tuple[str, ...]:
    """Hosts, with their ports, that frame this launch though its registration does not name them, as far as it says.

    Canvas shows a school's own name, for example. They may frame what this person sees; nothing is ever sent to them.
    """
    foreign = (found for found in launch.message.launch_origins if not launch.platform.serves(found))
    return tuple(found.split("://", 1)[1] for found in foreign)


def join(session: Session, *, person: int, cohort: Cohort, now: datetime) -> int:
    """Enrol somebody who came from the cohort's LMS course and asked to take the offering themselves.

    Returns the enrolment's id; twice is once.
    """
    # one after the other, for somebody who clicks twice
    session.execute(select(Person.id).where(Person.id == person).with_for_update())
    found = session.scalar(select(Enrolment.id).where(Enrolment.person_id == person, Enrolment.cohort_id == cohort.id))
    if found is not None:
        return found
    identity = session.scalars(
        select(Identity.id)
        .join(Context, Context.platform_id == Identity.platform_id)
        .where(
            Context.id == cohort.context_id,
            Identity.person_id == person,
            or_(Identity.deployment_key == "", Identity.deployment_key == Context.deployment_id),
        )
        .order_by(Identity.last_launch_at.desc())
    ).first()
    if identity is None:
        raise LookupError("whoever came from an LMS course has an identity there")
    return enrol(
        session.connection(),
        person_id=person,
        identity_id=identity,
        cohort_id=cohort.id,
        organization_id=cohort.organization_id,
        now=now,
    )


def _learn_product(platform: Platform, message: Message) -> None:
    """What the LMS says of itself, where nobody told us better: its product, and a name instead of its host. And
    whether it says what a course was copied from, which the connection doctor tells."""
    said = message.tool_platform
    if said.family and platform.family is None:
        platform.family = said.family.lower()[:64]
    if said.name and platform.name == host_of(platform.issuer):
        platform.name = said.name[:200]
    if isinstance(message, ResourceLaunch):
        platform.tells_context_history = message.place.tells_context_history
        platform.tells_link_history = message.place.tells_link_history


def _adopt_deployment(session: Session, platform: Platform, deployment_id: str, now: datetime) -> None:
    """Keep the platform's first deployment. Launches of two at once find only one of them adopted."""
    session.execute(select(Platform.id).where(Platform.id == platform.id).with_for_update())
    known = session.scalars(select(Deployment.deployment_id).where(Deployment.platform_id == platform.id)).all()
    if deployment_id in known:
        return
    if known:
        raise LaunchRefused(LaunchCode.DEPLOYMENT_UNKNOWN, f"platform {platform.id} adopted another one just now")
    session.add(Deployment(platform_id=platform.id, deployment_id=deployment_id, created_at=now))
    audit.remember(
        session,
        "adopt deployment",
        f"platform {platform.id}",
        by=None,
        organization=platform.organization_id,
        now=now,
        deployment=deployment_id,
    )


def _person(session: Session, launch: Launch, platform: Platform, now: datetime) -> Who:
    said = launch.message.person
    key = launch.message.deployment_id if platform.shared_client else ""
    name = _name(launch.message)
    found = places.find_identity(session, platform=platform.id, deployment_key=key, sub=said.sub)
    if found is None:
        made = new_person(session.connection(), launch, key, now)
        # another launch was quicker: now they are known
        return made or _person(session, launch, platform, now)
    if name and name != found.name:
        session.execute(update(Person).where(Person.id == found.person_id).values(name=name))
    session.execute(
        update(Identity)
        .where(Identity.id == found.id, Identity.last_launch_at < now - SEEN_AGAIN_AFTER)
        .values(last_launch_at=now, email=said.email)
    )
    name = found.legal_name or name or found.name
    return Who(found.id, found.person_id, name, course_role(launch.message), is_new=False)


def _choose(session: Session, message: DeepLinkingRequest, platform: Platform, who: Who, now: datetime) -> str:
    """A request to choose content, kept until it is answered."""
    if who.course_role not in MAY_CHOOSE:
        raise EntryRefused(Dead.MAY_NOT_CHOOSE, instructs=False)
    slip = message.answer_slip()
    request = DeepLinkingRow(
        person_id=who.person_id,
        platform_id=platform.id,
        deployment_id=message.deployment_id,
        settings={
            "return_url": slip.return_url,
            "data": slip.data,
            "targets": list(slip.targets),
            "accept_multiple": slip.accept_multiple,
            "accept_lineitem": slip.accept_lineitem,
            # None where the LMS says nothing of its gradebook before there is a link
            "makes_columns": link_columns.makes_columns(message.services) if message.services.ags_scopes else None,
        },
        created_at=now,
        expires_at=now + CHOOSING_LIFE,
    )
    session.add(request)
    session.flush()
    return f"/deep-linking/{request.id}"
