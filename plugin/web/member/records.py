"""The record of it: revisions with their feedback, all one's writing, hours."""

from __future__ import annotations

from typing import Any

from flask import Response, render_template, url_for
from flask.typing import ResponseReturnValue

import content
from content import ActivityKind
from plugin import clock
from plugin.actions import history
from plugin.actions.standing import Standing
from plugin.domain import hours as rules
from plugin.domain.people import Capability
from plugin.web.access import needs
from plugin.web.formats import day
from plugin.web.member import outlines
from plugin.web.member.blueprint import activity_of, member, own
from plugin.web.member.phrases import kind_of, state_of
from plugin.web.transaction import session
from plugin.web.words import gettext as _

KINDS = (ActivityKind.WRITING, ActivityKind.REFLECTION)


@member.get("/learn/<int:enrolment>/activities/<key>/revisions")
@needs(Capability.SIGNED_IN, writes=True)
def revisions(enrolment: int, key: str) -> ResponseReturnValue:
    """Every revision of one prompt with its feedback, the newest first."""
    standing = own(enrolment, hold=True)
    found = activity_of(standing.pack, key, *KINDS)
    written = standing.reflections.get(key)
    answers = history.revisions(session(), [written])[written.id] if written else []
    history.seen(answers, now=clock.now())
    return render_template(
        "member/revisions.html",
        standing=standing,
        activity=found,
        here=outlines.address(standing, key),
        answers=answers,
        state=state_of(standing, key),
        criteria=standing.pack.rubric.criteria,
    )


@member.get("/learn/<int:enrolment>/writing")
@needs(Capability.SIGNED_IN, writes=True)
def my_writing(enrolment: int) -> ResponseReturnValue:
    """All one's writing of an enrolment by prompt, with revisions, feedback and texts set aside."""
    standing = own(enrolment, hold=True)
    return render_template(
        "member/writing_record.html",
        standing=standing,
        prompts=_prompts(standing),
        criteria=standing.pack.rubric.criteria,
        overview_url=url_for("member.outline", enrolment=enrolment),
        download_url=url_for("member.download", enrolment=enrolment),
    )


@member.get("/learn/<int:enrolment>/writing.txt")
@needs(Capability.SIGNED_IN)
def download(enrolment: int) -> ResponseReturnValue:
    """The same as plain text, to keep."""
    standing = own(enrolment)
    text = render_template(
        "member/writing_record.txt",
        standing=standing,
        prompts=_prompts(standing, mark_seen=False),
        criteria=standing.pack.rubric.criteria,
        today=day(clock.now()),
    )
    answer = Response(text, mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'attachment; filename="my-writing-{standing.pack.code.lower()}.txt"'
    return answer


@member.get("/learn/<int:enrolment>/hours")
@needs(Capability.SIGNED_IN)
def hours(enrolment: int) -> ResponseReturnValue:
    """Hours earned and pending, activity by activity, and how they are counted."""
    standing = own(enrolment)
    return render_template(
        "member/hours.html",
        standing=standing,
        overview_url=url_for("member.outline", enrolment=enrolment),
        earned=rules.earned(standing.steps),
        pending=rules.pending(standing.steps),
        required=rules.required(standing.steps),
        contact_hours=rules.contact_hours(rules.earned(standing.steps)),
        rows=[_hours_row(standing, activity) for activity in standing.activities],
    )


def _prompts(standing: Standing, *, mark_seen: bool = True) -> list[dict[str, Any]]:
    answers = history.revisions(session(), standing.reflections.values())
    aside = history.aside(session(), standing.reflections.values())
    prompts = []
    for activity in standing.activities:
        written = standing.reflections.get(activity.key)
        if activity.kind not in KINDS or written is None:
            continue
        found = answers[written.id]
        if mark_seen:
            history.seen(found, now=clock.now())
        known = {written.text, *(answered.revision.text for answered in found)}
        prompts.append(
            {
                "activity": activity,
                "kind": kind_of(activity),
                "url": outlines.address(standing, activity.key),
                "state": state_of(standing, activity.key),
                "answers": found,
                "draft": written.text if _is_draft(written.text, found) else None,
                "saved_at": written.saved_at,
                "aside": [row for row in aside[written.id] if row.text not in known],
            }
        )
    return prompts


def _is_draft(text: str, answers: list[history.Answered]) -> bool:
    """Whether the stored text says something that no revision says yet."""
    return bool(text.strip()) and (not answers or answers[0].revision.text != text)


def _hours_row(standing: Standing, activity: content.Activity) -> dict[str, Any]:
    state, label = state_of(standing, activity.key)
    progress = standing.progress.get(activity.key)
    return {
        "title": activity.title,
        "url": outlines.address(standing, activity.key),
        "minutes": activity.minutes,
        "counts": activity.required,
        "state": state,
        "label": label,
        "on": day(progress.done_at) if progress and progress.done_at else _("not yet"),
    }
