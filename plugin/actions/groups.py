"""Groups of LMS courses: read with the roster, kept beside it. Nothing hangs on them but what a list shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lti.groups import Group
from lti.rosters import Member
from plugin.db.groups import CourseGroup, GroupMember, GroupSource
from plugin.db.upsert import insert


def offered(session: Session, context_id: int, groups_url: str) -> None:
    """A launch says where the LMS tells the groups of its course."""
    making = insert(session, GroupSource).values(context_id=context_id, groups_url=groups_url)
    session.execute(making.on_conflict_do_update(index_elements=["context_id"], set_={"groups_url": groups_url}))


def keep(session: Session, context_id: int, groups: Sequence[Group], *, now: datetime) -> None:
    """Store the groups of a course as they are called today; others are gone, with who was in them."""
    gone = delete(CourseGroup).where(
        CourseGroup.context_id == context_id, CourseGroup.group_id.not_in([group.id for group in groups])
    )
    session.execute(gone.execution_options(synchronize_session=False))
    if groups:
        rows = [{"context_id": context_id, "group_id": group.id, "name": group.name} for group in groups]
        making = insert(session, CourseGroup).values(rows)
        anew = {"name": making.excluded.name}
        session.execute(making.on_conflict_do_update(index_elements=["context_id", "group_id"], set_=anew))
    _noted(session, context_id, read_at=now, problem_code=None)


def unread(session: Session, context_id: int, problem_code: str) -> None:
    """The LMS did not tell them: they stay as they were known."""
    _noted(session, context_id, problem_code=problem_code)


def _noted(session: Session, context_id: int, **values: object) -> None:
    session.execute(update(GroupSource).where(GroupSource.context_id == context_id).values(**values))


def join(session: Session, context_id: int, members: Iterable[Member]) -> None:
    """Store in which groups some members of a roster are, as far as it tells; three statements at most."""
    told = {member.user_id: member.groups for member in members if member.groups is not None}
    if not told:
        return
    known = session.execute(select(CourseGroup.group_id, CourseGroup.id).where(CourseGroup.context_id == context_id))
    ids = {row.group_id: row.id for row in known}
    if not ids:
        return
    left = delete(GroupMember).where(GroupMember.group_id.in_(ids.values()), GroupMember.user_id.in_(told))
    session.execute(left.execution_options(synchronize_session=False))
    rows = [
        {"group_id": ids[group], "user_id": user_id}
        for user_id, groups in told.items()
        for group in groups or ()
        if group in ids
    ]
    if rows:
        session.execute(insert(session, GroupMember).values(rows).on_conflict_do_nothing())


def forget(session: Session, context_ids: Sequence[int]) -> None:
    """Drop the groups of courses whose list nobody reads any more."""
    session.execute(
        delete(CourseGroup).where(CourseGroup.context_id.in_(context_ids)).execution_options(synchronize_session=False)
    )
