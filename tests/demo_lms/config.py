"""What a demo LMS is told when it is made: who it is, and which of the lawful habits of real LMSs it has."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal

from tests.demo_lms.vocabulary import Grading


@dataclass(frozen=True, slots=True)
class Refusal:
    """How a service says no: status and body; "{user}" in it becomes the id of the person it is about."""

    status: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Where real platforms differ from each other. Every default is the plain reading of the standard.

    Who has which of them: `profiles`.
    """

    # Registration and messages

    dynamic_registration: bool = True
    """Blackboard, Schoology and Open edX have none: an administrator types the tool in."""
    client_id: str | None = None
    """The one client id under which all customers know the tool; their deployments tell them apart (Blackboard)."""
    deployment_id: str | None = None
    """The id of the first deployment of every tool ("1" in Open edX)."""
    login_method: Literal["POST", "GET"] = "POST"
    id_token_life: timedelta = timedelta(seconds=60)
    access_token_life: timedelta = timedelta(hours=1)
    send_names: bool = True
    send_emails: bool = True
    storage_target: str | None = None
    """`lti_storage_target` of the login request: "_parent" or a frame's name; None where it says none."""
    storage_frame: str | None = None
    """The frame that keeps values although the login request does not say so (Blackboard)."""
    storage_names: Literal["both", "new", "old"] = "both"
    """Which names of its messages the storage understands: "lti.put_data", "org.imsglobal.lti.put_data" or both."""
    registration_answer_has_deployment: bool = True
    registration_status: Literal[200, 201] = 201
    configuration_needs_token: bool = False
    """Canvas opens its configuration document only to a bearer of the registration token."""
    activate_at_registration: bool = False

    # Access tokens and services

    token_audience: str | None = None
    """The `aud` of client assertions, where it is not the token endpoint's address (Brightspace)."""
    unscoped_status: Literal[401, 403] = 403
    """What a token without the scope is answered; Moodle says 401."""
    user_agent_needed: bool = False
    """Canvas answers 403 to a request without a User-Agent."""
    wrong_accept_status: int = 406
    wrong_type_status: int = 415
    accept_may_lack: bool = False
    """Moodle takes a request without Accept; what it says has to be exact all the same."""
    roster_takes_any: bool = False
    """Moodle's roster takes `Accept: */*` besides."""
    empty_lists_bare: bool = False
    """Sakai answers an empty list with an empty body."""
    all_scopes_or_none: bool = False
    """Sakai refuses a token request that holds one scope which is not allowed; others grant the rest."""
    notices: bool = True
    """Whether tools may have themselves told of copied contexts (Canvas, Brightspace)."""
    groups: bool = True
    """Whether tools are told the groups of a context, and who is in them with the roster."""
    line_item_query: bool = False
    """Moodle's line item URLs end in a query; `/scores` belongs before it."""
    whole_second_timestamps: bool = False
    """Moodle compares score timestamps in whole seconds."""
    same_timestamp_taken: bool = False
    """Canvas refuses an older timestamp only: the same post sent again is taken again."""
    future_timestamp_taken: bool = False
    """Moodle takes a timestamp in the future, which then stands in the way of all others."""
    stale: Refusal = Refusal(409, "timestamp is not later than that of the score already here")
    erasing: frozenset[Grading] = frozenset()
    """Gradings whose post erases grade and comment, and the time they were given at."""
    comments_pile_up: bool = False
    """Canvas adds the comment of each post to those that are there; others show the newest post's, or none."""
    attempts: int | None = None
    """How many posts may be a new submission; Canvas takes every one for it that does not say otherwise."""
    nobody: Refusal = Refusal(404, "userId is nobody this LMS knows")
    not_here: Refusal = Refusal(400, "userId is not enrolled in this context")
    no_learner: Refusal = Refusal(400, "userId cannot be graded: not a Learner of this context")
    suspended_graded: bool = False
    """Moodle takes scores for somebody who is suspended."""
    locked: Refusal = Refusal(400, "the grade is locked")
    whole_maximum: bool = False
    """Open edX takes whole numbers only."""
    caps_scores: bool = False
    """Moodle and Brightspace cut a score above the maximum."""
    zero_published: bool = True
    """Older releases of Open edX keep a score of 0 to themselves."""
    only_tied_columns: bool = False
    """Open edX: a column wants resourceId or resourceLinkId, and only one of a link reaches the gradebook."""
    columns_deletable: bool = True
    filtered_results_lack_comment: bool = False
    """Blackboard leaves the comment out when results of one person are asked for."""
    roster_page_size: int | None = None
    """Most members on a page, where it is not `page_size`."""
    roster_by_start: bool = False
    """Sakai's pages are asked for by `start` and `limit`."""
    roster_limit: int | None = None
    """Older releases of Open edX refuse a roster of more people altogether."""
    roster_shows_absence: bool = True
    """Inactive members and differences; Moodle just leaves out who is suspended or gone."""
    short_roster_roles: bool = False
    """Moodle's roster says "Learner" where its launches say the URI."""
    curly_link_quotes: bool = False
    """Moodle's Link header of line items and results has curly quotes."""
    resource_link_history: bool = True
    """Whether `$ResourceLink.id.history` is substituted; Moodle leaves it literally."""
    course_dates: Literal["standard", "canvas"] | None = "standard"
    """By which variables a course's first and last day are substituted, if any; others stay literal."""
    link_dates: bool = True
    """Whether a link has days: those of deep linking are kept, and substituted; Moodle ignores them."""
    page_size: int = 100
    """Most entries on one page of a service's answer, and as many as come unasked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One LMS: its public address and name, and its habits.

    `issuer` is the origin people and tools reach it at, without a trailing slash.
    """

    issuer: str
    shared_issuer: str | None = None
    """What messages name as issuer where it is not the address: Canvas, Blackboard and Schoology say the same
    for all their customers."""
    name: str = "Riverbend School District LMS"
    guid: str = "riverbend.example.org"
    product_family_code: str = "riverbend"
    version: str = "2026.11"
    habits: Habits = field(default_factory=Habits)
    state_file: Path | None = None
    tool_registration_url: str | None = None
    """Offered on the page for tools, so that a demonstration needs no copying and pasting."""
    populated: bool = True
    """Whether the people and contexts of the demonstration are there from the start."""

    def __post_init__(self) -> None:
        if self.issuer.endswith("/"):
            raise ValueError("issuer: leave the trailing slash away")

    @property
    def iss(self) -> str:
        """The issuer as messages name it."""
        return self.shared_issuer or self.issuer

    def url(self, path: str) -> str:
        """The absolute address of a path of this LMS."""
        return self.issuer + path
