"""Gradebook columns by choice: which ones an offering has, what each stands for, and which of them a link can bring.

A content item of deep linking brings one column at most (Deep Linking 2.0 §3.2), so what a choice asks for beyond that
is adopted or made later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

Sessions = Mapping[int, Sequence[str]]
"""An offering's sessions by number, in order, each with the keys of its required reflections."""


class Choice(StrEnum):
    """What an instructor wants to see in the gradebook."""

    COMPLETION = "completion"
    SESSIONS = "sessions"
    REFLECTIONS = "reflections"


class Kind(StrEnum):
    """What a column stands for. Its value is the column's tag in the LMS, which a course copy keeps."""

    COMPLETION = "completion"
    SESSION = "session"
    REFLECTION = "reflection"


@dataclass(frozen=True)
class Part:
    """The part of an offering that a column stands for; `session` and `activity` say which, of many."""

    kind: Kind
    session: int | None = None
    activity: str | None = None

    def resource_id(self, code: str) -> str:
        """The column's resourceId in the LMS, beside its tag: the offering's code, or code and part."""
        return code if self.kind is Kind.COMPLETION else f"{code}/{self.session or self.activity}"


WHOLE = Part(Kind.COMPLETION)


def parts(choice: Choice, sessions: Sessions) -> tuple[Part, ...]:
    """The columns that a choice asks for, in the order of the offering; at least one.

    Where there is nothing to choose from (an offering without a required reflection) it is the completion.
    """
    found: tuple[Part, ...] = ()
    if choice is Choice.SESSIONS:
        found = tuple(Part(Kind.SESSION, session=number) for number in sessions)
    elif choice is Choice.REFLECTIONS:
        found = tuple(Part(Kind.REFLECTION, activity=key) for keys in sessions.values() for key in keys)
    return found or (WHOLE,)


def brought(choice: Choice, sessions: Sessions, session: int | None) -> Part | None:
    """The column that comes with a link: to the whole offering (None), or to one session of it.

    None where the choice has no column for the link, or more than the one that it can bring. The completion comes with
    the link to the last session, since that is where it is reached and when it is due.
    """
    mine = parts(choice, sessions)
    if session is not None and session in sessions:
        if mine == (WHOLE,):
            mine = mine if session == max(sessions) else ()
        else:
            mine = tuple(part for part in mine if part.session == session or part.activity in sessions[session])
    return mine[0] if len(mine) == 1 else None


def left_over(choice: Choice, sessions: Sessions, *, by_session: bool) -> tuple[Part, ...]:
    """The columns of a choice that none of its links brings: of one link, or of one link for each session."""
    links = list(sessions) if by_session else [None]
    with_links = {brought(choice, sessions, link) for link in links}
    return tuple(part for part in parts(choice, sessions) if part not in with_links)
