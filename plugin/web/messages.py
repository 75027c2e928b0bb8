"""Flask's request and response, for an application whose headers are plain.

Werkzeug goes through all headers of a request for its cookies, makes a parser with three limits for two fields of a
form, and copies the headers of every answer to mend them.
"""

from __future__ import annotations

from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from flask import Request, Response
from werkzeug.datastructures import Headers, ImmutableMultiDict
from werkzeug.http import parse_cookie

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


FORM = "application/x-www-form-urlencoded"
LONGEST = 32 * 1024  # bytes of a form that is read at once; longer than any login or launch that is taken
MOST_FIELDS = 50


def plain_fields(environ: WSGIEnvironment) -> list[tuple[str, str]] | None:
    """The fields of a short plain form; None for everything else. What was read can be read again."""
    if environ["REQUEST_METHOD"] != "POST" or environ.get("CONTENT_TYPE") != FORM:
        return None
    length = environ.get("CONTENT_LENGTH", "")
    if not (length.isascii() and length.isdecimal() and 0 < int(length) <= LONGEST):
        return None
    body = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = BytesIO(body)
    if len(body) < int(length):
        return None  # the rest will never come, which Werkzeug says
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return None


class PlainRequest(Request):
    """A request whose cookies stand in one header, as a WSGI server gives them."""

    @cached_property
    def form(self) -> ImmutableMultiDict[str, str]:
        """The fields of a form: Werkzeug reads those that are long, odd or bring files, and refuses the bad ones."""
        fields = plain_fields(self.environ)
        if fields is None:
            return super().form
        self.files = ImmutableMultiDict()  # Werkzeug looks for both at once
        return ImmutableMultiDict(fields)

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
