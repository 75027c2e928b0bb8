"""The sentence that says what a report is about: what was typed, what is wrong with it, what is asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from plugin.db import groups
from plugin.db import reach as reaches
from plugin.db.folding import fold
from plugin.db.groups import Choice
from plugin.db.reach import CohortChoice, OfferingChoice, Reach
from plugin.db.reports import Asked, Part
from plugin.domain import days

STATES = {**{part.value: (part,) for part in Part}, "all": tuple(Part)}
LONGEST_NAME = 200
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
NUMBER = re.compile(r"[0-9]{1,18}")  # what fits a key of the database


@dataclass(frozen=True)
class Filters:
    """`typed` is given back as it came; `asked` is None while something is wrong, so that nobody reads a report of
    something else than they asked for."""

    typed: Mapping[str, str]
    errors: Mapping[str, str]
    asked: Asked | None
    reach: Reach
    offerings: list[OfferingChoice]
    cohorts: list[CohortChoice]
    groups: list[Choice]
    are_first: bool = field(default=False)  # nothing was chosen yet

    @property
    def query(self) -> dict[str, Any]:
        """What a link carries so that it leads to the same report."""
        return {name: value for name, value in self.typed.items() if value or name in {"from", "to"}}


def read(session: Session, reach: Reach, args: Mapping[str, str], *, today: date) -> Filters:
    """Read the sentence of a request; what is missing from it is this year up to today, all of it, completed."""
    names = ("state", "offering", "organization", "cohort", "group", "from", "to", "name")
    usual = {"state": Part.COMPLETED.value, "from": date(today.year, 1, 1).isoformat(), "to": today.isoformat()}
    typed = {name: args.get(name, usual.get(name, "")) for name in names}
    errors: dict[str, str] = {}
    offerings = reaches.offerings(session, reach)

    first, last = _day(typed, "from", errors), _day(typed, "to", errors)
    if first and last and first > last:
        errors["to"] = _("This day is before the first one. Choose the same day or a later one.")
    if typed["state"] not in STATES:
        errors["state"] = _("Choose one of the list.")
    organization = _organization(typed["organization"], reach, errors)
    offering = next((each for each in offerings if each.code == typed["offering"]), None)
    if typed["offering"] and offering is None:
        errors["offering"] = _("No offering with this code is run here. Choose one of the list.")
    cohort = _cohort(session, typed["cohort"], reach, errors)
    choices = groups.of_cohort(session, cohort.id if cohort else None)
    group = next((choice for choice in choices if str(choice.id) == typed["group"]), None)
    if group is None:
        typed["group"] = ""  # it was of the cohort that was chosen before
    name = _name(typed["name"], errors)

    asked = Asked(
        reach=reach,
        parts=STATES.get(typed["state"], ()),
        first=first,
        last=last,
        organization_id=organization,
        cohort_id=cohort.id if cohort else None,
        offering_id=offering.id if offering else None,
        group_id=group.id if group else None,
        name=name,
    )
    cohorts = reaches.cohorts(
        session, reach, organization_id=organization, offering_id=offering.id if offering else None
    )
    if cohort and cohort not in cohorts:
        cohorts.append(cohort)
    are_first = not any(name in args for name in names)
    return Filters(typed, errors, None if errors else asked, reach, offerings, cohorts, choices, are_first)


def _day(typed: Mapping[str, str], name: str, errors: dict[str, str]) -> date | None:
    """The day that was typed; None for an open end."""
    text = typed[name].strip()
    if not text:
        return None
    try:
        found = date.fromisoformat(text) if DAY.fullmatch(text) else None
    except ValueError:
        found = None
    if found is None or not days.EARLIEST <= found <= days.LATEST:
        errors[name] = _("Write a day of the years 2000 to 2099 as year-month-day, like 2026-09-01.")
        return None
    return found


def _organization(text: str, reach: Reach, errors: dict[str, str]) -> int | None:
    if not text:
        return None
    found = reach.place(int(text)) if NUMBER.fullmatch(text) else None
    if found is None:
        errors["organization"] = _("This organization is not among yours. Choose one of the list.")
        return None
    return found.id


def _cohort(session: Session, text: str, reach: Reach, errors: dict[str, str]) -> CohortChoice | None:
    if not text:
        return None
    found = reaches.cohort(session, reach, int(text)) if NUMBER.fullmatch(text) else None
    if found is None:
        errors["cohort"] = _("This cohort is not among yours. Choose one of the list.")
    return found


def _name(text: str, errors: dict[str, str]) -> str:
    name = " ".join(text.split())
    if len(name) > LONGEST_NAME:
        errors["name"] = _("Write 200 characters of a name at most.")
        return ""
    if name and not (name.isprintable() and fold(name)):
        errors["name"] = _("Write letters of a name.")
        return ""
    return name
