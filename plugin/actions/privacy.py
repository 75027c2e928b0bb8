"""What is kept about somebody, told to them; and, as counts, to those who coordinate where they learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from lti.messages import DataPrivacyLaunch
from plugin.actions.open_link import Who
from plugin.db import places
from plugin.db.learning import Answer, Cohort, Completion, Context, Enrolment, Offering, Progress
from plugin.db.outbox import OutboxRow
from plugin.db.people import Grant, Identity, OrganizationLine, Person, SignIn
from plugin.db.platforms import Platform
from plugin.db.reflections import Feedback, Reflection, Revision
from plugin.db.rosters import RosterMember
from plugin.db.scopes import within
from plugin.db.sign_ins import GrantScope
from plugin.domain.people import Capability, roles_for

ROLES = roles_for(Capability.REPORT)
Within = Callable[[InstrumentedAttribute[int], InstrumentedAttribute[int]], ColumnElement[bool]]
"""A condition on where a row belongs: the columns of its organization and its cohort."""


class Stranger(Exception):
    """Nothing is kept about whoever asks: they were never here."""


@dataclass(frozen=True)
class Account:
    """An account of an LMS through which somebody came in. `email` is empty where the LMS sends none."""

    lms: str
    email: str
    since: datetime
    last_at: datetime


@dataclass(frozen=True)
class Run:
    """Something that they are enrolled in."""

    enrolment_id: int
    title: str
    cohort: str


@dataclass(frozen=True)
class Learnt:
    """How much there is of what somebody did as a member."""

    enrolments: int
    activities: int
    answers: int
    texts: int
    revisions: int
    feedback: int
    completions: int
    told: int


@dataclass(frozen=True)
class Besides:
    """How much there is besides: feedback that they gave, grants, lists of LMS courses that name them, sign-ins."""

    given: int
    grants: int
    lists: int
    sign_ins: int


@dataclass(frozen=True)
class Connection:
    """A connection as a whole, in counts, for the LMS's administrator."""

    lms: str
    people: int
    emails: int
    courses: int
    listed: int


# The way in


def refuse_stranger(session: Session, message: DataPrivacyLaunch, platform: Platform) -> None:
    """Nobody becomes known here by asking what is known of them.

    Raises:
        Stranger: whoever asks was never here.
    """
    if _identity(session, platform, message.deployment_id, message.person.sub) is None:
        raise Stranger


def page_for(session: Session, message: DataPrivacyLaunch, platform: Platform, who: Who, now: datetime) -> str:
    """The page that a privacy launch leads to: one's own, or, for whose grants reach them, that of the person whom the
    LMS names. Whoever they do not reach is as unknown as somebody who does not exist."""
    about = _identity(session, platform, message.deployment_id, message.for_user) if message.for_user else None
    if about is None or about == who.person_id or not _reports_on(session, who.person_id, about, now):
        return "/privacy/you"
    return f"/privacy/people/{about}"


def _identity(session: Session, platform: Platform, deployment_id: str, sub: str) -> int | None:
    key = deployment_id if platform.shared_client else ""
    found = places.find_identity(session, platform=platform.id, deployment_key=key, sub=sub)
    return None if found is None else int(found.person_id)


def _reports_on(session: Session, person_id: int, about: int, now: datetime) -> bool:
    """Whether a grant to report reaches something that the other one is enrolled in, today."""
    today = now.date()
    return bool(
        session.scalar(
            select(
                exists()
                .where(Enrolment.person_id == about, Grant.person_id == person_id, Grant.role.in_(ROLES))
                .where(Grant.revoked_at.is_(None), Grant.starts_on <= today)
                .where(or_(Grant.ends_on.is_(None), Grant.ends_on >= today))
                .where(or_(Grant.cohort_id.is_(None), Grant.cohort_id == Enrolment.cohort_id))
                .where(OrganizationLine.ancestor_id == Grant.organization_id)
                .where(OrganizationLine.organization_id == Enrolment.organization_id)
            )
        )
    )


# What there is


def person_in_reach(session: Session, grants: tuple[GrantScope, ...], person_id: int) -> Person | None:
    """Somebody who is enrolled where these grants open reports; None for everybody else."""
    here = exists().where(Enrolment.person_id == Person.id, reached(grants)(*_PLACE))
    return session.scalars(select(Person).where(Person.id == person_id, here)).one_or_none()


