"""The pages about one reflection: what their templates are given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

import content
from plugin import clock
from plugin.actions import review
from plugin.actions.offerings import pack_of
from plugin.db import desk as shelf
from plugin.db import queue as queues
from plugin.db.desk import About, Round
from plugin.db.learning import Cohort
from plugin.db.queue import Spot
from plugin.db.reflections import Decision, Feedback, Reflection
from plugin.domain import changes
from plugin.domain.changes import Change
from plugin.domain.review import NOTHING_WRITTEN, PassRule, Problem, Written
from plugin.web.member.phrases import lifted, saved_at, since
from plugin.web.trainer import forms, words
from plugin.web.trainer.blueprint import asker
from plugin.web.transaction import session


@dataclass(frozen=True)
class Typed:
    """What stands in a trainer's form, and the version of the draft that it is based on."""

    written: Written
    version: int


def pack_for(reflection: Reflection) -> content.Pack:
    """The pack of the version that the member's cohort takes."""
    return pack_of(session(), session().get_one(Cohort, reflection.cohort_id).version_id)


def criteria_of(reflection: Reflection) -> tuple[content.Criterion, ...]:
    """The rubric by which it is read."""
    return pack_for(reflection).rubric.criteria


def desk(
    reflection: Reflection,
    *,
    check: Decision | None = None,
    typed: Typed | None = None,
    stored: Feedback | None = None,
    errors: list[dict[str, str]] | None = None,
) -> str:
    """The desk with a reflection that waits.

    `check`: say what the draft lacks for this decision. `typed`: show this instead of the draft, with `errors`, or
    beside `stored`, the draft that another tab stored.
    """
    about = shelf.about(session(), reflection)
    pack = pack_for(reflection)
    drafts = shelf.drafts(session(), reflection, asker().person_id)
    draft = drafts.pop(reflection.revision, None)
    written = typed.written if typed else review.as_written(draft) if draft else NOTHING_WRITTEN
    base = stored or draft
    if check is not None:
        errors = _lacks(pack, about, review.lacking(session(), about.cohort, written, check))
    return render_template(
        "trainer/desk.html",
        **_reading(reflection, about, pack),
        **_around(reflection),
        reader=words.known(about.reader) if _is_read(reflection) else None,
        criteria=pack.rubric.criteria,
        written=written,
        fields=forms.as_fields(written, [criterion.key for criterion in pack.rubric.criteria]),
        version=typed.version if typed and not stored else base.version if base else 0,
        saved=saved_at(draft.saved_at) if draft and not typed else None,
        errors=errors or [],
        elsewhere=_elsewhere(pack, written, stored) if stored else None,
        elsewhere_at=saved_at(stored.saved_at) if stored else None,
        unsent=[_unsent(number, draft) for number, draft in sorted(drafts.items())],
        starters=words.starters(),
    )


def taken_back(reflection: Reflection) -> str:
    """What a trainer sees of a reflection that its member took back: that, and the trainer's own words."""
    about = shelf.about(session(), reflection)
    drafts = shelf.drafts(session(), reflection, asker().person_id)
    return render_template(
        "trainer/closed.html",
        **_naming(reflection, about, pack_for(reflection)),
        title=_("%(member)s took this back", member=words.known(about.member)),
        sentences=[_("There is nothing to answer now. It comes back into the queue when it is sent again.")],
        unsent=[_unsent(number, draft) for number, draft in sorted(drafts.items())],
        criteria=criteria_of(reflection),
        typed=None,
    )


def not_sent(reflection: Reflection, typed: Typed, sentence: str) -> str:
    """Words that came too late to be stored, given back so that nothing typed is lost; the sentence says why."""
    about = shelf.about(session(), reflection)
    return render_template(
        "trainer/closed.html",
        **_naming(reflection, about, pack_for(reflection)),
        title=_("This is not open any more"),
        sentences=[sentence, _("Copy what you want to keep before you leave this page.")],
        unsent=[],
        criteria=criteria_of(reflection),
        typed=typed.written,
    )


def answer(reflection: Reflection, rounds: list[Round], shown: Round) -> str:
    """An answer as the member has it."""
    about = shelf.about(session(), reflection)
    pack = pack_for(reflection)
    drafts = shelf.drafts(session(), reflection, asker().person_id)
    return render_template(
        "trainer/released.html",
        **_naming(reflection, about, pack),
        shown=shown,
        written=review.as_written(shown.answer) if shown.answer else NOTHING_WRITTEN,
        by_me=shown.answer is not None and shown.answer.trainer_id == asker().person_id,
        trainer=words.known(shown.trainer),
        accepted=shown.answer is not None and shown.answer.decision is Decision.ACCEPT,
        when=saved_at(shown.answer.released_at) if shown.answer and shown.answer.released_at else "",
        criteria=pack.rubric.criteria,
        others=[other for other in rounds if other.answer and other is not shown],
        unsent=[_unsent(number, draft) for number, draft in drafts.items() if number == shown.revision.number],
    )


