"""One-time codes: what a trainer, LSC or administrator types to become one."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin import clock
from plugin.actions import grants, profile
from plugin.actions.grants import GrantRefused
from plugin.db.people import Grant, Organization
from plugin.domain.people import Capability, Role
from plugin.web import access, reasons
from plugin.web.access import needs
from plugin.web.formats import day
from plugin.web.member.blueprint import member
from plugin.web.transaction import session
from plugin.web.words import gettext as _

LONGEST_CODE = 64  # characters; a code has 14


@member.get("/grant")
@needs(Capability.SIGNED_IN)
def grant() -> ResponseReturnValue:
    """Type a code; below it what one may do already."""
    return _page()


@member.get("/grant/<code>")
@needs(Capability.SIGNED_IN)
def offered(code: str) -> ResponseReturnValue:
    """A link with a code: nothing happens before the button is pressed, since mail programs open links, too."""
    return _page(code[:LONGEST_CODE], opened=True)


@member.post("/grant")
@needs(Capability.SIGNED_IN)
def bind() -> ResponseReturnValue:
    """Use the code up: what it grants is this person's."""
    code = request.form.get("code", "").strip()[:LONGEST_CODE]
    try:
        grants.bind(session(), code, person=access.current().person_id, now=clock.now())
    except GrantRefused as refusal:
        return _page(code, error=reasons.of_grant(refusal)), 400
    flash(_("The code is yours. This is what you may do now."), "done")
    return redirect(url_for("member.grant"), 303)


def _page(code: str = "", *, opened: bool = False, error: str | None = None) -> str:
    held = profile.grants_of(session(), access.current().person_id, now=clock.now())
    return render_template(
        "member/grant.html",
        code=code,
        opened=opened,
        error=error,
        held=[_row(found, body) for found, body in held],
    )


def _row(found: Grant, body: Organization) -> dict[str, Any]:
    """What somebody may do, where, until when, and the way there."""
    may, label, url = {
        Role.TRAINER: (_("Read and answer reflections"), _("Open the reflections"), url_for("trainer.queue")),
        Role.LSC: (_("See completion reports"), _("Open the reports"), url_for("lsc.completions")),
        Role.VIEWER: (_("Receive the reports an LSC shares with you"), None, None),
        Role.ADMIN: (_("Look after LMS connections"), _("Open the connections"), url_for("admin.platforms")),
    }[found.role]
    until = _("until %(day)s", day=day(found.ends_on)) if found.ends_on else None
    one_cohort = found.cohort_id is not None
    return {"may": may, "label": label, "url": url, "where": body.name, "until": until, "cohort": one_cohort}
