"""/lti/register: an LMS administrator opens a one-time link inside their LMS, reads what it does, and confirms."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from lti.errors import RegistrationRefused, ServiceError
from lti.registration import read_configuration, register
from lti.urls import is_web_url
from plugin import clock
from plugin.actions import platforms
from plugin.actions.platforms import InvitationRefused, PlatformRefused
from plugin.db.people import Organization
from plugin.db.platforms import Platform, PlatformState
from plugin.domain.people import Capability
from plugin.web.access import needs
from plugin.web.errors import Refused
from plugin.web.headers import frame_anywhere, may_frame
from plugin.web.identity import show_nobody
from plugin.web.transaction import keep_so_far, session, start_again
from plugin.web.wiring import wiring

registration = Blueprint("registration", __name__, url_prefix="/lti/register")


@registration.get("/<token>")
@needs(Capability.PUBLIC)
def ask(token: str) -> ResponseReturnValue:
    """What is going to be connected with what; nothing happens before the button."""
    try:
        found = platforms.invitation(session(), token, now=clock.now())
    except InvitationRefused as error:
        raise _refused(410, _("This link does not work any more"), str(error)) from error
    address = request.args.get("openid_configuration", "")
    if not is_web_url(address):
        raise _refused(
            400,
            _("Open this link inside your LMS"),
            _(
                "It belongs into the LMS's page for adding tools, as the address for dynamic registration. "
                "Opened like this, it cannot know which LMS to connect. The link is not used up."
            ),
        )
    host = urlsplit(address).netloc
    may_frame([host])
    show_nobody()
    organization = session().get_one(Organization, found.organization_id)
    return render_template(
        "lti/register.html",
        host=host,
        organization=organization.name,
        approve=found.approve,
        address=address,
        registration_token=request.args.get("registration_token", ""),
    )


@registration.post("/<token>")
@needs(Capability.PUBLIC)
def confirm(token: str) -> ResponseReturnValue:
    """Use the link up, ask the LMS, store what it answers; when the LMS refuses, the link works again."""
    address = request.form.get("openid_configuration", "")
    if not is_web_url(address):
        raise _refused(400, _("Open this link inside your LMS"), _("The address of the LMS is missing."))
    try:
        taken = platforms.take(session(), token, now=clock.now())
    except InvitationRefused as error:
        raise _refused(410, _("This link does not work any more"), str(error)) from error
    keep_so_far()  # before the network: a second click must find it used
    try:
        platform = _registered(taken, address)
    except Exception as error:
        _give_back(taken)
        if isinstance(error, RegistrationRefused | ServiceError):
            detail = f"{error.code}: {error.detail}"
            raise _refused(400, _("The LMS was not connected"), error.sentence, detail=detail) from error
        if isinstance(error, PlatformRefused):
            raise _refused(409, _("The LMS was not connected"), str(error)) from error
        raise
    may_frame([*platform.hosts, urlsplit(address).netloc])
    show_nobody()
    return render_template("lti/registered.html", platform=platform, active=platform.state is PlatformState.ACTIVE)


def _registered(invitation_id: int, address: str) -> Platform:
    """Ask the LMS, and store what it answers."""
    parts = wiring()
    given = request.form.get("registration_token") or None
    configuration = read_configuration(address, registration_token=given, http=parts.http)
    registered = register(
        configuration, platforms.described(parts.settings.base_url), registration_token=given, http=parts.http
    )
    platform = platforms.register(session(), invitation_id, registered, now=clock.now())
    session().flush()
    return platform


def _refused(status: int, title: str, sentence: str, *, detail: str = "") -> Refused:
    """A refusal holds nothing to click, so the LMS that we know nothing of may frame it."""
    frame_anywhere()
    return Refused(status, title, sentence, detail=detail)


def _give_back(invitation_id: int) -> None:
    start_again()
    platforms.give_back(session(), invitation_id)
    keep_so_far()
