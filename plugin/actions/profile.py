"""What somebody says of themselves."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.actions import audit
from plugin.db.people import Grant, Organization, Person
from plugin.domain import drafts

LONGEST_NAME = 200  # characters


class NameRefused(Exception):
    """No name, or one longer than records hold."""


def set_legal_name(session: Session, person_id: int, name: str, *, organization: int, now: datetime) -> None:
    """Store the name that records and certificates carry; white space counts once.

    Raises:
        NameRefused: it has not 1 to 200 characters.
    """
    name = " ".join(drafts.tidy(name).split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise NameRefused
    person = session.get(Person, person_id)
    if person is None or person.legal_name == name:
        return
    person.legal_name = name
    audit.remember(session, "set legal name", f"person {person_id}", by=person_id, organization=organization, now=now)


def name_from_lms(session: Session, person_id: int) -> str:
    """The name as the LMS gives it; empty when it gives none."""
    return session.scalars(select(Person.name).where(Person.id == person_id)).one()


def grants_of(session: Session, person_id: int, *, now: datetime) -> list[tuple[Grant, Organization]]:
    """The grants somebody holds today, each with its organization."""
    today = now.date()
    rows = session.execute(
        select(Grant, Organization)
        .join(Organization, Organization.id == Grant.organization_id)
        .where(
            Grant.person_id == person_id,
            Grant.revoked_at.is_(None),
            Grant.starts_on <= today,
            Grant.ends_on.is_(None) | (Grant.ends_on >= today),
        )
        .order_by(Grant.id)
    )
    return [(grant, organization) for grant, organization in rows]
