"""/lti: login, launch, our public keys, and the way on for a frame that keeps no cookies."""

from __future__ import annotations

from flask import Blueprint, jsonify, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from lti import keys, login
from lti.errors import LaunchRefused
from lti.launch import Launch, verify
from plugin import clock
from plugin.actions import enter
from plugin.actions.enter import Dead, Entry, EntryRefused
from plugin.db.lti_stores import Nonces, Platforms
from plugin.db.sign_ins import find_signed_in
from plugin.db.tokens import hashed
from plugin.domain.people import Capability
from plugin.web.access import needs
from plugin.web.errors import Refused
from plugin.web.headers import frame_anywhere, may_frame
from plugin.web.identity import sign_in
from plugin.web.transaction import session, start_again
from plugin.web.wiring import wiring

lti = Blueprint("lti", __name__, url_prefix="/lti")

OLD_COOKIES = 8  # logins that were begun and never came back; more than this many are swept


@lti.route("/login", methods=["GET", "POST"])
@needs(Capability.PUBLIC)
def login_initiation() -> ResponseReturnValue:
    """OIDC third-party initiated login: nothing is written, the state travels sealed."""
    parts = wiring()
    with Session(parts.reader) as reading:
        try:
            begun = login.begin(
                {**request.args.to_dict(), **request.form.to_dict()},
                platforms=Platforms(reading),
                sealer=parts.sealer,
                tool=parts.tool,
                now=clock.now(),
            )
        except LaunchRefused as error:
            raise _refused(error) from error
    answer = redirect(begun.url, 302)
    _sweep(answer)
    secure = not parts.settings.insecure_cookies
    answer.set_cookie(
        begun.cookie_name,
        begun.cookie_value,
        max_age=begun.max_age,
        path="/",
        secure=secure,
        httponly=True,
        samesite="None" if secure else "Lax",
        partitioned=secure,
    )
    return answer


@lti.post("/launch")
@needs(Capability.PUBLIC)
def launch() -> ResponseReturnValue:
    """The launch: verified, then let in; a frame that keeps no cookie is offered a new window."""
    parts = wiring()
    now = clock.now()
    nonces = Nonces(session())
    try:
        with Session(parts.reader) as reading:
            platforms = Platforms(reading)
            verified = verify(
                request.form.to_dict(),
                request.cookies,
                platforms=platforms,
                nonces=nonces,
                key_sets=parts.key_sets,
                sealer=parts.sealer,
                tool=parts.tool,
                now=now,
            )
        may_frame(verified.platform.hosts)
        platforms.keep(session())
        entry = _entered(verified, nonces)
    except LaunchRefused as error:
        _burn(nonces)
        raise _refused(error) from error
    except EntryRefused as error:
        _burn(nonces)
        raise _dead_end(error) from error
    if not verified.browser_bound:
        return render_template("lti/new_window.html", entry=entry)
    answer = _let_in(entry)
    answer.delete_cookie(
        verified.cookie_name, path="/", secure=not parts.settings.insecure_cookies, samesite="None", partitioned=True
    )
    return answer


@lti.post("/continue")
@needs(Capability.PUBLIC)
def go_on() -> ResponseReturnValue:
    """The new window's half of a launch whose frame keeps no cookies; the token in the form works once."""
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
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


def _entered(verified: Launch, nonces: Nonces) -> Entry:
    """Enter; when another frame of the same page made the same person or place at this moment, once more."""
    try:
        entry = enter.enter(session(), verified, now=clock.now())
        session().flush()
    except IntegrityError:
        start_again()
        nonces.use_again()
        entry = enter.enter(session(), verified, now=clock.now())
    return entry


def _burn(nonces: Nonces) -> None:
    """A refused launch cannot be tried again with the same nonce: that is the one thing kept of it."""
    start_again()
    nonces.use_again()
    session().commit()


def _let_in(entry: Entry) -> Response:
    row = find_signed_in(session(), hashed(entry.token), clock.now())
    if row is None:
        raise LookupError("a sign-in that was just written is there")
    sign_in(entry.token, row)
    return make_response(redirect(entry.next_path, 303))


def _refused(error: LaunchRefused) -> Refused:
    """The sentence for the person at the screen. The page holds nothing to click, so anybody may frame it."""
    frame_anywhere()
    return Refused(error.status, _("This could not be opened"), error.sentence, detail=f"{error.code}: {error.detail}")


def _dead_end(error: EntryRefused) -> Refused:
    frame_anywhere()
    title, sentence = _dead_end_words(error)
    return Refused(403 if error.why is Dead.MAY_NOT_CHOOSE else 400, title, sentence, detail=error.why.value)


def _dead_end_words(error: EntryRefused) -> tuple[str, str]:
    unready = _("This link is not set up yet")
    if error.why is Dead.MAY_NOT_CHOOSE:
        return _("Choosing content is for instructors"), _(
            "Your LMS says you are a learner in this course. Ask an instructor to add the activity."
        )
    if error.why is Dead.NO_CONTEXT:
        return unready, _("It was opened outside a course. Open it from inside the course where you take it.")
    if not error.instructs:
        return unready, _(
            "It does not say which module it opens. Tell the instructor of this course; nothing you did is lost."
        )
    if error.why is Dead.UNKNOWN_OFFERING:
        return unready, _(
            "It names “%(code)s”, which is not an offering here. Delete the link and add it again "
            "with “Select content”, or correct its custom parameter practicum_offering.",
            code=error.named,
        )
    return unready, _(
        "It does not say which module it opens. Delete the link and add it again with “Select content”, "
        "or give it the custom parameter practicum_offering=CODE (for example MOD-FA-01)."
    )


def _sweep(answer: Response) -> None:
    """Forget logins that never came back, before they fill the browser's cookie jar."""
    parts = wiring()
    old = [name for name in request.cookies if name.startswith(parts.sealer.cookie_prefix)]
    if len(old) > OLD_COOKIES:
        for name in old:
            answer.delete_cookie(
                name, path="/", secure=not parts.settings.insecure_cookies, samesite="None", partitioned=True
            )
