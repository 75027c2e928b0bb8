"""What an answer must hold before a member has it."""

from __future__ import annotations

from plugin.domain.review import Lack, Mark, PassRule, Problem, Step, Written, problems

CRITERIA = ("practice", "research")
MET, APPROACHING, NOT_YET = Mark.MET, Mark.APPROACHING, Mark.NOT_YET


def written(
    marks: dict[str, Mark] | None = None, comments: dict[str, str] | None = None, next_step: str = ""
) -> Written:
    return Written(marks or {}, comments or {}, "", next_step, "")


def lacks(step: Step, answer: Written, rule: PassRule = PassRule.NO_NOT_YET) -> tuple[Problem, ...]:
    return problems(step, answer, rule=rule, criteria=CRITERIA)


def test_accepting_asks_for_a_mark_on_every_criterion() -> None:
    assert lacks(Step.ACCEPT, written({"practice": MET})) == (Problem(Lack.MARK, "research"),)
    assert lacks(Step.ACCEPT, written({"practice": MET, "research": APPROACHING})) == ()


def test_not_yet_cannot_be_accepted_with_or_without_a_comment() -> None:
    answer = written({"practice": MET, "research": NOT_YET}, {"research": "Which idea?"})
    assert lacks(Step.ACCEPT, answer) == (Problem(Lack.BETTER_MARK, "research"),)


def test_where_all_must_be_met_approaching_cannot_be_accepted() -> None:
    answer = written({"practice": APPROACHING, "research": MET})
    assert lacks(Step.ACCEPT, answer, PassRule.ALL_MET) == (Problem(Lack.BETTER_MARK, "practice"),)


def test_returning_asks_for_a_next_step_or_a_comment() -> None:
    assert lacks(Step.RETURN, written()) == (Problem(Lack.ADVICE),)
    assert lacks(Step.RETURN, written({"practice": MET}, {"practice": "  \n"}, next_step=" ")) == (
        Problem(Lack.ADVICE),
    )
    assert lacks(Step.RETURN, written(next_step="Name the lesson.")) == ()
    assert lacks(Step.RETURN, written({}, {"practice": "From which angle?"})) == ()


def test_returning_with_not_yet_asks_for_a_comment_on_it() -> None:
    answer = written({"practice": NOT_YET, "research": NOT_YET}, {"practice": "What else?"}, next_step="Name one idea.")
    assert lacks(Step.RETURN, answer) == (Problem(Lack.REASON, "research"),)


def test_marks_of_a_rubric_that_is_not_asked_do_not_count() -> None:
    answer = written({"practice": MET, "research": MET, "old-criterion": NOT_YET})
    assert lacks(Step.ACCEPT, answer) == ()
    assert lacks(Step.RETURN, written({"old-criterion": NOT_YET}, next_step="Go on.")) == ()
