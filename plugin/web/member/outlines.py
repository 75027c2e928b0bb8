"""The outline of an offering as the macro `outline` of parts/lists.html wants it."""

from __future__ import annotations

from typing import Any

from flask import url_for

import content
from plugin.actions.standing import Standing
from plugin.domain import hours
from plugin.domain.completion import is_complete
from plugin.domain.progress import ActivityState, Step
from plugin.web.formats import minutes
from plugin.web.member.phrases import kind_of, session_due, state_of
from plugin.web.words import gettext as _


def address(standing: Standing, key: str, *, anchor: str | None = None) -> str:
    """The page of an activity, at an anchor of it when one is given."""
    return url_for("member.activity", enrolment=standing.enrolment.id, key=key, _anchor=anchor)


def home_of(standing: Standing) -> str:
    """The address of an enrolment, below which all its pages are."""
    return url_for("member.outline", enrolment=standing.enrolment.id)


def place(here: str, key: str, *, anchor: str | None = None) -> str:
    """The page of an activity below the address of an enrolment."""
    return f"{here}/activities/{key}" + (f"#{anchor}" if anchor else "")


def sessions(
    standing: Standing, current: str | None = None, *, here: str | None = None, wanted: int | None = None
) -> list[dict[str, Any]]:
    """Every session with its activities; one session alone needs no title. `here`: see `plugin.web.kept`; `wanted` is
    the session that the link leads to."""
    alone = len(standing.pack.sessions) == 1
    here = here or home_of(standing)
    return [
        {
            "number": part.number,
            "title": None if alone else _("Session %(number)d: %(title)s", number=part.number, title=part.title),
            "note": _note(standing, part, wanted),
            "activities": [_row(standing, activity, current, here) for activity in part.activities],
        }
        for part in standing.pack.sessions
    ]


def _note(standing: Standing, part: content.Session, wanted: int | None) -> str:
    """What stands beside a session's title: how far it is, by when it is due, and whether the link leads here."""
    steps = standing.steps_of(part)
    due = None if is_complete(steps) else session_due(standing, part.number)
    here = _("your link leads here") if part.number == wanted else None
    return " · ".join(filter(None, (_progress(steps), due, here)))


def done_count(standing: Standing) -> str:
    """6 of 10 done; what is optional is counted when it is done."""
    counted = [step for step in standing.steps if step.required or step.state is ActivityState.DONE]
    finished = sum(step.state is ActivityState.DONE for step in counted)
    return _("%(done)d of %(all)d done", done=finished, all=len(counted))


def _progress(steps: list[Step]) -> str:
    earned, needed = hours.earned(steps), hours.required(steps)
    return _("%(done)s of %(total)s", done=minutes(earned), total=minutes(needed))


def _row(standing: Standing, activity: content.Activity, current: str | None, here: str) -> dict[str, Any]:
    state, label = state_of(standing, activity.key)
    return {
        "title": activity.title,
        "url": place(here, activity.key),
        "kind": kind_of(activity),
        "minutes": activity.minutes,
        "optional": not activity.required,
        "state": state,
        "state_label": label,
        "current": activity.key == current,
    }
