"""Platform Notification Service 1.0: tools register handlers here, and are told of copied contexts there.

Telling is a step of its own (`tell_of_copy`), as it is in LMSs, whose queues deliver it at any time after the copy.
"""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import urllib3
from flask import Blueprint, Response

from tests.demo_lms import vocabulary as v
from tests.demo_lms.here import world
from tests.demo_lms.keys import random_id
from tests.demo_lms.model import Context, Deployment, Told, Tool
from tests.demo_lms.service import answer_refusals, bearer, check_accept, json_answer, json_body, refuse
from tests.demo_lms.vocabulary import Media, Notice, Scope
from tests.demo_lms.world import World

notices = Blueprint("notices", __name__, url_prefix="/api/notices/<deployment_id>")
answer_refusals(notices)

TELLING_SECONDS = 10.0
NOTICE_LIFE = 3600  # seconds; as Canvas signs them
HTTP = urllib3.PoolManager(timeout=urllib3.Timeout(total=TELLING_SECONDS), retries=False)


@notices.get("/handlers")
def catalogue(deployment_id: str) -> Response:
    """All that is registered for a deployment, "" where nothing is."""
    tool, deployment = _asked(deployment_id)
    handlers = [
        {"notice_type": kind.value, "handler": world.notice_handlers.get((deployment.id, kind), "")} for kind in Notice
    ]
    return json_answer(
        {"client_id": tool.client_id, "deployment_id": deployment.id, "notice_handlers": handlers}, Media.JSON
    )


@notices.put("/handlers")
def register(deployment_id: str) -> Response:
    """Set the handler of one type of notice; "" takes it away. It has to be on the tool's own domain (Canvas)."""
    tool, deployment = _asked(deployment_id)
    body = json_body(Media.JSON)
    kinds = [kind for kind in Notice if kind.value == body.get("notice_type")]
    if not kinds:
        refuse(400, "notice_type is not one of those that are supported")
    handler = body.get("handler")
    if not isinstance(handler, str):
        refuse(400, "handler has to be an address, or empty")
    if handler and urlsplit(handler).netloc != urlsplit(tool.target_link_uri).netloc:
        refuse(400, "handler has to be on the tool's domain")
    with world.lock:
        world.notice_handlers[deployment.id, kinds[0]] = handler
    return json_answer({"notice_type": kinds[0].value, "handler": handler}, Media.JSON)


def _asked(deployment_id: str) -> tuple[Tool, Deployment]:
    tool = bearer(Scope.NOTICE_HANDLERS)
    check_accept(Media.JSON)
    deployment = world.deployments.get(deployment_id)
    if not world.config.habits.notices or deployment is None or deployment.client_id != tool.client_id:
        refuse(404, "this tool has no such deployment, or there are no notices")
    return tool, deployment


def copy_notice(
    world: World, deployment: Deployment, copy: Context, origin: Context | None, **changes: Any
) -> dict[str, Any]:
    """The claims of a notice that `copy` was made of `origin` (None: of something else); `changes` as in `forge`."""
    now = int(world.now().timestamp())
    claims: dict[str, Any] = {
        "iss": world.config.iss,
        "aud": deployment.client_id,
        "azp": deployment.client_id,
        "iat": now,
        "exp": now + NOTICE_LIFE,
        "nonce": random_id(),
        v.VERSION: v.LTI_VERSION,
        v.DEPLOYMENT_ID: deployment.id,
        v.NOTICE: {
            "id": random_id(),
            "timestamp": world.now().isoformat(timespec="seconds"),
            "type": Notice.CONTEXT_COPY.value,
        },
        v.CONTEXT: {"id": copy.id, "label": copy.label, "title": copy.title, "type": list(copy.types)},
    }
    if origin is not None:
        claims[v.ORIGIN_CONTEXTS] = [origin.id]
    return {**claims, **changes}


def tell_of_copy(world: World, copy: Context, *, origin: Context | None = None) -> list[Told]:
    """Tell every tool that wants to know that `copy` was made, of the newest in its history unless `origin` is said."""
    source = origin or (world.contexts[copy.history[0]] if copy.history else None)
    wanted = [
        (handler, world.deployments[deployment])
        for (deployment, kind), handler in list(world.notice_handlers.items())
        if kind is Notice.CONTEXT_COPY and handler and world.deployments[deployment].covers(copy.id)
    ]
    return [deliver(world, handler, [copy_notice(world, where, copy, source)]) for handler, where in wanted]


def deliver(world: World, handler: str, notices: list[dict[str, Any]], **signing: Any) -> Told:
    """Sign notices and post them; `signing` as in `PlatformKeys.sign`."""
    return post(world, handler, tuple(world.keys.sign(claims, **signing) for claims in notices))


def post(world: World, handler: str, tokens: tuple[str, ...]) -> Told:
    """Post tokens as one delivery, and remember it."""
    body = json.dumps({"notices": [{"jwt": token} for token in tokens]}).encode()
    answer = HTTP.request("POST", handler, body=body, headers={"Content-Type": Media.JSON.value})
    told = Told(handler=handler, tokens=tokens, status=answer.status, answer=_object(answer.data))
    with world.lock:
        world.told.append(told)
    return told


def _object(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def without_histories(world: World) -> None:
    """Have launches say nothing of what was copied: from now on only notices tell."""
    for tool in list(world.tools.values()):
        world.change_tool(tool.client_id, custom={})
    with world.lock:
        world.links = {link.id: replace(link, history=()) for link in world.links.values()}
