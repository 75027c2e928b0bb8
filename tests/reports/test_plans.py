"""How the databases find the rows of the default report: by the index, not by looking at everything."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

from plugin.actions import report
from plugin.db import reach
from plugin.db.reports import Asked, Part
from plugin.db.sign_ins import GrantScope
from plugin.domain.people import Role
from tests.cast import Cast
from tests.reports.crowd import fill
from tests.reports.people import YEAR, moment


def plans(session: Session, engine: Engine, do: Any) -> list[str]:
    """The plan of every query that `do` asks, as the database tells it."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: object, *_rest: object) -> None:
        asked.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    try:
        do()
    finally:
        event.remove(engine, "before_cursor_execute", note)
    if engine.dialect.name == "postgresql":
        session.execute(text("SET LOCAL enable_seqscan = off"))  # it reads a table of a few pages whole, rightly
    explain = "EXPLAIN QUERY PLAN " if engine.dialect.name == "sqlite" else "EXPLAIN "
    return [
        "\n".join(str(row) for row in session.connection().exec_driver_sql(explain + statement, parameters))
        for statement, parameters in asked
    ]


@pytest.mark.parametrize(
    ("part", "index"),
    [
        (Part.COMPLETED, "ix_completions_organization_id_completed_at_id"),
        (Part.IN_PROGRESS, "ix_enrolments_organization_id_enrolled_at_id"),
    ],
)
def test_a_page_is_found_on_the_index_of_organization_and_time(
    session: Session, engine: Engine, cast: Cast, part: Part, index: str
) -> None:
    for place in (cast.here, cast.other):
        fill(session, place, 500, now=moment("2025-12-20 12:00"))
    session.execute(text("ANALYZE"))
    within = reach.find(session, (GrantScope(Role.LSC, cast.here.organization.id, None),))
    wanted = Asked(within, (part,), **YEAR)
    report.page(session, wanted, size=50)  # the versions are read
    found = plans(session, engine, lambda: report.page(session, wanted, size=50))[-1]
    assert index in found
    for table in ("completions", "enrolments", "progress", "reflections", "outbox"):
        assert f"Seq Scan on {table}" not in found, found
        assert f"SCAN {table}" not in found.replace(f"SCAN {table} USING INDEX {index}", ""), found


def test_totals_of_a_short_time_look_at_that_time_only(session: Session, engine: Engine, cast: Cast) -> None:
    for place in (cast.here, cast.other):
        fill(session, place, 500, now=moment("2025-12-20 12:00"))
    session.execute(text("ANALYZE"))
    within = reach.find(session, (GrantScope(Role.LSC, cast.here.organization.id, None),))
    wanted = Asked(within, first=moment("2025-12-01 12:00").date(), last=moment("2025-12-03 12:00").date())
    found = plans(session, engine, lambda: report.totals(session, wanted))
    assert any("ix_completions_organization_id_completed_at_id" in plan for plan in found)
