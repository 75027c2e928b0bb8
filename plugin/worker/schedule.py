"""What recurs, and when. A job is short; what has much to do does it in pieces, each in a transaction of its own."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from plugin.actions import outbox, rosters
from plugin.db import tool_keys
from plugin.db.session import transaction
from plugin.worker import housekeeping
from plugin.worker.accidents import report

Work = Callable[[Engine, datetime], None]


@dataclass(frozen=True)
class Job:
    """Something to do every so many seconds."""

    name: str
    every: float
    work: Work


class Schedule:
    """Jobs and when each is due next. Every worker runs every job: doing one twice does no harm."""

    def __init__(self, jobs: Sequence[Job], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        # spread, so that workers started together do not all sweep together
        self._due = {job: monotonic() + random.random() * min(job.every, 5.0) for job in jobs}

    def run(self, engine: Engine, now: datetime) -> None:
        """Run what is due. A job that fails is logged and comes again in its time; the others go on."""
        for job, due in self._due.items():
            if self._monotonic() < due:
                continue
            self._due[job] = self._monotonic() + job.every
            try:
                job.work(engine, now)
            except Exception as error:
                report(f"job {job.name!r}", error)


def jobs(secret: str) -> tuple[Job, ...]:
    """The jobs of an installation; `secret` is what keys are encrypted with."""
    return (
        Job("say what waits for a platform that is switched off", 60, _note_switched_off),
        Job("delete what has expired", 300, housekeeping.sweep),
        Job("give up on platforms that are silent for days", 3600, _give_up),
        Job("forget the names of old rosters", 3600, _forget),
        Job("make the next key", 3600, lambda engine, now: _next_key(engine, secret, now)),
    )


def _note_switched_off(engine: Engine, now: datetime) -> None:
    with transaction(engine) as session:
        outbox.note_switched_off(session, now=now)


def _give_up(engine: Engine, now: datetime) -> None:
    with transaction(engine) as session:
        outbox.give_up(session, now=now)


def _forget(engine: Engine, now: datetime) -> None:
    with transaction(engine) as session:
        rosters.forget(session, now=now)


def _next_key(engine: Engine, secret: str, now: datetime) -> None:
    tool_keys.provide(engine, secret, now=now)
