"""The things an LMS knows, as plain frozen values; the `World` holds the current ones."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from tests.demo_lms.vocabulary import Activity, Grading, Message, Role, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an account. `id` is the `sub` tools see; `key` is the short name tests and pages use."""

    id: str
    key: str
    given_name: str
    family_name: str
    email: str
    standing: str = ""
    """What the start page says of this person."""
    institution_roles: tuple[Role, ...] = ()
    locale: str = "en-US"

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}"

    @property
    def is_administrator(self) -> bool:
        return Role.SYSTEM_ADMINISTRATOR in self.institution_roles


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A class with people and links. `history` holds the ids it was copied from, newest first."""

    id: str
    label: str
    title: str
    types: tuple[str, ...]
    history: tuple[str, ...] = ()
    begins: str = ""
    ends: str = ""
    """First and last day as the LMS writes them, ISO 8601; empty where nobody set one."""


class MemberStatus(StrEnum):
    """NRPS 2.0 §2.5."""

    ACTIVE = "Active"
    INACTIVE = "Inactive"
    DELETED = "Deleted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A person in a context; a deleted one is kept, because rosters tell of it as a difference."""

    person_id: str
    context_id: str
    role: Role
    status: MemberStatus = MemberStatus.ACTIVE
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A registered tool (an OAuth client)."""

    client_id: str
    name: str
    initiate_login_uri: str
    redirect_uris: tuple[str, ...]
    jwks_uri: str
    target_link_uri: str
    domain: str
    deep_linking_uri: str | None = None
    submission_review_uri: str | None = None
    data_privacy_uri: str | None = None
    scopes: tuple[Scope, ...] = ()
    claims: tuple[str, ...] = ()
    custom: dict[str, str] = field(default_factory=dict)
    deep_linking_custom: dict[str, str] = field(default_factory=dict)
    logo_uri: str | None = None
    description: str = ""
    active: bool = False

    @property
    def wants_names(self) -> bool:
        return bool({"name", "given_name", "family_name"} & set(self.claims))

    @property
    def wants_emails(self) -> bool:
        return "email" in self.claims


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """Where a tool may be used: everywhere (`context_ids` is None) or in some contexts."""

    id: str
    client_id: str
    context_ids: tuple[str, ...] | None = None

    def covers(self, context_id: str) -> bool:
        return self.context_ids is None or context_id in self.context_ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A resource link: a tool's piece of content placed in a context."""

    id: str
    context_id: str
    client_id: str
    deployment_id: str
    title: str
    url: str
    text: str = ""
    custom: dict[str, str] = field(default_factory=dict)
    history: tuple[str, ...] = ()
    available: dict[str, str] = field(default_factory=dict)
    submission: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """A gradebook column that belongs to a tool (AGS 2.0 §3.2)."""

    id: str
    context_id: str
    client_id: str
    label: str
    score_maximum: float
    resource_link_id: str | None = None
    resource_id: str | None = None
    tag: str | None = None
    start: str | None = None
    end: str | None = None
    grades_released: bool | None = None
    submission_review: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One accepted score post, as it came; the history of a column is a list of these (AGS 2.0 §3.4)."""

    line_item_id: str
    user_id: str
    activity: Activity
    grading: Grading
    timestamp: datetime
    timestamp_text: str
    given: float | None
    maximum: float | None
    comment: str | None
    received_at: datetime
    body: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the gradebook shows for a person now."""

    line_item_id: str
    user_id: str
    activity: Activity
    grading: Grading
    timestamp: datetime | None
    """The newest score's own time; None after an erasing score on platforms that forget it."""
    score: float | None
    maximum: float
    comment: str | None
    posts: int
    overridden: bool = False
    """Typed over by a teacher in the LMS: shown instead of whatever the tool sends afterwards."""
    comments: tuple[str, ...] = ()
    """All of them, where they pile up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A message on its way: begun by a click in the LMS, ended by one authentication request."""

    id: str
    message: Message
    person_id: str
    client_id: str
    deployment_id: str
    context_id: str
    """Empty for a privacy launch, which comes from no context."""
    target_link_uri: str
    begun_at: datetime
    link_id: str | None = None
    line_item_id: str | None = None
    for_user_id: str | None = None
    data: str | None = None
    """Deep linking: what the tool has to give back unchanged."""
    accept_multiple: bool = True
    in_window: bool = False
    roles: tuple[str, ...] | None = None
    """Roles to say instead of the person's own; tests of odd vocabularies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of people of a context."""

    id: str
    context_id: str
    name: str
    person_ids: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A delivery of notices to a tool's handler, and what it answered."""

    handler: str
    tokens: tuple[str, ...]
    status: int
    answer: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationToken:
    """Leave to register once. With a client id it is leave to update that tool; once used, the tool that came of it."""

    token: str
    expires_at: datetime
    client_id: str | None = None
    always_new: bool = False
    used: bool = False
    tool_url: str | None = None
    """The tool's registration page, where an administrator pasted one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessToken:
    token: str
    client_id: str
    scopes: tuple[Scope, ...]
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One request the LMS answered (or, for `status` 0, dropped), for tests that ask what was really sent."""

    method: str
    path: str
    query: str
    endpoint: str | None
    status: int
    headers: dict[str, str]
