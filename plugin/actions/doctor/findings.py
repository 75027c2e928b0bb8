"""What a check found, as plain values: a check, the stable name of what was found, and facts that are safe to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Fact = str | int


class Check(StrEnum):
    """What is checked, in the order in which it is shown."""

    SWITCH = "switch"
    DEPLOYMENTS = "deployments"
    LAUNCH = "launch"
    KEYS = "keys"
    CLOCK = "clock"
    TOKEN = "token"  # noqa: S105  the name of a check
    MAY_SCORE = "may-score"
    MAY_RESULT = "may-result"
    MAY_COLUMN = "may-column"
    MAY_ROSTER = "may-roster"
    COLUMN = "column"
    SCORE = "score"
    ROSTER = "roster"
    COPIES = "copies"
    NOTICES = "notices"
    OUTBOX = "outbox"


class Health(StrEnum):
    """The verdict of a check."""

    WELL = "well"
    MEND = "mend"  # something has to be changed
    UNKNOWN = "unknown"  # it could not be checked
    NONE = "none"  # it does not apply: nobody asked for it, or this LMS does not offer it


class Who(StrEnum):
    """Whose turn it is."""

    LMS = "lms"  # the LMS's administrator
    OURS = "ours"  # Practicum's administrator
    NOBODY = "nobody"


@dataclass(frozen=True)
class Finding:
    """One result. `code` is the name of its sentences in `words`; `facts` are put into them.

    Facts are ours, or were looked at: addresses without their query, numbers, slugs. Never a secret, a name, a user id.
    """

    check: Check
    code: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
