"""A pack as values: what an offering is made of, frozen and ready to be shown.

Times are whole minutes. Fields that end in `html` hold rendered, sanitised HTML; all other text is plain and
must be escaped where it is shown. Keys are the ids their authors gave; they never change between versions.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class OfferingKind(StrEnum):
    """What sort of offering a pack holds."""

    MODULE = "module"
    COURSE = "course"
    WEBINAR = "webinar"


class Language(StrEnum):
    """The language an offering is written in; pages need it to say so to screen readers."""

    ENGLISH = "en"
    SPANISH = "es"


class PassRule(StrEnum):
    """When a reflection counts as met: no criterion not yet, or all of them met."""

    NO_NOT_YET = "no-not-yet"
    ALL_MET = "all-met"


class ActivityKind(StrEnum):
    """The six kinds of activity; the pack format says when each one is done."""

    READING = "reading"
    INVENTORY = "inventory"
    PRACTICE = "practice"
    CHECK = "check"
    WRITING = "writing"
    REFLECTION = "reflection"


class SectionRole(StrEnum):
    """The voice a piece of text speaks in."""

    PROSE = "prose"
    FINDING = "finding"
    MEANING = "meaning"
    CLASSROOM = "classroom"
    TASK = "task"


class PromptKind(StrEnum):
    """What a prompt asks a member to write."""

    GOAL = "goal"
    REFLECT = "reflect"
    PLAN = "plan"
    TRY_REPORT = "try-report"
    CONNECT_TO_RESEARCH = "connect-to-research"
    LOOK_BACK = "look-back"
    CONVERSATION = "conversation"


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of an activity's text; `citations` are keys of sources, `minutes` is what a task takes."""

    role: SectionRole
    html: str
    citations: tuple[str, ...] = ()
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """Something a teacher does rarely, sometimes or often."""

    key: str
    html: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the choices of a scenario or question; its key is the letter of its place, from "a"."""

    key: str
    html: str
    explanation_html: str
    right: bool


@dataclass(frozen=True, slots=True)
class Scenario:
    """A situation in a classroom and what one could do in it."""

    key: str
    html: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a knowledge check; `outcome` is the key of the outcome it assesses."""

    key: str
    html: str
    outcome: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a member is asked to write, why, and about how many words (guidance, never a limit)."""

    kind: PromptKind
    html: str
    why_html: str
    words_low: int
    words_high: int


@dataclass(frozen=True, slots=True)
class Pilot:
    """What a trial with real readers measured: how many took part, and the median of their minutes."""

    readers: int
    median: int


@dataclass(frozen=True, slots=True)
class Activity:
    """A timed part of a session; which of the fields after `body` are filled follows from its kind."""

    key: str
    kind: ActivityKind
    title: str
    minutes: int
    required: bool
    body: tuple[Section, ...]
    statements: tuple[Statement, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    questions: tuple[Question, ...] = ()
    prompt: Prompt | None = None
    shows: tuple[str, ...] = ()
    """Keys of earlier activities whose answers stand beside this one."""
    pilot: Pilot | None = None

    @property
    def choosing(self) -> tuple[Scenario | Question, ...]:
        """The scenarios or questions: whatever is answered by a choice."""
        return self.scenarios + self.questions


@dataclass(frozen=True, slots=True)
class Session:
    """One part of an offering, numbered from 1."""

    number: int
    title: str
    minutes: int
    activities: tuple[Activity, ...]


@dataclass(frozen=True, slots=True)
class Category:
    """A share of the minutes, by the category under which hours are reported (pedagogy, content, …)."""

    key: str
    minutes: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a member can do afterwards; `assessed_by` are keys of activities, questions or scenarios."""

    key: str
    text: str
    assessed_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One row of a rubric: what met, approaching and not yet look like, as sentences a member can act on."""

    key: str
    title: str
    met: str
    approaching: str
    not_yet: str


@dataclass(frozen=True, slots=True)
class Rubric:
    """The criteria by which trainers read reflections."""

    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class Essa:
    """The tier of evidence under the Every Student Succeeds Act, 1 (strong) to 4, and why."""

    tier: int
    rationale: str


@dataclass(frozen=True, slots=True)
class Review:
    """When the offering was last reviewed, how often it has to be, and by whom."""

    last: date
    every_years: int
    owner: str

    @property
    def due(self) -> date:
        """The day from which the offering counts as overdue for review is the day after this one."""
        year = self.last.year + self.every_years
        if (self.last.month, self.last.day) == (2, 29):
            return date(year, 2, 28)
        return self.last.replace(year=year)


@dataclass(frozen=True, slots=True)
class Source:
    """A work that findings cite, as a line of the reference list."""

    key: str
    html: str


@dataclass(frozen=True, slots=True)
class Pack:
    """One version of an offering, whole."""

    code: str
    version: str
    kind: OfferingKind
    language: Language
    title: str
    summary: str
    audience: tuple[str, ...]
    topic: str
    minutes: int
    categories: tuple[Category, ...]
    outcomes: tuple[Outcome, ...]
    pass_rule: PassRule
    rubric: Rubric
    essa: Essa
    review: Review
    authors: tuple[str, ...]
    sources: tuple[Source, ...]
    sessions: tuple[Session, ...]

    @property
    def activities(self) -> Iterator[Activity]:
        """All activities of all sessions, in order."""
        return (activity for session in self.sessions for activity in session.activities)
