"""Where the camera goes: the story that the journey tests, and the pages beside its way."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from plugin.db.session import make_engine
from tests.browser import enter
from tests.installation import LOCAL
from tests.journeys import learning, story, words
from tests.journeys.house import House
from tests.journeys.learning import MODULE
from tests.journeys.people import Person
from tests.journeys.story import Story
from tests.patience import until
from tests.screenshots import school
from tests.screenshots.camera import Camera

README_WIDTH = 880


def whole_story(house: House, browser: Browser, camera: Camera, database_url: str) -> None:
    """Everything, in the order in which it happens."""
    told = Story(house, browser, camera, bypass_csp=True)  # the camera holds the caret still with a style of its own
    story.connect(told)
    story.choose(told)
    story.become_trainer(told)
    story.become_coordinator(told)
    ada, tom, lou, ian = (told.person(key) for key in ("ada", "tom", "lou", "ian"))
    _learn(ada)
    learning.types(ada, words.REFLECTION + words.NEXT_STEP)
    learning.sees_it_saved(ada)
    ada.looks("reflection, saved")
    learning.send(ada)
    ada.looks("reflection, sent")
    _refusal(ada)
    engine = make_engine(database_url)
    school.fill(engine)
    engine.dispose()
    story.open_queue(tom)
    story.return_it(tom, ada.name, then=school.LONGEST_WAITING)
    story.see_answer(ada, "returned")
    learning.types(ada, words.REVISION)
    learning.send(ada)
    story.open_queue(tom)
    story.accept_it(tom, ada.name, then=school.LONGEST_WAITING)
    story.see_answer(ada, "met")
    enter(ada.tool.get_by_role("link", name=f"Next: {learning.title_of('look-back')}").first)
    learning.keep(ada, "look-back", words.LOOK_BACK, None)
    ada.arrives(MODULE)
    until(lambda: any(score.comment for score in house.world.posts("ada")))
    ada.open_module()
    ada.reads("Reported to")
    ada.looks("home, reported")
    _record(ada)
    story.open_report(lou)
    enter(lou.tool.get_by_role("link", name="Print", exact=True))
    lou.arrives("Completions", "report, for paper")
    story.open_report(lou)
    enter(lou.tool.get_by_role("link", name="What the LMS was told"))
    lou.arrives("What the LMS was told", "report, scores")
    enter(lou.tool.get_by_role("link", name="LMS courses"))
    lou.arrives("LMS courses", "report, courses")
    enter(lou.tool.get_by_role("table").get_by_role("link").first)
    lou.arrives("Who is in the LMS course", "roster")
    ian.open_module()
    ian.arrives(MODULE, "cohort, for an instructor")
    _connections(told)
    told.close()


def member_half_way(house: House, browser: Browser, path: Path) -> None:
    """Ada's overview late in the module, for the README: something to do, something that waits for her trainer."""
    told = Story(house, browser, lambda _name, _person: None, bypass_csp=True)
    story.connect(told)
    story.choose(told)
    ada = told.person("ada")
    _learn(ada)
    learning.types(ada, words.REFLECTION + words.NEXT_STEP)
    learning.send(ada)
    ada.open_module()
    ada.arrives(MODULE)
    camera = Camera(path.parent)
    camera.one(ada, README_WIDTH, path)
    told.close()


def _learn(ada: Person) -> None:
    learning.begin(ada)
    learning.keep(ada, "goal", words.GOAL, "inventory")
    learning.take_stock(ada, "finding-1")
    learning.read(ada, "finding-1", "practice")
    learning.practise(ada, "finding-2")
    learning.read(ada, "finding-2", "check")
    ada.open_module()
    ada.arrives(MODULE, "home, half way")
    ada.follows("Continue")
    learning.answer_the_check(ada, "plan")
    learning.keep(ada, "plan", words.PLAN, "conversation")
    learning.keep(ada, "conversation", words.CONVERSATION, "reflect")
    ada.arrives(learning.title_of("reflect"), "reflection")


def _refusal(ada: Person) -> None:
    """An address that is nobody's."""
    ada.frame.goto(f"{ada.house.tool}/learn/999999")
    ada.arrives("There is no page here", "refusal")


def _record(ada: Person) -> None:
    for link, title in (("How they are counted", "Hours"), ("Read it again", "My writing")):
        ada.open_module()
        ada.arrives(MODULE)
        enter(ada.tool.get_by_role("link", name=link))
        ada.arrives(title, title)
    enter(ada.tool.get_by_role("link", name=ada.name))
    ada.arrives("You", "you")
    ada.follows("What Practicum keeps about you")
    ada.arrives("What Practicum keeps about you", "what is kept")


def _connections(told: Story) -> None:
    """Ann, who looks after connections in Practicum too."""
    code = told.house.last_line("grant", "admin", "--organization", LOCAL).rpartition("/")[2]
    ann = told.person("ann")
    ann.open_module()
    ann.arrives(MODULE)
    ann.frame.goto(f"{told.house.tool}/grant/{code}")
    ann.arrives("Use this code?", "code, by its link")
    ann.presses("Use this code")
    ann.arrives("What you may do")
    enter(ann.tool.get_by_role("link", name="LMS connections").first)
    ann.arrives("LMS connections", "connections")
    enter(ann.tool.get_by_role("table").get_by_role("link").first)
    ann.tool.get_by_role("heading", name="Add a deployment").wait_for()
    ann.looks("connection")
    ann.follows("Test of the connection")
    ann.arrives(f"Test of the connection to {told.house.world.config.name}", "test of the connection, before")
    ann.presses("Test the connection")
    ann.reads("Last test")
    ann.looks("test of the connection")
