"""Other people of the course, as rows: a queue and a report with one line each say little about how they look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import cast

from sqlalchemy import Engine, select

from plugin.db.learning import Cohort
from plugin.db.outbox import LineItem, OutboxState
from plugin.db.people import Organization
from plugin.db.platforms import Platform
from plugin.db.reflections import Reflection, Revision
from plugin.db.session import transaction
from tests.cast import Place
from tests.reports.people import SECRET_TEXT, enrol, reflect, tell
from tests.waiting import TEXT

WAITING = {"Amara Nwosu": 9, "Beatriz Luna": 6, "Grace Washington": 3, "Elif Yılmaz": 1, "Marcus O’Neill": 0}
LONGEST_WAITING = next(iter(WAITING))
COMPLETED = {
    "Hiroko Ito": 150,
    "Jamal Smith": 128,
    "Luz Núñez": 96,
    "Keisha Brown": 94,
    "Chidi Eze": 60,
    "Farah Haddad": 41,
    "Íñigo Vega": 33,
    "Nora Sørensen": 30,
    "Samuel Park": 12,
}
UNDER_WAY = ("Rosa Delgado", "Tomasz Zieliński")
REFUSED = "The LMS says that this person is no longer in the course. Ask its instructor to enrol them again."


def fill(engine: Engine) -> None:
    """Put them into the only cohort; days are counted back from today."""
    with transaction(engine) as session:
        column = session.scalars(select(LineItem)).one()
        place = cast(
            Place,
            SimpleNamespace(
                platform=session.scalars(select(Platform)).one(),
                cohort=session.scalars(select(Cohort)).one(),
                organization=session.scalars(select(Organization)).one(),
            ),
        )
        for name, days in WAITING.items():
            reflect(session, enrol(session, place, name, enrolled=_ago(days), started=_ago(days)), met=False)
        for row in session.scalars(select(Reflection).where(Reflection.text == SECRET_TEXT)):
            row.text = TEXT
            session.add(
                Revision(reflection_id=row.id, number=1, text=TEXT, words=len(TEXT.split()), submitted_at=row.saved_at)
            )
        for name, days in COMPLETED.items():
            member = enrol(session, place, name, enrolled=_ago(days + 9), completed=_ago(days), minutes=180)
            reflect(session, member, met=True)
            late = name == "Samuel Park"
            state = OutboxState.REFUSED if late else OutboxState.SENT
            tell(session, member, column, state, at=_ago(days), problem=REFUSED if late else None, attempts=int(late))
        for name in UNDER_WAY:
            enrol(session, place, name, enrolled=_ago(20), started=_ago(18))


def _ago(days: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=days, hours=2):%Y-%m-%d %H:%M}"
