"""Where a launch leads, as one query: context, cohort, link, gradebook column and enrolment, as far as they exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, case, select
from sqlalchemy.orm import Session

from plugin.db.learning import Cohort, Context, Enrolment, Offering, ResourceLink
from plugin.db.outbox import LineItem
from plugin.db.people import Identity, Person
from plugin.db.platforms import Platform


@dataclass(frozen=True)
class Known:
    """What earlier launches left behind; None for what does not exist yet."""

    context_id: int | None = None
    context_title: str | None = None
    line_items_url: str | None = None
    memberships_url: str | None = None
    cohort_id: int | None = None
    cohort_organization_id: int | None = None
    link_id: int | None = None
    line_item_id: int | None = None
    enrolment_id: int | None = None
    enrolment_identity_id: int | None = None


_PLACE: Any = (
    select(
        Context.id,
        Context.title,
        Context.line_items_url,
        Context.memberships_url,
        Cohort.id.label("cohort_id"),
        Cohort.organization_id,
        ResourceLink.id.label("link_id"),
        LineItem.id.label("line_item_id"),
        Enrolment.id.label("enrolment_id"),
        Enrolment.identity_id,
    )
    .select_from(Context)
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


_AGAIN: Any = (
    select(
        Identity.person_id,
        Identity.last_launch_at,
        Person.name,
        Person.legal_name,
        Platform.family,
        Context.id.label("context_id"),
        Context.title,
        Context.line_items_url,
        Context.memberships_url,
        LineItem.id.label("line_item_id"),
        Enrolment.id.label("enrolment_id"),
    )
    .select_from(Identity)
    .join(Platform, Platform.id == Identity.platform_id)
    .join(Person, Person.id == Identity.person_id)
    .join(
        Context,
        and_(
            Context.platform_id == Platform.id,
            Context.deployment_id == bindparam("deployment"),
            Context.context_id == bindparam("context"),
        ),
    )
    .join(Offering, Offering.code == bindparam("offering"))
    .join(Cohort, and_(Cohort.context_id == Context.id, Cohort.offering_id == Offering.id))
    .join(
        ResourceLink,
        and_(
            ResourceLink.context_id == Context.id,
            ResourceLink.resource_link_id == bindparam("link"),
            ResourceLink.cohort_id == Cohort.id,
        ),
    )
    .join(
        Enrolment,
        and_(
            Enrolment.cohort_id == Cohort.id,
            Enrolment.person_id == Identity.person_id,
            Enrolment.identity_id == Identity.id,
        ),
    )
    .outerjoin(
        LineItem,
        and_(
            LineItem.platform_id == Platform.id, LineItem.url == bindparam("line_item"), LineItem.cohort_id == Cohort.id
        ),
    )
    .where(
        Identity.platform_id == bindparam("platform"),
        Identity.deployment_key == case((Platform.shared_client, bindparam("deployment")), else_=""),
        Identity.sub == bindparam("sub"),
    )
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


def find_again(session: Session, **where: Any) -> Any | None:
    """Somebody's enrolment with everything that their launch names, when all of it is known; None otherwise.

    `where` is as for `find_place`, with `sub` for the person.
    """
    return session.connection().execute(_AGAIN, where).one_or_none()
