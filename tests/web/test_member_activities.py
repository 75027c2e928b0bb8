"""One activity at a time: reading, taking stock, scenes and questions; and whose it is."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.db.learning import Answer, Progress
from tests.cast import Cast
from tests.member import RIGHT, answer, learn, now_stored, words

NOBODYS = 2**70  # larger than any row's number


def choices(text: str, item: str) -> list[str]:
    """The choices of an item in the order in which the page shows them."""
    return re.findall(rf'name="{item}" value="(\w)"', text)


@pytest.mark.parametrize("rest", ["", "/activities/goal", "/activities/reflect/revisions", "/writing", "/hours"])
def test_another_persons_enrolment_is_not_found(cast: Cast, rest: str) -> None:
    assert cast.ada.get(f"{learn(cast.ada)}{rest}").status_code == 200
    for other in (cast.ben, cast.tom, cast.lou, cast.other.ada, cast.other.tom):
        assert other.get(f"{learn(cast.ada)}{rest}").status_code == 404
    assert cast.ada.get(f"/learn/{NOBODYS}{rest}").status_code in {404, 405}


@pytest.mark.parametrize(
    "rest",
    ["goal", "goal/conflict", "goal/settle", "reflect/take-back", "finding-1/done", "inventory/answers"],
)
def test_nobody_acts_in_anothers_enrolment(cast: Cast, rest: str) -> None:
    for other in (cast.ben, cast.tom, cast.other.ada):
        assert other.post(learn(cast.ada, rest), {"text": "x", "step": "send"}).status_code == 404
    assert cast.ben.send_json(learn(cast.ada, "goal/draft"), {"text": "x", "version": 0}).status_code == 404
    assert cast.ben.send_json(learn(cast.ada, "goal/position"), {"position": 1}).status_code == 404


@pytest.mark.parametrize(
    ("method", "rest"),
    [
        ("get", "no-such"),
        ("get", "no-such/revisions"),
        ("get", "check/revisions"),
        ("post", "no-such/done"),
        ("post", "goal/done"),
        ("post", "finding-1/answers"),
        ("post", "finding-1"),
        ("post", "check/conflict"),
        ("post", "goal/take-back"),
    ],
)
def test_what_an_activity_is_not_made_for_is_not_found(cast: Cast, method: str, rest: str) -> None:
    assert getattr(cast.ada, method)(learn(cast.ada, rest)).status_code == 404


def test_a_reading_speaks_in_its_voices_and_names_its_sources(cast: Cast) -> None:
    page = cast.ada.get(learn(cast.ada, "finding-1"))
    for heard in ("What research found", "What it means", "In the classroom", "Away from the screen, about 3 minutes"):
        assert heard in page.text
    assert "Kluger &amp; DeNisi (1996)" in page.text
    assert "The effects of feedback interventions on performance." in page.text
    assert "Reading about 4 minutes In progress" in words(page)


def test_headings_of_a_reading_follow_the_page_title_in_order(cast: Cast) -> None:
    page = cast.ada.get(learn(cast.ada, "finding-1"))
    levels = [int(level) for level in re.findall(r"<h(\d)", page.text)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_the_reader_says_that_it_is_read_and_goes_on(cast: Cast) -> None:
    page = cast.ada.get(learn(cast.ada, "finding-1"))
    assert "Done, next: Choose what to say" in page.text
    answered = cast.ada.post(learn(cast.ada, "finding-1/done"))
    assert answered.location == learn(cast.ada, "try-it")
    again = cast.ada.get(learn(cast.ada, "finding-1"))
    assert "Done, next" not in again.text
    assert "Next: Choose what to say" in again.text


def test_reading_it_twice_counts_once(cast: Cast, session: Session) -> None:
    for _ in range(2):
        cast.ada.post(learn(cast.ada, "finding-1/done"))
    assert now_stored(session, select(Progress.minutes)) == [4]


def test_the_place_in_a_text_comes_back(cast: Cast) -> None:
    cast.ada.get(learn(cast.ada, "finding-1"))
    assert cast.ada.send_json(learn(cast.ada, "finding-1/position"), {"position": 400}).json == {"position": 400}
    page = cast.ada.get(learn(cast.ada, "finding-1"))
    assert 'data-place="400"' in page.text
    assert "about 3 minutes left" in words(page)


@pytest.mark.parametrize("body", [{}, {"position": "4"}, {"position": True}, {"position": 1.5}, [400], "400"])
def test_a_place_that_is_no_number_is_refused_in_words(cast: Cast, body: object) -> None:
    headers = {"X-CSRFToken": cast.ada.token()}
    answered = cast.ada.client.post(learn(cast.ada, "finding-1/position"), json=body, headers=headers)
    assert answered.status_code == 400
    assert answered.get_json()["sentence"]


def test_an_inventory_keeps_what_is_answered_and_waits_for_the_rest(cast: Cast) -> None:
    answered = answer(cast.ada, "inventory", s1="rarely")
    assert answered.location == f"{learn(cast.ada, 'inventory')}#s2", "the first one that is still open"
    page = cast.ada.get(learn(cast.ada, "inventory"))
    assert "The statements that are still open wait here for you." in page.text
    assert re.search(r'name="s1" value="rarely" checked', page.text)
    assert "required" not in page.text.partition("<form")[2].partition("</form>")[0]
    answered = answer(cast.ada, "inventory", s1="rarely", s2="often")
    assert answered.location == learn(cast.ada, "finding-1")


def test_an_inventory_can_be_changed_later(cast: Cast) -> None:
    answer(cast.ada, "inventory", s1="rarely", s2="often")
    assert answer(cast.ada, "inventory", s1="often", s2="often").location == learn(cast.ada, "inventory")
    page = cast.ada.get(learn(cast.ada, "inventory"))
    assert re.search(r'name="s1" value="often" checked', page.text)
    assert "Save changes" in page.text


def test_a_scene_shows_what_would_follow_until_the_best_is_found(cast: Cast) -> None:
    page = cast.ada.get(learn(cast.ada, "try-it"))
    assert "It will be copied" not in page.text, "nothing is given away before somebody chooses"
    assert answer(cast.ada, "try-it", sc1="b").location == f"{learn(cast.ada, 'try-it')}#sc1"
    page = cast.ada.get(learn(cast.ada, "try-it"))
    assert "It will be copied" in page.text
    assert "The student knows what to do" not in page.text
    answer(cast.ada, "try-it", sc1="a")
    page = cast.ada.get(learn(cast.ada, "try-it"))
    assert "The strongest of these" in page.text
    assert not choices(page.text, "sc1"), "what is found needs no further answer"
    assert choices(page.text, "sc2")
    answer(cast.ada, "try-it", sc2=RIGHT["sc2"])
    assert "Done" in words(cast.ada.get(learn(cast.ada, "try-it")))


def test_choosing_nothing_is_answered_with_a_sentence(cast: Cast, session: Session) -> None:
    for key in ("try-it", "check"):
        answer(cast.ada, key)
        assert "Choose an answer first." in cast.ada.get(learn(cast.ada, key)).text
    assert now_stored(session, select(Answer.id)) == []


def test_a_check_explains_each_try_and_gives_no_other_answer_away(cast: Cast) -> None:
    answer(cast.ada, "check", q1="a", q2=RIGHT["q2"])
    page = cast.ada.get(learn(cast.ada, "check"))
    seen = words(page)
    assert "1 of 2 right. One is open: try it again as often as you like." in seen
    assert "Not this one: Great effort!" in seen
    assert "Kind, but it leaves the student with nothing to do." in seen
    assert "It names what works and one step." not in seen
    assert "Answered right What tells you that a comment worked?" in seen


def test_a_check_stands_still_between_tries_and_is_shuffled_for_the_next(cast: Cast) -> None:
    orders = []
    for round_ in range(6):
        shown = choices(cast.ada.get(learn(cast.ada, "check")).text, "q2")
        assert choices(cast.ada.get(learn(cast.ada, "check")).text, "q2") == shown
        assert sorted(shown) == ["a", "b", "c", "d"]
        orders.append(tuple(shown))
        answer(cast.ada, "check", q2="bcd"[round_ % 3])
    assert len(set(orders)) > 1


def test_two_members_meet_the_choices_in_orders_of_their_own(cast: Cast) -> None:
    everybody = [cast.ada, cast.ben, cast.other.ada, cast.other.ben]
    orders = {tuple(choices(who.get(learn(who, "check")).text, "q2")) for who in everybody}
    assert len(orders) > 1


def test_a_check_is_done_when_all_were_right_once(cast: Cast) -> None:
    answer(cast.ada, "check", q1=RIGHT["q1"], q2="b")
    answer(cast.ada, "check", q1="a", q2=RIGHT["q2"])
    page = words(cast.ada.get(learn(cast.ada, "check")))
    assert "All 2 are right." in page
    assert "Next:" in page


def test_the_outline_and_the_neighbours_are_one_tap_away(cast: Cast) -> None:
    page = cast.ada.get(learn(cast.ada, "inventory"))
    assert f'href="{learn(cast.ada, "goal")}" rel="prev"' in page.text
    assert f'href="{learn(cast.ada, "finding-1")}" rel="next"' in page.text
    assert 'aria-current="step"' in page.text
