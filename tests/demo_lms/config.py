"""What a demo LMS is told when it is made: who it is, and which of the lawful habits of real LMSs it has."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """Where real platforms differ from each other. Every default is the plain reading of the standard."""

    login_method: Literal["POST", "GET"] = "POST"
    id_token_life: timedelta = timedelta(seconds=60)
    access_token_life: timedelta = timedelta(hours=1)
    send_names: bool = True
    send_emails: bool = True
    storage_target: str | None = None
    """`lti_storage_target` of the login request: "_parent" or a frame's name; None where there is no storage."""
    registration_answer_has_deployment: bool = True
    registration_status: Literal[200, 201] = 201
    configuration_needs_token: bool = False
    """Canvas opens its configuration document only to a bearer of the registration token."""
    activate_at_registration: bool = False
    all_scopes_or_none: bool = False
    """Sakai refuses a token request that holds one scope which is not allowed; others grant the rest."""
    line_item_query: bool = False
    """Moodle's line item URLs end in a query; `/scores` belongs before it."""
    whole_second_timestamps: bool = False
    """Moodle compares score timestamps in whole seconds."""
    unfinished_scores_erase: bool = False
    """Moodle and Canvas erase the result when a score arrives that is not FullyGraded."""
    short_roster_roles: bool = False
    """Moodle's roster says "Learner" where its launches say the URI."""
    curly_link_quotes: bool = False
    """Moodle's Link header of line items and results has curly quotes."""
    resource_link_history: bool = True
    """Whether `$ResourceLink.id.history` is substituted; Moodle leaves it literally."""
    page_size: int = 100
    """Most entries on one page of a service's answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One LMS: its public address and name, and its habits.

    `issuer` is the origin people and tools reach it at, without a trailing slash.
    """

    issuer: str
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

    def url(self, path: str) -> str:
        """The absolute address of a path of this LMS."""
        return self.issuer + path
