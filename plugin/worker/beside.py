"""Work beside the scores and never in their way: threads of its own, woken by a job of the schedule."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from queue import SimpleQueue

from sqlalchemy import Engine

from plugin.worker.accidents import report
from plugin.worker.schedule import Job


class Beside:
    """Threads that, each time they are woken, do `turn` as long as it says that it did something."""

    def __init__(self, name: str, turn: Callable[[], bool], *, every: float, threads: int) -> None:
        self.job = Job(name, every, self._wake)
        self.stopping = False
        self._turn, self._most = turn, threads
        self._threads: list[threading.Thread] = []
        self._wakes: SimpleQueue[bool] = SimpleQueue()

    def close(self, patience: float = 2.0) -> None:
        """Let the threads end; what is under way is begun anew later."""
        self.stopping = True
        until = time.monotonic() + patience
        for _ in self._threads:
            self._wakes.put(False)
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0.0))
        self._threads.clear()

    def _wake(self, _engine: Engine, _now: datetime) -> None:
        if self.stopping:
            return
        while len(self._threads) < self._most:
            # daemons: a call that hangs must not keep the process alive
            thread = threading.Thread(target=self._work, name=self.job.name, daemon=True)
            self._threads.append(thread)
            thread.start()
        for _ in range(self._most - self._wakes.qsize()):  # who is busy finds no heap of them afterwards
            self._wakes.put(True)

    def _work(self) -> None:
        """A thread's life."""
        while self._wakes.get() and not self.stopping:
            try:
                while not self.stopping and self._turn():
                    pass
            except Exception as error:
                report(self.job.name, error)
