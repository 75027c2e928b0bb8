"""Verified claims → frozen dataclasses. Past this file nobody reads a raw claim.

Reading is the check of shape: a claim of the wrong type is refused here, an empty string is absent,
titles that are too long are cut.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lti import claims as c
from lti import roles as vocabulary
from lti.claims import VerifiedClaims
from lti.errors import LaunchRefused, shown
from lti.refusals import LaunchCode
from lti.roles import Roles
from lti.urls import is_web_url, origin

RESOURCE_LINK_REQUEST = "LtiResourceLinkRequest"
DEEP_LINKING_REQUEST = "LtiDeepLinkingRequest"
SUBMISSION_REVIEW_REQUEST = "LtiSubmissionReviewRequest"
DATA_PRIVACY_LAUNCH = "LtiDataPrivacyLaunchRequest"
CONTEXT_COPY_NOTICE = "LtiContextCopyNotice"
LTI_VERSION = "1.3.0"

# The names under which registration asks for these; see lti/registration.py.
CONTEXT_HISTORY = "context_id_history"
LINK_HISTORY = "link_id_history"
_HISTORY_LENGTH = 50

# The same for the days of a course, and of a link in it.
COURSE_DATES = ("course_begins_at", "course_ends_at")
LINK_DATES = ("link_available_at", "link_due_at")
_DATE_LENGTH = 40


@dataclass(frozen=True, slots=True)
class Person:
    """Who the LMS says this is. `sub` is unique within the platform only; the rest may be absent."""

    sub: str = field(repr=False)
    name: str | None = field(default=None, repr=False)
    given: str | None = field(default=None, repr=False)
    family: str | None = field(default=None, repr=False)
    email: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Place:
    """Where the launch comes from: the LMS's context (a course, mostly) and the resource link in it.

    The histories hold the ids of what this was copied from, newest first, when the LMS says so. One that was never
    copied has none: `tells_…` says whether the LMS filled the parameter in at all.

    Dates are as the LMS writes them, and not checked (`lti.dates.moment` reads one): the course's first and last, the
    link's first day and when its work is due. An empty one is none; None: the launch carries no such parameter."""

    context_id: str | None = None
    context_title: str | None = None
    context_label: str | None = None
    context_types: tuple[str, ...] = ()
    link_id: str | None = None
    link_title: str | None = None
    context_history: tuple[str, ...] = ()
    link_history: tuple[str, ...] = ()
    tells_context_history: bool = False
    tells_link_history: bool = False
    course_dates: tuple[str, str] | None = None
    link_dates: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class ServiceEndpoints:
    """Addresses and scopes of the services that this launch offers. `notices` is where a tool says that it wants to
    be told of copied contexts, `groups` where the groups of this one are; None where the platform does not offer it."""

    ags_scopes: frozenset[str] = frozenset()
    lineitems: str | None = None
    lineitem: str | None = None
    memberships: str | None = None
    notices: str | None = None
    groups: str | None = None


@dataclass(frozen=True, slots=True)
class Presentation:
    """How the LMS shows us. `return_url` may carry a key of the person's sign-in there: never log it."""

    return_url: str | None = field(default=None, repr=False)
    document_target: str | None = None
    locale: str | None = None


