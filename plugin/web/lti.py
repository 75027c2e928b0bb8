"""/lti: login, launch, our public keys, and the way on for a frame that keeps no cookies."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from lti import canvas, keys, login
from lti.errors import LaunchRefused
from lti.launch import Launch, verify
from lti.urls import origin
from plugin import clock
from plugin.actions import enter, platforms
from plugin.actions.enter import Entry
from plugin.actions.open_link import EntryRefused
from plugin.db.lti_stores import LaunchPlatforms, Nonces
from plugin.domain.people import Capability
from plugin.web import cookies, dead_ends
from plugin.web.access import needs
from plugin.web.errors import Refused
from plugin.web.headers import frame_anywhere, keep_for, may_frame
from plugin.web.identity import show_nobody, sign_in
from plugin.web.messages import Onward
from plugin.web.quick_login import OLD_COOKIES
from plugin.web.transaction import connection, keep_so_far, session
from plugin.web.wiring import wiring

lti = Blueprint("lti", __name__, url_prefix="/lti")

TRIES = 5  # launches of one course page that make the same things at the same moment


@lti.route("/login", methods=["GET", "POST"])
@needs(Capability.PUBLIC)
def login_initiation() -> ResponseReturnValue:
    """OIDC third-party initiated login: nothing is written, the state travels sealed. The usual one is answered by
    `quick_login`, before it comes here.
    """
    parts = wiring()
    try:
        begun = login.begin(
            {**request.args.to_dict(), **request.form.to_dict()},
            platforms=LaunchPlatforms(parts.platforms),
            sealer=parts.sealer,
            tool=parts.tool,
            now=clock.now(),
        )
    except LaunchRefused as error:
        raise _refused(error) from error
    answer = Onward(begun.url, 302)
    _sweep(answer)
    cookies.put(answer, begun.cookie_name, begun.cookie_value, max_age=begun.max_age)
    return answer


@lti.post("/launch")
@needs(Capability.PUBLIC)
def launch() -> ResponseReturnValue:
    """The launch: verified, then let in; a frame that keeps no cookie is offered a new window."""
    parts = wiring()
    known = LaunchPlatforms(parts.platforms)
    try:
        verified = verify(
            request.form.to_dict(),
            request.cookies,
            platforms=known,
            nonces=Nonces(connection),
            key_sets=parts.key_sets,
            sealer=parts.sealer,
            tool=parts.tool,
            now=clock.now(),
        )
        known.keep(connection())
        entry = _entered(verified)
    except LaunchRefused as error:
        _burn()
        raise _refused(error) from error
    except EntryRefused as error:
        _burn()
        raise _dead_end(error) from error
    if not verified.browser_bound:
        may_frame([*verified.platform.hosts, *enter.frame_hosts(verified)])
        show_nobody()
        return render_template("lti/new_window.html", entry=entry)
    answer = _let_in(entry)
    cookies.delete(answer, verified.cookie_name)
    return answer


@lti.post("/continue")
@needs(Capability.PUBLIC)
def go_on() -> ResponseReturnValue:
    """The new window's half of a launch whose frame keeps no cookies; the token in the form works once."""
    if not _sent_from_our_page():
        raise Refused(400, _("This could not be opened"), _("Go back to your course and open the activity again."))
    entry = enter.go_on(session(), request.form.get("token", "")[:100], now=clock.now())
    if entry is None:
        sentence = _("This window was opened before, or too late. Go back to your course and open the activity again.")
        raise Refused(400, _("This way in was used already"), sentence)
    return _let_in(entry)


@lti.get("/jwks.json")
@needs(Capability.PUBLIC)
def jwks() -> ResponseReturnValue:
    """Our public keys; platforms cache them, so each one is published a day before it signs."""
    answer = jsonify(keys.document(wiring().tool_keys.published()))
    answer.headers["Cache-Control"] = keep_for(300)
    return answer


@lti.get("/canvas.json")
@needs(Capability.PUBLIC)
def canvas_configuration() -> ResponseReturnValue:
    """What a Canvas administrator needs to make a developer key."""
    answer = jsonify(canvas.configuration(platforms.described(wiring().settings.base_url)))
    answer.headers["Cache-Control"] = keep_for(300)
    return answer


def _entered(verified: Launch, *, tries: int = TRIES) -> Entry:
    """Enter: quickly where all is known. When another launch made the same person or place at this moment, again.

    All that is made happens within a savepoint: what is undone is never the use of the nonce.
    """
    known = enter.enter_known(connection(), verified, now=clock.now())
    if known is not None:
        return known
    try:
        with session().begin_nested():
            return enter.enter(session(), verified, now=clock.now())
    except IntegrityError:
        if tries == 1:
            raise
    return _entered(verified, tries=tries - 1)


def _burn() -> None:
    """A refused launch cannot be tried again with the same nonce: that is the one thing kept of it."""
    keep_so_far()


def _sent_from_our_page() -> bool:
    """Whether the button of our own page was pressed: nobody else's page may sign this browser in."""
    site, sender = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    return site in (None, "same-origin") and sender in (None, origin(wiring().tool.base_url))


def _let_in(entry: Entry) -> Response:
    sign_in(entry.token, entry.person_id)
    return Onward(entry.next_path, 303)


def _refused(error: LaunchRefused) -> Refused:
    """The sentence for the person at the screen. The page holds nothing to click, so anybody may frame it."""
    frame_anywhere()
    return Refused(error.status, _("This could not be opened"), error.sentence, detail=f"{error.code}: {error.detail}")


def _dead_end(error: EntryRefused) -> Refused:
    frame_anywhere()
    title, sentence = dead_ends.words(error)
    return Refused(dead_ends.status(error), title, sentence, detail=error.why.value)


def _sweep(answer: Response) -> None:
    """Forget logins that never came back, before they fill the browser's cookie jar."""
    prefix = wiring().sealer.cookie_prefix
    old = [name for name in request.cookies if name.startswith(prefix)]
    if len(old) > OLD_COOKIES:
        for name in old:
            cookies.delete(answer, name)