def _naming(reflection: Reflection, about: About, pack: content.Pack) -> dict[str, Any]:
    part = forms.narrowing()
    return {
        "reflection": reflection,
        "member": words.known(about.member),
        "title_of": _title(pack, reflection.activity),
        "offering": about.offering,
        "cohort": about.cohort.name,
        "part_query": forms.query(part),
        "queue_url": url_for("trainer.queue", **forms.query(part)),
    }


def _reading(reflection: Reflection, about: About, pack: content.Pack) -> dict[str, Any]:
    """The left side: the text, or what changed in it, and what the member has had before."""
    *past, current = shelf.rounds(session(), reflection)
    activity = next((activity for activity in pack.activities if activity.key == reflection.activity), None)
    earlier = shelf.earlier(session(), reflection, activity.shows if activity else ())
    kind, wait = words.wait(current.revision.submitted_at)
    pieces = None
    if past and request.args.get("changes"):
        pieces = changes.between(past[-1].revision.text, current.revision.text)
    return {
        **_naming(reflection, about, pack),
        "current": current.revision,
        "sent": since(current.revision.submitted_at),
        "wait_kind": kind,
        "wait": wait if kind != "waiting" else None,  # the day on which it was sent says the rest
        "before": past[-1].revision.number if past else None,
        "pieces": pieces,
        "added": sum(piece.words for piece in pieces or () if piece.change is Change.ADDED),
        "removed": sum(piece.words for piece in pieces or () if piece.change is Change.REMOVED),
        "past": [_past(earlier_round) for earlier_round in reversed(past)],
        "prompt": lifted(activity.prompt.html) if activity and activity.prompt else None,
        "earlier": [
            {"title": _title(pack, answer.activity), "text": answer.text, "sent": since(answer.sent_at)}
            for answer in earlier
        ],
    }


def _around(reflection: Reflection) -> dict[str, Any]:
    """Where it stands in the part of the queue from which the trainer came, and its neighbours there."""
    part = forms.narrowing()
    spot = Spot(reflection.waiting_since or reflection.saved_at, reflection.id)
    standing = queues.standing(session(), asker(), part, spot)

    def address(key: int | None) -> str | None:
        return url_for("trainer.desk", reflection=key, **forms.query(part)) if key else None

    return {
        "number": standing.number,
        "total": standing.total,
        "previous_url": address(standing.previous_id),
        "next_url": address(standing.next_id),
    }


def _past(earlier: Round) -> dict[str, Any]:
    return {
        "number": earlier.revision.number,
        "text": earlier.revision.text,
        "sent": since(earlier.revision.submitted_at),
        "answer": review.as_written(earlier.answer) if earlier.answer else None,
        "trainer": words.known(earlier.trainer),
        "when": saved_at(earlier.answer.released_at) if earlier.answer and earlier.answer.released_at else "",
    }


def _unsent(number: int, draft: Feedback) -> dict[str, Any]:
    return {"number": number, "written": review.as_written(draft), "saved": saved_at(draft.saved_at)}


def _elsewhere(pack: content.Pack, written: Written, stored: Feedback) -> list[dict[str, Any]]:
    """The fields in which the draft of another tab differs, with what it says there."""
    keys = [criterion.key for criterion in pack.rubric.criteria]
    here, there = forms.as_fields(written, keys), forms.as_fields(review.as_written(stored), keys)
    labels = words.labels({criterion.key: criterion.title for criterion in pack.rubric.criteria})
    return [
        {"label": labels[name], "text": text or "", "is_mark": name.startswith(forms.MARK)}
        for name, text in there.items()
        if here[name] != text
    ]


def _lacks(pack: content.Pack, about: About, problems: tuple[Problem, ...]) -> list[dict[str, str]]:
    titles = {criterion.key: criterion.title for criterion in pack.rubric.criteria}
    return words.lacks(problems, titles, PassRule(pack.pass_rule.value), words.known(about.member))


def _title(pack: content.Pack, key: str) -> str:
    return next((activity.title for activity in pack.activities if activity.key == key), key)


def _is_read(reflection: Reflection) -> bool:
    return review.is_read_by_other(reflection, asker().person_id, clock.now())
