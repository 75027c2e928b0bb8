"""Names and Role Provisioning Services 2.0: who is in a context.

Moodle's members are always Active; who leaves just disappears. Treat absence as "no longer here", and
never as a reason to delete somebody's work.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lti import groups, quirks
from lti import roles as vocabulary
from lti.claims import SCOPE_MEMBERS, URL_LENGTH, is_storable
from lti.errors import AnswerUnreadable
from lti.http import Answer
from lti.roles import Roles
from lti.services import Services, linked
from lti.stores import Platform
from lti.urls import has_parameter, with_query

MEMBERS = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
LONGEST_ROSTER = 200_000  # members that we are ready to read
_ID_LENGTH = 255
_TEXT_LENGTH = 255


class Status(StrEnum):
    """A member's standing."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"
    DELETED = "Deleted"


@dataclass(frozen=True, slots=True)
class Member:
    """One entry of a roster. `user_id` is the `sub` of that person's launches; names may be absent. `groups` are the
    ids of the groups they are in, None where the LMS does not say."""

    user_id: str = field(repr=False)
    roles: Roles
    status: Status = Status.ACTIVE
    name: str | None = field(default=None, repr=False)
    given: str | None = field(default=None, repr=False)
    family: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)
    groups: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a roster. `differences` is where the LMS tells who came, changed or left since this roster was
    asked for (NRPS 2.0, "Membership differences"); None where it does not say."""

    members: tuple[Member, ...]
    differences: str | None = None


class Rosters:
    """The calls. Each raises lti.errors.ServiceError."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def members(
        self,
        platform: Platform,
        memberships_url: str,
        *,
        role: str | None = None,
        resource_link_id: str | None = None,
    ) -> Iterator[Member]:
        """All members, page by page. An error in the middle raises: half a roster is never a roster, so
        collect it before acting on who is absent."""
        asked = {"role": role, "rlid": resource_link_id}
        url = with_query(memberships_url, {name: value for name, value in asked.items() if value})
        for page in self._pages(platform, url):
            yield from page.members

    def pages(self, platform: Platform, memberships_url: str) -> Iterator[Page]:
        """The whole roster, page by page, in pages that this LMS can give. As with `members`, an error in the middle
        raises, and what came before it says nothing of who is absent."""
        url = memberships_url
        if not has_parameter(url, "limit"):
            url = with_query(url, {"limit": str(quirks.of(platform.family).roster_page)})
        return self._pages(platform, url)

    def differences(self, platform: Platform, differences_url: str) -> Iterator[Page]:
        """Who came, changed or left (status Deleted) since the roster in which this address stood; whoever is not
        named is as before. Raises PlatformRefused, too, when the address has become too old."""
        return self._pages(platform, differences_url)

    def _pages(self, platform: Platform, url: str) -> Iterator[Page]:
        count = 0
        for answer in self._services.pages(platform, url, scope=SCOPE_MEMBERS, accept=MEMBERS):
            members = tuple(_member(entry) for entry in _entries(answer))
            count += len(members)
            if count > LONGEST_ROSTER:
                raise AnswerUnreadable(f"more than {LONGEST_ROSTER} members")
            yield Page(members, _differences(answer, url))


def _differences(answer: Answer, base: str) -> str | None:
    """An address that is too long to be kept, or none, costs no more than a whole reading next time."""
    try:
        found = linked(answer.headers.get("Link", ""), base, "differences")
    except AnswerUnreadable:
        return None
    return found if found and len(found) <= URL_LENGTH and is_storable(found) else None


def _entries(answer: Answer) -> list[Any]:
    """The members of a page. Sakai answers with an empty body when there is nobody."""
    if not answer.body.strip():
        return []
    found = answer.json()
    members = found.get("members") if isinstance(found, dict) else None
    if not isinstance(members, list):
        raise AnswerUnreadable("a list of members was promised")
    return members


def _member(entry: object) -> Member:
    if not isinstance(entry, dict):
        raise AnswerUnreadable("a member that is not an object")
    user_id, roles = entry.get("user_id"), entry.get("roles", [])
    if not isinstance(user_id, str) or not 0 < len(user_id) <= _ID_LENGTH or not is_storable(user_id):
        raise AnswerUnreadable("a member without user_id")
    if not isinstance(roles, list):
        raise AnswerUnreadable("a member whose roles are not a list")
    return Member(
        user_id=user_id,
        roles=vocabulary.read(role for role in roles if isinstance(role, str)),
        status=_status(entry.get("status")),
        name=_text(entry, "name"),
        given=_text(entry, "given_name"),
        family=_text(entry, "family_name"),
        email=_text(entry, "email"),
        groups=groups.enrolments(entry),
    )


def _status(value: object) -> Status:
    """Absent means Active (NRPS 2.0, 2.2); a word that we do not know means somebody to be careful with."""
    if value is None:
        return Status.ACTIVE
    return next((status for status in Status if status == value), Status.INACTIVE)


def _text(entry: Mapping[str, Any], name: str) -> str | None:
    value = entry.get(name)
    return value[:_TEXT_LENGTH] if isinstance(value, str) and value and is_storable(value) else None
