"""The completion report as queries: rows by key, totals, counts by period. Tenancy is inside each of them.

A report has up to three parts, one after the other: completed enrolments by the day of completion, then those in
progress and those not started by the day of enrolment; in each part the newest come first. Days are those of the
organization that a row belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    String,
    and_,
    case,
    distinct,
    exists,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
    tuple_,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from plugin.db.folding import fold, folded
from plugin.db.groups import enrolled_in
from plugin.db.learning import Cohort, Completion, Enrolment, EnrolmentState, Progress
from plugin.db.outbox import OutboxRow, OutboxState
from plugin.db.people import Identity, Organization, OrganizationLine, Person
from plugin.db.platforms import Platform
from plugin.db.reach import Reach, reached
from plugin.db.reflections import Reflection
from plugin.domain import days
from plugin.domain.review import State

CHUNK = 2000  # rows that are in memory while a file is made


class Part(StrEnum):
    """How far the people of a part of the report are."""

    COMPLETED = "completed"
    IN_PROGRESS = "in-progress"
    NOT_STARTED = "not-started"


@dataclass(frozen=True)
class Asked:
    """What a report is asked for; `first` and `last` are days, both included, None for an open end."""

    reach: Reach
    parts: tuple[Part, ...] = (Part.COMPLETED,)
    first: date | None = None
    last: date | None = None
    organization_id: int | None = None  # with everything below it
    cohort_id: int | None = None
    offering_id: int | None = None
    group_id: int | None = None  # of the LMS course of the cohort
    name: str = ""  # part of a person's name


@dataclass(frozen=True)
class Key:
    """The place of a row in the report."""

    part: Part
    at: datetime
    id: int


@dataclass(frozen=True)
class Sum:
    """One part in numbers; `first` and `last` are the moments of its oldest and newest row."""

    rows: int
    minutes: int
    first: datetime | None
    last: datetime | None


def rows(session: Session, asked: Asked, part: Part, optional: Sequence[tuple[int, str]]) -> Generator[Any]:
    """All rows of a part, newest first, a chunk at a time; `optional`: the activities that count for nothing."""
    statement = _ordered(_columns(part, optional).where(*_wanted(asked, part)), part)
    # on the connection: an entity's key for each row would cost more than the row
    with session.connection().execute(statement, execution_options={"yield_per": CHUNK}) as result:
        yield from result


def page(
    session: Session, asked: Asked, optional: Sequence[tuple[int, str]], *, key: Key | None, back: bool, size: int
) -> list[tuple[Part, Any]]:
    """Up to `size` rows after the key (before it when `back`), in the order of the report; from the top for None.

    The rows to show are chosen on an index alone; what costs more is looked up for these few.
    """
    parts = list(reversed(asked.parts) if back else asked.parts)
    if key is not None:
        parts = parts[parts.index(key.part) :]
    found: list[tuple[Part, Any]] = []
    for part in parts:
        chosen = _keys(asked, part, key if key and key.part is part else None, back=back)
        limited = chosen.limit(size - len(found))
        statement = _ordered(_columns(part, optional).where(_row_id(part).in_(limited)), part, back=back)
        found.extend((part, row) for row in session.connection().execute(statement))
        if len(found) == size:
            break
    return list(reversed(found)) if back else found


def totals(session: Session, asked: Asked) -> tuple[int, dict[Part, Sum]]:
    """How many people there are in all parts together, and each part in numbers."""
    sums = {}
    people = 0
    for part in asked.parts:
        minutes = func.sum(Completion.minutes) if part is Part.COMPLETED else literal_column("0")
        at = _at(part)
        row = session.execute(
            select(func.count(), minutes, func.min(at), func.max(at), func.count(distinct(_person(part))))
            .select_from(_table(part))
            .where(*_wanted(asked, part))
        ).one()
        sums[part] = Sum(row[0], int(row[1] or 0), row[2], row[3])
        people = row[4]
    if len(asked.parts) > 1:
        each = [select(_person(part).label("person")).where(*_wanted(asked, part)) for part in asked.parts]
        together = union_all(*each).subquery()
        people = session.scalar(select(func.count(distinct(together.c.person)))) or 0
    return people, sums


def completions_by_period(session: Session, asked: Asked, starts: Sequence[date]) -> list[int]:
    """How many completions there are from each day of `starts` to the next, and from the last one on."""
    counts = [0] * len(starts)
    if not starts:
        return counts
    zones = _zones(asked)

    def before(start: date) -> ColumnElement[bool]:
        return _in_each(
            zones, Completion.organization_id, lambda zone: Completion.completed_at < days.begins(start, zone)
        )

    ended = [(before(start), place) for place, start in enumerate(starts[1:])]
    bucket = case(*ended, else_=len(starts) - 1) if ended and zones else literal_column("0")
    found = session.execute(
        select(bucket.label("bucket"), func.count()).where(*_wanted(asked, Part.COMPLETED)).group_by("bucket")
    )
    for place, count in found:
        counts[place] = count
    return counts


def _table(part: Part) -> type[Completion] | type[Enrolment]:
    return Completion if part is Part.COMPLETED else Enrolment


def _at(part: Part) -> InstrumentedAttribute[datetime]:
    return Completion.completed_at if part is Part.COMPLETED else Enrolment.enrolled_at


def _row_id(part: Part) -> InstrumentedAttribute[int]:
    return Completion.id if part is Part.COMPLETED else Enrolment.id


def _person(part: Part) -> InstrumentedAttribute[int]:
    return Completion.person_id if part is Part.COMPLETED else Enrolment.person_id


def _keys(asked: Asked, part: Part, key: Key | None, *, back: bool) -> Any:
    at, row_id = _at(part), _row_id(part)
    chosen = select(row_id).where(*_wanted(asked, part))
    if key is not None:
        here, there = tuple_(at, row_id), (key.at, key.id)
        chosen = chosen.where(here > there if back else here < there)
    return _ordered(chosen, part, back=back)


def _ordered(statement: Any, part: Part, *, back: bool = False) -> Any:
    columns = (_at(part), _row_id(part))
    return statement.order_by(*(column.asc() if back else column.desc() for column in columns))


def _wanted(asked: Asked, part: Part) -> list[ColumnElement[bool]]:
    """The conditions on completions, or on enrolments that are not completed."""
    found: list[ColumnElement[bool]]
    if part is Part.COMPLETED:
        organization = Completion.organization_id
        run = aliased(Enrolment)
        about = _about_cohort(asked, run)
        found = [exists().where(run.id == Completion.enrolment_id, *about)] if about else []
    else:
        organization = Enrolment.organization_id
        begun = Enrolment.started_at.is_not(None) if part is Part.IN_PROGRESS else Enrolment.started_at.is_(None)
        found = [Enrolment.state == EnrolmentState.ACTIVE, begun, *_about_cohort(asked, Enrolment)]
    if not asked.reach.is_narrow:
        found.append(reached(asked.reach, organization))
    found.extend(_chosen(asked, organization))
    found.extend(_within_days(asked, _at(part), organization))
    if asked.name:
        who = aliased(Person)
        called = folded(func.coalesce(who.legal_name, who.name)).contains(fold(asked.name), autoescape=True)
        found.append(exists().where(who.id == _person(part), called))
    return found


def _about_cohort(asked: Asked, run: type[Enrolment]) -> list[ColumnElement[bool]]:
    """Conditions that need the enrolment, since it knows its cohort; none, most of the time."""
    found: list[ColumnElement[bool]] = []
    if asked.reach.is_narrow:
        found.append(reached(asked.reach, run.organization_id, run.cohort_id))
    if asked.cohort_id is not None:
        found.append(run.cohort_id == asked.cohort_id)
    if asked.group_id is not None:
        found.append(enrolled_in(asked.group_id, run.id))
    if asked.offering_id is not None:
        found.append(run.cohort_id.in_(select(Cohort.id).where(Cohort.offering_id == asked.offering_id)))
    return found


def _chosen(asked: Asked, organization: InstrumentedAttribute[int]) -> list[ColumnElement[bool]]:
    places = asked.reach.of(asked.organization_id)
    if len(places) == 1:
        return [organization == places[0].id]  # one value: the index gives the rows in their order
    if asked.organization_id is None:
        return []
    below = select(OrganizationLine.organization_id).where(OrganizationLine.ancestor_id == asked.organization_id)
    return [organization.in_(below)]


def _within_days(
    asked: Asked, at: InstrumentedAttribute[datetime], organization: InstrumentedAttribute[int]
) -> list[ColumnElement[bool]]:
    zones = _zones(asked)
    if not zones:
        return [false()]
    found: list[ColumnElement[bool]] = []
    first, last = asked.first, asked.last
    if first is not None:
        if len(zones) > 1:  # an index can use only this: what is too early everywhere
            found.append(at >= min(days.begins(first, zone) for zone in zones))
        found.append(_in_each(zones, organization, lambda zone: at >= days.begins(first, zone)))
    if last is not None:
        if len(zones) > 1:
            found.append(at < max(days.ends(last, zone) for zone in zones))
        found.append(_in_each(zones, organization, lambda zone: at < days.ends(last, zone)))
    return found


def _zones(asked: Asked) -> list[ZoneInfo]:
    return [ZoneInfo(name) for name in sorted({place.time_zone for place in asked.reach.of(asked.organization_id)})]


def _in_each(
    zones: Sequence[ZoneInfo],
    organization: InstrumentedAttribute[int],
    holds: Callable[[ZoneInfo], ColumnElement[bool]],
) -> ColumnElement[bool]:
    """What holds for a row by the clock of its own organization."""
    if len(zones) == 1:
        return holds(zones[0])
    return or_(
        *(
            and_(organization.in_(select(Organization.id).where(Organization.time_zone == zone.key)), holds(zone))
            for zone in zones
        )
    )


def _columns(part: Part, optional: Sequence[tuple[int, str]]) -> Any:
    """What a row of the report is made of; the caller adds conditions and order.

    row_id, at (the day of completion or of enrolment), organization_id, LMS, cohort, version_id, person_id, name,
    enrolled_at, started_at, last_activity_at, required activities done (None for all), reflections met, minutes
    awarded, state of the outbox as text (None for no row), and since when it is so.
    """
    completed = part is Part.COMPLETED
    told = aliased(OutboxRow)
    reported = case((told.state == OutboxState.SENT, func.coalesce(told.sent_at, told.queued_at)), else_=told.queued_at)
    statement = select(
        _row_id(part).label("row_id"),
        _at(part).label("at"),
        Enrolment.organization_id,
        Platform.name,
        Cohort.name,
        Completion.version_id if completed else Cohort.version_id,
        Enrolment.person_id,
        func.coalesce(Person.legal_name, Person.name),
        Enrolment.enrolled_at,
        Enrolment.started_at,
        Enrolment.last_activity_at,
        null() if completed else _done(optional),
        _met(),
        Completion.minutes if completed else null(),
        type_coerce(told.state, String),  # a member of the enum for each row would be looked up for nothing
        reported,
    )
    statement = (
        statement.select_from(Completion).join(Enrolment, Enrolment.id == Completion.enrolment_id)
        if completed
        else statement.select_from(Enrolment)
    )
    return (
        statement.join(Cohort, Cohort.id == Enrolment.cohort_id)
        .join(Person, Person.id == Enrolment.person_id)
        .join(Identity, Identity.id == Enrolment.identity_id)
        .join(Platform, Platform.id == Identity.platform_id)
        .outerjoin(told, told.id == _told())
    )


def _done(optional: Sequence[tuple[int, str]]) -> ColumnElement[int]:
    """How many required activities are done."""
    return (
        select(func.count())
        .where(
            Progress.enrolment_id == Enrolment.id,
            Progress.done_at.is_not(None),
            tuple_(Cohort.version_id, Progress.activity).not_in(optional),
        )
        .correlate(Enrolment, Cohort)
        .scalar_subquery()
    )


def _met() -> ColumnElement[int]:
    """How many reflections that trainers read are met."""
    return (
        select(func.count())
        .where(Reflection.enrolment_id == Enrolment.id, Reflection.reviewed, Reflection.state == State.MET)
        .correlate(Enrolment)
        .scalar_subquery()
    )


# what a person has to look at comes before what takes care of itself
_URGENCY = {OutboxState.REFUSED: 0, OutboxState.DUE: 1, OutboxState.SENT: 2, OutboxState.NOT_SENT: 3}


def _told() -> ColumnElement[int]:
    """The one row of the outbox that says it for all gradebook columns of an enrolment: the most urgent."""
    return (
        select(OutboxRow.id)
        .where(OutboxRow.enrolment_id == Enrolment.id)
        .order_by(case(_URGENCY, value=OutboxRow.state), OutboxRow.queued_at, OutboxRow.id)
        .limit(1)
        .correlate(Enrolment)
        .scalar_subquery()
    )
