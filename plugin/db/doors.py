"""The doors to rows: each knows whose row it may hand out; what is not theirs is None."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, null, select, true, type_coerce, union_all
from sqlalchemy.orm import Session

from plugin.db.hot import Hot
from plugin.db.learning import Cohort, Enrolment, Progress
from plugin.db.people import Identity, SignIn
from plugin.db.platforms import Platform, PlatformState
from plugin.db.reflections import Reflection
from plugin.db.scopes import within
from plugin.db.sign_ins import GrantScope
from plugin.domain.people import Capability, CourseRole, Role, roles_for

# kept, since building a statement costs as much as running it, and every page of a member goes through this door
_OWN = (
    select(Enrolment, Cohort)
    .join(Cohort, Cohort.id == Enrolment.cohort_id)
    .where(Enrolment.id == bindparam("enrolment"), Enrolment.person_id == bindparam("person"))
)
_OWN_HELD = _OWN.with_for_update(of=Enrolment, key_share=True)  # rows that point here are added meanwhile


def own_enrolment(
    session: Session, person_id: int, enrolment_id: int, *, hold: bool = False
) -> tuple[Enrolment, Cohort] | None:
    """An enrolment of this very person, with its cohort.

    `hold` lets what one member does in two tabs happen one after the other, until the transaction ends: the first
    opening of an activity and the completion of an offering are written once.
    """
    row = session.execute(_OWN_HELD if hold else _OWN, {"enrolment": enrolment_id, "person": person_id}).one_or_none()
    return None if row is None else (row[0], row[1])


# tables rather than entities: their columns are cheaper to look a kept statement up by
_ENROLMENTS, _PROGRESS, _WRITTEN = Enrolment.__table__, Progress.__table__, Reflection.__table__
_COHORTS, _IDENTITIES, _PLATFORMS = Cohort.__table__, Identity.__table__, Platform.__table__
_OPENED, _WROTE = ("done_at", "position"), ("state", "text", "revision", "waiting_since", "saved_at")
_AT: Any = union_all(
    select(
        _PROGRESS.c.activity,
        *(_PROGRESS.c[name] for name in _OPENED),
        *(type_coerce(null(), _WRITTEN.c[name].type).label(name) for name in _WROTE),
    ).where(_PROGRESS.c.enrolment_id == bindparam("enrolment")),
    select(
        _WRITTEN.c.activity,
        *(type_coerce(null(), _PROGRESS.c[name].type).label(name) for name in _OPENED),
        *(_WRITTEN.c[name] for name in _WROTE),
    ).where(_WRITTEN.c.enrolment_id == bindparam("enrolment")),
).subquery("at")
_OVERVIEW = Hot(
    select(
        _ENROLMENTS.c.id,
        _ENROLMENTS.c.started_at,
        _ENROLMENTS.c.completed_at,
        _ENROLMENTS.c.last_activity,
        _ENROLMENTS.c.cohort_id,
        _COHORTS.c.version_id,
        _COHORTS.c.dates,
        _PLATFORMS.c.id.label("platform_id"),
        _PLATFORMS.c.name.label("lms"),
        *_AT.c,
    )
    .select_from(_ENROLMENTS)
    .join(_COHORTS, _COHORTS.c.id == _ENROLMENTS.c.cohort_id)
    .join(_IDENTITIES, _IDENTITIES.c.id == _ENROLMENTS.c.identity_id)
    .join(_PLATFORMS, _PLATFORMS.c.id == _IDENTITIES.c.platform_id)
    .outerjoin(_AT, true())
    .where(_ENROLMENTS.c.id == bindparam("enrolment"), _ENROLMENTS.c.person_id == bindparam("person"))
)


def own_overview(connection: Connection, person_id: int, enrolment_id: int) -> Sequence[Any]:
    """An enrolment of this very person beside all that was opened and written in it; empty when it is not theirs.

    One row for each progress row and each reflection, one at least: `state` is None but for a reflection, `activity`
    where nothing was opened yet.
    """
    return _OVERVIEW.all(connection, {"enrolment": enrolment_id, "person": person_id})


@dataclass(frozen=True)
class AtHand:
    """A cohort, what the LMS said last that somebody is in its course, and whether a grant of theirs reaches it.

    `sees_names`: that grant is of somebody who works with the people of the cohort.
    """

    cohort: Cohort
    course_role: CourseRole | None
    granted: bool
    sees_names: bool


def cohort_at_hand(
    session: Session, grants: tuple[GrantScope, ...], person_id: int, cohort_id: int, *, now: datetime
) -> AtHand | None:
    """A cohort of an LMS course that somebody came from, or one that any grant of theirs reaches.

    Each of their sign-ins counts while it holds, so that two courses open in two tabs both go on working.
    """
    role = (
        select(SignIn.course_role)
        .join(Platform, Platform.id == SignIn.platform_id)
        .where(
            SignIn.person_id == person_id,
            SignIn.context_id == Cohort.context_id,
            SignIn.waiting.is_(False),
            SignIn.expires_at > now,
            Platform.state == PlatformState.ACTIVE,
        )
        .order_by(SignIn.id.desc())
        .limit(1)
        .correlate(Cohort)
        .scalar_subquery()
    )
    granted = within(grants, frozenset(Role), Cohort.organization_id, Cohort.id)
    working = roles_for(Capability.REVIEW) | roles_for(Capability.REPORT)
    sees_names = within(grants, working, Cohort.organization_id, Cohort.id)
    row = session.execute(select(Cohort, role, granted, sees_names).where(Cohort.id == cohort_id)).one_or_none()
    if row is None or (row[1] is None and not row[2]):
        return None
    return AtHand(row[0], row[1], bool(row[2]), bool(row[3]))


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
