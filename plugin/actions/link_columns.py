"""What a launch means for the gradebook: the column that it names, and those that the worker has to find."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from lti import quirks
from lti.claims import SCOPE_LINE_ITEM
from lti.messages import ResourceLaunch, ServiceEndpoints
from plugin.actions import columns, offerings, scores
from plugin.actions import standing as standings
from plugin.actions.columns import LinkSays
from plugin.db import places
from plugin.db.learning import Cohort, Context, Enrolment
from plugin.db.outbox import LineItem
from plugin.db.platforms import Platform
from plugin.db.reflections import Reflection
from plugin.domain.columns import WHOLE, Choice, Kind, Part, Sessions
from plugin.domain.scores import Reached


def session_number(message: ResourceLaunch) -> int | None:
    """The session of a course that the link is for; None where it names none, or nothing that is a number."""
    number = message.custom.get("practicum_session", "").strip()
    return int(number) if number.isascii() and number.isdecimal() and len(number) <= 3 else None


def keep(
    session: Session,
    message: ResourceLaunch,
    platform: Platform,
    known: places.Known,
    *,
    cohort_id: int,
    now: datetime,
) -> None:
    """Remember the column that this launch names, and let the worker find those that no launch will name.

    A new one hears at once what everybody of the cohort achieved before it was there: a link that is made anew loses
    nothing.
    """
    services, link = message.services, says(message)
    choice = link.choice or known.column_choice or Choice.COMPLETION
    is_new = known.line_item_id is None and services.lineitem is not None
    may_want = makes_columns(services) and (services.lineitem is None or choice is not Choice.COMPLETION)
    if not is_new and not may_want:
        return
    sessions = _sessions(session, known, link)
    if is_new:
        columns.keep(
            session,
            platform_id=platform.id,
            cohort_id=cohort_id,
            part=link.means(sessions),
            url=services.lineitem or "",
            now=now,
            may_follow=_of_this_customer(message, platform) if platform.shared_client else None,
        )
        session.flush()
    if may_want:
        is_free = quirks.of(platform.family).free_columns
        named = services.lineitem is not None
        wanted = columns.missing(choice, sessions, link, is_named=named, is_free=is_free)
        may_want = columns.want(session, platform_id=platform.id, cohort_id=cohort_id, wanted=wanted, now=now)
    if is_new or may_want:
        tell_again(session, Enrolment.cohort_id == cohort_id, now)


def _sessions(session: Session, known: places.Known, link: LinkSays) -> Sessions:
    """The sessions of the cohort's version; not looked up where nothing hangs on them."""
    plain = link.choice is None and known.column_choice in {None, Choice.COMPLETION}
    if plain or known.version_id is None:
        return {}
    return columns.sessions_of(offerings.pack_of(session, known.version_id))


def _of_this_customer(message: ResourceLaunch, platform: Platform) -> ColumnElement[bool]:
    """Where one client serves many customers, a column of one of them never follows a launch of another."""
    theirs = select(Cohort.id).join(Context, Context.id == Cohort.context_id)
    return LineItem.cohort_id.in_(
        theirs.where(Context.platform_id == platform.id, Context.deployment_id == message.deployment_id)
    )


def makes_columns(services: ServiceEndpoints) -> bool:
    """Whether the LMS lets us look for columns, and make them."""
    return services.lineitems is not None and SCOPE_LINE_ITEM in services.ags_scopes


def says(message: ResourceLaunch) -> LinkSays:
    return LinkSays(session_number(message), columns.chosen(message.custom.get(columns.PARAMETER)))


def tell_again(session: Session, whose: ColumnElement[bool], now: datetime) -> None:
    """Tell the gradebook columns that do not know it yet where these people are."""
    waits = exists().where(Reflection.enrolment_id == Enrolment.id, Reflection.waiting_since.is_not(None))
    rows = session.execute(
        select(Enrolment, Cohort, waits).join(Cohort, Cohort.id == Enrolment.cohort_id).where(whose)
    ).all()
    parts = _parts_reached(session, [(row[0], row[1]) for row in rows])
    for enrolment, _, waiting in rows:
        whole = scores.current(enrolment, waits=bool(waiting))
        reached = parts.get(enrolment.id, {}) | ({WHOLE: Reached(whole)} if whole is not None else {})
        if reached:
            scores.tell_parts(session, enrolment, reached, now=now)


def _parts_reached(session: Session, runs: Sequence[tuple[Enrolment, Cohort]]) -> dict[int, dict[Part, Reached]]:
    """How far people are with sessions and reflections, by enrolment, where a column of their cohort asks for that."""
    cohorts = {cohort.id for _, cohort in runs}
    asks = exists().where(LineItem.cohort_id.in_(cohorts), LineItem.kind != Kind.COMPLETION)
    if not runs or not session.scalar(select(asks)):
        return {}
    return {one.enrolment.id: standings.parts_reached(one) for one in standings.of_all(session, runs)}
