"""/cohorts/…/roster: who is in the LMS course, and how far they are. Names only for those who work with them."""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from plugin import clock
from plugin.actions import rosters as actions
from plugin.actions.open_link import MAY_CHOOSE
from plugin.db import class_list, doors, groups
from plugin.db.class_list import Course
from plugin.db.doors import AtHand
from plugin.db.groups import Choice
from plugin.db.learning import Context
from plugin.domain import rosters as rules
from plugin.domain.people import Capability
from plugin.domain.rosters import Reached
from plugin.web import paging, reasons
from plugin.web.access import current, needs
from plugin.web.errors import Refused
from plugin.web.formats import clock_time
from plugin.web.transaction import session
from plugin.web.words import gettext as _

rosters = Blueprint("rosters", __name__, url_prefix="/cohorts")

ROWS = 50
# an LMS that gives no list is no trouble, and nobody has to mend it
NORMAL = frozenset({"roster-not-given", "roster-too-long"})
# what passes by itself needs somebody only when it does not
PASSING = frozenset({"roster-later", "roster-busy", "roster-ours"})
OLD = timedelta(days=3)


def _at_hand(cohort_id: int) -> AtHand:
    """The cohort, for whoever may see its counts at least."""
    person = current()
    found = doors.cohort_at_hand(session(), person.grants, person.person_id, cohort_id, now=clock.now())
    if found is None or not (found.granted or found.course_role in MAY_CHOOSE):
        raise NotFound
    return found


@rosters.get("/<int:roster_id>/roster")
@needs(Capability.SIGNED_IN)
def page(roster_id: int) -> ResponseReturnValue:
    """Who has not opened it, who has started, who is done, who is gone: counts first."""
    found = _at_hand(roster_id)
    now = clock.now()
    course = class_list.course_of(session(), found.cohort)
    shown = request.args.get("state", Reached.NOT_OPENED.value)
    error = None if shown in set(Reached) else _("There is no such list. Choose one of these.")
    # counts of a small group would say something of somebody, so they are for those who see names anyway
    choices = groups.of_course(session(), found.cohort.context_id) if found.sees_names else []
    group, group_error = _group(choices)
    about = {
        "cohort": found.cohort,
        "course": course,
        "sees_names": found.sees_names,
        "shown": shown,
        "error": error,
        "groups": choices,
        "group": request.args.get("group", ""),
        "group_error": group_error,
    }
    error = error or group_error
    if course is None or course.read_at is None:
        return render_template("cohort/roster.html", **about, **_freshness(course, now)), 422 if error else 200
    today = now.date()
    listed = None
    if found.sees_names and not error:
        after, before = (paging.read_id(request.args.get(name, "")) for name in ("after", "before"))
        listed = class_list.page(
            session(), course, Reached(shown), today=today, after=after, before=before, group=group, size=ROWS
        )
    html = render_template(
        "cohort/roster.html",
        **about,
        **_freshness(course, now),
        counts=class_list.counts(session(), course, today=today, group=group),
        came_since=0 if group else class_list.came_since(session(), course),
        listed=listed,
    )
    return html, 422 if error else 200


def _group(choices: list[Choice]) -> tuple[int | None, str | None]:
    """The group that is asked for, None for everybody; and what is wrong with the question."""
    asked = request.args.get("group", "")
    if not asked:
        return None, None
    found = next((choice.id for choice in choices if str(choice.id) == asked), None)
    return found, None if found is not None else _("There is no such group in this course. Choose one of these.")


@rosters.post("/<int:roster_id>/roster/refresh")
@needs(Capability.SIGNED_IN)
def refresh(roster_id: int) -> ResponseReturnValue:
    """Have the list read anew, unless that was done a moment ago."""
    found = _at_hand(roster_id)
    if not found.sees_names:
        raise NotFound
    context = None if found.cohort.context_id is None else session().get(Context, found.cohort.context_id)
    if context is None or context.memberships_url is None:
        sentence = _("This LMS does not say who is in the course, so there is no list to read.")
        raise Refused(409, _("There is no list"), sentence)
    asked = actions.ask(
        session(),
        context,
        by=current().person_id,
        organization=found.cohort.organization_id,
        now=clock.now(),
    )
    if asked.is_on_its_way:
        flash(_("The list is being read. Reload this page in a minute."), "done")
    elif asked.not_before is not None:
        flash(
            _("The list was read just now. It can be read again at %(time)s.", time=clock_time(asked.not_before)),
            "info",
        )
    return redirect(url_for("rosters.page", roster_id=roster_id), 303)


def _freshness(course: Course | None, now: datetime) -> dict[str, object]:
    """What is said of the list's age and of the last failure, and whether it may be read anew by hand."""
    if course is None:
        return {"reason": None, "needs": False, "again_at": None}
    again_at = rules.may_ask_again(course.tried_at)
    is_fresh = course.read_at is not None and now - course.read_at < OLD
    return {
        "reason": reasons.of_roster(course.problem_code, course.problem),
        "needs": course.problem_code not in NORMAL and not (course.problem_code in PASSING and is_fresh),
        "again_at": again_at if again_at is not None and again_at > now else None,
    }
