"""The trainers' queue: what waits within somebody's grants, oldest first. No query here runs once for each row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from plugin.db.base import UtcDateTime
from plugin.db.groups import enrolled_in
from plugin.db.learning import Cohort, Offering
from plugin.db.people import Person
from plugin.db.reflections import Feedback, Reflection, Revision
from plugin.db.scopes import within
from plugin.db.sign_ins import GrantScope
from plugin.domain.people import Capability, roles_for

PAGE = 50  # rows
READING = timedelta(minutes=30)  # so long after somebody opened a reflection it counts as being read by them
OLDEST_FIRST = (Reflection.waiting_since, Reflection.id)
NEWEST_FIRST = (Reflection.waiting_since.desc(), Reflection.id.desc())


class Only(StrEnum):
    """Which of the waiting reflections are asked for."""

    ALL = ""
    REVISIONS = "revisions"  # answered before, and written anew
    MINE = "mine"  # opened by the trainer last, or with a draft of theirs


@dataclass(frozen=True)
class Narrowing:
    """A part of the queue; None is every cohort, every offering, every group of an LMS course."""

    cohort_id: int | None = None
    offering_id: int | None = None
    only: Only = Only.ALL
    group_id: int | None = None


EVERYTHING = Narrowing()


@dataclass(frozen=True)
class Spot:
    """A place in the queue, whether or not something stands there still."""

    since: datetime
    reflection_id: int


@dataclass(frozen=True)
class Asker:
    """The trainer who asks; nobody ever meets their own writing in the queue."""

    person_id: int
    grants: tuple[GrantScope, ...]


@dataclass(frozen=True)
class Numbers:
    """The whole queue in four numbers."""

    waiting: int
    due: int
    overdue: int
    oldest: datetime | None


@dataclass(frozen=True)
class Waiting:
    """One row of the queue; the names of people are empty where their LMS sent none."""

    reflection_id: int
    member: str
    cohort: str
    offering: str
    version_id: int
    activity: str
    revision: int
    since: datetime
    reader_id: int | None
    reader: str | None
    reader_since: datetime | None
    has_draft: bool

    @property
    def spot(self) -> Spot:
        """Where it stands."""
        return Spot(self.since, self.reflection_id)


@dataclass(frozen=True)
class Standing:
    """A reflection's place among what waits, and its neighbours."""

    number: int
    total: int
    previous_id: int | None
    next_id: int | None


@dataclass(frozen=True)
class Run:
    """A cohort in which something waits."""

    cohort_id: int
    cohort: str
    offering_id: int
    offering: str


def waiting_count(session: Session, grants: tuple[GrantScope, ...], person_id: int) -> int:
    """How many reflections wait for this trainer."""
    found = session.scalar(select(func.count()).where(_reached(Asker(person_id, grants))))
    return found or 0


def numbers(session: Session, asker: Asker, *, due_before: datetime, overdue_before: datetime) -> Numbers:
    """The queue in numbers: `due` came before the one moment and not before the other, `overdue` before both."""
    overdue = func.count(case((Reflection.waiting_since < overdue_before, 1)))
    due = func.count(case((Reflection.waiting_since < due_before, 1)))
    row = session.execute(
        select(func.count(), due, overdue, func.min(Reflection.waiting_since)).where(_reached(asker))
    ).one()
    return Numbers(row[0], row[1] - row[2], row[2], row[3])


def page(
    session: Session,
    asker: Asker,
    narrowing: Narrowing,
    *,
    after: Spot | None = None,
    before: Spot | None = None,
) -> tuple[list[Waiting], bool]:
    """At most PAGE rows, oldest first: those after a spot, those before one, or the first ones.

    Also says whether more follow in the direction in which was asked.
    """
    # first the few that are shown, then what is told of them
    shown = select(Reflection.id).where(_reached(asker), *_narrowed(asker, narrowing)).limit(PAGE + 1)
    if before is not None:
        shown = shown.where(_ahead(before)).order_by(*NEWEST_FIRST)
    else:
        shown = shown.order_by(*OLDEST_FIRST)
        shown = shown if after is None else shown.where(_behind(after))
    rows = [Waiting(*row) for row in session.execute(_told(shown, asker))]
    has_more = len(rows) > PAGE
    if has_more:
        rows = rows[1:] if before is not None else rows[:PAGE]
    return rows, has_more


def runs(session: Session, asker: Asker) -> list[Run]:
    """The cohorts in which something waits, by offering and name."""
    busy = select(Reflection.cohort_id).where(_reached(asker))
    rows = session.execute(
        select(Cohort.id, Cohort.name, Offering.id, Offering.title)
        .join(Offering, Offering.id == Cohort.offering_id)
        .where(Cohort.id.in_(busy))
        .order_by(Offering.title, Cohort.name, Cohort.id)
    )
    return [Run(*row) for row in rows]


