"""Groups into which an LMS divides the people of its course: where they are told, their names, who is in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, ForeignKey, String, UniqueConstraint, exists, select
from sqlalchemy.orm import InstrumentedAttribute, Mapped, Session, mapped_column

from plugin.db.base import Base, Key
from plugin.db.learning import Cohort, Enrolment
from plugin.db.people import Identity
from plugin.db.rosters import SORTED, RosterMember

LISTED = 500  # groups in a list to choose from


class GroupSource(Base):
    """Beside a context whose LMS tells its groups: where, when they were read, and what went wrong last."""

    __tablename__ = "group_sources"

    context_id: Mapped[int] = mapped_column(ForeignKey("contexts.id"), primary_key=True, autoincrement=False)
    groups_url: Mapped[str] = mapped_column(String(2000))
    read_at: Mapped[datetime | None]
    problem_code: Mapped[str | None] = mapped_column(String(40))


class CourseGroup(Base):
    """A group of an LMS course."""

    __tablename__ = "course_groups"
    __table_args__ = (UniqueConstraint("context_id", "group_id"),)

    id: Mapped[Key]
    context_id: Mapped[int] = mapped_column(ForeignKey("contexts.id"))
    group_id: Mapped[str] = mapped_column(String(255))  # as the LMS says it
    name: Mapped[str] = mapped_column(SORTED)


class GroupMember(Base):
    """Somebody in a group, by the `sub` of their launches."""

    __tablename__ = "group_members"

    group_id: Mapped[int] = mapped_column(ForeignKey("course_groups.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(255), primary_key=True)


@dataclass(frozen=True)
class Choice:
    """A group to choose."""

    id: int
    name: str


def of_course(session: Session, context_id: int | None) -> list[Choice]:
    """The groups of an LMS course in which somebody is, by name. Its cohort comes in here through a door."""
    if context_id is None:
        return []
    return [Choice(*row) for row in session.execute(_PEOPLED.where(CourseGroup.context_id == context_id))]


def of_cohort(session: Session, cohort_id: int | None) -> list[Choice]:
    """The same for the course that a cohort is in; none without a cohort. The caller knows that it may be seen."""
    if cohort_id is None:
        return []
    theirs = _PEOPLED.join(Cohort, Cohort.context_id == CourseGroup.context_id).where(Cohort.id == cohort_id)
    return [Choice(*row) for row in session.execute(theirs)]


_PEOPLED = (
    select(CourseGroup.id, CourseGroup.name)
    .where(exists().where(GroupMember.group_id == CourseGroup.id))
    .order_by(CourseGroup.name, CourseGroup.id)
    .limit(LISTED)
)


def listed_in(group_id: int) -> ColumnElement[bool]:
    """A condition on entries of a roster."""
    return exists().where(GroupMember.group_id == group_id, GroupMember.user_id == RosterMember.user_id)


def enrolled_in(group_id: int, enrolment_id: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """A condition on what hangs on an enrolment: by the account that the LMS knows, in a cohort of the same course."""
    theirs = (
        select(Enrolment.id)
        .join(Identity, Identity.id == Enrolment.identity_id)
        .join(Cohort, Cohort.id == Enrolment.cohort_id)
        .join(CourseGroup, CourseGroup.context_id == Cohort.context_id)
        .join(GroupMember, (GroupMember.group_id == CourseGroup.id) & (GroupMember.user_id == Identity.sub))
        .where(CourseGroup.id == group_id)
    )
    return enrolment_id.in_(theirs)
