"""Where a cell of an LMS's gradebook leads to: a trainer's reading page, or one's own work; nobody else's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from lti.messages import SubmissionReview
from plugin.actions.open_link import MAY_CHOOSE, Dead, EntryRefused, Who
from plugin.db import places
from plugin.db.learning import Cohort, Context, Enrolment, Offering
from plugin.db.outbox import LineItem
from plugin.db.people import Grant, OrganizationLine
from plugin.db.platforms import Platform
from plugin.db.reflections import Reflection
from plugin.domain.people import Capability, CourseRole, roles_for


def show_work(
    session: Session, message: SubmissionReview, platform: Platform, who: Who, now: datetime
) -> tuple[int, str]:
    """The LMS course's id, and the page that shows what a gradebook's cell stands for. Nobody is enrolled by it.

    What the LMS says of whose cell it is opens nothing by itself: a learner sees their own work only, a trainer what
    their grants reach, an LMS instructor without a grant counts.

    Raises:
        EntryRefused: there is nothing to show, or it is somebody else's.
    """
    found = _cohort(session, message, platform)
    if found is None:
        raise EntryRefused(Dead.NO_COLUMN, instructs=who.course_role in MAY_CHOOSE)
    whose = _whose(session, message, platform, who)
    if whose == who.person_id:
        mine = _enrolment(session, found.id, who.person_id)
        if mine is None:
            raise EntryRefused(Dead.NOTHING_YET, instructs=False)
        return found.context_id, f"/learn/{mine}"
    if _trains(session, who.person_id, found, now):
        return found.context_id, _to_read(session, found.id, whose)
    if who.course_role in MAY_CHOOSE:
        return found.context_id, f"/cohorts/{found.id}"
    raise EntryRefused(Dead.NOT_YOURS, instructs=False)


def _cohort(session: Session, message: SubmissionReview, platform: Platform) -> Any | None:
    """The cohort's id, context_id and organization_id: that of the column, else that of the link's offering.

    It is a cohort of the LMS course that the message comes from.
    """
    here = (
        select(Cohort.id, Cohort.context_id, Cohort.organization_id)
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
    by_offering = here.join(Offering, Offering.id == Cohort.offering_id).where(
        Offering.code == message.custom.get("practicum_offering", "").strip()
    )
    return session.execute(by_column).first() or session.execute(by_offering).first()


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


def _trains(session: Session, person_id: int, cohort: Any, now: datetime) -> bool:
    """Whether a grant to review reaches the cohort today."""
    today = now.date()
    wanted = exists().where(
        Grant.person_id == person_id,
        Grant.role.in_(roles_for(Capability.REVIEW)),
        Grant.revoked_at.is_(None),
        Grant.starts_on <= today,
        Grant.ends_on.is_(None) | (Grant.ends_on >= today),
        Grant.cohort_id.is_(None) | (Grant.cohort_id == cohort.id),
        OrganizationLine.ancestor_id == Grant.organization_id,
        OrganizationLine.organization_id == cohort.organization_id,
    )
    return bool(session.scalar(select(wanted)))


def _to_read(session: Session, cohort_id: int, person_id: int | None) -> str:
    """The reading page of what waits longest, else of what was sent last; the cohort's queue where nothing was sent."""
    wanted = (
        select(Reflection.id)
        .join(Enrolment, Enrolment.id == Reflection.enrolment_id)
        .where(
            Enrolment.cohort_id == cohort_id,
            Enrolment.person_id == person_id,
            Reflection.reviewed,
            Reflection.revision > 0,
        )
        .order_by(Reflection.waiting_since.is_(None), Reflection.waiting_since, Reflection.saved_at.desc())
        .limit(1)
    )
    found = None if person_id is None else session.scalar(wanted)
    return f"/review?cohort={cohort_id}" if found is None else f"/review/{found}"
