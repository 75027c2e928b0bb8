"""practicum serve"""

from __future__ import annotations

import errno
import http.client
import os
import socket
import sys

import click
from sqlalchemy.engine import make_url

from plugin.cli.shared import engine, log_to_stderr, refuse_old_schema, settings

SHUT_DOWN = 6  # seconds that a web process may take for requests under way


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--no-worker", is_flag=True, help="Web only; run `practicum worker` beside it, here or elsewhere.")
@click.option("--workers", type=click.IntRange(1), help="Web processes: 1 on SQLite, 2 on PostgreSQL.")
@click.option("--threads", type=click.IntRange(1), help="Threads of each: 4.")
def serve(host: str, port: int, no_worker: bool, workers: int | None, threads: int | None) -> None:
    """Serve the pages, and tell LMSs what is due, in one process tree.

    What dies is started again; SIGTERM or Ctrl-C ends all within ten seconds; nothing outlives this process.
    """
    from plugin import clock
    from plugin.cli.supervisor import Child, Supervisor
    from plugin.db import tool_keys

    log_to_stderr()
    chosen = settings()
    refuse_old_schema()
    port = _free(host, port)
    tool_keys.provide(engine(), chosen.secret_key, now=clock.now())
    sqlite = make_url(chosen.database_url).get_backend_name() == "sqlite"
    engine().dispose()  # children open their own
    web = _web(host, port, workers or (1 if sqlite else 2), threads or 4)
    children = [Child("web", web)]
    if not no_worker:
        children.append(Child("worker", [sys.executable, "-m", "plugin.cli", "worker"]))
    Supervisor(children, environment=os.environ, each_look=_Announcement(host, port, chosen.base_url)).run()


def _web(host: str, port: int, workers: int, threads: int) -> list[str]:
    options = {
        "--interface": "wsgi",
        "--host": host,
        "--port": str(port),
        "--workers": str(workers),
        "--blocking-threads": str(threads),
        "--workers-kill-timeout": str(SHUT_DOWN),
        "--log-level": "error",
    }
    pairs = [part for pair in options.items() for part in pair]
    switches = ["--factory", "--respawn-failed-workers", "--no-access-log", "--no-ws"]
    return [sys.executable, "-m", "granian", *switches, *pairs, "plugin.app:serve"]


def _free(host: str, port: int) -> int:
    """The port, or a free one for 0; ends the command when somebody listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(_why(error, host, port)) from None
        found: int = probe.getsockname()[1]
        return found


def _why(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} on {host} is taken; stop what listens there, or choose another with --port"
    if error.errno == errno.EACCES:
        return f"port {port} is not for everybody; choose one above 1023 with --port, and put a proxy in front"
    return f"cannot listen on {host}: {error.strerror or error}; give an address of this computer with --host"


class _Announcement:
    """Says once where the pages are, when they answer."""

    def __init__(self, host: str, port: int, base_url: str) -> None:
        self._address = ("127.0.0.1" if host == "0.0.0.0" else "::1" if host == "::" else host, port)  # noqa: S104
        self._text = f"Practicum is at {base_url} (listening on {host}:{port})"
        self._said = False

    def __call__(self) -> None:
        if self._said or not self._answers():
            return
        self._said = True
        click.echo(self._text)
        sys.stdout.flush()

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(*self._address, timeout=1)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
