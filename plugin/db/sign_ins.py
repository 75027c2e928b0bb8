"""Sign-ins as a request needs them: who, through which platform, with which grants, in one query."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, and_, bindparam, delete, or_, select

from plugin.db.hot import Hot
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


# tables rather than entities: a kept statement is looked up by its columns, and theirs are cheaper to compare
_S, _WHO, _P, _O, _G = (kind.__table__ for kind in (SignIn, Person, Platform, Organization, Grant))
_FIND = Hot(
    select(
        _S.c.person_id,
        _WHO.c.name,
        _WHO.c.legal_name,
        _S.c.platform_id,
        _P.c.name.label("platform_name"),
        _P.c.hosts,
        _P.c.organization_id,
        _O.c.time_zone,
        _S.c.context_id,
        _S.c.course_role,
        _S.c.frame_host,
        _G.c.role,
        _G.c.organization_id.label("grant_organization_id"),
        _G.c.cohort_id,
    )
    .select_from(_S)
    .join(_WHO, _WHO.c.id == _S.c.person_id)
    .join(_P, _P.c.id == _S.c.platform_id)
    .join(_O, _O.c.id == _P.c.organization_id)
    .outerjoin(
        _G,
        and_(
            _G.c.person_id == _S.c.person_id,
            _G.c.revoked_at.is_(None),
            _G.c.starts_on <= bindparam("today"),
            or_(_G.c.ends_on.is_(None), _G.c.ends_on >= bindparam("today")),
        ),
    )
    .where(
        _S.c.token_hash == bindparam("token_hash"),
        _S.c.expires_at > bindparam("now"),
        _S.c.waiting.is_(False),
        _P.c.state == PlatformState.ACTIVE,
    )
)
_FORGET = delete(SignIn).where(SignIn.token_hash == bindparam("token_hash"))


def find_signed_in(connection: Connection, token_hash: str, now: datetime) -> SignedIn | None:
    """The sign-in with this token's hash, if it still holds and its platform is active."""
    today: date = now.date()
    wanted = {"token_hash": token_hash, "now": now, "today": today}
    rows = _FIND.all(connection, wanted)
    if not rows:
        return None
    first = rows[0]
    return SignedIn(
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


def forget(connection: Connection, token_hash: str) -> None:
    """End a sign-in."""
    connection.execute(_FORGET, {"token_hash": token_hash})
