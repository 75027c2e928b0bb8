"""The last round of checks of each connection: when it began, and what it found."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from plugin.db.base import Base


class PlatformCheckup(Base):
    """A connection's last round. `began_at` is set before the LMS is called, so that no two rounds run at once."""

    __tablename__ = "platform_checkups"

    platform_id: Mapped[int] = mapped_column(ForeignKey("platforms.id"), primary_key=True, autoincrement=False)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # of the round whose findings these are; may be before `began_at`
    findings: Mapped[dict[str, Any] | None]
