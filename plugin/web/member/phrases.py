"""Where a member's work stands, as people say it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from flask_babel import format_date
from markupsafe import Markup

import content
from content.markdown import plain_text
from plugin import clock
from plugin.actions import course_dates
from plugin.actions.learn import Told
from plugin.actions.standing import Standing
from plugin.db.learning import Enrolment
from plugin.db.outbox import OutboxRow, OutboxState
from plugin.db.reflections import Reflection
from plugin.domain import business_days
from plugin.domain.columns import Kind, Part
from plugin.domain.progress import ActivityState
from plugin.domain.review import State
from plugin.domain.scores import Progress
from plugin.web import reasons
from plugin.web.formats import clock_time, day, local
from plugin.web.words import gettext as _
from plugin.web.words import ngettext


def since(moment: datetime) -> str:
    """When something began, as the end of "since …": today, yesterday, Tuesday, 21 November."""
    today = local(clock.now()).date()
    when = local(moment).date()
    if when == today:
        return _("today")
    if when == today - timedelta(days=1):
        return _("yesterday")
    if today - timedelta(days=7) < when < today:
        return str(format_date(when, "EEEE"))
    return day(moment)


def saved_at(moment: datetime) -> str:
    """When a text was stored, as the end of "Saved …": 3:42 PM, with the day when it was not today."""
    if local(moment).date() == local(datetime.now(UTC)).date():
        return clock_time(moment)
    return _("%(day)s, %(time)s", day=day(moment), time=clock_time(moment))


def kind_of(activity: content.Activity) -> str:
    """What sort of activity it is."""
    match activity.kind:
        case content.ActivityKind.READING:
            return _("Reading")
        case content.ActivityKind.INVENTORY:
            return _("Taking stock")
        case content.ActivityKind.PRACTICE:
            return _("Practice")
        case content.ActivityKind.CHECK:
            return _("Questions")
        case content.ActivityKind.WRITING:
            return _("Writing for yourself")
        case content.ActivityKind.REFLECTION:
            return _("Reflection")


def offering_kind(pack: content.Pack) -> str:
    """3-hour module, 45-hour course, 30-minute webinar."""
    hours, rest = divmod(pack.minutes, 60)
    if not rest:
        return {
            content.OfferingKind.MODULE: _("%(hours)d-hour module", hours=hours),
            content.OfferingKind.COURSE: _("%(hours)d-hour course", hours=hours),
            content.OfferingKind.WEBINAR: _("%(hours)d-hour webinar", hours=hours),
        }[pack.kind]
    return {
        content.OfferingKind.MODULE: _("%(minutes)d-minute module", minutes=pack.minutes),
        content.OfferingKind.COURSE: _("%(minutes)d-minute course", minutes=pack.minutes),
        content.OfferingKind.WEBINAR: _("%(minutes)d-minute webinar", minutes=pack.minutes),
    }[pack.kind]


def about(count: int) -> str:
    """About 25 minutes."""
    return ngettext("about %(num)d minute", "about %(num)d minutes", count)


def state_of(standing: Standing, key: str) -> tuple[str, str | None]:
    """The state of an activity as (kind, label) for the macro `state`; without a label the kind's own word."""
    state = standing.step(key).state
    written = standing.reflections.get(key)
    if state is ActivityState.WAITING and written and written.waiting_since:
        if written.state is State.IN_REVIEW:
            return "being_read", None
        return "with_trainer", _("With your trainer since %(day)s", day=since(written.waiting_since))
    if state is ActivityState.DONE and written and written.state is State.MET:
        return "met", None
    if state is ActivityState.OPENED and written and written.text.strip():
        return "drafting", None
    words = {
        ActivityState.NEW: "not_started",
        ActivityState.OPENED: "in_progress",
        ActivityState.WAITING: "with_trainer",
        ActivityState.RETURNED: "returned",
        ActivityState.DONE: "done",
    }
    return words[state], None


def until(written: Reflection) -> str:
    """By when a trainer usually answers what waits; what waits longer than that is not forgotten."""
    start = local(written.waiting_since or written.saved_at).date()
    usual = business_days.after(start, business_days.USUAL_ANSWER)
    if usual < local(clock.now()).date():
        return _("It takes longer than usual; the trainers see it at the top of their list.")
    return _("Answers usually come by %(day)s.", day=day(usual))


def reported(told: Told, enrolment: Enrolment) -> str:
    """What the LMS knows, in one sentence."""
    if told.row is not None:
        return _on_its_way(told.lms, told.row, told.part)
    if enrolment.started_at is None:
        return _("%(lms)s hears from us when you open the first activity.", lms=told.lms)
    if not told.has_column:
        return _(
            "%(lms)s has no gradebook column for this, so nothing is reported there. Your record here is complete.",
            lms=told.lms,
        )
    return _("Not yet reported to %(lms)s: it hears from us with your next step.", lms=told.lms)


