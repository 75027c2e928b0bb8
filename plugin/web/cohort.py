"""/cohorts: where a launch leads those who do not learn there: LMS instructors, trainers, LSCs."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from plugin import clock
from plugin.actions import cohorts, enter
from plugin.db import doors
from plugin.db.learning import Cohort
from plugin.domain.people import Capability, CourseRole
from plugin.web.access import current, needs
from plugin.web.transaction import session

cohort = Blueprint("cohort", __name__, url_prefix="/cohorts")


def _cohort(cohort_id: int) -> Cohort:
    person = current()
    found = doors.cohort_at_hand(session(), person.grants, person.row.context_id, cohort_id)
    if found is None:
        raise NotFound
    return found


@cohort.get("/<int:cohort_id>")
@needs(Capability.SIGNED_IN)
def page(cohort_id: int) -> ResponseReturnValue:
    """What is taught, counts, and the ways to one's work. No text of anybody, and no name."""
    person = current()
    found = cohorts.overview(session(), _cohort(cohort_id))
    return render_template(
        "cohort/page.html",
        overview=found,
        may_review=Capability.REVIEW in person.capabilities,
        may_report=Capability.REPORT in person.capabilities,
        may_join=found.cohort.context_id == person.row.context_id and person.course_role is not CourseRole.NONE,
    )


@cohort.post("/<int:cohort_id>/join")
@needs(Capability.SIGNED_IN)
def join(cohort_id: int) -> ResponseReturnValue:
    """Take it oneself, as a member: only in the LMS course one came from."""
    person = current()
    found = _cohort(cohort_id)
    if found.context_id != person.row.context_id or person.course_role is CourseRole.NONE:
        raise NotFound
    enrolment = enter.join(
        session(), person=person.person_id, platform=person.row.platform_id, cohort=found, now=clock.now()
    )
    return redirect(url_for("member.outline", enrolment=enrolment), 303)
