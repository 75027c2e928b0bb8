"""The answer that a member has, as the member sees it."""

from __future__ import annotations

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from plugin.db import desk as shelf
from plugin.domain.people import Capability
from plugin.web.access import needs
from plugin.web.trainer import forms, pages
from plugin.web.trainer.blueprint import at_desk, trainer
from plugin.web.transaction import session


@trainer.get("/review/<int:reflection>/released")
@needs(Capability.REVIEW)
def released(reflection: int) -> ResponseReturnValue:
    """The answer to `?revision=2`, else the latest one; the desk where nothing is answered yet."""
    found = at_desk(reflection)
    rounds = shelf.rounds(session(), found)
    answered = [one for one in rounds if one.answer is not None]
    asked = [one for one in answered if str(one.revision.number) == request.args.get("revision")]
    if not answered:
        return redirect(url_for("trainer.desk", reflection=found.id, **forms.query(forms.narrowing())))
    return pages.answer(found, rounds, (asked or answered)[-1])
