"""The story of a module, step by step: connected, chosen, answered, reported. What Ada does is in `learning`.

Each step is what one person does in a browser, inside the LMS's frame. It waits for what it says, and calls `look` on
every page that is passed. What else has to be true is for whoever tells the story.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from tests.browser import enter
from tests.installation import LOCAL
from tests.journeys import words
from tests.journeys.house import House
from tests.journeys.learning import MODULE, title_of
from tests.journeys.people import Look, Person

CLASS = "Riverbend PD 2026"
QUEUE = "Reflections to answer"


class Story:
    """The house, the browser, and the people as they come; `options` are those of their browser contexts."""

    def __init__(self, house: House, browser: Browser, look: Look, **options: Any) -> None:
        self.house, self._browser, self._look, self._options = house, browser, look, options
        self._people: dict[str, Person] = {}

    def person(self, key: str) -> Person:
        """Somebody, signed in at the LMS; in the same browser whenever they are asked for."""
        if key not in self._people:
            self._people[key] = Person(self.house, self._browser, key, self._look, **self._options)
            self._people[key].sign_in()
        return self._people[key]

    @property
    def everybody(self) -> list[Person]:
        """Who has come so far."""
        return list(self._people.values())

    def close(self) -> None:
        """Everybody leaves."""
        for person in self.everybody:
            person.close()


def connect(story: Story) -> None:
    """Ann, who administers the LMS, pastes the one-time link and switches the tool on."""
    link = story.house.last_line("platforms", "invite", "--organization", LOCAL, "--approve")
    ann = story.person("ann")
    ann.page.get_by_role("link", name="Tools", exact=True).click()
    ann.page.get_by_label("Registration address").fill(link)
    ann.page.get_by_role("button", name="Open the registration page").click()
    ann.arrives("Connect this LMS with Practicum", "registration")
    ann.presses("Connect")
    ann.page.get_by_role("button", name="Activate Practicum").click()
    expect(ann.page.get_by_text("Active", exact=True)).to_be_visible()


def choose(story: Story) -> None:
    """Ian, who teaches the course in the LMS, puts the module into it."""
    ian = story.person("ian")
    ian.open_context()
    ian.page.get_by_role("link", name="Choose content from Practicum").click()
    ian.arrives("Choose what to add to your course", "picker")
    enter(ian.tool.get_by_role("button", name="Preview"))
    ian.arrives(MODULE, "preview")
    enter(ian.tool.get_by_role("button", name="Back to the choice").first)
    ian.arrives("Choose what to add to your course")
    ian.tool.get_by_role("checkbox", name=MODULE).press("Space")
    ian.presses("Add to the course")
    ian.follows(f"Back to {CLASS}")
    expect(ian.page.get_by_role("heading", name=MODULE)).to_be_visible()


def become_trainer(story: Story) -> None:
    """Tom opens the printed link in the browser in which he came in through the LMS, in a window of its own."""
    link = story.house.last_line("grant", "trainer", "--organization", LOCAL)
    tom = story.person("tom")
    window = open_in_window(tom)
    window.goto(link)
    expect(window.get_by_role("heading", level=1)).to_have_text("Use this code?")
    window.get_by_role("button", name="Use this code").click()
    expect(window.get_by_role("heading", level=1)).to_have_text("What you may do")
    window.close()


def become_coordinator(story: Story) -> None:
    """Lou types the code that stands at the end of the printed link, inside the LMS."""
    link = story.house.last_line("grant", "lsc", "--organization", LOCAL)
    lou = story.person("lou")
    lou.open_module()
    lou.arrives(MODULE)
    lou.follows(lou.name)
    lou.arrives("You", "profile")
    lou.follows("I have a one-time code from my union")
    lou.arrives("Use a one-time code", "code")
    lou.tool.get_by_role("textbox", name="Code").fill(link.rpartition("/")[2])
    lou.presses("Use this code")
    lou.arrives("What you may do", "code used")


def open_in_window(person: Person) -> Page:
    """The module's link in a window of its own, as LMSs offer it."""
    person.open_context()
    with person.page.expect_popup() as opened:
        person.page.get_by_role("link", name="Open in new window").click()
    expect(opened.value.get_by_role("heading", level=1)).to_have_text(MODULE)
    return opened.value


def open_queue(tom: Person) -> None:
    """Tom comes in and opens what waits for him."""
    tom.open_module()
    tom.arrives(MODULE, "cohort, for a trainer")
    enter(tom.tool.get_by_role("link", name=QUEUE).first)
    tom.arrives(QUEUE, "queue")


def return_it(tom: Person, member: str, *, then: str = QUEUE) -> None:
    """Tom reads, marks one criterion Not yet, forgets to say why, says it, and returns the text.

    `then` is the page to which that leads: the queue, or the next member who waits.
    """
    tom.follows(member)
    tom.arrives(member, "desk")
    mark(tom, practice="met", research="met", setting="approaching", response="not_yet")
    tom.tool.get_by_label("Already working").fill(words.WORKING)
    tom.tool.get_by_label("Question").fill(words.QUESTION)
    tom.presses("Return with comments")
    tom.reads("“Student response and next step” is marked Not yet: say in its comment what is missing.")
    tom.looks("desk, one answer lacking")
    tom.tool.locator("#comment-response").fill(words.COMMENT)
    tom.presses("Return with comments")
    tom.arrives(then)
    tom.reads(f"Returned to {member}.")
    tom.looks("after an answer")


def accept_it(tom: Person, member: str, *, then: str = QUEUE) -> None:
    """Tom sees what changed, marks everything met and accepts; `then` as in `return_it`."""
    tom.follows(member)
    tom.arrives(member)
    tom.follows("Show changes since revision 1")
    tom.reads("since revision 1")
    tom.looks("desk, with changes")
    mark(tom, practice="met", research="met", setting="met", response="met")
    tom.tool.get_by_label("Already working").fill(words.WELL_DONE)
    tom.presses("Accept")
    tom.arrives(then)
    tom.reads(f"Accepted for {member}.")


def mark(tom: Person, **marks: str) -> None:
    """Mark criteria, by key."""
    for criterion, given in marks.items():
        tom.tool.locator(f'input[name="mark-{criterion}"][value="{given}"]').press("Space")


def open_report(lou: Person) -> None:
    """Lou comes in and opens the completion report."""
    lou.open_module()
    lou.arrives(MODULE)
    enter(lou.tool.get_by_role("link", name="Completion report"))
    lou.arrives("Completions", "report")


def download_csv(lou: Person) -> str:
    """The report as the file that Lou gets."""
    with lou.page.expect_download() as started:
        lou.follows("CSV")
    return Path(started.value.path()).read_text(encoding="utf-8-sig")


def see_answer(ada: Person, said: str) -> None:
    """Ada comes back and goes to what her trainer answered."""
    ada.open_module()
    ada.arrives(MODULE, f"home, {said}")
    enter(ada.tool.get_by_role("link", name=re.compile("^(See the answer|Revise)")).first)
    ada.arrives(title_of("reflect"), f"reflection, {said}")
