"""Where a member goes on: all they are enrolled in, and one enrolment in its LMS frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

import content
from plugin import clock
from plugin.actions import learn
from plugin.actions.history import News
from plugin.actions.learn import Overview
from plugin.actions.standing import Standing
from plugin.db.reflections import Decision
from plugin.domain import hours
from plugin.domain.completion import is_complete
from plugin.domain.people import Capability
from plugin.domain.progress import ActivityState, Step, continue_with, left_of
from plugin.domain.review import WAITING_FOR_TRAINER, State
from plugin.web import access, kept
from plugin.web.access import needs
from plugin.web.formats import day, local
from plugin.web.kept import HERE
from plugin.web.member import outlines
from plugin.web.member.blueprint import member
from plugin.web.member.phrases import about, days_of, offering_kind, reported, since, until
from plugin.web.transaction import connection, session
from plugin.web.words import gettext as _


@member.get("/")
@needs(Capability.SIGNED_IN)
def home() -> ResponseReturnValue:
    """My learning; whoever has one enrolment only is there already."""
    person = access.current()
    found = learn.enrolled(session(), person.person_id)
    if len(found) == 1:
        return redirect(url_for("member.outline", enrolment=found[0].enrolment.id))
    return render_template(
        "member/home.html",
        offerings=[_summary(standing) for standing in found],
        may_review=Capability.REVIEW in person.capabilities,
        may_report=Capability.REPORT in person.capabilities,
        may_administer=Capability.ADMINISTER in person.capabilities,
        lms=person.row.platform_name,
    )


@member.get("/learn/<int:enrolment>")
@needs(Capability.SIGNED_IN)
def outline(enrolment: int) -> ResponseReturnValue:
    """One enrolment: go on, what waits, the outline, hours, writing, and what the LMS was told.

    `?session=3` is how an LMS link to one session arrives: it is offered first and shown open.
    """
    return first_page(enrolment, request.args.get("session", type=int) if request.query_string else None)


def first_page(enrolment: int, session_number: int | None) -> str | bytes:
    """The overview of the visitor's own enrolment, with one session of it offered first.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    person = access.current()
    seen = learn.overview(connection(), person.person_id, enrolment)
    if seen is None:
        raise NotFound
    wanted = _session(seen.pack, session_number) if session_number else None
    name_is_missing = not person.name
    today = local(clock.now()).date()
    made_of = (seen.made_of, wanted and wanted.number, name_is_missing, today, person.row.time_zone)
    return kept.page(
        "member/outline.html",
        made_of,
        lambda: {**_facts(seen, wanted), "name_is_missing": name_is_missing},
        here=f"{request.script_root}/learn/{enrolment}",
    )


def _facts(seen: Overview, wanted: content.Session | None) -> dict[str, Any]:
    """What the overview says, with `HERE` for its address."""
    standing = seen.standing
    current = _current(standing, wanted)
    completed = standing.enrolment.completed_at
    return {
        "title": standing.pack.title,
        "kind": offering_kind(standing.pack),
        "earned": hours.earned(standing.steps),
        "pending": hours.pending(standing.steps),
        "required": hours.required(standing.steps),
        "contact_hours": hours.contact_hours(hours.earned(standing.steps)),
        "completed": day(completed) if completed else None,
        "next": _next(standing, current, seen.news, here=HERE) if current else None,
        "days": days_of(standing),
        "wanted": wanted and _wanted(standing, wanted),
        "sessions": outlines.sessions(standing, current, here=HERE, wanted=wanted.number if wanted else None),
        "open_session": wanted.number if wanted else _number_of(standing, current),
        "done_count": outlines.done_count(standing),
        # what is returned and offered at the top is not said twice
        "news": [_answered(standing, item) for item in seen.news if item.activity != current],
        "waits": [_with_trainer(standing, activity) for activity in _waiting_for_others(standing)],
        "written": sum(bool(row.text.strip()) for row in standing.reflections.values()),
        "told": reported(seen.told, standing.enrolment),
        "here": HERE,
        "address": f"{HERE}?session={wanted.number}" if wanted else HERE,
    }


