"""A worker for an installation: its keys, its HTTP client, its jobs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine

from lti.grades import Grades
from lti.groups import Groups
from lti.http import Guard, HttpClient
from lti.notices import Handlers
from lti.rosters import Rosters
from lti.services import Services
from lti.tokens import AccessTokens
from plugin import __version__, clock
from plugin.actions.platforms import described
from plugin.db.tool_keys import ToolKeys
from plugin.settings import Settings
from plugin.worker.loop import Limits, Worker
from plugin.worker.notices import Askers
from plugin.worker.rosters import Readers
from plugin.worker.schedule import Schedule, jobs


def build(
    settings: Settings,
    engine: Engine,
    *,
    http: HttpClient | None = None,
    limits: Limits | None = None,
    clock: Callable[[], datetime] = clock.now,
) -> Worker:
    """Make it; `run` starts it. `http` is a client to share, for whoever makes several."""
    http = http or HttpClient(
        user_agent=f"Practicum/{__version__} (+{settings.base_url})",
        guard=Guard(allow_private=settings.development),
    )
    keys = ToolKeys(engine, settings.secret_key)
    tokens = AccessTokens(http, keys, clock=lambda: clock().timestamp())
    services = Services(http, tokens)
    readers = Readers(engine, Rosters(services), groups=Groups(services), clock=clock)
    askers = Askers(engine, Handlers(services), described(settings.base_url).notices_url, clock=clock)
    return Worker(
        engine,
        Grades(services),
        readers=readers,
        askers=askers,
        schedule=Schedule((*jobs(settings.secret_key), readers.job, askers.job)),
        limits=limits,
        clock=clock,
    )
