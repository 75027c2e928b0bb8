"""/cohorts: where a launch leads those who do not learn there: LMS instructors, trainers, LSCs."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from plugin import clock
from plugin.actions import cohorts, enter
from plugin.actions.open_link import MAY_CHOOSE
from plugin.db import doors
from plugin.db.doors import AtHand
from plugin.domain.people import Capability, CourseRole
from plugin.web.access import current, needs
from plugin.web.transaction import session

cohort = Blueprint("cohort", __name__, url_prefix="/cohorts")


def _at_hand(cohort_id: int) -> AtHand:
    person = current()
    found = doors.cohort_at_hand(session(), person.grants, person.person_id, cohort_id, now=clock.now())
    if found is None:
        raise NotFound
    return found


def _may_join(found: AtHand) -> bool:
    """Whoever the LMS knows in the course may take it, too."""
    return found.course_role not in (None, CourseRole.NONE)


@cohort.get("/<int:cohort_id>")
@needs(Capability.SIGNED_IN)
def page(cohort_id: int) -> ResponseReturnValue:
    """What is taught, counts, and the ways to one's work. No text of anybody, and no name."""
    person = current()
    found = _at_hand(cohort_id)
    return render_template(
        "cohort/page.html",
        overview=cohorts.overview(session(), found.cohort),
        may_count=found.granted or found.course_role in MAY_CHOOSE,
        may_review=Capability.REVIEW in person.capabilities,
        may_report=Capability.REPORT in person.capabilities,
        may_join=_may_join(found),
    )


@cohort.post("/<int:cohort_id>/join")
@needs(Capability.SIGNED_IN)
def join(cohort_id: int) -> ResponseReturnValue:
    """Take it oneself, as a member: only in an LMS course one came from."""
    found = _at_hand(cohort_id)
    if not _may_join(found):
        raise NotFound
    enrolment = enter.join(session(), person=current().person_id, cohort=found.cohort, now=clock.now())
    return redirect(url_for("member.outline", enrolment=enrolment), 303)
