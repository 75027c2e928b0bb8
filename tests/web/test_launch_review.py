"""The LMS's gradebook opens somebody's work: for trainers, and for whoever wrote it; never because an LMS says so."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from plugin import clock
from plugin.actions import organizations
from plugin.db.learning import Cohort, Enrolment
from plugin.db.people import Identity
from plugin.db.reflections import Reflection, Revision
from plugin.domain.people import Role
from plugin.domain.review import State
from tests.connected import COURSE, Connected
from tests.demo_lms import Browser, Page
from tests.demo_lms import vocabulary as v
from tests.demo_lms.launching import sign_in
from tests.demo_lms.model import Link
from tests.refusals import assert_refused


def clicked(connected: Connected, viewer: str, of: str) -> Page:
    """The page behind a cell of the LMS's gradebook."""
    [column] = connected.world.line_items_of(connected.link)
    browser = Browser(frame_of=connected.world.config.issuer)
    sign_in(browser, connected.world, viewer)
    whose = connected.world.person(of).id
    return browser.open(connected.world.config.url(f"/launch/review/{column.id}/{whose}"))


def claimed(connected: Connected, viewer: str, for_user: Any, link: Link | None = None, **changes: Any) -> Page:
    """A review whose claims an LMS signed without looking, as Moodle does."""
    said = {v.MESSAGE_TYPE: "LtiSubmissionReviewRequest", v.FOR_USER: for_user, **changes}
    return connected.forge(viewer, said, to=link or connected.link).page


def whose(connected: Connected, key: str) -> dict[str, str]:
    return {"user_id": connected.world.person(key).id}


def sent(connected: Connected, key: str, activity: str = "reflect") -> int:
    """A reflection that somebody sent, of what they enrolled in last; its id."""
    person = connected.person_id(key)
    with connected.database() as session:
        mine = select(Enrolment).where(Enrolment.person_id == person).order_by(Enrolment.id.desc()).limit(1)
        enrolment = session.scalars(mine).one()
        row = Reflection(
            enrolment_id=enrolment.id,
            cohort_id=enrolment.cohort_id,
            organization_id=enrolment.organization_id,
            person_id=person,
            activity=activity,
            reviewed=True,
            state=State.SUBMITTED,
            text="What I tried on Tuesday.",
            version=1,
            saved_at=clock.now(),
            revision=1,
            waiting_since=clock.now(),
            created_at=clock.now(),
        )
        session.add(row)
        session.flush()
        session.add(Revision(reflection_id=row.id, number=1, text=row.text, words=5, submitted_at=clock.now()))
        return row.id


def trainer(connected: Connected, key: str) -> None:
    connected.launch(key)
    connected.grant(key, Role.TRAINER)


def test_a_trainer_gets_to_the_reading_page_of_that_member(connected: Connected) -> None:
    connected.launch("ada")
    reflection = sent(connected, "ada")
    trainer(connected, "tom")
    page = claimed(connected, "tom", whose(connected, "ada"))
    assert page.url == connected.url(f"/review/{reflection}")
    assert "What I tried on Tuesday." in page.text


@pytest.mark.parametrize("choice", ["sessions", "reflections"])
def test_a_column_of_a_part_leads_to_that_part(connected: Connected, choice: str) -> None:
    """Of three sessions the first two have a reflection; the second one's was sent first, and has waited longer."""
    connected.publish_course()
    first, second, *_ = connected.place_link(COURSE, links="sessions", columns=choice)
    for link in (first, second):
        connected.launch("ada", link)
    later, sooner = sent(connected, "ada", "tell"), sent(connected, "ada", "look")
    trainer(connected, "tom")
    adas = whose(connected, "ada")
    for link, reflection in ((first, sooner), (second, later)):
        assert claimed(connected, "tom", adas, link).url == connected.url(f"/review/{reflection}")
    own = claimed(connected, "ada", adas, second).url
    assert own.endswith("?session=2" if choice == "sessions" else "/activities/tell")


def test_a_member_who_sent_nothing_leads_the_trainer_to_the_cohorts_queue(connected: Connected) -> None:
    connected.launch("ada")
    trainer(connected, "tom")
    with connected.database() as session:
        cohort = session.scalars(select(Cohort.id)).one()
    for key in ("ada", "ben"):
        assert claimed(connected, "tom", whose(connected, key)).url == connected.url(f"/review?cohort={cohort}")


def test_a_member_sees_their_own_and_nobody_elses_whatever_the_lms_signs(connected: Connected) -> None:
    connected.launch("ada")
    connected.launch("ben")
    sent(connected, "ben")
    assert "/learn/" in claimed(connected, "ada", whose(connected, "ada")).url
    assert_refused(claimed(connected, "ada", whose(connected, "ben")), status=403, says="another person’s")


def test_an_instructor_without_a_grant_counts_and_reads_nothing(connected: Connected) -> None:
    connected.launch("ada")
    sent(connected, "ada")
    page = clicked(connected, "ian", "ada")
    assert "/cohorts/" in page.url
    assert "Tuesday" not in page.text
    assert connected.world.person("ada").name not in page.text


def test_a_trainer_of_another_organization_reads_nothing(connected: Connected) -> None:
    connected.launch("ada")
    sent(connected, "ada")
    connected.launch("tom")
    with connected.database() as session:
        organizations.add(session, "Local 2", now=clock.now())
    connected.grant("tom", Role.TRAINER, organization="Local 2")
    assert_refused(claimed(connected, "tom", whose(connected, "ada")), status=403, says="another person’s")


def test_the_head_of_a_column_names_nobody(connected: Connected) -> None:
    connected.launch("ada")
    assert "/cohorts/" in claimed(connected, "ian", None).url
    assert "/learn/" in claimed(connected, "ada", {}).url


def test_it_enrols_nobody(connected: Connected) -> None:
    connected.launch("ada")
    assert_refused(claimed(connected, "ben", whose(connected, "ben")), status=400, says="to begin")
    assert connected.count(Enrolment) == 1


def test_a_column_of_another_course_shows_nothing_of_this_one(connected: Connected) -> None:
    connected.launch("ada")
    elsewhere: dict[str, Any] = {v.CONTEXT: {"id": "never seen", "title": "Elsewhere"}}
    page = claimed(connected, "ian", whose(connected, "ada"), **elsewhere)
    assert_refused(page, status=400, says="no activity of ours")


@pytest.mark.parametrize("odd", ["1001", ["1001"], {"user_id": 1001}, {"user_id": "x" * 300}])
def test_an_odd_claim_is_refused_in_words(connected: Connected, odd: Any) -> None:
    connected.launch("ada")
    before = connected.count(Identity)
    assert_refused(claimed(connected, "ian", odd), status=400)
    assert connected.count(Identity) == before
