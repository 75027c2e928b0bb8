"""Launches: begun by a click, announced to the tool, answered when the tool sends the browser back to be signed in.

Nothing here knows HTTP, so a test may take these steps with any client: `begin_…`, `login_request`, `authenticate`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from tests.demo_lms import claims
from tests.demo_lms.keys import random_id
from tests.demo_lms.model import Context, Launch, LineItem, Link, Person, Tool
from tests.demo_lms.vocabulary import Message
from tests.demo_lms.world import Unknown, World

LAUNCH_LIFE = timedelta(minutes=10)


class NotStarted(Exception):
    """The LMS does not begin this launch; the text tells the person why."""


class NotPosted(Exception):
    """A fault not to be reported to the tool, since its address is not known to be right (OIDC core §3.1.2.6)."""


@dataclass(frozen=True, slots=True)
class Post:
    """A form for the browser to send."""

    address: str
    fields: dict[str, str]
    method: str = "POST"

    @property
    def as_address(self) -> str:
        """The same by GET; what the address's own query says stays."""
        return self.address + ("&" if "?" in self.address else "?") + urlencode(self.fields)


def begin_link(world: World, person: Person | str, link: Link | str, **more: Any) -> Launch:
    """A click on a placed link; `more` as in `Launch` (in_window, roles, target_link_uri)."""
    link = world.links[link] if isinstance(link, str) else link
    settled = {"target_link_uri": link.url, **more}
    return _begin(
        world,
        Message.RESOURCE_LINK,
        world.person(person),
        world.contexts[link.context_id],
        world.tool(link.client_id),
        deployment_id=link.deployment_id,
        link_id=link.id,
        **settled,
    )


def begin_deep_linking(
    world: World, person: Person | str, context: Context | str, tool: Tool | None = None, **more: Any
) -> Launch:
    """A click on "choose content"; `more` as in `Launch` (accept_multiple, data)."""
    client, place = tool or world.tool(), world.context(context)
    settled = {
        "target_link_uri": client.deep_linking_uri or client.target_link_uri,
        "data": json.dumps({"asked": random_id(), "of": 'the page of "' + place.title + '"'}),
        **more,
    }
    return _begin(
        world,
        Message.DEEP_LINKING,
        world.person(person),
        place,
        client,
        deployment_id=world.deployment_in(client, place).id,
        **settled,
    )


def begin_review(world: World, viewer: Person | str, item: LineItem, of: Person | str | None, **more: Any) -> Launch:
    """A click on a cell of the gradebook (`of` is None: on a column's head), if the tool shows what is behind it."""
    tool = world.tool(item.client_id)
    review = item.submission_review
    if item.resource_link_id is None or (review is None and tool.submission_review_uri is None):
        raise NotStarted("This column offers no review of what was handed in.")
    link = world.links[item.resource_link_id]
    settled = {"target_link_uri": (review or {}).get("url") or tool.submission_review_uri or link.url, **more}
    return _begin(
        world,
        Message.SUBMISSION_REVIEW,
        world.person(viewer),
        world.contexts[item.context_id],
        tool,
        deployment_id=link.deployment_id,
        link_id=link.id,
        line_item_id=item.id,
        for_user_id=None if of is None else world.person(of).id,
        **settled,
    )


def begin_privacy(world: World, asker: Person | str, of: Person | str | None, tool: Tool | None = None) -> Launch:
    """A click on "what does this tool know?" beside an account (`of` is None: on the tool itself)."""
    client, person = tool or world.tool(), world.person(asker)
    if not client.active or client.data_privacy_uri is None:
        raise NotStarted(f"{client.name} offers no page about privacy.")
    about = None if of is None else world.person(of)
    if about is not None and about.id != person.id and not person.is_administrator:
        raise NotStarted("You may ask about yourself only.")
    deployment = next(one for one in world.deployments.values() if one.client_id == client.client_id)
    launch = Launch(
        id=random_id(),
        message=Message.DATA_PRIVACY,
        person_id=person.id,
        client_id=client.client_id,
        deployment_id=deployment.id,
        context_id="",
        target_link_uri=client.data_privacy_uri,
        begun_at=world.now(),
        for_user_id=None if about is None else about.id,
    )
    with world.lock:
        world.launches[launch.id] = launch
    return launch


def _begin(world: World, message: Message, person: Person, context: Context, tool: Tool, **more: Any) -> Launch:
    if not tool.active:
        raise NotStarted(f"{tool.name} is not active. An administrator of the LMS can activate it.")
    if not world.may_enter(person, context):
        raise NotStarted(f"You are not in {context.title}.")
    launch = Launch(
        id=random_id(),
        message=message,
        person_id=person.id,
        client_id=tool.client_id,
        context_id=context.id,
        begun_at=world.now(),
        **more,
    )
    with world.lock:
        world.launches[launch.id] = launch
    return launch


