"""Going on with a launch that waits, and what a page carries: once, for its time, and nothing in place of another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.actions import arrive, enter
from plugin.actions.arrive import Waiting
from plugin.actions.enter import Entry
from plugin.db import tokens
from plugin.db.people import SignIn
from plugin.db.sign_ins import find_signed_in
from plugin.domain.people import CourseRole
from tests.cast import Cast

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
WAITS = Waiting("what the page holds", "the login's nonce")
Become = Callable[..., Entry | None]


@pytest.fixture
def waiting(cast: Cast, session: Session) -> Waiting:
    """A launch of Ada's that waits."""
    place = cast.here
    session.add(
        SignIn(
            token_hash=WAITS.hash,
            person_id=place.ada.id,
            platform_id=place.platform.id,
            context_id=place.context.id,
            course_role=CourseRole.LEARNER,
            created_at=NOW,
            expires_at=NOW + enter.WAITING_LIFE,
            waiting=True,
            next_path="/learn/1",
        )
    )
    session.flush()
    return WAITS


def who(session: Session, token_hash: str, *, after: timedelta = timedelta()) -> Any:
    found = find_signed_in(session.connection(), token_hash, NOW + after)
    return None if found is None else found.person_id


WAYS = pytest.mark.parametrize("become", [arrive.by_cookie, arrive.by_bearer, arrive.wait_on])


@WAYS
def test_a_waiting_sign_in_becomes_another_once(session: Session, waiting: Waiting, become: Become) -> None:
    fresh = become(session, waiting, now=NOW + timedelta(minutes=9))
    assert fresh is not None
    assert fresh.token != waiting.token, "what stood in a page's form is no sign-in"
    assert fresh.next_path == "/learn/1"
    assert become(session, waiting, now=NOW) is None
    assert become(session, Waiting(fresh.token, "another nonce"), now=NOW) is None


@WAYS
def test_it_is_too_old_after_ten_minutes(session: Session, waiting: Waiting, become: Become) -> None:
    assert become(session, waiting, now=NOW + timedelta(minutes=10)) is None


@WAYS
def test_the_state_of_another_login_opens_nothing(session: Session, waiting: Waiting, become: Become) -> None:
    assert become(session, Waiting(waiting.token, "another login's"), now=NOW) is None
    assert become(session, waiting, now=NOW) is not None


@pytest.mark.parametrize("token", ["", "made up", "\0", "é" * 100])
def test_a_token_that_nobody_gave_out_opens_nothing(session: Session, token: str) -> None:
    assert arrive.by_cookie(session, Waiting(token, "n"), now=NOW) is None


def test_a_burnt_one_opens_nothing_any_more(session: Session, waiting: Waiting) -> None:
    arrive.burn(session, waiting)
    assert arrive.by_bearer(session, waiting, now=NOW) is None


def test_a_bearer_is_no_cookies_token_and_a_cookies_token_no_bearer(session: Session, waiting: Waiting) -> None:
    carried = arrive.by_bearer(session, waiting, now=NOW)
    assert carried is not None
    assert who(session, tokens.carried(carried.token)) == carried.person_id
    assert who(session, tokens.hashed(carried.token)) is None
    assert who(session, waiting.hash) is None


def test_a_bearer_lives_for_an_hour_and_longer_while_it_is_used(session: Session, waiting: Waiting) -> None:
    carried = arrive.by_bearer(session, waiting, now=NOW)
    assert carried is not None
    held = tokens.carried(carried.token)
    assert who(session, held, after=timedelta(minutes=61)) is None
    assert arrive.renew(session.connection(), carried.token, now=NOW + timedelta(minutes=59))
    assert who(session, held, after=timedelta(minutes=118)) == carried.person_id
    assert not arrive.renew(session.connection(), carried.token, now=NOW + timedelta(minutes=119)), "it had ended"


def test_no_use_lets_a_bearer_live_longer_than_a_cookie(session: Session, waiting: Waiting) -> None:
    carried = arrive.by_bearer(session, waiting, now=NOW)
    assert carried is not None
    at = NOW
    while arrive.renew(session.connection(), carried.token, now=at):
        at += timedelta(minutes=50)
    assert at - NOW >= enter.SIGN_IN_LIFE - timedelta(minutes=50)
    assert session.scalars(
        select(SignIn.expires_at).where(SignIn.token_hash == tokens.carried(carried.token))
    ).one() <= (NOW + enter.SIGN_IN_LIFE + arrive.BEARER_LIFE)


def test_a_closed_page_leaves_a_minute_for_what_it_sent_last(session: Session, waiting: Waiting) -> None:
    carried = arrive.by_bearer(session, waiting, now=NOW)
    assert carried is not None
    arrive.leave(session.connection(), carried.token, now=NOW)
    held = tokens.carried(carried.token)
    assert who(session, held, after=timedelta(seconds=59)) == carried.person_id
    assert who(session, held, after=timedelta(seconds=61)) is None
