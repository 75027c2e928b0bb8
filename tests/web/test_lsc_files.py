"""The report as files: what they hold, what is remembered of them, and that there is never half of one."""

from __future__ import annotations

import csv
import re
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from plugin import clock
from plugin.actions import audit
from plugin.db.audit import AuditEvent
from plugin.db.people import SignIn
from plugin.reports import as_csv
from plugin.web import lsc as views
from tests.cast import Cast
from tests.reports import books
from tests.reports.people import SECRET_TEXT, enrol, reflect
from tests.web.test_lsc_completions import PAGE, PATHS, asking, words


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text.removeprefix("\ufeff"), newline="")))


def exports(session: Session) -> list[AuditEvent]:
    session.expire_all()
    return list(session.scalars(select(AuditEvent).where(AuditEvent.deed == "export completions")))


def test_the_csv_file_holds_the_rows_under_a_name_that_says_what_it_is(session: Session, cast: Cast) -> None:
    someone = enrol(session, cast.here, "Luz", legal_name="Luz Núñez", completed="2025-03-05 15:00", minutes=180)
    reflect(session, someone, met=True)
    session.commit()
    answer = cast.lou.get(asking(f"{PAGE}.csv"))
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=completions-local-1-2025-01-01-2025-12-31.csv"
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.content_length == len(answer.data)
    assert answer.data.startswith(b"\xef\xbb\xbfOrganization,LMS,Cohort,")
    assert rows(answer.data.decode()) == [
        {
            "Organization": "Local 1",
            "LMS": "District 1 LMS",
            "Cohort": "PD 1",
            "Offering": "TST-01",
            "Title": "One next step",
            "Version": "1.0.0",
            "Member number": str(someone.person_id),
            "Name": "Luz Núñez",
            "State": "completed",
            "Enrolled": "2025-01-05",
            "Started": "2025-03-04",
            "Last activity": "2025-03-05",
            "Completed": "2025-03-05",
            "Required done (%)": "100",
            "Reflections met": "1",
            "Reflections in all": "1",
            "Minutes designed": "30",
            "Minutes awarded": "180",
            "Contact hours": "3.0",
            "LMS report": "none",
            "LMS report since": "",
        }
    ]


