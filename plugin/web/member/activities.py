"""One activity: its page, and what is done on it besides writing (`writing`)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, TypeVar

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

import content
from content import ActivityKind
from plugin import clock
from plugin.actions import learn
from plugin.actions import standing as standings
from plugin.actions.learn import Frequency, Tries
from plugin.actions.standing import Standing
from plugin.domain.people import Capability
from plugin.domain.progress import ActivityState
from plugin.web.access import needs
from plugin.web.member import around, outlines, writing
from plugin.web.member.blueprint import activity_of, member, own, own_row
from plugin.web.member.phrases import short_source
from plugin.web.transaction import session
from plugin.web.words import gettext as _
from plugin.web.words import ngettext

Item = TypeVar("Item")

WRITTEN = (ActivityKind.WRITING, ActivityKind.REFLECTION)
ANSWERED = (ActivityKind.INVENTORY, ActivityKind.PRACTICE, ActivityKind.CHECK)


@member.get("/learn/<int:enrolment>/activities/<key>")
@needs(Capability.SIGNED_IN, writes=True)
def activity(enrolment: int, key: str) -> ResponseReturnValue:
    """The page of an activity; that it was opened is remembered."""
    standing = own(enrolment, hold=True)
    found = activity_of(standing.pack, key)
    standings.opened(session(), standing, key, now=clock.now())
    standing = around.as_opened(standing, key)
    if found.kind in WRITTEN:
        return writing.page(standing, found)
    made = learn.tries(session(), enrolment, key) if found.kind in ANSWERED else None
    return render_template(
        f"member/{found.kind}.html", **around.frame(standing, found), **_subject(standing, found, made)
    )


@member.post("/learn/<int:enrolment>/activities/<key>/done")
@needs(Capability.SIGNED_IN)
def finish(enrolment: int, key: str) -> ResponseReturnValue:
    """The reader says that they have read it."""
    standing = own(enrolment, hold=True)
    activity_of(standing.pack, key, ActivityKind.READING)
    return around.onward(standings.done(session(), standing, key, now=clock.now()), key)


@member.post("/learn/<int:enrolment>/activities/<key>/answers")
@needs(Capability.SIGNED_IN)
def answer(enrolment: int, key: str) -> ResponseReturnValue:
    """Keep what was chosen; what is still open stays open."""
    standing = own(enrolment, hold=True)
    found = activity_of(standing.pack, key, *ANSWERED)
    settled = learn.answer(session(), standing, found, request.form.to_dict(), now=clock.now())
    if found.kind is ActivityKind.INVENTORY:
        return _counted(standing, found, settled=settled)
    chosen = request.form.keys() & learn.items(found)
    if not chosen:
        flash(_("Choose an answer first."), "attention")
    anchor = next(iter(chosen)) if found.kind is ActivityKind.PRACTICE and chosen else "result"
    return redirect(url_for("member.activity", enrolment=enrolment, key=key, _anchor=anchor), 303)


def _counted(standing: Standing, found: content.Activity, *, settled: bool) -> ResponseReturnValue:
    """After an inventory: on, when it has just become complete; else to the first statement that is still open."""
    if settled and standing.step(found.key).state is not ActivityState.DONE:
        flash(_("Your answers are saved."), "done")
        return around.onward(standings.of(session(), standing.enrolment, standing.cohort), found.key)
    flash(_("Saved.") if settled else _("Saved. The statements that are still open wait here for you."), "info")
    answered = learn.tries(session(), standing.enrolment.id, found.key).choices
    first = next((statement.key for statement in found.statements if statement.key not in answered), None)
    return redirect(outlines.address(standing, found.key, anchor=first), 303)


@member.post("/learn/<int:enrolment>/activities/<key>/position")
@needs(Capability.SIGNED_IN)
def position(enrolment: int, key: str) -> ResponseReturnValue:
    """A script says how far down the page the reader is: JSON {position: 0–1000}."""
    own_row(enrolment)
    body = request.get_json(silent=True)
    place = body.get("position") if isinstance(body, dict) else None
    if not isinstance(place, int) or isinstance(place, bool):
        raise BadRequest
    learn.keep_place(session(), enrolment, key, place)
    return jsonify(position=min(max(place, 0), 1000))


def _subject(standing: Standing, found: content.Activity, made: Tries | None) -> dict[str, Any]:
    """What the page of this kind shows besides."""
    sources = {source.key: (short_source(source.html), source.html) for source in standing.pack.sources}
    if made is None:
        return {"sources": sources}
    common: dict[str, Any] = {
        "sources": sources,
        "tries": made,
        "open": len(learn.items(found) - learn.found(found, made)),
    }
    seed = f"{standing.enrolment.id} {found.key}"
    if found.kind is ActivityKind.PRACTICE:
        return {
            **common,
            "shuffled": {item.key: _shuffled(item.choices, f"{seed} {item.key}") for item in found.scenarios},
        }
    if found.kind is ActivityKind.CHECK:
        return {**common, **_check(found, made, seed)}
    return {**common, "frequencies": _frequencies()}


def _check(found: content.Activity, made: Tries, seed: str) -> dict[str, Any]:
    """Questions still open in the order of this try, each with its choices in an order of its own; then the others."""
    again = max((made.count(question.key) for question in found.questions), default=0)
    unsettled = [question for question in found.questions if question.key not in made.right]
    return {
        "questions": _shuffled(unsettled, f"{seed} {again}") if again else unsettled,
        "settled": [question for question in found.questions if question.key in made.right],
        "shuffled": {
            question.key: _shuffled(question.choices, f"{seed} {question.key} {made.count(question.key)}")
            for question in found.questions
        },
        "result": _result(len(found.questions), len(made.right)) if made.choices else None,
    }


def _result(asked: int, right: int) -> str:
    if right == asked:
        return _("All %(count)d are right.", count=asked)
    rest = asked - right
    return ngettext(
        "%(right)d of %(asked)d right. One is open: try it again as often as you like.",
        "%(right)d of %(asked)d right. %(num)d are open: try them again as often as you like.",
        rest,
        right=right,
        asked=asked,
    )


def _frequencies() -> list[tuple[str, str]]:
    return [
        (Frequency.RARELY.value, _("Rarely")),
        (Frequency.SOMETIMES.value, _("Sometimes")),
        (Frequency.OFTEN.value, _("Often")),
    ]


def _shuffled(things: Sequence[Item], seed: str) -> list[Item]:
    """The same order whenever the page is opened, another one for another member or try."""
    mixed = list(things)
    random.Random(seed).shuffle(mixed)
    return mixed
