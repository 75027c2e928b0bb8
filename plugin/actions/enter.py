"""A verified launch → person, place, enrolment, and a sign-in. Nothing here trusts what the LMS calls a person."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import exists, insert, select, update
from sqlalchemy.orm import Session

from lti.launch import Launch
from lti.messages import DeepLinkingRequest, ResourceLaunch
from plugin.actions import scores
from plugin.db import places
from plugin.db.learning import Cohort, Context, Enrolment, EnrolmentState, Offering, ResourceLink
from plugin.db.outbox import LineItem
from plugin.db.people import Grant, Identity, OrganizationLine, Person, SignIn
from plugin.db.platforms import DeepLinkingRequest as DeepLinkingRow
from plugin.db.platforms import Deployment, Platform
from plugin.db.reflections import Reflection
from plugin.db.tokens import hashed
from plugin.domain.people import CourseRole, Role

SIGN_IN_LIFE = timedelta(hours=12)
WAITING_LIFE = timedelta(minutes=10)
CHOOSING_LIFE = timedelta(hours=2)
SEEN_AGAIN_AFTER = timedelta(hours=1)  # how exactly `last_launch_at` is kept: no write for each of many launches
MAY_CHOOSE = frozenset({CourseRole.INSTRUCTOR, CourseRole.ADMINISTRATOR})


class Dead(StrEnum):
    """Ways in that lead nowhere, each with its own sentence."""

    NOT_SET_UP = "the link names no offering"
    UNKNOWN_OFFERING = "the link names an offering that does not exist"
    MAY_NOT_CHOOSE = "a learner asks to choose content"
    NO_CONTEXT = "the launch comes from no course"


class EntryRefused(Exception):
    """The launch is genuine but leads nowhere. `choose` tells an instructor from a learner."""

    def __init__(self, why: Dead, *, instructs: bool, named: str = "") -> None:
        super().__init__(why.value)
        self.why, self.instructs, self.named = why, instructs, named


@dataclass(frozen=True)
class Entry:
    """Somebody is in: whose sign-in it is, its token for the browser, and where they go."""

    person_id: int
    name: str
    token: str
    next_path: str


@dataclass(frozen=True)
class _Who:
    identity_id: int
    person_id: int
    name: str
    course_role: CourseRole
    is_new: bool


def enter(session: Session, launch: Launch, *, now: datetime) -> Entry:
    """Let somebody in: remember who and where, enrol a learner, open a sign-in (a waiting one for a frame without
    cookies).

    Raises:
        EntryRefused: the launch leads nowhere; nothing of it is kept.
    """
    message = launch.message
    platform = session.get_one(Platform, launch.platform.id)
    if launch.adopts_deployment:
        session.add(Deployment(platform_id=platform.id, deployment_id=message.deployment_id, created_at=now))
    _learn_platform(platform, launch)
    who = _person(session, launch, platform, now)
    context_id: int | None
    if isinstance(message, ResourceLaunch):
        context_id, path = _open_link(session, message, platform, who, now)
    else:
        context_id, path = None, _choose(session, message, platform, who, now)
    token = secrets.token_urlsafe(32)
    session.execute(
        insert(SignIn),
        {
            "token_hash": hashed(token),
            "person_id": who.person_id,
            "platform_id": platform.id,
            "context_id": context_id,
            "course_role": who.course_role,
            "created_at": now,
            "expires_at": now + (SIGN_IN_LIFE if launch.browser_bound else WAITING_LIFE),
            "waiting": not launch.browser_bound,
            "next_path": path,
        },
    )
    return Entry(who.person_id, who.name, token, path)


def go_on(session: Session, token: str, *, now: datetime) -> Entry | None:
    """Turn a waiting sign-in into one for this browser, once. None when it was used or is too old."""
    fresh = secrets.token_urlsafe(32)
    changed = session.execute(
        update(SignIn)
        .where(SignIn.token_hash == hashed(token), SignIn.waiting, SignIn.expires_at > now)
        .values(token_hash=hashed(fresh), waiting=False, expires_at=now + SIGN_IN_LIFE)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]  # a cursor result
        return None
    row = session.execute(
        select(SignIn.person_id, SignIn.next_path, Person.name)
        .join(Person, Person.id == SignIn.person_id)
        .where(SignIn.token_hash == hashed(fresh))
    ).one()
    return Entry(row.person_id, row.name, fresh, row.next_path)


def join(session: Session, *, person: int, platform: int, cohort: Cohort, now: datetime) -> int:
    """Enrol somebody who asked to take the offering themselves. Returns the enrolment's id; twice is once."""
    found = session.scalar(select(Enrolment.id).where(Enrolment.person_id == person, Enrolment.cohort_id == cohort.id))
    if found is not None:
        return found
    identity = session.scalars(
        select(Identity.id).where(Identity.person_id == person, Identity.platform_id == platform)
    ).first()
    if identity is None:
        raise LookupError("a signed-in person has an identity on their platform")
    return _enrol(
        session,
        person_id=person,
        identity_id=identity,
        cohort_id=cohort.id,
        organization_id=cohort.organization_id,
        now=now,
    )


