"""Who the LMS says is in its courses: what was read of each roster, when, and whose turn it is to read."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from plugin.db.base import Base, Key, OneOf, allowed
from plugin.domain.people import CourseRole
from plugin.domain.rosters import MemberStatus

SORTED = String(255).with_variant(String(255, collation="C"), "postgresql")  # one order on both engines


class Roster(Base):
    """The list of an LMS course, beside its context: how fresh it is, when it is read next, what went wrong last."""

    __tablename__ = "rosters"
    __table_args__ = (Index("ix_rosters_platform_id_due_at", "platform_id", "due_at"),)

    context_id: Mapped[int] = mapped_column(ForeignKey("contexts.id"), primary_key=True, autoincrement=False)
    platform_id: Mapped[int] = mapped_column(ForeignKey("platforms.id"))
    due_at: Mapped[datetime]
    wanted_at: Mapped[datetime | None]  # since when somebody waits for it who asked by hand
    tried_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]  # the last reading that succeeded, of the whole or of differences
    whole_at: Mapped[datetime | None]  # the last one from first page to last
    differences_url: Mapped[str | None] = mapped_column(String(2000))  # where the LMS tells what changed since
    failures: Mapped[int] = mapped_column(Integer)  # one after the other
    problem: Mapped[str | None] = mapped_column(String(1000))  # of the last try, in words
    problem_code: Mapped[str | None] = mapped_column(String(40))  # the stable name of these words


class RosterTurn(Base):
    """Whose turn it is to ask an LMS for rosters: one call at a time, whichever worker makes it."""

    __tablename__ = "roster_turns"
    __table_args__ = (CheckConstraint("(lease IS NULL) = (leased_until IS NULL)", name="lease_is_dated"),)

    platform_id: Mapped[int] = mapped_column(ForeignKey("platforms.id"), primary_key=True, autoincrement=False)
    lease: Mapped[str | None] = mapped_column(String(32))
    leased_until: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(Integer)  # to reach it, one after the other
    paused_until: Mapped[datetime | None]  # it asked for patience, or does not answer


class RosterMember(Base):
    """Somebody in an LMS course, by the `sub` of their launches. A name is kept only while they are active there."""

    __tablename__ = "roster_members"
    __table_args__ = (
        UniqueConstraint("context_id", "user_id"),
        CheckConstraint(allowed("role", CourseRole), name="role"),
        CheckConstraint(allowed("status", MemberStatus), name="status"),
        CheckConstraint("(status = 'gone') = (gone_at IS NOT NULL)", name="going_is_dated"),
        CheckConstraint("status = 'active' OR name IS NULL", name="names_of_the_active_only"),
        # the page of names, by key
        Index("ix_roster_members_context_id_sort_key", "context_id", "sort_key", "id"),
    )

    id: Mapped[Key]
    context_id: Mapped[int] = mapped_column(ForeignKey("contexts.id"))
    user_id: Mapped[str] = mapped_column(String(255))
    name: Mapped[str | None] = mapped_column(String(255))
    sort_key: Mapped[str] = mapped_column(SORTED)  # the folded name, family name first; "" without one
    role: Mapped[CourseRole] = mapped_column(OneOf(CourseRole))
    status: Mapped[MemberStatus] = mapped_column(OneOf(MemberStatus))
    since: Mapped[datetime]  # named first
    seen_at: Mapped[datetime]  # beginning of the reading that named them last
    gone_at: Mapped[datetime | None]
