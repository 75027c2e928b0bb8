"""What somebody's reports may be about: the organizations, offerings and cohorts that their grants reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from plugin.db.learning import Cohort, Offering, Version
from plugin.db.people import Organization, OrganizationLine
from plugin.db.scopes import within
from plugin.db.sign_ins import GrantScope
from plugin.domain.people import Capability, roles_for

ROLES = roles_for(Capability.REPORT)
LISTED = 200  # cohorts in a list to choose from; more than that nobody reads


@dataclass(frozen=True)
class Place:
    """An organization, and the time zone in which its days begin."""

    id: int
    name: str
    time_zone: str
    parent_id: int | None


@dataclass(frozen=True)
class Reach:
    """Grants that open reports, and the organizations they reach, by name."""

    grants: tuple[GrantScope, ...]
    places: tuple[Place, ...]

    def of(self, organization_id: int | None) -> tuple[Place, ...]:
        """The organization with everything below it, as far as it is reached; all of them for None."""
        if organization_id is None:
            return self.places
        found = {organization_id}
        grown = 0
        while grown != len(found):
            grown = len(found)
            found.update(place.id for place in self.places if place.parent_id in found)
        return tuple(place for place in self.places if place.id in found)

    def place(self, organization_id: int) -> Place | None:
        """The organization of this id, if it is reached."""
        return next((place for place in self.places if place.id == organization_id), None)

    @property
    def top(self) -> Place | None:
        """The one organization that everything reached belongs to, if there is one."""
        inside = {place.id for place in self.places}
        tops = [place for place in self.places if place.parent_id not in inside]
        return tops[0] if len(tops) == 1 else None

    @property
    def is_narrow(self) -> bool:
        """Whether a grant reaches one cohort only, so that a query has to know the cohort."""
        return any(grant.cohort_id is not None for grant in self.grants)


@dataclass(frozen=True)
class OfferingChoice:
    """An offering that is run somewhere within reach."""

    id: int
    code: str
    title: str


@dataclass(frozen=True)
class CohortChoice:
    """A cohort within reach; several offerings of one LMS course share its name, so the code stands beside it."""

    id: int
    name: str
    code: str
    organization_id: int
    offering_id: int


@dataclass(frozen=True)
class Edition:
    """A version of an offering that is run within reach. The digest names its content for good."""

    id: int
    digest: str
    code: str
    number: str
    minutes: int


def find(session: Session, grants: tuple[GrantScope, ...]) -> Reach:
    """What these grants open to reports; nothing, when none of them does."""
    opening = tuple(grant for grant in grants if grant.role in ROLES)
    narrow = {grant.organization_id for grant in opening if grant.cohort_id is not None}
    rows = session.execute(
        select(Organization.id, Organization.name, Organization.time_zone, Organization.parent_id)
        .where(or_(within(opening, ROLES, Organization.id), Organization.id.in_(narrow)))
        .order_by(Organization.name)
    )
    return Reach(opening, tuple(Place(*row) for row in rows))


def reached(
    reach: Reach, organization: InstrumentedAttribute[int], cohort: InstrumentedAttribute[int] | None = None
) -> ColumnElement[bool]:
    """The condition that keeps a query to what the grants reach."""
    return within(reach.grants, ROLES, organization, cohort)


def offerings(session: Session, reach: Reach) -> list[OfferingChoice]:
    """Offerings that are run within reach, by code."""
    rows = session.execute(
        select(Offering.id, Offering.code, Offering.title)
        .where(
            Offering.id.in_(select(Cohort.offering_id).where(reached(reach, Cohort.organization_id, Cohort.id))),
        )
        .order_by(Offering.code)
    )
    return [OfferingChoice(*row) for row in rows]


def cohorts(
    session: Session, reach: Reach, *, organization_id: int | None = None, offering_id: int | None = None
) -> list[CohortChoice]:
    """The newest cohorts within reach, at most `LISTED` of them, by name."""
    wanted = _cohorts(reach)
    if organization_id is not None:
        below = select(OrganizationLine.organization_id).where(OrganizationLine.ancestor_id == organization_id)
        wanted = wanted.where(Cohort.organization_id.in_(below))
    if offering_id is not None:
        wanted = wanted.where(Cohort.offering_id == offering_id)
    rows = session.execute(wanted.order_by(Cohort.id.desc()).limit(LISTED))
    return sorted((CohortChoice(*row) for row in rows), key=lambda choice: (choice.name.casefold(), choice.code))


def cohort(session: Session, reach: Reach, cohort_id: int) -> CohortChoice | None:
    """The cohort of this id, if it is within reach."""
    row = session.execute(_cohorts(reach).where(Cohort.id == cohort_id)).one_or_none()
    return None if row is None else CohortChoice(*row)


def _cohorts(reach: Reach) -> Any:
    return (
        select(Cohort.id, Cohort.name, Offering.code, Cohort.organization_id, Cohort.offering_id)
        .join(Offering, Offering.id == Cohort.offering_id)
        .where(reached(reach, Cohort.organization_id, Cohort.id))
    )


def editions(session: Session, reach: Reach) -> list[Edition]:
    """All versions of the offerings that are run within reach: a record may be of an earlier one."""
    run = select(Cohort.offering_id).where(reached(reach, Cohort.organization_id, Cohort.id))
    rows = session.execute(
        select(Version.id, Version.digest, Offering.code, Version.number, Version.minutes)
        .join(Offering, Offering.id == Version.offering_id)
        .where(Version.offering_id.in_(run))
    )
    return [Edition(*row) for row in rows]


def documents(session: Session, version_ids: list[int]) -> dict[int, dict[str, object]]:
    """What versions hold, by version."""
    rows = session.execute(select(Version.id, Version.document).where(Version.id.in_(version_ids)))
    return {row.id: row.document for row in rows}
