"""Refusals as pages: a sentence that says what happened and what to do next, with a reference to quote."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass

from flask import Flask, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

log = logging.getLogger("practicum.web")

# fields that hold what somebody wrote: a refusal gives it back, so that nothing typed is ever thrown away
WRITTEN = ("text", "working", "next_step", "question")


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


def refuse(page: Page, detail: str) -> ResponseReturnValue:
    """The refusal, as a page or, for a script, as JSON; the log gets the reference and the detail."""
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
        body = {"error": page.code, "title": page.title, "sentence": page.sentence, "reference": ref}
        return jsonify(body), page.status
    kept = "\n\n".join(request.form[name] for name in WRITTEN if request.form.get(name, "").strip())
    html = render_template("error.html", title=page.title, message=page.sentence, reference=ref, kept=kept or None)
    return html, page.status


def page_for(status: int) -> Page:
    """What is said where no more is known than the HTTP status."""
    pages = {
        400: Page(400, _("This did not arrive whole"), _("Go back, reload the page and try again.")),
        404: Page(
            404,
            _("There is nothing here for you"),
            _("The page does not exist, or it belongs to somebody else. Open Practicum again from your LMS."),
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
    }
    if status in pages:
        return pages[status]
    if status < 500:
        return Page(status, pages[400].title, pages[400].sentence)
    sentence = _("Nothing that was saved is lost. Try again in a minute; if it stays, quote the reference to your LSC.")
    return Page(status, _("Something went wrong on our side"), sentence, "our-fault")


def install(app: Flask) -> None:
    """One table from error to page."""

    @app.errorhandler(Refused)
    def refused(error: Refused) -> ResponseReturnValue:
        return refuse(Page(error.status, error.title, error.sentence), str(error))

    @app.errorhandler(NotSignedIn)
    def signed_out(_error: NotSignedIn) -> ResponseReturnValue:
        sentence = _("Open Practicum again from your LMS. Everything that was saved is there.")
        return refuse(Page(401, _("You are signed out"), sentence, "signed-out"), "not signed in")

    @app.errorhandler(CSRFError)
    def stale_form(_error: CSRFError) -> ResponseReturnValue:
        sentence = _(
            "This page was open when somebody else came in on this browser, or for very long. Nothing was changed."
        )
        return refuse(Page(400, _("This page is too old to send from"), sentence, "stale-form"), "csrf")

    @app.errorhandler(HTTPException)
    def known(error: HTTPException) -> ResponseReturnValue:
        status = error.code or 500
        if status < 400:
            return error.get_response()  # a redirect is not a refusal
        return refuse(page_for(status), error.name)

    @app.errorhandler(Exception)
    def unknown(error: Exception) -> ResponseReturnValue:
        log.exception("unexpected %s", type(error).__name__)
        return refuse(page_for(500), type(error).__name__)
