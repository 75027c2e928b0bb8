"""Ask LMSs to tell us of copied courses, one deployment after the other."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lti.errors import ServiceError
from lti.notices import Handlers, judge
from lti.quirks import Outcome, Verdict
from plugin.actions import notice_handlers as actions
from plugin.actions.notice_handlers import Asking
from plugin.db.session import reader, transaction
from plugin.worker.accidents import report
from plugin.worker.beside import Beside
from plugin.worker.deliver import is_down
from plugin.worker.schedule import Job

log = logging.getLogger("practicum.worker")

EVERY = 15.0  # seconds between looks for a deployment that is due
ACCIDENT = Verdict(
    Outcome.RETRY,
    "notices-ours",
    "Something went wrong inside Practicum while the LMS was asked. It is asked again by itself.",
)


class Askers:
    """`turn` asks for one deployment; `job` has a thread of this worker ask for all that are due."""

    def __init__(self, engine: Engine, handlers: Handlers, handler: str, *, clock: Callable[[], datetime]) -> None:
        self._engine, self._reader = engine, reader(engine)
        self._handlers, self._handler, self._clock = handlers, handler, clock
        self._beside = Beside("ask for notices", self.turn, every=EVERY, threads=1)

    @property
    def job(self) -> Job:
        """What the schedule runs: it only wakes the thread."""
        return self._beside.job

    def close(self) -> None:
        """Let the thread end."""
        self._beside.close()

    def turn(self) -> bool:
        """Ask for one that is due; False when there is none."""
        now = self._clock()
        with Session(self._reader) as session:
            if not actions.is_due(session, handler=self._handler, now=now):
                return False
        asking: Asking | None = self._kept(lambda session: actions.lease(session, handler=self._handler, now=now))
        if asking is None:
            return False
        self._ask(asking)
        return True

    def _ask(self, asking: Asking) -> None:
        """Ask. Whatever goes wrong ends as an outcome that is stored."""
        try:
            self._handlers.put(asking.platform, asking.service_url, asking.handler)
        except ServiceError as error:
            verdict = judge(error)
            log.info("notices of deployment %d, platform %d: %s", asking.id, asking.platform.id, verdict.code)
            self._failed(asking, verdict, down=is_down(error))
        except Exception as error:
            report(f"notices of deployment {asking.id}", error)
            self._failed(asking, ACCIDENT, down=False)
        else:
            self._kept(lambda session: actions.registered(session, asking, now=self._clock()))
            log.info("notices of deployment %d, platform %d: registered", asking.id, asking.platform.id)

    def _failed(self, asking: Asking, verdict: Verdict, *, down: bool) -> None:
        self._kept(lambda session: actions.failed(session, asking, verdict, down=down, now=self._clock()))

    def _kept(self, work: Callable[[Session], Any]) -> Any:
        """Do something in a transaction of its own."""
        with transaction(self._engine) as session:
            return work(session)
