"""Sign-ins as a request needs them: who, through which platform, with which grants, in one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import and_, bindparam, delete, or_, select
from sqlalchemy.orm import Session

from plugin.db.people import Grant, Organization, Person, SignIn
from plugin.db.platforms import Platform, PlatformState
from plugin.domain.people import CourseRole, Role


@dataclass(frozen=True)
class GrantScope:
    """A role within an organization and all below it; `cohort_id` narrows it to one cohort."""

    role: Role
    organization_id: int
    cohort_id: int | None


@dataclass(frozen=True)
class SignedIn:
    """A sign-in that holds, and the person it belongs to. `frame_hosts`: whose pages may frame ours for them."""

    sign_in_id: int
    person_id: int
    name: str
    legal_name: str | None
    platform_id: int
    platform_name: str
    frame_hosts: tuple[str, ...]
    organization_id: int
    time_zone: str
    context_id: int | None
    course_role: CourseRole
    grants: tuple[GrantScope, ...]


_FIND = (
    select(
        SignIn.id,
        SignIn.person_id,
        Person.name,
        Person.legal_name,
        SignIn.platform_id,
        Platform.name.label("platform_name"),
        Platform.hosts,
        Platform.organization_id,
        Organization.time_zone,
        SignIn.context_id,
        SignIn.course_role,
        SignIn.frame_host,
        Grant.role,
        Grant.organization_id.label("grant_organization_id"),
        Grant.cohort_id,
    )
    .select_from(SignIn)
    .join(Person, Person.id == SignIn.person_id)
    .join(Platform, Platform.id == SignIn.platform_id)
    .join(Organization, Organization.id == Platform.organization_id)
    .outerjoin(
        Grant,
        and_(
            Grant.person_id == SignIn.person_id,
            Grant.revoked_at.is_(None),
            Grant.starts_on <= bindparam("today"),
            or_(Grant.ends_on.is_(None), Grant.ends_on >= bindparam("today")),
        ),
    )
    .where(
        SignIn.token_hash == bindparam("token_hash"),
        SignIn.expires_at > bindparam("now"),
        SignIn.waiting.is_(False),
        Platform.state == PlatformState.ACTIVE,
    )
)


def find_signed_in(session: Session, token_hash: str, now: datetime) -> SignedIn | None:
    """The sign-in with this token's hash, if it still holds and its platform is active."""
    today: date = now.date()
    wanted = {"token_hash": token_hash, "now": now, "today": today}
    rows = session.connection().execute(_FIND, wanted).all()  # columns only: the ORM would cost as much again
    if not rows:
        return None
    first = rows[0]
    return SignedIn(
        sign_in_id=first.id,
        person_id=first.person_id,
        name=first.legal_name or first.name,
        legal_name=first.legal_name,
        platform_id=first.platform_id,
        platform_name=first.platform_name,
        frame_hosts=(*first.hosts, *([first.frame_host] if first.frame_host else [])),
        organization_id=first.organization_id,
        time_zone=first.time_zone,
        context_id=first.context_id,
        course_role=first.course_role,
        grants=tuple(
            GrantScope(row.role, row.grant_organization_id, row.cohort_id) for row in rows if row.role is not None
        ),
    )


def forget(session: Session, token_hash: str) -> None:
    """End a sign-in."""
    session.execute(delete(SignIn).where(SignIn.token_hash == token_hash).execution_options(synchronize_session=False))
