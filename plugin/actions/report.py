"""The completion report: its rows, its page, its totals, and what is remembered of each file made from it.

The page, every file and the command line show the same lines, made by `_Reading.line`. No text of a reflection, no
`sub` and no address is in them (design, rule 2).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache, partial
from typing import IO, Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

import content
from plugin.actions import audit
from plugin.db import groups, reports
from plugin.db import reach as reaches
from plugin.db.outbox import OutboxState
from plugin.db.reach import Edition
from plugin.db.reports import Asked, Key, Part
from plugin.domain import days, hours
from plugin.domain.days import Period
from plugin.reports import Column, Kind, Table, as_csv, as_json, as_xlsx

HOURS = (
    "One contact hour is 60 minutes. Minutes awarded are the designed minutes of the required activities, written down "
    "on the day of completion; hours are those minutes divided by 60, with one decimal."
)
DAYS = "Days are those of the organization of each row."

WORDS = {part: part.value.replace("-", " ") for part in Part}
TOLD: dict[str | None, str] = {OutboxState.SENT: "sent", OutboxState.DUE: "waiting", OutboxState.REFUSED: "refused"}


class Form(StrEnum):
    """Files that a report can be."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


class Line(NamedTuple):
    """A row of the report, in the order of `COLUMNS`; days by the clock of the row's organization."""

    organization: str
    platform: str
    cohort: str
    offering: str
    title: str
    version: str
    member: int
    name: str
    state: str
    enrolled: date
    started: date | None
    last_activity: date | None
    completed: date | None
    required_done_percent: int
    reflections_met: int
    reflections_total: int
    minutes_designed: int
    minutes_awarded: int | None
    contact_hours: float | None
    lms_report: str
    lms_report_on: date | None


# headings stay as they are in every language: scripts and state systems read these files, too
COLUMNS = (
    Column("organization", "Organization"),
    Column("platform", "LMS"),
    Column("cohort", "Cohort"),
    Column("offering", "Offering"),
    Column("title", "Title"),
    Column("version", "Version"),
    Column("member", "Member number", Kind.NUMBER),
    Column("name", "Name"),
    Column("state", "State"),
    Column("enrolled", "Enrolled", Kind.DAY),
    Column("started", "Started", Kind.DAY),
    Column("last_activity", "Last activity", Kind.DAY),
    Column("completed", "Completed", Kind.DAY),
    Column("required_done_percent", "Required done (%)", Kind.NUMBER),
    Column("reflections_met", "Reflections met", Kind.NUMBER),
    Column("reflections_total", "Reflections in all", Kind.NUMBER),
    Column("minutes_designed", "Minutes designed", Kind.NUMBER),
    Column("minutes_awarded", "Minutes awarded", Kind.NUMBER),
    Column("contact_hours", "Contact hours", Kind.HOURS),
    Column("lms_report", "LMS report"),
    Column("lms_report_on", "LMS report since", Kind.DAY),
)


@dataclass(frozen=True)
class Page:
    """Some lines, and the keys from which the pages before and after them go on; None where there is no more."""

    lines: tuple[Line, ...]
    newer: Key | None
    older: Key | None


@dataclass(frozen=True)
class Totals:
    """A report in numbers. `periods` counts completions; it is empty where none were asked for or found."""

    people: int
    rows: int
    completions: int
    minutes: int
    periods: tuple[tuple[Period, int], ...]

    @property
    def hours(self) -> float:
        """The minutes as contact hours, with one decimal."""
        return _hours(self.minutes)


def lines(session: Session, asked: Asked) -> Generator[Line]:
    """The whole report, read from the database while its lines are taken; the session must live that long."""
    reading = _Reading(session, asked)
    for part in asked.parts:
        with closing(reports.rows(session, asked, part, reading.optional)) as rows:
            for row in rows:
                yield reading.line(part, row)


def write(session: Session, asked: Asked, form: Form, file: IO[bytes], *, now: datetime) -> int:
    """Write the whole report into a file; memory stays flat. Returns how many rows there are."""
    with closing(lines(session, asked)) as rows:
        whole = Table(COLUMNS, rows)
        if form is Form.CSV:
            return as_csv.write(whole, file)
        if form is Form.JSON:
            return as_json.write(whole, file)
        told = partial(about, session, asked, now=now)
        return as_xlsx.write(whole, file, title="Completions", about=told, now=now)


