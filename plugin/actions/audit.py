"""Remember a deed, in the transaction of the deed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from plugin.db.audit import AuditEvent


def remember(
    session: Session,
    deed: str,
    subject: str,
    *,
    by: int | None,
    organization: int | None,
    now: datetime,
    **facts: Any,
) -> None:
    """Write one line of the audit trail.

    `by` is a person's id, None for the command line; `facts` are plain values, never what somebody wrote.
    """
    session.add(AuditEvent(at=now, organization_id=organization, actor_id=by, deed=deed, subject=subject, facts=facts))
