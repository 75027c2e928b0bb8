"""What a pack says of its own parts must lead somewhere: a page that follows a dangling key would break."""

from collections.abc import Iterator

from content.errors import Fault
from content.manuscript import Manuscript
from content.schema import Activity, ActivityKind, Pack

ANSWERED = frozenset({ActivityKind.INVENTORY, ActivityKind.WRITING, ActivityKind.REFLECTION})
"""Kinds whose answers can be shown beside a later one."""


def broken_references(pack: Pack, manuscript: Manuscript) -> list[Fault]:
    """Citations, outcomes, `assessed_by`, `shows` and session numbers that lead nowhere."""
    return [
        *_numbers(pack, manuscript),
        *_citations(pack, manuscript),
        *_outcomes(pack, manuscript),
        *_shows(pack, manuscript),
    ]


def _numbers(pack: Pack, manuscript: Manuscript) -> Iterator[Fault]:
    for expected, session in enumerate(pack.sessions, start=1):
        if session.number != expected:
            yield manuscript.at(f"session:{session.number}").fault(
                f"this is session {session.number} where session {expected} is due",
                "number the sessions 1, 2, 3, … and each once",
            )
            return


def _citations(pack: Pack, manuscript: Manuscript) -> Iterator[Fault]:
    known = {source.key for source in pack.sources}
    for activity in pack.activities:
        for index, section in enumerate(activity.body):
            for key in section.citations:
                if key not in known:
                    yield manuscript.at(f"section:{activity.key}:{index}").fault(
                        f"this finding cites {key}, which is not among the sources",
                        f"add {key} to sources in pack.yaml, or correct cite=",
                    )


def _outcomes(pack: Pack, manuscript: Manuscript) -> Iterator[Fault]:
    outcomes = {outcome.key for outcome in pack.outcomes}
    for activity in pack.activities:
        for question in activity.questions:
            if question.outcome not in outcomes:
                yield manuscript.at(f"id:{question.key}").fault(
                    f"{question.key} assesses {question.outcome}, which is not among the outcomes",
                    f"use one of: {', '.join(sorted(outcomes))}",
                )
    known = assessing_keys(pack)
    for outcome in pack.outcomes:
        for key in outcome.assessed_by:
            if key not in known:
                yield manuscript.at(f"outcome:{outcome.key}").fault(
                    f"{outcome.key} is assessed by {key}, which does not exist",
                    "name the id of a question, a scenario or an activity",
                )


def assessing_keys(pack: Pack) -> dict[str, Activity]:
    """The ids that `assessed_by` may name, each with the activity it belongs to."""
    keys: dict[str, Activity] = {}
    for activity in pack.activities:
        keys[activity.key] = activity
        keys |= {item.key: activity for item in activity.choosing}
    return keys


def _shows(pack: Pack, manuscript: Manuscript) -> Iterator[Fault]:
    earlier: dict[str, ActivityKind] = {}
    for activity in pack.activities:
        for key in activity.shows:
            if key not in earlier:
                yield manuscript.at(f"id:{activity.key}").fault(
                    f"{activity.key} shows {key}, and no earlier activity has that id",
                    "name an activity that comes before it",
                )
            elif earlier[key] not in ANSWERED:
                yield manuscript.at(f"id:{activity.key}").fault(
                    f"{activity.key} shows {key}, a {earlier[key]}, in which nothing is written",
                    f"name an activity of these kinds: {', '.join(sorted(ANSWERED))}",
                )
        earlier[activity.key] = activity.kind
