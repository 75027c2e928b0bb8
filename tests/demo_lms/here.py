"""Where a view finds itself: the world of this application, and who is signed in."""

from typing import cast

from flask import current_app, request
from werkzeug.local import LocalProxy

from tests.demo_lms.model import Person
from tests.demo_lms.world import World

SIGN_IN_COOKIE = "riverbend_signin"

world = cast(World, LocalProxy(lambda: current_app.extensions["world"]))


def signed_in() -> Person | None:
    """Who the browser says it is signed in as, if the LMS knows that sign-in."""
    person_id = world.sign_ins.get(request.cookies.get(SIGN_IN_COOKIE, ""))
    return world.people.get(person_id) if person_id else None
