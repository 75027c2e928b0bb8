"""The trainer pages."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from plugin.domain.people import Capability
from plugin.web.access import needs

trainer = Blueprint("trainer", __name__)


@trainer.get("/review")
@needs(Capability.REVIEW)
def queue() -> ResponseReturnValue:
    """Reflections that wait."""
    return render_template("layout.html")