def standing(session: Session, asker: Asker, narrowing: Narrowing, spot: Spot) -> Standing:
    """Where a waiting reflection stands in this part of the queue."""
    here = [_reached(asker), *_narrowed(asker, narrowing)]
    neighbour = select(Reflection.id).where(*here).limit(1)
    row = session.execute(
        select(
            select(func.count()).where(*here, _ahead(spot)).scalar_subquery(),
            select(func.count()).where(*here).scalar_subquery(),
            neighbour.where(_ahead(spot)).order_by(*NEWEST_FIRST).scalar_subquery(),
            neighbour.where(_behind(spot)).order_by(*OLDEST_FIRST).scalar_subquery(),
        )
    ).one()
    return Standing(row[0] + 1, row[1], row[2], row[3])


def next_free(session: Session, asker: Asker, narrowing: Narrowing, spot: Spot, *, now: datetime) -> int | None:
    """The reflection to go on with: the first after the spot that nobody else reads, else the oldest such one."""
    free = or_(
        Reflection.reader_id.is_(None),
        Reflection.reader_id == asker.person_id,
        Reflection.reader_since <= now - READING,
    )
    return session.scalar(
        select(Reflection.id)
        .where(_reached(asker), *_narrowed(asker, narrowing), free, Reflection.id != spot.reflection_id)
        .order_by(case((_behind(spot), 0), else_=1), *OLDEST_FIRST)
        .limit(1)
    )


def _reached(asker: Asker) -> ColumnElement[bool]:
    return and_(
        Reflection.waiting_since.is_not(None),  # in these words, or the partial index is not used
        Reflection.reviewed,
        Reflection.person_id != asker.person_id,
        within(asker.grants, roles_for(Capability.REVIEW), Reflection.organization_id, Reflection.cohort_id),
    )


def _narrowed(asker: Asker, narrowing: Narrowing) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if narrowing.cohort_id is not None:
        found.append(Reflection.cohort_id == narrowing.cohort_id)
    if narrowing.offering_id is not None:
        found.append(Reflection.cohort_id.in_(select(Cohort.id).where(Cohort.offering_id == narrowing.offering_id)))
    if narrowing.group_id is not None:
        found.append(enrolled_in(narrowing.group_id, Reflection.enrolment_id))
    if narrowing.only is Only.REVISIONS:
        found.append(_answered().exists())
    elif narrowing.only is Only.MINE:
        found.append(or_(Reflection.reader_id == asker.person_id, _drafted(asker).exists()))
    return found


def _drafted(asker: Asker) -> Select[int]:
    """The asker's draft of an answer to the revision that waits."""
    return (
        select(Feedback.id)
        .join(Revision, Revision.id == Feedback.revision_id)
        .where(
            Feedback.reflection_id == Reflection.id,
            Feedback.trainer_id == asker.person_id,
            Feedback.released_at.is_(None),
            Revision.number == Reflection.revision,
        )
        .correlate(Reflection)
    )


def _answered() -> Select[int]:
    """Answers that the member has had. The revision's number would not do: one taken back unread counts there too."""
    return (
        select(Feedback.id)
        .where(Feedback.reflection_id == Reflection.id, Feedback.released_at.is_not(None))
        .correlate(Reflection)
    )


def _told(shown: Select[int], asker: Asker) -> Select[*tuple[Any, ...]]:
    reader = aliased(Person)
    return (
        select(
            Reflection.id,
            func.coalesce(Person.legal_name, Person.name),
            Cohort.name,
            Offering.title,
            Cohort.version_id,
            Reflection.activity,
            Reflection.revision,
            Reflection.waiting_since,
            Reflection.reader_id,
            func.coalesce(reader.legal_name, reader.name),
            Reflection.reader_since,
            _drafted(asker).exists(),
        )
        .join(Person, Person.id == Reflection.person_id)
        .join(Cohort, Cohort.id == Reflection.cohort_id)
        .join(Offering, Offering.id == Cohort.offering_id)
        .outerjoin(reader, reader.id == Reflection.reader_id)
        .where(Reflection.id.in_(shown))
        .order_by(*OLDEST_FIRST)
    )


def _ahead(spot: Spot) -> ColumnElement[bool]:
    """What came before it."""
    return tuple_(Reflection.waiting_since, Reflection.id) < _value(spot)


def _behind(spot: Spot) -> ColumnElement[bool]:
    """What came after it."""
    return tuple_(Reflection.waiting_since, Reflection.id) > _value(spot)


def _value(spot: Spot) -> ColumnElement[Any]:
    return tuple_(literal(spot.since, UtcDateTime()), literal(spot.reflection_id))
