"""Days that an LMS says with a launch: kept when they change, shown to members, and never in anybody's way."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import select, update

from plugin.db.learning import Cohort, Context, Enrolment, EnrolmentState, ResourceLink
from plugin.db.people import Organization
from tests.connected import COURSE, OFFERING, Connect, Connected
from tests.demo_lms import Page, Profile, fields
from tests.demo_lms.model import Link
from tests.queries import counted

YEAR = datetime.now(UTC).year + 1
BEGINS, ENDS = f"{YEAR}-01-10T00:00:00Z", f"{YEAR}-06-01T17:00:00+00:00"
DUE = f"{YEAR}-03-14T17:00:00Z"


def words(page: Page) -> str:
    """What is read on a page, in one line."""
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", f"<main{main}")).split())


def dated(connected: Connected, link: Link | None = None, *, due: str | None = DUE, ends: str = ENDS) -> None:
    """The LMS's course has its days, and a link is due."""
    connected.world.change_context(connected.context, begins=BEGINS, ends=ends)
    connected.world.change_link(link or connected.link, submission={"endDateTime": due} if due else {})


def test_a_member_reads_by_when_it_is_due_and_when_the_course_ends(connected: Connected) -> None:
    dated(connected)
    said = words(connected.launch("ada").page)
    assert f"Due 14 March {YEAR}" in said
    assert f"The course ends on 1 June {YEAR}" in said
    with connected.database() as session:
        context = session.scalars(select(Context)).one()
        assert (context.begins_at, context.ends_at) == (
            datetime(YEAR, 1, 10, tzinfo=UTC),
            datetime(YEAR, 6, 1, 17, tzinfo=UTC),
        )
        assert session.scalars(select(ResourceLink.due_at)).one() == datetime(YEAR, 3, 14, 17, tzinfo=UTC)


def test_an_lms_that_says_nothing_is_read_as_before(connected: Connected) -> None:
    said = words(connected.launch("ada").page)
    assert "Due" not in said
    assert "course ends" not in said


def test_a_day_is_that_of_the_readers_organization(connected: Connected) -> None:
    with connected.database() as session:
        session.execute(update(Organization).values(time_zone="America/Chicago"))
    dated(connected, due=f"{YEAR}-03-15T04:59:59.000Z")
    assert f"Due 14 March {YEAR}" in words(connected.launch("ada").page)


def test_days_that_change_are_followed_and_days_that_are_taken_away_are_gone(connected: Connected) -> None:
    dated(connected)
    connected.launch("ada")
    dated(connected, due=f"{YEAR}-04-02T17:00:00Z", ends="")
    said = words(connected.launch("ben").page)
    assert f"Due 2 April {YEAR}" in said
    assert "course ends" not in said
    dated(connected, due=None, ends="")
    assert "Due" not in words(connected.launch("ada").page)
    with connected.database() as session:
        assert session.scalars(select(Cohort.dates)).one() is None


def test_a_due_day_that_has_passed_says_so_and_after_completion_nothing_is_due(connected: Connected) -> None:
    dated(connected, due=f"{datetime.now(UTC) - timedelta(days=400):%Y-%m-%d}T12:00:00Z")
    assert "Was due on" in words(connected.launch("ada").page)
    with connected.database() as session:
        session.execute(
            update(Enrolment).values(
                state=EnrolmentState.COMPLETED, started_at=datetime.now(UTC), completed_at=datetime.now(UTC)
            )
        )
    said = words(connected.launch("ada").page)
    assert "due" not in said
    assert "course ends" not in said


def test_each_session_has_the_day_of_its_own_link(connected: Connected) -> None:
    connected.publish_course()
    links = connected.place_link(COURSE, links="sessions", due=f"{YEAR}-03-14", spacing="7")
    for link in links:
        page = connected.launch("ada", link).page
    said = words(page)
    assert f"0 min of 10 min · due 14 March {YEAR}" in said
    assert f"due 21 March {YEAR}" in said
    assert f"due 28 March {YEAR} · your link leads here" in said
    assert "Due 14 March" not in said, "nothing is said of the whole"


def test_of_two_links_to_the_same_the_earlier_day_is_shown(connected: Connected) -> None:
    dated(connected)
    (again,) = connected.place_link(OFFERING, due=f"{YEAR}-02-01")
    connected.launch("ada")
    assert f"Due 1 February {YEAR}" in words(connected.launch("ada", again).page)


def test_my_learning_says_it_too(connected: Connected) -> None:
    connected.publish_course()
    dated(connected)
    connected.launch("ada", connected.place_link(COURSE)[0])
    visit = connected.launch("ada")
    assert f"Due 14 March {YEAR}" in words(visit.browser.open(connected.url("/")))


@pytest.mark.parametrize("odd", ["soon", "2027-02-30T00:00:00Z", "9999-12-31T23:59:59Z", "ü" * 4000, "2027-03-14"])
def test_a_malformed_date_is_ignored_and_stops_nobody(connected: Connected, odd: str) -> None:
    custom = {"practicum_offering": OFFERING, "course_ends_at": odd, "link_due_at": odd}
    visit = connected.forge("ada", {"https://purl.imsglobal.org/spec/lti/claim/custom": custom})
    assert "/learn/" in visit.page.url
    assert "Due" not in words(visit.page)
    with counted(connected.engine) as statements:
        connected.forge("ada", {"https://purl.imsglobal.org/spec/lti/claim/custom": custom})
    assert not [one for one in statements if one.startswith("UPDATE contexts") or one.startswith("UPDATE resource_")]


def test_launches_that_say_the_same_days_write_nothing_of_them(connected: Connected) -> None:
    connected.launch("ada")
    asked = []
    for say in (False, True):
        if say:
            dated(connected)
            connected.launch("ada")
        with counted(connected.engine) as statements:
            connected.launch("ada")
        asked.append(len(statements))
        assert not [one for one in statements if one.startswith("UPDATE")], statements
    assert asked[0] == asked[1], "and ask nothing more"


@pytest.mark.parametrize("profile", [Profile.CANVAS, Profile.MOODLE, Profile.BRIGHTSPACE, Profile.SAKAI])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_each_lms_says_what_it_knows(connect: Connect, profile: Profile) -> None:
    # what asks for a real browser, or for a host of the LMS's own, is left out
    connected = connect(**{**fields(profile, storage_target=None), "shared_issuer": None})
    dated(connected)
    said = words(connected.launch("ada").page)
    assert (f"Due 14 March {YEAR}" in said) is (profile is not Profile.MOODLE), "Moodle knows no day of a link"
    assert f"The course ends on 1 June {YEAR}" in said
