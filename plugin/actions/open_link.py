"""The place that a launch leads to: course, cohort, link, gradebook column, enrolment, made when they are first met."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, exists, select, update
from sqlalchemy.orm import Session

from lti.messages import ResourceLaunch
from plugin.actions import audit, course_dates, groups, link_columns
from plugin.db import notices, places
from plugin.db.learning import Cohort, Context, Enrolment, EnrolmentState, Offering, ResourceLink
from plugin.db.people import Grant, OrganizationLine, Person
from plugin.db.platforms import Platform
from plugin.db.upsert import hot_insert
from plugin.domain.people import CourseRole, Role

MAY_CHOOSE = frozenset({CourseRole.INSTRUCTOR, CourseRole.ADMINISTRATOR})


class Dead(StrEnum):
    """Ways in that lead nowhere, each with its own sentence."""

    NOT_SET_UP = "the link names no offering"
    UNKNOWN_OFFERING = "the link names an offering that does not exist"
    MAY_NOT_CHOOSE = "a learner asks to choose content"
    NO_CONTEXT = "the launch comes from no course"
    NO_COLUMN = "the gradebook's column belongs to nothing here"
    NOTHING_YET = "a member opens their own cell before they began"
    NOT_YOURS = "the gradebook's cell is somebody else's"


class EntryRefused(Exception):
    """The launch is genuine but leads nowhere. `instructs` tells an instructor from a learner.

    `named` is the offering that the link asks for.
    """

    def __init__(self, why: Dead, *, instructs: bool, named: str = "") -> None:
        super().__init__(why.value)
        self.why, self.instructs, self.named = why, instructs, named


@dataclass(frozen=True)
class Who:
    """Somebody who comes in: with which identity, and what the LMS says they are in the course."""

    identity_id: int
    person_id: int
    name: str
    course_role: CourseRole
    is_new: bool


def open_link(
    session: Session, message: ResourceLaunch, platform: Platform, who: Who, now: datetime
) -> tuple[int, str]:
    """The LMS course's id, and the page that a link leads to; what is new about it is made.

    Raises:
        EntryRefused: the link says no course, or no offering that exists.
    """
    instructs = who.course_role in MAY_CHOOSE
    code = offering_of(message)
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
    if message.services.groups and message.services.groups != known.groups_url:
        groups.offered(session, context_id, message.services.groups)
    cohort_id, organization_id = known.cohort_id, known.cohort_organization_id
    if cohort_id is None or organization_id is None:
        cohort = _first_launch(session, message, platform, context_id, code, instructs=instructs, now=now)
        cohort_id, organization_id = cohort.id, cohort.organization_id
        known = replace(known, version_id=cohort.version_id)
    if known.link_id is None:
        _keep_link(session, message, context_id, cohort_id, now)
    _keep_dates(session, message, known, context_id, cohort_id)
    enrolment_id = known.enrolment_id
    if enrolment_id is not None and known.enrolment_identity_id != who.identity_id:
        _change_identity(session, enrolment_id, who.identity_id, now)
    link_columns.keep(session, message, platform, known, cohort_id=cohort_id, now=now)
    if platform.instructors_are_trainers and who.course_role is CourseRole.INSTRUCTOR:
        _make_trainer(session, who.person_id, organization_id, cohort_id, now)
    if enrolment_id is None and who.course_role is CourseRole.LEARNER:
        if not who.is_new and _works_here(session, who.person_id, organization_id, cohort_id, now):
            return context_id, f"/cohorts/{cohort_id}"
        enrolment_id = enrol(
            session.connection(),
            person_id=who.person_id,
            identity_id=who.identity_id,
            cohort_id=cohort_id,
            organization_id=organization_id,
            now=now,
        )
    if enrolment_id is None:
        return context_id, f"/cohorts/{cohort_id}"
    return context_id, learning_path(message, enrolment_id)


def offering_of(message: ResourceLaunch) -> str:
    """The code of the offering that a link opens; it may be written by hand. Empty when it names none."""
    return message.custom.get("practicum_offering", "").strip()


def learning_path(message: ResourceLaunch, enrolment_id: int) -> str:
    """The page on which a member goes on."""
    number = link_columns.session_number(message)
    return f"/learn/{enrolment_id}" + (f"?session={number}" if number else "")


def said_of_context(
    message: ResourceLaunch, known_title: str | None, known_dates: str | None
) -> tuple[str, str | None, str | None, str | None]:
    """What the LMS says of its course today: title, addresses of line items and roster, its days."""
    title = (message.place.context_title or message.place.context_label or known_title or "")[:255]
    said = course_dates.as_said(message.place.course_dates, known_dates)
    return title, message.services.lineitems, message.services.memberships, said


def _context(session: Session, message: ResourceLaunch, platform: Platform, known: places.Known, now: datetime) -> int:
    """The LMS course, with what it says of itself today."""
    said = said_of_context(message, known.context_title, known.context_dates)
    days = course_dates.of_course(message.place.course_dates)
    if known.context_id is not None:
        if said != (known.context_title, known.line_items_url, known.memberships_url, known.context_dates):
            values = dict(zip(("title", "line_items_url", "memberships_url"), said, strict=False)) | days
            session.execute(update(Context).where(Context.id == known.context_id).values(**values))
        return known.context_id
    context = Context(
        platform_id=platform.id,
        deployment_id=message.deployment_id,
        context_id=message.place.context_id or "",
        title=said[0],
        line_items_url=said[1],
        memberships_url=said[2],
        created_at=now,
        **days,
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
    """A new cohort, pinned to the version that is current today; that of a copied LMS course, to the version it had.

    A copy is a fresh run: nothing of the cohort that it was copied from is touched, and nobody of it comes along.
    """
    offering = session.scalar(select(Offering).where(Offering.code == code))
    if offering is None or offering.current_version_id is None:
        raise EntryRefused(Dead.UNKNOWN_OFFERING, instructs=instructs, named=code[:64])
    copied = _copied_from(session, message, platform, offering.id)
    cohort = Cohort(
        organization_id=platform.organization_id,
        offering_id=offering.id,
        version_id=copied.version_id if copied else offering.current_version_id,
        context_id=context_id,
        name=(message.place.context_title or message.place.context_label or offering.title)[:255],
        created_at=now,
    )
    session.add(cohort)
    session.flush()
    if copied:
        audit.remember(
            session,
            "copy cohort",
            f"cohort {cohort.id}",
            by=None,
            organization=cohort.organization_id,
            now=now,
            copied_from=copied.id,
        )
    return cohort


def _copied_from(session: Session, message: ResourceLaunch, platform: Platform, offering_id: int) -> Any | None:
    """The id and version_id of the cohort in the LMS course that this one was copied from; the nearest copy counts.

    By the history that the launch tells, else by the notices that the LMS sent.
    """
    return _by_history(session, message, platform, offering_id) or notices.nearest_origin(
        session,
        platform=platform.id,
        deployment=message.deployment_id,
        context=message.place.context_id or "",
        offering=offering_id,
    )


def _by_history(session: Session, message: ResourceLaunch, platform: Platform, offering_id: int) -> Any | None:
    history = message.place.context_history
    if not history:
        return None
    found = session.execute(
        select(Cohort.id, Cohort.version_id, Context.context_id)
        .join(Context, Context.id == Cohort.context_id)
        .where(
            Context.platform_id == platform.id,
            Context.deployment_id == message.deployment_id,
            Context.context_id.in_(history),
            Cohort.offering_id == offering_id,
        )
    ).all()
    return min(found, key=lambda row: history.index(row.context_id), default=None)


def _keep_link(session: Session, message: ResourceLaunch, context_id: int, cohort_id: int, now: datetime) -> None:
    """Remember the link; one that was pointed at another offering follows its new target. The columns that were chosen
    with it are the cohort's from now on."""
    choice = link_columns.says(message).choice
    if choice is not None:
        session.execute(update(Cohort).where(Cohort.id == cohort_id).values(column_choice=choice))
    moved = session.execute(
        update(ResourceLink)
        .where(ResourceLink.context_id == context_id, ResourceLink.resource_link_id == message.link_id)
        .values(cohort_id=cohort_id, session_number=link_columns.session_number(message))
    )
    if moved.rowcount:  # type: ignore[attr-defined]  # a cursor result
        return
    session.add(
        ResourceLink(
            context_id=context_id,
            resource_link_id=message.link_id,
            cohort_id=cohort_id,
            session_number=link_columns.session_number(message),
            created_at=now,
        )
    )


