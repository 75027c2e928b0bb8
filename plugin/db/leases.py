"""The statements by which workers share the outbox. With much to tell they run some hundred times a second, so they are
hot ones, and what is the same for many rows is said of all of them at once (`make bench`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Connection, String, bindparam, delete, null, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY

from plugin.db.base import UtcDateTime
from plugin.db.hot import Hot
from plugin.db.outbox import IS_DUE, LineItem, OutboxRow, PlatformPause
from plugin.db.platforms import Platform, PlatformState

_O, _P, _L, _PAUSE = OutboxRow.__table__, Platform.__table__, LineItem.__table__, PlatformPause.__table__
_FREE = or_(_O.c.leased_until.is_(None), _O.c.leased_until <= bindparam("now"))
_OLDEST = (
    select(_O.c.due_at)
    .where(_O.c.platform_id == _P.c.id, IS_DUE, _O.c.due_at <= bindparam("now"), _FREE)
    .order_by(_O.c.due_at, _O.c.id)
    .limit(1)
    .correlate(_P)
    .scalar_subquery()
)
_WAITING = Hot(
    select(_P.c.id, _PAUSE.c.failures, _OLDEST.label("oldest"))
    .select_from(_P)
    .outerjoin(_PAUSE, _PAUSE.c.platform_id == _P.c.id)
    .where(
        _P.c.state == PlatformState.ACTIVE,
        or_(_PAUSE.c.until.is_(None), _PAUSE.c.until <= bindparam("now")),
    )
)
_PLATFORM = Hot(
    select(
        _P.c.id,
        _P.c.issuer,
        _P.c.client_id,
        _P.c.authorization_url,
        _P.c.token_url,
        _P.c.token_audience,
        _P.c.key_set_url,
        # what verifies launches is of no use here, and long
        null().label("key_set"),
        null().label("key_set_fetched_at"),
        _P.c.family,
        _P.c.hosts,
        _P.c.state,
        _P.c.shared_client,
    ).where(_P.c.id == bindparam("id"), _P.c.state == PlatformState.ACTIVE)
)
_DUE = Hot(
    select(
        _O.c.id,
        _O.c.version,
        _O.c.user_id,
        _O.c.progress,
        _O.c.score,
        _O.c.comment,
        _O.c.attempts,
        _O.c.failing_since,
        _O.c.stamped_at,
        _O.c.stamped_version,
        _O.c.line_item_id,
        _L.c.url,
    )
    .join(_L, _L.c.id == _O.c.line_item_id)
    .where(_O.c.platform_id == bindparam("platform"), IS_DUE, _O.c.due_at <= bindparam("now"), _FREE)
    .order_by(_O.c.due_at, _O.c.id)
    .limit(bindparam("most"))
    # PostgreSQL; a SQLite transaction that writes is alone from its beginning
    .with_for_update(of=_O, skip_locked=True)
)
_ANSWERS = Hot(
    delete(_PAUSE).where(_PAUSE.c.platform_id == bindparam("platform")).returning(_PAUSE.c.platform_id)  # type: ignore[arg-type]
)


def _in_words(postgresql: str, sqlite: str, **kinds: Any) -> dict[str, Hot]:
    """An update in each engine's words, which gives back the ids of the rows that it changed."""
    lists: dict[str, dict[str, Any]] = {
        "postgresql": {"ids": ARRAY(BigInteger), "leases": ARRAY(String)},
        "sqlite": {"ids": String, "pairs": String},
    }

    def hot(engine: str, words: str) -> Hot:
        types = {**kinds, **lists[engine]}
        named = [bindparam(name, type_=kind) for name, kind in types.items() if f":{name}" in words]
        return Hot(text(words).bindparams(*named).columns(_O.c.id))

    return {"postgresql": hot("postgresql", postgresql), "sqlite": hot("sqlite", sqlite)}


_STAMP = _in_words(
    """UPDATE outbox SET lease = :lease, leased_until = :until, stamped_at = :stamp, stamped_version = version
       WHERE id = ANY (:ids) RETURNING id""",
    """UPDATE outbox SET lease = :lease, leased_until = :until, stamped_at = :stamp, stamped_version = version
       WHERE id IN (SELECT value FROM json_each(:ids)) RETURNING id""",
    lease=String,
    until=UtcDateTime,
    stamp=UtcDateTime,
)
# A stamped version that is still the row's is the one that was sent under this lease. Rows are locked in one order
# by all, so that nobody waits in a ring.
_ARRIVED = _in_words(
    """WITH mine AS (
         SELECT outbox.id FROM outbox
         JOIN unnest(:ids, :leases) AS held (id, lease) ON outbox.id = held.id AND outbox.lease = held.lease
         ORDER BY outbox.id FOR UPDATE OF outbox)
       UPDATE outbox SET state = 'sent', due_at = :now, failing_since = NULL, sent_at = :now, problem = NULL,
         problem_code = NULL, lease = NULL, leased_until = NULL
       FROM mine WHERE outbox.id = mine.id AND outbox.version = outbox.stamped_version RETURNING outbox.id""",
    """UPDATE outbox SET state = 'sent', due_at = :now, failing_since = NULL, sent_at = :now, problem = NULL,
         problem_code = NULL, lease = NULL, leased_until = NULL
       WHERE (id, lease) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(:pairs))
         AND version = stamped_version RETURNING id""",
    now=UtcDateTime,
)


def waiting(connection: Connection, now: datetime) -> Sequence[Any]:
    """Active platforms that are not left alone at the moment: id, failures in a row (or None), `oldest` due row's date
    (None when nothing is due)."""
    return _WAITING.all(connection, {"now": now})


def platform(connection: Connection, platform_id: int) -> Any | None:
    """An active registration, without its key set; None when it was switched off."""
    return _PLATFORM.first(connection, {"id": platform_id})


def due(connection: Connection, platform_id: int, most: int, now: datetime) -> Sequence[Any]:
    """Due rows that nobody holds, oldest first, locked until the transaction ends."""
    return _DUE.all(connection, {"platform": platform_id, "now": now, "most": most})


def stamp(connection: Connection, rows: Sequence[int], *, lease: str, until: datetime, at: datetime) -> None:
    """Lease rows, with the timestamp that their present version will be sent with."""
    engine = connection.dialect.name
    ids: Any = list(rows) if engine == "postgresql" else json.dumps(list(rows))
    _STAMP[engine].all(connection, {"lease": lease, "until": until, "stamp": at, "ids": ids})


def arrived(connection: Connection, held: Iterable[tuple[int, str]], now: datetime) -> set[int]:
    """Note of rows, with their leases, that the LMS has them. Returns the ids of those whose lease and version were
    still the same; of the others nothing is changed."""
    pairs = list(held)
    if not pairs:
        return set()
    if connection.dialect.name == "postgresql":
        values: dict[str, Any] = {"ids": [row_id for row_id, _ in pairs], "leases": [lease for _, lease in pairs]}
    else:
        values = {"pairs": json.dumps(pairs)}
    return {row.id for row in _ARRIVED[connection.dialect.name].all(connection, {"now": now, **values})}


def answers(connection: Connection, platform_id: int) -> None:
    """The platform answers: whatever was remembered of trouble is forgotten."""
    _ANSWERS.all(connection, {"platform": platform_id})
