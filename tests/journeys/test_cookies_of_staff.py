"""Trainers and coordinators in a frame without any cookie: queue, desk, drafts, decisions, reports and their files."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from playwright.sync_api import Download, FrameLocator, expect
from sqlalchemy import select, update

from plugin.db.learning import Enrolment
from plugin.db.outbox import OutboxRow, OutboxState
from plugin.db.reflections import Decision, Feedback, Reflection
from plugin.domain.people import Role
from tests.browser import barriers, complaints_of, enter
from tests.cookie_policies import Cookies
from tests.demo_lms import Browser
from tests.journeys.two_sites import OFFERING, Someone, TwoSites, comes, heading, saved
from tests.member import TEXT

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("cookies-of-staff")]

QUEUE = "Reflections to answer"
REPORT = "Completions"
TOLD = "What the LMS was told"
ROSTER = "Who is in the LMS course"
WORKING = "You asked for one thing only."
FILE = "completions-local-1-"


def opened(place: TwoSites, key: str) -> Browser:
    """A browser that keeps cookies, in which somebody came in; without a screen."""
    place.offers_storage(None)
    return place.made.launch(key).browser


def comes_as(place: TwoSites, key: str, role: Role) -> Someone:
    """Somebody with a grant, at the cohort's page in the LMS's frame: no cookie of ours, but the LMS's storage."""
    opened(place, key)
    place.made.grant(key, role)
    place.offers_storage("_parent")
    someone = comes(place, Cookies.NONE, key)
    expect(heading(someone.opens_in_frame())).to_have_text(OFFERING)
    return someone


def follows(frame: FrameLocator, label: str, title: str) -> None:
    """Follow a link to the page with this h1."""
    enter(frame.get_by_role("link", name=label, exact=True).first)
    expect(heading(frame)).to_have_text(title)


def sends(place: TwoSites, key: str) -> int:
    """A member sends the reflection, without a screen; its id."""
    browser = opened(place, key)
    with place.made.database() as session:
        enrolment = session.scalars(select(Enrolment.id).where(Enrolment.person_id == place.made.person_id(key))).one()
    page = browser.open(place.made.url(f"/learn/{enrolment}/activities/reflect"))
    browser.submit(page, page.form("/activities/reflect"), text=TEXT, step="send")
    with place.made.database() as session:
        return session.scalars(select(Reflection.id).where(Reflection.enrolment_id == enrolment)).one()


def mark(frame: FrameLocator, given: str) -> None:
    for radio in frame.locator(f'input[type=radio][value="{given}"]').all():
        radio.press("Space")


def feedback(place: TwoSites, reflection: int) -> list[Feedback]:
    with place.made.database() as session:
        return list(session.scalars(select(Feedback).where(Feedback.reflection_id == reflection)))


def test_a_trainer_reads_drafts_and_answers(place: TwoSites) -> None:
    waits = sends(place, "ada")
    tom = comes_as(place, "tom", Role.TRAINER)
    complaints = complaints_of(tom.context)
    frame = tom.frame
    follows(frame, QUEUE, QUEUE)
    enter(frame.get_by_role("button", name="Show"))
    expect(heading(frame)).to_have_text(QUEUE)
    follows(frame, "Ada Okafor", "Ada Okafor")
    assert barriers(tom.inside) == []

    frame.get_by_label("Already working").fill(WORKING)
    saved(frame)
    assert [one.working for one in feedback(place, waits)] == [WORKING]
    frame.locator("main").press("u")  # the key that leads back
    expect(heading(frame)).to_have_text(QUEUE)
    follows(frame, "Ada Okafor", "Ada Okafor")
    expect(frame.get_by_label("Already working")).to_have_value(WORKING)

    enter(frame.get_by_role("button", name="Accept", exact=True))
    expect(frame.locator("#problems a").first).to_be_visible()
    expect(frame.get_by_label("Already working")).to_have_value(WORKING)
    mark(frame, "met")
    saved(frame)
    enter(frame.get_by_role("button", name="Accept", exact=True))
    expect(heading(frame)).to_have_text(QUEUE)
    expect(frame.get_by_text("Accepted for Ada Okafor.")).to_be_visible()
    expect(frame.get_by_text("Nothing waits for you")).to_be_visible()
    tom.inside.evaluate("history.back()")
    expect(heading(frame)).to_have_text("Answer to Ada Okafor")
    assert [(one.working, one.decision) for one in feedback(place, waits)] == [(WORKING, Decision.ACCEPT)]
    assert complaints == []


