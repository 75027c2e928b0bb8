"""The form by which content is chosen: what was typed, what it asks for, and what is wrong with it, in words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from werkzeug.datastructures import MultiDict

from plugin.actions.choose import MOST, ChoiceRefused, OpensIn, Why, Wish
from plugin.domain.columns import Choice
from plugin.domain.due_days import LONGEST_SPACING, Days, Fault
from plugin.web.words import gettext as _

SESSIONS = "sessions"  # the value of `links` for one link for each session
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBER = re.compile(r"\d{1,4}", re.ASCII)
_LONGEST = 64  # characters of a field that are looked at, and shown again


@dataclass(frozen=True)
class Typed:
    """The form as somebody filled it in; everything is kept while they look at a preview, or mend a day."""

    offerings: tuple[str, ...] = ()
    links: str = "one"
    columns: str = Choice.COMPLETION.value
    available: str = ""
    due: str = ""
    spacing: str = ""
    opens_in: str = OpensIn.FRAME.value

    @property
    def fields(self) -> list[tuple[str, str]]:
        """Names and values, as a form sends them."""
        names = ("links", "columns", "available", "due", "spacing", "opens_in")
        return [("offering", code) for code in self.offerings] + [(name, getattr(self, name)) for name in names]


@dataclass(frozen=True)
class Problem:
    """Something to mend; `field` is the id of what it is about, empty for the whole."""

    message: str
    field: str = ""


class Mistyped(Exception):
    """The form cannot be understood; `problems` says what of it."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("the form cannot be understood")
        self.problems = problems


def typed(form: MultiDict[str, str]) -> Typed:
    """What was filled in."""

    def one(name: str, usual: str = "") -> str:
        return form.get(name, usual).strip()[:_LONGEST]

    return Typed(
        offerings=tuple(dict.fromkeys(code[:_LONGEST] for code in form.getlist("offering"))),
        links=one("links", "one"),
        columns=one("columns", Choice.COMPLETION.value),
        available=one("available"),
        due=one("due"),
        spacing=one("spacing"),
        opens_in=one("opens_in", OpensIn.FRAME.value),
    )


def wish_of(filled: Typed) -> Wish:
    """What it asks for. A spacing is for links to sessions, and nothing otherwise.

    Raises:
        Mistyped: a day that is no day, or nothing was chosen.
    """
    by_session = filled.links == SESSIONS
    problems: list[Problem] = []
    available, due = (_day(filled, name, problems) for name in ("available", "due"))
    spacing = 0
    if by_session and filled.spacing:
        if _NUMBER.fullmatch(filled.spacing):
            spacing = int(filled.spacing)
        else:
            problems.append(Problem(_spacing_words(), "spacing"))
    if not filled.offerings:
        problems.append(Problem(words_of(ChoiceRefused(Why.NOTHING))[0].message))
    if problems:
        raise Mistyped(problems)
    return Wish(
        codes=filled.offerings,
        by_session=by_session,
        columns=next((one for one in Choice if one.value == filled.columns), Choice.COMPLETION),
        days=Days(available, due, spacing),
        opens_in=next((one for one in OpensIn if one.value == filled.opens_in), OpensIn.FRAME),
    )


def _day(filled: Typed, name: str, problems: list[Problem]) -> date | None:
    said: str = getattr(filled, name)
    try:
        if _DAY.fullmatch(said):
            return date.fromisoformat(said)
    except ValueError:
        pass  # the thirtieth of February, say: no day either
    if said:
        problems.append(Problem(_("This is no day. Write it as year, month and day, such as 2027-03-14."), name))
    return None


def _spacing_words() -> str:
    return _("Write the number of days between sessions, from 1 to %(most)d.", most=LONGEST_SPACING)


def words_of(refused: ChoiceRefused) -> list[Problem]:
    """Why a choice was refused, and what to do."""
    if refused.why is Why.DAYS:
        return [_fault_words(fault) for fault in refused.faults]
    sentences = {
        Why.NOTHING: _("Choose what to add to the course first."),
        Why.TOO_MANY: _("Choose %(most)d at most at a time: each link counts.", most=MOST),
        Why.GONE: _("One of the chosen offerings is not there any more. Choose again."),
        Why.ONE_COLUMN: _(
            "Your LMS gives each link one gradebook column, and lets us make no others. Choose one column for the "
            "completion, or one link per session with one column per session."
        ),
    }
    return [Problem(sentences[refused.why])]


def _fault_words(fault: Fault) -> Problem:
    far = _("This day is too far away. Look at the year.")
    problems = {
        Fault.AVAILABLE_FAR: Problem(far, "available"),
        Fault.DUE_FAR: Problem(
            _("This day is too far away, or that of the last session is. Look at the year and at the days between."),
            "due",
        ),
        Fault.DUE_BEFORE: Problem(_("It would be due before it is available. Choose a later day."), "due"),
        Fault.SPACING_RANGE: Problem(_spacing_words(), "spacing"),
        Fault.SPACING_ALONE: Problem(_("Say by when the first session is due; the others follow from it."), "due"),
    }
    return problems[fault]
