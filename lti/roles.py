"""Role URIs of LTI 1.3 → what somebody is in this context.

Only membership (context) roles count. In professional learning the learners *are* teachers: their district
calls them Instructor of the institution, and that must never make them staff of a context. A name from an
unknown vocabulary means nothing, whatever it ends in.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

_MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
_LMS_ADMINISTRATOR = frozenset(
    f"http://purl.imsglobal.org/vocab/lis/v2/{place}#{name}"
    for place, name in [
        ("system/person", "Administrator"),
        ("system/person", "SysAdmin"),
        ("system/person", "AccountAdmin"),
        ("institution/person", "Administrator"),
    ]
)
_TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"


class CourseRole(StrEnum):
    """What the LMS says a person is in the context of the launch."""

    ADMINISTRATOR = "administrator"
    INSTRUCTOR = "instructor"
    LEARNER = "learner"
    NONE = "none"


_PRINCIPAL = {
    "Administrator": CourseRole.ADMINISTRATOR,
    "Instructor": CourseRole.INSTRUCTOR,
    "Learner": CourseRole.LEARNER,
}
_RANK = (CourseRole.ADMINISTRATOR, CourseRole.INSTRUCTOR, CourseRole.LEARNER)


@dataclass(frozen=True, slots=True)
class Roles:
    """The course role, and two facts that grant nothing by themselves: whether the LMS calls the person an
    administrator of the LMS or the institution, and whether it is a test user (Canvas's "student view")."""

    course_role: CourseRole = CourseRole.NONE
    is_lms_administrator: bool = False
    is_test_user: bool = False


def read(uris: Iterable[str]) -> Roles:
    """Roles as they come in a launch (URIs) or a roster (URIs or short names); the highest course role wins."""
    names = tuple(uris)
    found = {_course_role(name) for name in names}
    return Roles(
        course_role=next((role for role in _RANK if role in found), CourseRole.NONE),
        is_lms_administrator=not _LMS_ADMINISTRATOR.isdisjoint(names),
        is_test_user=_TEST_USER in names,
    )


def _course_role(name: str) -> CourseRole:
    """One role: a short name, `…/membership#Instructor` or a sub-role `…/membership/Instructor#Grader`."""
    rest = name.removeprefix(_MEMBERSHIP)
    if rest == name:
        return _PRINCIPAL.get(name, CourseRole.NONE)
    if rest.startswith("#"):
        return _PRINCIPAL.get(rest[1:], CourseRole.NONE)
    principal, _, sub_role = rest.removeprefix("/").partition("#")
    if not rest.startswith("/") or not sub_role:
        return CourseRole.NONE
    return _PRINCIPAL.get(principal, CourseRole.NONE)
