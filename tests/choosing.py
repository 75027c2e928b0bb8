"""The picker as an LMS instructor uses it: which requests it gets, what is ticked, and what goes back."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from typing import Any
from urllib.parse import urlencode

from tests.connected import Connected, post_many
from tests.demo_lms import Page, Visit
from tests.demo_lms import vocabulary as v


def settings_of(connected: Connected, **changes: Any) -> dict[str, Any]:
    """What a deep linking request says that it accepts."""
    honest = {
        "deep_link_return_url": connected.world.config.url("/lti/deep-linking/none"),
        "accept_types": ["link", "ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_multiple": True,
        "data": 'kept "as it is" – ü',
        **changes,
    }
    return {name: value for name, value in honest.items() if value is not None}


def asked(connected: Connected, *, claims: dict[str, Any] | None = None, **changes: Any) -> Visit:
    """The picker, for an LMS that accepts other things; `claims` are further ones of its request."""
    settings = {v.DEEP_LINKING_SETTINGS: settings_of(connected, **changes)}
    return connected.forge("ian", {**settings, **(claims or {})}, to=connected.context)


def choose(visit: Visit, *codes: str, follow: bool = False, **more: str) -> Page:
    """Tick offerings and press the button; without `follow` the page that carries the answer back."""
    form = visit.page.form("/deep-linking/")
    fields = [("csrf_token", form.fields["csrf_token"]), *(("offering", code) for code in codes), *more.items()]
    if follow:
        found: Page = post_many(visit.browser, form.action, fields)
        return found
    sent = {"Content-Type": "application/x-www-form-urlencoded", "Origin": form.action[: form.action.index("/deep")]}
    return visit.browser.request("POST", form.action, body=urlencode(fields).encode(), headers=sent, follow=False)


def answer_in(page: Page) -> dict[str, Any]:
    """The claims of the answer on a page, unverified: the demo LMS verifies in the tests that follow it."""
    payload = page.form().fields["JWT"].split(".")[1]
    found: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def items_in(page: Page) -> list[dict[str, Any]]:
    """The content items of the answer on a page."""
    found: list[dict[str, Any]] = answer_in(page)[v.CONTENT_ITEMS]
    return found
