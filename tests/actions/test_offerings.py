"""Publishing packs: editions never change, cohorts keep theirs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import content
from plugin.actions import offerings
from plugin.actions.offerings import PublishRefused
from plugin.db.audit import AuditEvent
from plugin.db.learning import Offering, OfferingKind, Version
from plugin.db.session import make_engine
from tests import quick
from tests.cast import TINY
from tests.queries import counted

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def pack() -> content.Pack:
    return content.load(TINY)


def current(session: Session) -> str:
    return session.scalars(select(Version.number).join(Offering, Offering.current_version_id == Version.id)).one()


def test_a_published_pack_is_an_offering_with_a_current_version(session: Session, pack: content.Pack) -> None:
    version = offerings.publish(session, pack, now=NOW)
    offering = session.scalars(select(Offering)).one()
    assert (offering.code, offering.kind, offering.title) == ("TST-01", OfferingKind.MODULE, "One next step")
    assert (offering.minutes, version.minutes, version.number) == (30, 30, "1.0.0")
    assert offering.current_version_id == version.id
    assert version.digest == content.digest(pack)


def test_the_same_edition_again_changes_nothing(session: Session, pack: content.Pack) -> None:
    first = offerings.publish(session, pack, now=NOW)
    assert offerings.publish(session, content.load(TINY), now=NOW).id == first.id
    assert session.scalar(select(func.count()).select_from(Version)) == 1
    assert session.scalar(select(func.count()).select_from(AuditEvent)) == 1


def test_other_content_under_the_same_number_is_refused_with_the_next_number(
    session: Session, pack: content.Pack
) -> None:
    offerings.publish(session, pack, now=NOW)
    with pytest.raises(PublishRefused, match=r'"version: 1\.0\.1"'):
        offerings.publish(session, replace(pack, summary="Something else."), now=NOW)


def test_a_new_edition_is_current_and_the_former_one_stays(session: Session, pack: content.Pack) -> None:
    former = offerings.publish(session, pack, now=NOW)
    offerings.publish(session, replace(pack, version="1.1.0", title="One better step"), now=NOW)
    assert current(session) == "1.1.0"
    assert session.scalars(select(Offering.title)).all() == ["One better step"]
    assert offerings.pack_of(session, former.id).title == "One next step"


def test_going_back_to_a_former_edition_is_publishing_it_again(session: Session, pack: content.Pack) -> None:
    offerings.publish(session, pack, now=NOW)
    offerings.publish(session, replace(pack, version="1.1.0", summary="Newer."), now=NOW)
    offerings.publish(session, pack, now=NOW)
    assert current(session) == "1.0.0"
    assert session.scalar(select(func.count()).select_from(Version)) == 2


def test_what_is_read_from_the_database_is_what_was_published(session: Session, pack: content.Pack) -> None:
    version = offerings.publish(session, pack, now=NOW)
    session.commit()
    session.expire_all()
    assert offerings.pack_of(session, version.id) == pack


def test_a_database_made_anew_at_the_same_address_shows_its_own_text(database_url: str, pack: content.Pack) -> None:
    ids = set()
    for title in ("In its first life", "In its second life"):
        engine = make_engine(database_url)
        with Session(engine) as session:
            version = offerings.publish(session, replace(pack, title=title), now=NOW)
            session.commit()
            ids.add(version.id)
            assert offerings.pack_of(session, version.id).title == title
        quick.empty(engine)
        engine.dispose()
    assert len(ids) == 1, "both were its first version"


def test_a_version_is_read_once_in_a_process(session: Session, pack: content.Pack) -> None:
    version = offerings.publish(session, replace(pack, code="TST-77"), now=NOW)
    session.commit()
    offerings.pack_of(session, version.id)
    with counted(session.get_bind().engine) as statements:
        offerings.pack_of(session, version.id)
    assert statements == []
