"""What LMSs tell without a launch: which course was copied from which; and where we asked to be told so."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Integer, String, UniqueConstraint, literal, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from plugin.db.base import Base, Key
from plugin.db.learning import Cohort, Context

GENERATIONS = 10  # copies of copies that are looked through for a course that somebody took something in


class ContextCopy(Base):
    """A notice of an LMS: content of the course `origin_id` went into the course `context_id`, both in its own words.

    Neither needs to be known here: of most copies nobody ever opens anything, and then the row expires.
    """

    __tablename__ = "context_copies"
    __table_args__ = (UniqueConstraint("platform_id", "deployment_id", "context_id", "origin_id"),)

    id: Mapped[Key]
    platform_id: Mapped[int] = mapped_column(ForeignKey("platforms.id"))
    deployment_id: Mapped[str] = mapped_column(String(255))
    context_id: Mapped[str] = mapped_column(String(255))
    origin_id: Mapped[str] = mapped_column(String(255))
    told_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class NoticeHandler(Base):
    """Beside a deployment whose LMS tells of copies: where it wants to be asked to, and whether it was.

    `due_at` is when to ask (again); `handler` is the address that the LMS has of us, None until it took one.
    """

    __tablename__ = "notice_handlers"
    __table_args__ = (
        CheckConstraint("(lease IS NULL) = (leased_until IS NULL)", name="lease_is_dated"),
        CheckConstraint("(handler IS NULL) = (registered_at IS NULL)", name="registration_is_dated"),
    )

    id: Mapped[int] = mapped_column(
        ForeignKey("deployments.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    platform_id: Mapped[int] = mapped_column(ForeignKey("platforms.id"), index=True)
    service_url: Mapped[str] = mapped_column(String(2000))
    due_at: Mapped[datetime] = mapped_column(index=True)
    handler: Mapped[str | None] = mapped_column(String(1000))
    registered_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(Integer)  # one after the other
    problem: Mapped[str | None] = mapped_column(String(1000))  # of the last try, in words
    problem_code: Mapped[str | None] = mapped_column(String(40))  # the stable name of these words
    lease: Mapped[str | None] = mapped_column(String(32))
    leased_until: Mapped[datetime | None]


def nearest_origin(session: Session, *, platform: int, deployment: str, context: str, offering: int) -> Any | None:
    """The id and version_id of the cohort, with this offering, in the nearest course that notices say this one was
    copied from, over copies of copies that nobody opened; of several as near the youngest. None where there is none.
    """
    here = (ContextCopy.platform_id == platform, ContextCopy.deployment_id == deployment)
    lineage = (
        select(ContextCopy.origin_id, literal(1).label("generation"))
        .where(*here, ContextCopy.context_id == context)
        .cte("lineage", recursive=True)
    )
    # a union drops what was found already in that generation, so that courses copied to and fro cost no more than once
    lineage = lineage.union(
        select(ContextCopy.origin_id, lineage.c.generation + 1)
        .join(lineage, ContextCopy.context_id == lineage.c.origin_id)
        .where(*here, lineage.c.generation < GENERATIONS)
    )
    return session.execute(
        select(Cohort.id, Cohort.version_id)
        .join(Context, Context.id == Cohort.context_id)
        .join(lineage, lineage.c.origin_id == Context.context_id)
        .where(Context.platform_id == platform, Context.deployment_id == deployment)
        .where(Cohort.offering_id == offering, Context.context_id != context)
        .order_by(lineage.c.generation, Cohort.id.desc())
        .limit(1)
    ).first()