def test_two_drafts_of_one_trainer_are_shown_side_by_side(place: TwoSites) -> None:
    waits = sends(place, "ben")
    tom = comes_as(place, "tom", Role.TRAINER)
    other = Someone(place, tom.context, "tom")
    for tab in (tom, other):
        expect(heading(tab.opens_in_frame())).to_have_text(OFFERING)
        follows(tab.frame, QUEUE, QUEUE)
        follows(tab.frame, "Ben Castillo", "Ben Castillo")
    tom.frame.get_by_label("Already working").fill("In the first tab.")
    saved(tom.frame)
    other.frame.get_by_label("Already working").fill("In the second tab.")
    enter(other.frame.get_by_role("button", name="See both texts and choose"))
    expect(other.frame.get_by_text("In the first tab.")).to_be_visible()
    enter(other.frame.get_by_role("button", name="Keep what stands below"))
    expect(other.frame.get_by_text("You have written to this in another tab too")).to_have_count(0)
    expect(other.frame.get_by_label("Already working")).to_have_value("In the second tab.")
    assert [one.working for one in feedback(place, waits)] == ["In the second tab."]


def downloads(lou: Someone, label: str) -> Download:
    with lou.page.expect_download() as started:
        enter(lou.frame.get_by_role("link", name=label, exact=True))
    expect(heading(lou.frame)).to_have_text(REPORT)
    return started.value


def rows(file: Download) -> list[dict[str, Any]]:
    return list(csv.DictReader(io.StringIO(Path(file.path()).read_text(encoding="utf-8-sig"))))


def test_a_coordinator_narrows_the_report_and_takes_its_files_along(place: TwoSites) -> None:
    opened(place, "ada")
    lou = comes_as(place, "lou", Role.LSC)
    complaints = complaints_of(lou.context)
    frame = lou.frame
    follows(frame, "Completion report", REPORT)
    frame.get_by_label("What", exact=True).select_option("all")
    frame.get_by_label("Part of a name").fill("Okafor")
    enter(frame.get_by_role("button", name="Show"))
    expect(frame.get_by_role("rowheader", name="Ada Okafor")).to_be_visible()
    assert "name=Okafor" in lou.inside.url
    assert barriers(lou.inside) == []

    as_csv, as_excel = downloads(lou, "CSV"), downloads(lou, "Excel")
    assert as_csv.suggested_filename.startswith(FILE)
    assert as_csv.suggested_filename.endswith(".csv")
    assert [row["Name"] for row in rows(as_csv)] == ["Ada Okafor"]
    assert as_excel.suggested_filename == as_csv.suggested_filename.removesuffix("csv") + "xlsx"
    with ZipFile(as_excel.path()) as book:
        assert book.testzip() is None
        assert b"Ada Okafor" in book.read("xl/worksheets/sheet1.xml")

    enter(frame.get_by_role("link", name="Print", exact=True))
    expect(frame.get_by_role("link", name="Back to the report")).to_be_visible()
    expect(frame.get_by_role("button", name="Print")).to_be_visible()
    expect(frame.get_by_text("Ada Okafor").first).to_be_visible()
    lou.inside.evaluate("history.back()")
    expect(frame.get_by_label("Part of a name")).to_have_value("Okafor")
    assert complaints == []


def test_a_file_that_cannot_be_made_is_a_page_with_words(place: TwoSites) -> None:
    lou = comes_as(place, "lou", Role.LSC)
    lou.inside.evaluate("document.querySelector('main a[href*=reports]').search = '?from=soon'")
    enter(lou.frame.get_by_role("link", name="Completion report"))
    expect(heading(lou.frame)).to_have_text(REPORT)
    expect(lou.frame.get_by_text("The report waits for you")).to_be_visible()


def test_a_coordinator_sends_again_what_an_lms_refused(place: TwoSites) -> None:
    sends(place, place.made.world.add_people(1, place.made.context)[0].key)
    with place.made.database() as session:
        session.execute(update(OutboxRow).values(state=OutboxState.REFUSED, problem="It was refused."))
    lou = comes_as(place, "lou", Role.LSC)
    frame = lou.frame
    follows(frame, "Completion report", REPORT)
    enter(frame.get_by_role("link", name=TOLD))
    expect(heading(frame)).to_have_text(TOLD)
    frame.get_by_label("Which").select_option("refused")
    enter(frame.get_by_role("button", name="Show"))
    # as the page that comes has it; what was chosen on the last page is no attribute
    expect(frame.locator("#pick-state option[selected]")).to_have_attribute("value", "refused")
    expect(frame.get_by_text("Refused").first).to_be_visible()
    enter(frame.get_by_role("button", name="Send again").first)
    expect(frame.get_by_text("It is sent again within a minute.")).to_be_visible()
    assert "state=refused" in lou.inside.url, "where it was pressed"
    with place.made.database() as session:
        assert OutboxState.DUE in set(session.scalars(select(OutboxRow.state)))


def test_a_coordinator_has_the_roster_read_again(place: TwoSites) -> None:
    lou = comes_as(place, "lou", Role.LSC)
    frame = lou.frame
    enter(frame.get_by_role("link", name="Who is in the LMS course, and has not opened it yet"))
    expect(heading(frame)).to_have_text(ROSTER)
    enter(frame.get_by_role("button", name="Read the list again"))
    expect(frame.get_by_role("status").filter(has_text="The list is being read.")).to_be_visible()
