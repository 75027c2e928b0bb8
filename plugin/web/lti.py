"""The lti pages."""

from __future__ import annotations

from flask import Blueprint

lti = Blueprint("lti", __name__)
