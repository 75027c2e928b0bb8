"""Flask's request and response, for an application whose headers are plain.

Werkzeug goes through all headers of a request for its cookies, and copies those of every answer to mend them.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from flask import Request, Response
from werkzeug.datastructures import Headers, ImmutableMultiDict
from werkzeug.http import parse_cookie

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class PlainRequest(Request):
    """A request whose cookies stand in one header, as a WSGI server gives them."""

    @cached_property
    def cookies(self) -> ImmutableMultiDict[str, str]:
        """The cookies; of several with one name the first counts."""
        return ImmutableMultiDict(parse_cookie(self.environ))


class PlainResponse(Response):
    """A response whose headers go out as they are, once its length is known."""

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:
        """What is sent."""
        if "Content-Length" not in self.headers or "Location" in self.headers or self.status_code in (204, 304):
            return super().get_wsgi_headers(environ)
        return self.headers


class Onward(PlainResponse):
    """A redirect without the words that Flask's own has for browsers which do not follow: such have no business here.

    Its address is of ASCII already, which `lti.urls` sees to for those that are not ours.
    """

    def __init__(self, url: str, status: int) -> None:
        super().__init__(status=status, headers=[("Location", url), ("Content-Length", "0")])

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:  # noqa: ARG002
        """What is sent."""
        return self.headers