def reached(grants: tuple[GrantScope, ...]) -> Within:
    """What these grants open to reports."""
    return lambda organization, cohort: within(grants, ROLES, organization, cohort)


def _everything(_organization: InstrumentedAttribute[int], _cohort: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    return true()


_PLACE = (Enrolment.organization_id, Enrolment.cohort_id)


def learnt(session: Session, person_id: int, *, where: Within = _everything) -> Learnt:
    """How much is kept of what they did as a member, where it belongs to what `where` says."""
    theirs = select(Enrolment.id).where(Enrolment.person_id == person_id, where(*_PLACE))
    written = select(Reflection.id).where(Reflection.enrolment_id.in_(theirs))
    counts: list[Any] = [
        select(func.count(Enrolment.id)).where(Enrolment.id.in_(theirs)),
        select(func.count()).select_from(Progress).where(Progress.enrolment_id.in_(theirs)),
        select(func.count(Answer.id)).where(Answer.enrolment_id.in_(theirs)),
        select(func.count(Reflection.id)).where(Reflection.id.in_(written)),
        select(func.count(Revision.id)).where(Revision.reflection_id.in_(written)),
        select(func.count(Feedback.id)).where(Feedback.reflection_id.in_(written), Feedback.released_at.is_not(None)),
        select(func.count(Completion.id)).where(Completion.enrolment_id.in_(theirs)),
        select(func.count(OutboxRow.id)).where(OutboxRow.enrolment_id.in_(theirs)),
    ]
    return Learnt(*session.execute(select(*(count.scalar_subquery() for count in counts))).one())


def besides(session: Session, person_id: int) -> Besides:
    """How much is kept of them besides what they did as a member."""
    listed = (
        select(func.count(RosterMember.id))
        .join(Context, Context.id == RosterMember.context_id)
        .join(Identity, (Identity.platform_id == Context.platform_id) & (Identity.sub == RosterMember.user_id))
        .where(
            Identity.person_id == person_id,
            or_(Identity.deployment_key == "", Identity.deployment_key == Context.deployment_id),
        )
    )
    counts: list[Any] = [
        select(func.count(Feedback.id)).where(Feedback.trainer_id == person_id),
        select(func.count(Grant.id)).where(Grant.person_id == person_id),
        listed,
        select(func.count(SignIn.id)).where(SignIn.person_id == person_id),
    ]
    return Besides(*session.execute(select(*(count.scalar_subquery() for count in counts))).one())


def accounts(session: Session, person_id: int) -> list[Account]:
    """The LMS accounts through which they came in, by age."""
    rows = session.execute(
        select(Platform.name, func.coalesce(Identity.email, ""), Identity.created_at, Identity.last_launch_at)
        .join(Platform, Platform.id == Identity.platform_id)
        .where(Identity.person_id == person_id)
        .order_by(Identity.id)
    )
    return [Account(*row) for row in rows]


def runs(session: Session, person_id: int) -> list[Run]:
    """What they are enrolled in, by age."""
    rows = session.execute(
        select(Enrolment.id, Offering.title, Cohort.name)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .join(Offering, Offering.id == Cohort.offering_id)
        .where(Enrolment.person_id == person_id)
        .order_by(Enrolment.id)
    )
    return [Run(*row) for row in rows]


def deployment_keys(session: Session, platform_id: int, person_id: int) -> list[str]:
    """As which customers' person somebody came in through a platform; [""] where it serves one customer."""
    known = select(Identity.deployment_key).where(Identity.platform_id == platform_id, Identity.person_id == person_id)
    return list(session.scalars(known.distinct()))


def connection(session: Session, platform_id: int, keys: list[str]) -> Connection:
    """How much is kept through a connection; of a client that serves many customers, only what is of these."""
    platform = session.get_one(Platform, platform_id)
    here = (Identity.platform_id == platform_id, Identity.deployment_key.in_(keys))
    courses = [Context.platform_id == platform_id]
    if platform.shared_client:
        courses.append(Context.deployment_id.in_(keys))
    listed = select(func.count(RosterMember.id)).join(Context, Context.id == RosterMember.context_id)
    counts: list[Any] = [
        select(func.count(Identity.id)).where(*here),
        select(func.count(Identity.id)).where(*here, Identity.email.is_not(None)),
        select(func.count(Context.id)).where(*courses),
        listed.where(*courses, RosterMember.name.is_not(None)),
    ]
    row = session.execute(select(*(count.scalar_subquery() for count in counts))).one()
    return Connection(platform.name, *row)
