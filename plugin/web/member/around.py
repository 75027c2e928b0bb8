"""What stands round the subject of every activity's page, and the way on from it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import redirect, url_for
from flask.typing import ResponseReturnValue

import content
from plugin.actions.standing import Standing
from plugin.domain.progress import ActivityState, left_of, next_after
from plugin.web.member import outlines
from plugin.web.member.phrases import about, kind_of, state_of
from plugin.web.words import gettext as _


def onward(standing: Standing, key: str) -> ResponseReturnValue:
    """To the next activity; to the overview when nothing is open."""
    following = next_after(standing.steps, key)
    if following is None:
        return redirect(url_for("member.outline", enrolment=standing.enrolment.id), 303)
    return redirect(outlines.address(standing, following), 303)


def as_opened(standing: Standing, key: str) -> Standing:
    """The standing of a member who has this activity open in front of them."""
    steps = (
        replace(step, state=ActivityState.OPENED) if step.key == key and step.state is ActivityState.NEW else step
        for step in standing.steps
    )
    return replace(standing, steps=tuple(steps))


def frame(standing: Standing, found: content.Activity) -> dict[str, Any]:
    """What every activity's page carries: where it stands, the way back and on, the outline."""
    step = standing.step(found.key)
    progress = standing.progress.get(found.key)
    place = progress.position if progress else 0
    following = next_after(standing.steps, found.key)
    rest = about(left_of(found.minutes, place))
    begun = place > 0 and step.state is ActivityState.OPENED
    return {
        "standing": standing,
        "activity": found,
        "kind": kind_of(found),
        "duration": _("%(minutes)s left", minutes=rest) if begun else about(found.minutes),
        "state": state_of(standing, found.key),
        "done": step.state is ActivityState.DONE,
        "place": place,
        "next": standing.activity(following) if following else None,
        "next_url": outlines.address(standing, following) if following else None,
        "overview_url": url_for("member.outline", enrolment=standing.enrolment.id),
        "sessions": outlines.sessions(standing, found.key),
        "done_count": outlines.done_count(standing),
        **_neighbours(standing, found),
    }


def _neighbours(standing: Standing, found: content.Activity) -> dict[str, Any]:
    every = standing.activities
    here = every.index(found)
    before = every[here - 1] if here else None
    after = every[here + 1] if here + 1 < len(every) else None
    return {
        "previous_link": {"label": before.title, "url": outlines.address(standing, before.key)} if before else None,
        "next_link": {"label": after.title, "url": outlines.address(standing, after.key)} if after else None,
    }
