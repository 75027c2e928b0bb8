"""The LMS as one Flask application."""

from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, render_template, request
from werkzeug.exceptions import HTTPException

from tests.demo_lms import cast, state_file
from tests.demo_lms.ags import ags
from tests.demo_lms.config import Config
from tests.demo_lms.faults import FaultLine
from tests.demo_lms.groups import groups
from tests.demo_lms.here import signed_in
from tests.demo_lms.keys import PlatformKeys
from tests.demo_lms.messages import messages
from tests.demo_lms.notices import notices
from tests.demo_lms.nrps import nrps
from tests.demo_lms.oauth import oauth
from tests.demo_lms.pages import pages
from tests.demo_lms.registration import registration
from tests.demo_lms.tool_pages import tool_pages
from tests.demo_lms.world import World

LARGEST_REQUEST = 2 * 1024 * 1024


def create_lms(config: Config, keys: PlatformKeys | None = None) -> Flask:
    """One LMS with a world of its own, which is in `app.extensions["world"]`.

    With a state file that exists the world is as it was saved, otherwise as `cast.populate` makes it. `keys` saves
    tests the making of new ones.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    world = _world(config, keys)
    app.extensions["world"] = world
    for blueprint in (pages, tool_pages, messages, registration, oauth, ags, nrps, groups, notices):
        app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, _error_page)
    app.context_processor(lambda: {"person": signed_in(), "lms": world.config, "page_title": None})
    app.add_template_filter(shown_number, "number")

    @app.after_request
    def finish(response: Response) -> Response:
        _protect(response, world)
        if config.state_file is not None and request.method not in ("GET", "HEAD"):
            state_file.save(world, config.state_file)
        return response

    app.wsgi_app = FaultLine(app, app.wsgi_app, world)  # type: ignore[method-assign]  # Flask's own way to wrap
    return app


def _world(config: Config, keys: PlatformKeys | None) -> World:
    world = World(config, keys)
    if config.state_file is not None and config.state_file.exists():
        state_file.load(world, config.state_file)
    elif config.populated:
        cast.populate(world)
    return world


def shown_number(value: float) -> str:
    """A score as people write it: 10, 7.5."""
    return f"{value:g}"


def _error_page(error: HTTPException) -> tuple[str, int] | HTTPException:
    if error.code is None or error.code < 400 or request.path.startswith("/api/"):
        return error
    return render_template("error.html", heading=error.name, sentence=error.description), error.code


def _protect(response: Response, world: World) -> None:
    """Headers of the LMS's own pages: scripts and styles from files only, frames and forms for the tools it knows."""
    if response.mimetype != "text/html":
        return
    origins = " ".join(sorted({*_tool_origins(world), *g.get("frame_origins", ())}))
    response.headers["Content-Security-Policy"] = "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"img-src 'self' {origins}".rstrip(),
            f"frame-src 'self' {origins}".rstrip(),
            f"form-action 'self' {origins}".rstrip(),
            "base-uri 'none'",
            "frame-ancestors 'self'",
        )
    )
    response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"


def _tool_origins(world: World) -> set[str]:
    with world.lock:
        tools = list(world.tools.values())
    addresses = [
        address for tool in tools for address in (tool.initiate_login_uri, tool.target_link_uri, *tool.redirect_uris)
    ]
    return {origin_of(address) for address in addresses}


def origin_of(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def world_of(app: Flask) -> World:
    """The world that an application made by `create_lms` shows."""
    world: Any = app.extensions["world"]
    assert isinstance(world, World)
    return world