def page(session: Session, asked: Asked, *, key: Key | None = None, back: bool = False, size: int) -> Page:
    """The lines after a key, or before it when `back`; the first ones for None."""
    reading = _Reading(session, asked)
    rows = reports.page(session, asked, reading.optional, key=key, back=back, size=size + 1)
    more = len(rows) > size
    shown = rows[-size:] if back else rows[:size]
    if not shown:
        return Page((), None, None)
    before = more if back else key is not None
    after = True if back else more
    (first, top), (last, bottom) = shown[0], shown[-1]
    return Page(
        tuple(reading.line(part, row) for part, row in shown),
        newer=Key(first, top.at, top.row_id) if before else None,
        older=Key(last, bottom.at, bottom.row_id) if after else None,
    )


def totals(session: Session, asked: Asked) -> Totals:
    """People, rows, completions and minutes of a report, and its completions by month or year."""
    people, sums = reports.totals(session, asked)
    done = sums.get(Part.COMPLETED)
    periods: tuple[Period, ...] = ()
    if done is not None and done.first is not None and done.last is not None:
        zones = [ZoneInfo(place.time_zone) for place in asked.reach.of(asked.organization_id)]
        first = min(done.first.astimezone(zone).date() for zone in zones)
        last = max(done.last.astimezone(zone).date() for zone in zones)
        periods = days.periods(first, last)
    counts = reports.completions_by_period(session, asked, [period.start for period in periods])
    return Totals(
        people=people,
        rows=sum(part.rows for part in sums.values()),
        completions=done.rows if done else 0,
        minutes=done.minutes if done else 0,
        periods=_trimmed(list(zip(periods, counts, strict=True))),
    )


def about(session: Session, asked: Asked, rows: int, *, now: datetime) -> list[tuple[str, str]]:
    """What a file says of itself: its filters, when it was made, how many rows it has, how hours are reckoned."""
    top = asked.reach.top
    made = now.astimezone(ZoneInfo(top.time_zone if top else "UTC"))
    said = [
        ("Report", "Completions"),
        ("Organization", place_name(asked)),
        ("People", ", ".join(WORDS[part] for part in asked.parts)),
        ("From", asked.first.isoformat() if asked.first else "the beginning"),
        ("To", asked.last.isoformat() if asked.last else "today"),
    ]
    if asked.offering_id is not None:
        said += [
            ("Offering", each.code) for each in reaches.offerings(session, asked.reach) if each.id == asked.offering_id
        ]
    if asked.cohort_id is not None and (cohort := reaches.cohort(session, asked.reach, asked.cohort_id)):
        said.append(("Cohort", f"{cohort.name} ({cohort.code})"))
        chosen = (each.name for each in groups.of_cohort(session, cohort.id) if each.id == asked.group_id)
        said += [("Group of the LMS course", name) for name in chosen]
    if asked.name:
        said.append(("Name contains", asked.name))
    return [
        *said,
        ("Made", made.strftime("%Y-%m-%d %H:%M %Z")),
        ("Rows", str(rows)),
        ("Hours", HOURS),
        ("Days", f"{DAYS} Completed people count by the day of completion, others by the day of enrolment."),
        ("LMS report", "What the LMS was told of the row: sent, waiting, refused, or none (there is nothing to tell)."),
        ("Privacy", "What members write is read by their trainers only; no report holds it."),
    ]


def place_name(asked: Asked) -> str:
    """The organization a report is about, in words."""
    chosen = asked.reach.place(asked.organization_id) if asked.organization_id is not None else asked.reach.top
    return chosen.name if chosen else ", ".join(place.name for place in asked.reach.places)


def file_name(asked: Asked, ending: str) -> str:
    """E.g. completions-local-1-2026-01-01-2026-12-31.csv; letters of ASCII, digits and hyphens only."""
    chosen = asked.reach.place(asked.organization_id) if asked.organization_id is not None else asked.reach.top
    first = asked.first.isoformat() if asked.first else "beginning"
    last = asked.last.isoformat() if asked.last else "today"
    return f"completions-{_slug(chosen.name) if chosen else 'all'}-{first}-{last}.{ending}"


