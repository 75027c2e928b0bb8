"""The completion report as a page: the sentence that can be changed, the rows, and whom it is for."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from plugin.db.outbox import OutboxState
from plugin.domain.people import Role
from tests.cast import Cast
from tests.queries import counted
from tests.reports.crowd import fill
from tests.reports.people import SECRET_TEXT, enrol, federation, grant, moment, reflect, tell

PAGE = "/reports/completions"
THAT_YEAR = {"from": "2025-01-01", "to": "2025-12-31"}
PATHS = [PAGE, f"{PAGE}.csv", f"{PAGE}.xlsx", f"{PAGE}/print", "/reports/scores"]


def asking(path: str = PAGE, **about: str) -> str:
    """The address of a report of 2025."""
    given = {name.rstrip("_"): value for name, value in about.items()}
    return f"{path}?{urlencode({**THAT_YEAR, **given})}"


def words(html: str) -> str:
    """What is read on a page, in one line."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@pytest.mark.parametrize("path", PATHS)
def test_reports_are_for_an_lsc_and_an_administrator(session: Session, cast: Cast, path: str) -> None:
    grant(session, cast.ben, Role.VIEWER, cast.here.organization)
    session.commit()
    assert cast.lou.get(path).status_code == 200
    assert cast.ann.get(path).status_code == 200
    for actor in (cast.ada, cast.tom, cast.ian, cast.ben):
        assert actor.get(path).status_code == 404


def test_the_page_says_who_completed_what_and_for_how_many_hours(session: Session, cast: Cast) -> None:
    someone = enrol(session, cast.here, "Luz", legal_name="Luz Núñez", completed="2025-03-05 15:00", minutes=180)
    reflect(session, someone, met=True)
    tell(session, someone, cast.here.line_item, OutboxState.SENT)
    session.commit()
    page = cast.lou.get(asking())
    said = words(page.text)
    assert page.status_code == 200
    assert f"Luz Núñez no. {someone.person_id} One next step TST-01 1.0.0 PD 1 5 March 2025 1 of 1 3.0 Reported" in said
    assert "person 1 completion 1 contact hours awarded 3.0 CSV Excel Print" in said
    assert SECRET_TEXT not in page.text
    assert "sub-of-" not in page.text
    assert "@example.org" not in page.text


def test_the_first_look_is_at_this_year_up_to_today(session: Session, cast: Cast) -> None:
    today = datetime.now(UTC)
    enrol(session, cast.here, "Somebody of this week", completed=f"{today:%Y-%m-%d %H:%M}")
    enrol(session, cast.here, "Somebody of long ago", completed="2020-03-05 15:00")
    session.commit()
    page = cast.lou.get(PAGE).text
    assert "Somebody of this week" in page
    assert "Somebody of long ago" not in page
    assert f'value="{today.year}-01-01"' in page


def test_an_empty_day_is_an_open_end(session: Session, cast: Cast) -> None:
    enrol(session, cast.here, "Somebody of long ago", completed="2005-03-05 15:00")
    session.commit()
    assert "Somebody of long ago" in cast.lou.get(asking(from_="")).text
    assert "Somebody of long ago" not in cast.lou.get(asking(to="", from_="2006-01-01")).text


NO_DAY = ["nonsense", "2025-02-30", "9999-12-31", "0001-01-01", "2025-W01-1", "٢٠٢٥-01-01", "20250101"]


@pytest.mark.parametrize(
    ("name", "sentence", "all_typed"),
    [
        ("from", "Write a day of the years 2000 to 2099", NO_DAY),
        ("to", "Write a day of the years 2000 to 2099", NO_DAY),
        ("to", "This day is before the first one", ["2024-12-31"]),
        ("cohort", "This cohort is not among yours", ["999999", "9" * 30, "1 OR 1=1", "-1", "²"]),
        ("organization", "This organization is not among yours", ["999999", "9" * 30, "1 OR 1=1", "-1", "²"]),
        ("offering", "No offering with this code is run here", ["NO-SUCH", "tst-01", "x" * 5000]),
        ("state", "Choose one of the list", ["perhaps", "COMPLETED"]),
        ("name", "Write 200 characters of a name at most", ["n" * 10_000]),
        ("name", "Write letters of a name", ["a\0b", "\u0301", "\u202e"]),
    ],
)
def test_what_cannot_be_is_answered_beside_the_field_and_nothing_is_shown(
    session: Session, cast: Cast, name: str, sentence: str, all_typed: list[str]
) -> None:
    enrol(session, cast.here, "Luz Núñez", completed="2025-03-05 15:00")
    session.commit()
    for typed in all_typed:
        page = cast.lou.get(asking(**{"name": "luz", "offering": "TST-01", name: typed}))
        assert page.status_code == 422
        assert re.search(rf'id="pick-{name}-error">.*{sentence}', page.text, re.DOTALL)
        assert f'aria-describedby="pick-{name}-error"' in page.text
        assert f'value="{typed}"' in page.text, "what was typed stays"
        assert name == "name" or 'value="luz"' in page.text, "the rest of the sentence stays"
        assert name == "offering" or '<option value="TST-01" selected>' in page.text
        assert "Núñez" not in page.text


@pytest.mark.parametrize("path", PATHS[1:4])
def test_a_file_of_what_cannot_be_is_the_sentence_again(cast: Cast, path: str) -> None:
    answer = cast.lou.get(asking(path, to="2024-12-31"))
    assert answer.status_code == 422
    assert answer.mimetype == "text/html"
    assert "Content-Disposition" not in answer.headers
    assert "This day is before the first one" in answer.text


