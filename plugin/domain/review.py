"""The life of a reflection: its states, the steps between them, and what an answer must hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a piece of writing stands."""

    DRAFTING = "drafting"
    KEPT = "kept"  # writing for oneself: finished, read by nobody else
    SUBMITTED = "submitted"
    IN_REVIEW = "in_review"
    RETURNED = "returned"
    MET = "met"


class Step(StrEnum):
    """What somebody does with it."""

    KEEP = "keep"
    SUBMIT = "submit"
    TAKE_BACK = "take back"
    OPEN = "open"
    RETURN = "return"
    ACCEPT = "accept"


class Mark(StrEnum):
    """The only marks there are."""

    MET = "met"
    APPROACHING = "approaching"
    NOT_YET = "not_yet"


class PassRule(StrEnum):
    """What an offering asks of the marks before a reflection counts as met."""

    NO_NOT_YET = "no-not-yet"
    ALL_MET = "all-met"


NEXT: dict[tuple[State, Step], State] = {
    (State.DRAFTING, Step.KEEP): State.KEPT,
    (State.KEPT, Step.KEEP): State.KEPT,
    (State.DRAFTING, Step.SUBMIT): State.SUBMITTED,
    (State.SUBMITTED, Step.TAKE_BACK): State.DRAFTING,
    (State.SUBMITTED, Step.OPEN): State.IN_REVIEW,
    (State.IN_REVIEW, Step.OPEN): State.IN_REVIEW,
    (State.IN_REVIEW, Step.RETURN): State.RETURNED,
    (State.IN_REVIEW, Step.ACCEPT): State.MET,
    (State.RETURNED, Step.SUBMIT): State.SUBMITTED,
}

WAITING_FOR_TRAINER = frozenset({State.SUBMITTED, State.IN_REVIEW})
WRITABLE = frozenset({State.DRAFTING, State.KEPT, State.RETURNED})


class StepRefused(Exception):
    """The reflection is not in a state from which this step leads on."""

    def __init__(self, state: State, step: Step) -> None:
        super().__init__(f"cannot {step} a reflection that is {state}")
        self.state, self.step = state, step


def next_state(state: State, step: Step) -> State:
    """Where the step leads.

    Raises:
        StepRefused: the table has no such step.
    """
    try:
        return NEXT[state, step]
    except KeyError:
        raise StepRefused(state, step) from None


def may_be_met(rule: PassRule, marks: Mapping[str, Mark], criteria: frozenset[str]) -> bool:
    """Whether these marks, one for each criterion, let the reflection be accepted."""
    if frozenset(marks) != criteria:
        return False
    if rule is PassRule.ALL_MET:
        return all(mark is Mark.MET for mark in marks.values())
    return all(mark is not Mark.NOT_YET for mark in marks.values())


def without_reason(marks: Mapping[str, Mark], comments: Mapping[str, str]) -> frozenset[str]:
    """Criteria marked not yet without a comment: a member must be told what to change."""
    return frozenset(key for key, mark in marks.items() if mark is Mark.NOT_YET and not comments.get(key, "").strip())


LONGEST_ANSWER = 10_000  # characters in one field of a feedback


@dataclass(frozen=True)
class Written:
    """What a trainer answers: marks and comments by criterion, and three fields of plain text."""

    marks: Mapping[str, Mark]
    comments: Mapping[str, str]
    working: str
    next_step: str
    question: str

    @property
    def longest(self) -> int:
        """Characters in its longest field."""
        return max(len(text) for text in (self.working, self.next_step, self.question, *self.comments.values()))


NOTHING_WRITTEN = Written({}, {}, "", "", "")


class Lack(StrEnum):
    """What an answer still needs before it can be released."""

    MARK = "mark"  # a criterion without a mark
    BETTER_MARK = "better mark"  # a mark with which the reflection cannot be met
    REASON = "reason"  # a criterion that is not yet met, without a comment
    ADVICE = "advice"  # neither a comment nor a next step


@dataclass(frozen=True)
class Problem:
    """Something an answer lacks; `criterion` is the key of the one concerned, None where it is the whole answer."""

    lack: Lack
    criterion: str | None = None


def problems(step: Step, written: Written, *, rule: PassRule, criteria: Sequence[str]) -> tuple[Problem, ...]:
    """What keeps this answer from being released with this step (RETURN or ACCEPT), in the order of the criteria.

    To accept, every criterion has a mark that the rule lets through. To return, whatever is not yet met has a comment,
    and something says what to do: a comment or a next step.
    """
    marks = {key: written.marks[key] for key in criteria if key in written.marks}
    if step is Step.ACCEPT:
        passing = {key for key, mark in marks.items() if may_be_met(rule, {key: mark}, frozenset({key}))}
        return tuple(
            Problem(Lack.BETTER_MARK if key in marks else Lack.MARK, key) for key in criteria if key not in passing
        )
    unexplained = without_reason(marks, written.comments)
    if unexplained:
        return tuple(Problem(Lack.REASON, key) for key in criteria if key in unexplained)
    advice = [written.next_step, *(written.comments.get(key, "") for key in criteria)]
    return () if any(text.strip() for text in advice) else (Problem(Lack.ADVICE),)
