"""Minutes add up, and are what the work takes: hours on a certificate rest on this."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from math import ceil, floor

from content import measures
from content.errors import Fault
from content.manuscript import Manuscript
from content.schema import Activity, Pack

FEWEST_READERS = 3


def sums(pack: Pack, manuscript: Manuscript, _today: date) -> Iterator[Fault]:
    """Required activities fill their session, sessions and categories the offering, to the minute."""
    for session in pack.sessions:
        place = manuscript.at(f"session-minutes:{session.number}")
        required = measures.required_minutes(session.activities)
        if required != session.minutes:
            yield place.fault(
                f"session {session.number} says {session.minutes} minutes, "
                f"its required activities add up to {required}",
                _difference(session.minutes - required, "an activity", "the session"),
            )
    place = manuscript.at("pack:minutes")
    total = sum(session.minutes for session in pack.sessions)
    if total != pack.minutes:
        yield place.fault(
            f"the offering says {pack.minutes} minutes, its sessions add up to {total}",
            _difference(pack.minutes - total, "a session", "the offering"),
        )
    total = sum(category.minutes for category in pack.categories)
    if total != pack.minutes:
        yield manuscript.at("pack:categories").fault(
            f"the categories add up to {total} minutes, the offering says {pack.minutes}",
            _difference(pack.minutes - total, "a category", "the offering"),
        )


def _difference(missing: int, part: str, whole: str) -> str:
    minutes = "1 minute" if abs(missing) == 1 else f"{abs(missing)} minutes"
    if missing > 0:
        return f"make {part} {minutes} longer, or {whole} {minutes} shorter"
    return f"make {part} {minutes} shorter, or {whole} {minutes} longer"


def passive_share(pack: Pack, manuscript: Manuscript, _today: date) -> Iterator[Fault]:
    """At most 40 % of the offering is reading without a task."""
    passive = measures.passive_minutes(pack)
    if passive > measures.LARGEST_PASSIVE_SHARE * pack.minutes:
        most = floor(measures.LARGEST_PASSIVE_SHARE * pack.minutes)
        yield manuscript.at("pack:minutes").fault(
            f"{passive} of {pack.minutes} minutes are reading without a task; at most {most} may be (40 %)",
            "turn reading into practice or writing, or add tasks to the readings",
        )


def design_time(activity: Activity, manuscript: Manuscript) -> Iterator[Fault]:
    """An activity's minutes are what its parts take by the formula, or what a trial measured, within 15 %."""
    place = manuscript.at(f"id:{activity.key}")
    if activity.pilot:
        pilot = activity.pilot
        if pilot.readers < FEWEST_READERS:
            yield place.fault(
                f"the trial of {activity.key} had {pilot.readers} readers",
                f"try it with at least {FEWEST_READERS} who were not told how long it should take",
            )
        if not measures.is_within_tolerance(pilot.median, activity.minutes):
            yield place.fault(
                f"{activity.key} says {activity.minutes} minutes, its trial measured {pilot.median}",
                f"write minutes={pilot.median}, or shorten the activity and try it again",
            )
        return
    time = measures.design_time(activity)
    if not measures.is_within_tolerance(time.total, activity.minutes):
        yield place.fault(
            f"{activity.key} says {activity.minutes} minutes, its parts come to {_parts(time)}",
            f"{_fitting(time.total)}, change what it holds, or try it with "
            f'{FEWEST_READERS} or more readers and write, e.g., pilot="n=5 median={activity.minutes}"',
        )


def _parts(time: measures.DesignTime) -> str:
    parts = {
        "text": time.reading,
        "questions, scenarios and statements": time.items,
        "tasks": time.tasks,
        "writing": time.writing,
    }
    named = [f"{name} {float(minutes):.1f}" for name, minutes in parts.items() if minutes]
    return f"about {float(time.total):.1f} ({', '.join(named)})"


def _fitting(total: Fraction) -> str:
    low, high = ceil(total / (1 + measures.TOLERANCE)), floor(total / (1 - measures.TOLERANCE))
    if low < high:
        return f"write minutes={low} to {high}"
    return f"write minutes={max(low, 1)}" if low == high else "make it longer"