def _learn_platform(platform: Platform, launch: Launch) -> None:
    """What a verified launch tells about the LMS: its product, and the pages that frame us."""
    family = launch.message.tool_platform.family
    if family and platform.family is None:
        platform.family = family[:64].lower()
    origins = [found.split("://", 1)[1] for found in launch.message.launch_origins]
    new = [host for host in origins if host not in platform.hosts]
    if new and len(platform.hosts) < 20:
        platform.hosts = [*platform.hosts, *new]


def _person(session: Session, launch: Launch, platform: Platform, now: datetime) -> _Who:
    said = launch.message.person
    key = launch.message.deployment_id if platform.shared_client else ""
    role = CourseRole(launch.message.roles.course_role.value)
    if role is CourseRole.NONE and launch.message.roles.is_lms_administrator:
        role = CourseRole.ADMINISTRATOR
    name = (said.name or " ".join(part for part in (said.given, said.family) if part))[:200]
    found = places.find_identity(session, platform=platform.id, deployment_key=key, sub=said.sub)
    if found is not None:
        if name and name != found.name:
            session.execute(update(Person).where(Person.id == found.person_id).values(name=name))
        session.execute(
            update(Identity)
            .where(Identity.id == found.id, Identity.last_launch_at < now - SEEN_AGAIN_AFTER)
            .values(last_launch_at=now, email=said.email)
        )
        return _Who(found.id, found.person_id, found.legal_name or name or found.name, role, is_new=False)
    person = Person(name=name, created_at=now)
    session.add(person)
    session.flush()
    identity = Identity(
        platform_id=platform.id,
        deployment_key=key,
        sub=said.sub,
        person_id=person.id,
        email=said.email,
        created_at=now,
        last_launch_at=now,
    )
    session.add(identity)
    session.flush()
    return _Who(identity.id, person.id, name, role, is_new=True)


def _open_link(
    session: Session, message: ResourceLaunch, platform: Platform, who: _Who, now: datetime
) -> tuple[int, str]:
    """The cohort that a link leads to, made when it is the first launch of it."""
    instructs = who.course_role in MAY_CHOOSE
    code = message.custom.get("practicum_offering")
    if not message.place.context_id:
        raise EntryRefused(Dead.NO_CONTEXT, instructs=instructs)
    if not code:
        raise EntryRefused(Dead.NOT_SET_UP, instructs=instructs)
    known = places.find_place(
        session,
        platform=platform.id,
        deployment=message.deployment_id,
        context=message.place.context_id,
        offering=code,
        link=message.link_id,
        line_item=message.services.lineitem or "",
        person=who.person_id,
    )
    context_id = _context(session, message, platform, known, now)
    cohort_id, organization_id = known.cohort_id, known.cohort_organization_id
    if cohort_id is None or organization_id is None:
        cohort = _first_launch(session, message, platform, context_id, code, instructs=instructs, now=now)
        cohort_id, organization_id = cohort.id, cohort.organization_id
    if known.link_id is None:
        _keep_link(session, message, context_id, cohort_id, now)
    if known.line_item_id is None and message.services.lineitem:
        _keep_line_item(session, platform.id, cohort_id, message.services.lineitem, now)
    if platform.instructors_are_trainers and who.course_role is CourseRole.INSTRUCTOR:
        _make_trainer(session, who.person_id, organization_id, cohort_id, now)
    enrolment_id = known.enrolment_id
    if enrolment_id is None and who.course_role is CourseRole.LEARNER:
        if not who.is_new and _works_here(session, who.person_id, organization_id, now):
            return context_id, f"/cohorts/{cohort_id}"
        enrolment_id = _enrol(
            session,
            person_id=who.person_id,
            identity_id=who.identity_id,
            cohort_id=cohort_id,
            organization_id=organization_id,
            now=now,
        )
    elif enrolment_id is not None and (known.line_item_id is None or known.enrolment_identity_id != who.identity_id):
        _tell_again(session, enrolment_id, who.identity_id, now)
    if enrolment_id is None:
        return context_id, f"/cohorts/{cohort_id}"
    number = message.custom.get("practicum_session", "")
    return context_id, f"/learn/{enrolment_id}" + (f"?session={int(number)}" if _is_session(number) else "")


def _is_session(number: str) -> bool:
    return number.isascii() and number.isdecimal() and 0 < len(number) <= 3


def _context(session: Session, message: ResourceLaunch, platform: Platform, known: places.Known, now: datetime) -> int:
    """The LMS course, with what it says of itself today."""
    title = (message.place.context_title or message.place.context_label or known.context_title or "")[:255]
    said = (title, message.services.lineitems, message.services.memberships)
    if known.context_id is not None:
        if said != (known.context_title, known.line_items_url, known.memberships_url):
            values = dict(zip(("title", "line_items_url", "memberships_url"), said, strict=True))
            session.execute(update(Context).where(Context.id == known.context_id).values(**values))
        return known.context_id
    context = Context(
        platform_id=platform.id,
        deployment_id=message.deployment_id,
        context_id=message.place.context_id or "",
        title=title,
        line_items_url=message.services.lineitems,
        memberships_url=message.services.memberships,
        created_at=now,
    )
    session.add(context)
    session.flush()
    return context.id


