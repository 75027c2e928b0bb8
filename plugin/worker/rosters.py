"""Read rosters, beside the scores and never in their way: threads of their own, one LMS at a time in each."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from lti.errors import AnswerUnreadable, PlatformRefused, ServiceError
from lti.groups import Groups
from lti.quirks import Outcome, Verdict
from lti.rosters import Member, Page, Rosters
from plugin.actions import groups, roster_turns
from plugin.actions import rosters as actions
from plugin.actions.roster_turns import Reading
from plugin.db.session import reader, transaction
from plugin.worker.accidents import report
from plugin.worker.beside import Beside
from plugin.worker.deliver import is_down
from plugin.worker.schedule import Job

log = logging.getLogger("practicum.worker")

EVERY = 15.0  # seconds between looks for a roster that is due
PIECE = 250  # members of one transaction: on SQLite a launch waits for no more than that
LONGEST = 20 * 60.0  # seconds of one reading; an LMS that needs longer has had its turn
ACCIDENT = Verdict(
    Outcome.RETRY,
    "roster-ours",
    "Something went wrong inside Practicum while the list was read. It is read again by itself.",
)


class Lost(Exception):
    """The turn ran out meanwhile: another worker reads by now."""


class Stopped(Exception):
    """The worker is told to stop."""


class Readers:
    """`turn` reads one roster; `job` has threads of this worker read all that are due."""

    def __init__(
        self,
        engine: Engine,
        rosters: Rosters,
        *,
        clock: Callable[[], datetime],
        groups: Groups | None = None,
        threads: int = 2,
    ) -> None:
        self._engine, self._reader = engine, reader(engine)
        self._rosters, self._groups, self._clock = rosters, groups, clock
        self._beside = Beside("read rosters", self.turn, every=EVERY, threads=threads)

    @property
    def job(self) -> Job:
        """What the schedule runs: it only wakes the threads."""
        return self._beside.job

    def turn(self) -> bool:
        """Read one roster that is due; False when there is none, or others have all the turns."""
        now = self._clock()
        with Session(self._reader) as session:
            is_new, platforms = roster_turns.is_anything_new(session), roster_turns.waiting(session, now=now)
        if is_new:
            with transaction(self._engine) as session:
                if roster_turns.admit(session, now=now):
                    platforms = roster_turns.waiting(session, now=now)
        for platform_id in platforms:
            with transaction(self._engine) as session:
                reading = roster_turns.lease(session, platform_id, now=now)
            if reading is not None:
                self._read(reading)
                return True
        return False

    def close(self) -> None:
        """Let the threads end; what they read is read anew later."""
        self._beside.close()

    def _read(self, reading: Reading) -> None:
        """Read one. Whatever goes wrong ends as an outcome that is stored."""
        try:
            self._read_groups(reading)
            self._changes_or_all(reading)
        except Lost:
            log.info("roster of context %d: another worker reads it", reading.context_id)
        except Stopped:
            self._kept(lambda session: roster_turns.give_back(session, reading))
        except ServiceError as error:
            verdict = actions.judge(reading, error)
            log.info("roster of context %d, platform %d: %s", reading.context_id, reading.platform.id, verdict.code)
            self._fail(reading, verdict, down=is_down(error))
        except Exception as error:
            report(f"roster of context {reading.context_id}", error)
            self._fail(reading, ACCIDENT, down=False)

    def _read_groups(self, reading: Reading) -> None:
        """The course's groups, where the LMS tells them. Whatever goes wrong with them, the roster is read."""
        if self._groups is None or reading.groups_url is None:
            return
        try:
            found = self._groups.of_context(reading.platform, reading.groups_url)
        except ServiceError as error:
            code = error.code
            log.info("groups of context %d, platform %d: %s", reading.context_id, reading.platform.id, code)
            self._kept(lambda session: groups.unread(session, reading.context_id, code))
            return
        if not self._kept(lambda session: roster_turns.renew(session, reading, now=self._clock())):
            raise Lost
        self._kept(lambda session: groups.keep(session, reading.context_id, found, now=self._clock()))

    def _changes_or_all(self, reading: Reading) -> None:
        """Differences where the LMS tells them; where it does not, or no longer from there, the whole roster."""
        if reading.differences_url is not None:
            try:
                self._take(reading, self._rosters.differences(reading.platform, reading.differences_url), whole=False)
            except ServiceError as error:
                if _is_passing(reading, error):
                    if isinstance(error, PlatformRefused) and not is_down(error) and error.answered >= 500:
                        # it may be these differences that it cannot tell: not a second time from there
                        self._kept(lambda session: actions.forget_differences(session, reading))
                    raise
                log.info("roster of context %d: no differences (%s)", reading.context_id, error.code)
            else:
                return
        self._take(reading, self._rosters.pages(reading.platform, reading.memberships_url), whole=True)

    def _take(self, reading: Reading, pages: Iterable[Page], *, whole: bool) -> None:
        """Store page by page; the end decides who is gone."""
        until = time.monotonic() + LONGEST
        differences: str | None = None
        count = 0
        for page in pages:
            # the earliest address tells rather too much than too little
            differences = differences or page.differences
            for piece in _pieces(page.members):
                if not self._kept(
                    lambda session, piece=piece: actions.store(session, reading, piece, now=self._clock())
                ):
                    raise Lost
            count += len(page.members)
            if self._beside.stopping:
                raise Stopped
            if time.monotonic() > until:
                raise AnswerUnreadable(f"a roster that takes longer than {LONGEST:.0f} seconds")
        now = self._clock()
        if not self._kept(lambda session: actions.finish(session, reading, differences, whole=whole, now=now)):
            raise Lost
        log.info("roster of context %d: %d %s", reading.context_id, count, "members" if whole else "differences")

    def _fail(self, reading: Reading, verdict: Verdict, *, down: bool) -> None:
        self._kept(lambda session: actions.fail(session, reading, verdict, down=down, now=self._clock()))

    def _kept(self, work: Callable[..., Any]) -> Any:
        """Do something in a transaction of its own."""
        with transaction(self._engine) as session:
            return work(session)


def _pieces(members: tuple[Member, ...]) -> Iterator[tuple[Member, ...]]:
    """At least one, since an empty page keeps the turn, too."""
    for start in range(0, max(len(members), 1), PIECE):
        yield members[start : start + PIECE]


def _is_passing(reading: Reading, error: ServiceError) -> bool:
    """Whether the same question may be answered a little later: an LMS in trouble, or one that asks for patience."""
    if isinstance(error, AnswerUnreadable):
        return False
    return actions.judge(reading, error).outcome in {Outcome.RETRY, Outcome.WAIT}
