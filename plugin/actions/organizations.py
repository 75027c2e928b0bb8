"""The union's tree: add a body, find one."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import insert, literal, select
from sqlalchemy.orm import Session

from plugin.actions import audit
from plugin.db.people import Organization, OrganizationKind, OrganizationLine


class OrganizationRefused(Exception):
    """The organization cannot be added or is not known; the text says why and what to do."""


def add(
    session: Session,
    name: str,
    *,
    kind: OrganizationKind = OrganizationKind.LOCAL,
    parent: str | None = None,
    time_zone: str = "America/New_York",
    now: datetime,
) -> Organization:
    """Add a body below its parent.

    Raises:
        OrganizationRefused: no name, the name is taken, the parent is not known, or the time zone does not exist.
    """
    name = name.strip()
    if not 0 < len(name) <= 200 or not name.isprintable():
        raise OrganizationRefused("the name of an organization has 1 to 200 characters, all on one line")
    if session.scalar(select(Organization.id).where(Organization.name == name)):
        raise OrganizationRefused(f'there is an organization "{name}" already')
    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise OrganizationRefused(f'"{time_zone}" is not a time zone; write one like America/Chicago') from None
    above = find(session, parent) if parent else None
    body = Organization(
        name=name, kind=kind, parent_id=above.id if above else None, time_zone=time_zone, created_at=now
    )
    session.add(body)
    session.flush()
    session.add(OrganizationLine(ancestor_id=body.id, organization_id=body.id))
    if above:
        lines = select(OrganizationLine.ancestor_id, literal(body.id)).where(
            OrganizationLine.organization_id == above.id
        )
        session.execute(insert(OrganizationLine).from_select(["ancestor_id", "organization_id"], lines))
    audit.remember(session, "add organization", f"organization {body.id}", by=None, organization=body.id, now=now)
    return body


def find(session: Session, name: str) -> Organization:
    """The organization of this name.

    Raises:
        OrganizationRefused: there is none; the text lists what there is when that is little.
    """
    body = session.scalar(select(Organization).where(Organization.name == name.strip()))
    if body is None:
        known = session.scalars(select(Organization.name).order_by(Organization.name).limit(20)).all()
        listed = ", ".join(f'"{other}"' for other in known) or "none yet"
        raise OrganizationRefused(
            f'there is no organization "{name}" (known: {listed}); add it with `practicum organizations add "{name}"`'
        )
    return body
