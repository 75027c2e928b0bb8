"""/lti: login, launch and our public keys. Where a launch goes whose browser brought no cookie is told by `arrival`."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from lti import canvas, keys, login
from lti.errors import LaunchRefused
from lti.launch import Launch, verify
from plugin import clock
from plugin.actions import enter, platforms
from plugin.actions.enter import Entry
from plugin.actions.open_link import EntryRefused
from plugin.actions.privacy import Stranger
from plugin.db.lti_stores import LaunchPlatforms, Nonces
from plugin.domain.people import Capability
from plugin.web import arrival, cookies, dead_ends, privacy
from plugin.web.access import needs
from plugin.web.arrival import launch_refused
from plugin.web.errors import Refused
from plugin.web.headers import frame_anywhere, keep_for
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
            keeps_cookies=_keeps_cookies(),
        )
    except LaunchRefused as error:
        raise launch_refused(error) from error
    answer = Onward(begun.url, 302) if begun.storage is None else arrival.keep_in_storage(begun)
    _sweep(answer)
    cookies.put(answer, begun.cookie_name, begun.cookie_value, max_age=begun.max_age)
    return answer


@lti.post("/launch")
@needs(Capability.PUBLIC)
def launch() -> ResponseReturnValue:
    """The launch: verified, then let in, or asked to show whose browser it is where no cookie came back."""
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
        raise launch_refused(error) from error
    except EntryRefused as error:
        _burn()
        raise _dead_end(error) from error
    except Stranger:
        return privacy.of_stranger(verified)
    if not verified.browser_bound:
        return arrival.offer_ways(verified, entry)
    answer = arrival.let_in_here(entry)
    cookies.delete(answer, verified.cookie_name)
    return answer


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


def _dead_end(error: EntryRefused) -> Refused:
    frame_anywhere()
    title, sentence = dead_ends.words(error)
    return Refused(dead_ends.status(error), title, sentence, detail=error.why.value)


def _keeps_cookies() -> bool:
    """Whether a cookie of ours came along: this frame or window keeps them, so the next one will come back too."""
    ours = (current_app.config["SESSION_COOKIE_NAME"], wiring().sealer.cookie_prefix)
    return any(name.startswith(ours) for name in request.cookies)


def _sweep(answer: Response) -> None:
    """Forget logins that never came back, before they fill the browser's cookie jar."""
    prefix = wiring().sealer.cookie_prefix
    old = [name for name in request.cookies if name.startswith(prefix)]
    if len(old) > OLD_COOKIES:
        for name in old:
            cookies.delete(answer, name)
