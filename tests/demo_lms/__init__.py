"""Riverbend School District LMS: a small, strict, honest LTI 1.3 Advantage platform.

It is the other side of every test of the product and of the demonstration, so it must not share a line with what it
judges: it imports nothing from `lti`, `plugin` or `content`. All it knows is in one `World`, which tests may read and
change while it runs. What it refuses, a real LMS refuses too; what it is lenient about is said where it is lenient.
"""

from tests.demo_lms.app import create_lms
from tests.demo_lms.browser import Browser, Page
from tests.demo_lms.config import Config, Habits
from tests.demo_lms.launching import REMOVED, Login, Visit, forge, launch, log_in, register_tool, sign_in
from tests.demo_lms.profiles import Profile, fields
from tests.demo_lms.serving import running_lms
from tests.demo_lms.world import World

__all__ = [
    "REMOVED",
    "Browser",
    "Config",
    "Habits",
    "Login",
    "Page",
    "Profile",
    "Visit",
    "World",
    "create_lms",
    "fields",
    "forge",
    "launch",
    "log_in",
    "register_tool",
    "running_lms",
    "sign_in",
]
