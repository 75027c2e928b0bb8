"""Gradebook columns that no launch has named: wanted here, adopted or made in the LMS by the worker.

A launch names the column of its link in a claim, mostly. Where it names only the place for columns, the cohort gets a
row that stands for the column it wants, and what is to be told goes into the outbox as ever. Before any of it is sent,
one worker at a time looks for a column with our resourceId and tag and makes one only where there is none: to an LMS, a
POST always means another column (AGS 2.0 §3.2.5, §3.2.6).

Which columns there are, and what each stands for, an instructor chooses with the links (`plugin.domain.columns`). The
choice travels in the links, so that a course copy has it too.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, func, select, true, update
from sqlalchemy.orm import Session

import content
from plugin.actions import offerings
from plugin.db.learning import Cohort, Context, Offering, ResourceLink
from plugin.db.outbox import WANTED, LineItem, OutboxRow
from plugin.domain.columns import WHOLE, Choice, Kind, Part, Sessions, brought, left_over, parts
from plugin.domain.scores import MAXIMUM

TAG = Kind.COMPLETION.value  # with the offering's code as resourceId it is what a course copy keeps of a column
PARAMETER = "practicum_columns"  # the custom parameter by which a link says the choice; without it: one for completion
LONGEST_LABEL = 255  # characters


@dataclass(frozen=True)
class WantedColumn:
    """What a column shall be, and where (None: the LMS names no place for columns any more); `link_id` is the link it
    belongs to, where there is just one of them."""

    line_items_url: str | None
    resource_id: str
    label: str
    link_id: str | None
    tag: str = TAG
    maximum: int = MAXIMUM


@dataclass(frozen=True)
class LinkSays:
    """What a link tells of columns: the session that it leads to, if any, and the choice that was made with it."""

    session: int | None
    choice: Choice | None

    def means(self, sessions: Sessions) -> Part:
        """What the column of this link stands for. One that we did not ask for is for the completion."""
        return brought(self.choice or Choice.COMPLETION, sessions, self.session) or WHOLE


def chosen(said: str | None) -> Choice | None:
    """The choice that a link's custom parameter says; None for none, and for what somebody mistyped."""
    return next((choice for choice in Choice if choice.value == (said or "").strip()), None)


def sessions_of(pack: content.Pack) -> Sessions:
    """The sessions of an offering with their required reflections: a column of others would stay empty for many."""
    return {
        part.number: tuple(
            activity.key
            for activity in part.activities
            if activity.required and activity.kind is content.ActivityKind.REFLECTION
        )
        for part in pack.sessions
    }


def label_of(part: Part, pack: content.Pack) -> str:
    """What a column is called in the gradebook."""
    titles = {Part(Kind.SESSION, session=one.number): f"{one.number} · {one.title}" for one in pack.sessions}
    titles |= {Part(Kind.REFLECTION, activity=one.key): one.title for one in pack.activities}
    return titles.get(part, pack.title)[:LONGEST_LABEL]


def missing(choice: Choice, sessions: Sessions, link: LinkSays, *, is_named: bool, is_free: bool) -> tuple[Part, ...]:
    """The columns to look for after a launch: all of the choice where it named none, else those that no link brings.

    `is_free`: columns that belong to no link reach the gradebook of this LMS; otherwise it is the link's own or none.
    """
    if not is_free:
        return () if is_named else (link.means(sessions),)
    if is_named:
        return left_over(choice, sessions, by_session=link.session in sessions)
    return parts(choice, sessions)


def want(session: Session, *, platform_id: int, cohort_id: int, wanted: Collection[Part], now: datetime) -> bool:
    """Let the worker find which of these columns a cohort lacks on this platform. Returns whether it lacked any."""
    if not wanted:
        return False
    rows = session.scalars(select(LineItem).where(LineItem.platform_id == platform_id, LineItem.cohort_id == cohort_id))
    known = {row.part for row in rows}
    new = [part for part in wanted if part not in known]
    for part in new:
        session.add(_row(platform_id, cohort_id, part, _wanted(cohort_id, part), now))
    session.flush()
    return bool(new)


