"""What is still to be told to the LMS: one row for each line item and person, the latest state wins (design §4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    func,
    select,
    text,
)
from sqlalchemy.orm import Mapped, Session, mapped_column

from plugin.db.base import Base, Key, OneOf, allowed
from plugin.db.platforms import Platform, PlatformState
from plugin.domain.columns import Kind, Part
from plugin.domain.scores import Progress

WANTED = "wanted:"  # begins the `url` of a column that the worker has yet to find or make; cohort and part follow


class OutboxState(StrEnum):
    """Where a score is on its way."""

    DUE = "due"  # to be sent, or sent again after a failure
    SENT = "sent"
    REFUSED = "refused"  # nobody will send it again by itself; `problem` says why
    NOT_SENT = "not_sent"  # this LMS would be harmed by a post of this kind


class LineItem(Base):
    """A gradebook column of an LMS, and the part of a cohort's offering that it stands for."""

    __tablename__ = "line_items"
    __table_args__ = (
        UniqueConstraint("platform_id", "url"),
        CheckConstraint(allowed("kind", Kind), name="kind"),
        CheckConstraint(
            "(kind = 'session') = (session_number IS NOT NULL) AND (kind = 'reflection') = (activity IS NOT NULL)",
            name="part",
        ),
    )

    id: Mapped[Key]
    platform_id: Mapped[int] = mapped_column(ForeignKey("platforms.id"))
    cohort_id: Mapped[int] = mapped_column(ForeignKey("cohorts.id"), index=True)
    url: Mapped[str] = mapped_column(String(2000))  # or `WANTED`, the cohort's id and the part
    created_at: Mapped[datetime]
    kind: Mapped[Kind] = mapped_column(OneOf(Kind), default=Kind.COMPLETION, server_default=Kind.COMPLETION.value)
    session_number: Mapped[int | None] = mapped_column(Integer)  # of a session's column
    activity: Mapped[str | None] = mapped_column(String(64))  # of a reflection's column: the key in the version

    @property
    def part(self) -> Part:
        """What it stands for."""
        return Part(self.kind, self.session_number, self.activity)


class PlatformPause(Base):
    """An LMS that does not answer, or that asks for patience: what every worker knows of it. Gone once it answers."""

    __tablename__ = "platform_pauses"

    platform_id: Mapped[int] = mapped_column(ForeignKey("platforms.id"), primary_key=True, autoincrement=False)
    since: Mapped[datetime]
    failures: Mapped[int] = mapped_column(Integer)  # to reach it, one after the other
    until: Mapped[datetime | None]  # nothing is sent to it before


class OutboxRow(Base):
    """The state a person's cell in a gradebook column shall have, and how far the telling of it is."""

    __tablename__ = "outbox"
    __table_args__ = (
        UniqueConstraint("line_item_id", "person_id"),
        CheckConstraint(allowed("state", OutboxState), name="state"),
        CheckConstraint(allowed("progress", Progress), name="progress"),
        CheckConstraint("(lease IS NULL) = (leased_until IS NULL)", name="lease_is_dated"),
        # each LMS has a line of its own, so that a long one costs the others nothing
        Index(
            "ix_outbox_due",
            "platform_id",
            "due_at",
            "id",
            postgresql_where=text("state = 'due'"),
            sqlite_where=text("state = 'due'"),
        ),
        Index(
            "ix_outbox_refused",
            "id",
            postgresql_where=text("state = 'refused'"),
            sqlite_where=text("state = 'refused'"),
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
    attempts: Mapped[int] = mapped_column(Integer)  # tries of this state that failed
    failing_since: Mapped[datetime | None]  # the first of them
    lease: Mapped[str | None] = mapped_column(String(32))  # whose turn it is to send: nobody else touches the row
    leased_until: Mapped[datetime | None]
    stamped_at: Mapped[datetime | None]  # timestamp of the last post, kept before it is sent: AGS wants them rising
    stamped_version: Mapped[int | None] = mapped_column(Integer)  # which version that post told
    sent_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(String(1000))  # in words, for member, trainer and LSC
    problem_code: Mapped[str | None] = mapped_column(String(40))  # the stable name of these words, for other languages


# written out, since an index over a part of the rows is used only for the very words that it was made with
IS_DUE = text("outbox.state = 'due'")
IS_REFUSED = text("outbox.state = 'refused'")


@dataclass(frozen=True)
class Backlog:
    """How the telling goes, for whoever watches the installation. `oldest` is how long the oldest state waits."""

    due: int
    refused: int
    oldest: timedelta


def backlog(session: Session, *, now: datetime) -> Backlog:
    """Count what waits for an LMS that is switched on, and what somebody has to look at."""
    due, oldest = session.execute(
        select(func.count(OutboxRow.id), func.min(OutboxRow.queued_at))
        .join(Platform, Platform.id == OutboxRow.platform_id)
        .where(IS_DUE, Platform.state == PlatformState.ACTIVE)
    ).one()
    refused = session.scalar(select(func.count(OutboxRow.id)).where(IS_REFUSED)) or 0
    return Backlog(due, refused, max(now - oldest, timedelta()) if oldest else timedelta())
