"""The one place where everything meets."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from lti.http import Guard, HttpClient
from lti.key_sets import KeySets
from lti.state import Sealer
from lti.urls import Tool
from plugin import __version__, web
from plugin.db.lti_stores import RecentPlatforms
from plugin.db.session import Spares, make_engine, reader
from plugin.db.tool_keys import ToolKeys
from plugin.settings import Settings
from plugin.web.messages import PlainRequest, PlainResponse
from plugin.web.quick_login import QuickLogin
from plugin.web.wiring import Wiring

MAX_FORM_BYTES = 512 * 1024  # two long reflections; a launch's token is held to less by lti.launch


class Application(Flask):
    """Flask for views that are plain functions, every one of them: asking each time costs more than calling some."""

    request_class = PlainRequest
    response_class = PlainResponse

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself."""
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """The WSGI application; settings come from the environment when none are given.

    Raises:
        SettingsError: the environment holds something that would hurt.
    """
    settings = settings or Settings.from_environment()
    app = Application("plugin.web")
    app.config.update(
        SECRET_KEY=settings.secret_key,
        MAX_CONTENT_LENGTH=MAX_FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_BYTES,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(days=30),
        WTF_CSRF_TIME_LIMIT=None,  # a form left open over night is still its writer's
        PRACTICUM_PLAIN_HTTP=settings.insecure_cookies,
        TEMPLATES_AUTO_RELOAD=False,
        RATELIMIT_ENABLED=settings.rate_limits,
    )
    app.extensions["practicum"] = wire(settings)
    app.wsgi_app = QuickLogin(app.wsgi_app, app.extensions["practicum"])  # type: ignore[method-assign]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    web.install(app)
    return app


def wire(settings: Settings) -> Wiring:
    """The parts of an installation, made once."""
    engine = make_engine(settings.database_url)
    read = reader(engine)
    http = HttpClient(
        user_agent=f"Practicum/{__version__} (+{settings.base_url})",
        guard=Guard(allow_private=settings.development),
    )
    return Wiring(
        settings=settings,
        engine=engine,
        reader=read,
        writers=Spares(engine),
        readers=Spares(read),
        http=http,
        key_sets=KeySets(http),
        sealer=Sealer(settings.secret_key, cookie_prefix="lti-" if settings.insecure_cookies else "__Host-lti-"),
        tool=Tool(settings.base_url, f"{settings.base_url}/lti/launch"),
        tool_keys=ToolKeys(engine, settings.secret_key),
        platforms=RecentPlatforms(read),
    )


def serve() -> Flask:
    """What the production server calls."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)  # it greets at every look at the schema
    app = create_app()
    gc.collect()
    gc.freeze()  # what was made so far lives as long as the process: there is nothing to look for in it
    gc.set_threshold(10_000, 20, 20)  # a request makes some thousands of things that are gone at its end by themselves
    return app
