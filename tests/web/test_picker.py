"""What may be asked for with a choice: links by session, days, where it opens, and a look at it before."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import update

from plugin.db.learning import Enrolment, Offering
from plugin.db.people import Organization
from plugin.db.platforms import Platform
from tests.choosing import answer_in, asked, choose, items_in
from tests.connected import COURSE, OFFERING, Connected
from tests.demo_lms import Page, Visit
from tests.demo_lms import vocabulary as v
from tests.demo_lms.launching import REMOVED

IN_A_MONTH = f"{datetime.now(UTC) + timedelta(days=30):%Y-%m-%d}"


@pytest.fixture
def course(connected: Connected) -> Connected:
    """Beside the module there is a course of three sessions."""
    connected.publish_course()
    return connected


def words(page: Page) -> str:
    """What is read on a page, in one line."""
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", f"<main{main}")).split())


def pressed(visit: Visit, page: Page, name: str, value: str, *codes: str, **more: str) -> Page:
    """Press a button of the picker, or of a preview."""
    form = page.form("/deep-linking/")
    kept = [(key, one) for key, one in form.fields.items() if key != "offering"]
    fields: dict[str, Any] = dict(kept) | more | {name: value}
    return choose(
        Visit(visit.browser, page), *codes, **{key: one for key, one in fields.items() if key != "csrf_token"}
    )


# Links by session


def test_a_course_becomes_one_link_for_each_session_in_order(course: Connected) -> None:
    links = course.place_link(COURSE, links="sessions")
    assert [link.title for link in links] == ["1 · Look at one comment", "2 · Tell what happened", "3 · Go on"]
    assert [link.custom["practicum_session"] for link in links] == ["1", "2", "3"]
    assert {link.custom["practicum_offering"] for link in links} == {COURSE}
    assert links[1].text == "Three small steps: session 2 of 3 (0.2 contact hours)"


def test_every_link_leads_to_its_session_of_the_one_enrolment(course: Connected) -> None:
    links = course.place_link(COURSE, links="sessions")
    pages = [course.launch("ada", link).page for link in links]
    assert course.count(Enrolment) == 1
    assert [page.url.partition("?")[2] for page in pages] == ["session=1", "session=2", "session=3"]
    for number, page in enumerate(pages, start=1):
        assert re.findall(r'id="session-(\d)" open', page.text) == [str(number)]
        assert f"Session {number} of 3: " in words(page)
        assert words(page).count("your link leads here") == 1
    assert "Next What a colleague would hear" in words(pages[1])


def test_whoever_comes_back_by_a_link_goes_on_within_its_session(course: Connected) -> None:
    links = course.place_link(COURSE, links="sessions")
    first = course.launch("ada", links[0])
    home = first.page.url.partition("?")[0]
    first.browser.open(f"{home}/activities/tell")
    first.browser.open(f"{home}/activities/seen")
    assert "Where you left off What the student did" not in words(course.launch("ada", links[1]).page)
    first.browser.open(f"{home}/activities/tell")
    assert "Where you left off What the student did" in words(course.launch("ada", links[1]).page)
    assert "Next One comment of next week" in words(course.launch("ada", links[2]).page)


def test_a_module_among_them_stays_one_link(course: Connected) -> None:
    links = course.place_link(COURSE, OFFERING, links="sessions")
    assert [link.custom.get("practicum_session") for link in links] == ["1", "2", "3", None]


def test_a_course_as_one_link_is_as_it_was(course: Connected) -> None:
    (link,) = course.place_link(COURSE)
    assert (link.title, link.custom) == ("Three small steps", {"practicum_offering": COURSE})


def test_where_the_lms_takes_one_link_no_session_links_are_offered_and_the_page_says_why(course: Connected) -> None:
    visit = asked(course, accept_multiple=False)
    assert 'name="links"' not in visit.page.text
    assert "takes one link at a time here" in words(visit.page)
    page = choose(visit, COURSE, links="sessions")
    assert (page.status, "takes one activity at a time" in words(page)) == (422, True)
    assert 'name="links"' in asked(course).page.text


def test_where_there_is_no_course_nothing_is_asked_of_sessions(connected: Connected) -> None:
    page = asked(connected).page
    assert 'name="links"' not in page.text
    assert "several sessions" not in words(page)
    assert "takes one link at a time" not in words(asked(connected, accept_multiple=False).page)


def test_fifty_links_are_the_most_however_few_offerings_they_are_of(course: Connected) -> None:
    codes = [f"MANY-{number}" for number in range(48)]
    for code in codes:
        course.publish(code, f"Offering {code}")
    visit = course.launch("ian", course.context)
    page = choose(visit, COURSE, *codes, links="sessions")
    assert (page.status, "50 at most" in words(page)) == (422, True)
    assert len(items_in(choose(visit, COURSE, *codes[:47], links="sessions"))) == 50


# Days


def test_days_go_out_with_each_link_in_the_organizations_time_zone(course: Connected) -> None:
    with course.database() as session:
        session.execute(update(Organization).values(time_zone="America/Chicago"))
    page = choose(
        course.launch("ian", course.context),
        COURSE,
        links="sessions",
        available="2027-03-01",
        due="2027-03-14",
        spacing="7",
    )
    items = items_in(page)
    assert [item["available"] for item in items] == [{"startDateTime": "2027-03-01T06:00:00Z"}] * 3
    assert [item["submission"]["endDateTime"] for item in items] == [
        "2027-03-15T04:59:59Z",
        "2027-03-22T04:59:59Z",
        "2027-03-29T04:59:59Z",
    ]


def test_the_picker_says_which_days_are_meant(course: Connected) -> None:
    with course.database() as session:
        session.execute(update(Organization).values(time_zone="America/New_York"))
    assert "Whole days in the time zone America/New York." in words(course.launch("ian", course.context).page)


def test_without_days_none_are_sent(course: Connected) -> None:
    (item,) = items_in(choose(course.launch("ian", course.context), OFFERING))
    assert not {"available", "submission"} & set(item)


@pytest.mark.parametrize(
    ("days", "field", "says"),
    [
        ({"available": IN_A_MONTH, "due": "2024-01-01"}, "due", "too far away"),
        ({"available": "soon"}, "available", "This is no day"),
        ({"due": "2027-02-30"}, "due", "This is no day"),
        ({"due": "20270314"}, "due", "This is no day"),
        ({"due": "9999-12-31"}, "due", "too far away"),
        ({"available": "0001-01-01"}, "available", "too far away"),
        ({"due": IN_A_MONTH, "spacing": "0.5"}, "spacing", "number of days"),
        ({"due": IN_A_MONTH, "spacing": "9999"}, "spacing", "number of days"),
        ({"due": IN_A_MONTH, "spacing": "99999999999999999999"}, "spacing", "number of days"),
        ({"spacing": "7"}, "due", "by when the first session is due"),
    ],
)
def test_a_day_that_cannot_be_meant_is_said_beside_its_field_and_nothing_typed_is_lost(
    course: Connected, days: dict[str, Any], field: str, says: str
) -> None:
    visit = course.launch("ian", course.context)
    typed: dict[str, Any] = {"links": "sessions", "columns": "sessions", "opens_in": "window", **days}
    page = choose(visit, COURSE, **typed)
    assert page.status == 422
    kept = page.form("/deep-linking/").fields
    assert {name: kept[name] for name in typed} == {name: value[:64] for name, value in typed.items()}
    assert kept["offering"] == COURSE
    error = re.search(rf'id="{field}-error">.*?<span>(.*?)</span>', page.text)
    assert error is not None
    assert says in error[1]
    assert choose(visit, COURSE, links="sessions").status == 200, "the request is still there to be answered"


def test_due_before_it_is_available_is_refused(course: Connected) -> None:
    days: dict[str, Any] = {"available": IN_A_MONTH, "due": f"{datetime.now(UTC) + timedelta(days=29):%Y-%m-%d}"}
    page = choose(course.launch("ian", course.context), OFFERING, **days)
    assert (page.status, "due before it is available" in words(page)) == (422, True)


# Where it opens


def test_where_both_are_taken_the_instructor_says_where_a_link_opens(course: Connected) -> None:
    visit = course.launch("ian", course.context)
    assert 'name="opens_in"' in visit.page.text
    (item,) = items_in(choose(visit, OFFERING, opens_in="window"))
    assert ("window" in item, "iframe" in item) == (True, False)
    (item,) = items_in(choose(course.launch("ian", course.context), OFFERING))
    assert ("window" in item, "iframe" in item) == (False, True)


@pytest.mark.parametrize("targets", [["iframe"], ["window"], ["embed"]])
def test_where_one_is_taken_nothing_is_asked(course: Connected, targets: list[str]) -> None:
    visit = asked(course, accept_presentation_document_targets=targets)
    assert 'name="opens_in"' not in visit.page.text
    (item,) = items_in(choose(visit, OFFERING))
    assert [name for name in ("iframe", "window") if name in item] == [name for name in targets if name != "embed"]


@pytest.mark.parametrize("name", ["links", "columns", "opens_in"])
def test_an_answer_that_no_button_of_ours_sends_is_the_usual_one(course: Connected, name: str) -> None:
    odd: dict[str, Any] = {name: "x" * 10_000}
    (item,) = items_in(choose(course.launch("ian", course.context), COURSE, **odd))
    assert item["custom"] == {"practicum_offering": COURSE}


# A look at it before


def test_a_preview_shows_what_members_will_see_and_nobodys_work(course: Connected) -> None:
    visit = course.launch("ian", course.context)
    page = pressed(visit, visit.page, "preview", OFFERING)
    assert page.status == 200
    said = words(page)
    assert "0.5 contact hours" in said
    for text in ("Good work", "one specific thing", "Which comment gives", "Describe one comment you changed"):
        assert text in said
    assert "Ada" not in said
    assert [form.action for form in page.forms] == [visit.page.url]
    assert "textarea" not in page.text
    assert 'type="radio"' not in page.text


def test_what_was_ticked_and_typed_is_there_again_after_a_preview(course: Connected) -> None:
    visit = course.launch("ian", course.context)
    typed = {
        "links": "sessions",
        "columns": "reflections",
        "available": "soon",
        "due": IN_A_MONTH,
        "spacing": "7",
        "opens_in": "window",
    }
    preview = pressed(visit, visit.page, "preview", COURSE, OFFERING, **typed)
    picker = pressed(visit, preview, "back", "", OFFERING)
    assert picker.status == 200
    fields = picker.form("/deep-linking/").fields
    assert {name: fields[name] for name in typed} == typed
    assert re.findall(r'name="offering" value="([^"]+)" checked', picker.text) == [OFFERING]


def test_an_offering_may_be_chosen_from_its_preview(course: Connected) -> None:
    visit = course.launch("ian", course.context)
    preview = pressed(visit, visit.page, "preview", COURSE, OFFERING)
    picker = pressed(visit, preview, "back", COURSE, OFFERING)
    assert set(re.findall(r'name="offering" value="([^"]+)" checked', picker.text)) == {COURSE, OFFERING}
    single = asked(course, accept_multiple=False)
    picker = pressed(single, pressed(single, single.page, "preview", COURSE, OFFERING), "back", COURSE, OFFERING)
    assert re.findall(r'name="offering" value="([^"]+)" checked', picker.text) == [COURSE]


def test_a_course_is_read_session_by_session(course: Connected) -> None:
    visit = course.launch("ian", course.context)
    page = pressed(visit, visit.page, "preview", COURSE)
    assert "Take a comment that you wrote" in words(page)
    assert "How you would tell it" not in words(page)
    second = pressed(visit, page, "preview", f"{COURSE}/2")
    assert "how you would tell it in a few words" in words(second)
    for odd in ("9", "x", ""):
        assert "Take a comment that you wrote" in words(pressed(visit, page, "preview", f"{COURSE}/{odd}"))


def test_what_is_not_published_cannot_be_looked_at(course: Connected) -> None:
    with course.database() as session:
        session.execute(update(Offering).where(Offering.code == COURSE).values(current_version_id=None))
    visit = course.launch("ian", course.context)
    for code in (COURSE, "NOPE-1", ""):
        page = pressed(visit, visit.page, "preview", code)
        assert (page.status, "not there any more" in words(page)) == (422, True)


def test_a_preview_is_its_persons_while_the_request_lives(course: Connected) -> None:
    mine, other = (course.forge(who, to=course.context) for who in ("ian", "ann"))
    token = other.page.form("/deep-linking/").fields["csrf_token"]
    assert other.browser.post(mine.page.url, {"csrf_token": token, "preview": OFFERING}).status == 404
    assert choose(mine, OFFERING).status == 200
    assert pressed(mine, mine.page, "preview", OFFERING).status == 410


# Columns


@pytest.mark.parametrize(
    ("links", "columns", "brought"),
    [
        ("one", "completion", [(COURSE, "completion")]),
        ("one", "sessions", [None]),
        ("one", "reflections", [None]),
        ("sessions", "completion", [None, None, (COURSE, "completion")]),
        ("sessions", "sessions", [(f"{COURSE}/{number}", "session") for number in (1, 2, 3)]),
        ("sessions", "reflections", [(f"{COURSE}/look", "reflection"), (f"{COURSE}/tell", "reflection"), None]),
    ],
)
def test_each_link_brings_the_column_that_is_its_own(
    course: Connected, links: str, columns: str, brought: list[tuple[str, str] | None]
) -> None:
    items = items_in(choose(course.launch("ian", course.context), COURSE, links=links, columns=columns))
    found = [item.get("lineItem") for item in items]
    assert [one and (one["resourceId"], one["tag"]) for one in found] == brought
    assert all(one["scoreMaximum"] == 1 for one in found if one)
    said = {item["custom"].get("practicum_columns") for item in items}
    assert said == ({None} if columns == "completion" else {columns})


def test_where_the_lms_takes_no_columns_the_choice_is_not_asked_and_not_heard(course: Connected) -> None:
    visit = asked(course, accept_lineitem=False)
    assert 'name="columns"' not in visit.page.text
    (item,) = items_in(choose(visit, COURSE, columns="sessions"))
    assert item["custom"] == {"practicum_offering": COURSE}


@pytest.mark.parametrize("family", ["canvas", "Open edX"])
def test_where_no_column_can_be_made_several_for_one_link_are_refused_in_words(course: Connected, family: str) -> None:
    """Open edX shows a link's own column only; elsewhere it is a right that an administrator may not give."""
    scores_only = {v.AGS_ENDPOINT: {"scope": [v.Scope.SCORE.value], "lineitems": course.world.config.url("/items")}}
    with course.database() as session:
        session.execute(update(Platform).values(family=family.lower().replace(" ", "")))
    visit = asked(course, claims=scores_only if family == "canvas" else None)
    assert "gives each link one column" in words(visit.page)
    page = choose(visit, COURSE, columns="sessions")
    assert (page.status, "one link per session" in words(page)) == (422, True)
    assert len(items_in(choose(visit, COURSE, links="sessions", columns="sessions"))) == 3


def test_an_lms_that_says_nothing_of_its_gradebook_yet_may_let_us_make_columns(course: Connected) -> None:
    visit = asked(course, claims={v.AGS_ENDPOINT: REMOVED})
    assert answer_in(choose(visit, COURSE, columns="sessions"))[v.CONTENT_ITEMS]
