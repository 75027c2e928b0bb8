"""What a local site coordinator sees: the completion report, its files, and what the LMS was told."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from typing import IO, Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_decimal
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from plugin import clock
from plugin.actions import outbox, report
from plugin.actions.report import Form
from plugin.db import class_list, reach, told
from plugin.db.outbox import OutboxState
from plugin.db.reports import Asked
from plugin.db.session import snapshot, transaction
from plugin.domain.people import Capability
from plugin.web import paging, reasons, report_filters
from plugin.web.access import current, needs
from plugin.web.errors import Refused
from plugin.web.formats import zone
from plugin.web.report_filters import Filters
from plugin.web.rosters import NORMAL
from plugin.web.transaction import session
from plugin.web.wiring import wiring

lsc = Blueprint("lsc", __name__)

ROWS = 50
PRINTED = 1000  # rows of the page for paper; more belong in a file
EXCEL_ROWS = 200_000  # half a minute of work; the command line knows no limit
PIECE = 64 * 1024
IN_MEMORY = 512 * 1024  # of a file; a longer one goes to the disk
TYPES = {
    Form.CSV: "text/csv; charset=utf-8",
    Form.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
SHOWN = {
    "open": (OutboxState.REFUSED, OutboxState.DUE),
    "refused": (OutboxState.REFUSED,),
    "waiting": (OutboxState.DUE,),
    "sent": (OutboxState.SENT,),
    "not-sent": (OutboxState.NOT_SENT,),
}


@lsc.get("/reports/completions")
@needs(Capability.REPORT)
def completions() -> ResponseReturnValue:
    """The completion report: totals, completions by month, rows."""
    return _with_filters(_completions)


@lsc.get("/reports/completions.csv")
@needs(Capability.REPORT)
def completions_csv() -> ResponseReturnValue:
    """The report as CSV."""
    return _with_filters(lambda _filters, asked: _file(asked, Form.CSV))


@lsc.get("/reports/completions.xlsx")
@needs(Capability.REPORT)
def completions_xlsx() -> ResponseReturnValue:
    """The report for Excel."""
    return _with_filters(_workbook)


@lsc.get("/reports/completions/print")
@needs(Capability.REPORT)
def completions_print() -> ResponseReturnValue:
    """The report on one page, for paper."""
    return _with_filters(_paper)


@lsc.get("/reports/scores")
@needs(Capability.REPORT)
def scores() -> ResponseReturnValue:
    """What was told to the LMS, what waits, and what it refused."""
    within = _reach()
    stuck = told.stuck(session(), within)
    shown = request.args.get("state", "open")
    if shown not in SHOWN:
        error = _("There is no such list. Choose one of these.")
        return render_template("lsc/scores.html", shown=shown, error=error, stuck=stuck), 422
    states = SHOWN[shown]
    after, before = (paging.read_told_key(request.args.get(name, ""), states) for name in ("after", "before"))
    rows = told.page(session(), within, states, key=after or before, back=before is not None, size=ROWS + 1)
    more = len(rows) > ROWS
    rows = rows[-ROWS:] if before else rows[:ROWS]
    newer = older = None
    if rows and (after or (before and more)):
        newer = paging.write_told_key(told.Key(rows[0].state, rows[0].id))
    if rows and (before or more):
        older = paging.write_told_key(told.Key(rows[-1].state, rows[-1].id))
    return render_template(
        "lsc/scores.html",
        shown=shown,
        error=None,
        stuck=stuck,
        rows=rows,
        reason=reasons.of_telling,
        newer=newer and url_for("lsc.scores", state=shown, before=newer),
        older=older and url_for("lsc.scores", state=shown, after=older),
    )


@lsc.post("/reports/scores/<int:id>/resend")
@needs(Capability.REPORT)
def resend(id: int) -> ResponseReturnValue:
    """Tell the LMS once more."""
    row = told.row(session(), _reach(), id)
    if row is None:
        raise NotFound
    if row.state is OutboxState.NOT_SENT:
        sentence = _(
            "This step is not told to this LMS, since it would erase what its gradebook has. The completion is told."
        )
        raise Refused(409, _("This step stays with us"), sentence)
    outbox.resend(session(), row, by=current().person_id, now=clock.now())
    flash(_("It is sent again within a minute. Reload this page to see what the LMS says."), "done")
    shown = request.form.get("state", "open")
    return redirect(url_for("lsc.scores", state=shown if shown in SHOWN else "open"), 303)


@lsc.get("/reports/rosters")
@needs(Capability.REPORT)
def rosters() -> ResponseReturnValue:
    """The cohorts of LMS courses: how old the list of each course is, and why it could not be read."""
    within = _reach()
    failing = request.args.get("state") == "failing"
    after, before = (paging.read_id(request.args.get(name, "")) for name in ("after", "before"))
    rows, more = class_list.overview(
        session(), within, failing=failing, passable=NORMAL, after=after, before=before, size=ROWS
    )
    state = "failing" if failing else None
    newer = rows and (after is not None or (before is not None and more))
    older = rows and (more if before is None else True)
    return render_template(
        "lsc/rosters.html",
        failing=failing,
        stuck=told.stuck(session(), within),
        rows=rows,
        reason=reasons.of_roster,
        normal=NORMAL,
        newer=newer and url_for("lsc.rosters", state=state, before=rows[0].cohort_id),
        older=older and url_for("lsc.rosters", state=state, after=rows[-1].cohort_id),
    )


def _reach() -> reach.Reach:
    return reach.find(session(), current().grants)


def _with_filters(answer: Callable[[Filters, Asked], ResponseReturnValue]) -> ResponseReturnValue:
    """The answer to what was asked, or the sentence again with what is wrong in it."""
    today = clock.now().astimezone(zone()).date()
    filters = report_filters.read(session(), _reach(), request.args, today=today)
    if filters.asked is None:
        return render_template("lsc/completions.html", filters=filters, stuck=told.stuck(session(), filters.reach)), 422
    return answer(filters, filters.asked)


def _completions(filters: Filters, asked: Asked) -> ResponseReturnValue:
    after, before = (paging.read_key(request.args.get(name, ""), asked.parts) for name in ("after", "before"))
    page = report.page(session(), asked, key=after or before, back=before is not None, size=ROWS)

    def link(**key: Any) -> str:
        return url_for("lsc.completions", **filters.query, **key)

    return render_template(
        "lsc/completions.html",
        filters=filters,
        stuck=told.stuck(session(), filters.reach),
        totals=report.totals(session(), asked),
        page=page,
        newer=page.newer and link(before=paging.write_key(page.newer)),
        older=page.older and link(after=paging.write_key(page.older)),
    )


def _paper(filters: Filters, asked: Asked) -> ResponseReturnValue:
    now = clock.now()
    page = report.page(session(), asked, size=PRINTED)
    html = render_template(
        "lsc/print.html", filters=filters, totals=report.totals(session(), asked), page=page, now=now
    )
    _remember(asked, "print", len(page.lines))
    return html


def _workbook(_filters: Filters, asked: Asked) -> ResponseReturnValue:
    rows = report.totals(session(), asked).rows
    if rows > EXCEL_ROWS:
        title = _("Too many rows for an Excel file from this page")
        sentence = _(
            "There are %(rows)s rows; making an Excel file of more than %(most)s takes minutes. Take the CSV file, "
            "which Excel opens, too, or choose fewer days.",
            rows=format_decimal(rows),
            most=format_decimal(EXCEL_ROWS),
        )
        raise Refused(422, title, sentence)
    return _file(asked, Form.XLSX)


def _file(asked: Asked, form: Form) -> ResponseReturnValue:
    """The report as a file, whole before its first byte leaves.

    A server ends an answer whose rows fail half-way as if it were complete (granian 2.8 does), so rows are not sent
    while they are read: what fails becomes a page, the length is known to the browser, and a slow browser holds no
    connection to the database.
    """
    now = clock.now()
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  the answer closes it
    try:
        with snapshot(wiring().engine) as reading:
            rows = report.write(reading, asked, form, file, now=now)
        _remember(asked, form.value, rows)
    except BaseException:
        file.close()
        raise
    size = file.seek(0, 2)
    file.seek(0)
    if size <= IN_MEMORY:
        with file:
            answer = Response(file.read(), content_type=TYPES[form])
    else:
        answer = Response(_pieces(file), content_type=TYPES[form], direct_passthrough=True)
        answer.content_length = size
        answer.call_on_close(file.close)
    answer.headers.set("Content-Disposition", "attachment", filename=report.file_name(asked, form.value))
    return answer


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def _remember(asked: Asked, form: str, rows: int) -> None:
    """Write down that rows leave, before they do; in a transaction of its own, since the request only reads."""
    with transaction(wiring().engine) as writing:
        report.remember_export(writing, asked, form, rows=rows, by=current().person_id, now=clock.now())
