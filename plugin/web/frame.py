"""What every page carries besides its subject: navigation, who is signed in, the language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Flask, request, url_for
from sqlalchemy.exc import SQLAlchemyError

from plugin.db.queue import waiting_count
from plugin.domain.people import Capability
from plugin.web.identity import Visitor, visitor
from plugin.web.transaction import session
from plugin.web.words import gettext as _
from plugin.web.words import language


@dataclass(frozen=True)
class Item:
    """A place in the navigation."""

    label: str
    url: str
    current: bool
    count: int | None = None


def shown_name(person: Visitor) -> str:
    """What the top of the page calls them."""
    return person.name or _("(no name sent)")


def navigation(person: Visitor) -> list[Item]:
    """The places this person may go to; one place alone needs no navigation."""
    may = person.capabilities
    here = request.blueprint
    items = [Item(_("My learning"), url_for("member.home"), here == "member")]
    if Capability.REVIEW in may:
        items.append(Item(_("Reflections to answer"), url_for("trainer.queue"), here == "trainer", _waiting(person)))
    if Capability.REPORT in may:
        items.append(Item(_("Reports"), url_for("lsc.completions"), here == "lsc"))
    if Capability.ADMINISTER in may:
        items.append(Item(_("LMS connections"), url_for("admin.platforms"), here == "admin"))
    return items if len(items) > 1 else []


def _waiting(person: Visitor) -> int | None:
    try:
        return waiting_count(session(), person.grants, person.person_id)
    except SQLAlchemyError:
        return None  # the page that says what failed must not fail for the sake of a number


def install(app: Flask) -> None:
    """Hand it to every template."""

    @app.context_processor
    def frame() -> dict[str, Any]:
        found: dict[str, Any] = {"locale": language()}
        person = visitor()
        if person is not None:
            found["nav"] = navigation(person)
            found["home_url"] = url_for("member.home")
            found["signed_in"] = {
                "name": shown_name(person),
                "through": person.row.platform_name,
                "url": url_for("member.profile"),
            }
        return found