def keep(
    session: Session, *, platform_id: int, cohort_id: int, part: Part, url: str, now: datetime, may_follow: Any = None
) -> None:
    """Remember a column that a launch named, and what it stands for; one that now belongs to another cohort follows it,
    as far as `may_follow` allows."""
    known = (LineItem.platform_id == platform_id, LineItem.url == url)
    allowed: ColumnElement[bool] = true() if may_follow is None else may_follow
    there = {"cohort_id": cohort_id, "kind": part.kind, "session_number": part.session, "activity": part.activity}
    moved = session.execute(update(LineItem).where(*known, allowed).values(**there))
    if moved.rowcount:  # type: ignore[attr-defined]  # a cursor result
        return
    if may_follow is not None and session.scalar(select(exists().where(*known))):
        return
    if not name(session, platform_id=platform_id, cohort_id=cohort_id, part=part, url=url):
        session.add(_row(platform_id, cohort_id, part, url, now))


def name(session: Session, *, platform_id: int, cohort_id: int, url: str, part: Part = WHOLE) -> bool:
    """A launch named the column that was wanted. Returns whether one was."""
    return _named(session, platform_id, _wanted(cohort_id, part), url)


def begin_search(session: Session, line_item_id: int, *, now: datetime) -> WantedColumn | None:
    """What to look for; None while another worker does.

    The caller leases a row of the column in the same transaction: as long as that lease holds, nobody else looks.
    """
    alone = select(LineItem).where(LineItem.id == line_item_id).with_for_update(skip_locked=True)
    searched = exists().where(OutboxRow.line_item_id == line_item_id, OutboxRow.leased_until > now)
    item = session.scalar(alone)
    if item is None or session.scalar(select(searched)):
        return None
    row: Any = session.execute(
        select(Context.line_items_url, Offering.code, Offering.title, Cohort.version_id)
        .join(Cohort, Cohort.context_id == Context.id)
        .join(Offering, Offering.id == Cohort.offering_id)
        .where(Cohort.id == item.cohort_id)
    ).one()
    part, label = item.part, row.title
    owners = select(ResourceLink.resource_link_id).where(ResourceLink.cohort_id == item.cohort_id)
    if part != WHOLE:
        pack = offerings.pack_of(session, row.version_id)
        label = label_of(part, pack)
        owners = _owners(owners, part, sessions_of(pack))
    links = session.scalars(owners.limit(2)).all()
    link_id = links[0] if len(links) == 1 else None
    return WantedColumn(row.line_items_url, part.resource_id(row.code), label, link_id, tag=part.kind.value)


def _owners(links: Select[str], part: Part, sessions: Sessions) -> Select[str]:
    """The links that would have brought the column: those to its session, where it is the only one of its kind there.

    A column of a part is never tied to a link to the whole: of a link with two columns, a launch names neither (AGS 2.0
    §3.1.2).
    """
    choice = Choice.SESSIONS if part.kind is Kind.SESSION else Choice.REFLECTIONS
    theirs = [number for number in sessions if brought(choice, sessions, number) == part]
    return links.where(ResourceLink.session_number.in_(theirs))


def end_search(session: Session, line_item_id: int, *, url: str) -> None:
    """The column was found, or made. Where it is known by another row already, that one tells everything by itself."""
    row = session.get(LineItem, line_item_id, populate_existing=True)
    if row is None or not row.url.startswith(WANTED):
        return  # a launch named it meanwhile
    if not _named(session, row.platform_id, row.url, url):
        session.execute(delete(OutboxRow).where(OutboxRow.line_item_id == line_item_id))
        session.execute(delete(LineItem).where(LineItem.id == line_item_id))


def _named(session: Session, platform_id: int, wanted: str, url: str) -> bool:
    """Give the wanted column its address, unless another row has that."""
    there = select(func.count()).select_from(LineItem).where(LineItem.platform_id == platform_id, LineItem.url == url)
    if session.scalar(there):
        return False
    named = session.execute(
        update(LineItem)
        .where(LineItem.platform_id == platform_id, LineItem.url == wanted)
        .values(url=url)
        .execution_options(synchronize_session=False)
    )
    return bool(named.rowcount)  # type: ignore[attr-defined]  # a cursor result


def _row(platform_id: int, cohort_id: int, part: Part, url: str, now: datetime) -> LineItem:
    return LineItem(
        platform_id=platform_id,
        cohort_id=cohort_id,
        url=url,
        created_at=now,
        kind=part.kind,
        session_number=part.session,
        activity=part.activity,
    )


def _wanted(cohort_id: int, part: Part) -> str:
    """No address, so that nothing can be sent to it; one for each cohort and part, by the table's own uniqueness."""
    whole = f"{WANTED}{cohort_id}"
    return whole if part == WHOLE else f"{whole}/{part.kind.value}/{part.session or part.activity}"
