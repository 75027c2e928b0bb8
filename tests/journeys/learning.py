"""What Ada does: opens the module, works through its activities, writes, sends, revises, finishes."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, expect

import content
from content import catalog
from tests.browser import AUTOSAVE_AT_WORK, enter
from tests.installation import OFFERING
from tests.journeys.people import Person
from tests.patience import until

MODULE = "Feedback that moves learning"
TEXT = "#text"
SAVED = re.compile(r"^Saved \d")
SAVING_TAKES = 30_000  # milliseconds; 5 s after a change at the latest, and a busy computer


def pack() -> content.Pack:
    """The module as its authors wrote it."""
    found = catalog.find(OFFERING)
    assert found is not None, f"{OFFERING} is not installed"
    return content.load(found)


def title_of(key: str) -> str:
    """The title of an activity."""
    return _activity(key).title


def begin(ada: Person) -> None:
    """Open the module and go to its first activity."""
    ada.open_module()
    ada.arrives(MODULE, "home at the beginning")
    ada.follows("Begin")


def keep(ada: Person, key: str, text: str, then: str | None) -> None:
    """Write for oneself, and go on to the activity `then`; at the end of the module back to the overview."""
    ada.arrives(title_of(key), f"writing {key}")
    ada.tool.locator(TEXT).fill(text)
    ada.presses(f"Keep, next: {title_of(then)}" if then else "Keep")


def take_stock(ada: Person, then: str) -> None:
    """Answer the statements of the inventory."""
    activity = _activity("inventory")
    ada.arrives(activity.title)
    for number, statement in enumerate(activity.statements):
        answer = ("Rarely", "Sometimes", "Often")[number % 3]
        ada.tool.locator(f"#{statement.key}").get_by_label(answer).press("Space")
    ada.looks("inventory")
    ada.presses(f"Save, next: {title_of(then)}")


def read(ada: Person, key: str, then: str) -> None:
    """Read to the end."""
    ada.arrives(title_of(key), f"reading {key}")
    ada.presses(f"Done, next: {title_of(then)}")


def practise(ada: Person, then: str) -> None:
    """Decide in each scene, in the first one wrongly at first."""
    activity = _activity("practice")
    ada.arrives(activity.title, "practice")
    for number, scenario in enumerate(activity.scenarios):
        scene = ada.tool.locator(f"#{scenario.key}")
        if number == 0:
            _choose(scene, scenario.key, _wrong(scenario.choices))
            enter(scene.get_by_role("button", name="See what would follow"))
            expect(scene.get_by_text("What would follow").first).to_be_visible()
            ada.reads("There is more to find here: try another choice.")
            ada.looks("practice, another choice to find")
        _choose(scene, scenario.key, right(scenario.choices))
        enter(scene.get_by_role("button", name="See what would follow"))
        expect(scene.get_by_text("The strongest of these")).to_be_visible()
    ada.looks("practice, all found")
    ada.follows(f"Next: {title_of(then)}")


def answer_the_check(ada: Person, then: str) -> None:
    """Answer each question, one of them wrongly at first."""
    activity = _activity("check")
    ada.arrives(activity.title, "check")
    for number, question in enumerate(activity.questions):
        chosen = right(question.choices) if number else _wrong(question.choices)
        _choose(ada.tool.locator(f"#{question.key}"), question.key, chosen)
    ada.presses("Check my answers")
    ada.reads("5 of 6 right. One is open: try it again as often as you like.")
    ada.looks("check, one open")
    first = activity.questions[0]
    _choose(ada.tool.locator(f"#{first.key}"), first.key, right(first.choices))
    ada.presses("Check my answers")
    ada.reads("All 6 are right.")
    ada.looks("check, all right")
    ada.follows(f"Next: {title_of(then)}")


def types(ada: Person, text: str) -> None:
    """Type at the end of what is there; at once, as a keyboard with word suggestions does."""
    area = ada.tool.locator(TEXT)
    area.press("Control+End")
    ada.page.keyboard.insert_text(text)


def sees_it_saved(ada: Person) -> None:
    """Wait until the page says that it is saved; nothing was pressed."""
    until(lambda: not _dirty(ada), seconds=SAVING_TAKES / 1000)
    expect(ada.tool.locator(AUTOSAVE_AT_WORK)).to_have_text(SAVED, timeout=SAVING_TAKES)


def lose_the_sign_in(ada: Person) -> None:
    """The browser forgets the tool's cookies while she writes."""
    ada.context.clear_cookies(domain="localhost")


def come_in_again_elsewhere(ada: Person) -> None:
    """Open the module again in another tab, and close it: now this browser is signed in again."""
    tab = ada.context.new_page()
    ada.open_module(tab)
    expect(tab.frame_locator("iframe[name=tool]").get_by_role("heading", level=1)).to_have_text(MODULE)
    tab.close()


def send(ada: Person) -> None:
    """Send the reflection to the trainer."""
    ada.presses("Send to my trainer")
    ada.reads("With your trainer since today")


def _dirty(ada: Person) -> bool:
    return "Saving" in ada.tool.locator(AUTOSAVE_AT_WORK).inner_text()


def _activity(key: str) -> content.Activity:
    return next(activity for activity in pack().activities if activity.key == key)


def _choose(place: Locator, name: str, choice: content.Choice) -> None:
    """By the keyboard: the page may still be finding its height in the frame, where a pointer would miss."""
    radio = place.locator(f'input[name="{name}"][value="{choice.key}"]')
    radio.press("Space")
    expect(radio).to_be_checked()


def right(choices: tuple[content.Choice, ...]) -> content.Choice:
    """The strongest one."""
    return next(choice for choice in choices if choice.right)


def _wrong(choices: tuple[content.Choice, ...]) -> content.Choice:
    return next(choice for choice in choices if not choice.right)
