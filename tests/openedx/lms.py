"""Answers of an LMS to what lti-consumer-xblock asks it, by the names in the package's `plugin/compat.py`."""

from functools import cache

from django.core.exceptions import ValidationError

from tests.openedx.models import CourseRole, ExternalId


class Off:
    """A switch for a part of the package that no test uses."""

    def is_enabled(self, _course):
        """Never."""
        return False


class Course:
    """A course; its title is its run's name."""

    lti_passports: tuple[str, ...] = ()

    def __init__(self, key):
        self.display_name_with_default = f"{key.course} {key.run}"
        self.display_org_with_default = key.org


def course_by_id(key):
    """Every course that is asked for exists."""
    return Course(key)


def load_block(location):
    """A block, for whoever is at the screen."""
    from tests.openedx.blocks import block_at

    return block_at(location)


def user_from_external_id(external_user_id):
    """Whom a tool means."""
    from lti_consumer.exceptions import LtiError

    try:
        return ExternalId.objects.get(external_user_id=external_user_id).user
    except (ExternalId.DoesNotExist, ValidationError) as error:
        raise LtiError("Invalid User") from error


def external_ids(users):
    """The ids of many, made where they are missing."""
    return {user.id: ExternalId.objects.get_or_create(user=user)[0] for user in users}


def course_members(key):
    """Everybody in a course, as edx-platform's course_api lists them."""
    roles = CourseRole.objects.filter(course=str(key)).select_related("user__profile")
    return {
        row.user_id: {
            "id": row.user_id,
            "username": row.user.username,
            "email": row.user.email,
            "name": row.user.profile.name,
            "roles": [row.role],
        }
        for row in roles
    }


def has_studio_write_access(user, key):
    """Whether somebody may change the course."""
    teaches = CourseRole.objects.filter(user_id=user.id, course=str(key), role__in=("instructor", "staff"))
    return teaches.exists()


def install():
    """Put them into the package."""
    from lti_consumer import utils
    from lti_consumer.lti_1p3 import consumer
    from lti_consumer.plugin import compat

    answers = {
        "load_enough_xblock": load_block,
        "load_block_as_user": load_block,
        "get_course_by_id": course_by_id,
        "get_user_from_external_user_id": user_from_external_id,
        "batch_get_or_create_externalids": external_ids,
        "get_course_members": course_members,
        "get_user_course_forum_role": lambda _user, _course: None,
        "merge_course_forum_roles": lambda _course, members: members,
        "user_has_studio_write_access": has_studio_write_access,
        "user_course_access": lambda *_args, **_more: True,
        "user_has_access": lambda *_args, **_more: True,
    }
    switches = (
        "get_external_config_waffle_flag",
        "get_external_user_id_1p1_launches_waffle_flag",
        "get_database_config_waffle_flag",
        "get_external_multiple_launch_urls_waffle_flag",
    )
    for name, answer in answers.items():
        setattr(compat, name, answer)
    # it reads a block's key anew for each request, which takes a twentieth of a second
    consumer.PlatformKeyHandler = cache(consumer.PlatformKeyHandler)
    for name in switches:  # the package's utils took them by name before this is run
        setattr(compat, name, Off)
        setattr(utils, name, Off)
