"""Names of claims, the proof that they were verified, and careful readers of them.

A reader returns None for what is absent, null or an empty string (Moodle sends "" for what it does not
know) and refuses every value of another type than the standard says: a launch is never half understood.
"""

import re
from collections.abc import Mapping
from typing import Any, NewType

from lti.errors import LaunchRefused
from lti.refusals import LaunchCode
from lti.urls import is_web_url

VerifiedClaims = NewType("VerifiedClaims", Mapping[str, Any])
"""Claims of an id_token whose every check passed. Only `lti/launch.py` makes one."""

_LTI = "https://purl.imsglobal.org/spec/lti/claim/"
_DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"

MESSAGE_TYPE = _LTI + "message_type"
VERSION = _LTI + "version"
DEPLOYMENT_ID = _LTI + "deployment_id"
TARGET_LINK_URI = _LTI + "target_link_uri"
RESOURCE_LINK = _LTI + "resource_link"
ROLES = _LTI + "roles"
CONTEXT = _LTI + "context"
TOOL_PLATFORM = _LTI + "tool_platform"
LAUNCH_PRESENTATION = _LTI + "launch_presentation"
CUSTOM = _LTI + "custom"
FOR_USER = _LTI + "for_user"
AGS_ENDPOINT = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_SERVICE = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
GROUPS_SERVICE = "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice"
NOTICE_SERVICE = _LTI + "platformnotificationservice"
NOTICE = _LTI + "notice"
ORIGIN_CONTEXTS = _LTI + "origin_contexts"
DEEP_LINKING_SETTINGS = _DL + "deep_linking_settings"
CONTENT_ITEMS = _DL + "content_items"
DEEP_LINKING_DATA = _DL + "data"
DEEP_LINKING_MESSAGE = _DL + "msg"

SCOPE_LINE_ITEM = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
SCOPE_LINE_ITEM_READ = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"
SCOPE_RESULT_READ = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
SCOPE_SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
SCOPE_MEMBERS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
SCOPE_GROUPS = "https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"
SCOPE_NOTICE_HANDLERS = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"

ID_LENGTH = 255
TEXT_LENGTH = 255
URL_LENGTH = 2000
CUSTOM_LENGTH = 4000
LIST_LENGTH = 100

_NOT_STORABLE = re.compile("[\0\ud800-\udfff]")


def is_storable(value: str) -> bool:
    """Without NUL, which no database takes, and without half a surrogate pair, which no encoding takes."""
    return _NOT_STORABLE.search(value) is None


def text(source: Mapping[str, Any], name: str, limit: int = ID_LENGTH) -> str | None:
    """A string of at most `limit` characters; a longer one is refused."""
    value = source.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise malformed(name, "is not a string")
    if len(value) > limit:
        raise malformed(name, f"is longer than {limit} characters")
    return value


def label(source: Mapping[str, Any], name: str, limit: int = TEXT_LENGTH) -> str | None:
    """A string for people to read: what is too long is cut."""
    value = source.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise malformed(name, "is not a string")
    return value[:limit]


def required(source: Mapping[str, Any], name: str, limit: int = ID_LENGTH) -> str:
    """A string that has to be there."""
    value = text(source, name, limit)
    if value is None:
        raise LaunchRefused(LaunchCode.CLAIM_MISSING, name)
    return value


def mapping(source: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """An object."""
    value = source.get(name)
    if value is None:
        return None
    if not isinstance(value, dict):
        raise malformed(name, "is not an object")
    return value


def strings(source: Mapping[str, Any], name: str, limit: int = ID_LENGTH) -> tuple[str, ...] | None:
    """A list of strings."""
    value = source.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or len(value) > LIST_LENGTH:
        raise malformed(name, f"is not a list of at most {LIST_LENGTH}")
    if not all(isinstance(item, str) and len(item) <= limit for item in value):
        raise malformed(name, f"holds something else than strings of at most {limit} characters")
    return tuple(value)


def boolean(source: Mapping[str, Any], name: str) -> bool | None:
    """True or false; some platforms write them as strings."""
    value = source.get(name)
    if value is None or value == "":
        return None
    known = {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(known, bool):
        raise malformed(name, "is neither true nor false")
    return known


def url(source: Mapping[str, Any], name: str) -> str | None:
    """An http or https address without credentials."""
    value = text(source, name, URL_LENGTH)
    if value is not None and not is_web_url(value):
        raise malformed(name, "is not a web address without credentials")
    return value


def malformed(name: str, why: str) -> LaunchRefused:
    """The refusal of a claim that has the wrong shape."""
    return LaunchRefused(LaunchCode.CLAIM_MALFORMED, f"{name} {why}")
