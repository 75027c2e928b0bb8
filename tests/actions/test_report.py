"""The rows of the completion report: what a line says, whose it is, in which order, within which days."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from plugin.actions import report
from plugin.actions.report import Line
from plugin.db import reach
from plugin.db.outbox import OutboxState
from plugin.db.people import Person
from plugin.db.reports import Asked, Part
from plugin.db.session import snapshot
from plugin.db.sign_ins import GrantScope
from plugin.domain.people import Role
from tests.cast import Cast, Place
from tests.queries import counted
from tests.reports.crowd import fill
from tests.reports.people import SECRET_TEXT, YEAR, enrol, federation, moment, reflect, second_column, tell

ALL = tuple(Part)


def asked(session: Session, *places: Place, cohort: int | None = None, **about: Any) -> Asked:
    """What an LSC of these places asks for, of the year 2025 unless told otherwise."""
    grants = tuple(GrantScope(Role.LSC, place.organization.id, cohort) for place in places)
    return Asked(reach.find(session, grants), **{**YEAR, **about})


def lines(session: Session, wanted: Asked) -> list[Line]:
    """The whole report."""
    return list(report.lines(session, wanted))


def names(session: Session, wanted: Asked) -> list[str]:
    return [line.name for line in lines(session, wanted)]


def test_a_completion_is_one_line_with_its_hours(session: Session, cast: Cast) -> None:
    someone = enrol(session, cast.here, "Ada O.", legal_name="Adaeze Okafor", completed="2025-03-05 15:00", minutes=180)
    reflect(session, someone, met=True)
    tell(session, someone, cast.here.line_item, OutboxState.SENT, at="2025-03-06 15:00")
    [line] = lines(session, asked(session, cast.here))
    assert line == Line(
        organization="Local 1",
        platform="District 1 LMS",
        cohort="PD 1",
        offering="TST-01",
        title="One next step",
        version="1.0.0",
        member=someone.person_id,
        name="Adaeze Okafor",
        state="completed",
        enrolled=date(2025, 1, 5),
        started=date(2025, 3, 4),
        last_activity=date(2025, 3, 5),
        completed=date(2025, 3, 5),
        required_done_percent=100,
        reflections_met=1,
        reflections_total=1,
        minutes_designed=30,
        minutes_awarded=180,
        contact_hours=3.0,
        lms_report="sent",
        lms_report_on=date(2025, 3, 6),
    )


def test_a_line_holds_no_text_no_sub_and_no_address(session: Session, cast: Cast) -> None:
    someone = enrol(session, cast.here, "Ada", started="2025-03-01 15:00")
    reflect(session, someone, met=False)
    said = " ".join(str(cell) for line in lines(session, asked(session, cast.here, parts=ALL)) for cell in line)
    assert SECRET_TEXT not in said
    assert "sub-of-" not in said
    assert "@" not in said


def test_only_required_activities_count_and_all_but_one_is_not_all(session: Session, cast: Cast) -> None:
    enrol(session, cast.here, "Optional", started="2025-02-01 15:00", done=["try"])
    enrol(session, cast.here, "Half", started="2025-02-02 15:00", done=["goal", "inventory", "check", "try"])
    enrol(session, cast.here, "Nothing", enrolled="2025-02-03 15:00")
    found = {line.name: line for line in lines(session, asked(session, cast.here, parts=ALL))}
    assert [found[name].required_done_percent for name in ("Optional", "Half", "Nothing")] == [0, 50, 0]
    assert found["Half"].minutes_awarded is None
    assert found["Half"].contact_hours is None


def test_people_are_told_apart_by_how_far_they_are(session: Session, cast: Cast) -> None:
    enrol(session, cast.here, "Done", completed="2025-02-01 15:00")
    enrol(session, cast.here, "Under way", started="2025-02-01 15:00")
    enrol(session, cast.here, "Not begun")
    found = {part: names(session, asked(session, cast.here, parts=(part,))) for part in Part}
    assert found == {
        Part.COMPLETED: ["Done"],
        Part.IN_PROGRESS: ["Under way"],
        Part.NOT_STARTED: ["Not begun"],
    }


def test_a_day_is_a_day_of_the_organization(session: Session, cast: Cast) -> None:
    enrol(session, cast.here, "Still New Year's Eve in New York", completed="2025-01-01 04:59")
    enrol(session, cast.here, "New Year in New York", completed="2025-01-01 05:00")
    enrol(session, cast.here, "The last minute", completed="2026-01-01 04:59")
    found = lines(session, asked(session, cast.here))
    assert [(line.name, line.completed) for line in found] == [
        ("The last minute", date(2025, 12, 31)),
        ("New Year in New York", date(2025, 1, 1)),
    ]


def test_organizations_of_one_report_each_keep_their_own_clock(session: Session, cast: Cast) -> None:
    session.merge(cast.other.organization).time_zone = "America/Los_Angeles"
    session.flush()
    for place in (cast.here, cast.other):
        enrol(session, place, f"At seven UTC in {place.organization.name}", completed="2025-01-01 07:00")
        enrol(session, place, f"At nine UTC in {place.organization.name}", completed="2025-01-01 09:00")
    wanted = asked(session, cast.here, cast.other)
    assert sorted(names(session, wanted)) == [
        "At nine UTC in Local 1",
        "At nine UTC in Local 2",
        "At seven UTC in Local 1",
    ]
    assert [count for _, count in report.totals(session, wanted).periods] == [3]
    before = asked(session, cast.here, cast.other, first=None, last=date(2024, 12, 31))
    assert [(line.name, line.completed) for line in lines(session, before)] == [
        ("At seven UTC in Local 2", date(2024, 12, 31))
    ]


def test_those_who_are_not_done_count_by_the_day_of_enrolment(session: Session, cast: Cast) -> None:
    enrol(session, cast.here, "Enrolled last year", enrolled="2024-12-30 15:00", started="2025-02-01 15:00")
    enrol(session, cast.here, "Enrolled this year", enrolled="2025-01-02 15:00", started="2025-02-01 15:00")
    assert names(session, asked(session, cast.here, parts=(Part.IN_PROGRESS,))) == ["Enrolled this year"]


def test_an_lsc_sees_their_organization_and_no_other(session: Session, cast: Cast) -> None:
    enrol(session, cast.here, "Ours", completed="2025-02-01 15:00")
    enrol(session, cast.other, "Theirs", completed="2025-02-01 15:00")
    assert names(session, asked(session, cast.here)) == ["Ours"]
    assert report.totals(session, asked(session, cast.here)).people == 1


def test_an_lsc_of_the_organization_above_sees_the_rows_below(session: Session, cast: Cast) -> None:
    above = federation(session, "State Federation", cast.here, cast.other)
    enrol(session, cast.here, "First", completed="2025-02-02 15:00")
    enrol(session, cast.other, "Second", completed="2025-02-01 15:00")
    within = reach.find(session, (GrantScope(Role.LSC, above.id, None),))
    assert names(session, Asked(within, **YEAR)) == ["First", "Second"]
    assert names(session, Asked(within, **YEAR, organization_id=cast.other.organization.id)) == ["Second"]
    assert names(session, Asked(within, **YEAR, organization_id=above.id)) == ["First", "Second"]


def test_choosing_an_organization_out_of_reach_finds_nothing(session: Session, cast: Cast) -> None:
    enrol(session, cast.other, "Theirs", completed="2025-02-01 15:00")
    wanted = asked(session, cast.here, parts=ALL, organization_id=cast.other.organization.id)
    assert names(session, wanted) == []
    assert report.totals(session, wanted).rows == 0


@pytest.mark.parametrize("role", [Role.TRAINER, Role.VIEWER])
def test_other_grants_open_no_report(session: Session, cast: Cast, role: Role) -> None:
    enrol(session, cast.here, "Ours", completed="2025-02-01 15:00")
    within = reach.find(session, (GrantScope(role, cast.here.organization.id, None),))
    assert within.places == ()
    assert names(session, Asked(within, parts=ALL)) == []


def test_a_grant_for_one_cohort_reaches_that_cohort(session: Session, cast: Cast) -> None:
    enrol(session, cast.here, "Done", completed="2025-02-01 15:00")
    enrol(session, cast.here, "Under way", started="2025-02-01 15:00")
    assert names(session, asked(session, cast.here, cohort=cast.here.cohort.id, parts=ALL)) == ["Done", "Under way"]
    assert names(session, asked(session, cast.here, cohort=cast.other.cohort.id, parts=ALL)) == []


def test_a_name_is_found_however_it_is_typed(session: Session, cast: Cast) -> None:
    enrol(session, cast.here, "L. N.", legal_name="Luz Núñez", completed="2025-02-02 15:00")
    enrol(session, cast.here, "Nora Nun", completed="2025-02-01 15:00")
    for typed in ("nunez", "NÚÑEZ", "úñe", "Nu\u0301n\u0303ez", "luz nú"):
        assert names(session, asked(session, cast.here, name=typed)) == ["Luz Núñez"]


def test_signs_of_a_pattern_are_letters_like_others(session: Session, cast: Cast) -> None:
    signs = ["%", "_", "\\", "a%o", "' OR 1=1 --"]
    enrol(session, cast.here, "Ada Okafor", completed="2025-02-01 15:00")
    for place, sign in enumerate(signs):
        enrol(session, cast.here, f"{place} {sign} Y", completed="2025-02-01 15:00")
    found = [sorted(names(session, asked(session, cast.here, name=sign))) for sign in signs]
    assert found == [["0 % Y", "3 a%o Y"], ["1 _ Y"], ["2 \\ Y"], ["3 a%o Y"], ["4 ' OR 1=1 -- Y"]]


def test_of_several_gradebook_columns_the_one_that_needs_somebody_is_told(session: Session, cast: Cast) -> None:
    someone = enrol(session, cast.here, "Ada", completed="2025-02-01 15:00")
    column = second_column(session, cast.here)
    tell(session, someone, cast.here.line_item, OutboxState.SENT)
    tell(session, someone, column, OutboxState.REFUSED, at="2025-03-07 12:00")
    [line] = lines(session, asked(session, cast.here))
    assert (line.lms_report, line.lms_report_on) == ("refused", date(2025, 3, 7))


def test_what_an_lms_is_spared_is_nothing_to_report(session: Session, cast: Cast) -> None:
    someone = enrol(session, cast.here, "Ada", started="2025-02-01 15:00")
    tell(session, someone, cast.here.line_item, OutboxState.NOT_SENT)
    [line] = lines(session, asked(session, cast.here, parts=(Part.IN_PROGRESS,)))
    assert (line.lms_report, line.lms_report_on) == ("none", None)


def test_someone_who_completed_twice_is_one_person(session: Session, cast: Cast) -> None:
    first = enrol(session, cast.here, "Ada", completed="2025-02-01 15:00", minutes=180)
    person = session.get(Person, first.person_id)
    enrol(session, cast.other, "Ada", completed="2025-04-01 15:00", person=person)
    found = report.totals(session, asked(session, cast.here, cast.other, parts=ALL, first=None, last=date(2025, 6, 1)))
    assert (found.people, found.completions, found.minutes) == (1, 2, 210)
    assert [(period.start, count) for period, count in found.periods] == [
        (date(2025, 2, 1), 1),
        (date(2025, 3, 1), 0),
        (date(2025, 4, 1), 1),
    ]


def test_a_long_time_is_counted_by_year(session: Session, cast: Cast) -> None:
    for year in (2021, 2023, 2025):
        enrol(session, cast.here, f"Of {year}", completed=f"{year}-06-01 15:00")
    found = report.totals(session, asked(session, cast.here, first=None, last=None))
    assert [(period.start.year, period.is_year, count) for period, count in found.periods] == [
        (2021, True, 1),
        (2022, True, 0),
        (2023, True, 1),
        (2024, True, 0),
        (2025, True, 1),
    ]


def test_pages_show_every_row_once_there_and_back(session: Session, cast: Cast) -> None:
    for number in range(7):
        at = f"2025-02-0{number // 2 + 1} 15:00"  # two of a kind, so that the moment alone is no key
        enrol(session, cast.here, f"Done {number}", completed=at)
        enrol(session, cast.here, f"Under way {number}", enrolled=at, started=at)
    wanted = asked(session, cast.here, parts=(Part.COMPLETED, Part.IN_PROGRESS))
    everybody = lines(session, wanted)
    page = report.page(session, wanted, size=4)
    pages = [page]
    while page.older:
        page = report.page(session, wanted, key=page.older, size=4)
        pages.append(page)
    assert [line for page in pages for line in page.lines] == everybody
    assert [len(page.lines) for page in pages] == [4, 4, 4, 2]
    assert pages[0].newer is None
    for earlier in reversed(pages[:-1]):
        assert page.newer is not None
        page = report.page(session, wanted, key=page.newer, back=True, size=4)
        assert page.lines == earlier.lines
    assert page.newer is None


def test_a_report_asks_the_same_few_questions_for_ten_rows_and_for_a_hundred(session: Session, cast: Cast) -> None:
    wanted = asked(session, cast.here, parts=ALL, first=None, last=None)
    fill(session, cast.here, 10, now=moment("2025-11-01 12:00"))
    lines(session, wanted)  # reads the versions, once in a process
    counts = []
    for _ in range(2):
        with counted(session.get_bind().engine) as statements:
            lines(session, wanted)
            report.page(session, wanted, size=1000)
            report.totals(session, wanted)
        counts.append(len(statements))
        fill(session, cast.here, 100, now=moment("2025-11-01 12:00"))
    assert counts[0] == counts[1] <= 20


def test_a_snapshot_does_not_see_what_happens_while_a_file_is_made(session: Session, cast: Cast) -> None:
    enrol(session, cast.here, "Before", completed="2025-02-01 15:00")
    session.commit()
    with snapshot(session.get_bind().engine) as reading:
        wanted = asked(reading, cast.here, parts=ALL)
        assert "Before" in names(reading, wanted)
        enrol(session, cast.here, "Meanwhile", completed="2025-02-02 15:00")
        session.commit()
        assert "Meanwhile" not in names(reading, wanted)
    assert "Meanwhile" in names(session, asked(session, cast.here))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Local 1", "completions-local-1-2025-01-01-2025-12-31.csv"),
        ("../../etc/passwd\r\nSet-Cookie: x", "completions-etc-passwd-set-cookie-x-2025-01-01-2025-12-31.csv"),
        ("Asociación de Maestros", "completions-asociacion-de-maestros-2025-01-01-2025-12-31.csv"),
        ("教師", "completions-organization-2025-01-01-2025-12-31.csv"),
    ],
)
def test_a_file_name_holds_only_what_every_disk_takes(name: str, expected: str) -> None:
    grants = (GrantScope(Role.LSC, 1, None),)
    body = reach.Place(1, name, "America/New_York", None)
    assert report.file_name(Asked(reach.Reach(grants, (body,)), **YEAR), "csv") == expected
