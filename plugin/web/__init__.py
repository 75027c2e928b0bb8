"""The only room that knows HTTP: parse, door, action, answer. It owns the transaction of a request."""

from __future__ import annotations

from flask import Flask
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf

from plugin.web import access, assets, errors, formats, frame, headers, identity, kept, limits, transaction, words


def install(app: Flask) -> None:
    """Everything that holds for every page, then the pages."""
    words.install(app)
    assets.install(app)
    kept.install(app)
    # access.py asks for it, where something may be changed, and for what a browser says instead of a Referer alone
    app.config.update(WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_SSL_STRICT=False)
    csrf = CSRFProtect(app)
    app.jinja_env.globals["csrf_token"] = _form_token
    transaction.install(app)
    identity.install(app)
    access.install(app)
    errors.install(app)
    formats.install(app)
    frame.install(app)
    headers.install(app)
    pages(app)
    limits.install(app)
    # an LMS posts these; state and nonce, a signature, or a one-time token, stand in for the form's token
    csrf.exempt(app.blueprints["lti"])
    csrf.exempt(app.blueprints["arrival"])
    csrf.exempt(app.blueprints["notices"])
    csrf.exempt(app.blueprints["registration"])


def _form_token() -> str:
    """What a form brings along to show that it is ours. A page that carries its sign-in shows that with all it sends,
    and has no cookie to compare with."""
    return "" if identity.carried() is not None else generate_csrf()


def pages(app: Flask) -> None:
    """The blueprints, one for each room of the house."""
    from plugin.web.admin import admin
    from plugin.web.arrival import arrival
    from plugin.web.cohort import cohort
    from plugin.web.deep_linking import deep_linking
    from plugin.web.lsc import lsc
    from plugin.web.lti import lti
    from plugin.web.member import member
    from plugin.web.notices import notices
    from plugin.web.privacy import blueprint as privacy
    from plugin.web.public import public
    from plugin.web.registration import registration
    from plugin.web.rosters import rosters
    from plugin.web.trainer import trainer

    learning = (arrival, cohort, rosters, member, trainer, lsc, admin, privacy)
    for blueprint in (public, lti, notices, registration, deep_linking, *learning):
        app.register_blueprint(blueprint)
