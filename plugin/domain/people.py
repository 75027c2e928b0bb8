"""Who may do what. A role comes from a grant given inside Practicum, never from an LMS role (design, rule 1)."""

from __future__ import annotations

from enum import StrEnum
from functools import cache


class Role(StrEnum):
    """What a grant makes of a person, within its organization and dates."""

    TRAINER = "trainer"
    LSC = "lsc"
    VIEWER = "viewer"
    ADMIN = "admin"


class CourseRole(StrEnum):
    """What the LMS says somebody is in its course; it decides whether a launch is a learner's, nothing more."""

    LEARNER = "learner"
    INSTRUCTOR = "instructor"
    ADMINISTRATOR = "administrator"
    NONE = "none"


class Capability(StrEnum):
    """What a page asks of the person who opens it."""

    PUBLIC = "public"  # anybody, signed in or not
    SIGNED_IN = "signed in"  # anybody who came in through a launch
    REVIEW = "review"  # read and answer reflections
    REPORT = "report"  # completion reports and the state of the outbox
    ADMINISTER = "administer"  # connections to LMSs


OF_ROLE: dict[Role, frozenset[Capability]] = {
    Role.TRAINER: frozenset({Capability.REVIEW}),
    Role.LSC: frozenset({Capability.REPORT}),
    Role.VIEWER: frozenset(),
    Role.ADMIN: frozenset({Capability.REPORT, Capability.ADMINISTER}),
}


@cache
def capabilities(roles: frozenset[Role]) -> frozenset[Capability]:
    """What someone signed in with these roles may do somewhere."""
    return frozenset({Capability.PUBLIC, Capability.SIGNED_IN}).union(*(OF_ROLE[role] for role in roles))


def roles_for(capability: Capability) -> frozenset[Role]:
    """The roles whose grants open a page that asks for this."""
    return frozenset(role for role, may in OF_ROLE.items() if capability in may)
