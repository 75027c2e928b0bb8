"""Course Groups Service 1.0: the groups into which a context divides its people. Who is in them stands in the roster
(`group_enrollments` of each member; so Sakai, read), where the LMS gives both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lti.claims import SCOPE_GROUPS, is_storable
from lti.errors import AnswerUnreadable
from lti.http import Answer
from lti.services import Services
from lti.stores import Platform

GROUPS = "application/vnd.ims.lti-gs.v1.contextgroupcontainer+json"
MOST = 500  # groups of one context that we are ready to read
_LENGTH = 255


@dataclass(frozen=True, slots=True)
class Group:
    """A group of a context, by the LMS's own id."""

    id: str
    name: str


class Groups:
    """The calls. Each raises lti.errors.ServiceError."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def of_context(self, platform: Platform, groups_url: str) -> tuple[Group, ...]:
        """All groups of a context, page by page."""
        found: list[Group] = []
        for answer in self._services.pages(platform, groups_url, scope=SCOPE_GROUPS, accept=GROUPS):
            found.extend(_groups(answer))
            if len(found) > MOST:
                raise AnswerUnreadable(f"more than {MOST} groups")
        return tuple({group.id: group for group in found}.values())


def _groups(answer: Answer) -> Iterator[Group]:
    """The groups of a page; one without a name is called by its id. An empty body is an empty list, as for rosters."""
    found = answer.json() if answer.body.strip() else {"groups": []}
    entries = found.get("groups") if isinstance(found, dict) else None
    if not isinstance(entries, list):
        raise AnswerUnreadable("a list of groups was promised")
    for entry in entries:
        id_ = as_id(entry.get("id")) if isinstance(entry, dict) else None
        if id_ is None:
            raise AnswerUnreadable("a group without an id")
        name = entry.get("name")
        yield Group(id_, name[:_LENGTH] if isinstance(name, str) and name.strip() and is_storable(name) else id_)


def enrolments(entry: dict[str, Any]) -> tuple[str, ...] | None:
    """The groups that a member of a roster is in; None where the LMS does not say, or nothing that can be read: a
    roster is never refused for it."""
    told = entry.get("group_enrollments")
    if not isinstance(told, list) or len(told) > MOST:
        return None
    ids = [as_id(one.get("group_id")) if isinstance(one, dict) else None for one in told]
    return tuple(dict.fromkeys(id_ for id_ in ids if id_ is not None))


def as_id(value: object) -> str | None:
    """An id as a string; some platforms write theirs as a number."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and 0 < len(value) <= _LENGTH and is_storable(value) else None
