"""Roles inside Practicum: a code that is given to somebody, and what it makes of them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from plugin.actions import grants, organizations
from plugin.actions.grants import GrantRefused, Why
from plugin.db.audit import AuditEvent
from plugin.db.learning import Cohort, Enrolment, Progress
from plugin.db.people import Grant
from plugin.domain.people import Role
from tests.cast import Cast

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TODAY = NOW.date()


def issued(session: Session, cast: Cast, role: Role = Role.TRAINER, *, cohort: int | None = None) -> str:
    return grants.issue(session, role, organization=cast.here.organization.id, cohort=cohort, starts_on=TODAY, now=NOW)


def enrolments(session: Session, person: int) -> list[int]:
    return list(session.scalars(select(Enrolment.cohort_id).where(Enrolment.person_id == person)))


def test_a_code_can_be_read_aloud_and_is_kept_as_a_hash(cast: Cast, session: Session) -> None:
    code = issued(session, cast)
    assert re.fullmatch(r"[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}-[2-9A-HJKMNP-TV-Z]{4}", code)
    grant = session.scalars(select(Grant).where(Grant.code_hash.is_not(None))).one()
    assert grant.person_id is None
    assert code not in str(vars(grant))


def test_case_blanks_and_hyphens_do_not_matter(cast: Cast, session: Session) -> None:
    for typed in ("{}", " {} ", "{lower}", "{bare}", "{spaced}", "{lower} "):
        code = issued(session, cast)
        forms = {"lower": code.lower(), "bare": code.replace("-", ""), "spaced": code.replace("-", " ")}
        grant = grants.bind(session, typed.format(code, **forms), person=cast.ben.id, now=NOW)
        assert (grant.person_id, grant.bound_at, grant.role) == (cast.ben.id, NOW, Role.TRAINER), typed


def test_a_code_works_once_and_a_second_click_of_the_same_person_is_none(cast: Cast, session: Session) -> None:
    code = issued(session, cast)
    first = grants.bind(session, code, person=cast.ben.id, now=NOW)
    assert grants.bind(session, code, person=cast.ben.id, now=NOW).id == first.id
    with pytest.raises(GrantRefused, match="used by somebody else"):
        grants.bind(session, code, person=cast.ada.id, now=NOW)
    bound = select(AuditEvent).where(AuditEvent.deed == "bind grant")
    assert [event.actor_id for event in session.scalars(bound)] == [cast.ben.id]


def test_a_code_that_is_unknown_taken_back_or_too_old_says_which(cast: Cast, session: Session) -> None:
    code = issued(session, cast)
    with pytest.raises(GrantRefused, match="not known") as refused:
        grants.bind(session, "AAAA-BBBB-CCCC", person=cast.ben.id, now=NOW)
    assert refused.value.why is Why.UNKNOWN
    with pytest.raises(GrantRefused, match="14 days"):
        grants.bind(session, code, person=cast.ben.id, now=NOW + timedelta(days=14))
    session.execute(update(Grant).where(Grant.code_hash.is_not(None)).values(revoked_at=NOW))
    with pytest.raises(GrantRefused, match="taken back"):
        grants.bind(session, code, person=cast.ben.id, now=NOW)


def test_nonsense_is_not_a_code(cast: Cast, session: Session) -> None:
    for code in ("", "-", "\0", "é", "x" * 100_000):
        with pytest.raises(GrantRefused, match="not known"):
            grants.bind(session, code, person=cast.ben.id, now=NOW)


def test_the_way_in_is_forgotten_only_where_nothing_was_begun(cast: Cast, session: Session) -> None:
    """A trainer came in by a member's link; what somebody has begun stays theirs."""
    assert cast.ben.enrolment is not None
    grants.bind(session, issued(session, cast), person=cast.ada.id, now=NOW)
    assert enrolments(session, cast.ada.id) == []
    session.add(Progress(enrolment_id=cast.ben.enrolment.id, activity="check", opened_at=NOW, position=0))
    session.flush()
    grants.bind(session, issued(session, cast), person=cast.ben.id, now=NOW)
    assert enrolments(session, cast.ben.id) == [cast.here.cohort.id]


