"""What the application is wired with, for views that need more than the database."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app
from sqlalchemy import Engine

from lti.http import HttpClient
from lti.key_sets import KeySets
from lti.state import Sealer
from lti.stores import ToolKeys
from lti.urls import Tool
from plugin.db.lti_stores import RecentPlatforms
from plugin.db.session import Spares
from plugin.settings import Settings


@dataclass(frozen=True)
class Wiring:
    """One installation's parts, made once by `plugin.app`.

    `reader` is the engine for transactions that only read. Requests have their connections of `writers` and `readers`.
    """

    settings: Settings
    engine: Engine
    reader: Engine
    writers: Spares
    readers: Spares
    http: HttpClient
    key_sets: KeySets
    sealer: Sealer
    tool: Tool
    tool_keys: ToolKeys
    platforms: RecentPlatforms

    def close(self) -> None:
        """Close the connections to the database; nobody uses the application any more."""
        self.writers.close()
        self.readers.close()
        self.engine.dispose()


def wiring() -> Wiring:
    """The parts of the running application."""
    found = current_app.extensions["practicum"]
    assert isinstance(found, Wiring)  # noqa: S101  the type of what app.py put there
    return found