def _first_launch(
    session: Session,
    message: ResourceLaunch,
    platform: Platform,
    context_id: int,
    code: str,
    *,
    instructs: bool,
    now: datetime,
) -> Cohort:
    """A new cohort, pinned to the version that is current today."""
    offering = session.scalar(select(Offering).where(Offering.code == code))
    if offering is None or offering.current_version_id is None:
        raise EntryRefused(Dead.UNKNOWN_OFFERING, instructs=instructs, named=code[:64])
    cohort = Cohort(
        organization_id=platform.organization_id,
        offering_id=offering.id,
        version_id=offering.current_version_id,
        context_id=context_id,
        name=(message.place.context_title or message.place.context_label or offering.title)[:255],
        created_at=now,
    )
    session.add(cohort)
    session.flush()
    return cohort


def _keep_link(session: Session, message: ResourceLaunch, context_id: int, cohort_id: int, now: datetime) -> None:
    """Remember the link; one that was pointed at another offering follows its new target."""
    moved = session.execute(
        update(ResourceLink)
        .where(ResourceLink.context_id == context_id, ResourceLink.resource_link_id == message.link_id)
        .values(cohort_id=cohort_id)
    )
    if moved.rowcount:  # type: ignore[attr-defined]  # a cursor result
        return
    number = message.custom.get("practicum_session", "")
    session.add(
        ResourceLink(
            context_id=context_id,
            resource_link_id=message.link_id,
            cohort_id=cohort_id,
            session_number=int(number) if _is_session(number) else None,
            created_at=now,
        )
    )


def _keep_line_item(session: Session, platform_id: int, cohort_id: int, url: str, now: datetime) -> None:
    """Remember a gradebook column; one that now belongs to another cohort follows it."""
    moved = session.execute(
        update(LineItem).where(LineItem.platform_id == platform_id, LineItem.url == url).values(cohort_id=cohort_id)
    )
    if not moved.rowcount:  # type: ignore[attr-defined]  # a cursor result
        session.add(LineItem(platform_id=platform_id, cohort_id=cohort_id, url=url, created_at=now))
        session.flush()


def _tell_again(session: Session, enrolment_id: int, identity_id: int, now: datetime) -> None:
    """A new gradebook column, or a new identity of the person, hears what was achieved already."""
    enrolment = session.get_one(Enrolment, enrolment_id)
    enrolment.identity_id = identity_id
    session.flush()
    waits = session.scalar(
        select(exists().where(Reflection.enrolment_id == enrolment_id, Reflection.waiting_since.is_not(None)))
    )
    progress = scores.current(enrolment, waits=bool(waits))
    if progress is not None:
        scores.tell(session, enrolment, progress, now=now)


def _enrol(
    session: Session, *, person_id: int, identity_id: int, cohort_id: int, organization_id: int, now: datetime
) -> int:
    enrolment = Enrolment(
        person_id=person_id,
        cohort_id=cohort_id,
        organization_id=organization_id,
        identity_id=identity_id,
        state=EnrolmentState.ACTIVE,
        enrolled_at=now,
    )
    session.add(enrolment)
    session.flush()
    return enrolment.id


def _works_here(session: Session, person_id: int, organization_id: int, now: datetime) -> bool:
    """Whether a grant of theirs reaches this organization: then a launch is the way to their work, not an enrolment."""
    today = now.date()
    return bool(
        session.scalar(
            select(
                exists().where(
                    Grant.person_id == person_id,
                    Grant.revoked_at.is_(None),
                    Grant.starts_on <= today,
                    Grant.ends_on.is_(None) | (Grant.ends_on >= today),
                    OrganizationLine.ancestor_id == Grant.organization_id,
                    OrganizationLine.organization_id == organization_id,
                )
            )
        )
    )


def _make_trainer(session: Session, person_id: int, organization_id: int, cohort_id: int, now: datetime) -> None:
    """On a platform of the union's own, instructors are trainers of their cohort; the grant says so, once."""
    known = session.scalar(
        select(Grant.id).where(Grant.person_id == person_id, Grant.role == Role.TRAINER, Grant.cohort_id == cohort_id)
    )
    if known is None:
        session.add(
            Grant(
                role=Role.TRAINER,
                organization_id=organization_id,
                cohort_id=cohort_id,
                person_id=person_id,
                starts_on=now.date(),
                created_at=now,
                bound_at=now,
            )
        )


def _choose(
    session: Session, message: DeepLinkingRequest, platform: Platform, who: _Who, now: datetime
) -> str:
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
        },
        created_at=now,
        expires_at=now + CHOOSING_LIFE,
    )
    session.add(request)
    session.flush()
    return f"/deep-linking/{request.id}"
