"""Tables, the queries several callers share, and the stores that `lti` asks for.

Models are declarative and dumb: a rule belongs to `plugin.domain`. Importing this package registers every table.
"""

from plugin.db import audit, checkups, groups, learning, notices, outbox, people, platforms, reflections, rosters
from plugin.db.base import Base

__all__ = [
    "Base",
    "audit",
    "checkups",
    "groups",
    "learning",
    "notices",
    "outbox",
    "people",
    "platforms",
    "reflections",
    "rosters",
]
