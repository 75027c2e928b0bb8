"""/deep-linking: an LMS instructor chooses what to put into their course; the answer goes back to the LMS."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from lti.errors import DeepLinkingRefused
from lti.urls import origin
from plugin import clock
from plugin.actions import choose
from plugin.db.lti_stores import Platforms
from plugin.db.platforms import DeepLinkingRequest
from plugin.domain.people import Capability
from plugin.web.access import current, needs
from plugin.web.errors import Refused
from plugin.web.headers import may_post_to
from plugin.web.transaction import session, start_again
from plugin.web.wiring import wiring

deep_linking = Blueprint("deep_linking", __name__, url_prefix="/deep-linking")


def _request(request_id: int) -> DeepLinkingRequest:
    """The visitor's own request.

    Raises:
        NotFound: it is somebody else's.
        Refused: it was answered, or is too old.
    """
    found = choose.request_of(session(), current().person_id, request_id)
    if found is None:
        raise NotFound
    if found.answered_at is not None or found.expires_at <= clock.now():
        raise Refused(
            410,
            _("This choice was sent already"),
            _("Close this window, and choose “Select content” in your LMS again to add more."),
        )
    return found


@deep_linking.get("/<int:request_id>")
@needs(Capability.SIGNED_IN)
def picker(request_id: int) -> ResponseReturnValue:
    """What there is to choose."""
    found = _request(request_id)
    return render_template(
        "lti/picker.html",
        request_id=found.id,
        offerings=choose.offerings(session()),
        many=found.settings.get("accept_multiple") is True,
        columns=found.settings.get("accept_lineitem") is not False,
        problem=None,
    )


@deep_linking.post("/<int:request_id>")
@needs(Capability.SIGNED_IN)
def answer(request_id: int) -> ResponseReturnValue:
    """Sign the answer and hand it to the browser, which posts it to the LMS."""
    parts = wiring()
    _request(request_id)
    # nothing was written yet: the first key of an installation makes itself, in a transaction of its own
    start_again()
    key = parts.tool_keys.signing()
    found = _request(request_id)
    platform = Platforms(session()).get(found.platform_id)
    if platform is None or not platform.active:
        raise NotFound
    codes = request.form.getlist("offering")
    problem = None
    if "cancel" not in request.form and not codes:
        problem = _("Choose what to add to the course first.")
    else:
        try:
            made = choose.answer(
                session(),
                found,
                [] if "cancel" in request.form else codes,
                base_url=parts.settings.base_url,
                platform=platform,
                key=key,
                by=current().person_id,
                organization=current().row.organization_id,
                now=clock.now(),
            )
        except (DeepLinkingRefused, choose.ChoiceRefused) as error:
            problem = error.sentence
    if problem is not None:
        return (
            render_template(
                "lti/picker.html",
                request_id=found.id,
                offerings=choose.offerings(session()),
                many=found.settings.get("accept_multiple") is True,
                columns=found.settings.get("accept_lineitem") is not False,
                problem=problem,
                chosen=codes,
            ),
            422,
        )
    target = origin(made.return_url)
    may_post_to([target] if target else [], platform.hosts)  # an LMS may send the browser on to another of its hosts
    return render_template("lti/return.html", answer=made)
