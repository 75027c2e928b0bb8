"""How dates, minutes and counts read. Days and times are those of the visitor's organization."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import format_date, format_time, ngettext
from flask_babel import gettext as _

from plugin.web.identity import visitor


def zone() -> ZoneInfo:
    """The time zone in which this visitor reads."""
    person = visitor()
    return ZoneInfo(person.row.time_zone) if person else ZoneInfo("UTC")


def local(moment: datetime) -> datetime:
    """A stored moment on the visitor's clock."""
    return moment.astimezone(zone())


def day(moment: datetime | date) -> str:
    """21 November, with the year when it is not this one."""
    when = local(moment).date() if isinstance(moment, datetime) else moment
    this_year = datetime.now(UTC).astimezone(zone()).year
    return str(format_date(when, "d MMMM" if when.year == this_year else "d MMMM y"))


def clock_time(moment: datetime) -> str:
    """3:42 PM."""
    return str(format_time(local(moment), "short", rebase=False))


def minutes(count: int) -> str:
    """Whole minutes as people say them: 25 min, 2 h 05, 3 h."""
    hours, rest = divmod(count, 60)
    if not hours:
        return str(_("%(count)d min", count=rest))
    if not rest:
        return str(_("%(hours)d h", hours=hours))
    return str(_("%(hours)d h %(rest)02d", hours=hours, rest=rest))


def waiting(days: int) -> str:
    """How long something has waited: today, 1 day, 4 days."""
    if days < 1:
        return str(_("today"))
    return str(ngettext("%(num)d day", "%(num)d days", days))


def install(app: Flask) -> None:
    """The same words in templates, as filters."""
    app.jinja_env.filters.update(day=day, clock_time=clock_time, minutes=minutes, waiting=waiting, local=local)
