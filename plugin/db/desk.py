"""What lies on a trainer's desk beside one reflection. Only what was sent to trainers: never a draft of the member's,
never what was taken back unread, never writing for oneself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from plugin.db.learning import Cohort, Offering
from plugin.db.people import Person
from plugin.db.reflections import Feedback, Reflection, Revision


@dataclass(frozen=True)
class About:
    """Whose reflection it is and where it was written; names are empty where the LMS sent none."""

    member: str
    cohort: Cohort
    offering: str
    reader: str | None


@dataclass(frozen=True)
class Round:
    """A revision, and the answer that the member has to it."""

    revision: Revision
    answer: Feedback | None
    trainer: str | None


@dataclass(frozen=True)
class Earlier:
    """What the member sent for another activity: the newest revision of it."""

    activity: str
    text: str
    sent_at: datetime


def about(session: Session, reflection: Reflection) -> About:
    """Member, cohort and offering of a reflection, and who reads it."""
    reader = aliased(Person)
    row = session.execute(
        select(
            func.coalesce(Person.legal_name, Person.name),
            Cohort,
            Offering.title,
            func.coalesce(reader.legal_name, reader.name),
        )
        .select_from(Reflection)
        .join(Person, Person.id == Reflection.person_id)
        .join(Cohort, Cohort.id == Reflection.cohort_id)
        .join(Offering, Offering.id == Cohort.offering_id)
        .outerjoin(reader, reader.id == Reflection.reader_id)
        .where(Reflection.id == reflection.id)
    ).one()
    return About(row[0], row[1], row[2], row[3])


def rounds(session: Session, reflection: Reflection) -> list[Round]:
    """The revisions that trainers may read, oldest first, each with its answer."""
    rows = session.execute(
        select(Revision, Feedback, func.coalesce(Person.legal_name, Person.name))
        .outerjoin(Feedback, and_(Feedback.revision_id == Revision.id, Feedback.released_at.is_not(None)))
        .outerjoin(Person, Person.id == Feedback.trainer_id)
        .where(Revision.reflection_id == reflection.id, Revision.taken_back_at.is_(None))
        .order_by(Revision.number)
    )
    return [Round(row[0], row[1], row[2]) for row in rows]


def drafts(session: Session, reflection: Reflection, trainer_id: int) -> dict[int, Feedback]:
    """A trainer's own answers that are not released, by number of the revision."""
    rows = session.execute(
        select(Revision.number, Feedback)
        .join(Revision, Revision.id == Feedback.revision_id)
        .where(
            Feedback.reflection_id == reflection.id,
            Feedback.trainer_id == trainer_id,
            Feedback.released_at.is_(None),
        )
    )
    return {row[0]: row[1] for row in rows}


def earlier(session: Session, reflection: Reflection, activities: Sequence[str]) -> list[Earlier]:
    """What the same member sent to trainers for these activities, in their order."""
    if not activities:
        return []
    newest = (
        select(func.max(Revision.number))
        .where(Revision.reflection_id == Reflection.id, Revision.taken_back_at.is_(None))
        .correlate(Reflection)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Reflection.activity, Revision.text, Revision.submitted_at)
        .join(Revision, and_(Revision.reflection_id == Reflection.id, Revision.number == newest))
        .where(
            Reflection.enrolment_id == reflection.enrolment_id,
            Reflection.activity.in_(activities),
            Reflection.reviewed,
        )
    )
    found = [Earlier(*row) for row in rows]
    return sorted(found, key=lambda answer: activities.index(answer.activity))
