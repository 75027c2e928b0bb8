"""The blueprint, and the door to a reflection: what the trainer's grants do not reach is not found."""

from __future__ import annotations

from flask import Blueprint
from werkzeug.exceptions import NotFound

from plugin.db import doors
from plugin.db.queue import Asker
from plugin.db.reflections import Reflection
from plugin.web import access
from plugin.web.trainer.forms import BIGGEST
from plugin.web.transaction import session

trainer = Blueprint("trainer", __name__)


def asker() -> Asker:
    """The visitor, as the queue knows them."""
    person = access.current()
    return Asker(person.person_id, person.grants)


def at_desk(reflection: int) -> Reflection:
    """A reflection that this trainer may answer.

    Raises:
        NotFound: there is none; or it is out of their grants' reach, private, never sent, or their own.
    """
    who = asker()
    if reflection > BIGGEST:
        raise NotFound
    found = doors.reflection_to_review(session(), who.grants, who.person_id, reflection)
    if found is None:
        raise NotFound
    return found
