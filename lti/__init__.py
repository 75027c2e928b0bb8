"""LTI 1.3 Advantage as a library: messages in, service calls out.

What belongs here: reading and checking what an LMS sends, composing what is sent to it, the meaning of its
answers. What does not: members, modules, tables, pages, Flask. The application hands in its stores
(`lti.stores`), its secret, its clock and its addresses, and gets values or a refusal with a sentence.

The names below are the public ones. Functions are called by their file: `lti.login.begin`, `lti.launch.verify`,
`lti.notices.verify`, `lti.registration.register`, `lti.deep_linking.respond`, `lti.quirks.judge`, `lti.keys.make`.
"""

from lti.claims import VerifiedClaims
from lti.deep_linking import Column, DeepLinkingAnswer, LinkItem
from lti.errors import (
    AddressRefused,
    AnswerUnreadable,
    DeepLinkingRefused,
    LaunchRefused,
    LtiError,
    PlatformRefused,
    RegistrationRefused,
    ScopeMissing,
    ServiceError,
    TokenRefused,
    Unreachable,
)
from lti.grades import Grades, LineItem, Result
from lti.http import Guard, HttpClient
from lti.key_sets import KeySets
from lti.launch import Launch
from lti.login import LoginRedirect
from lti.messages import (
    AnswerSlip,
    DataPrivacyLaunch,
    DeepLinkingRequest,
    Message,
    Person,
    Place,
    Presentation,
    ResourceLaunch,
    ServiceEndpoints,
    SubmissionReview,
    ToolPlatform,
)
from lti.notices import ContextCopy, Handlers, NoticeRefused
from lti.quirks import Outcome, Verdict
from lti.refusals import LaunchCode
from lti.registration import PlatformConfiguration, Registered, ToolDescription
from lti.roles import CourseRole, Roles
from lti.rosters import Member, Rosters, Status
from lti.scores import ActivityProgress, GradingProgress, Score
from lti.services import Services
from lti.state import Sealer
from lti.stores import Nonces, Platform, Platforms, ToolKeys
from lti.tokens import AccessTokens
from lti.urls import Tool

__all__ = [
    "AccessTokens",
    "ActivityProgress",
    "AddressRefused",
    "AnswerSlip",
    "AnswerUnreadable",
    "Column",
    "ContextCopy",
    "CourseRole",
    "DataPrivacyLaunch",
    "DeepLinkingAnswer",
    "DeepLinkingRefused",
    "DeepLinkingRequest",
    "Grades",
    "GradingProgress",
    "Guard",
    "Handlers",
    "HttpClient",
    "KeySets",
    "Launch",
    "LaunchCode",
    "LaunchRefused",
    "LineItem",
    "LinkItem",
    "LoginRedirect",
    "LtiError",
    "Member",
    "Message",
    "Nonces",
    "NoticeRefused",
    "Outcome",
    "Person",
    "Place",
    "Platform",
    "PlatformConfiguration",
    "PlatformRefused",
    "Platforms",
    "Presentation",
    "Registered",
    "RegistrationRefused",
    "ResourceLaunch",
    "Result",
    "Roles",
    "Rosters",
    "ScopeMissing",
    "Score",
    "Sealer",
    "ServiceEndpoints",
    "ServiceError",
    "Services",
    "Status",
    "SubmissionReview",
    "TokenRefused",
    "Tool",
    "ToolDescription",
    "ToolKeys",
    "ToolPlatform",
    "Unreachable",
    "Verdict",
    "VerifiedClaims",
]
