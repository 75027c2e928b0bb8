"""What was written and answered: each revision with its released feedback, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, func, select
from sqlalchemy.orm import Session

from plugin.db.people import Person
from plugin.db.reflections import Decision, Feedback, Reflection, Revision, SetAside

TRAINER = func.coalesce(Person.legal_name, Person.name)


@dataclass(frozen=True)
class Answered:
    """A revision and the released answer to it; `trainer` is empty when there is none, or when the LMS sent no name."""

    revision: Revision
    feedback: Feedback | None
    trainer: str


@dataclass(frozen=True)
class News:
    """Feedback that the member has not seen yet."""

    activity: str
    trainer: str
    decision: Decision
    released_at: datetime


def revisions(session: Session, written: Iterable[Reflection]) -> dict[int, list[Answered]]:
    """The revisions of these reflections, by reflection id, the newest first. Drafts of feedback stay unseen."""
    ids = [row.id for row in written]
    found: dict[int, list[Answered]] = {key: [] for key in ids}
    if not ids:
        return found
    rows = session.execute(
        select(Revision, Feedback, TRAINER)
        .outerjoin(Feedback, and_(Feedback.revision_id == Revision.id, Feedback.released_at.is_not(None)))
        .outerjoin(Person, Person.id == Feedback.trainer_id)
        .where(Revision.reflection_id.in_(ids))
        .order_by(Revision.number.desc())
    )
    for revision, feedback, trainer in rows:
        found[revision.reflection_id].append(Answered(revision, feedback, trainer or ""))
    return found


def seen(answers: Iterable[Answered], *, now: datetime) -> None:
    """Remember that the member has the feedback before them."""
    for answered in answers:
        if answered.feedback is not None and answered.feedback.seen_at is None:
            answered.feedback.seen_at = now


_NEWS = (
    select(Reflection.activity, TRAINER, Feedback.decision, Feedback.released_at)
    .select_from(Feedback)
    .join(Reflection, Reflection.id == Feedback.reflection_id)
    .join(Person, Person.id == Feedback.trainer_id)
    .where(
        Reflection.enrolment_id == bindparam("enrolment"),
        Feedback.released_at.is_not(None),
        Feedback.seen_at.is_(None),
    )
    .order_by(Feedback.released_at.desc())
)


def news(connection: Connection, enrolment_id: int) -> list[News]:
    """Released feedback of an enrolment that its member has not seen, the newest first."""
    rows = connection.execute(_NEWS, {"enrolment": enrolment_id})
    return [
        News(activity, trainer or "", decision, at)
        for activity, trainer, decision, at in rows
        if decision is not None and at is not None  # released feedback has both, the table sees to it
    ]


def aside(session: Session, written: Iterable[Reflection]) -> dict[int, list[SetAside]]:
    """Texts that lost against another tab's, by reflection id, the newest first."""
    found: dict[int, list[SetAside]] = {row.id: [] for row in written}
    rows = session.scalars(
        select(SetAside).where(SetAside.reflection_id.in_(found)).order_by(SetAside.set_aside_at.desc())
    )
    for row in rows:
        found[row.reflection_id].append(row)
    return found
