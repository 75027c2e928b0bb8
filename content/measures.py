"""Words and minutes: what a text, an activity and an offering come to.

Design time follows the formula of NASBA for self-study (words ÷ 180 + minutes of media + questions × 1.85),
widened by the time that tasks and writing take. 180 words a minute leaves time to think; silent reading alone
is about 240.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from content.markdown import plain_text
from content.schema import Activity, ActivityKind, Choice, Pack, SectionRole

WORDS_READ_A_MINUTE = 180
WORDS_WRITTEN_A_MINUTE = 10
MINUTES_AN_ITEM = Fraction("1.85")
TOLERANCE = Fraction(15, 100)
LARGEST_PASSIVE_SHARE = Fraction(40, 100)

_WORD = re.compile(r"[^\W_][^\s—]*")


def words(text: str) -> int:
    """Count words as people do: what stands between spaces or long dashes, if it holds a letter or digit.

    "don't", "next-step" and "150–300" are one word each, a lone dash or bullet is none. In JavaScript the
    same is `/[\\p{L}\\p{N}][^\\s—]*/gu`.
    """
    return len(_WORD.findall(text))


@dataclass(frozen=True, slots=True)
class DesignTime:
    """What an activity should take, in minutes, by part."""

    reading: Fraction
    items: Fraction
    tasks: Fraction
    writing: Fraction

    @property
    def total(self) -> Fraction:
        """All parts together."""
        return self.reading + self.items + self.tasks + self.writing


def design_time(activity: Activity) -> DesignTime:
    """Compute what an activity should take by the formula."""
    items = len(activity.questions) + len(activity.scenarios) + len(activity.statements)
    prompt = activity.prompt
    return DesignTime(
        reading=Fraction(words(activity_text(activity)), WORDS_READ_A_MINUTE),
        items=items * MINUTES_AN_ITEM,
        tasks=Fraction(task_minutes(activity)),
        writing=Fraction(prompt.words_low + prompt.words_high, 2 * WORDS_WRITTEN_A_MINUTE) if prompt else Fraction(0),
    )


def is_within_tolerance(measured: Fraction | int, declared: int) -> bool:
    """Whether measured minutes are within 15 % of the minutes an activity declares."""
    return abs(Fraction(measured) - declared) <= TOLERANCE * declared


def activity_text(activity: Activity) -> str:
    """Everything a member reads in an activity: text, items, choices, explanations, prompt. Sources are not
    part of it.
    """
    html = [section.html for section in activity.body]
    html += [statement.html for statement in activity.statements]
    for item in activity.choosing:
        html += [item.html, *(part for choice in item.choices for part in _choice_html(choice))]
    if activity.prompt:
        html += [activity.prompt.html, activity.prompt.why_html]
    return plain_text("\n".join(html))


def _choice_html(choice: Choice) -> tuple[str, str]:
    return choice.html, choice.explanation_html


def task_minutes(activity: Activity) -> int:
    """Minutes of an activity spent on tasks away from the screen."""
    return sum(section.minutes or 0 for section in activity.body if section.role is SectionRole.TASK)


def passive_minutes(pack: Pack) -> int:
    """Minutes of required readings without their tasks: the time in which a member only takes in."""
    return sum(
        max(activity.minutes - task_minutes(activity), 0)
        for activity in pack.activities
        if activity.required and activity.kind is ActivityKind.READING
    )


def required_minutes(activities: tuple[Activity, ...]) -> int:
    """Minutes of the required ones among activities."""
    return sum(activity.minutes for activity in activities if activity.required)
