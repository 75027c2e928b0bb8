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
    if world.config.habits.user_agent_needed and not request.headers.get("User-Agent"):
        refuse(403, "a User-Agent is needed")
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
        raise ServiceError(
            world.config.habits.unscoped_status, f"the token lacks one of the scopes {needed}", challenge=challenge
        )
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
    habits = world.config.habits
    taken: set[str | None] = {media.value}
    if habits.accept_may_lack:
        taken.add(None)
    if habits.roster_takes_any and media is Media.MEMBERSHIPS:
        taken.add("*/*")
    if request.headers.get("Accept") not in taken:
        refuse(habits.wrong_accept_status, f"Accept has to be exactly {media}")


def json_body(media: Media) -> dict[str, Any]:
    """The JSON object sent: 415 unless its type is exactly `media` (charset=utf-8 is allowed), 400 if it is none."""
    kind, _, parameter = request.headers.get("Content-Type", "").partition(";")
    if kind.strip() != media or parameter.strip().lower() not in ("", "charset=utf-8"):
        refuse(world.config.habits.wrong_type_status, f"Content-Type has to be exactly {media}")
    try:
        body = json.loads(request.get_data())
    except ValueError:
        refuse(400, "the body is not JSON")
    if not isinstance(body, dict):
        refuse(400, "the body is not a JSON object")
    return body


def json_answer(body: Any, media: Media, status: int = 200) -> Response:
    return Response(json.dumps(body), status, content_type=media.value)


def list_answer(body: Any, entries: Sequence[Any], media: Media) -> Response:
    """The answer that tells of `entries`; some platforms say nothing at all where there are none."""
    if not entries and world.config.habits.empty_lists_bare:
        return Response(b"", 200, content_type=media.value)
    return json_answer(body, media)


def number(value: float) -> float | int:
    """A number as JSON shows it best: 100, not 100.0."""
    return int(value) if value == int(value) else value


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    rows: Sequence[Row]
    links: tuple[tuple[str, str], ...] = ()
    """Pairs of address and relation for the Link header."""


def page_of(rows: Sequence[Row], most: int | None = None, *, by_start: bool = False) -> Page[Row]:
    """The page that `limit` and `page` of the request ask for, of `most` entries at most.

    The address of the next page is opaque and case-sensitive, as real ones are; `by_start` has a number instead.
    """
    limit = _limit(most or world.config.habits.page_size)
    start = _number_at("start") if by_start else _start(request.args.get("page"))
    shown = rows[start : start + limit]
    following = start + limit
    if following >= len(rows):
        return Page(shown)
    place = ("start", str(following)) if by_start else ("page", _cursor(following))
    return Page(shown, ((_address_of_page(*place), "next"),))


def _limit(most: int) -> int:
    asked = _number_at("limit", most)
    if asked < 1:
        refuse(400, "limit has to be a whole number above 0")
    return min(asked, most)


def _number_at(name: str, otherwise: int = 0) -> int:
    text = request.args.get(name)
    if text is None:
        return otherwise
    if not text.isdecimal():
        refuse(400, f"{name} has to be a whole number")
    return int(text)


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


def _cursor(offset: int) -> str:
    return base64.urlsafe_b64encode(f"Offset:{offset}".encode()).decode()


def _address_of_page(name: str, value: str) -> str:
    kept = [(known, text) for known, text in request.args.items(multi=True) if known != name]
    return world.config.url(request.path) + "?" + urlencode([*kept, (name, value)])


def add_links(answer: Response, links: Sequence[tuple[str, str]], *, curly: bool = False) -> Response:
    """Write the Link header (RFC 8288); `curly` as Moodle writes it: curly quotes in UTF-8, and `&amp;`."""
    for address, relation in links:
        if curly:
            text = f"<{address.replace('&', '&amp;')}>; rel=“{relation}”".encode().decode("latin-1")
        else:
            text = f'<{address}>; rel="{relation}"'
        answer.headers.add("Link", text)
    return answer
