"""A roster that was read, as rows: for tests of pages, which need no LMS."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from plugin.db.folding import fold
from plugin.db.rosters import Roster, RosterMember
from plugin.domain.people import CourseRole
from plugin.domain.rosters import MemberStatus
from tests.cast import Actor, Place


def keep_roster(
    session: Session, place: Place, people: Iterable[tuple[str | None, Actor | None]], *, read_at: datetime, **more: Any
) -> list[RosterMember]:
    """The roster of the place's course: learners by a name, and who of the cast it is; `more` as in `Roster`."""
    about = {"due_at": read_at, "tried_at": read_at, "read_at": read_at, "whole_at": read_at, "failures": 0, **more}
    session.merge(Roster(context_id=place.context.id, platform_id=place.platform.id, **about))
    found = [
        member(place, actor.identity.sub if actor else f"stranger-{number}", name, read_at)
        for number, (name, actor) in enumerate(people)
    ]
    session.add_all(found)
    session.flush()
    return found


def member(place: Place, user_id: str, name: str | None, at: datetime, **more: Any) -> RosterMember:
    """Somebody who is active in the course, unless `more` says otherwise."""
    about: dict[str, Any] = {"role": CourseRole.LEARNER, "status": MemberStatus.ACTIVE, **more}
    if about["status"] is MemberStatus.GONE:
        about.setdefault("gone_at", at)
    return RosterMember(
        context_id=place.context.id,
        user_id=user_id,
        name=name,
        sort_key=fold(name) or "",
        since=at,
        seen_at=at,
        **about,
    )
