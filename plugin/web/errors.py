"""Refusals as pages: a sentence that says what happened and what to do next, with a reference to quote."""

from __future__ import annotations

import logging
import secrets
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError, generate_csrf
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from werkzeug.exceptions import HTTPException

import content
import lti
import plugin
from plugin.db.tool_keys import KeysUnreadable
from plugin.web.headers import frame_anywhere
from plugin.web.identity import visitor

log = logging.getLogger("practicum.web")

# fields that hold what somebody wrote: a refusal gives it back, so that nothing typed is ever thrown away
WRITTEN = ("text", "merged", "working", "next_step", "question")
INNERMOST = 12  # calls that the log names of an accident
OURS = tuple(str(Path(str(room.__file__)).parent) for room in (plugin, lti, content))  # frames of others say little
WRITTEN_PREFIX = "comment-"  # and a rubric's criterion


class Refused(Exception):
    """A request answered with a page of its own; title and sentence are for the person at the screen."""

    def __init__(self, status: int, title: str, sentence: str, *, detail: str = "") -> None:
        super().__init__(detail or title)
        self.status, self.title, self.sentence = status, title, sentence


class NotSignedIn(Exception):
    """Nobody is signed in, or the sign-in has ended."""


@dataclass(frozen=True)
class Page:
    """What the refusal's page says; `code` is a short word for scripts."""

    status: int
    title: str
    sentence: str
    code: str = "refused"


def reference() -> str:
    """A short id that stands on the page and in the log."""
    return secrets.token_hex(4).upper()


def refuse(page: Page, detail: str, **for_scripts: str) -> ResponseReturnValue:
    """The refusal, as a page or, for a script, as JSON with what else it needs; the log gets reference and detail."""
    ref = reference()
    log.log(
        logging.ERROR if page.status >= 500 else logging.INFO,
        "refused ref=%s status=%d endpoint=%s detail=%s",
        ref,
        page.status,
        request.endpoint,
        detail,
    )
    if request.accept_mimetypes.best == "application/json" or request.is_json:
        body = {"error": page.code, "title": page.title, "sentence": page.sentence, "reference": ref, **for_scripts}
        return jsonify(body), page.status
    if page.status >= 500 or _nobody_is_there():
        frame_anywhere()  # in a frame whose sign-in has ended, and where nothing else works any more
        ways = []
    else:
        ways = [{"label": _("My learning"), "url": url_for("member.home")}]
    about = {"title": page.title, "message": page.sentence, "next_steps": ways, "reference": ref, "kept": _kept()}
    return render_template("error.html", **about), page.status


def _nobody_is_there() -> bool:
    try:
        return visitor() is None
    except SQLAlchemyError:
        return True  # whoever it is: the page must not fail for the reason for which it is shown


def _kept() -> str | None:
    """What somebody wrote into the form that is refused."""
    try:
        form = request.form
    except HTTPException:
        return None  # too large to be read at all
    names = [*WRITTEN, *(name for name in form if name.startswith(WRITTEN_PREFIX))]
    return "\n\n".join(form[name] for name in names if form.get(name, "").strip()) or None


def accident(error: BaseException) -> str:
    """What went wrong on our side: kind and places, never its words: a database quotes the row that it refuses."""
    stack = traceback.extract_tb(error.__traceback__)
    frames = [*[frame for frame in stack[:-1] if frame.filename.startswith(OURS)], *stack[-1:]][-INNERMOST:]
    places = " < ".join(f"{frame.filename.rsplit('/', 2)[-1]}:{frame.lineno} {frame.name}" for frame in frames[::-1])
    cause = f" ({type(error.__cause__).__name__})" if error.__cause__ else ""
    words = f": {error}" if isinstance(error, KeysUnreadable) else ""  # a sentence of our own
    return f"{type(error).__name__}{cause}{words} at {places or 'no place'}"


def page_for(status: int) -> Page:
    """What is said where no more is known than the HTTP status."""
    pages = {
        400: Page(400, _("This did not arrive whole"), _("Go back, reload the page and try again.")),
        404: Page(
            404,
            _("There is no page here"),
            _(
                "The address may be wrong, or it belongs to somebody else. If a link brought you here, open Practicum "
                "again from your LMS."
            ),
            "not-found",
        ),
        405: Page(405, _("This page cannot be used like that"), _("Go back and use the button on the page.")),
        413: Page(
            413,
            _("That is more than this form can take"),
            _("Nothing was lost: go back, shorten what you sent, and send it again."),
            "too-large",
        ),
        429: Page(429, _("Too many tries"), _("Wait a minute, then try again."), "too-many"),
        503: Page(
            503,
            _("Many people are here at this moment"),
            _("Nothing that was saved is lost. Wait a minute, then try again."),
            "crowded",
        ),
    }
    if status in pages:
        return pages[status]
    if status < 500:
        return Page(status, pages[400].title, pages[400].sentence)
    sentence = _("Nothing that was saved is lost. Try again in a minute; if it stays, quote the reference to your LSC.")
    return Page(status, _("Something went wrong on our side"), sentence, "our-fault")


def _come_in() -> Page:
    """What is said to whom we do not know. A sign-in that lives in an LMS's frame is none in a tab beside it, which is
    where people open the link with their one-time code: so it says where else the code is taken."""
    if request.endpoint == "member.offered" and request.view_args:
        sentence = _(
            "Open Practicum from your LMS. There, press your name, choose “I have a one-time code from my union”, and "
            "type %(code)s.",
            code=request.view_args["code"][:64],
        )
        return Page(401, _("Come in through your LMS first"), sentence, "signed-out")
    sentence = _("Open Practicum again from your LMS. Everything that was saved is there.")
    return Page(401, _("You are signed out"), sentence, "signed-out")


def install(app: Flask) -> None:
    """One table from error to page."""

    @app.errorhandler(Refused)
    def refused(error: Refused) -> ResponseReturnValue:
        return refuse(Page(error.status, error.title, error.sentence), str(error))

    @app.errorhandler(NotSignedIn)
    def signed_out(_error: NotSignedIn) -> ResponseReturnValue:
        return refuse(_come_in(), "not signed in")

    @app.errorhandler(CSRFError)
    def stale_form(_error: CSRFError) -> ResponseReturnValue:
        if _nobody_is_there():
            return signed_out(NotSignedIn())
        sentence = _(
            "This page was open when somebody else came in on this browser, or for very long. Nothing was changed."
        )
        stale = Page(400, _("This page is too old to send from"), sentence, "stale-form")
        # who signed in again in another tab goes on writing in this one: autosave.js asks once more with the new token
        return refuse(stale, "csrf", csrf_token=generate_csrf())

    @app.errorhandler(HTTPException)
    def known(error: HTTPException) -> ResponseReturnValue:
        status = error.code or 500
        if status < 400:
            return error.get_response()  # a redirect is not a refusal
        cause = getattr(error, "original_exception", None)
        return refuse(page_for(status), error.name if cause is None else accident(cause))

    @app.errorhandler(NoConnectionFree)
    def crowded(_error: NoConnectionFree) -> ResponseReturnValue:
        return refuse(page_for(503), "no database connection became free in time")

    @app.errorhandler(Exception)
    def unknown(error: Exception) -> ResponseReturnValue:
        return refuse(page_for(500), accident(error))

    # Flask writes the words of an error into the log when even its answer fails
    def log_exception(about: tuple[Any, Any, Any]) -> None:
        log.error("unexpected %s", accident(about[1]))

    app.log_exception = log_exception  # type: ignore[method-assign, assignment]
