"""What the LMS was told, in words, and sending it again by hand."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from plugin.actions import outbox
from plugin.db.audit import AuditEvent
from plugin.db.outbox import OutboxRow, OutboxState
from plugin.domain.people import Role
from plugin.domain.scores import Progress
from plugin.web import reasons
from tests.cast import Cast, Place
from tests.queries import counted
from tests.reports.crowd import fill
from tests.reports.people import enrol, federation, grant, moment, tell
from tests.web.test_lsc_completions import words

PAGE = "/reports/scores"
GONE = "The LMS says that this person is not in its course any more."


def told(session: Session, place: Place, name: str, state: OutboxState, **more: object) -> OutboxRow:
    """Somebody of this name, and a row of the outbox about them; committed."""
    someone = enrol(session, place, name, completed="2025-03-05 15:00")
    row = tell(session, someone, place.line_item, state, **more)  # type: ignore[arg-type]
    session.commit()
    return row


def test_what_was_refused_is_shown_with_its_reason_and_since_when(session: Session, cast: Cast) -> None:
    told(session, cast.here, "Luz Núñez", OutboxState.REFUSED, problem=GONE)
    said = words(cast.lou.get(PAGE).text)
    assert "Luz Núñez" in said
    assert f"Refused since 6 March 2025 {GONE} Send again" in said
    assert "1 refused" in said


def test_a_reason_that_has_a_code_is_said_in_the_readers_language(
    session: Session, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = told(session, cast.here, "Luz Núñez", OutboxState.REFUSED, problem=outbox.SILENT)
    row.problem_code = outbox.SILENT_CODE
    session.commit()
    monkeypatch.setattr(reasons, "_", lambda message: f"«{message}»")
    assert f"«{outbox.SILENT}»" in words(cast.lou.get(PAGE).text)


def test_what_waits_says_how_often_it_was_tried_and_when_it_is_tried_next(session: Session, cast: Cast) -> None:
    told(session, cast.here, "Luz Núñez", OutboxState.DUE, problem="The LMS did not answer.", attempts=3)
    said = words(cast.lou.get(PAGE).text)
    assert "Trying again since 6 March 2025 The LMS did not answer. Tried 3 times; next try 6 March 2025, 7:00" in said


def test_the_list_begins_with_what_is_stuck_and_can_show_the_rest(session: Session, cast: Cast) -> None:
    told(session, cast.here, "Refused person", OutboxState.REFUSED)
    told(session, cast.here, "Waiting person", OutboxState.DUE)
    told(session, cast.here, "Reported person", OutboxState.SENT)
    told(session, cast.here, "Spared person", OutboxState.NOT_SENT, progress=Progress.STARTED)

    def shown(query: str) -> set[str]:
        page = cast.lou.get(PAGE + query).text
        return {name for name in ("Refused", "Waiting", "Reported", "Spared") if f"{name} person" in page}

    assert shown("") == {"Refused", "Waiting"}
    assert shown("?state=refused") == {"Refused"}
    assert shown("?state=waiting") == {"Waiting"}
    assert shown("?state=sent") == {"Reported"}
    assert shown("?state=not-sent") == {"Spared"}


def test_a_list_that_there_is_not_is_answered_beside_the_field(session: Session, cast: Cast) -> None:
    told(session, cast.here, "Luz Núñez", OutboxState.REFUSED)
    page = cast.lou.get(f"{PAGE}?state=%22%3E%3Cb%3E")
    assert page.status_code == 422
    assert "There is no such list" in page.text
    assert "Núñez" not in page.text
    assert "<b>" not in page.text


def test_nothing_stuck_is_said_in_words(cast: Cast) -> None:
    assert "Nothing is stuck" in cast.lou.get(PAGE).text


def test_sending_again_makes_it_due_and_is_remembered(session: Session, cast: Cast) -> None:
    row = told(session, cast.here, "Luz Núñez", OutboxState.REFUSED, problem=GONE)
    answer = cast.lou.post(f"{PAGE}/{row.id}/resend", {"state": "refused"})
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{PAGE}?state=refused"
    session.refresh(row)
    assert (row.state, row.problem, row.attempts) == (OutboxState.DUE, None, 0)
    [event] = session.scalars(select(AuditEvent).where(AuditEvent.deed == "resend score"))
    assert (event.actor_id, event.subject) == (cast.lou.id, f"outbox {row.id}")
    assert "It is sent again within a minute" in cast.lou.get(PAGE).text


def test_a_row_of_another_organization_is_not_found(session: Session, cast: Cast) -> None:
    row = told(session, cast.other, "Theirs", OutboxState.REFUSED)
    assert "Theirs" not in cast.lou.get(PAGE).text
    assert "1 refused" not in words(cast.lou.get(PAGE).text)
    assert cast.lou.post(f"{PAGE}/{row.id}/resend").status_code == 404
    for number in (999999, 10**30):
        assert cast.lou.post(f"{PAGE}/{number}/resend").status_code == 404
    session.refresh(row)
    assert row.state is OutboxState.REFUSED


@pytest.mark.parametrize("role", [None, Role.VIEWER, Role.TRAINER])
def test_others_do_not_send_anything_again(session: Session, cast: Cast, role: Role | None) -> None:
    if role:
        grant(session, cast.ben, role, cast.here.organization)
    row = told(session, cast.here, "Luz Núñez", OutboxState.REFUSED)
    assert cast.ben.post(f"{PAGE}/{row.id}/resend").status_code == 404
    session.refresh(row)
    assert row.state is OutboxState.REFUSED


def test_an_lsc_above_sees_and_sends_again_what_is_below(session: Session, cast: Cast) -> None:
    grant(session, cast.ben, Role.LSC, federation(session, "State Federation", cast.here, cast.other))
    row = told(session, cast.other, "Below", OutboxState.REFUSED)
    assert "Below" in cast.ben.get(PAGE).text
    assert cast.ben.post(f"{PAGE}/{row.id}/resend").status_code == 303


def test_a_grant_for_one_cohort_reaches_what_is_told_of_it_alone(session: Session, cast: Cast) -> None:
    grant(session, cast.ben, Role.LSC, cast.here.organization, cohort=cast.here.cohort.id)
    grant(session, cast.tom, Role.LSC, cast.here.organization, cohort=cast.other.cohort.id)
    row = told(session, cast.here, "Luz Núñez", OutboxState.REFUSED)
    assert "Núñez" in cast.ben.get(PAGE).text
    assert "Núñez" not in cast.tom.get(PAGE).text
    assert cast.tom.post(f"{PAGE}/{row.id}/resend").status_code == 404
    assert cast.ben.post(f"{PAGE}/{row.id}/resend").status_code == 303


def test_a_step_that_would_harm_a_gradebook_cannot_be_sent_by_hand(session: Session, cast: Cast) -> None:
    row = told(session, cast.here, "Luz Núñez", OutboxState.NOT_SENT, progress=Progress.STARTED)
    answer = cast.lou.post(f"{PAGE}/{row.id}/resend")
    assert answer.status_code == 409
    assert "This step stays with us" in answer.text
    session.refresh(row)
    assert row.state is OutboxState.NOT_SENT
    assert "Send again</button>" not in cast.lou.get(f"{PAGE}?state=not-sent").text


def test_a_long_list_has_pages_there_and_back(session: Session, cast: Cast) -> None:
    fill(session, cast.here, 500, now=moment("2025-12-20 12:00"))
    session.commit()
    first = cast.lou.get(PAGE)
    assert 'rel="next"' in first.text
    assert 'rel="prev"' not in first.text
    older = first.text.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = cast.lou.get(older)
    newer = second.text.split('rel="prev"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    rows = cast.lou.get(newer).text.split("<tbody")[1].split("</tbody>")[0]
    assert words(rows) == words(first.text.split("<tbody")[1].split("</tbody>")[0])


def test_a_list_of_fifty_costs_as_many_queries_as_a_list_of_one(session: Session, cast: Cast, engine: Engine) -> None:
    told(session, cast.here, "Luz Núñez", OutboxState.REFUSED)
    costs = []
    for _ in range(2):
        with counted(engine) as statements:
            cast.lou.get(f"{PAGE}?state=refused")
        costs.append(len(statements))
        fill(session, cast.here, 200, now=moment("2025-12-20 12:00"))
        session.commit()
    assert costs[0] == costs[1] <= 8
