"""Deep linking responses: verified strictly, then turned into links and columns (Deep Linking 2.0 §4)."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.demo_lms import shapes
from tests.demo_lms import vocabulary as v
from tests.demo_lms.model import Launch, LineItem, Link, Tool
from tests.demo_lms.tool_tokens import TokenRefused, verified
from tests.demo_lms.world import World


class ResponseRefused(Exception):
    """A deep linking response that the LMS does not take; the text says why."""


@dataclass(frozen=True, slots=True)
class Added:
    """What a response brought: links with their columns, and what the tool wants the person to read."""

    links: tuple[tuple[Link, LineItem | None], ...]
    message: str | None
    error_message: str | None


def receive(world: World, launch_id: str, token: str) -> Added:
    """Take the tool's answer to a deep linking request, once; ResponseRefused otherwise."""
    launch = world.deep_linkings.get(launch_id)
    if launch is None:
        raise ResponseRefused("No choosing of content is under way here, or it was answered already.")
    tool = world.tools.get(launch.client_id)
    if tool is None or not tool.active:
        raise ResponseRefused("The tool is not active any more.")
    try:
        claims = verified(world, tool, token, audience=world.config.iss)
        _check_message(launch, claims)
        made = _items(world, launch, tool, claims)
    except (TokenRefused, shapes.BadShape) as fault:
        raise ResponseRefused(f"{tool.name} answered in a way this LMS cannot take: {fault}.") from fault
    with world.lock:
        if not world.use_once("deep linking nonce", tool.client_id, claims["nonce"]):
            raise ResponseRefused("This answer was used before.")
        if world.deep_linkings.pop(launch_id, None) is None:
            raise ResponseRefused("This choosing of content was answered already.")
        for link, column in made:
            world.links[link.id] = link
            if column is not None:
                world.line_items[column.id] = column
    return Added(
        tuple(made), shapes.optional_text(claims, v.DL_MESSAGE), shapes.optional_text(claims, v.DL_ERROR_MESSAGE)
    )


def _check_message(launch: Launch, claims: dict[str, Any]) -> None:
    shapes.text(claims, "nonce")
    expected = {
        v.MESSAGE_TYPE: "LtiDeepLinkingResponse",
        v.VERSION: v.LTI_VERSION,
        v.DEPLOYMENT_ID: launch.deployment_id,
    }
    for name, value in expected.items():
        if claims.get(name) != value:
            raise shapes.BadShape(f"{name} has to be {value!r}")
    if claims.get(v.DL_DATA) != launch.data:
        raise shapes.BadShape("data is not what was sent along")
    for name in (v.DL_MESSAGE, v.DL_ERROR_MESSAGE):
        shapes.optional_text(claims, name)


def _items(world: World, launch: Launch, tool: Tool, claims: dict[str, Any]) -> list[tuple[Link, LineItem | None]]:
    items = claims.get(v.CONTENT_ITEMS, [])  # optional: without it nothing was chosen
    if not isinstance(items, list) or any(not isinstance(one, dict) for one in items):
        raise shapes.BadShape("content_items has to be a list of objects")
    if len(items) > 1 and not launch.accept_multiple:
        raise shapes.BadShape("several content_items, where one was asked for")
    return [_item(world, launch, tool, one) for one in items]


def _item(world: World, launch: Launch, tool: Tool, item: dict[str, Any]) -> tuple[Link, LineItem | None]:
    if item.get("type") != "ltiResourceLink":
        raise shapes.BadShape(f"type {item.get('type')!r} is none of accept_types")
    for name in ("iframe", "window", "icon", "thumbnail"):
        shapes.optional_object(item, name)
    url = shapes.optional_text(item, "url", longest=2000) or tool.target_link_uri
    if urlsplit(url).netloc.removeprefix("www.") != tool.domain.removeprefix("www."):
        raise shapes.BadShape(f"the host of url has to be the tool's domain, {tool.domain}")
    link = Link(
        id=world.number(),
        context_id=launch.context_id,
        client_id=tool.client_id,
        deployment_id=launch.deployment_id,
        title=shapes.optional_text(item, "title", longest=255) or tool.name,
        text=shapes.optional_text(item, "text", longest=4000) or "",
        url=url,
        custom=_custom(item),
        available=_times(world, item, "available"),
        submission=_times(world, item, "submission"),
    )
    column = shapes.optional_object(item, "lineItem")
    return link, None if column is None else _column(world, link, column)


def _custom(item: dict[str, Any]) -> dict[str, str]:
    custom = shapes.texts(item, "custom")
    if any("\n" in value or "\r" in value for value in custom.values()):
        raise shapes.BadShape("a value in custom has a line break")  # LMSs keep them as lines of text
    return custom


def _times(world: World, item: dict[str, Any], name: str) -> dict[str, str]:
    times = shapes.texts(item, name)
    for end in ("startDateTime", "endDateTime"):
        shapes.optional_instant_text(times, end)
    return times if world.config.habits.link_dates else {}


def _column(world: World, link: Link, column: dict[str, Any]) -> LineItem:
    return LineItem(
        id=world.number(),
        context_id=link.context_id,
        client_id=link.client_id,
        label=shapes.optional_text(column, "label", longest=255) or link.title,
        score_maximum=shapes.maximum(column),
        resource_link_id=link.id,
        resource_id=shapes.optional_text(column, "resourceId", longest=256),
        tag=shapes.optional_text(column, "tag", longest=256),
        start=link.available.get("startDateTime"),
        end=link.submission.get("endDateTime"),
        submission_review=shapes.optional_object(column, "submissionReview"),
    )
