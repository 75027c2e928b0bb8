"""Gradebook columns that no launch has named: wanted here, adopted or made in the LMS by the worker.

A launch names the column of its link in a claim, mostly. Where it names only the place for columns, the cohort gets a
row that stands for the column it wants, and what is to be told goes into the outbox as ever. Before any of it is sent,
one worker at a time looks for a column with our resourceId and tag and makes one only where there is none: to an LMS, a
POST always means another column (AGS 2.0 §3.2.5, §3.2.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from plugin.db.learning import Cohort, Context, Offering, ResourceLink
from plugin.db.outbox import WANTED, LineItem, OutboxRow
from plugin.domain.scores import MAXIMUM

TAG = "completion"  # with the offering's code as resourceId it is what a course copy keeps of a column


@dataclass(frozen=True)
class WantedColumn:
    """What a column shall be, and where (None: the LMS names no place for columns any more); `link_id` is the link it
    belongs to, where the cohort has just one."""

    line_items_url: str | None
    resource_id: str
    label: str
    link_id: str | None
    tag: str = TAG
    maximum: int = MAXIMUM


def want(session: Session, *, platform_id: int, cohort_id: int, now: datetime) -> bool:
    """Let the worker find a column for a cohort that has none on this platform. Returns whether one is wanted now."""
    known = exists().where(LineItem.platform_id == platform_id, LineItem.cohort_id == cohort_id)
    if session.scalar(select(known)):
        return False
    session.add(LineItem(platform_id=platform_id, cohort_id=cohort_id, url=_wanted(cohort_id), created_at=now))
    session.flush()
    return True


def name(session: Session, *, platform_id: int, cohort_id: int, url: str) -> bool:
    """A launch named the column that was wanted. Returns whether one was."""
    return _named(session, platform_id, _wanted(cohort_id), url)


def begin_search(session: Session, line_item_id: int, *, now: datetime) -> WantedColumn | None:
    """What to look for; None while another worker does.

    The caller leases a row of the column in the same transaction: as long as that lease holds, nobody else looks.
    """
    alone = select(LineItem.id).where(LineItem.id == line_item_id).with_for_update(skip_locked=True)
    searched = exists().where(OutboxRow.line_item_id == line_item_id, OutboxRow.leased_until > now)
    if session.scalar(alone) is None or session.scalar(select(searched)):
        return None
    row: Any = session.execute(
        select(Context.line_items_url, Offering.code, Offering.title, Cohort.id)
        .join(Cohort, Cohort.context_id == Context.id)
        .join(LineItem, LineItem.cohort_id == Cohort.id)
        .join(Offering, Offering.id == Cohort.offering_id)
        .where(LineItem.id == line_item_id)
    ).one()
    links = session.scalars(
        select(ResourceLink.resource_link_id).where(ResourceLink.cohort_id == row.id).limit(2)
    ).all()
    return WantedColumn(row.line_items_url, row.code, row.title, links[0] if len(links) == 1 else None)


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


def _wanted(cohort_id: int) -> str:
    """No address, so that nothing can be sent to it; one for each cohort, by the table's own uniqueness."""
    return f"{WANTED}{cohort_id}"
