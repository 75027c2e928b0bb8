"""For administrators: register tools, activate them, take them away."""

import re
from urllib.parse import urlsplit

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tests.demo_lms import addresses
from tests.demo_lms.here import world
from tests.demo_lms.pages import as_person, current_person

HOST = re.compile(r"[\w.-]+(:\d+)?|\[[\da-f:]+\](:\d+)?", re.ASCII | re.IGNORECASE)
tool_pages = Blueprint("tools", __name__, url_prefix="/tools")


@tool_pages.before_request
@as_person
def administrators_only() -> ResponseReturnValue:
    if not current_person().is_administrator:
        abort(403, "Only administrators of the LMS can register tools. Sign in as Ann Admin.")
    return None  # type: ignore[return-value]  # Flask: go on to the view


@tool_pages.get("")
def tools() -> ResponseReturnValue:
    return render_template(
        "tools.html",
        tools=[(tool, _deployments(tool.client_id)) for tool in list(world.tools.values())],
        offered=world.config.tool_registration_url or "",
    )


def _deployments(client_id: str) -> list[str]:
    return [one.id for one in list(world.deployments.values()) if one.client_id == client_id]


@tool_pages.post("/register")
def begin() -> ResponseReturnValue:
    """Make a registration token for the pasted address and open the tool's page with it."""
    address = request.form.get("url", "").strip()
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not HOST.fullmatch(parts.netloc):
        abort(400, "Paste the whole address the tool gave you; it begins with http:// or https://.")
    token = world.new_registration_token(client_id=request.form.get("client_id") or None, tool_url=address)
    return redirect(url_for("tools.register", token=token), 303)


@tool_pages.get("/register/<token>")
def register(token: str) -> ResponseReturnValue:
    """The tool's registration page in a frame (Dynamic Registration §3.3)."""
    leave = world.registration_tokens.get(token)
    if leave is None or leave.tool_url is None:
        abort(404, "This registration is not under way.")
    if leave.used:
        return redirect(url_for("tools.tools"), 303)
    parts = urlsplit(leave.tool_url)
    g.frame_origins = (f"{parts.scheme}://{parts.netloc}",)
    return render_template(
        "register.html", source=addresses.registration_page(world, leave.tool_url, token), host=parts.netloc
    )


@tool_pages.post("/<client_id>/<any(activate,deactivate,remove):step>")
def change(client_id: str, step: str) -> ResponseReturnValue:
    if client_id not in world.tools:
        abort(404, "This tool is not registered any more.")
    if step == "remove":
        world.remove_tool(client_id)
    else:
        world.change_tool(client_id, active=step == "activate")
    return redirect(url_for("tools.tools"), 303)
