"""What AGS and NRPS have in common: bearer tokens, exact media types, pages, refusals."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, NoReturn, TypeVar
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from tests.demo_lms.here import world
from tests.demo_lms.model import Context, Tool
from tests.demo_lms.vocabulary import Media, Scope
from tests.demo_lms.world import Unknown

Row = TypeVar("Row")


class ServiceError(Exception):
    """A service request is refused: HTTP status, and a reason in words for whoever reads the tool's log."""

    def __init__(self, status: int, reason: str, *, challenge: str | None = None) -> None:
        super().__init__(reason)
        self.status, self.reason, self.challenge = status, reason, challenge


def refuse(status: int, reason: str) -> NoReturn:
    raise ServiceError(status, reason)


def answer_refusals(blueprint: Blueprint) -> None:
    """Turn ServiceError into an answer on every route of `blueprint`."""

    def refused(error: ServiceError) -> Response:
        answer = Response(json.dumps({"status": error.status, "reason": error.reason}), error.status)
        answer.content_type = Media.JSON
        if error.challenge is not None:
            answer.headers["WWW-Authenticate"] = error.challenge
        return answer

    blueprint.register_error_handler(ServiceError, refused)


def bearer(*any_of: Scope) -> Tool:
    """The tool whose access token this is: 401 without a good token, 403 where its scopes do not reach."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    token = world.access_tokens.get(text)
    if kind != "Bearer" or token is None:
        raise ServiceError(401, "no access token of this LMS", challenge='Bearer error="invalid_token"')
    if token.expires_at <= world.now():
        raise ServiceError(401, "the access token has expired", challenge='Bearer error="invalid_token"')
    tool = world.tools.get(token.client_id)
    if tool is None or not tool.active:
        raise ServiceError(401, "the tool is not active", challenge='Bearer error="invalid_token"')
    if not set(any_of) & set(token.scopes):
        needed = " ".join(any_of)
        challenge = f'Bearer error="insufficient_scope", scope="{needed}"'
        raise ServiceError(403, f"the token lacks one of the scopes {needed}", challenge=challenge)
    return tool


def context_for(tool: Tool, context_id: str) -> Context:
    """The context of the address, if the tool is deployed there; otherwise it is not found."""
    try:
        context = world.context(world.contexts[context_id])
        world.deployment_in(tool, context)
    except (KeyError, Unknown):
        refuse(404, "this tool has no such context")
    return context


def check_accept(media: Media) -> None:
    """406 unless the request accepts exactly the media type of the answer; */* and lists are not exact."""
    if request.headers.get("Accept") != media:
        refuse(406, f"Accept has to be exactly {media}")


def json_body(media: Media) -> dict[str, Any]:
    """The JSON object sent: 415 unless its type is exactly `media` (charset=utf-8 is allowed), 400 if it is none."""
    kind, _, parameter = request.headers.get("Content-Type", "").partition(";")
    if kind.strip() != media or parameter.strip().lower() not in ("", "charset=utf-8"):
        refuse(415, f"Content-Type has to be exactly {media}")
    try:
        body = json.loads(request.get_data())
    except ValueError:
        refuse(400, "the body is not JSON")
    if not isinstance(body, dict):
        refuse(400, "the body is not a JSON object")
    return body


def json_answer(body: Any, media: Media, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type=media.value)


def number(value: float) -> float | int:
    """A number as JSON shows it best: 100, not 100.0."""
    return int(value) if value == int(value) else value


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    rows: Sequence[Row]
    links: tuple[tuple[str, str], ...] = ()
    """Pairs of address and relation for the Link header."""


def page_of(rows: Sequence[Row]) -> Page[Row]:
    """The page that `limit` and `page` of the request ask for.

    The address of the next page is opaque and case-sensitive, as real ones are.
    """
    limit = _limit()
    start = _start(request.args.get("page"))
    shown = rows[start : start + limit]
    if start + limit >= len(rows):
        return Page(shown)
    return Page(shown, ((_address_of_page(start + limit), "next"),))


def _limit() -> int:
    text = request.args.get("limit")
    if text is None:
        return world.config.habits.page_size
    if not text.isdecimal() or int(text) < 1:
        refuse(400, "limit has to be a whole number above 0")
    return min(int(text), world.config.habits.page_size)


def _start(cursor: str | None) -> int:
    if cursor is None:
        return 0
    try:
        word, _, offset = base64.urlsafe_b64decode(cursor).decode().partition(":")
        if word != "Offset":
            raise ValueError
        return int(offset)
    except (ValueError, binascii.Error):
        refuse(400, "page is not one that this LMS gave out")


def _address_of_page(offset: int) -> str:
    cursor = base64.urlsafe_b64encode(f"Offset:{offset}".encode()).decode()
    kept = [(name, text) for name, text in request.args.items(multi=True) if name != "page"]
    return world.config.url(request.path) + "?" + urlencode([*kept, ("page", cursor)])


def add_links(answer: Response, links: Sequence[tuple[str, str]], *, curly: bool = False) -> Response:
    """Write the Link header (RFC 8288); `curly` as Moodle writes it: curly quotes in UTF-8, and `&amp;`."""
    for address, relation in links:
        if curly:
            text = f"<{address.replace('&', '&amp;')}>; rel=“{relation}”".encode().decode("latin-1")
        else:
            text = f'<{address}>; rel="{relation}"'
        answer.headers.add("Link", text)
    return answer
