"""Findings in words, and the letter to the LMS's administrator.

Whoever shows them hands in how a sentence is said: gettext on a page, `plainly` at the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from plugin.actions.doctor.findings import Fact, Finding, Health, Who
from plugin.actions.doctor.sentences import KEPT, PLACES, TITLES, WORDS, marked

Say = Callable[..., str]
"""How a marked text is said: `say(text, **values)`."""


def plainly(text: str, **values: object) -> str:
    """As it is written here, in English."""
    return text % values if values else text


@dataclass(frozen=True)
class Line:
    """A finding in words, ready to be shown."""

    title: str
    health: Health
    who: Who
    wrong: str
    todo: str


@dataclass(frozen=True)
class About:
    """The connection, for the letter. `ours` are our addresses that an LMS asks for, by their names."""

    name: str
    issuer: str
    client_id: str
    family: str | None
    ours: Mapping[str, str]


def line(finding: Finding, say: Say, *, reason: Callable[[str, str], str]) -> Line:
    """A finding in words. `reason(codes, sentence)` says why a score was not told."""
    words = WORDS[finding.code]
    facts: dict[str, Any] = dict(finding.facts)
    if "codes" in facts:
        facts["reason"] = reason(str(facts["codes"]), str(facts["reason"]))
    wrong = say(words.wrong, **facts)
    if "kept_hours" in facts and words.health is not Health.WELL:
        wrong += " " + say(KEPT, hours=facts["kept_hours"])
    todo = say(words.todo, **facts) if words.todo else ""
    return Line(say(TITLES[finding.check]), words.health, words.who, wrong, todo)


def health(findings: Iterable[Finding]) -> Health:
    """The worst that was found: something to mend, something unknown, or well."""
    found = {WORDS[finding.code].health for finding in findings}
    return next((one for one in (Health.MEND, Health.UNKNOWN) if one in found), Health.WELL)


def letter(about: About, lines: Iterable[Line], at: datetime, say: Say) -> str:
    """The text for the LMS's administrator: what we saw, what to do, and what they need for it.

    It holds no secret and nobody's name; "" when there is nothing for them to do.
    """
    theirs = [line for line in lines if line.who is Who.LMS and line.health is not Health.WELL]
    if not theirs:
        return ""
    opening = say(
        marked(
            "Practicum is the tool through which the teachers’ union’s professional learning runs inside your LMS, "
            "%(name)s. We tested the connection on %(at)s. This needs a change in the LMS:"
        ),
        name=about.name,
        at=f"{at:%Y-%m-%d %H:%M} UTC",
    )
    parts = [say(marked("Hello,")), opening]
    for number, each in enumerate(theirs, 1):
        seen = say(marked("What we saw: %(what)s"), what=each.wrong)
        parts.append(f"{number}. {each.title}\n   {seen}\n   " + say(marked("What to do: %(what)s"), what=each.todo))
    if place := PLACES.get(about.family or ""):
        parts.append(say(place))
    facts: dict[str, Fact] = {
        say(marked("LMS (issuer)")): about.issuer,
        say(marked("Client id")): about.client_id,
        **about.ours,
    }
    parts.append(say(marked("For comparison, this is how the two know each other:")))
    parts.append("\n".join(f"- {name}: {value}" for name, value in facts.items()))
    parts.append(
        say(marked("Write back when it is done: the test takes some seconds, and we repeat it gladly. Thank you."))
    )
    return "\n\n".join(parts) + "\n"
