"""The processes of an installation that serves, found from the outside as an operator would, and killed outright.

practicum serve            holds the others, starts them again
├─ granian                 the web server
│  └─ granian              its worker: answers requests
└─ plugin.cli worker       the background worker: tells LMSs
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    """One that lives, or lived a moment ago."""

    pid: int
    parent: int
    command: str


def web_server(top: int) -> int:
    """The web server's process id."""
    return next(one.pid for one in _below(top) if one.parent == top and "granian" in one.command)


def web_workers(top: int) -> list[int]:
    """Who answers requests."""
    server = web_server(top)
    return [one.pid for one in _below(top) if one.parent == server]


def background_worker(top: int) -> int:
    """Who tells LMSs."""
    return next(one.pid for one in _below(top) if one.parent == top and one.command.endswith("worker"))


def everything(top: int) -> list[int]:
    """The whole tree, its top first."""
    return [top, *(one.pid for one in _below(top))]


def kill(*pids: int) -> None:
    """kill -9, without a word before it."""
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue  # it ended with another one


def lives(pid: int) -> bool:
    """Whether it still runs; one that waits to be collected does not."""
    try:
        return _read(pid).rpartition(")")[2].split()[0] not in {"Z", "X"}
    except FileNotFoundError:
        return False


def _below(top: int) -> list[Process]:
    found, known = [], {top}
    every = sorted(_every(), key=lambda one: one.pid)
    while fresh := [one for one in every if one.parent in known and one.pid not in known]:
        found += fresh
        known |= {one.pid for one in fresh}
    return found


def _every() -> list[Process]:
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                stat = _read(int(folder.name))
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            except (FileNotFoundError, ProcessLookupError):
                continue  # it ended while we looked
            found.append(Process(int(folder.name), int(stat.rpartition(")")[2].split()[1]), command))
    return found


def _read(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
