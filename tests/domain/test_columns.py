"""Which columns a choice asks for, and which of them links can bring."""

from __future__ import annotations

import pytest

from plugin.domain.columns import WHOLE, Choice, Kind, Part, Sessions, brought, left_over, parts

COURSE: Sessions = {1: ("look",), 2: ("tell", "again"), 3: ()}
MODULE: Sessions = {1: ("reflect",)}
ONE, TWO, THREE = (Part(Kind.SESSION, session=number) for number in COURSE)
LOOK, TELL, AGAIN = (Part(Kind.REFLECTION, activity=key) for key in ("look", "tell", "again"))


def test_each_choice_has_its_columns_in_the_order_of_the_offering() -> None:
    assert parts(Choice.COMPLETION, COURSE) == (WHOLE,)
    assert parts(Choice.SESSIONS, COURSE) == (ONE, TWO, THREE)
    assert parts(Choice.REFLECTIONS, COURSE) == (LOOK, TELL, AGAIN)


def test_an_offering_without_reflections_has_its_completion() -> None:
    assert parts(Choice.REFLECTIONS, {1: (), 2: ()}) == (WHOLE,)


@pytest.mark.parametrize(
    ("choice", "whole", "by_session"),
    [
        (Choice.COMPLETION, WHOLE, [None, None, WHOLE]),
        (Choice.SESSIONS, None, [ONE, TWO, THREE]),
        (Choice.REFLECTIONS, None, [LOOK, None, None]),
    ],
)
def test_a_link_brings_the_one_column_that_is_its_own(
    choice: Choice, whole: Part | None, by_session: list[Part | None]
) -> None:
    assert brought(choice, COURSE, None) == whole
    assert [brought(choice, COURSE, number) for number in COURSE] == by_session


def test_the_link_to_a_module_brings_its_only_reflection() -> None:
    assert brought(Choice.REFLECTIONS, MODULE, None) == Part(Kind.REFLECTION, activity="reflect")
    assert left_over(Choice.REFLECTIONS, MODULE, by_session=False) == ()


def test_a_number_that_is_no_session_is_a_link_to_the_whole() -> None:
    assert brought(Choice.COMPLETION, COURSE, 9) == WHOLE


def test_what_no_link_brings_is_left_over() -> None:
    assert left_over(Choice.COMPLETION, COURSE, by_session=True) == ()
    assert left_over(Choice.SESSIONS, COURSE, by_session=True) == ()
    assert left_over(Choice.SESSIONS, COURSE, by_session=False) == (ONE, TWO, THREE)
    assert left_over(Choice.REFLECTIONS, COURSE, by_session=True) == (TELL, AGAIN)


def test_columns_of_one_offering_have_resource_ids_of_their_own() -> None:
    assert [part.resource_id("TST-45") for part in (WHOLE, TWO, TELL)] == ["TST-45", "TST-45/2", "TST-45/tell"]
