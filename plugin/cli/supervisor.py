"""Keep child processes running: start them again when they die, end them all when told to, leave none behind."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType

log = logging.getLogger("practicum.serve")

GRACE = 8.0  # seconds from SIGTERM to SIGKILL
FIRST_REST = 0.2  # seconds before a child that died is started again
LONGEST_REST = 10.0
SETTLED = 30.0  # a child that lived so long starts again at the first rest
LOOK = 0.2  # seconds between looks

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass
class Child:
    """A command to keep running, in a process group of its own."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    rest: float = FIRST_REST
    next_start: float = 0.0


class Supervisor:
    """`run` returns when it was told to stop (SIGTERM, SIGINT) and every child is gone."""

    def __init__(
        self, children: Sequence[Child], *, environment: Mapping[str, str], each_look: Callable[[], None] | None = None
    ) -> None:
        self.children = children
        self._environment = dict(environment)
        self._each_look = each_look or (lambda: None)
        self._stopping = False

    def run(self) -> None:
        """Start the children and stay with them."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        try:
            while not self._stopping:
                for child in self.children:
                    self._tend(child)
                self._each_look()
                time.sleep(LOOK)
        finally:
            self._end_all()

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _tend(self, child: Child) -> None:
        """Start the child when it does not run and its rest is over."""
        now = time.monotonic()
        if child.process is not None:
            code = child.process.poll()
            if code is None:
                return
            _sweep(child.process.pid)
            child.rest = FIRST_REST if now - child.started > SETTLED else min(child.rest * 2, LONGEST_REST)
            child.next_start = now + child.rest
            child.process = None
            log.error("%s ended (%s) and starts again in %.1f s", child.name, _reason(code), child.rest)
        if now >= child.next_start:
            child.process = self._start(child)
            child.started = now

    def _start(self, child: Child) -> subprocess.Popen[bytes]:
        parent = os.getpid()
        return subprocess.Popen(  # noqa: S603  our own commands
            child.command,
            env=self._environment,
            start_new_session=True,  # Ctrl-C reaches the parent alone, and what a dead child leaves can be swept
            preexec_fn=lambda: _die_with(parent),  # noqa: PLW1509  this process has one thread
        )

    def _end_all(self) -> None:
        """SIGTERM to all; SIGKILL to what is left after the grace."""
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            process.terminate()
        until = time.monotonic() + GRACE
        for process in running:
            try:
                process.wait(timeout=max(until - time.monotonic(), 0.01))
            except subprocess.TimeoutExpired:
                log.error("process %d did not end in time and is killed", process.pid)
            _sweep(process.pid)
            process.wait()


def _die_with(parent: int) -> None:
    """In the child: be told to end when the parent dies, however it dies (Linux)."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)  # it died between the fork and here


def _sweep(group: int) -> None:
    """Kill what is left of a child's process group: a web server killed outright leaves its workers behind."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        return


def _reason(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"code {code}"
