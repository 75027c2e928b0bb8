"""The name on one's record, and the codes that make somebody a trainer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from plugin.actions import grants
from plugin.app import create_app
from plugin.db.audit import AuditEvent
from plugin.db.people import Grant, Person
from plugin.db.session import transaction
from plugin.domain.people import Role
from plugin.settings import Settings
from plugin.web import reasons
from plugin.web.wiring import Wiring
from tests.cast import Actor, Cast, make_cast
from tests.member import learn, now_stored, words


def issued(session: Session, cast: Cast, role: Role = Role.TRAINER) -> str:
    code = grants.issue(
        session, role, organization=cast.here.organization.id, starts_on=cast.now.date() - timedelta(1), now=cast.now
    )
    session.commit()
    return code


def test_a_legal_name_is_said_once_and_used_from_then_on(cast: Cast, session: Session) -> None:
    assert "as your license has it" in cast.ada.get("/profile").text
    assert cast.ada.post("/profile", {"legal_name": "  Ada   Ngozi Okafor "}).status_code == 303
    page = cast.ada.get("/profile")
    assert 'value="Ada Ngozi Okafor"' in page.text
    assert now_stored(session, select(Person.legal_name).where(Person.id == cast.ada.id)) == ["Ada Ngozi Okafor"]
    assert now_stored(session, select(AuditEvent.facts).where(AuditEvent.deed == "set legal name")) == [{}]


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "Ada\u202eOkafor", "\x00"])
def test_what_no_record_can_carry_is_given_back_with_the_reason(cast: Cast, session: Session, name: str) -> None:
    page = cast.ada.post("/profile", {"legal_name": name})
    assert page.status_code == 400
    assert "Write your name as your license has it" in page.text
    assert now_stored(session, select(Person.legal_name).where(Person.id == cast.ada.id)) == [None]


def test_a_link_with_a_code_asks_before_it_binds(cast: Cast, session: Session) -> None:
    code = issued(session, cast)
    page = cast.ada.get(f"/grant/{code}")
    assert code in page.text
    assert now_stored(session, select(Grant.person_id).where(Grant.code_hash.is_not(None))) == [None]
    assert cast.ada.post("/grant", {"code": code}).location == "/grant"
    read = words(cast.ada.get("/grant"))
    assert "Read and answer reflections Local 1" in read
    assert cast.ada.get("/review").status_code == 200


def test_a_code_may_be_typed_in_any_way_and_used_once(cast: Cast, session: Session) -> None:
    code = issued(session, cast, Role.LSC)
    assert cast.tom.post("/grant", {"code": f" {code.replace('-', ' ').lower()} "}).status_code == 303
    assert cast.tom.post("/grant", {"code": code}).status_code == 303, "a second click on one's own code"
    refused = cast.ben.post("/grant", {"code": code})
    assert refused.status_code == 400
    assert "This code was used by somebody else." in refused.text
    assert cast.ben.get("/reports/completions").status_code == 404


@pytest.mark.parametrize("code", ["", "7KQM-2XHD-9TWC", "x" * 5000, "<script>"])
def test_an_unknown_code_is_refused_in_a_sentence(cast: Cast, code: str) -> None:
    page = cast.ada.post("/grant", {"code": code})
    assert page.status_code == 400
    assert "This code is not known." in page.text
    assert "<script>" not in page.text.partition("<main")[2].partition("</main>")[0]


def test_why_a_code_is_refused_is_said_in_the_readers_language(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasons, "_", lambda message: f"«{message}»")
    assert "«This code is not known." in cast.ada.post("/grant", {"code": "7KQM-2XHD-9TWC"}).text


def test_an_old_code_is_refused_in_a_sentence(cast: Cast, session: Session) -> None:
    code = issued(session, cast)
    session.execute(update(Grant).values(code_expires_at=cast.now - timedelta(days=1)))
    session.commit()
    assert "too old" in cast.ada.post("/grant", {"code": code}).text


def test_what_one_may_do_stands_with_its_place_and_its_end(cast: Cast, session: Session) -> None:
    session.execute(
        update(Grant).where(Grant.person_id == cast.tom.id).values(ends_on=cast.now.date() + timedelta(days=400))
    )
    session.commit()
    read = words(cast.tom.get("/grant"))
    assert "Read and answer reflections Local 1 · until" in read
    assert "Open the reflections" in read


@pytest.fixture
def limited(settings: Settings, engine: Engine) -> Cast:
    """The cast at an installation whose limits hold."""
    app: Flask = create_app(
        Settings(database_url=settings.database_url, secret_key=settings.secret_key, development=True)
    )
    wiring: Wiring = app.extensions["practicum"]
    with transaction(wiring.engine) as opened:
        return make_cast(opened, app)


def tries(who: Actor, count: int) -> list[int]:
    return [who.post("/grant", {"code": f"AAAA-BBBB-{number:04}"}).status_code for number in range(count)]


def test_codes_are_tried_ten_times_a_minute_by_one_person_and_no_more(limited: Cast) -> None:
    assert tries(limited.ada, 11) == [400] * 10 + [429]
    assert "Too many tries" in limited.ada.post("/grant", {"code": "AAAA"}).text
    assert limited.ada.get("/grant").status_code == 200
    assert tries(limited.ben, 1) == [400], "a colleague in the same school may go on"
    assert limited.ada.get(learn(limited.ada)).status_code == 200
    limited.app.extensions["practicum"].close()
