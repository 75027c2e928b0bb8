"""Packs: offerings written as YAML and Markdown, and the code that reads, checks and renders them.

Here belongs what an offering is made of and how its text becomes safe HTML. Nothing here knows of LTI, of a
database, of Flask, or of the members who take an offering. `README.md` is the format, for authors.
"""

from content.catalog import find, installed
from content.document import digest, from_document, to_document
from content.errors import Fault, PackError
from content.linter import check
from content.loader import load
from content.measures import passive_minutes, words
from content.schema import (
    Activity,
    ActivityKind,
    Category,
    Choice,
    Criterion,
    Essa,
    Language,
    OfferingKind,
    Outcome,
    Pack,
    PassRule,
    Pilot,
    Prompt,
    PromptKind,
    Question,
    Review,
    Rubric,
    Scenario,
    Section,
    SectionRole,
    Session,
    Source,
    Statement,
)

__all__ = [
    "Activity",
    "ActivityKind",
    "Category",
    "Choice",
    "Criterion",
    "Essa",
    "Fault",
    "Language",
    "OfferingKind",
    "Outcome",
    "Pack",
    "PackError",
    "PassRule",
    "Pilot",
    "Prompt",
    "PromptKind",
    "Question",
    "Review",
    "Rubric",
    "Scenario",
    "Section",
    "SectionRole",
    "Session",
    "Source",
    "Statement",
    "check",
    "digest",
    "find",
    "from_document",
    "installed",
    "load",
    "passive_minutes",
    "to_document",
    "words",
]
