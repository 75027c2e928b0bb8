"""The whole story, on each engine: from the LMS's registration page to the coordinator's report."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import enter
from tests.demo_lms.model import Score
from tests.demo_lms.vocabulary import Grading
from tests.installation import LOCAL
from tests.journeys import learning, story, words
from tests.journeys.house import House
from tests.journeys.inspection import Inspection
from tests.journeys.learning import MODULE
from tests.journeys.people import Person
from tests.journeys.story import Story
from tests.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("story")]

COMPLETED = re.compile(r"Completed \d{4}-\d\d-\d\d, 3\.0 contact hours")
DRAFT = "/activities/reflect/draft"  # where autosave.js goes while nobody is signed in


def test_a_module_is_taken_answered_revised_completed_and_reported(house: House, browser: Browser) -> None:
    inspection = Inspection(thorough=house.on_sqlite)  # the pages are the same on both
    told = Story(house, browser, inspection)

    story.connect(told)
    story.choose(told)
    story.become_trainer(told)
    story.become_coordinator(told)
    ada, tom, lou, ian = (told.person(key) for key in ("ada", "tom", "lou", "ian"))

    work_through(ada)
    write_and_lose_the_sign_in(ada)
    learning.send(ada)
    ada.looks("reflection, sent")
    story.open_queue(tom)
    story.return_it(tom, ada.name)
    revise(ada)
    story.open_queue(tom)
    story.accept_it(tom, ada.name)
    finish(ada)

    posts = completion_arrives(house)
    gradebook_shows(ada, posts[0])
    gradebook_shows(ian, posts[0])
    ada.open_module()
    ada.reads("Reported to")
    ada.looks("home, reported")
    report_has_one_row(lou, house)
    instructor_sees_counts_only(ian)

    assert len(completion_posts(house)) == 1, "told once, and not again since"
    told.close()
    assert inspection.wrong == {}
    assert [said for person in told.everybody for said in person.complaints if DRAFT not in said] == []


def work_through(ada: Person) -> None:
    """Everything up to the reflection."""
    learning.begin(ada)
    learning.keep(ada, "goal", words.GOAL, "inventory")
    learning.take_stock(ada, "finding-1")
    learning.read(ada, "finding-1", "practice")
    learning.practise(ada, "finding-2")
    learning.read(ada, "finding-2", "check")
    learning.answer_the_check(ada, "plan")
    learning.keep(ada, "plan", words.PLAN, "conversation")
    learning.keep(ada, "conversation", words.CONVERSATION, "reflect")
    ada.arrives(learning.title_of("reflect"), "reflection")


def write_and_lose_the_sign_in(ada: Person) -> None:
    """Saved by itself; when the cookies are gone the words stay, and coming in again saves them."""
    text = ada.tool.locator(learning.TEXT)
    learning.types(ada, words.REFLECTION)
    learning.sees_it_saved(ada)
    learning.lose_the_sign_in(ada)
    learning.types(ada, words.LOST)
    ada.reads("You are signed out of the LMS. Your words are still on this page.")
    expect(text).to_have_value(words.REFLECTION + words.LOST)
    ada.looks("reflection, signed out")
    learning.come_in_again_elsewhere(ada)
    ada.presses("Try again")
    learning.sees_it_saved(ada)
    learning.types(ada, words.NEXT_STEP)
    learning.sees_it_saved(ada)
    learning.lose_the_sign_in(ada)
    ada.open_module()
    ada.follows("Continue")
    ada.arrives(learning.title_of("reflect"))
    expect(text).to_have_value(words.REFLECTION + words.LOST + words.NEXT_STEP)


def revise(ada: Person) -> None:
    """The answer is there; she writes on, and sends again."""
    story.see_answer(ada, "returned")
    for said in (words.WORKING, words.COMMENT, words.QUESTION):
        ada.reads(said)
    learning.types(ada, words.REVISION)
    learning.send(ada)


def finish(ada: Person) -> None:
    """The reflection is met; the look-back is the last thing."""
    story.see_answer(ada, "met")
    ada.reads(words.WELL_DONE)
    enter(ada.tool.get_by_role("link", name=f"Next: {learning.title_of('look-back')}").first)
    learning.keep(ada, "look-back", words.LOOK_BACK, None)
    ada.arrives(MODULE, "home, completed")
    ada.reads("You completed this on")


def completion_posts(house: House) -> list[Score]:
    return [score for score in house.world.posts("ada") if score.grading is Grading.FULLY_GRADED]


def completion_arrives(house: House) -> list[Score]:
    """By itself, once, in full, with no text of anybody."""
    until(lambda: completion_posts(house))
    posts = completion_posts(house)
    assert len(posts) == 1
    assert COMPLETED.fullmatch(posts[0].comment or "")
    assert posts[0].given == posts[0].maximum
    return posts


def gradebook_shows(person: Person, post: Score) -> None:
    """The LMS's own page, for whoever may see it."""
    person.go(f"/contexts/{person.house.context.id}/grades")
    cell = person.page.locator('td[data-person="ada"]')
    expect(cell).to_have_count(1)
    expect(cell.locator(".comment")).to_have_text(post.comment or "")
    expect(cell.locator(".score")).not_to_have_text("No grade yet")


def report_has_one_row(lou: Person, house: House) -> None:
    """On the page, in the file and at the command line, and no text of anybody in it."""
    story.open_report(lou)
    lou.reads("Ada Okafor")
    from_page = story.download_csv(lou)
    from_command = house.command("reports", "completions", "--organization", LOCAL, "--format", "csv")
    (row,) = rows(from_page)
    assert rows(from_command) == [row]
    assert row["Name"] == "Ada Okafor"
    assert (row["Minutes awarded"], row["Contact hours"]) == ("180", "3.0")
    assert not any(text[:20] in from_page for text in (words.REFLECTION, words.LOOK_BACK, words.COMMENT, words.GOAL))
    enter(lou.tool.get_by_role("link", name="What the LMS was told"))
    lou.arrives("What the LMS was told", "report, scores")


def rows(text: str) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def instructor_sees_counts_only(ian: Person) -> None:
    """Without a grant: how many, and nobody's name or words."""
    ian.open_module()
    ian.arrives(MODULE, "cohort, for an instructor")
    for term in ("enrolled", "started", "completed"):
        expect(ian.tool.locator("dl.totals > div").filter(has_text=term).locator("dd")).to_have_text("1")
    shown = ian.frame.content()
    assert not [said for said in ("Ada", "Okafor", words.REFLECTION[:20]) if said in shown]
    assert ian.tool.get_by_role("link", name=story.QUEUE).count() == 0