def _keep_dates(
    session: Session, message: ResourceLaunch, known: places.Known, context_id: int, cohort_id: int
) -> None:
    """Keep what the LMS says of days, where it is new."""
    place = message.place
    if course_dates.as_said(place.link_dates, known.link_dates) != known.link_dates:
        session.flush()
        link = (ResourceLink.context_id == context_id, ResourceLink.resource_link_id == message.link_id)
        session.execute(update(ResourceLink).where(*link).values(**course_dates.of_link(place.link_dates)))
        course_dates.refresh(session, Cohort.id == cohort_id)
    if course_dates.as_said(place.course_dates, known.context_dates) != known.context_dates:
        course_dates.refresh(session, Cohort.context_id == context_id)
    elif known.cohort_id is None and known.context_dates is not None:
        course_dates.refresh(session, Cohort.id == cohort_id)


def _change_identity(session: Session, enrolment_id: int, identity_id: int, now: datetime) -> None:
    """They come with another of their accounts: its gradebook cells hear what was achieved already."""
    enrolment = session.get_one(Enrolment, enrolment_id)
    enrolment.identity_id = identity_id
    session.flush()
    link_columns.tell_again(session, Enrolment.id == enrolment_id, now)


_NEW_ENROLMENT = hot_insert(
    Enrolment, ("person_id", "cohort_id", "organization_id", "identity_id", "state", "enrolled_at"), returning="id"
)


