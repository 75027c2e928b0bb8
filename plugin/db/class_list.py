"""Who is in the LMS course of a cohort, beside how far they are with it: counts, and names by key.

The roster says who is there, our own rows what they did. A cohort comes in here through its door.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session

from plugin.db.groups import listed_in
from plugin.db.learning import Cohort, Context, Enrolment, Offering
from plugin.db.people import Grant, Identity, Organization, OrganizationLine, Person
from plugin.db.platforms import Platform, PlatformState
from plugin.db.reach import Reach, reached
from plugin.db.rosters import Roster, RosterMember, RosterTurn
from plugin.domain.people import CourseRole
from plugin.domain.rosters import MemberStatus, Reached


@dataclass(frozen=True)
class Course:
    """The LMS course of a cohort, and how fresh what we know of it is.

    `has_service`: the LMS tells where its roster is. `is_connected`: the connection to the LMS is switched on.
    """

    cohort_id: int
    organization_id: int
    context_id: int
    platform_id: int
    lms: str
    deployment_key: str
    has_service: bool
    is_connected: bool
    read_at: datetime | None
    tried_at: datetime | None
    wanted_at: datetime | None
    problem: str | None
    problem_code: str | None
    paused_until: datetime | None


@dataclass(frozen=True)
class Line:
    """Somebody of the list; `name` is empty where neither they nor the LMS gave one, `since` is when the LMS named them
    first."""

    id: int
    name: str
    status: MemberStatus
    since: datetime
    gone_at: datetime | None
    enrolled_at: datetime | None
    started_at: datetime | None
    completed_at: datetime | None
    last_activity_at: datetime | None


@dataclass(frozen=True)
class Page:
    """A piece of the list; the ids of its ends where more follows in that direction."""

    lines: list[Line]
    before: int | None
    after: int | None


def course_of(session: Session, cohort: Cohort) -> Course | None:
    """The cohort's LMS course; None for a cohort that is in none."""
    row = session.execute(
        select(
            Context.id,
            Context.platform_id,
            Platform.name,
            case((Platform.shared_client, Context.deployment_id), else_=""),
            Context.memberships_url.is_not(None),
            Platform.state == PlatformState.ACTIVE,
            Roster.read_at,
            Roster.tried_at,
            Roster.wanted_at,
            Roster.problem,
            Roster.problem_code,
            RosterTurn.paused_until,
        )
        .join(Platform, Platform.id == Context.platform_id)
        .outerjoin(Roster, Roster.context_id == Context.id)
        .outerjoin(RosterTurn, RosterTurn.platform_id == Context.platform_id)
        .where(Context.id == cohort.context_id)
    ).one_or_none()
    return None if row is None else Course(cohort.id, cohort.organization_id, *row)


def counts(session: Session, course: Course, *, today: date, group: int | None = None) -> Mapping[Reached, int]:
    """How many are how far; of a group of the course, or of all."""
    far = _reached(course, today).label("far")
    found = session.execute(_listed(course, select(far, func.count()), group).group_by(far))
    known = {Reached(name): count for name, count in found if name is not None}
    return {each: known.get(each, 0) for each in Reached}


def came_since(session: Session, course: Course) -> int:
    """How many opened it who are not on the list: they came into the LMS course after it was read."""
    known = exists().where(RosterMember.context_id == course.context_id, RosterMember.user_id == Identity.sub)
    return (
        session.scalar(
            select(func.count())
            .select_from(Enrolment)
            .join(Identity, Identity.id == Enrolment.identity_id)
            .where(
                Enrolment.cohort_id == course.cohort_id,
                Identity.platform_id == course.platform_id,
                Identity.deployment_key == course.deployment_key,
                ~known,
            )
        )
        or 0
    )


def page(
    session: Session,
    course: Course,
    which: Reached,
    *,
    today: date,
    after: int | None = None,
    before: int | None = None,
    group: int | None = None,
    size: int,
) -> Page:
    """Up to `size` people who are so far, by name: those after a member's id, those before one, or the first ones; of a
    group of the course, or of all."""
    key = after if after is not None else before
    spot = None if key is None else _spot(session, course, key)
    back = spot is not None and after is None
    name = func.coalesce(Person.legal_name, func.nullif(Person.name, ""), RosterMember.name, "")
    wanted = _listed(
        course,
        select(
            RosterMember.id,
            name,
            RosterMember.status,
            RosterMember.since,
            RosterMember.gone_at,
            Enrolment.enrolled_at,
            Enrolment.started_at,
            Enrolment.completed_at,
            Enrolment.last_activity_at,
        ),
        group,
    ).where(_reached(course, today) == which.value)
    place = tuple_(RosterMember.sort_key, RosterMember.id)
    if spot is not None:
        wanted = wanted.where(place < spot if back else place > spot)
    order = (RosterMember.sort_key, RosterMember.id)
    wanted = wanted.order_by(*(column.desc() for column in order) if back else order).limit(size + 1)
    found = [Line(*row) for row in session.execute(wanted)]
    more, found = len(found) > size, found[:size]
    if back:
        found.reverse()
    if not found:
        return Page([], None, None)
    has_earlier, has_later = (more, True) if back else (spot is not None, more)
    return Page(found, found[0].id if has_earlier else None, found[-1].id if has_later else None)


