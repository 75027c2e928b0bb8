"""Words and minutes are counted as people count them."""

from fractions import Fraction

import pytest

from content import passive_minutes, words
from content.measures import design_time, is_within_tolerance
from tests.packs.desk import Desk


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        (" \n\t ", 0),
        ("One two\nthree.", 3),
        ("don't, I’ve next-step", 3),
        ("yes — no", 2),
        ("yes—no", 2),
        ("- a\n* b\n• c", 3),
        ("150–300 words, 3.5 hours", 4),
        ("“Quoted” (words)", 2),
        ("¿Qué aprendió el niño?", 4),
        ("... !!! — & /", 0),
        ("and/or", 1),
    ],
)
def test_words_are_counted_as_members_count_them(text: str, count: int) -> None:
    assert words(text) == count


def test_design_time_adds_reading_items_tasks_and_writing(desk: Desk) -> None:
    activities = {activity.key: activity for activity in desk.pack().activities}
    inventory = design_time(activities["inventory"])
    assert (inventory.reading, inventory.items) == (Fraction(32, 180), Fraction("3.70"))
    assert design_time(activities["goal"]).writing == Fraction("2.5")
    assert design_time(activities["finding-1"]).tasks == 3


def test_notes_for_screen_readers_are_no_words_of_the_text(desk: Desk) -> None:
    before = design_time(next(desk.pack().activities))
    desk.replace("one piece of work that", "[one piece of work](https://example.org) that")
    assert design_time(next(desk.pack().activities)) == before


def test_tolerance_is_fifteen_percent_of_what_is_declared() -> None:
    assert is_within_tolerance(23, 20)
    assert is_within_tolerance(17, 20)
    assert not is_within_tolerance(Fraction("23.01"), 20)


def test_passive_minutes_are_readings_without_their_tasks(desk: Desk) -> None:
    assert passive_minutes(desk.pack()) == 1
    desk.replace("{#finding-1 minutes=4", "{#finding-1 optional minutes=4")
    assert passive_minutes(desk.pack()) == 0
