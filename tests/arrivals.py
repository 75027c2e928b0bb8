"""What tests of launches share: many at the same moment, odd logins, clocks, and that nothing is kept of a refusal."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import update

from plugin import clock
from plugin.db.platforms import Platform, UsedNonce
from plugin.web.wiring import Wiring
from tests.connected import Connected
from tests.demo_lms import REMOVED, Login, Page
from tests.demo_lms.model import Link
from tests.rows import Rows, changed, snapshot

TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
LONGEST = 20.0  # seconds that a refusal may take, on a busy machine; without an end to each wait it would be more


def token_of(page: Page) -> str:
    """The token that a page's forms carry."""
    found = TOKEN.search(page.text)
    assert found, page.text[:2000]
    return found.group(1)


def hand_made_link(connected: Connected, **custom: str) -> Link:
    """A link that an LMS administrator made, with these custom parameters."""
    return connected.world.add_link("By hand", context=connected.context, tool=connected.tool, custom=custom)


def at_once(posts: Sequence[Callable[[], Page]]) -> list[Page]:
    """Send them all at the same moment."""
    barrier = Barrier(len(posts))

    def send(post: Callable[[], Page]) -> Page:
        barrier.wait()
        return post()

    with ThreadPoolExecutor(len(posts)) as pool:
        return list(pool.map(send, posts))


def posting(login: Login, token: str) -> Callable[[], Page]:
    """The answer to a login, still to be sent."""
    return lambda: login.post(token)


def login_fields(connected: Connected, **changes: str | None) -> dict[str, str]:
    """A login request as an LMS sends it, with changes; None takes a parameter away."""
    honest = {
        "iss": connected.world.config.issuer,
        "client_id": connected.tool.client_id,
        "login_hint": "1001",
        "lti_message_hint": '{"launch": "x"}',
        "target_link_uri": connected.url("/"),
        **changes,
    }
    return {name: value for name, value in honest.items() if value is not None}


def anywhere(link: Link | None = None) -> dict[str, Any]:
    """For `forge`: a login that does not say its deployment, so that the token may name any."""
    return {"login_changes": {"lti_deployment_id": REMOVED}, **({"to": link} if link else {})}


def set_platform(connected: Connected, **values: Any) -> None:
    """Change what we know of the LMS."""
    with connected.database() as session:
        session.execute(update(Platform).where(Platform.id == connected.platform_id).values(**values))


def forget_platforms(connected: Connected) -> None:
    """As if the few seconds had passed for which we remember the registration of an LMS."""
    wiring: Wiring = connected.app.extensions["practicum"]
    wiring.platforms.forget()


def travel(monkeypatch: pytest.MonkeyPatch, ahead: timedelta, *, with_lms: Connected | None = None) -> None:
    """Move our clock; and the LMS's, too."""
    monkeypatch.setattr(clock, "now", lambda: datetime.now(UTC) + ahead)
    if with_lms is not None:
        with_lms.world.travel(ahead)


@contextmanager
def nothing_kept(connected: Connected, before: Rows | None = None) -> Iterator[None]:
    """What happens in the block changes nothing in the database but used nonces, and is quick.

    `before` is what was there, where that is known already.
    """
    before, began = before or snapshot(connected.engine), time.monotonic()
    yield
    took = time.monotonic() - began
    assert took < LONGEST, f"{took:.1f} s"
    assert set(changed(before, snapshot(connected.engine))) <= {UsedNonce.__tablename__}
