"""Where a cell of an LMS's gradebook leads to: a trainer's reading page, or one's own work; nobody else's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from lti.messages import SubmissionReview
from plugin.actions import offerings
from plugin.actions.open_link import MAY_CHOOSE, Dead, EntryRefused, Who
from plugin.db import places
from plugin.db.learning import Cohort, Context, Enrolment, Offering
from plugin.db.outbox import LineItem
from plugin.db.people import Grant, OrganizationLine
from plugin.db.platforms import Platform
from plugin.db.reflections import Reflection
from plugin.domain.columns import WHOLE, Part
from plugin.domain.people import Capability, CourseRole, roles_for


@dataclass(frozen=True)
class _Cell:
    """Where a gradebook's cell belongs, and what its column stands for."""

    cohort_id: int
    context_id: int
    organization_id: int
    version_id: int
    part: Part


def show_work(
    session: Session, message: SubmissionReview, platform: Platform, who: Who, now: datetime
) -> tuple[int, str]:
    """The LMS course's id, and the page that shows what a gradebook's cell stands for. Nobody is enrolled by it.

    What the LMS says of whose cell it is opens nothing by itself: a learner sees their own work only, a trainer what
    their grants reach, an LMS instructor without a grant counts.

    Raises:
        EntryRefused: there is nothing to show, or it is somebody else's.
    """
    found = _cell(session, message, platform)
    if found is None:
        raise EntryRefused(Dead.NO_COLUMN, instructs=who.course_role in MAY_CHOOSE)
    whose = _whose(session, message, platform, who)
    if whose == who.person_id:
        mine = _enrolment(session, found.cohort_id, who.person_id)
        if mine is None:
            raise EntryRefused(Dead.NOTHING_YET, instructs=False)
        return found.context_id, _own(mine, found.part)
    if _trains(session, who.person_id, found, now):
        return found.context_id, _to_read(session, found, whose)
    if who.course_role in MAY_CHOOSE:
        return found.context_id, f"/cohorts/{found.cohort_id}"
    raise EntryRefused(Dead.NOT_YOURS, instructs=False)


def _cell(session: Session, message: SubmissionReview, platform: Platform) -> _Cell | None:
    """What the cell is of: the column's cohort and part, else the whole of the link's offering.

    It is a cohort of the LMS course that the message comes from.
    """
    here = (
        select(Cohort.id, Cohort.context_id, Cohort.organization_id, Cohort.version_id)
        .join(Context, Context.id == Cohort.context_id)
        .where(
            Context.platform_id == platform.id,
            Context.deployment_id == message.deployment_id,
            Context.context_id == (message.place.context_id or ""),
        )
    )
    by_column = here.join(LineItem, LineItem.cohort_id == Cohort.id).where(
        LineItem.platform_id == platform.id, LineItem.url == (message.services.lineitem or "")
    )
    found: Any = session.execute(by_column.add_columns(LineItem)).first()
    part = WHOLE if found is None else found.LineItem.part
    by_offering = here.join(Offering, Offering.id == Cohort.offering_id).where(
        Offering.code == message.custom.get("practicum_offering", "").strip()
    )
    found = found or session.execute(by_offering).first()
    return found and _Cell(found.id, found.context_id, found.organization_id, found.version_id, part)


def _own(enrolment_id: int, part: Part) -> str:
    """The member's own page of what a column stands for."""
    if part.activity is not None:
        return f"/learn/{enrolment_id}/activities/{part.activity}"
    return f"/learn/{enrolment_id}" + (f"?session={part.session}" if part.session else "")


def _whose(session: Session, message: SubmissionReview, platform: Platform, who: Who) -> int | None:
    """The person whose cell it is; None for a whole column, and for somebody who was never here."""
    if message.for_user is None:
        return who.person_id if who.course_role is CourseRole.LEARNER else None
    key = message.deployment_id if platform.shared_client else ""
    identity = places.find_identity(session, platform=platform.id, deployment_key=key, sub=message.for_user)
    return None if identity is None else int(identity.person_id)


def _enrolment(session: Session, cohort_id: int, person_id: int) -> int | None:
    wanted = select(Enrolment.id).where(Enrolment.cohort_id == cohort_id, Enrolment.person_id == person_id)
    return session.scalar(wanted)


def _trains(session: Session, person_id: int, cell: _Cell, now: datetime) -> bool:
    """Whether a grant to review reaches the cohort today."""
    today = now.date()
    wanted = exists().where(
        Grant.person_id == person_id,
        Grant.role.in_(roles_for(Capability.REVIEW)),
        Grant.revoked_at.is_(None),
        Grant.starts_on <= today,
        Grant.ends_on.is_(None) | (Grant.ends_on >= today),
        Grant.cohort_id.is_(None) | (Grant.cohort_id == cell.cohort_id),
        OrganizationLine.ancestor_id == Grant.organization_id,
        OrganizationLine.organization_id == cell.organization_id,
    )
    return bool(session.scalar(select(wanted)))


def _to_read(session: Session, cell: _Cell, person_id: int | None) -> str:
    """The reading page of what waits longest, else of what was sent last, of what the column stands for; the cohort's
    queue where nothing was sent."""
    wanted = (
        select(Reflection.id)
        .join(Enrolment, Enrolment.id == Reflection.enrolment_id)
        .where(
            Enrolment.cohort_id == cell.cohort_id,
            Enrolment.person_id == person_id,
            Reflection.reviewed,
            Reflection.revision > 0,
        )
        .order_by(Reflection.waiting_since.is_(None), Reflection.waiting_since, Reflection.saved_at.desc())
        .limit(1)
    )
    if cell.part != WHOLE:
        wanted = wanted.where(Reflection.activity.in_(_activities(session, cell)))
    found = None if person_id is None else session.scalar(wanted)
    return f"/review?cohort={cell.cohort_id}" if found is None else f"/review/{found}"


def _activities(session: Session, cell: _Cell) -> list[str]:
    """The keys of the activities that a column stands for."""
    if cell.part.activity is not None:
        return [cell.part.activity]
    pack = offerings.pack_of(session, cell.version_id)
    return [one.key for part in pack.sessions if part.number == cell.part.session for one in part.activities]
