"""Chromiums with different opinions on cookies, for two sites over https (`tests.sites`)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Playwright, expect

from tests.browser import EXECUTABLE, FLAGS, PATIENCE
from tests.sites import LMS, Authority

ALLOW, BLOCK = 1, 2  # Chromium's words in content settings
THIRD_PARTY_BLOCKED = 1  # and in "cookie_controls_mode"; 0 is that they are allowed


class Cookies(StrEnum):
    """What people set, or what their district sets for them."""

    ALLOWED = "allowed"
    NO_THIRD_PARTY = "no third-party cookies"
    NONE = "no cookies"
    """None at all, but for the LMS's own: without those nobody gets into it."""


def preferences(policy: Cookies) -> dict[str, Any]:
    """As Chromium writes them into a profile."""
    profile: dict[str, Any] = {"cookie_controls_mode": 0}
    if policy is Cookies.NO_THIRD_PARTY:
        profile["cookie_controls_mode"] = THIRD_PARTY_BLOCKED
    if policy is Cookies.NONE:
        profile["default_content_setting_values"] = {"cookies": BLOCK}
        profile["content_settings"] = {"exceptions": {"cookies": {f"[*.]{LMS},*": {"setting": ALLOW}}}}
    return {"profile": profile}


@contextmanager
def chromium_of(
    playwright: Playwright, policy: Cookies, sites: Authority, folder: Path, **options: Any
) -> Iterator[BrowserContext]:
    """A Chromium whose profile, in `folder`, has this policy."""
    profile = folder / "Default"
    profile.mkdir(parents=True)
    (profile / "Preferences").write_text(json.dumps(preferences(policy)), encoding="utf-8")
    expect.set_options(timeout=PATIENCE)
    flags = [*FLAGS, *sites.chromium_flags]
    context = playwright.chromium.launch_persistent_context(
        folder, executable_path=EXECUTABLE, args=flags, locale="en-US", **options
    )
    try:
        yield context
    finally:
        context.close()
