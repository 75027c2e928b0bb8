"""Where a launch leads, as one query: context, cohort, link, gradebook column and enrolment, as far as they exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, exists, select
from sqlalchemy.orm import Session

from plugin.db.groups import GroupSource
from plugin.db.hot import Hot
from plugin.db.learning import Cohort, Context, Enrolment, Offering, ResourceLink
from plugin.db.outbox import LineItem
from plugin.db.people import Grant, Identity, Organization, Person
from plugin.db.platforms import Deployment, Platform, PlatformState
from plugin.domain.columns import Choice


@dataclass(frozen=True)
class Known:
    """What earlier launches left behind; None for what does not exist yet."""

    context_id: int | None = None
    context_title: str | None = None
    line_items_url: str | None = None
    memberships_url: str | None = None
    groups_url: str | None = None
    cohort_id: int | None = None
    cohort_organization_id: int | None = None
    link_id: int | None = None
    line_item_id: int | None = None
    enrolment_id: int | None = None
    enrolment_identity_id: int | None = None
    version_id: int | None = None
    column_choice: Choice | None = None
    context_dates: str | None = None
    link_dates: str | None = None


_PLACE: Any = (
    select(
        Context.id,
        Context.title,
        Context.line_items_url,
        Context.memberships_url,
        GroupSource.groups_url,
        Cohort.id.label("cohort_id"),
        Cohort.organization_id,
        ResourceLink.id.label("link_id"),
        LineItem.id.label("line_item_id"),
        Enrolment.id.label("enrolment_id"),
        Enrolment.identity_id,
        Cohort.version_id,
        Cohort.column_choice,
        Context.said_dates,
        ResourceLink.said_dates.label("link_dates"),
    )
    .select_from(Context)
    .outerjoin(GroupSource, GroupSource.context_id == Context.id)
    .outerjoin(Offering, Offering.code == bindparam("offering"))
    .outerjoin(Cohort, and_(Cohort.context_id == Context.id, Cohort.offering_id == Offering.id))
    .outerjoin(
        ResourceLink,
        and_(
            ResourceLink.context_id == Context.id,
            ResourceLink.resource_link_id == bindparam("link"),
            ResourceLink.cohort_id == Cohort.id,
        ),
    )
    .outerjoin(
        LineItem,
        and_(
            LineItem.platform_id == Context.platform_id,
            LineItem.url == bindparam("line_item"),
            LineItem.cohort_id == Cohort.id,
        ),
    )
    .outerjoin(Enrolment, and_(Enrolment.cohort_id == Cohort.id, Enrolment.person_id == bindparam("person")))
    .where(
        Context.platform_id == bindparam("platform"),
        Context.deployment_id == bindparam("deployment"),
        Context.context_id == bindparam("context"),
    )
)

_IDENTITY: Any = (
    select(Identity.id, Identity.person_id, Identity.email, Person.name, Person.legal_name)
    .select_from(Identity)
    .join(Person, Person.id == Identity.person_id)
    .where(
        Identity.platform_id == bindparam("platform"),
        Identity.deployment_key == bindparam("deployment_key"),
        Identity.sub == bindparam("sub"),
    )
)


# tables rather than entities: a kept statement is looked up by its columns, and theirs are cheaper to compare
_P, _D, _I, _WHO = Platform.__table__, Deployment.__table__, Identity.__table__, Person.__table__
_C, _O, _RUN, _LINK = Context.__table__, Offering.__table__, Cohort.__table__, ResourceLink.__table__
_E, _COLUMN, _LOCAL, _G = (kind.__table__ for kind in (Enrolment, LineItem, Organization, Grant))
_WAY = Hot(
    select(
        _P.c.family,
        _P.c.shared_client,
        _P.c.name.label("platform_name"),
        _P.c.hosts,
        _P.c.organization_id.label("platform_organization_id"),
        _LOCAL.c.time_zone,
        exists().where(_G.c.person_id == _I.c.person_id).label("has_grants"),
        _I.c.id.label("identity_id"),
        _I.c.person_id,
        _I.c.last_launch_at,
        _WHO.c.name,
        _WHO.c.legal_name,
        _C.c.id.label("context_id"),
        _C.c.title,
        _C.c.line_items_url,
        _C.c.memberships_url,
        _C.c.said_dates.label("context_dates"),
        _LINK.c.said_dates.label("link_dates"),
        _RUN.c.id.label("cohort_id"),
        _RUN.c.organization_id,
        _COLUMN.c.id.label("line_item_id"),
        _E.c.id.label("enrolment_id"),
        _E.c.identity_id.label("enrolled_identity_id"),
    )
    .select_from(_P)
    .join(_LOCAL, _LOCAL.c.id == _P.c.organization_id)
    .join(_D, and_(_D.c.platform_id == _P.c.id, _D.c.deployment_id == bindparam("deployment")))
    .join(
        _C,
        and_(
            _C.c.platform_id == _P.c.id,
            _C.c.deployment_id == bindparam("deployment"),
            _C.c.context_id == bindparam("context"),
        ),
    )
    .join(_O, _O.c.code == bindparam("offering"))
    .join(_RUN, and_(_RUN.c.context_id == _C.c.id, _RUN.c.offering_id == _O.c.id))
    .join(
        _LINK,
        and_(
            _LINK.c.context_id == _C.c.id,
            _LINK.c.resource_link_id == bindparam("link"),
            _LINK.c.cohort_id == _RUN.c.id,
        ),
    )
    .outerjoin(
        _COLUMN,
        and_(
            _COLUMN.c.platform_id == _P.c.id,
            _COLUMN.c.url == bindparam("line_item"),
            _COLUMN.c.cohort_id == _RUN.c.id,
        ),
    )
    .outerjoin(
        _I,
        and_(
            _I.c.platform_id == _P.c.id,
            _I.c.deployment_key == case((_P.c.shared_client, bindparam("deployment")), else_=""),
            _I.c.sub == bindparam("sub"),
        ),
    )
    .outerjoin(_WHO, _WHO.c.id == _I.c.person_id)
    .outerjoin(_E, and_(_E.c.cohort_id == _RUN.c.id, _E.c.person_id == _I.c.person_id))
    .where(_P.c.id == bindparam("platform"), _P.c.state == PlatformState.ACTIVE)
)


def find_place(session: Session, **where: Any) -> Known:
    """What is known of a place, by `platform`, `deployment`, `context`, `offering`, `link`, `line_item`, `person`."""
    row = session.execute(_PLACE, where).first()
    return Known(*row) if row else Known()


def find_identity(session: Session, *, platform: int, deployment_key: str, sub: str) -> Any | None:
    """The identity's id, person_id, email, and the person's name and legal_name; None for somebody new."""
    return session.execute(
        _IDENTITY, {"platform": platform, "deployment_key": deployment_key, "sub": sub}
    ).one_or_none()


def find_way(connection: Connection, **where: Any) -> Any | None:
    """A place that earlier launches made, with who comes there as far as they are known; None for a new place.

    `where` is as for `find_place`, with `sub` for the person. The platform is active and has the deployment: what was
    verified a moment ago holds in this transaction, too.
    """
    return _WAY.first(connection, where)
