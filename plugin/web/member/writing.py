"""The editor: a draft that cannot get lost, kept for oneself or sent to the trainers; and two texts side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal

import content
from content import ActivityKind
from content.markdown import plain_text
from plugin import clock
from plugin.actions import history, learn, offerings, reflect
from plugin.actions.history import Answered
from plugin.actions.learn import Frequency
from plugin.actions.reflect import Keep, NewerText, NothingWritten
from plugin.actions.standing import Standing
from plugin.db.learning import Enrolment
from plugin.db.reflections import Reflection
from plugin.domain import drafts
from plugin.domain.drafts import Doubt, TextTooLong
from plugin.domain.people import Capability
from plugin.domain.review import WRITABLE, State, StepRefused
from plugin.web.access import needs
from plugin.web.formats import day
from plugin.web.member import around, outlines
from plugin.web.member.blueprint import activity_of, member, own, own_row
from plugin.web.member.phrases import saved_at, until
from plugin.web.transaction import session
from plugin.web.words import gettext as _
from plugin.web.words import ngettext

KINDS = (ActivityKind.WRITING, ActivityKind.REFLECTION)
LARGEST_VERSION = 2**31 - 1


@dataclass(frozen=True)
class Typed:
    """What a form or a script sent."""

    text: str
    version: int


def page(standing: Standing, found: content.Activity, *, typed: Typed | None = None, problem: str | None = None) -> str:
    """The page of a prompt. `typed` stands in the editor instead of the stored draft, `problem` says why."""
    written = standing.reflections.get(found.key)
    answers = history.revisions(session(), [written])[written.id] if written else []
    history.seen(answers, now=clock.now())
    text = typed.text if typed else written.text if written else ""
    return render_template(
        f"member/{found.kind}.html",
        **around.frame(standing, found),
        written=written,
        writable=written is None or written.state in WRITABLE,
        text=text,
        words=content.words(text),
        version=typed.version if typed else written.version if written else 0,
        saved=saved_at(written.saved_at) if written else None,
        problem=problem,
        asked=_asked(written, answers, found, request.args.get("ask")),
        earlier=_earlier(standing, found),
        latest=next((answered for answered in answers if answered.feedback), None),
        revisions=len(answers),
        until=until(written) if written and written.waiting_since else None,
        criteria=standing.pack.rubric.criteria,
        sources={},
        States=State,
    )


@member.post("/learn/<int:enrolment>/activities/<key>")
@needs(Capability.SIGNED_IN)
def write(enrolment: int, key: str) -> ResponseReturnValue:
    """A button of the editor: save, keep, send, compare, or start from an earlier answer. Works without a script."""
    standing = own(enrolment, hold=True)
    found = activity_of(standing.pack, key, *KINDS)
    typed = _typed()
    step, _colon, source = request.form.get("step", "save").partition(":")
    try:
        return _step(standing, found, typed, step, source)
    except NewerText as newer:
        return _both(standing.enrolment, found, typed.text, newer.stored)
    except TextTooLong as long:
        return page(standing, found, typed=typed, problem=_too_long(long)), 413
    except NothingWritten:
        flash(_("Write something first: there is not a word yet."), "attention")
    except StepRefused:
        flash(_("That is no longer possible. This is where it stands now."), "attention")
    return redirect(outlines.address(standing, key), 303)


@member.post("/learn/<int:enrolment>/activities/<key>/draft")
@needs(Capability.SIGNED_IN)
def draft(enrolment: int, key: str) -> ResponseReturnValue:
    """What autosave.js sends: JSON {text, version} → 200 {version, saved_at_text, words}, 409 with the newer text."""
    row, cohort = own_row(enrolment)
    found = activity_of(offerings.pack_of(session(), cohort.version_id), key, *KINDS)
    body = request.get_json(silent=True)
    text, version = (body.get("text"), body.get("version")) if isinstance(body, dict) else (None, None)
    if not isinstance(text, str) or not isinstance(version, int) or not 0 <= version <= LARGEST_VERSION:
        return jsonify(sentence=_("This did not arrive whole. Copy your words, then reload the page.")), 400
    try:
        saved = reflect.save(session(), row, found, text, version=version, now=clock.now())
    except TextTooLong as long:
        return jsonify(sentence=_too_long(long)), 413
    except NewerText as newer:
        return jsonify(_newer(newer.stored, enrolment, key)), 409
    return jsonify(version=saved.version, saved_at_text=saved_at(saved.saved_at), words=saved.words)


@member.post("/learn/<int:enrolment>/activities/<key>/conflict")
@needs(Capability.SIGNED_IN)
def conflict(enrolment: int, key: str) -> ResponseReturnValue:
    """Both texts side by side: the one typed here, and the one stored meanwhile."""
    row, cohort = own_row(enrolment, hold=True)
    found = activity_of(offerings.pack_of(session(), cohort.version_id), key, *KINDS)
    typed = _typed()
    try:
        drafts.fitting(typed.text)
        stored = reflect.written(session(), enrolment, key)
        if stored is None:
            reflect.save(session(), row, found, typed.text, version=0, now=clock.now())
            return redirect(url_for("member.activity", enrolment=enrolment, key=key), 303)
    except TextTooLong as long:
        return page(own(enrolment), found, typed=typed, problem=_too_long(long)), 413
    return _both(row, found, typed.text, stored)


@member.post("/learn/<int:enrolment>/activities/<key>/settle")
@needs(Capability.SIGNED_IN)
def settle(enrolment: int, key: str) -> ResponseReturnValue:
    """The writer has chosen, or put both together."""
    row, cohort = own_row(enrolment, hold=True)
    found = activity_of(offerings.pack_of(session(), cohort.version_id), key, *KINDS)
    form = request.form
    which = Keep(form["keep"]) if form.get("keep") in {keep.value for keep in Keep} else Keep.MERGED
    mine, merged = form.get("mine", ""), form.get("merged", "")
    version = _version(form.get("version", ""))
    try:
        reflect.settle(session(), row, found, which, mine=mine, merged=merged, version=version, now=clock.now())
    except NewerText as newer:
        return _both(row, found, merged if which is Keep.MERGED else mine, newer.stored)
    except TextTooLong as long:
        typed = Typed(merged if which is Keep.MERGED else mine, version)
        return page(own(enrolment), found, typed=typed, problem=_too_long(long)), 413
    flash(_("Saved. The text you did not choose is kept under My writing."), "done")
    return redirect(url_for("member.activity", enrolment=enrolment, key=key), 303)


@member.post("/learn/<int:enrolment>/activities/<key>/take-back")
@needs(Capability.SIGNED_IN)
def take_back(enrolment: int, key: str) -> ResponseReturnValue:
    """Make a sent text a draft again, while nobody has opened it."""
    row, cohort = own_row(enrolment, hold=True)
    activity_of(offerings.pack_of(session(), cohort.version_id), key, ActivityKind.REFLECTION)
    try:
        reflect.take_back(session(), row, key, now=clock.now())
        flash(_("It is yours again: nobody had opened it. Send it when you are ready."), "info")
    except StepRefused:
        flash(_("Your trainer opened it before you took it back. The answer will come here."), "attention")
    return redirect(url_for("member.activity", enrolment=enrolment, key=key), 303)


def _step(standing: Standing, found: content.Activity, typed: Typed, step: str, source: str) -> ResponseReturnValue:
    reviewed = found.kind is ActivityKind.REFLECTION
    if step == "keep" and not reviewed:
        return _keep(standing, found, typed)
    if step in {"send", "send-anyway"} and reviewed:
        return _send(standing, found, typed, sure=step == "send-anyway")
    text = _started_from(standing, found, typed.text, source) if step == "start" else typed.text
    reflect.save(session(), standing.enrolment, found, text, version=typed.version, now=clock.now())
    anchor = "text" if step == "start" else None
    return redirect(url_for("member.activity", enrolment=standing.enrolment.id, key=found.key, _anchor=anchor), 303)


def _keep(standing: Standing, found: content.Activity, typed: Typed) -> ResponseReturnValue:
    after = reflect.keep(session(), standing, found, typed.text, version=typed.version, now=clock.now())
    flash(_("Kept with your writing: %(title)s.", title=found.title), "done")
    return around.onward(after, found.key)


def _send(standing: Standing, found: content.Activity, typed: Typed, *, sure: bool) -> ResponseReturnValue:
    written = standing.reflections.get(found.key)
    if not sure and (written is None or written.state in WRITABLE) and typed.text.strip():
        answers = history.revisions(session(), [written])[written.id] if written else []
        if (doubt := _doubt(found, typed.text, written, answers)) is not None:
            reflect.save(session(), standing.enrolment, found, typed.text, version=typed.version, now=clock.now())
            row = standing.enrolment.id
            return redirect(
                url_for("member.activity", enrolment=row, key=found.key, ask=doubt.value, _anchor="ask"), 303
            )
    reflect.send(session(), standing, found, typed.text, version=typed.version, now=clock.now())
    return redirect(outlines.address(standing, found.key), 303)


def _doubt(found: content.Activity, text: str, written: Reflection | None, answers: list[Answered]) -> Doubt | None:
    prompt = found.prompt
    if prompt is None:
        return None
    came_back = answers[0].revision.text if answers and written and written.state is State.RETURNED else None
    return drafts.doubt(
        text, words=content.words(text), low=prompt.words_low, high=prompt.words_high, returned=came_back
    )


def _asked(written: Reflection | None, answers: list[Answered], found: content.Activity, ask: str | None) -> str | None:
    """The question before sending, while there is still a reason to ask it."""
    if ask is None or written is None or written.state not in WRITABLE or found.prompt is None:
        return None
    doubt = _doubt(found, written.text, written, answers)
    if doubt is None:
        return None
    if doubt is Doubt.UNCHANGED:
        return _("Nothing has changed since it came back to you.")
    count = content.words(written.text)
    range_words = {"low": format_decimal(found.prompt.words_low), "high": format_decimal(found.prompt.words_high)}
    return ngettext(
        "It has one word so far; %(low)s to %(high)s are suggested.",
        "It has %(num)d words; %(low)s to %(high)s are suggested.",
        count,
        **range_words,
    )


def _both(row: Enrolment, found: content.Activity, typed: str, stored: Reflection) -> ResponseReturnValue:
    """Side by side. What was typed is set aside at once, so that closing the page loses nothing."""
    here = url_for("member.activity", enrolment=row.id, key=found.key)
    if drafts.tidy(typed) == stored.text:
        return redirect(here, 303)
    reflect.set_aside(session(), stored, typed, now=clock.now())
    return render_template(
        "member/conflict.html",
        activity=found,
        here=here,
        settle_url=url_for("member.settle", enrolment=row.id, key=found.key),
        writing_url=url_for("member.my_writing", enrolment=row.id),
        typed=typed,
        stored=stored,
        stored_at=saved_at(stored.saved_at),
        writable=stored.state in WRITABLE,
    )


def _newer(stored: Reflection, enrolment: int, key: str) -> dict[str, Any]:
    return {
        "version": stored.version,
        "text": stored.text,
        "saved_at_text": saved_at(stored.saved_at),
        "conflict_url": url_for("member.conflict", enrolment=enrolment, key=key),
        "sentence": _("A newer text was saved in another tab or on another device."),
    }


def _earlier(standing: Standing, found: content.Activity) -> list[dict[str, str]]:
    """Earlier answers that this prompt shows, as text: {key, title, text, on}."""
    shown = []
    for key in found.shows:
        source = standing.activity(key)
        text, when = _answer_text(standing, source) if source else ("", "")
        if source and text:
            shown.append({"key": key, "title": source.title, "text": text, "on": when})
    return shown


def _answer_text(standing: Standing, source: content.Activity) -> tuple[str, str]:
    if source.kind is ActivityKind.INVENTORY:
        made = learn.tries(session(), standing.enrolment.id, source.key)
        often = {
            Frequency.RARELY.value: _("Rarely"),
            Frequency.SOMETIMES.value: _("Sometimes"),
            Frequency.OFTEN.value: _("Often"),
        }
        lines = [
            f"{often[choice]}: {plain_text(statement.html)}"
            for statement in source.statements
            if (choice := made.latest(statement.key)) in often
        ]
        progress = standing.progress.get(source.key)
        return "\n".join(lines), day(progress.done_at or progress.opened_at) if progress else ""
    written = standing.reflections.get(source.key)
    return (written.text.strip(), day(written.saved_at)) if written else ("", "")


def _started_from(standing: Standing, found: content.Activity, text: str, source: str) -> str:
    """The draft with an earlier answer below it, and where that came from."""
    answer = next((earlier for earlier in _earlier(standing, found) if earlier["key"] == source), None)
    if answer is None:
        return text
    origin = _("From “%(title)s”, %(day)s:", title=answer["title"], day=answer["on"])
    return "\n\n".join(part for part in (text.rstrip(), f"{origin}\n{answer['text']}") if part)


def _typed() -> Typed:
    return Typed(request.form.get("text", ""), _version(request.form.get("version", "")))


def _version(value: str) -> int:
    """A version from a form; what is none counts as older than everything."""
    return min(int(value), LARGEST_VERSION) if value.isdecimal() and len(value) < 12 else 0


def _too_long(long: TextTooLong) -> str:
    return _(
        "This text has %(length)s characters; %(most)s is the most that can be kept. Shorten it, then save again.",
        length=format_decimal(long.length),
        most=format_decimal(drafts.LONGEST),
    )
