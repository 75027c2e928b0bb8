"""practicum worker"""

from __future__ import annotations

import signal
from types import FrameType

import click

from plugin.cli.shared import engine, log_to_stderr, refuse_old_schema, settings


@click.command()
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, 64), help="Calls to LMSs at once.")
def worker(threads: int) -> None:
    """Tell LMSs what is due, and keep house. Any number may run, on any number of machines.

    Stops on SIGTERM or Ctrl-C within seconds, after it has finished what it sends. Killed in any other way it loses and
    doubles nothing: another one finds out what arrived.
    """
    from plugin.worker.build import build
    from plugin.worker.loop import Limits

    log_to_stderr()
    refuse_old_schema()
    limits = Limits(slots=threads, each=max(1, threads // 2), kept_free=threads // 4)
    running = build(settings(), engine(), limits=limits)

    def stop(_signal: int, _frame: FrameType | None) -> None:
        running.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    running.run()