def test_the_excel_file_holds_the_same_rows_and_says_what_they_are(session: Session, cast: Cast) -> None:
    for name in ("Luz Núñez", "=1+1"):
        enrol(session, cast.here, name, completed="2025-03-05 15:00", minutes=180)
    session.commit()
    answer = cast.lou.get(asking(f"{PAGE}.xlsx", offering="TST-01"))
    assert answer.content_length == len(answer.data)
    assert answer.headers["Content-Disposition"].endswith("-2025-12-31.xlsx")
    found = books.sheets(answer.data)
    head, *lines = found["Completions"]
    plain = rows(cast.lou.get(asking(f"{PAGE}.csv", offering="TST-01")).data.decode())
    assert head == list(plain[0])
    place = head.index("Name")
    assert [line[place] for line in lines] == ["=1+1", "Luz Núñez"]
    assert [line["Name"] for line in plain] == ["'=1+1", "Luz Núñez"]
    assert books.calculated(answer.data) == []
    about = dict(line for line in found["About this report"] if len(line) == 2)
    assert about["Organization"] == "Local 1"
    assert about["From"] == "2025-01-01"
    assert about["Offering"] == "TST-01"
    assert about["Rows"] == "2"
    assert "60 minutes" in about["Hours"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d E[SD]T", about["Made"])


def test_the_paper_says_what_it_is_and_holds_the_rows(session: Session, cast: Cast) -> None:
    enrol(session, cast.here, "Luz Núñez", completed="2025-03-05 15:00", minutes=180)
    session.commit()
    said = words(cast.lou.get(asking(f"{PAGE}/print", name="nunez")).text)
    for part in ("Local 1", "January 1, 2025 to December 31, 2025", "“nunez” in the name", "60 minutes", "Luz Núñez"):
        assert part in said


def test_the_paper_is_dated_by_the_clock_of_the_organization(
    cast: Cast, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An auditor compares it with the day on which it was asked for, when it is the next year already in UTC."""
    made = datetime(cast.now.year + 1, 1, 1, 4, 30, tzinfo=UTC)  # in New York, half an hour before midnight
    session.execute(update(SignIn).values(expires_at=made + timedelta(hours=1)))
    session.commit()
    monkeypatch.setattr(clock, "now", lambda: made)
    said = words(cast.lou.get(asking(f"{PAGE}/print")).text)
    assert f"Made December 31, {cast.now.year}, 11:30" in said


def test_paper_that_is_too_short_says_where_the_rest_is(
    session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "PRINTED", 1)
    for name in ("Ada", "Ben"):
        enrol(session, cast.here, name, completed="2025-03-05 15:00")
    session.commit()
    assert "the newest 1 of 2 rows" in words(cast.lou.get(asking(f"{PAGE}/print")).text)
    assert [event.facts["rows"] for event in exports(session)] == [1]


@pytest.mark.parametrize("path", PATHS[1:4])
def test_no_file_holds_a_row_of_another_organization_or_a_text(session: Session, cast: Cast, path: str) -> None:
    ours = enrol(session, cast.here, "Ours", completed="2025-03-05 15:00")
    reflect(session, ours, met=True)
    enrol(session, cast.other, "Theirs", completed="2025-03-05 15:00")
    session.commit()
    answer = cast.lou.get(asking(path, state="all"))
    text = str(books.sheets(answer.data)) if path.endswith("xlsx") else answer.text
    assert "Ours" in text
    for stranger in ("Theirs", "Local 2", "PD 2", SECRET_TEXT, "sub-of-", "@example.org"):
        assert stranger not in text


@pytest.mark.parametrize("path", PATHS[1:4])
def test_an_empty_report_is_a_file_with_a_header(cast: Cast, path: str) -> None:
    answer = cast.lou.get(asking(path, from_="2001-01-01", to="2001-01-02"))
    assert answer.status_code == 200
    if path.endswith("csv"):
        assert rows(answer.data.decode()) == []
    if path.endswith("xlsx"):
        assert len(books.sheets(answer.data)["Completions"]) == 1


@pytest.mark.parametrize(("path", "form"), list(zip(PATHS[1:4], ("csv", "xlsx", "print"), strict=True)))
def test_every_file_is_remembered_without_a_name(session: Session, cast: Cast, path: str, form: str) -> None:
    enrol(session, cast.here, "Luz Núñez", completed="2025-03-05 15:00")
    enrol(session, cast.here, "Ben Castillo", completed="2025-03-05 15:00")
    session.commit()
    cast.lou.get(asking(path, name="núñez", offering="TST-01"))
    [event] = exports(session)
    assert (event.actor_id, event.organization_id) == (cast.lou.id, cast.here.organization.id)
    assert event.facts["rows"] == 1
    assert event.facts["form"] == form
    assert (event.facts["first"], event.facts["last"]) == ("2025-01-01", "2025-12-31")
    assert event.facts["searched_a_name"] is True
    assert "ñez" not in str(event.facts).lower()


def test_looking_at_the_page_is_no_export(session: Session, cast: Cast) -> None:
    cast.lou.get(asking())
    assert exports(session) == []


def test_rows_that_fail_half_way_become_a_page_and_not_half_a_file(
    session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        enrol(session, cast.here, f"Somebody {number}", completed="2025-03-05 15:00")
    session.commit()
    written: list[Any] = []

    def breaks(row: Any) -> list[Any]:
        written.append(row)
        if len(written) == 2:
            raise OSError("the disk is full")
        return list(row)

    monkeypatch.setattr(as_csv, "guarded", breaks)
    answer = cast.lou.get(asking(f"{PAGE}.csv"))
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "Somebody" not in answer.text
    assert exports(session) == []


def test_what_cannot_be_remembered_does_not_leave(
    session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol(session, cast.here, "Luz Núñez", completed="2025-03-05 15:00")
    session.commit()

    def breaks(*_args: Any, **_facts: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(audit, "remember", breaks)
    for path in PATHS[1:4]:
        answer = cast.lou.get(asking(path))
        assert answer.status_code == 500
        assert "Núñez" not in answer.text


def test_an_excel_file_of_too_many_rows_is_refused_with_a_way_on(
    session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "EXCEL_ROWS", 1)
    for name in ("Ada", "Ben"):
        enrol(session, cast.here, name, completed="2025-03-05 15:00")
    session.commit()
    answer = cast.lou.get(asking(f"{PAGE}.xlsx"))
    assert answer.status_code == 422
    assert "Take the CSV file" in answer.text


def test_asking_for_the_head_of_a_file_sends_none_of_it(session: Session, cast: Cast) -> None:
    enrol(session, cast.here, "Luz Núñez", completed="2025-03-05 15:00")
    session.commit()
    answer = cast.lou.client.head(asking(f"{PAGE}.csv"))
    assert answer.status_code == 200
    assert answer.data == b""
