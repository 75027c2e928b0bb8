"""The blueprint, and the doors to a member's own rows: what is not theirs is not found."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.exceptions import NotFound

import content
from plugin.actions import standing as standings
from plugin.actions.standing import Standing
from plugin.db import doors
from plugin.db.learning import Cohort, Enrolment
from plugin.web import access
from plugin.web.member import phrases
from plugin.web.transaction import session

member = Blueprint("member", __name__)
for words in (phrases.lifted, phrases.inline, phrases.saved_at):
    member.add_app_template_filter(words)


def own_row(enrolment: int, *, hold: bool = False) -> tuple[Enrolment, Cohort]:
    """The visitor's own enrolment with its cohort. `hold`: see `doors.own_enrolment`.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = doors.own_enrolment(session(), access.current().person_id, enrolment, hold=hold)
    if found is None:
        raise NotFound
    return found


def own(enrolment: int, *, hold: bool = False) -> Standing:
    """Where the visitor's own enrolment stands; raises as `own_row`."""
    return standings.of(session(), *own_row(enrolment, hold=hold))


def activity_of(pack: content.Pack, key: str, *kinds: content.ActivityKind) -> content.Activity:
    """The activity of a key, if it is of one of these kinds (any, when none are given).

    Raises:
        NotFound: the offering has no such activity.
    """
    for activity in pack.activities:
        if activity.key == key and (not kinds or activity.kind in kinds):
            return activity
    raise NotFound
