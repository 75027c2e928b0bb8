"""/platforms: the connections to LMSs of the organizations that an administrator looks after."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.exceptions import NotFound

from plugin import clock
from plugin.actions import platforms as connections
from plugin.actions.doctor import rounds
from plugin.actions.doctor.known import NotATestUser
from plugin.actions.platforms import PlatformRefused
from plugin.db.people import Organization
from plugin.db.platforms import Deployment, Platform, PlatformState
from plugin.db.scopes import within
from plugin.domain.people import Capability, roles_for
from plugin.web import checkups
from plugin.web.access import current, needs
from plugin.web.errors import Refused
from plugin.web.transaction import keep_so_far, session, start_again
from plugin.web.wiring import wiring

admin = Blueprint("admin", __name__, url_prefix="/platforms")

ADMINS = roles_for(Capability.ADMINISTER)
MOST = 500  # connections, or deployments of one, on a page


def _platform(platform_id: int) -> Platform:
    found = session().scalar(
        select(Platform).where(Platform.id == platform_id, within(current().grants, ADMINS, Platform.organization_id))
    )
    if found is None:
        raise NotFound
    return found


def _organizations() -> list[Organization]:
    reached = within(current().grants, ADMINS, Organization.id)
    return list(session().scalars(select(Organization).where(reached).order_by(Organization.name)))


@admin.get("/")
@needs(Capability.ADMINISTER)
def platforms() -> ResponseReturnValue:
    """All connections, those that wait for approval first."""
    rows = session().execute(
        select(Platform, Organization.name)
        .join(Organization, Organization.id == Platform.organization_id)
        .where(within(current().grants, ADMINS, Platform.organization_id))
        .order_by((Platform.state == PlatformState.PENDING).desc(), Platform.name)
        .limit(MOST)
    )
    return render_template("admin/platforms.html", rows=rows.all(), organizations=_organizations(), link=None)


@admin.post("/invite")
@needs(Capability.ADMINISTER)
def invite() -> ResponseReturnValue:
    """A one-time registration link, shown once."""
    chosen = request.form.get("organization", "")
    body = next((body for body in _organizations() if str(body.id) == chosen), None)
    if body is None:
        raise NotFound
    token = connections.invite(
        session(),
        organization=body.id,
        approve=request.form.get("approve") == "yes",
        by=current().person_id,
        now=clock.now(),
    )
    link = f"{wiring().settings.base_url}{url_for('registration.ask', token=token)}"
    return render_template("admin/invited.html", link=link, organization=body.name)


@admin.get("/<int:platform_id>")
@needs(Capability.ADMINISTER)
def platform(platform_id: int) -> ResponseReturnValue:
    """One connection: what it is, and what may be done with it."""
    found = _platform(platform_id)
    deployments = session().scalars(
        select(Deployment.deployment_id).where(Deployment.platform_id == found.id).order_by(Deployment.id).limit(MOST)
    )
    return render_template(
        "admin/platform.html",
        platform=found,
        deployments=deployments.all(),
        states=PlatformState,
        is_own_way_in=found.id == current().row.platform_id,
    )


@admin.post("/<int:platform_id>/state")
@needs(Capability.ADMINISTER)
def set_state(platform_id: int) -> ResponseReturnValue:
    """Approve, disable, or let in again."""
    found = _platform(platform_id)
    wanted = request.form.get("state", "")
    if wanted not in {PlatformState.ACTIVE.value, PlatformState.DISABLED.value}:
        raise Refused(400, _("This did not arrive whole"), _("Go back, reload the page and use its buttons."))
    connections.set_state(session(), found, PlatformState(wanted), by=current().person_id, now=clock.now())
    flash(
        _("%(name)s is switched on.", name=found.name)
        if wanted == "active"
        else _("%(name)s is switched off.", name=found.name),
        "done",
    )
    return redirect(url_for("admin.platform", platform_id=found.id), 303)


@admin.post("/<int:platform_id>/deployments")
@needs(Capability.ADMINISTER)
def add_deployment(platform_id: int) -> ResponseReturnValue:
    """Let launches of one more deployment in."""
    found = _platform(platform_id)
    try:
        connections.add_deployment(
            session(), found, request.form.get("deployment", ""), by=current().person_id, now=clock.now()
        )
    except PlatformRefused as error:
        raise Refused(400, _("The deployment was not added"), str(error)) from error
    flash(_("The deployment is added."), "done")
    return redirect(url_for("admin.platform", platform_id=found.id), 303)


@admin.get("/<int:platform_id>/checks")
@needs(Capability.ADMINISTER)
def checks(platform_id: int) -> ResponseReturnValue:
    """What the last test of a connection found, and the letter for the LMS's administrator."""
    found = _platform(platform_id)
    report = rounds.last(session(), found.id)
    return render_template("admin/checks.html", platform=found, report=report and checkups.shown(found, report))


@admin.post("/<int:platform_id>/checks")
@needs(Capability.ADMINISTER)
def run_checks(platform_id: int) -> ResponseReturnValue:
    """Test a connection: some 20 seconds at most, one at a time, and no transaction while the LMS is called."""
    found = _platform(platform_id)
    back = redirect(url_for("admin.checks", platform_id=found.id), 303)
    score_for = _test_user()
    if not checkups.ONE_AT_A_TIME.acquire(blocking=False):
        flash(_("Another connection is being tested at this moment. Try again in half a minute."), "attention")
        return back
    try:
        case = rounds.begin(session(), found, score_for=score_for, by=current().person_id, now=clock.now())
        keep_so_far()
        findings = rounds.run(case, wiring().http, wiring().tool_keys)
        rounds.keep(session(), case, findings)
    except rounds.TooSoon:
        start_again()
        flash(
            _("It was tested a moment ago. Wait half a minute, so that the LMS is not called too often."), "attention"
        )
    except NotATestUser as error:
        sentence = _(
            "Practicum has told the LMS about this person already, so they are no test user. Name another one."
        )
        raise Refused(409, _("No grade was sent"), sentence) from error
    finally:
        checkups.ONE_AT_A_TIME.release()
    return back


def _test_user() -> str | None:
    """The user whom the administrator named for a test grade; None for a test without one."""
    named = request.form.get("user_id")
    if named is None:
        return None
    named = named.strip()
    if not 0 < len(named) <= 255 or not named.isprintable() or request.form.get("agreed") != "yes":
        sentence = _("Name a test user of the LMS by their user id, and tick that their grade may be replaced.")
        raise Refused(400, _("No grade was sent"), sentence)
    return named
