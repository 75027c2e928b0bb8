"""The words of the standards as they travel: claims, roles, scopes, media types."""

from enum import StrEnum
from typing import Final

LTI: Final = "https://purl.imsglobal.org/spec/lti/claim/"
DL: Final = "https://purl.imsglobal.org/spec/lti-dl/claim/"

MESSAGE_TYPE: Final = LTI + "message_type"
VERSION: Final = LTI + "version"
DEPLOYMENT_ID: Final = LTI + "deployment_id"
TARGET_LINK_URI: Final = LTI + "target_link_uri"
RESOURCE_LINK: Final = LTI + "resource_link"
CONTEXT: Final = LTI + "context"
ROLES: Final = LTI + "roles"
CUSTOM: Final = LTI + "custom"
LAUNCH_PRESENTATION: Final = LTI + "launch_presentation"
TOOL_PLATFORM: Final = LTI + "tool_platform"
LIS: Final = LTI + "lis"
FOR_USER: Final = LTI + "for_user"
DEEP_LINKING_SETTINGS: Final = DL + "deep_linking_settings"
CONTENT_ITEMS: Final = DL + "content_items"
DL_DATA: Final = DL + "data"
DL_MESSAGE: Final = DL + "msg"
DL_ERROR_MESSAGE: Final = DL + "errormsg"
AGS_ENDPOINT: Final = "https://purl.imsglobal.org/spec/lti-ags/claim/endpoint"
NRPS_SERVICE: Final = "https://purl.imsglobal.org/spec/lti-nrps/claim/namesroleservice"
GROUPS_SERVICE: Final = "https://purl.imsglobal.org/spec/lti-gs/claim/groupsservice"
NOTICE_SERVICE: Final = LTI + "platformnotificationservice"
NOTICE: Final = LTI + "notice"
ORIGIN_CONTEXTS: Final = LTI + "origin_contexts"
PLATFORM_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-platform-configuration"
TOOL_CONFIGURATION: Final = "https://purl.imsglobal.org/spec/lti-tool-configuration"

LTI_VERSION: Final = "1.3.0"
COURSE_SECTION: Final = "http://purl.imsglobal.org/vocab/lis/v2/course#CourseSection"
JWT_BEARER: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Message(StrEnum):
    """LTI message types this platform sends."""

    RESOURCE_LINK = "LtiResourceLinkRequest"
    DEEP_LINKING = "LtiDeepLinkingRequest"
    SUBMISSION_REVIEW = "LtiSubmissionReviewRequest"
    DATA_PRIVACY = "LtiDataPrivacyLaunchRequest"


class Notice(StrEnum):
    """Types of notice this platform sends (Platform Notification Service 1.0)."""

    HELLO_WORLD = "LtiHelloWorldNotice"
    CONTEXT_COPY = "LtiContextCopyNotice"


class Role(StrEnum):
    """Role URIs of LTI 1.3 core, appendix A.2."""

    LEARNER = "http://purl.imsglobal.org/vocab/lis/v2/membership#Learner"
    INSTRUCTOR = "http://purl.imsglobal.org/vocab/lis/v2/membership#Instructor"
    INSTITUTION_INSTRUCTOR = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor"
    INSTITUTION_ADMINISTRATOR = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"
    SYSTEM_ADMINISTRATOR = "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator"
    SYSTEM_USER = "http://purl.imsglobal.org/vocab/lis/v2/system/person#User"

    @property
    def short(self) -> str:
        """The simple name that some platforms put into rosters, for example "Learner"."""
        return self.value.rpartition("#")[2]


class Scope(StrEnum):
    """OAuth scopes of AGS 2.0, NRPS 2.0, Course Groups 1.0 and the Platform Notification Service 1.0."""

    LINE_ITEM = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"
    LINE_ITEM_READ = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem.readonly"
    RESULT = "https://purl.imsglobal.org/spec/lti-ags/scope/result.readonly"
    SCORE = "https://purl.imsglobal.org/spec/lti-ags/scope/score"
    MEMBERSHIPS = "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly"
    GROUPS = "https://purl.imsglobal.org/spec/lti-gs/scope/contextgroup.readonly"
    NOTICE_HANDLERS = "https://purl.imsglobal.org/spec/lti/scope/noticehandlers"


AGS_SCOPES: Final = (Scope.LINE_ITEM, Scope.LINE_ITEM_READ, Scope.RESULT, Scope.SCORE)


class Media(StrEnum):
    """Media types of the services, to be met exactly."""

    LINE_ITEM = "application/vnd.ims.lis.v2.lineitem+json"
    LINE_ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
    SCORE = "application/vnd.ims.lis.v1.score+json"
    RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
    GROUPS = "application/vnd.ims.lti-gs.v1.contextgroupcontainer+json"
    MEMBERSHIPS = "application/vnd.ims.lti-nrps.v2.membershipcontainer+json"
    FORM = "application/x-www-form-urlencoded"
    JSON = "application/json"


class Activity(StrEnum):
    """AGS 2.0 §3.4.7, activityProgress."""

    INITIALIZED = "Initialized"
    STARTED = "Started"
    IN_PROGRESS = "InProgress"
    SUBMITTED = "Submitted"
    COMPLETED = "Completed"


class Grading(StrEnum):
    """AGS 2.0 §3.4.8, gradingProgress."""

    FULLY_GRADED = "FullyGraded"
    PENDING = "Pending"
    PENDING_MANUAL = "PendingManual"
    FAILED = "Failed"
    NOT_READY = "NotReady"
