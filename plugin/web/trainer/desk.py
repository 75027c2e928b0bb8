"""The reading desk: a member's text with what belongs beside it, and the trainer's answer, saved as it is written."""

from __future__ import annotations

from typing import Any

from flask import flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from plugin import clock
from plugin.actions import review
from plugin.actions.review import AlreadyReleased, DraftConflict, Ending
from plugin.db import desk as shelf
from plugin.db import queue as queues
from plugin.db.queue import Spot
from plugin.db.reflections import Decision, Feedback, Reflection, Revision
from plugin.domain.people import Capability
from plugin.domain.review import LONGEST_ANSWER, WAITING_FOR_TRAINER, State
from plugin.web.access import needs
from plugin.web.member.phrases import saved_at
from plugin.web.trainer import forms, pages, words
from plugin.web.trainer.blueprint import asker, at_desk, trainer
from plugin.web.trainer.pages import Typed
from plugin.web.transaction import session


@trainer.get("/review/<int:reflection>")
@needs(Capability.REVIEW, writes=True)
def desk(reflection: int) -> ResponseReturnValue:
    """Read and answer. Opening it tells other trainers who reads, and the member that it is being read."""
    found = at_desk(reflection)
    review.open_to_read(session(), found, by=asker().person_id, now=clock.now())
    if found.state in WAITING_FOR_TRAINER:
        return pages.desk(found, check=_decision(request.args.get("check")))
    if found.state is State.DRAFTING:
        return pages.taken_back(found)
    return redirect(url_for("trainer.released", reflection=found.id))


@trainer.post("/review/<int:reflection>/draft")
@needs(Capability.REVIEW)
def draft(reflection: int) -> ResponseReturnValue:
    """Store the trainer's draft; a script asks in JSON, a form as forms do.

    Answers a script with 200 {version, saved_at_text}; 409 {version, every field, saved_at_text, conflict_url} when a
    newer draft was stored from another tab; 413 or 410 {sentence} when it is too long, or sent already.
    """
    found = at_desk(reflection)
    revision, typed = _typed(found)
    if typed.written.longest > LONGEST_ANSWER:
        return _too_long(found, typed)
    try:
        stored = review.save_draft(
            session(),
            found,
            revision,
            typed.written,
            version=typed.version,
            by=asker().person_id,
            now=clock.now(),
        )
    except DraftConflict as conflict:
        return _conflict(found, revision, typed, conflict.stored)
    except AlreadyReleased:
        return _released_before(found, typed)
    if request.is_json:
        return jsonify(version=stored.version, saved_at_text=saved_at(stored.saved_at))
    return redirect(_desk(found, _anchor="answer"))


@trainer.post("/review/<int:reflection>/compare")
@needs(Capability.REVIEW)
def compare(reflection: int) -> ResponseReturnValue:
    """Both drafts of two tabs: what was typed here in the form, what was stored elsewhere above it."""
    found = at_desk(reflection)
    revision, typed = _typed(found)
    stored = shelf.drafts(session(), found, asker().person_id).get(revision.number)
    if found.revision != revision.number or found.state not in WAITING_FOR_TRAINER:
        return pages.not_sent(found, typed, _closed())
    return pages.desk(found, typed=typed, stored=stored)


@trainer.post("/review/<int:reflection>/release")
@needs(Capability.REVIEW)
def release(reflection: int) -> ResponseReturnValue:
    """Give the answer to the member, then go on with the next that waits."""
    found = at_desk(reflection)
    revision, typed = _typed(found)
    decision = _decision(request.form.get("decision"))
    if decision is None:
        raise forms.broken()
    if typed.written.longest > LONGEST_ANSWER:
        return _too_long(found, typed)
    who, now = asker().person_id, clock.now()
    try:
        result = review.release(
            session(), found, revision, typed.written, decision, version=typed.version, by=who, now=now
        )
    except DraftConflict as conflict:
        return _conflict(found, revision, typed, conflict.stored)
    except AlreadyReleased:
        return _released_before(found, typed)
    return redirect(_after(found, revision, decision, result.ending))


def _after(found: Reflection, revision: Revision, decision: Decision, ending: Ending) -> str:
    """Where a decision leads. The words are stored in each case, so that each page may be left and reloaded."""
    if ending is Ending.INCOMPLETE:
        return _desk(found, check=decision.value, _anchor="problems")
    if ending is Ending.ANSWERED:
        return url_for("trainer.released", reflection=found.id, revision=revision.number)
    if ending is Ending.GONE:
        return _desk(found)
    return _following(found, revision, decision)


def _following(found: Reflection, revision: Revision, decision: Decision) -> str:
    """The next reflection that waits, with a quiet word on what became of this one."""
    who, part = asker(), forms.narrowing()
    left = queues.waiting_count(session(), who.grants, who.person_id)
    member = words.known(shelf.about(session(), found).member)
    flash(words.gone_out(decision, member, left), "done")
    spot = Spot(revision.submitted_at, found.id)  # where it stood; pressing twice leads to the same place
    following = queues.next_free(session(), who, part, spot, now=clock.now())
    if following is None:
        return url_for("trainer.queue", **forms.query(part))
    return url_for("trainer.desk", reflection=following, **forms.query(part))


def _typed(found: Reflection) -> tuple[Revision, Typed]:
    """The revision that is answered, and the answer as it came."""
    sent = forms.sent()
    revision = review.revision_of(session(), found, sent.revision or found.revision)
    if revision is None:
        raise NotFound
    written = sent.written([criterion.key for criterion in pages.criteria_of(found)])
    return revision, Typed(written, sent.version)


def _decision(name: str | None) -> Decision | None:
    return Decision(name) if name in set(Decision) else None


def _desk(found: Reflection, **more: str) -> str:
    return url_for("trainer.desk", reflection=found.id, **{**forms.query(forms.narrowing()), **more})


def _conflict(found: Reflection, revision: Revision, typed: Typed, stored: Feedback) -> ResponseReturnValue:
    if request.is_json:
        keys = [criterion.key for criterion in pages.criteria_of(found)]
        body: dict[str, Any] = {
            **forms.as_fields(review.as_written(stored), keys),
            "revision": str(revision.number),
            "version": stored.version,
            "saved_at_text": saved_at(stored.saved_at),
            "conflict_url": url_for("trainer.compare", reflection=found.id, **forms.query(forms.narrowing())),
        }
        return jsonify(body), 409
    if found.revision != revision.number or found.state not in WAITING_FOR_TRAINER:
        return pages.not_sent(found, typed, _closed()), 409
    return pages.desk(found, typed=typed, stored=stored), 409


def _closed() -> str:
    return str(
        _("Meanwhile this was answered or taken back. The draft you stored from another tab is kept; this is not.")
    )


def _too_long(found: Reflection, typed: Typed) -> ResponseReturnValue:
    titles = {criterion.key: criterion.title for criterion in pages.criteria_of(found)}
    errors = words.too_long(typed.written, titles)
    if request.is_json:
        return jsonify(error="too-large", sentence=" ".join(error["message"] for error in errors)), 413
    return pages.desk(found, typed=typed, errors=errors), 413


def _released_before(found: Reflection, typed: Typed) -> ResponseReturnValue:
    if request.is_json:
        sentence = _("You answered this from another tab. What you typed here since then was not sent: copy it.")
        return jsonify(error="released", sentence=str(sentence)), 410
    sentence = _("You answered this from another tab. What you typed here was not sent, and it is not stored.")
    return pages.not_sent(found, typed, sentence), 409