def enrol(
    connection: Connection, *, person_id: int, identity_id: int, cohort_id: int, organization_id: int, now: datetime
) -> int:
    """Put somebody into a cohort; the enrolment's id."""
    row = {
        "person_id": person_id,
        "cohort_id": cohort_id,
        "organization_id": organization_id,
        "identity_id": identity_id,
        "state": EnrolmentState.ACTIVE,
        "enrolled_at": now,
    }
    [[made]] = _NEW_ENROLMENT.all(connection, row)
    return int(made)


def _works_here(session: Session, person_id: int, organization_id: int, cohort_id: int, now: datetime) -> bool:
    """Whether a grant of theirs reaches this cohort: then a launch is the way to their work, not an enrolment."""
    today = now.date()
    return bool(
        session.scalar(
            select(
                exists().where(
                    Grant.person_id == person_id,
                    Grant.revoked_at.is_(None),
                    Grant.starts_on <= today,
                    Grant.ends_on.is_(None) | (Grant.ends_on >= today),
                    Grant.cohort_id.is_(None) | (Grant.cohort_id == cohort_id),
                    OrganizationLine.ancestor_id == Grant.organization_id,
                    OrganizationLine.organization_id == organization_id,
                )
            )
        )
    )


def _make_trainer(session: Session, person_id: int, organization_id: int, cohort_id: int, now: datetime) -> None:
    """On a platform of the union's own, instructors are trainers of their cohort; the grant says so, once.

    One that was revoked, or has ended, is not made again.
    """
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())  # two frames, one grant
    known = session.scalar(
        select(Grant.id).where(Grant.person_id == person_id, Grant.role == Role.TRAINER, Grant.cohort_id == cohort_id)
    )
    if known is not None:
        return
    grant = Grant(
        role=Role.TRAINER,
        organization_id=organization_id,
        cohort_id=cohort_id,
        person_id=person_id,
        starts_on=now.date(),
        created_at=now,
        bound_at=now,
    )
    session.add(grant)
    session.flush()
    audit.remember(
        session,
        "make instructor a trainer",
        f"grant {grant.id}",
        by=None,
        organization=organization_id,
        now=now,
        cohort=cohort_id,
    )
