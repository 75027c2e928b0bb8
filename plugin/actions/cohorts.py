"""A cohort as somebody who does not take it sees it: what is taught, and counts. Never a name beside a text."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

import content
from plugin.actions import offerings
from plugin.db.learning import Cohort, Enrolment


@dataclass(frozen=True)
class Overview:
    """A cohort, its offering, and how many people are where."""

    cohort: Cohort
    pack: content.Pack
    enrolled: int
    started: int
    completed: int


def overview(session: Session, cohort: Cohort) -> Overview:
    """Load it; two queries."""
    enrolled, started, completed = session.execute(
        select(func.count(), func.count(Enrolment.started_at), func.count(Enrolment.completed_at)).where(
            Enrolment.cohort_id == cohort.id
        )
    ).one()
    pack = offerings.pack_of(session, cohort.version_id)
    return Overview(cohort, pack, enrolled, started, completed)
