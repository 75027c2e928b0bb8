"""The queue: what waits in all cohorts that the trainer's grants reach, oldest first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from plugin import clock
from plugin.actions.offerings import pack_of
from plugin.db import groups
from plugin.db import queue as queues
from plugin.db.groups import Choice
from plugin.db.queue import READING, Asker, Narrowing, Only, Run, Waiting
from plugin.domain.business_days import DUE_FROM, USUAL_ANSWER
from plugin.domain.people import Capability
from plugin.web.access import needs
from plugin.web.trainer import forms, words
from plugin.web.trainer.blueprint import asker, trainer
from plugin.web.transaction import session


@trainer.get("/review")
@needs(Capability.REVIEW)
def queue() -> ResponseReturnValue:
    """Reflections that wait: three numbers, then a page of rows."""
    who, part = asker(), forms.narrowing()
    runs = queues.runs(session(), who)
    in_groups = _groups(runs, part)
    if part.group_id not in {choice.id for choice in in_groups}:
        part = replace(part, group_id=None)  # it was of the cohort that was chosen before
    after, before = forms.spot("after"), forms.spot("before")
    rows, has_more = queues.page(session(), who, part, after=after, before=before)
    if not rows and (after or before):
        return redirect(_address(part))  # what stood there was answered meanwhile
    numbers = queues.numbers(
        session(),
        who,
        due_before=words.came_before(DUE_FROM),
        overdue_before=words.came_before(USUAL_ANSWER + 1),
    )
    has_older, has_newer = (has_more, True) if before else (after is not None, has_more)
    return render_template(
        "trainer/queue.html",
        lead=words.queue_in_words(numbers) if numbers.waiting else None,
        **_table([_row(row, who, part) for row in rows]),
        part=part,
        choices=_choices(runs, in_groups),
        everything_url=_address(queues.EVERYTHING),
        older_url=_address(part, before=forms.spot_name(rows[0].spot)) if rows and has_older else None,
        newer_url=_address(part, after=forms.spot_name(rows[-1].spot)) if rows and has_newer else None,
    )


def _address(part: Narrowing, **cursor: str) -> str:
    return url_for("trainer.queue", **{**forms.query(part), **cursor})


def _table(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The rows, and which columns they need: what all rows share stands above them, what none has is left out."""
    first, *others = rows or [{"title": None, "offering": None}]
    alike = all((row["title"], row["offering"]) == (first["title"], first["offering"]) for row in others)
    return {
        "rows": rows,
        "one_title": first["title"] if alike else None,
        "one_offering": first["offering"] if alike else None,
        "has_revisions": any(row["revision"] > 1 for row in rows),
        "has_readers": any(row["now"] for row in rows),
    }


def _row(row: Waiting, who: Asker, part: Narrowing) -> dict[str, Any]:
    kind, wait = words.wait(row.since)
    return {
        "url": url_for("trainer.desk", reflection=row.reflection_id, **forms.query(part)),
        "member": words.known(row.member),
        "title": _title(row),
        "offering": row.offering,
        "cohort": row.cohort,
        "revision": row.revision,
        "kind": kind,
        "wait": wait,
        "now": _now(row, who),
    }


def _title(row: Waiting) -> str:
    activities = pack_of(session(), row.version_id).activities
    return next((activity.title for activity in activities if activity.key == row.activity), row.activity)


def _now(row: Waiting, who: Asker) -> list[str]:
    """Who has it open, and whether a draft of the visitor's own waits there."""
    is_open = row.reader_since is not None and row.reader_since > clock.now() - READING
    found = [_("Your draft")] if row.has_draft else []
    if is_open and row.reader_id == who.person_id and not row.has_draft:
        found.append(_("You opened it"))
    elif is_open and row.reader_id != who.person_id:
        found.append(_("%(name)s is reading", name=words.known(row.reader)))
    return [str(item) for item in found]


def _groups(runs: list[Run], part: Narrowing) -> list[Choice]:
    """The groups of the LMS course of the cohort that is chosen, or the only one; of those that the trainer reaches."""
    cohorts = {run.cohort_id for run in runs}
    chosen = part.cohort_id if len(cohorts) > 1 else next(iter(cohorts), None)
    return groups.of_cohort(session(), chosen) if chosen in cohorts else []


def _choices(runs: list[Run], choices: list[Choice]) -> dict[str, list[tuple[str, str]]]:
    offerings = {str(run.offering_id): run.offering for run in runs}
    return {
        "cohort": [("", str(_("all cohorts"))), *((str(run.cohort_id), run.cohort) for run in runs)],
        "offering": [("", str(_("all offerings"))), *offerings.items()],
        "group": [("", str(_("all groups"))), *((str(each.id), each.name) for each in choices)],
        "only": [
            (Only.ALL.value, str(_("All reflections"))),
            (Only.REVISIONS.value, str(_("Only revisions"))),
            (Only.MINE.value, str(_("Only what I began"))),
        ],
    }
