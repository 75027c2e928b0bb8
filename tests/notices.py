"""What tests of notices share: our worker asks to be told, and the LMS tells."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from lti.notices import Handlers
from lti.services import Services
from lti.tokens import AccessTokens
from plugin import clock
from plugin.db.notices import ContextCopy, NoticeHandler
from plugin.web.wiring import Wiring
from plugin.worker.notices import Askers
from tests.connected import Connected


def asker(connected: Connected, *, now: Callable[[], datetime] = clock.now) -> Askers:
    """A worker's part that asks LMSs to tell us."""
    wiring: Wiring = connected.app.extensions["practicum"]
    services = Services(wiring.http, AccessTokens(wiring.http, wiring.tool_keys, clock=lambda: now().timestamp()))
    return Askers(connected.engine, Handlers(services), connected.url("/lti/notices"), clock=now)


def ask(connected: Connected, *, now: Callable[[], datetime] = clock.now) -> int:
    """Ask for all that is due; how many that were."""
    made, count = asker(connected, now=now), 0
    while made.turn():
        count += 1
    return count


def handlers(connected: Connected) -> list[NoticeHandler]:
    """What is known of each deployment whose LMS tells."""
    with connected.database() as session:
        return list(session.scalars(select(NoticeHandler).order_by(NoticeHandler.id)))


def copies(connected: Connected) -> set[tuple[int, str, str, str]]:
    """What was told: platform, deployment, copy, origin."""
    with connected.database() as session:
        found = session.scalars(select(ContextCopy))
        return {(row.platform_id, row.deployment_id, row.context_id, row.origin_id) for row in found}
