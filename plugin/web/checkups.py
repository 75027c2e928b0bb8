"""A round of checks as its page shows it: findings in the reader's language, in groups, and the letter for the LMS."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from plugin.actions import platforms
from plugin.actions.doctor import words
from plugin.actions.doctor.findings import Health, Who
from plugin.actions.doctor.rounds import Report
from plugin.actions.doctor.words import About, Line
from plugin.db.platforms import Platform
from plugin.web import reasons
from plugin.web.wiring import wiring
from plugin.web.words import gettext

# A round may take 20 seconds of a web process that has few threads: one after the other, and whoever comes meanwhile is
# asked to wait, so that slow LMSs never take the threads of those who learn.
ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Group:
    """Findings with the same verdict; whose turn it is, where something is to be mended."""

    title: str
    health: Health
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Shown:
    """A report, ready for the template; `letter` is empty when the LMS's administrator has nothing to do."""

    at: datetime
    groups: tuple[Group, ...]
    letter: str

    @property
    def is_well(self) -> bool:
        """Nothing is to be mended."""
        return all(group.health is not Health.MEND for group in self.groups)


def shown(platform: Platform, report: Report) -> Shown:
    """The report in the reader's language."""
    lines = [words.line(finding, gettext, reason=_reason) for finding in report.findings]
    kinds = (
        (_("To mend in the LMS, by its administrator"), Health.MEND, {Who.LMS}),
        (_("To mend in Practicum, by you"), Health.MEND, {Who.OURS, Who.NOBODY}),
        (_("Could not be checked"), Health.UNKNOWN, set(Who)),
        (_("Well"), Health.WELL, set(Who)),
        (_("Does not apply"), Health.NONE, set(Who)),
    )
    groups = [
        Group(title, health, tuple(line for line in lines if line.health is health and line.who in whose))
        for title, health, whose in kinds
    ]
    letter = words.letter(about(platform), lines, report.at, gettext)
    return Shown(report.at, tuple(group for group in groups if group.lines), letter)


def about(platform: Platform) -> About:
    """The connection for the letter."""
    ours = platforms.described(wiring().settings.base_url)
    return About(
        name=platform.name,
        issuer=platform.issuer,
        client_id=platform.client_id,
        family=platform.family,
        ours={
            _("Practicum’s public keys"): ours.key_set_url,
            _("Practicum’s login address"): ours.login_url,
            _("Practicum’s redirect address"): ours.launch_url,
        },
    )


def _reason(codes: str, sentence: str) -> str:
    return reasons.of_telling(codes or None, sentence) or ""
