"""What a trainer's browser sends, as values: a part of the queue, a spot in it, a draft. Nothing is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import request
from flask_babel import gettext as _

from plugin.db.queue import Narrowing, Only, Spot
from plugin.domain.drafts import tidy
from plugin.domain.review import Mark, Written
from plugin.web.errors import Refused

MARK = "mark-"  # and a criterion's key: the names of the fields, which the script sends too
COMMENT = "comment-"
PLAIN = ("working", "next_step", "question")
BIGGEST = 2**53 - 1  # a number that JSON, SQLite and PostgreSQL all hold
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Sent:
    """A draft as it came: the fields by name, the version it is based on, the revision that it answers."""

    fields: Mapping[str, str]
    version: int
    revision: int | None

    def written(self, criteria: list[str]) -> Written:
        """The answer in it, by the rubric of the version; blank comments are none.

        Raises:
            Refused: a mark that there is not.
        """
        marks = {key: self.fields.get(MARK + key, "") for key in criteria}
        comments = {key: tidy(self.fields.get(COMMENT + key, "")) for key in criteria}
        return Written(
            {key: _mark(mark) for key, mark in marks.items() if mark},
            {key: comment for key, comment in comments.items() if comment.strip()},
            *(tidy(self.fields.get(name, "")) for name in PLAIN),
        )


def sent() -> Sent:
    """What a form or the saving script sent.

    Raises:
        Refused: it did not arrive whole.
    """
    found = request.get_json(silent=True) if request.is_json else request.form.to_dict()
    if not isinstance(found, dict):
        raise broken()
    fields = {name: value for name, value in found.items() if isinstance(value, str)}
    if any(not isinstance(value, str | int | None) for value in found.values()):
        raise broken()
    version = _number(found.get("version", 0))
    revision = found.get("revision")
    if version is None or (revision is not None and _number(revision) is None):
        raise broken()
    return Sent(fields, version, _number(revision))


def as_fields(written: Written, criteria: list[str]) -> dict[str, str | None]:
    """An answer by the names of the fields: None is a criterion without a mark, as the script has it."""
    marks: dict[str, str | None] = {MARK + key: written.marks.get(key) for key in criteria}
    comments = {COMMENT + key: written.comments.get(key, "") for key in criteria}
    return {**marks, **comments, **{name: str(getattr(written, name)) for name in PLAIN}}


def narrowing() -> Narrowing:
    """The part of the queue that the address asks for; what cannot be read asks for nothing."""
    only = request.args.get("only", "")
    return Narrowing(
        _number(request.args.get("cohort")),
        _number(request.args.get("offering")),
        Only(only) if only in set(Only) else Only.ALL,
        _number(request.args.get("group")),
    )


def query(part: Narrowing) -> dict[str, Any]:
    """The part of the queue, for an address."""
    found = {
        "cohort": part.cohort_id,
        "offering": part.offering_id,
        "only": part.only.value,
        "group": part.group_id,
    }
    return {name: str(value) for name, value in found.items() if value}


def spot(name: str) -> Spot | None:
    """The spot in the queue that the address names, e.g. after=1763735120000000-17; None when it names none."""
    moment, _hyphen, key = request.args.get(name, "").partition("-")
    micros, reflection = _number(moment), _number(key)
    if micros is None or reflection is None or micros > 10**17:
        return None
    return Spot(EPOCH + timedelta(microseconds=micros), reflection)


def spot_name(found: Spot) -> str:
    """A spot, for an address: microseconds since 1970 and the reflection."""
    return f"{(found.since - EPOCH) // timedelta(microseconds=1)}-{found.reflection_id}"


def _number(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= len(str(BIGGEST)):
        value = int(value)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and isinstance(value, int) and 0 <= value <= BIGGEST else None


def _mark(value: str) -> Mark:
    try:
        return Mark(value)
    except ValueError:
        raise broken() from None


def broken() -> Refused:
    """What came cannot have come from one of our pages."""
    return Refused(
        400, _("This did not arrive whole"), _("Nothing was changed. Go back, reload the page and try again.")
    )
