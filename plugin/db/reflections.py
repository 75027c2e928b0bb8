"""What members write, every submitted state of it, and what trainers answer.

`Reflection.text` and the texts of `Feedback` are read by their author and the trainers of the cohort only (rule 2).
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from plugin.db.base import Base, Json, Key, OneOf, allowed
from plugin.domain.review import State


class Decision(StrEnum):
    """What a released feedback says."""

    RETURN = "return"
    ACCEPT = "accept"


class Reflection(Base):
    """What a member writes to one prompt: its state and the draft. `version` counts saves: two tabs never overwrite."""

    __tablename__ = "reflections"
    __table_args__ = (
        UniqueConstraint("enrolment_id", "activity"),
        CheckConstraint(allowed("state", State), name="state"),
        CheckConstraint("(state IN ('submitted', 'in_review')) = (waiting_since IS NOT NULL)", name="waiting_is_dated"),
        CheckConstraint("(state = 'met') = (met_at IS NOT NULL)", name="meeting_is_dated"),
        # the trainers' queue, oldest first; only what waits is in it
        Index(
            "ix_reflections_waiting",
            "organization_id",
            "waiting_since",
            "id",
            postgresql_where=text("waiting_since IS NOT NULL"),
            sqlite_where=text("waiting_since IS NOT NULL"),
        ),
    )

    id: Mapped[Key]
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"))
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohorts.id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))  # its author
    activity: Mapped[str] = mapped_column(String(64))
    reviewed: Mapped[bool]  # False: writing for oneself
    state: Mapped[State] = mapped_column(OneOf(State))
    text: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    saved_at: Mapped[datetime]
    revision: Mapped[int] = mapped_column(Integer)  # number of the latest revision; 0 before the first
    waiting_since: Mapped[datetime | None]
    reader_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))  # who opened it, so others see it
    reader_since: Mapped[datetime | None]
    met_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class Revision(Base):
    """One submitted (or kept) state of a reflection. Never changed; a submission taken back unread says so."""

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("reflection_id", "number"),)

    id: Mapped[Key]
    reflection_id: Mapped[int] = mapped_column(ForeignKey("reflections.id"))
    number: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    words: Mapped[int] = mapped_column(Integer)
    submitted_at: Mapped[datetime]
    taken_back_at: Mapped[datetime | None]


class SetAside(Base):
    """A text that lost against another tab's or device's: kept, so that a choice made in a hurry loses nothing."""

    __tablename__ = "set_aside"
    __table_args__ = (Index("ix_set_aside_reflection_id", "reflection_id"),)

    id: Mapped[Key]
    reflection_id: Mapped[int] = mapped_column(ForeignKey("reflections.id"))
    text: Mapped[str] = mapped_column(Text)
    set_aside_at: Mapped[datetime]


class Feedback(Base):
    """A trainer's answer to one revision: a draft of each trainer's own until one of them is released."""

    __tablename__ = "feedback"
    __table_args__ = (
        UniqueConstraint("revision_id", "trainer_id"),
        CheckConstraint(f"decision IS NULL OR {allowed('decision', Decision)}", name="decision"),
        CheckConstraint("(released_at IS NULL) = (decision IS NULL)", name="release_is_a_decision"),
        # one answer to a revision, whoever was quicker
        Index(
            "uq_feedback_released",
            "revision_id",
            unique=True,
            postgresql_where=text("released_at IS NOT NULL"),
            sqlite_where=text("released_at IS NOT NULL"),
        ),
        Index("ix_feedback_reflection_id", "reflection_id"),
    )

    id: Mapped[Key]
    reflection_id: Mapped[int] = mapped_column(ForeignKey("reflections.id"))
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"))
    trainer_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    marks: Mapped[dict[str, str]] = mapped_column(Json)  # criterion → mark
    comments: Mapped[dict[str, str]] = mapped_column(Json)  # criterion → comment
    working: Mapped[str] = mapped_column(Text)  # already working
    next_step: Mapped[str] = mapped_column(Text)
    question: Mapped[str] = mapped_column(Text)
    version: Mapped[int] = mapped_column(Integer)
    saved_at: Mapped[datetime]
    decision: Mapped[Decision | None] = mapped_column(OneOf(Decision))
    released_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]  # when the member first saw it
