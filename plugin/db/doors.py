"""The doors to rows: each knows whose row it may hand out; what is not theirs is None."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.db.learning import Cohort, Enrolment
from plugin.db.reflections import Reflection
from plugin.db.scopes import within
from plugin.db.sign_ins import GrantScope
from plugin.domain.people import Capability, roles_for


def own_enrolment(session: Session, person_id: int, enrolment_id: int) -> tuple[Enrolment, Cohort] | None:
    """An enrolment of this very person, with its cohort."""
    row = session.execute(
        select(Enrolment, Cohort)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .where(Enrolment.id == enrolment_id, Enrolment.person_id == person_id)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


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