def remember_export(session: Session, asked: Asked, form: str, *, rows: int, by: int | None, now: datetime) -> None:
    """Write down that a file was made: what was asked for and how many rows it has, never a name."""
    about_place = asked.reach.place(asked.organization_id) if asked.organization_id is not None else asked.reach.top
    place = about_place or next(iter(asked.reach.places), None)
    audit.remember(
        session,
        "export completions",
        f"organization {place.id}" if place else "nothing",
        by=by,
        organization=place.id if place else None,
        now=now,
        form=form,
        rows=rows,
        parts=[part.value for part in asked.parts],
        first=asked.first.isoformat() if asked.first else None,
        last=asked.last.isoformat() if asked.last else None,
        offering=asked.offering_id,
        cohort=asked.cohort_id,
        group=asked.group_id,
        searched_a_name=bool(asked.name),
    )


@dataclass(frozen=True)
class _Design:
    """What the report needs of a version; it never changes."""

    title: str
    required: int
    optional: frozenset[str]
    reflections: int


_designs: dict[str, _Design] = {}  # by digest of the version, so the same entry is right for every database


class _Reading:
    """What turns rows into lines: the versions, organizations and time zones within reach, looked up once."""

    def __init__(self, session: Session, asked: Asked) -> None:
        editions = {edition.id: edition for edition in reaches.editions(session, asked.reach)}
        designs = _read(session, editions.values())
        self._of = {key: (edition, designs[edition.digest]) for key, edition in editions.items()}
        self._places = {place.id: (place.name, _calendar(place.time_zone)) for place in asked.reach.places}
        self.optional = [
            (key, activity) for key, (_, design) in self._of.items() for activity in sorted(design.optional)
        ]

    def line(self, part: Part, row: Any) -> Line:
        """One line of the report, from a row of `plugin.db.reports`. Files of a million rows go through here."""
        (_, at, organization_id, platform, cohort, version_id, person, name, *rest) = row
        (enrolled, started, active, done, met, minutes, state, since) = rest
        edition, design = self._of[version_id]
        organization, day = self._places[organization_id]
        completed = part is Part.COMPLETED
        told = TOLD.get(state, "none")
        return Line(
            organization,
            platform,
            cohort,
            edition.code,
            design.title,
            edition.number,
            person,
            name,
            WORDS[part],
            day(enrolled),
            day(started) if started else None,
            day(active) if active else None,
            day(at) if completed else None,
            100 if completed else _percent(done, design.required),
            met,
            design.reflections,
            edition.minutes,
            minutes,
            None if minutes is None else _hours(minutes),
            told,
            None if told == "none" else day(since),
        )


def _calendar(time_zone: str) -> Callable[[datetime], date]:
    """What turns a moment into a day there."""
    zone = ZoneInfo(time_zone)
    return lambda moment: moment.astimezone(zone).date()


def _percent(done: int, required: int) -> int:
    """Whole per cent, rounded down: 100 is said of a completion only."""
    return min(done * 100 // required, 99) if required else 0


def _read(session: Session, editions: Collection[Edition]) -> dict[str, _Design]:
    missing = {edition.digest: edition.id for edition in editions if edition.digest not in _designs}
    if missing:
        found = reaches.documents(session, list(missing.values()))
        for digest, version in missing.items():
            _designs[digest] = _design(content.from_document(found[version]))
    return _designs


def _design(pack: content.Pack) -> _Design:
    activities = list(pack.activities)
    return _Design(
        title=pack.title,
        required=sum(activity.required for activity in activities),
        optional=frozenset(activity.key for activity in activities if not activity.required),
        reflections=sum(activity.kind is content.ActivityKind.REFLECTION for activity in activities),
    )


def _trimmed(counted: list[tuple[Period, int]]) -> tuple[tuple[Period, int], ...]:
    """Without the empty periods at both ends: clocks differ, so the first day was looked for a little early."""
    full = [place for place, (_, count) in enumerate(counted) if count]
    return tuple(counted[full[0] : full[-1] + 1]) if full else ()


@lru_cache(maxsize=256)
def _hours(minutes: int) -> float:
    return float(hours.contact_hours(minutes))


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = "".join(character if character.isalnum() else " " for character in plain).split()
    return "-".join(words)[:60].strip("-") or "organization"