@dataclass(frozen=True, slots=True)
class ToolPlatform:
    """The LMS product; `family` is its product_family_code."""

    guid: str | None = None
    name: str | None = None
    family: str | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    deployment_id: str
    target_link_uri: str
    person: Person
    roles: Roles
    place: Place
    services: ServiceEndpoints
    presentation: Presentation
    tool_platform: ToolPlatform
    custom: Mapping[str, str]

    @property
    def launch_origins(self) -> tuple[str, ...]:
        """Origins that may frame us, as far as this launch tells: that of its return address."""
        found = origin(self.presentation.return_url) if self.presentation.return_url else None
        return (found,) if found else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceLaunch(_Message):
    """Somebody opened a link of ours: `place.link_id` is set."""

    @property
    def link_id(self) -> str:
        return self.place.link_id or ""  # never empty: read() refuses such a launch


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepLinkingRequest(_Message):
    """Somebody wants to choose content. `accept_multiple` and `accept_lineitem` are None when unsaid."""

    return_url: str = field(repr=False)
    accept_types: tuple[str, ...]
    targets: tuple[str, ...]
    accept_multiple: bool | None = None
    accept_lineitem: bool | None = None
    data: str | None = field(default=None, repr=False)
    title: str | None = None
    text: str | None = None

    def answer_slip(self) -> "AnswerSlip":
        """What has to be kept until the choice is made."""
        return AnswerSlip(
            deployment_id=self.deployment_id,
            return_url=self.return_url,
            data=self.data,
            targets=self.targets,
            accept_multiple=self.accept_multiple,
            accept_lineitem=self.accept_lineitem,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSlip:
    """The part of a deep linking request that its answer needs; plain values, so it can be kept as JSON.

    Keep it where the browser cannot change it: `return_url` is where the answer is posted."""

    deployment_id: str
    return_url: str = field(repr=False)
    data: str | None = field(default=None, repr=False)
    targets: tuple[str, ...] = ()
    accept_multiple: bool | None = None
    accept_lineitem: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionReview(_Message):
    """Somebody opened a cell of the LMS's gradebook (LTI Submission Review 1.0); `services.lineitem` is its column.

    `for_user` is the `sub` of whose cell it is, None for a whole column, as Moodle sends it from the column's head. It
    proves nothing about who asks: Moodle signs whatever user the address names, for a learner too."""

    for_user: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataPrivacyLaunch(_Message):
    """Somebody wants to know what is kept about a person (LTI Data Privacy Launch, a draft for members; its claims are
    known from those who send it: Tsugi, and from those who check it: PyLTI1p3). It comes from no course and no link.

    `for_user` is the `sub` of whom it is about, None where it is not said. As with a review, it proves nothing about
    who asks."""

    for_user: str | None = field(repr=False)


Message = ResourceLaunch | DeepLinkingRequest | SubmissionReview | DataPrivacyLaunch
# The second is what it was called before (Sakai's pages, PyLTI1p3).
_DATA_PRIVACY = frozenset({DATA_PRIVACY_LAUNCH, "DataPrivacyLaunchRequest"})


def read(claims: VerifiedClaims) -> Message:
    """The message of verified claims.

    Raises LaunchRefused: version-wrong, message-unknown, claim-missing, claim-malformed, anonymous.
    """
    if c.text(claims, c.VERSION) != LTI_VERSION:
        raise LaunchRefused(LaunchCode.VERSION_WRONG, shown(claims.get(c.VERSION)))
    kind = c.required(claims, c.MESSAGE_TYPE)
    if kind == RESOURCE_LINK_REQUEST:
        return _resource_launch(claims)
    if kind == DEEP_LINKING_REQUEST:
        return _deep_linking_request(claims)
    if kind == SUBMISSION_REVIEW_REQUEST:
        return SubmissionReview(**_common(claims), for_user=_for_user(claims))
    if kind in _DATA_PRIVACY:
        return DataPrivacyLaunch(**_common(claims), for_user=_for_user(claims))
    raise LaunchRefused(LaunchCode.MESSAGE_UNKNOWN, shown(kind))


def _resource_launch(claims: VerifiedClaims) -> ResourceLaunch:
    common = _common(claims)
    if common["place"].link_id is None:
        raise LaunchRefused(LaunchCode.CLAIM_MISSING, "resource_link.id")
    return ResourceLaunch(**common)


def _deep_linking_request(claims: VerifiedClaims) -> DeepLinkingRequest:
    settings = c.mapping(claims, c.DEEP_LINKING_SETTINGS)
    if settings is None:
        raise LaunchRefused(LaunchCode.CLAIM_MISSING, c.DEEP_LINKING_SETTINGS)
    return_url = c.url(settings, "deep_link_return_url")
    if return_url is None:
        raise LaunchRefused(LaunchCode.CLAIM_MISSING, "deep_link_return_url")
    accept_types = c.strings(settings, "accept_types") or ()
    if "ltiResourceLink" not in accept_types:
        raise LaunchRefused(LaunchCode.LINKS_NOT_ACCEPTED, "accept_types has no ltiResourceLink")
    return DeepLinkingRequest(
        **_common(claims),
        return_url=return_url,
        accept_types=accept_types,
        targets=c.strings(settings, "accept_presentation_document_targets") or (),
        accept_multiple=c.boolean(settings, "accept_multiple"),
        accept_lineitem=c.boolean(settings, "accept_lineitem"),
        data=c.text(settings, "data", limit=16_000),
        title=c.label(settings, "title"),
        text=c.label(settings, "text", limit=4000),
    )


def _for_user(claims: VerifiedClaims) -> str | None:
    return c.text(c.mapping(claims, c.FOR_USER) or {}, "user_id")


def _common(claims: VerifiedClaims) -> dict[str, Any]:
    """What every message carries, ready for its dataclass."""
    role_uris = c.strings(claims, c.ROLES)
    if role_uris is None:
        raise LaunchRefused(LaunchCode.CLAIM_MISSING, c.ROLES)
    custom = _custom(claims)
    return {
        "deployment_id": c.required(claims, c.DEPLOYMENT_ID),
        "target_link_uri": c.required(claims, c.TARGET_LINK_URI, c.URL_LENGTH),
        "person": _person(claims),
        "roles": vocabulary.read(role_uris),
        "place": _place(claims, custom),
        "services": _services(claims),
        "presentation": _presentation(claims),
        "tool_platform": _tool_platform(claims),
        "custom": custom,
    }


def _person(claims: VerifiedClaims) -> Person:
    sub = c.text(claims, "sub")
    if sub is None:
        raise LaunchRefused(LaunchCode.ANONYMOUS, "sub is missing")
    email = c.label(claims, "email", limit=1000)
    return Person(
        sub=sub,
        name=c.label(claims, "name"),
        given=c.label(claims, "given_name"),
        family=c.label(claims, "family_name"),
        email=email if email and len(email) <= 320 else None,  # a cut address would be somebody else's
    )


def _place(claims: VerifiedClaims, custom: Mapping[str, str]) -> Place:
    context = c.mapping(claims, c.CONTEXT) or {}
    link = c.mapping(claims, c.RESOURCE_LINK) or {}
    return Place(
        context_id=c.text(context, "id"),
        context_title=c.label(context, "title"),
        context_label=c.label(context, "label"),
        context_types=c.strings(context, "type") or (),
        link_id=c.text(link, "id"),
        link_title=c.label(link, "title"),
        context_history=_history(custom.get(CONTEXT_HISTORY)),
        link_history=_history(custom.get(LINK_HISTORY)),
        tells_context_history=_is_filled_in(claims, CONTEXT_HISTORY),
        tells_link_history=_is_filled_in(claims, LINK_HISTORY),
        course_dates=_dates(claims, custom, COURSE_DATES),
        link_dates=_dates(claims, custom, LINK_DATES),
    )


def _dates(claims: VerifiedClaims, custom: Mapping[str, str], names: tuple[str, str]) -> tuple[str, str] | None:
    """What the LMS put in for two dates. A variable that comes back as it was asked for is an empty one: Canvas has no
    other way to say that there is no date."""
    asked = c.mapping(claims, c.CUSTOM) or {}
    if names[0] not in asked and names[1] not in asked:
        return None
    return custom.get(names[0], "")[:_DATE_LENGTH], custom.get(names[1], "")[:_DATE_LENGTH]


def _history(value: str | None) -> tuple[str, ...]:
    """Ids of earlier copies from a comma-separated list, newest first."""
    parts = (part.strip() for part in (value or "").split(","))
    return tuple(part for part in parts if part and len(part) <= c.ID_LENGTH)[:_HISTORY_LENGTH]


def _is_filled_in(claims: VerifiedClaims, name: str) -> bool:
    """Whether a custom parameter came with a value of the LMS's, an empty one too, and not as it was asked for."""
    value = (c.mapping(claims, c.CUSTOM) or {}).get(name)
    return isinstance(value, str) and not value.startswith("$")


def _services(claims: VerifiedClaims) -> ServiceEndpoints:
    ags = c.mapping(claims, c.AGS_ENDPOINT) or {}
    nrps = c.mapping(claims, c.NRPS_SERVICE) or {}
    return ServiceEndpoints(
        ags_scopes=frozenset(c.strings(ags, "scope") or ()),
        lineitems=c.url(ags, "lineitems"),
        lineitem=c.url(ags, "lineitem"),
        memberships=c.url(nrps, "context_memberships_url"),
        notices=_notices(claims),
        groups=_groups(claims),
    )


def _notices(claims: VerifiedClaims) -> str | None:
    """Where to register for notices of copies (Platform Notification Service 1.0). Nothing of the launch hangs on this
    claim, so one that cannot be read is absent. Whether we have the right to is seen when a token is asked for."""
    if c.NOTICE_SERVICE not in claims:
        return None
    try:
        service = c.mapping(claims, c.NOTICE_SERVICE) or {}
        told = CONTEXT_COPY_NOTICE in (c.strings(service, "notice_types_supported") or ())
        spoken = "1.0" in (c.strings(service, "service_versions") or ())
        return c.url(service, "platform_notification_service_url") if told and spoken else None
    except LaunchRefused:
        return None


def _groups(claims: VerifiedClaims) -> str | None:
    """Where the groups of the context are (Course Groups Service 1.0); read as gently as `_notices`."""
    if c.GROUPS_SERVICE not in claims:
        return None
    try:
        return c.url(c.mapping(claims, c.GROUPS_SERVICE) or {}, "context_groups_url")
    except LaunchRefused:
        return None


def _presentation(claims: VerifiedClaims) -> Presentation:
    found = c.mapping(claims, c.LAUNCH_PRESENTATION) or {}
    return Presentation(
        return_url=_return_url(found),
        document_target=c.label(found, "document_target"),
        locale=c.label(found, "locale"),
    )


def _return_url(presentation: Mapping[str, Any]) -> str | None:
    """Nothing hangs on this address, so one that is no web address is absent rather than refused."""
    value = c.label(presentation, "return_url", limit=c.URL_LENGTH + 1)
    return value if value and len(value) <= c.URL_LENGTH and is_web_url(value) else None


def _tool_platform(claims: VerifiedClaims) -> ToolPlatform:
    found = c.mapping(claims, c.TOOL_PLATFORM) or {}
    return ToolPlatform(
        guid=c.text(found, "guid"),
        name=c.label(found, "name"),
        family=c.label(found, "product_family_code"),
        version=c.label(found, "version"),
    )


def _custom(claims: VerifiedClaims) -> Mapping[str, str]:
    """Custom parameters as strings. A value that still starts with "$" is a substitution which the platform
    does not know (Moodle sends it as it is), so it is absent; Canvas sends numbers and booleans unquoted."""
    found = c.mapping(claims, c.CUSTOM) or {}
    if len(found) > c.LIST_LENGTH:
        raise c.malformed(c.CUSTOM, "holds too many parameters")
    values = {name: _custom_value(value) for name, value in found.items()}
    return {name: value for name, value in values.items() if value and not value.startswith("$")}


def _custom_value(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)[: c.TEXT_LENGTH]
        case str() if len(value) <= c.CUSTOM_LENGTH:
            return value
    raise c.malformed(c.CUSTOM, "holds something else than strings of a moderate length")