def login_request(world: World, launch: Launch) -> Post:
    """Third-party initiated login (Security Framework §5.1.1.1) for the browser to carry to the tool."""
    tool = world.tools[launch.client_id]
    fields = {
        "iss": world.config.iss,
        "login_hint": launch.person_id,
        # JSON text with quotes, as Moodle's: it must come back exactly
        "lti_message_hint": json.dumps({"launch": launch.id, "asked": launch.message.value}),
        "client_id": tool.client_id,
        "lti_deployment_id": launch.deployment_id,
        "target_link_uri": launch.target_link_uri,
    }
    if world.config.habits.storage_target is not None:
        fields["lti_storage_target"] = world.config.habits.storage_target
    return Post(tool.initiate_login_uri, fields, world.config.habits.login_method)


def authenticate(world: World, asked: Mapping[str, str], signed_in: Person | None) -> Post:
    """Answer an authentication request: the signed message, or the error the standard has for it.

    Raises NotPosted where client or redirect_uri are not right, because then nobody trustworthy is there to be told.
    """
    tool = _client(world, asked)
    address = _redirect_uri(tool, asked)
    state = {"state": asked["state"]} if asked.get("state") else {}
    try:
        _check_request(world, tool, asked)
        launch = _asked_launch(world, tool, asked, signed_in)
        if not world.use_once("nonce", tool.client_id, asked["nonce"]):
            raise _Refused("invalid_request", "this nonce was used before")
        with world.lock:
            if world.launches.pop(launch.id, None) is None:
                raise _Refused("invalid_request", "lti_message_hint was used before")
    except _Refused as refusal:
        return Post(address, {"error": refusal.code, "error_description": refusal.why, **state})
    expect_answer(world, launch)
    token = world.keys.sign(claims.id_token(world, launch, asked["nonce"]))
    return Post(address, {"id_token": token, **state})


def expect_answer(world: World, launch: Launch) -> None:
    """A deep linking request goes out: from now on its answer is waited for."""
    if launch.message is Message.DEEP_LINKING:
        with world.lock:
            world.deep_linkings[launch.id] = launch


class _Refused(Exception):
    def __init__(self, code: str, why: str) -> None:
        self.code, self.why = code, why


def _client(world: World, asked: Mapping[str, str]) -> Tool:
    try:
        return world.tool(asked.get("client_id", ""))
    except Unknown:
        raise NotPosted("The tool that sent you here is not registered with this LMS (client_id).") from None


def _redirect_uri(tool: Tool, asked: Mapping[str, str]) -> str:
    address = asked.get("redirect_uri", "")
    if address not in tool.redirect_uris:
        raise NotPosted(f"{tool.name} asked to be answered at an address it has not registered (redirect_uri).")
    return address


REQUIRED_VALUES = {
    "scope": ("openid", "invalid_scope"),
    "response_type": ("id_token", "unsupported_response_type"),
    "response_mode": ("form_post", "invalid_request"),
    "prompt": ("none", "invalid_request"),
}


def _check_request(world: World, tool: Tool, asked: Mapping[str, str]) -> None:
    if not tool.active:
        raise _Refused("unauthorized_client", "the tool is not active")
    for name, (value, code) in REQUIRED_VALUES.items():
        if asked.get(name) != value:
            raise _Refused(code, f"{name} has to be {value!r}")
    for name in ("nonce", "state", "login_hint", "lti_message_hint"):
        if not asked.get(name):
            raise _Refused("invalid_request", f"{name} is missing")


def _asked_launch(world: World, tool: Tool, asked: Mapping[str, str], signed_in: Person | None) -> Launch:
    if signed_in is None or signed_in.id != asked["login_hint"]:
        raise _Refused("login_required", "login_hint is not the person who is signed in")
    launch = _hinted(world, asked["lti_message_hint"])
    if launch is None or launch.client_id != tool.client_id:
        raise _Refused("invalid_request", "lti_message_hint is not one that this LMS sent, or was used before")
    if launch.person_id != signed_in.id:
        raise _Refused("login_required", "the launch was begun by somebody else")
    if world.now() - launch.begun_at > LAUNCH_LIFE:
        raise _Refused("invalid_request", "the launch was begun too long ago")
    if launch.context_id and not world.may_enter(signed_in, world.contexts[launch.context_id]):
        raise _Refused("access_denied", "the person is not in this context any more")
    return launch


def _hinted(world: World, hint: str) -> Launch | None:
    """The launch that a hint names, if the hint is exactly as it was sent."""
    try:
        launch_id = json.loads(hint)["launch"]
    except (ValueError, TypeError, KeyError):
        return None
    launch = world.launches.get(launch_id) if isinstance(launch_id, str) else None
    if launch is None or login_request(world, launch).fields["lti_message_hint"] != hint:
        return None
    return launch