def test_a_grant_for_one_cohort_forgets_no_way_into_another(cast: Cast, session: Session) -> None:
    """Ada is a trainer of a cohort in which she does not learn."""
    elsewhere = issued(session, cast, cohort=_another_cohort(session, cast))
    grants.bind(session, elsewhere, person=cast.ada.id, now=NOW)
    assert enrolments(session, cast.ada.id) == [cast.here.cohort.id]
    grants.bind(session, issued(session, cast, cohort=cast.here.cohort.id), person=cast.ada.id, now=NOW)
    assert enrolments(session, cast.ada.id) == []


def test_a_grant_in_one_organization_forgets_nothing_in_another(cast: Cast, session: Session) -> None:
    grants.bind(session, issued(session, cast), person=cast.other.ada.id, now=NOW)
    assert enrolments(session, cast.other.ada.id) == [cast.other.cohort.id]


def test_a_grant_for_a_cohort_belongs_to_the_organization_that_runs_it(cast: Cast, session: Session) -> None:
    """Named from above, it would reach nothing: the door asks for organization and cohort together."""
    federation = organizations.add(session, "Federation", now=NOW)
    local = organizations.add(session, "Local 9", parent="Federation", now=NOW)
    cohort = _another_cohort(session, cast)
    session.execute(update(Cohort).where(Cohort.id == cohort).values(organization_id=local.id))
    grants.issue(session, Role.TRAINER, organization=federation.id, cohort=cohort, starts_on=TODAY, now=NOW)
    assert session.scalars(select(Grant.organization_id).where(Grant.cohort_id == cohort)).all() == [local.id]


def test_a_grant_for_a_cohort_that_is_not_there_is_refused(cast: Cast, session: Session) -> None:
    for cohort in (999_999, cast.other.cohort.id):
        with pytest.raises(GrantRefused, match=f"no cohort {cohort}"):
            issued(session, cast, cohort=cohort)


def test_a_grant_does_not_end_before_it_starts(cast: Cast, session: Session) -> None:
    with pytest.raises(GrantRefused, match="before it starts"):
        grants.issue(
            session,
            Role.LSC,
            organization=cast.here.organization.id,
            starts_on=TODAY,
            ends_on=date(2026, 11, 20),
            now=NOW,
        )
    assert grants.issue(
        session, Role.LSC, organization=cast.here.organization.id, starts_on=TODAY, ends_on=TODAY, now=NOW
    )


DAYS = [
    (-1, None, True),
    (0, 0, True),
    (1, None, False),
    (-5, -1, False),
    (-5, 0, True),
]  # from today; whether it holds


def test_a_grant_holds_from_its_first_day_through_its_last(cast: Cast, session: Session) -> None:
    today = datetime.now(UTC).date()
    for first, last, holds in DAYS:
        dates = {
            "starts_on": today + timedelta(days=first),
            "ends_on": None if last is None else today + timedelta(days=last),
        }
        session.execute(update(Grant).where(Grant.person_id == cast.lou.id).values(**dates))
        session.commit()
        assert cast.lou.get("/reports/scores").status_code == (200 if holds else 404), (first, last)


def test_a_revoked_grant_is_none(cast: Cast, session: Session) -> None:
    session.execute(update(Grant).where(Grant.person_id == cast.lou.id).values(revoked_at=datetime.now(UTC)))
    session.commit()
    assert cast.lou.get("/reports/scores").status_code == 404


def _another_cohort(session: Session, cast: Cast) -> int:
    cohort = Cohort(
        organization_id=cast.here.organization.id,
        offering_id=cast.here.cohort.offering_id,
        version_id=cast.here.cohort.version_id,
        context_id=None,
        name="Evenings",
        created_at=NOW,
    )
    session.add(cohort)
    session.flush()
    return cohort.id