def test_ten_thousand_letters_stay_where_they_were_typed(cast: Cast) -> None:
    assert f'value="{"n" * 10_000}"' in cast.lou.get(asking(name="n" * 10_000)).text


def test_markup_in_a_filter_is_text(cast: Cast) -> None:
    page = cast.lou.get(asking(name='"><script>alert(1)</script>', cohort='"><b>', state="<i>"))
    assert "<script>alert" not in page.text
    assert "<b>" not in page.text
    assert "<i>" not in page.text


def test_each_word_of_the_sentence_narrows_the_report(session: Session, cast: Cast) -> None:
    enrol(session, cast.here, "Done", completed="2025-03-05 15:00")
    enrol(session, cast.here, "Under way", started="2025-03-05 15:00")
    enrol(session, cast.here, "Not begun")
    session.commit()

    def shown(**about: str) -> set[str]:
        page = cast.lou.get(asking(**about))
        assert page.status_code == 200
        return {name for name in ("Done", "Under way", "Not begun") if f"<span>{name} <span" in page.text}

    assert shown() == {"Done"}
    assert shown(state="in-progress") == {"Under way"}
    assert shown(state="not-started") == {"Not begun"}
    assert shown(state="all") == {"Done", "Under way", "Not begun"}
    assert shown(state="all", name="under") == {"Under way"}
    assert shown(state="all", cohort=str(cast.here.cohort.id), offering="TST-01") == {"Done", "Under way", "Not begun"}
    assert shown(state="all", from_="2025-12-01") == set()


def test_another_organization_is_neither_shown_nor_offered(session: Session, cast: Cast) -> None:
    enrol(session, cast.other, "Theirs", completed="2025-03-05 15:00")
    session.commit()
    page = cast.lou.get(asking(state="all"))
    assert "Theirs" not in page.text
    assert "Local 2" not in page.text
    assert "PD 2" not in page.text
    assert cast.lou.get(asking(cohort=str(cast.other.cohort.id))).status_code == 422
    assert cast.lou.get(asking(organization=str(cast.other.organization.id))).status_code == 422


def test_an_lsc_above_sees_both_and_chooses_between_them(session: Session, cast: Cast) -> None:
    above = federation(session, "State Federation", cast.here, cast.other)
    grant(session, cast.ben, Role.LSC, above)
    enrol(session, cast.here, "Luz Núñez", completed="2025-03-05 15:00")
    enrol(session, cast.other, "Ben Castillo", completed="2025-03-05 15:00")
    session.commit()
    both = cast.ben.get(asking()).text
    assert "Luz Núñez" in both
    assert "Ben Castillo" in both
    assert "all organizations" in both
    one = cast.ben.get(asking(organization=str(cast.other.organization.id))).text
    assert "Luz Núñez" not in one
    assert "Ben Castillo" in one


def test_nobody_in_a_report_is_said_in_words(cast: Cast) -> None:
    page = words(cast.lou.get(asking(from_="2001-01-01", to="2001-12-31")).text)
    assert "Nobody is in this report yet" in page
    assert "Choose other days" in page


def test_the_pages_of_a_long_report_lead_there_and_back(session: Session, cast: Cast) -> None:
    fill(session, cast.here, 160, now=moment("2025-12-20 12:00"))  # 120 of them completed
    session.commit()
    seen: list[str] = []
    address = asking()
    visited = [address]
    while True:
        page = cast.lou.get(address).text
        seen.extend(re.findall(r"no\. (\d+)</span>", page))
        older = re.search(r'href="([^"]+)" rel="next"', page)
        if older is None:
            break
        address = older[1].replace("&amp;", "&")
        visited.append(address)
    assert len(seen) == len(set(seen)) == 120
    assert len(visited) == 3
    back = re.search(r'href="([^"]+)" rel="prev"', page)
    assert back is not None
    assert re.findall(r"no\. (\d+)</span>", cast.lou.get(back[1].replace("&amp;", "&")).text) == seen[50:100]


@pytest.mark.parametrize(
    "key", ["x", "completed.1.2.3", "in-progress.1.1", "completed.999999999999999999.1", "completed.-1.1"]
)
def test_a_place_in_the_list_that_is_none_shows_the_first_page(session: Session, cast: Cast, key: str) -> None:
    enrol(session, cast.here, "Luz Núñez", completed="2025-03-05 15:00")
    session.commit()
    for name in ("after", "before"):
        page = cast.lou.get(asking(**{name: key}))
        assert page.status_code == 200
        assert "Luz Núñez" in page.text


def test_the_links_to_files_carry_the_sentence(session: Session, cast: Cast) -> None:
    enrol(session, cast.here, "Luz Núñez", completed="2025-03-05 15:00")
    session.commit()
    page = cast.lou.get(asking(name="luz", offering="TST-01")).text
    for ending in (".csv", ".xlsx", "/print"):
        [address] = re.findall(rf'href="(/reports/completions{re.escape(ending)}\?[^"]+)"', page)
        for part in ("from=2025-01-01", "to=2025-12-31", "name=luz", "offering=TST-01"):
            assert part in address


def test_a_page_of_fifty_costs_as_many_queries_as_a_page_of_one(session: Session, cast: Cast, engine: Engine) -> None:
    enrol(session, cast.here, "Luz Núñez", completed="2025-03-05 15:00")
    session.commit()
    cast.lou.get(asking())
    costs = []
    for _ in range(2):
        with counted(engine) as statements:
            cast.lou.get(asking())
        costs.append(len(statements))
        fill(session, cast.here, 80, now=moment("2025-12-20 12:00"))
        session.commit()
    assert costs[0] == costs[1] <= 15
