"""Tenancy inside the query: which rows a person's grants reach."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, false, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from plugin.db.people import OrganizationLine
from plugin.db.sign_ins import GrantScope
from plugin.domain.people import Role


def within(
    grants: Iterable[GrantScope],
    roles: frozenset[Role],
    organization: InstrumentedAttribute[int],
    cohort: InstrumentedAttribute[int] | None = None,
) -> ColumnElement[bool]:
    """A condition that keeps a query to the organizations (and cohorts) that grants of these roles reach.

    `organization` and `cohort` are the columns that say where a row belongs. A grant for one cohort reaches nothing
    where there is no cohort column. No grant reaches nothing.
    """
    wide = sorted({g.organization_id for g in grants if g.role in roles and g.cohort_id is None})
    narrow = sorted({(g.organization_id, g.cohort_id) for g in grants if g.role in roles and g.cohort_id is not None})
    reached: list[ColumnElement[bool]] = []
    if wide:
        lines = select(OrganizationLine.organization_id).where(OrganizationLine.ancestor_id.in_(wide))
        reached.append(organization.in_(lines))
    if narrow and cohort is not None:
        reached.extend(and_(organization == place, cohort == run) for place, run in narrow)
    return or_(*reached) if reached else false()
