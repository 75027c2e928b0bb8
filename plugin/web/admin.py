"""The admin pages."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from plugin.domain.people import Capability
from plugin.web.access import needs

admin = Blueprint("admin", __name__)


@admin.get("/platforms")
@needs(Capability.ADMINISTER)
def platforms() -> ResponseReturnValue:
    """Connections to LMSs."""
    return render_template("layout.html")
