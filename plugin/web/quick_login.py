"""The login that LMSs send all day, answered before Flask begins.

Every launch begins with a login, which needs no page, no session and no database: a few fields in, an address and a
cookie out. Flask's own way to that answer costs several times the answer (`make bench`). Whatever is not exactly that
usual login goes on to Flask and the view in `lti`, which answers it alike, refusals and oddities included.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from lti import login
from lti.errors import LaunchRefused
from plugin import clock
from plugin.db.lti_stores import LaunchPlatforms
from plugin.web import cookies
from plugin.web.headers import ALWAYS, NO_COPY
from plugin.web.messages import plain_fields
from plugin.web.wiring import Wiring

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/lti/login"
OLD_COOKIES = 8  # logins that were begun and never came back; more than this many are swept


class QuickLogin:
    """A WSGI application round Flask's."""

    def __init__(self, flask: WSGIApplication, parts: Wiring) -> None:
        self._flask, self._parts = flask, parts
        self._plain_http = parts.settings.insecure_cookies

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a usual login; leave the rest to Flask."""
        if environ["PATH_INFO"] == PATH and (headers := self._answer(environ)) is not None:
            start_response("302 FOUND", headers)
            return ()
        return self._flask(environ, start_response)

    def _answer(self, environ: WSGIEnvironment) -> list[tuple[str, str]] | None:
        """The headers of the redirect; None when this is not for us."""
        fields = _fields(environ)
        if fields is None or fields.get("lti_storage_target") or self._has_old_cookies(environ):
            return None
        parts = self._parts
        try:
            begun = login.begin(
                fields,
                platforms=LaunchPlatforms(parts.platforms),
                sealer=parts.sealer,
                tool=parts.tool,
                now=clock.now(),
            )
        except LaunchRefused:
            return None  # Flask finds the same, and has a page for it
        cookie = cookies.written(
            begun.cookie_name, begun.cookie_value, plain_http=self._plain_http, max_age=begun.max_age
        )
        return [("Location", begun.url), ("Content-Length", "0"), *ALWAYS, NO_COPY, ("Set-Cookie", cookie)]

    def _has_old_cookies(self, environ: WSGIEnvironment) -> bool:
        sent: str = environ.get("HTTP_COOKIE", "")
        return sent.count(self._parts.sealer.cookie_prefix) > OLD_COOKIES


def _fields(environ: WSGIEnvironment) -> dict[str, str] | None:
    """The fields of a plain form, each there once; None for everything else."""
    pairs = None if environ.get("QUERY_STRING") else plain_fields(environ)
    fields = dict(pairs or ())
    return fields if pairs is not None and len(fields) == len(pairs) else None
