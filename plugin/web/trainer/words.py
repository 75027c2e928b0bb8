"""What trainers read that is put together from facts: waiting times, counts, what an answer still lacks."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from plugin import clock
from plugin.db.queue import Numbers
from plugin.db.reflections import Decision
from plugin.domain.business_days import Urgency, back, urgency, waited
from plugin.domain.review import LONGEST_ANSWER, Lack, PassRule, Problem, Written
from plugin.web.formats import local, waiting, zone
from plugin.web.trainer.forms import COMMENT, MARK, PLAIN


def today() -> date:
    """The day it is where the visitor reads."""
    return local(clock.now()).date()


def came_before(days: int) -> datetime:
    """The moment before which everything that still waits has waited so many business days."""
    return datetime.combine(back(today(), days) + timedelta(days=1), time(), zone())


def days_waited(since: datetime) -> int:
    """Business days on the visitor's calendar."""
    return waited(local(since).date(), today())


def wait(since: datetime) -> tuple[str, str]:
    """The kind of state (of parts/states.html) and its words: ("due", "4 days, due today"), ("waiting", "2 days")."""
    days = days_waited(since)
    words = waiting(days)
    if urgency(days) is Urgency.OVERDUE:
        return "overdue", str(_("%(days)s, overdue", days=words))
    if urgency(days) is Urgency.DUE:
        return "due", str(_("%(days)s, due today", days=words))
    return "waiting", words if days else str(_("sent today"))


def queue_in_words(numbers: Numbers) -> str:
    """The queue in one line: 2 overdue, 3 due today, 11 waiting, oldest 7 days. What there is none of is not said."""
    parts = []
    if numbers.overdue:
        parts.append(ngettext("%(num)d overdue", "%(num)d overdue", numbers.overdue))
    if numbers.due:
        parts.append(ngettext("%(num)d due today", "%(num)d due today", numbers.due))
    days = days_waited(numbers.oldest) if numbers.oldest else 0
    if days:
        said = ngettext(
            "%(num)d waiting, %(days)s", "%(num)d waiting, oldest %(days)s", numbers.waiting, days=waiting(days)
        )
    else:
        said = ngettext("%(num)d waiting, sent today", "%(num)d waiting, all sent today", numbers.waiting)
    return ", ".join([*parts, said])


def known(name: str | None) -> str:
    """A person's name, or that there is none."""
    return name or str(_("(no name sent)"))


def gone_out(decision: Decision, member: str, left: int) -> str:
    """What became of a reflection, and what is left: Returned to Ada Okafor. 10 waiting."""
    member = member.removesuffix(".")  # Jr. and initials bring their own
    if decision is Decision.ACCEPT:
        said = _("Accepted for %(member)s.", member=member)
    else:
        said = _("Returned to %(member)s.", member=member)
    if not left:
        return f"{said} {_('Nothing else waits.')}"
    return f"{said} {ngettext('%(num)d waiting.', '%(num)d waiting.', left)}"


def lacks(problems: tuple[Problem, ...], titles: dict[str, str], rule: PassRule, member: str) -> list[dict[str, str]]:
    """Each problem as a sentence that says what to do, and the id of the field where to do it."""
    return [_lack(problem, titles.get(problem.criterion or "", ""), rule, member) for problem in problems]


def _lack(problem: Problem, title: str, rule: PassRule, member: str) -> dict[str, str]:
    key = problem.criterion or ""
    if problem.lack is Lack.ADVICE:
        sentence = _("Write a next step or a comment, so that %(member)s knows what to do.", member=member)
        return {"field": "next_step", "criterion": "", "message": str(sentence)}
    if problem.lack is Lack.REASON:
        sentence = _("“%(title)s” is marked Not yet: say in its comment what is missing.", title=title)
        return {"field": COMMENT + key, "criterion": key, "message": str(sentence)}
    if problem.lack is Lack.MARK:
        sentence = _("Mark “%(title)s” before you accept.", title=title)
    elif rule is PassRule.ALL_MET:
        sentence = _("“%(title)s” has to be Met to accept. Change the mark, or return with comments.", title=title)
    else:
        sentence = _("“%(title)s” is marked Not yet. Change the mark, or return with comments.", title=title)
    return {"field": f"{MARK}{key}", "criterion": key, "message": str(sentence)}


def labels(titles: dict[str, str]) -> dict[str, str]:
    """What each field of an answer is called; `titles` are those of the criteria by key."""
    plain = {"working": str(_("Already working")), "next_step": str(_("Next step")), "question": str(_("Question"))}
    marks = {MARK + key: title for key, title in titles.items()}
    comments = {COMMENT + key: str(_("Comment on “%(title)s”", title=title)) for key, title in titles.items()}
    return {**marks, **comments, **plain}


def too_long(written: Written, titles: dict[str, str]) -> list[dict[str, str]]:
    """The fields that hold more than is kept, each as a sentence."""
    called = labels(titles)
    texts = {COMMENT + key: text for key, text in written.comments.items()}
    texts |= {name: str(getattr(written, name)) for name in PLAIN}
    return [
        {
            "field": field,
            "criterion": field.removeprefix(COMMENT) if field.startswith(COMMENT) else "",
            "message": _length(called[field], len(text)),
        }
        for field, text in texts.items()
        if len(text) > LONGEST_ANSWER
    ]


def _length(label: str, count: int) -> str:
    return str(
        _(
            "“%(label)s” has %(count)s characters; %(most)s fit. Shorten it, then save.",
            label=label,
            count=format_decimal(count),
            most=format_decimal(LONGEST_ANSWER),
        )
    )


def starters() -> list[str]:
    """Beginnings of good comments, for whoever looks for words."""
    return [
        str(_("You noticed …, and tied it to …")),
        str(_("Say what students did that told you it worked.")),
        str(_("Which part of the reading supports this choice?")),
        str(_("Name the next lesson where you will try it.")),
        str(_("Please remove the student’s name before I read on.")),
    ]
