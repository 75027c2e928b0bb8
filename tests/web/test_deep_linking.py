"""Choosing content: an LMS instructor puts offerings into their course, and the answer goes back to the LMS."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, select, update

from plugin import clock
from plugin.db.audit import AuditEvent
from plugin.db.learning import Offering
from plugin.db.people import Person
from plugin.db.platforms import DeepLinkingRequest, Platform, PlatformState, ToolKey
from tests.choosing import answer_in, asked, choose
from tests.connected import OFFERING, Connect, Connected
from tests.demo_lms import Browser, Visit
from tests.demo_lms import vocabulary as v
from tests.demo_lms.model import Link
from tests.refusals import assert_refused


def test_an_instructor_chooses_one_offering_and_the_course_has_a_link_with_a_column(connected: Connected) -> None:
    visit = connected.launch("ian", connected.context)
    assert "One next step" in visit.page.text
    done = choose(visit, OFFERING, follow=True)
    assert done.status == 200, done.text[:2000]
    link = list(connected.world.links.values())[-1]
    assert link.custom == {"practicum_offering": OFFERING}
    (column,) = connected.world.line_items_of(link)
    assert (column.resource_id, column.tag) == (OFFERING, "completion")
    assert "/learn/" in connected.launch("ada", link).page.url
    assert connected.count(AuditEvent, AuditEvent.deed == "choose content") == 2


def test_an_instructor_chooses_many_at_once(connected: Connected) -> None:
    connected.publish("TST-02", "Another step")
    links = connected.place_link(OFFERING, "TST-02")
    assert {link.custom["practicum_offering"] for link in links} == {OFFERING, "TST-02"}
    assert all(isinstance(link, Link) for link in links)


def test_the_same_offering_ticked_twice_is_one_link(connected: Connected) -> None:
    assert len(connected.place_link(OFFERING, OFFERING)) == 1


def test_where_the_lms_takes_one_the_picker_offers_one_and_two_are_refused_in_words(connected: Connected) -> None:
    connected.publish("TST-02", "Another step")
    visit = asked(connected, accept_multiple=False)
    assert 'type="radio"' in visit.page.text
    assert 'type="checkbox"' not in visit.page.text
    page = choose(visit, OFFERING, "TST-02")
    assert page.status == 422
    assert "takes one activity at a time" in page.text
    assert len(answer_in(choose(visit, "TST-02"))[v.CONTENT_ITEMS]) == 1


def test_nothing_chosen_and_what_is_not_there_any_more_are_said_on_the_page(connected: Connected) -> None:
    visit = connected.launch("ian", connected.context)
    nothing = choose(visit)
    assert (nothing.status, "Choose what to add" in nothing.text) == (422, True)
    gone = choose(visit, "NOPE-1")
    assert (gone.status, "not there any more" in gone.text) == (422, True)
    many = choose(visit, *(f"NOPE-{number}" for number in range(51)))
    assert (many.status, "50 at most" in many.text) == (422, True)
    assert choose(visit, OFFERING).status == 200, "the request is still there to be answered"


def test_somebody_who_changes_their_mind_goes_back_with_nothing(connected: Connected) -> None:
    page = choose(connected.launch("ian", connected.context), cancel="yes")
    assert answer_in(page)[v.CONTENT_ITEMS] == []


def test_a_request_is_answered_once(connected: Connected) -> None:
    visit = connected.launch("ian", connected.context)
    assert choose(visit, OFFERING).status == 200
    again = choose(visit, OFFERING)
    assert again.status == 410
    assert "sent already" in again.text
    assert visit.browser.open(visit.page.url).status == 410


def test_two_clicks_at_once_make_one_answer(connected: Connected) -> None:
    visit = connected.launch("ian", connected.context)
    with ThreadPoolExecutor(3) as pool:
        pages = list(pool.map(lambda _: choose(visit, OFFERING), range(3)))
    assert sorted(page.status for page in pages) == [200, 410, 410]


def test_a_request_that_is_two_hours_old_says_to_begin_again(
    connected: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = connected.launch("ian", connected.context)
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + timedelta(hours=2, seconds=1))
    assert choose(visit, OFFERING).status == 410


def test_a_learner_may_not_choose_content(connected: Connected) -> None:
    page = connected.forge("ada", to=connected.context).page
    assert_refused(page, status=403, says="does not say that you teach")
    assert connected.count(DeepLinkingRequest) == 1, "the one that placed the link"
    assert connected.count(Person) == 1


def test_another_instructors_request_is_not_found(connected: Connected) -> None:
    mine = connected.launch("ian", connected.context)
    other = connected.forge("ann", to=connected.context)
    assert "/deep-linking/" in other.page.url
    assert other.browser.open(mine.page.url).status == 404
    form = other.page.form("/deep-linking/")
    page = other.browser.post(mine.page.url, {"csrf_token": form.fields["csrf_token"], "offering": OFFERING})
    assert page.status == 404


def test_what_the_lms_sent_along_goes_back_as_it_was(connected: Connected) -> None:
    answer = answer_in(choose(asked(connected), OFFERING))
    assert answer[v.DL_DATA] == 'kept "as it is" – ü'
    assert answer["iss"] == connected.tool.client_id
    assert answer["aud"] == connected.world.config.issuer
    assert answer[v.DEPLOYMENT_ID] == connected.link.deployment_id
    none = answer_in(choose(asked(connected, data=None), OFFERING))
    assert v.DL_DATA not in none


def test_where_the_lms_takes_no_columns_none_is_promised_or_sent(connected: Connected) -> None:
    assert "gradebook column" in asked(connected).page.text
    visit = asked(connected, accept_lineitem=False)
    assert "gradebook column" not in visit.page.text
    (item,) = answer_in(choose(visit, OFFERING))[v.CONTENT_ITEMS]
    assert "lineItem" not in item
    assert item["url"] == connected.url("/"), "Blackboard refuses a link without an address"


def test_a_place_that_takes_no_links_says_so(connected: Connected) -> None:
    page = asked(connected, accept_types=["file"]).page
    assert_refused(page, status=400, says="does not take activities")
    assert_refused(asked(connected, deep_link_return_url="javascript:alert(1)").page, says="cannot read")


def test_the_answer_may_be_posted_to_the_return_address_only(connected: Connected) -> None:
    page = choose(asked(connected, deep_link_return_url="https://return.example.org/x?y=1"), OFFERING)
    form = page.form()
    assert form.action == "https://return.example.org/x?y=1"
    assert form.sends_itself
    policy = page.headers["Content-Security-Policy"]
    allowed = next(part for part in policy.split("; ") if part.startswith("form-action")).split()[1:]
    assert allowed[:2] == ["'self'", "https://return.example.org"]
    lms = connected.world.config.issuer.rpartition(":")[0]
    assert f"{lms}:*" in allowed, "an LMS may send the browser on to another of its addresses"


def test_a_return_address_cannot_break_out_of_its_attribute(connected: Connected) -> None:
    page = choose(asked(connected, deep_link_return_url="https://return.example.org/?a='x'&b=1;c"), OFFERING)
    assert page.form().action == "https://return.example.org/?a='x'&b=1;c"
    assert "<script>" not in page.text


def test_the_picker_works_in_a_new_window_where_the_frame_keeps_no_cookies(connected: Connected) -> None:
    frame = Browser(frame_of=connected.world.config.issuer, third_party="blocked")
    offered = connected.launch("ian", connected.context, browser=frame).page
    window = Browser()
    picker = window.submit(offered)
    assert "/deep-linking/" in picker.url
    page = choose(Visit(window, picker), OFFERING)
    assert len(answer_in(page)[v.CONTENT_ITEMS]) == 1


def test_the_very_first_answer_of_an_installation_makes_its_key_and_does_not_wait_for_itself(connect: Connect) -> None:
    """On SQLite one transaction writes at a time, and the answer is one."""
    connected = connect(place=False)
    with connected.database() as session:
        session.execute(delete(ToolKey))
    assert len(connected.place_link()) == 1
    assert connected.count(ToolKey) == 1


def test_a_platform_that_is_switched_off_meanwhile_gets_no_answer(connected: Connected) -> None:
    visit = connected.launch("ian", connected.context)
    with connected.database() as session:
        session.execute(
            update(Platform).where(Platform.id == connected.platform_id).values(state=PlatformState.DISABLED)
        )
    assert choose(visit, OFFERING).status in {400, 401}
    with connected.database() as session:
        request = session.scalars(select(DeepLinkingRequest).order_by(DeepLinkingRequest.id.desc())).first()
    assert request is not None
    assert request.answered_at is None


def test_an_empty_shelf_says_who_can_fill_it(connected: Connected) -> None:
    with connected.database() as session:
        session.execute(update(Offering).values(current_version_id=None))
    page = connected.launch("ian", connected.context).page
    assert page.status == 200
    assert "Nothing is published yet" in page.text