@dataclass(frozen=True)
class Kept:
    """A cohort with its LMS course, and how fresh the list of that is."""

    cohort_id: int
    cohort: str
    code: str
    organization: str
    lms: str
    has_service: bool
    read_at: datetime | None
    tried_at: datetime | None
    problem: str | None
    problem_code: str | None


def overview(
    session: Session,
    reach: Reach,
    *,
    failing: bool,
    passable: Collection[str],
    after: int | None = None,
    before: int | None = None,
    size: int,
) -> tuple[list[Kept], bool]:
    """Up to `size` cohorts of LMS courses within reach, the newest first, after a cohort's id or before one; also
    whether more follow in that direction. `failing`: only those whose last reading failed, for another reason than
    the codes of `passable`."""
    back = after is None and before is not None
    wanted: Any = (
        select(
            Cohort.id,
            Cohort.name,
            Offering.code,
            Organization.name,
            Platform.name,
            Context.memberships_url.is_not(None),
            Roster.read_at,
            Roster.tried_at,
            Roster.problem,
            Roster.problem_code,
        )
        .join(Offering, Offering.id == Cohort.offering_id)
        .join(Organization, Organization.id == Cohort.organization_id)
        .join(Context, Context.id == Cohort.context_id)
        .join(Platform, Platform.id == Context.platform_id)
        .outerjoin(Roster, Roster.context_id == Context.id)
        .where(reached(reach, Cohort.organization_id, Cohort.id))
    )
    if failing:
        wanted = wanted.where(Roster.problem.is_not(None), Roster.problem_code.not_in(passable))
    if after is not None:
        wanted = wanted.where(Cohort.id < after)
    elif before is not None:
        wanted = wanted.where(Cohort.id > before)
    wanted = wanted.order_by(Cohort.id.asc() if back else Cohort.id.desc()).limit(size + 1)
    found = [Kept(*row) for row in session.execute(wanted)]
    more, found = len(found) > size, found[:size]
    return (found[::-1] if back else found), more


def _spot(session: Session, course: Course, member_id: int) -> Any:
    """The place of a member of this very course. Their name orders the list, so only the id stands in an address."""
    row = session.execute(
        select(RosterMember.sort_key, RosterMember.id).where(
            RosterMember.id == member_id, RosterMember.context_id == course.context_id
        )
    ).one_or_none()
    return None if row is None else tuple_(literal(row.sort_key), literal(row.id))


def _listed(course: Course, wanted: Any, group: int | None) -> Any:
    """Everybody of the roster, with their enrolment in this cohort, by whichever of their identities."""
    only = [] if group is None else [listed_in(group)]
    return (
        wanted.select_from(RosterMember)
        .outerjoin(
            Identity,
            and_(
                Identity.platform_id == course.platform_id,
                Identity.deployment_key == course.deployment_key,
                Identity.sub == RosterMember.user_id,
            ),
        )
        .outerjoin(Person, Person.id == Identity.person_id)
        .outerjoin(Enrolment, and_(Enrolment.person_id == Identity.person_id, Enrolment.cohort_id == course.cohort_id))
        .where(RosterMember.context_id == course.context_id, *only)
    )


def _reached(course: Course, today: date) -> ColumnElement[str | None]:
    """How far somebody is; None for those who have nothing to do here: who teaches, or left without opening it."""
    opened = Enrolment.id.is_not(None)
    return case(
        (and_(RosterMember.status != MemberStatus.ACTIVE, opened), Reached.GONE.value),
        (RosterMember.status != MemberStatus.ACTIVE, None),
        (Enrolment.completed_at.is_not(None), Reached.DONE.value),
        (Enrolment.started_at.is_not(None), Reached.STARTED.value),
        (opened, Reached.NOT_STARTED.value),
        (and_(RosterMember.role == CourseRole.LEARNER, ~_works_here(course, today)), Reached.NOT_OPENED.value),
        else_=None,
    )


def _works_here(course: Course, today: date) -> ColumnElement[bool]:
    """Whoever trains or coordinates here opens it for that, and is no member who is missing."""
    return exists().where(
        Grant.person_id == Identity.person_id,
        Grant.revoked_at.is_(None),
        Grant.starts_on <= today,
        or_(Grant.ends_on.is_(None), Grant.ends_on >= today),
        or_(Grant.cohort_id.is_(None), Grant.cohort_id == course.cohort_id),
        OrganizationLine.ancestor_id == Grant.organization_id,
        OrganizationLine.organization_id == course.organization_id,
    )
