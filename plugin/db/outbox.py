"""What is still to be told to the LMS: one row for each line item and person, the latest state wins (design §4)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from plugin.db.base import Base, Key, OneOf, allowed
from plugin.domain.scores import Progress


class OutboxState(StrEnum):
    """Where a score is on its way."""

    DUE = "due"  # to be sent, or sent again after a failure
    SENT = "sent"
    REFUSED = "refused"  # nobody will send it again by itself; `problem` says why
    NOT_SENT = "not_sent"  # this LMS would be harmed by a post of this kind


class LineItem(Base):
    """A gradebook column of an LMS that a cohort's completions go to."""

    __tablename__ = "line_items"
    __table_args__ = (UniqueConstraint("platform_id", "url"),)

    id: Mapped[Key]
    platform_id: Mapped[int] = mapped_column(ForeignKey("platforms.id"))
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohorts.id"), index=True)
    url: Mapped[str] = mapped_column(String(2000))
    created_at: Mapped[datetime]


class OutboxRow(Base):
    """The state a person's cell in a gradebook column shall have, and how far the telling of it is."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("line_item_id", "person_id"),
        CheckConstraint(allowed("state", OutboxState), name="state"),
        CheckConstraint(allowed("progress", Progress), name="progress"),
        Index(
            "ix_outbox_due",
            "due_at",
            "id",
            postgresql_where=text("state = 'due'"),
            sqlite_where=text("state = 'due'"),
        ),
        Index("ix_outbox_enrolment_id", "enrolment_id"),
        Index("ix_outbox_organization_id_state", "organization_id", "state", "id"),
    )

    id: Mapped[Key]
    line_item_id: Mapped[int] = mapped_column(ForeignKey("line_items.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    enrolment_id: Mapped[int] = mapped_column(ForeignKey("enrolments.id"))
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    platform_id: Mapped[int] = mapped_column(ForeignKey("platforms.id"))
    user_id: Mapped[str] = mapped_column(String(255))  # the person's `sub` there
    progress: Mapped[Progress] = mapped_column(OneOf(Progress))
    score: Mapped[int | None] = mapped_column(Integer)
    comment: Mapped[str | None] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(Integer)  # grows with each new state to tell
    state: Mapped[OutboxState] = mapped_column(OneOf(OutboxState))
    queued_at: Mapped[datetime]  # since when this state waits
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(Integer)
    leased_until: Mapped[datetime | None]
    stamped_at: Mapped[datetime | None]  # timestamp of the last post, kept before it is sent: AGS wants them rising
    stamped_version: Mapped[int | None] = mapped_column(Integer)  # which version that post told
    sent_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(String(1000))  # in words, for member, trainer and LSC
