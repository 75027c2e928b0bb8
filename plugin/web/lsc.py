"""The lsc pages."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from plugin.domain.people import Capability
from plugin.web.access import needs

lsc = Blueprint("lsc", __name__)


@lsc.get("/reports/completions")
@needs(Capability.REPORT)
def completions() -> ResponseReturnValue:
    """The completion report."""
    return render_template("layout.html")
