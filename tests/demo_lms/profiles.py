"""LMSs that are out there, as this one's habits: what their administrators, sources and runs told us of each.

A profile is a set of fields for `Config`; what it leaves out stays as strict as the standard, so a tool that is content
with a profile has not been told a lie, only perhaps not the whole truth. Nobody's code runs here: where a habit was
read and not seen, the LMS itself may still surprise.

    with running_lms(**fields(Profile.CANVAS)) as (base_url, world): ...
    with running_lms(**fields(Profile.MOODLE, page_size=2)) as (base_url, world): ...   # and one more wish
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from tests.demo_lms.config import Habits, Refusal
from tests.demo_lms.vocabulary import Grading

EVERYTHING = 1_000_000


class Profile(StrEnum):
    """The LMSs this one can be."""

    STRICT = "strict"
    CANVAS = "canvas"
    MOODLE = "moodle"
    BLACKBOARD = "blackboard"
    BRIGHTSPACE = "brightspace"
    SCHOOLOGY = "schoology"
    SAKAI = "sakai"
    OPEN_EDX = "openedx"


# What differs from the strict one, each line with where we have it from in the comment of its profile.
DIFFERENCES: Mapping[Profile, Mapping[str, Any]] = {
    Profile.STRICT: {},
    # instructure/canvas-lms, app/controllers/lti/ims/scores_controller.rb and the developer documentation (read)
    Profile.CANVAS: {
        "groups": False,
        "configuration_needs_token": True,
        "storage_target": "_parent",
        "user_agent_needed": True,
        "course_dates": "canvas",
        "erasing": frozenset({Grading.NOT_READY, Grading.FAILED, Grading.PENDING}),
        "comments_pile_up": True,
        "attempts": 1,
        "same_timestamp_taken": True,
        "stale": Refusal(400, "Provided timestamp before last updated timestamp"),
        "nobody": Refusal(422, "User not found in course or is not a student"),
        "not_here": Refusal(422, "User not found in course or is not a student"),
        "no_learner": Refusal(422, "User not found in course or is not a student"),
    },
    # Moodle 4.5.6 (run, and mod/lti read)
    Profile.MOODLE: {
        "notices": False,
        "registration_status": 200,
        "unscoped_status": 401,
        "wrong_accept_status": 400,
        "wrong_type_status": 400,
        "accept_may_lack": True,
        "roster_takes_any": True,
        "line_item_query": True,
        "whole_second_timestamps": True,
        "future_timestamp_taken": True,
        "erasing": frozenset(Grading) - {Grading.FULLY_GRADED},
        "nobody": Refusal(400, "Bad Request"),
        "not_here": Refusal(400, "Bad Request"),
        "no_learner": Refusal(400, "Bad Request"),
        "suspended_graded": True,
        "locked": Refusal(500, ""),
        "caps_scores": True,
        "short_roster_roles": True,
        "roster_shows_absence": False,
        "curly_link_quotes": True,
        "resource_link_history": False,
        "link_dates": False,
        "page_size": EVERYTHING,  # without `limit` everything comes at once
    },
    # the developer portal and issue threads (read)
    Profile.BLACKBOARD: {
        "notices": False,
        "dynamic_registration": False,
        "client_id": "7b6d3a52-one-client-for-all",
        "storage_frame": "lti_storage_frame",
        "nobody": Refusal(400, "User could not be found: {user}"),
        "not_here": Refusal(400, "User could not be found: {user}"),
        "no_learner": Refusal(400, "User could not be found: {user}"),
        "filtered_results_lack_comment": True,
    },
    # docs.valence.desire2learn.com and issue threads (read)
    Profile.BRIGHTSPACE: {
        "groups": False,
        "storage_target": "_parent",
        "token_audience": "https://api.brightspace.com/auth/token",
        "nobody": Refusal(403, "the user is not enrolled"),
        "not_here": Refusal(403, "the user is not enrolled"),
        "no_learner": Refusal(422, "the role is not gradable"),
        "caps_scores": True,
    },
    # developers.schoology.com and a peer's mended calls (read)
    Profile.SCHOOLOGY: {
        "groups": False,
        "notices": False,
        "dynamic_registration": False,
        "storage_target": "_parent",
        "roster_page_size": 100,
    },
    # its sources and documentation (read)
    Profile.SAKAI: {
        "notices": False,
        "storage_target": "_parent",
        "all_scopes_or_none": True,
        "empty_lists_bare": True,
        "roster_by_start": True,
        "nobody": Refusal(400, "User is not in the site"),
        "not_here": Refusal(400, "User is not in the site"),
        "no_learner": Refusal(400, "User is not in the site"),
    },
    # openedx/xblock-lti-consumer 11.4.4 (run); `zero_published` and `roster_limit` were otherwise before
    Profile.OPEN_EDX: {
        "groups": False,
        "notices": False,
        "dynamic_registration": False,
        "deployment_id": "1",
        "send_names": False,
        "send_emails": False,
        "resource_link_history": False,
        "course_dates": None,
        "link_dates": False,
        "whole_maximum": True,
        "only_tied_columns": True,
        "columns_deletable": False,
        "stale": Refusal(400, "Score timestamp can only be updated to a later point in time"),
        "nobody": Refusal(500, ""),
    },
}

# Every district has an issuer of its own, except where the vendor has one for all.
_SAID: Mapping[Profile, Mapping[str, str]] = {
    Profile.STRICT: {},
    Profile.CANVAS: {"product_family_code": "canvas", "shared_issuer": "https://canvas.instructure.com"},
    Profile.MOODLE: {"product_family_code": "moodle"},
    Profile.BLACKBOARD: {"product_family_code": "BlackboardLearn", "shared_issuer": "https://blackboard.com"},
    Profile.BRIGHTSPACE: {"product_family_code": "desire2learn"},
    Profile.SCHOOLOGY: {
        "product_family_code": "schoology",
        "shared_issuer": "https://schoology.schoology.com",
    },
    Profile.SAKAI: {"product_family_code": "sakai"},
    Profile.OPEN_EDX: {"product_family_code": "Open edX"},
}


def fields(profile: Profile | str, **wishes: Any) -> dict[str, Any]:
    """Fields of `Config` that make it this LMS; `wishes` are habits that shall be otherwise."""
    which = Profile(profile)
    return {**_SAID[which], "habits": Habits(**{**DIFFERENCES[which], **wishes})}