def _on_its_way(lms: str, row: OutboxRow, part: Part) -> str:
    if row.state is OutboxState.REFUSED:
        why = reasons.of_telling(row.problem_code, row.problem) or _("it refused the report.")
        return _("Not reported to %(lms)s: %(why)s Your LSC sees this and can send it again.", lms=lms, why=why)
    if row.state is OutboxState.NOT_SENT:
        return _("%(lms)s takes one report only, when you have finished. Nothing is late.", lms=lms)
    if row.state is OutboxState.DUE and row.attempts:
        return _("We are retrying: %(lms)s has not taken the report yet.", lms=lms)
    if row.state is OutboxState.DUE or row.sent_at is None:
        return _("The report to %(lms)s is on its way.", lms=lms)
    words = {
        Progress.STARTED: _("Reported to %(lms)s on %(day)s: started.", lms=lms, day=day(row.sent_at)),
        Progress.SUBMITTED: _("Reported to %(lms)s on %(day)s: with your trainer.", lms=lms, day=day(row.sent_at)),
        Progress.RETURNED: _("Reported to %(lms)s on %(day)s: returned to you.", lms=lms, day=day(row.sent_at)),
        Progress.COMPLETED: _completed(lms, day(row.sent_at), part),
    }
    return words[row.progress]


def _completed(lms: str, on: str, part: Part) -> str:
    """That a part, or the whole, was reported as complete."""
    match part.kind:
        case Kind.COMPLETION:
            return _("Reported to %(lms)s on %(day)s.", lms=lms, day=on)
        case Kind.SESSION:
            return _("Reported to %(lms)s on %(day)s: session %(number)d done.", lms=lms, day=on, number=part.session)
        case Kind.REFLECTION:
            return _("Reported to %(lms)s on %(day)s: a reflection met.", lms=lms, day=on)


def days_of(standing: Standing) -> list[str]:
    """By when an offering is due and when its LMS course ends, as far as the LMS says so; nothing after completion."""
    if standing.enrolment.completed_at is not None:
        return []
    dates = course_dates.read(standing.cohort.dates)
    found = []
    due = dates.due_of(None)
    if due is not None:
        late = due < clock.now()
        found.append(_("Was due on %(day)s", day=day(due)) if late else _("Due %(day)s", day=day(due)))
    if dates.ends is not None:
        found.append(_("The course ends on %(day)s", day=day(dates.ends)))
    return found


def session_due(standing: Standing, session: int) -> str | None:
    """By when one session is due, to stand beside its title."""
    due = course_dates.read(standing.cohort.dates).due_of(session)
    if due is None or standing.enrolment.completed_at is not None:
        return None
    return _("was due on %(day)s", day=day(due)) if due < clock.now() else _("due %(day)s", day=day(due))


_YEAR = re.compile(r"\((?P<year>\d{4}[a-z]?|n\.d\.|in press)\)")
_SURNAME = re.compile(r"(?:^|[,&]\s*)(?P<name>[^,&]+),\s+(?:[A-Z]\S*\.)")


def short_source(html: str) -> str:
    """How a source is named in passing: "Kluger & DeNisi (1996)", "Wisniewski et al. (2020)".

    Reference lists follow APA: authors, then the year in brackets. What does not is cut after some words.
    """
    text = plain_text(html)
    year = _YEAR.search(text)
    if year is None:
        return f"{text[:60].rsplit(' ', 1)[0]} …" if len(text) > 60 else text
    authors = text[: year.start()].strip()
    names = [found["name"].strip() for found in _SURNAME.finditer(authors)] or [authors.rstrip(". ")]
    who = f"{names[0]} et al." if len(names) > 2 else " & ".join(names)
    return f"{who} ({year['year']})"


_HEADING = re.compile(r"<(/?)h([3-6])>")
_PARAGRAPHS = re.compile(r"</p>\s*<p>")


def lifted(html: str) -> Markup:
    """Rendered pack text whose headings stand right below a page's title: packs begin at h3 (content/README.md)."""
    return Markup(_HEADING.sub(lambda found: f"<{found[1]}h{int(found[2]) - 1}>", html))  # noqa: S704  sanitised


def inline(html: str) -> Markup:
    """Rendered pack text without its paragraphs, for a label or a legend, where no block may stand."""
    text = _PARAGRAPHS.sub("<br><br>", html.strip())
    if text.startswith("<p>") and text.endswith("</p>"):
        text = text[3:-4]
    return Markup(text)  # noqa: S704  sanitised when the pack was loaded
