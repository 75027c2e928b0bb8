"""The life of a reflection: the table, and nothing outside it."""

from __future__ import annotations

from itertools import product

import pytest

from plugin.domain.review import (
    NEXT,
    WAITING_FOR_TRAINER,
    WRITABLE,
    Mark,
    PassRule,
    State,
    Step,
    StepRefused,
    may_be_met,
    next_state,
)

MET, APPROACHING, NOT_YET = Mark.MET, Mark.APPROACHING, Mark.NOT_YET
CRITERIA = frozenset({"practice", "research"})


def test_a_reflection_is_sent_opened_returned_sent_again_and_met() -> None:
    state = State.DRAFTING
    for step in (Step.SUBMIT, Step.OPEN, Step.RETURN, Step.SUBMIT, Step.OPEN, Step.ACCEPT):
        state = next_state(state, step)
    assert state is State.MET


def test_it_can_be_taken_back_until_a_trainer_opens_it() -> None:
    assert next_state(State.SUBMITTED, Step.TAKE_BACK) is State.DRAFTING
    with pytest.raises(StepRefused, match="take back"):
        next_state(State.IN_REVIEW, Step.TAKE_BACK)


def test_what_is_kept_for_oneself_never_reaches_a_trainer() -> None:
    assert next_state(State.DRAFTING, Step.KEEP) is State.KEPT
    assert next_state(State.KEPT, Step.KEEP) is State.KEPT
    with pytest.raises(StepRefused):
        next_state(State.KEPT, Step.SUBMIT)


@pytest.mark.parametrize(
    ("state", "step"), [pair for pair in product(State, Step) if pair not in NEXT], ids=lambda part: part.value
)
def test_whatever_the_table_does_not_say_is_refused(state: State, step: Step) -> None:
    with pytest.raises(StepRefused) as refused:
        next_state(state, step)
    assert (refused.value.state, refused.value.step) == (state, step)


def test_nobody_writes_into_what_waits_for_a_trainer_or_is_met() -> None:
    assert WRITABLE.isdisjoint(WAITING_FOR_TRAINER | {State.MET})
    assert WRITABLE | WAITING_FOR_TRAINER | {State.MET} == set(State)


@pytest.mark.parametrize(
    ("rule", "marks", "passes"),
    [
        (PassRule.NO_NOT_YET, (MET, APPROACHING), True),
        (PassRule.NO_NOT_YET, (MET, NOT_YET), False),
        (PassRule.ALL_MET, (MET, MET), True),
        (PassRule.ALL_MET, (MET, APPROACHING), False),
    ],
)
def test_the_pass_rule_of_the_offering_decides_what_may_be_met(
    rule: PassRule, marks: tuple[Mark, Mark], passes: bool
) -> None:
    assert may_be_met(rule, dict(zip(sorted(CRITERIA), marks, strict=True)), CRITERIA) is passes


def test_a_criterion_without_a_mark_is_not_met() -> None:
    assert not may_be_met(PassRule.NO_NOT_YET, {"practice": MET}, CRITERIA)
