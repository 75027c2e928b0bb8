"""Our key pairs: made once, sealed at rest, changed by the rule of `lti.keys`."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from plugin.db import tool_keys
from plugin.db.platforms import ToolKey
from plugin.db.session import transaction
from plugin.db.tool_keys import KeysUnreadable, ToolKeys

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SECRET = "the secret of this installation, long enough"
DAY = timedelta(days=1)


def stored(engine: Engine) -> list[ToolKey]:
    with Session(engine, expire_on_commit=False) as session:
        return list(session.scalars(select(ToolKey).order_by(ToolKey.id)))


def test_the_first_key_makes_itself_once_whoever_asks(engine: Engine) -> None:
    stores = [ToolKeys(engine, SECRET, clock=lambda: NOW) for _ in range(4)]
    found: list[str] = []
    threads = [threading.Thread(target=lambda store=store: found.append(store.signing().kid)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (row,) = stored(engine)
    assert found == [row.kid] * 4
    assert [key["kid"] for key in stores[0].published()] == [row.kid]


def test_the_private_half_is_sealed_and_never_published(engine: Engine) -> None:
    store = ToolKeys(engine, SECRET, clock=lambda: NOW)
    store.signing()
    (row,) = stored(engine)
    assert "PRIVATE" not in row.private_key
    assert set(store.published()[0]) == {"kty", "use", "alg", "kid", "n", "e"}


def test_with_another_secret_it_says_what_to_do(engine: Engine) -> None:
    ToolKeys(engine, SECRET, clock=lambda: NOW).signing()
    other = ToolKeys(engine, "another secret, which is also long enough", clock=lambda: NOW)
    assert other.published(), "what is public is not sealed"
    with pytest.raises(KeysUnreadable, match="PRACTICUM_SECRET_KEY"):
        other.signing()


def test_a_new_key_is_published_now_and_signs_tomorrow(engine: Engine) -> None:
    old = ToolKeys(engine, SECRET, clock=lambda: NOW).signing().kid
    with transaction(engine) as session:
        new = tool_keys.rotate(session, SECRET, now=NOW + DAY).kid
    before = ToolKeys(engine, SECRET, clock=lambda: NOW + DAY + timedelta(hours=1))
    after = ToolKeys(engine, SECRET, clock=lambda: NOW + DAY + timedelta(hours=25))
    assert before.signing().kid == old
    assert after.signing().kid == new
    assert {key["kid"] for key in before.published()} == {key["kid"] for key in after.published()} == {old, new}


def test_a_key_that_leaked_is_taken_out_at_once(engine: Engine) -> None:
    ToolKeys(engine, SECRET, clock=lambda: NOW).signing()
    with transaction(engine) as session:
        new = tool_keys.rotate(session, SECRET, now=NOW, at_once=True).kid
    store = ToolKeys(engine, SECRET, clock=lambda: NOW)
    assert store.signing().kid == new
    assert [key["kid"] for key in store.published()] == [new]
    with Session(engine) as session:
        assert [use for _, use in tool_keys.listed(session, now=NOW)] == ["revoked", "signs"]


def test_the_next_key_is_made_after_ninety_days(engine: Engine) -> None:
    assert tool_keys.provide(engine, SECRET, now=NOW)
    assert not tool_keys.provide(engine, SECRET, now=NOW + 89 * DAY)
    assert tool_keys.provide(engine, SECRET, now=NOW + 90 * DAY)
    assert not tool_keys.provide(engine, SECRET, now=NOW + 90 * DAY)
    assert len(stored(engine)) == 2


def test_while_the_database_is_away_the_keys_that_were_read_are_good(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ToolKeys(engine, SECRET, clock=lambda: NOW)
    kid = store.signing().kid
    monkeypatch.setattr(tool_keys, "READ_AGAIN_AFTER", -1.0)

    def fail(*_: object) -> None:
        raise OperationalError("SELECT", None, Exception("gone"))

    event.listen(engine, "before_cursor_execute", fail)
    assert store.signing().kid == kid
    event.remove(engine, "before_cursor_execute", fail)
