"""/privacy: what Practicum keeps about somebody, why, who can read it and for how long. Everything said here is what
the tables hold and what really deletes it; whoever changes that changes these words.
"""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from lti.launch import Launch
from plugin import clock
from plugin.actions import audit, enter, privacy
from plugin.domain.people import Capability, CourseRole
from plugin.web import cookies
from plugin.web.access import current, needs
from plugin.web.headers import frame_anywhere, may_frame
from plugin.web.identity import leave_nobody_signed_in, show_nobody
from plugin.web.transaction import session

blueprint = Blueprint("privacy", __name__, url_prefix="/privacy")


@blueprint.get("")
@needs(Capability.PUBLIC)
def general() -> ResponseReturnValue:
    """The same for everybody: what is kept of members. It shows nobody and holds nothing to click, so anybody may frame
    it, and it may be given as the address of a privacy notice."""
    frame_anywhere()
    return render_template("privacy/general.html")


@blueprint.get("/you")
@needs(Capability.SIGNED_IN)
def you() -> ResponseReturnValue:
    """What is kept of the visitor; for an administrator of the LMS, of its connection besides."""
    person = current()
    keys = privacy.deployment_keys(session(), person.row.platform_id, person.person_id)
    administers = person.course_role is CourseRole.ADMINISTRATOR
    return render_template(
        "privacy/you.html",
        name=person.row.name,
        accounts=privacy.accounts(session(), person.person_id),
        runs=privacy.runs(session(), person.person_id),
        learnt=privacy.learnt(session(), person.person_id),
        besides=privacy.besides(session(), person.person_id),
        connection=privacy.connection(session(), person.row.platform_id, keys) if administers else None,
    )


@blueprint.get("/people/<int:person_id>")
@needs(Capability.REPORT, writes=True)
def somebody(person_id: int) -> ResponseReturnValue:
    """What is kept of a member, in counts, for who coordinates where they learn; that it was looked at is kept, too."""
    visitor = current()
    person = privacy.person_in_reach(session(), visitor.grants, person_id)
    if person is None:
        raise NotFound
    audit.remember(
        session(),
        "look at what is kept",
        f"person {person_id}",
        by=visitor.person_id,
        organization=visitor.row.organization_id,
        now=clock.now(),
    )
    learnt = privacy.learnt(session(), person_id, where=privacy.reached(visitor.grants))
    name = person.legal_name or person.name
    return render_template("privacy/somebody.html", name=name, number=person_id, learnt=learnt)


def of_stranger(launch: Launch) -> Response:
    """The answer to somebody who asks and was never here: nothing is kept of them, nor of their asking. It is no page
    of its own, since there is no sign-in that could open one. Whoever was signed in here before is not any more."""
    may_frame([*launch.platform.hosts, *enter.frame_hosts(launch)])
    if launch.browser_bound:
        leave_nobody_signed_in()
    show_nobody()
    message, connection = launch.message, None
    if enter.course_role(message) is CourseRole.ADMINISTRATOR:
        keys = ["", message.deployment_id]
        connection = privacy.connection(session(), launch.platform.id, keys)
    answer = make_response(render_template("privacy/stranger.html", connection=connection))
    cookies.delete(answer, launch.cookie_name)
    return answer