def _summary(standing: Standing) -> dict[str, Any]:
    current = _current(standing, None)
    completed = standing.enrolment.completed_at
    return {
        "title": standing.pack.title,
        "kind": offering_kind(standing.pack),
        "where": standing.cohort.name,
        "url": url_for("member.outline", enrolment=standing.enrolment.id),
        "earned": hours.earned(standing.steps),
        "required": hours.required(standing.steps),
        "completed": day(completed) if completed else None,
        "returned": any(step.state is ActivityState.RETURNED for step in standing.steps),
        "waits": standing.waits,
        "days": days_of(standing),
        "next": _next(standing, current, [], here=outlines.home_of(standing)) if current and not completed else None,
    }


def _wanted(standing: Standing, part: content.Session) -> str:
    """The session that a link leads to, and that it is done, when it is."""
    names = {"number": part.number, "all": len(standing.pack.sessions), "title": part.title}
    if is_complete(standing.steps_of(part)):
        return _("Session %(number)d of %(all)d, %(title)s, is done.", **names)
    return _("Session %(number)d of %(all)d: %(title)s", **names)


def _session(pack: content.Pack, number: int | None) -> content.Session | None:
    """The session a link asks for; an offering of one session is not divided."""
    if len(pack.sessions) == 1:
        return None
    return next((part for part in pack.sessions if part.number == number), None)


def _current(standing: Standing, wanted: content.Session | None) -> str | None:
    """Where to go on: in the session that was asked for, while something is open there."""
    last = standing.enrolment.last_activity
    asked = standing.steps_of(wanted) if wanted else []
    return continue_with(asked, last) or continue_with(_offered(standing), last)


def _offered(standing: Standing) -> tuple[Step, ...]:
    """After completion nothing more is asked for: optional activities stay in the outline."""
    return () if standing.enrolment.completed_at else standing.steps


def _number_of(standing: Standing, key: str | None) -> int | None:
    for part in standing.pack.sessions:
        if any(activity.key == key for activity in part.activities):
            return part.number
    return None


def _next(standing: Standing, key: str, news: Sequence[News], *, here: str) -> dict[str, Any]:
    activity = next(activity for activity in standing.activities if activity.key == key)
    state = standing.step(key).state
    found = {
        "title": activity.title,
        "url": outlines.place(here, key, anchor=_place(standing, key)),
        "label": _("Continue") if standing.enrolment.started_at else _("Begin"),
    }
    if state is ActivityState.RETURNED:
        answer = next((item for item in news if item.activity == key), None)
        return {**found, "label": _("Revise"), "kind": _("Returned to you"), "detail": _answered_by(answer)}
    progress = standing.progress.get(key)
    rest = about(left_of(activity.minutes, progress.position if progress else 0)).capitalize()
    if state is ActivityState.OPENED:
        return {**found, "kind": _("Where you left off"), "detail": _("%(minutes)s left", minutes=rest)}
    return {**found, "kind": _("Next"), "detail": rest}


def _answered_by(answer: News | None) -> str:
    if answer is None:
        return _("With a next step from your trainer")
    name = answer.trainer or _("Your trainer")
    return _("%(name)s answered on %(day)s, with a next step", name=name, day=day(answer.released_at))


def _place(standing: Standing, key: str) -> str | None:
    """The spot on the page where the member left: in the text, or at the draft."""
    progress, written = standing.progress.get(key), standing.reflections.get(key)
    if progress and progress.position:
        return "place"
    if written and written.state is State.RETURNED:
        return "feedback"
    return "editor" if written and written.text.strip() else None


def _answered(standing: Standing, item: News) -> dict[str, Any]:
    activity = standing.activity(item.activity)
    return {
        "title": activity.title if activity else item.activity,
        "trainer": item.trainer or _("Your trainer"),
        "on": day(item.released_at),
        "returned": item.decision is Decision.RETURN,
        "url": outlines.place(HERE, item.activity, anchor="feedback"),
    }


def _waiting_for_others(standing: Standing) -> list[content.Activity]:
    found = standing.reflections
    return [
        activity
        for activity in standing.activities
        if activity.key in found and found[activity.key].state in WAITING_FOR_TRAINER
    ]


def _with_trainer(standing: Standing, activity: content.Activity) -> dict[str, Any]:
    written = standing.reflections[activity.key]
    return {
        "title": activity.title,
        "since": since(written.waiting_since or written.saved_at),
        "until": until(written),
        "read": written.state is State.IN_REVIEW,
        "url": outlines.place(HERE, activity.key),
    }
