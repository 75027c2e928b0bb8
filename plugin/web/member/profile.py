"""Who one is on the record."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from plugin import clock
from plugin.actions import profile as profiles
from plugin.actions.profile import LONGEST_NAME, NameRefused
from plugin.domain.people import Capability
from plugin.web import access
from plugin.web.access import needs
from plugin.web.member.blueprint import member
from plugin.web.transaction import session
from plugin.web.words import gettext as _


@member.get("/profile")
@needs(Capability.SIGNED_IN)
def profile() -> ResponseReturnValue:
    """The name on one's record."""
    return _page(access.current().row.legal_name or "")


@member.post("/profile")
@needs(Capability.SIGNED_IN)
def set_name() -> ResponseReturnValue:
    """Say what it is."""
    person = access.current()
    given = request.form.get("legal_name", "")
    try:
        profiles.set_legal_name(
            session(), person.person_id, given, organization=person.row.organization_id, now=clock.now()
        )
    except NameRefused:
        error = _("Write your name as your license has it, with 1 to %(most)d characters.", most=LONGEST_NAME)
        return _page(given, error), 400
    flash(_("Saved. Your records carry this name from now on."), "done")
    return redirect(url_for("member.profile"), 303)


def _page(given: str, error: str | None = None) -> str:
    person = access.current()
    return render_template(
        "member/profile.html",
        given=given,
        error=error,
        longest=LONGEST_NAME,
        name_from_lms=profiles.name_from_lms(session(), person.person_id),
        lms=person.row.platform_name,
    )
