"""/lti, where the login's cookie did not come back: the platform's storage, one click, a page that carries its sign-in,
a new window. Decision 0007 says which of them when, and why.
"""

from __future__ import annotations

import re

from flask import Blueprint, Response, jsonify, make_response, render_template, request
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from lti.errors import LaunchRefused
from lti.launch import Launch
from lti.login import LoginRedirect
from lti.refusals import LaunchCode
from lti.urls import origin
from plugin import clock
from plugin.actions import arrive, choose, enter
from plugin.actions.arrive import Waiting
from plugin.actions.enter import Entry
from plugin.db.lti_stores import Platforms
from plugin.domain.people import Capability
from plugin.web import cookies
from plugin.web.access import needs
from plugin.web.errors import Refused
from plugin.web.headers import frame_anywhere, may_frame, may_post_to
from plugin.web.identity import Visitor, carried, come_in, show_nobody, sign_in
from plugin.web.member.home import first_page
from plugin.web.messages import Onward
from plugin.web.transaction import connection, keep_so_far, session
from plugin.web.wiring import wiring

arrival = Blueprint("arrival", __name__, url_prefix="/lti")

OVERVIEW = re.compile(r"/learn/(\d+)(?:\?session=(\d+))?")
PROBE_LIFE = 600  # seconds; as long as a launch waits


def keep_in_storage(begun: LoginRedirect) -> Response:
    """The page that hands the browser's secret to the platform's storage and goes on, in any case. It shows nobody and
    leads only where the redirect would have led, so any page may frame it."""
    frame_anywhere()
    return make_response(render_template("lti/keep.html", begun=begun))


def offer_ways(verified: Launch, entry: Entry) -> Response:
    """The page of a launch that nothing binds to the browser yet. What was verified waits in the sign-in's row."""
    may_frame([*verified.platform.hosts, *enter.frame_hosts(verified)])
    return _ways(entry, request.form["state"], in_window=False, launch=verified)


@arrival.post("/continue")
@needs(Capability.PUBLIC)
def go_on() -> ResponseReturnValue:
    """Go on with a launch that waits: the form's button and `arrival.js` post here. Its token works once.

    With `secret`, what the platform's storage kept: it decides. With `in_window`, from a frame: a new window is to find
    out whether it keeps cookies. A script is told a bearer where no cookie lives; a form gets the cookie's sign-in.
    """
    if not _sent_from_our_page():
        raise Refused(400, _("This could not be opened"), _("Go back to your course and open the activity again."))
    token, now = request.form.get("token", "")[:100], clock.now()
    sealed = request.form.get("state", "")
    waits = Waiting(token, _nonce(sealed))
    if "secret" in request.form and not wiring().sealer.proves(sealed, request.form["secret"], now):
        arrive.burn(session(), waits)
        keep_so_far()
        raise launch_refused(LaunchRefused(LaunchCode.BROWSER_WRONG, "storage kept another secret"))
    if "in_window" in request.form:
        return _ways(_known(arrive.wait_on(session(), waits, now=now)), sealed, in_window=True)
    by_script = request.accept_mimetypes.best == "application/json"
    if by_script and not request.cookies.get(_probe()):
        entry = _known(arrive.by_bearer(session(), waits, now=now))
        return jsonify(next=entry.next_path, bearer=entry.token, person=entry.person_id)
    entry = _known(arrive.by_cookie(session(), waits, now=now))
    answer = let_in(entry)
    return jsonify(next=entry.next_path) if by_script else answer


@arrival.post("/renew")
@needs(Capability.SIGNED_IN)
def renew() -> ResponseReturnValue:
    """A page that carries its sign-in is in use."""
    arrive.renew(connection(), _bearer().token, now=clock.now())
    return "", 204


@arrival.post("/leave")
@needs(Capability.SIGNED_IN)
def leave() -> ResponseReturnValue:
    """A page that carries its sign-in was closed, or somebody else came in beside it."""
    arrive.leave(connection(), _bearer().token, now=clock.now())
    return "", 204


def let_in(entry: Entry) -> Response:
    """Sign in by cookie, and go where the launch leads: who they are is read there."""
    sign_in(entry.token, entry.person_id)
    show_nobody()
    return Onward(entry.next_path, 303)


def let_in_here(entry: Entry) -> Response:
    """As `let_in`, for a browser that is known to keep our cookie. What most launches lead to, a member's overview, is
    their answer at once: one journey less over a school's network (decision 0006)."""
    overview = OVERVIEW.fullmatch(entry.next_path)
    if overview is None or "_flashes" in cookie:
        return let_in(entry)
    sign_in(entry.token, entry.person_id)
    person = come_in(entry.token, entry.signed_in)
    if person is None or person.grants:  # their pages say where they are, which is not here
        show_nobody()
        return Onward(entry.next_path, 303)
    enrolment, number = overview.groups()
    answer = make_response(first_page(int(enrolment), int(number) if number else None))
    answer.headers["Content-Location"] = entry.next_path
    return answer


def launch_refused(error: LaunchRefused) -> Refused:
    """The sentence for the person at the screen. The page holds nothing to click, so anybody may frame it."""
    frame_anywhere()
    return Refused(error.status, _("This could not be opened"), error.sentence, detail=f"{error.code}: {error.detail}")


def _ways(entry: Entry, sealed: str, *, in_window: bool, launch: Launch | None = None) -> Response:
    """The page that finds out, or asks. With it goes a cookie that tells whether any is kept."""
    show_nobody()
    back = _way_back(entry)
    answer = make_response(
        render_template(
            "lti/arrival.html",
            entry=entry,
            state=sealed,
            in_window=in_window,
            storage=launch.storage if launch else None,
            key=launch.cookie_name if launch else None,
            way_back=back,
        )
    )
    cookies.put(answer, _probe(), "1", max_age=PROBE_LIFE)
    return answer


def _way_back(entry: Entry) -> str | None:
    """Where an LMS waits for what is chosen: this page, or a window that it opens, will post it there."""
    room, _slash, number = entry.next_path.rpartition("/")
    found = choose.request_of(session(), entry.person_id, int(number)) if room == "/deep-linking" else None
    platform = Platforms(session()).get(found.platform_id) if found else None
    if found is None or platform is None:
        return None
    url = str(found.settings["return_url"])
    target = origin(url)
    may_post_to([target] if target else [], platform.hosts)
    return url


def _known(entry: Entry | None) -> Entry:
    if entry is None:
        sentence = _("This window was opened before, or too late. Go back to your course and open the activity again.")
        raise Refused(400, _("This way in was used already"), sentence)
    return entry


def _nonce(sealed: str) -> str:
    try:
        return wiring().sealer.open(sealed, clock.now()).nonce
    except LaunchRefused as error:
        raise launch_refused(error) from error


def _bearer() -> Visitor:
    person = carried()
    if person is None:
        raise NotFound  # who is signed in by a cookie has nothing here
    return person


def _probe() -> str:
    """The name of the cookie that comes back where cookies live. It begins as a login's: those are swept."""
    return f"{wiring().sealer.cookie_prefix}kept"


def _sent_from_our_page() -> bool:
    """Whether our own page sent this: nobody else's page may sign this browser in."""
    site, sender = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    return site in (None, "same-origin") and sender in (None, origin(wiring().tool.base_url))
