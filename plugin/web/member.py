"""The member pages."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from plugin.domain.people import Capability
from plugin.web.access import needs

member = Blueprint("member", __name__)


@member.get("/")
@needs(Capability.SIGNED_IN)
def home() -> ResponseReturnValue:
    """Where a member goes on."""
    return render_template("layout.html")


@member.get("/profile")
@needs(Capability.SIGNED_IN)
def profile() -> ResponseReturnValue:
    """The name on one's record."""
    return render_template("layout.html")
