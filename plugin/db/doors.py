"""The doors to rows: each knows whose row it may hand out; what is not theirs is None."""

from __future__ import annotations

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from plugin.db.learning import Cohort, Enrolment
from plugin.db.reflections import Reflection
from plugin.db.scopes import within
from plugin.db.sign_ins import GrantScope
from plugin.domain.people import Capability, Role, roles_for


def own_enrolment(
    session: Session, person_id: int, enrolment_id: int, *, hold: bool = False
) -> tuple[Enrolment, Cohort] | None:
    """An enrolment of this very person, with its cohort.

    `hold` lets what one member does in two tabs happen one after the other, until the transaction ends: the first
    opening of an activity and the completion of an offering are written once.
    """
    wanted = (
        select(Enrolment, Cohort)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Enrolment.id == enrolment_id, Enrolment.person_id == person_id)
    )
    row = session.execute(wanted.with_for_update(of=Enrolment) if hold else wanted).one_or_none()
    return None if row is None else (row[0], row[1])


def cohort_at_hand(
    session: Session, grants: tuple[GrantScope, ...], context_id: int | None, cohort_id: int
) -> Cohort | None:
    """A cohort of the LMS course somebody came from, or one that any grant of theirs reaches."""
    reached = within(grants, frozenset(Role), Cohort.organization_id, Cohort.id)
    if context_id is not None:
        reached = or_(reached, Cohort.context_id == context_id)
    return session.scalar(select(Cohort).where(Cohort.id == cohort_id, reached))


def reflection_to_review(
    session: Session, grants: tuple[GrantScope, ...], person_id: int, reflection_id: int
) -> Reflection | None:
    """A reflection whose cohort this trainer's grants reach; never writing kept for oneself, never one's own."""
    return session.scalar(
        select(Reflection).where(
            Reflection.id == reflection_id,
            Reflection.reviewed,
            Reflection.revision > 0,
            Reflection.person_id != person_id,
            within(grants, roles_for(Capability.REVIEW), Reflection.organization_id, Reflection.cohort_id),
        )
    )
