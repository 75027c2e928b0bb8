"""The publish gate: whatever keeps a pack from being offered to members, all of it at once.

`content.loader` says whether a pack can be read, this file whether it should be published. Rules live in
`content.rules`, one file a subject, and are listed here; nothing else runs them.
"""

from datetime import UTC, date, datetime
from itertools import groupby, islice
from pathlib import Path

from content.errors import MOST_FAULTS_A_FILE, Fault
from content.loader import read
from content.manuscript import Manuscript
from content.rules import items, minutes, teaching, texts, upkeep

TEXT_RULES = (texts.headings, texts.links, texts.pictures, texts.tables, texts.contacts)
ACTIVITY_RULES = (minutes.design_time, teaching.findings, items.choices, items.prompts)
PACK_RULES = (
    minutes.sums,
    minutes.passive_share,
    teaching.outcomes,
    teaching.sessions,
    teaching.sources,
    upkeep.review,
    upkeep.rubric,
)


def check(path: Path, today: date | None = None) -> list[Fault]:
    """Everything to mend in the pack at `path`, by file and line; empty when it may be published.

    `today` decides whether its review is overdue; by default it is the present day, UTC.
    """
    manuscript = read(path)
    faults = {*manuscript.faults, *lint(manuscript, today or datetime.now(UTC).date())}
    files = groupby(sorted(faults), key=lambda fault: fault.file)
    return [fault for _file, found in files for fault in islice(found, MOST_FAULTS_A_FILE)]


def lint(manuscript: Manuscript, today: date) -> list[Fault]:
    """What the rules say; rules on the whole are silent while the pack cannot be loaded."""
    faults = [fault for rule in TEXT_RULES for fault in rule(manuscript)]
    for activity in manuscript.activities:
        faults += [fault for rule in ACTIVITY_RULES for fault in rule(activity, manuscript)]
    if manuscript.pack:
        faults += [fault for rule in PACK_RULES for fault in rule(manuscript.pack, manuscript, today)]
    return sorted(set(faults))
