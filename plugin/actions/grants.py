"""Roles inside Practicum: issued as a one-time code, bound by the person who opens it after a launch."""

from __future__ import annotations

import secrets
from datetime import date, datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import ColumnElement, delete, exists, select, update
from sqlalchemy.orm import Session

from plugin.actions import audit
from plugin.db.learning import Cohort, Enrolment, Progress
from plugin.db.outbox import OutboxRow
from plugin.db.people import Grant, OrganizationLine
from plugin.db.reflections import Reflection
from plugin.domain.people import Role

CODE_LIFE = timedelta(days=14)
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no letter that is taken for another when read aloud


class Why(StrEnum):
    """Why a grant is not issued, or why its code binds nothing."""

    ENDS_TOO_EARLY = "ends-too-early"
    NO_SUCH_COHORT = "no-such-cohort"
    UNKNOWN = "unknown"
    USED = "used"
    TAKEN_BACK = "taken-back"
    TOO_OLD = "too-old"


# for the command line and the log; plugin/web/reasons.py says it in the reader's language
IN_ENGLISH = {
    Why.ENDS_TOO_EARLY: "the grant would end before it starts",
    Why.NO_SUCH_COHORT: "there is no cohort {cohort} in this organization or below it",
    Why.UNKNOWN: "This code is not known. Check each character, or ask for a new one.",
    Why.USED: "This code was used by somebody else. Ask for a new one.",
    Why.TAKEN_BACK: "This code was taken back. Ask for a new one.",
    Why.TOO_OLD: "This code is too old: codes live for 14 days. Ask for a new one.",
}


class GrantRefused(Exception):
    """A grant is not issued, or its code binds nothing: `why`, and as text the same in plain English."""

    def __init__(self, why: Why, **facts: object) -> None:
        super().__init__(IN_ENGLISH[why].format(**facts))
        self.why = why


def issue(
    session: Session,
    role: Role,
    *,
    organization: int,
    cohort: int | None = None,
    starts_on: date,
    ends_on: date | None = None,
    now: datetime,
) -> str:
    """Make a grant that waits for its person. Returns its one-time code, e.g. "7KQM-2XHD-9TWC".

    A grant for a cohort belongs to the organization that runs it, whichever organization above it is named.

    Raises:
        GrantRefused: it would end before it starts, or there is no such cohort in the organization.
    """
    if ends_on is not None and ends_on < starts_on:
        raise GrantRefused(Why.ENDS_TOO_EARLY)
    if cohort is not None:
        organization = _organization_of(session, cohort, below=organization)
    code = "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(3))
    grant = Grant(
        role=role,
        organization_id=organization,
        cohort_id=cohort,
        starts_on=starts_on,
        ends_on=ends_on,
        code_hash=_hashed(code),
        code_expires_at=now + CODE_LIFE,
        created_at=now,
    )
    session.add(grant)
    session.flush()
    audit.remember(
        session,
        "issue grant",
        f"grant {grant.id}",
        by=None,
        organization=organization,
        now=now,
        role=role.value,
        cohort=cohort,
    )
    return code


def _organization_of(session: Session, cohort: int, *, below: int) -> int:
    """The organization that runs a cohort, if it is this one or below it."""
    found = session.scalar(
        select(Cohort.organization_id)
        .join(OrganizationLine, OrganizationLine.organization_id == Cohort.organization_id)
        .where(Cohort.id == cohort, OrganizationLine.ancestor_id == below)
    )
    if found is None:
        raise GrantRefused(Why.NO_SUCH_COHORT, cohort=cohort)
    return found


def bind(session: Session, code: str, *, person: int, now: datetime) -> Grant:
    """Bind the grant of a code to the person who brings it; the code is used up.

    Raises:
        GrantRefused: the code is unknown, used, revoked or too old.
    """
    code_hash = _hashed(code)
    bound = session.execute(
        update(Grant)
        .where(
            Grant.code_hash == code_hash,
            Grant.person_id.is_(None),
            Grant.revoked_at.is_(None),
            Grant.code_expires_at > now,
        )
        .values(person_id=person, bound_at=now)
        .execution_options(synchronize_session=False)
    )
    grant = session.scalar(select(Grant).where(Grant.code_hash == code_hash))
    if grant is None:
        raise GrantRefused(Why.UNKNOWN)
    if bound.rowcount == 1:  # type: ignore[attr-defined]  # a cursor result
        _forget_way_in(session, person, grant)
        audit.remember(
            session, "bind grant", f"grant {grant.id}", by=person, organization=grant.organization_id, now=now
        )
        return grant
    if grant.person_id == person:
        return grant  # a second click on one's own link
    if grant.person_id is not None:
        raise GrantRefused(Why.USED)
    if grant.revoked_at is not None:
        raise GrantRefused(Why.TAKEN_BACK)
    raise GrantRefused(Why.TOO_OLD)


def _forget_way_in(session: Session, person: int, grant: Grant) -> None:
    """A trainer or LSC came in by a member's link: an enrolment they never began is none, so no report counts it."""
    lines = select(OrganizationLine.organization_id).where(OrganizationLine.ancestor_id == grant.organization_id)
    reached: list[ColumnElement[bool]] = [Enrolment.organization_id.in_(lines)]
    if grant.cohort_id is not None:
        reached.append(Enrolment.cohort_id == grant.cohort_id)
    session.execute(
        delete(Enrolment)
        .where(
            Enrolment.person_id == person,
            Enrolment.started_at.is_(None),
            *reached,
            ~exists().where(Progress.enrolment_id == Enrolment.id),
            ~exists().where(Reflection.enrolment_id == Enrolment.id),
            ~exists().where(OutboxRow.enrolment_id == Enrolment.id),
        )
        .execution_options(synchronize_session=False)
    )


def _hashed(code: str) -> str:
    """Codes are typed by people: case, blanks and hyphens do not matter."""
    plain = "".join(character for character in code.upper() if character.isalnum())
    return sha256(plain.encode()).hexdigest()
