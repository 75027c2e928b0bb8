"""Who did what, when: written with the change, never changed. No text of members or trainers goes in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from plugin.db.base import Base, Key


class AuditEvent(Base):
    """One deed."""

    __tablename__ = "audit_events"
    __table_args__ = (Index("ix_audit_events_organization_id_at", "organization_id", "at"),)

    id: Mapped[Key]
    at: Mapped[datetime]
    organization_id: Mapped[int | None] = mapped_column(ForeignKey("organizations.id"))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))  # None: the command line
    deed: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(64))  # e.g. "reflection 17"
    facts: Mapped[dict[str, Any]]
