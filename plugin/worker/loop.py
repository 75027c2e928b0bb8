"""The worker's loop: lease what is due, let threads send it, record what came of it, and the jobs that recur.

One thread does all the work on the database; the others only speak to LMSs. An LMS that answers and has as many calls
under way as it may have gets rows leased ahead, so that the end of one call is the beginning of the next and no call
waits for the database. Any number of workers on any number of machines may run: leases keep them apart.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, SimpleQueue

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from lti.grades import Grades
from lti.quirks import Outcome, Verdict
from plugin import clock
from plugin.actions import outbox
from plugin.actions.outbox import LEASE, Delivery, Result, Waiting
from plugin.db.session import reader, transaction
from plugin.domain.turns import Line, allot
from plugin.worker.accidents import report
from plugin.worker.deliver import Lost, deliver
from plugin.worker.notices import Askers
from plugin.worker.rosters import Readers
from plugin.worker.schedule import Schedule

log = logging.getLogger("practicum.worker")

GATHER = 0.01  # seconds between rounds while calls end: a round for several costs hardly more than one for one
IDLE = 1.0  # seconds between looks at an outbox in which nothing is due
RENEW_AFTER = LEASE.total_seconds() / 3
SLOW = 5.0  # seconds after which a call counts as slow, and its LMS until one ends sooner
GRACE = 7.0  # seconds that calls under way may still take when the worker is told to stop
LONGEST_REST = 10.0  # seconds between tries while the database does not answer

ACCIDENT = Verdict(
    Outcome.RETRY, "ours", "Something went wrong inside Practicum while this was sent. It is tried again by itself."
)


@dataclass(frozen=True)
class Limits:
    """Calls at once: in all, to one LMS, and how many are kept for an LMS that has none under way."""

    slots: int = 16
    each: int = 4
    kept_free: int = 4


class Worker:
    """`run` works until `stop` is called, from a signal handler or another thread; `turn` is one round of it."""

    def __init__(
        self,
        engine: Engine,
        grades: Grades,
        *,
        readers: Readers | None = None,
        askers: Askers | None = None,
        schedule: Schedule | None = None,
        limits: Limits | None = None,
        clock: Callable[[], datetime] = clock.now,
    ) -> None:
        self._engine, self._reader = engine, reader(engine)
        self._grades, self._clock = grades, clock
        self._readers, self._askers = readers, askers
        self._schedule = schedule or Schedule(())
        self._limits = limits or Limits()
        self._to_send: SimpleQueue[Delivery | None] = SimpleQueue()
        self._came: SimpleQueue[tuple[Delivery, Result | None] | None] = SimpleQueue()
        self._under_way: dict[int, Delivery] = {}  # by row; with those ahead
        self._ahead: dict[int, deque[Delivery]] = {}  # by platform: leased, to be sent when a call there has ended well
        self._held_until: dict[int, float] = {}  # by row; monotonic, since a wall clock may be set
        self._began: dict[int, float] = {}  # by row: when its call did; monotonic
        self._slow: set[int] = set()  # platforms whose last call took long
        self._returned: list[Delivery] = []  # taken back from those ahead, and not released yet
        self._results: list[tuple[Result, float]] = []  # with the end of their lease, after which they are worthless
        self._gather_until = 0.0  # monotonic
        self._stopping = False  # no Event: a second signal inside its lock would wait for the first for ever
        self._threads: list[threading.Thread] = []

    def run(self) -> None:
        """Work until told to stop; then finish what is being sent, within seconds."""
        rest = 0.0
        log.info("worker runs")
        while not self._stopping:
            try:
                again = self.turn(rest)
                self._schedule.run(self._engine, self._clock())
                rest = 0.0 if again else IDLE
            except Exception as error:
                report("a round", error)
                rest = min(max(rest * 2, IDLE), LONGEST_REST)
        self._finish()
        log.info("worker stopped")

    def stop(self) -> None:
        """Take nothing more on, and return from `run` soon. Safe to call from a signal handler."""
        self._stopping = True
        self._came.put(None)

    def turn(self, rest: float = 0.0) -> bool:
        """One round: wait up to `rest` seconds for a call to end, record what ended, begin what is due.

        Returns whether to look again at once; otherwise the end of a call is the next thing to wait for.
        """
        self._collect(rest)
        stale = self._stale()
        if not (self._results or self._returned or stale or self._may_begin()):
            return False
        began = time.monotonic()
        now = self._clock()
        # what could not be stored for so long is somebody else's to find out by now
        self._results = [(result, until) for result, until in self._results if began < until]
        try:
            with transaction(self._engine) as session:
                outbox.record(session, [result for result, _ in self._results], now=now)
                held = outbox.renew(session, stale, now=now) if stale else set()
                waiting = self._waiting(session, now)
                self._take_back(self._steady(waiting))
                outbox.release(session, self._returned)
                shares = self._shares(waiting)
                wanted = self._wanted(waiting, shares)
                leased = outbox.lease(session, wanted, now=now) if wanted else outbox.Leased((), 0)
        except Exception:  # whatever it was, it is raised again; first the outcomes are saved from going with it
            self._record_apart(now)
            raise
        self._results.clear()
        self._held_until.update(dict.fromkeys(held, began + LEASE.total_seconds()))
        self._forget_returned()
        self._begin(leased.deliveries, shares, began)
        self._gather_until = time.monotonic() + GATHER
        return leased.settled > 0

    def _record_apart(self, now: datetime) -> None:
        """Store each result by itself, so that one which cannot be stored takes no other along: its row is in doubt
        when the lease has run out."""
        for kept in list(self._results):
            try:
                with transaction(self._engine) as session:
                    outbox.record(session, [kept[0]], now=now)
            except OperationalError:
                return  # it is the database, and not what is to be stored
            except Exception as error:
                report(f"recording of row {kept[0].delivery.row_id}", error)
            self._results.remove(kept)

    @property
    def is_busy(self) -> bool:
        """Whether a call is under way or waits to be recorded."""
        return bool(self._under_way or self._results)

    def close(self) -> None:
        """Let the threads end."""
        for _ in self._threads:
            self._to_send.put(None)
        self._threads.clear()
        for beside in (self._readers, self._askers):
            if beside:
                beside.close()

    def _collect(self, rest: float) -> None:
        """Take in all calls that have ended, waiting for the first one."""
        try:
            came = self._came.get(timeout=rest) if rest else self._came.get_nowait()
            if len(self._under_way) > 1 and (short := self._gather_until - time.monotonic()) > 0:
                time.sleep(short)
            while True:
                if came is not None:
                    self._take_in(*came)
                came = self._came.get_nowait()
        except Empty:
            return

    def _take_in(self, delivery: Delivery, result: Result | None) -> None:
        if self._under_way.get(delivery.row_id) is delivery:
            del self._under_way[delivery.row_id]
            until = self._held_until.pop(delivery.row_id)
            self._note_speed(delivery.platform.id, self._began.pop(delivery.row_id))
            if result is not None:
                self._results.append((result, until))

    def _note_speed(self, platform_id: int, began: float) -> None:
        if time.monotonic() - began > SLOW:
            self._slow.add(platform_id)
        else:
            self._slow.discard(platform_id)

    def _slow_ones(self) -> set[int]:
        """Platforms that take long: the last time, or already now."""
        long_ago = time.monotonic() - SLOW
        taking = {row_id for row_id, began in list(self._began.items()) if began < long_ago}
        return self._slow | {self._under_way[row_id].platform.id for row_id in taking & self._under_way.keys()}

    def _steady(self, waiting: Sequence[Waiting]) -> set[int]:
        """Platforms for which rows may be leased ahead."""
        return {one.platform_id for one in waiting if not one.is_shaky} - self._slow_ones()

    def _has_room(self) -> bool:
        return not self._stopping and sum(self._running().values()) < self._limits.slots

    def _may_begin(self) -> bool:
        """A look that holds up no writer: whether there is anything to begin."""
        if self._stopping:
            return any(self._ahead.values())
        if not self._has_room():
            return False
        with Session(self._reader) as session:
            return bool(self._shares(self._waiting(session, self._clock())))

    def _waiting(self, session: Session, now: datetime) -> list[Waiting]:
        """The platforms that may be called now and have something to be told, here or in the outbox."""
        if self._stopping:
            return []
        return outbox.waiting(session, now=now, also=[place for place, rows in self._ahead.items() if rows])

    def _running(self) -> Counter[int]:
        """Calls under way, by platform. One that is just being taken from those ahead counts beside the one before."""
        running = Counter(delivery.platform.id for delivery in list(self._under_way.values()))
        running.subtract(delivery.platform.id for delivery in self._returned)
        for platform_id, rows in self._ahead.items():
            running[platform_id] -= len(rows)
        return running

    def _shares(self, waiting: Sequence[Waiting]) -> dict[int, int]:
        """Which platforms to begin calls to, and how many."""
        lines = [Line(one.platform_id, 1 if one.is_shaky else self._limits.each) for one in waiting]
        limits = self._limits
        return allot(lines, self._running(), slots=limits.slots, kept_free=limits.kept_free, slow=self._slow_ones())

    def _wanted(self, waiting: Sequence[Waiting], shares: dict[int, int]) -> dict[int, int]:
        """How many rows to lease: for the calls that begin, and as many again for a platform that has all it may have.

        Nothing is taken ahead while another platform waits for its first call.
        """
        running, steady = self._running(), self._steady(waiting)
        running.update(shares)
        spare = all(running[one.platform_id] for one in waiting)
        wanted = {}
        for one in waiting:
            count = shares.get(one.platform_id, 0)
            if spare and one.platform_id in steady and running[one.platform_id] >= self._limits.each:
                count += running[one.platform_id]
            count -= len(self._ahead.get(one.platform_id, ()))
            if count > 0:
                wanted[one.platform_id] = count
        return wanted

    def _take_back(self, steady: set[int]) -> None:
        """Return what was leased ahead for platforms that are in trouble, or switched off, or when work ends."""
        for platform_id in self._ahead:
            while platform_id not in steady and (delivery := self._next_of(platform_id)) is not None:
                self._returned.append(delivery)

    def _forget_returned(self) -> None:
        for delivery in self._returned:
            del self._under_way[delivery.row_id]
            del self._held_until[delivery.row_id]
        self._returned.clear()

    def _stale(self) -> list[Delivery]:
        """Calls under way whose lease has to be renewed."""
        soon = time.monotonic() + LEASE.total_seconds() - RENEW_AFTER
        return [one for one in self._under_way.values() if self._held_until.get(one.row_id, 0.0) < soon]

    def _begin(self, deliveries: tuple[Delivery, ...], shares: dict[int, int], began: float) -> None:
        """Begin as many calls as each platform's share; the rest is ahead."""
        for delivery in deliveries:
            self._under_way[delivery.row_id] = delivery
            self._held_until[delivery.row_id] = began + LEASE.total_seconds()
            self._ahead.setdefault(delivery.platform.id, deque()).append(delivery)
        for platform_id, share in shares.items():
            for _ in range(share):
                following = self._next_of(platform_id)
                if following is not None:
                    self._hand_over(following)

    def _next_of(self, platform_id: int) -> Delivery | None:
        """Take the oldest of those ahead."""
        try:
            return self._ahead[platform_id].popleft()
        except (KeyError, IndexError):
            return None

    def _hand_over(self, delivery: Delivery) -> None:
        if len(self._threads) < self._limits.slots:
            # daemons: a call that hangs must not keep the process alive
            thread = threading.Thread(target=self._send_all, name="sender", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._to_send.put(delivery)

    def _send_all(self) -> None:
        """A sender's life."""
        while (delivery := self._to_send.get()) is not None:
            following: Delivery | None = delivery
            while following is not None:
                following = self._send_one(following)

    def _send_one(self, delivery: Delivery) -> Delivery | None:
        """Deliver it; returns the one to go on with, taken before this one is given back, so that no count of calls is
        ever too low."""
        self._began[delivery.row_id] = time.monotonic()
        result = self._send(delivery)
        went_well = result is not None and result.verdict.outcome is Outcome.SENT
        following = self._next_of(delivery.platform.id) if went_well and not self._stopping else None
        self._came.put((delivery, result))
        return following

    def _send(self, delivery: Delivery) -> Result | None:
        """Deliver one. Whatever goes wrong ends as a result; None when the row is no longer ours."""

        def holds() -> bool:
            mine = self._under_way.get(delivery.row_id) is delivery
            return mine and time.monotonic() < self._held_until.get(delivery.row_id, 0.0)

        try:
            result = deliver(delivery, self._grades, holds=holds)
        except Lost:
            return None
        except Exception as error:
            report(f"delivery of row {delivery.row_id}", error)
            return Result(delivery, ACCIDENT, unknown=True)
        if result.verdict.outcome is not Outcome.SENT and result.column is None:
            log.info(
                "row %d, platform %d: %s (try %d)",
                delivery.row_id,
                delivery.platform.id,
                result.verdict.outcome,
                delivery.attempts + 1,
            )
        return result

    def _finish(self) -> None:
        """Wait for calls under way, but not for ever: a lease that is left over runs out by itself."""
        until = time.monotonic() + GRACE
        while self.is_busy and time.monotonic() < until:
            try:
                self.turn(0.1)
            except Exception as error:
                report("recording", error)
        self.close()
