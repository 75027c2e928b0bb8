"""Deep linking: offerings to choose from, and the signed answer that puts them into an LMS course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

import content
from lti import quirks
from lti.deep_linking import Column, DeepLinkingAnswer, LinkItem, respond
from lti.keys import SigningKey
from lti.messages import AnswerSlip
from lti.stores import Platform
from plugin.actions import audit, columns, offerings
from plugin.db.learning import Offering
from plugin.db.platforms import DeepLinkingRequest
from plugin.domain import due_days
from plugin.domain.columns import Choice, Part, brought, left_over
from plugin.domain.due_days import Days
from plugin.domain.hours import contact_hours
from plugin.domain.scores import MAXIMUM

MOST = 50  # links at a time
NO_DAYS = Days()


class OpensIn(StrEnum):
    """Where the LMS is asked to show a link; the values are those of Deep Linking 2.0 §4.4.1."""

    FRAME = "iframe"
    WINDOW = "window"


@dataclass(frozen=True)
class Wish:
    """What somebody chose: offerings by code, one link each or one for each session, columns, days, and where it opens.

    Days are those of `zone` when it is answered."""

    codes: tuple[str, ...] = ()
    by_session: bool = False
    columns: Choice = Choice.COMPLETION
    days: Days = NO_DAYS
    opens_in: OpensIn = OpensIn.FRAME


@dataclass(frozen=True)
class Terms:
    """What the LMS takes in answer to a request. `free_columns`: more columns than one for each link can be had."""

    many: bool
    columns: bool
    free_columns: bool
    targets: frozenset[OpensIn]


class Why(StrEnum):
    """Why a choice cannot be answered."""

    NOTHING = "nothing was chosen"
    TOO_MANY = "too many links at a time"
    GONE = "an offering that is not there any more"
    ONE_COLUMN = "more columns than the LMS lets us have"
    DAYS = "days that cannot be meant"


class ChoiceRefused(Exception):
    """The choice cannot be answered; `faults` says what is wrong with its days, where it is that."""

    def __init__(self, why: Why, faults: tuple[due_days.Fault, ...] = ()) -> None:
        super().__init__(why.value)
        self.why, self.faults = why, faults


def shelf(session: Session) -> Sequence[Offering]:
    """What may be chosen: every offering with a current version, by title."""
    return session.scalars(
        select(Offering).where(Offering.current_version_id.is_not(None)).order_by(Offering.title).limit(500)
    ).all()


def preview(session: Session, code: str) -> content.Pack | None:
    """What members will see of an offering that may be chosen: its current version; None when there is none."""
    version = session.scalar(select(Offering.current_version_id).where(Offering.code == code))
    return None if version is None else offerings.pack_of(session, version)


def request_of(session: Session, person_id: int, request_id: int) -> DeepLinkingRequest | None:
    """A person's own request, locked while it is answered."""
    return session.scalar(
        select(DeepLinkingRequest)
        .where(DeepLinkingRequest.id == request_id, DeepLinkingRequest.person_id == person_id)
        .with_for_update()
    )


def terms_of(request: DeepLinkingRequest, family: str | None) -> Terms:
    """What an LMS of this family takes in answer to a request."""
    said = request.settings
    return Terms(
        many=said.get("accept_multiple") is True,
        columns=said.get("accept_lineitem") is not False,
        free_columns=said.get("makes_columns") is not False and quirks.of(family).free_columns,
        targets=frozenset(one for one in OpensIn if one.value in said.get("targets", ())),
    )


def answer(
    session: Session,
    request: DeepLinkingRequest,
    wish: Wish,
    *,
    base_url: str,
    platform: Platform,
    key: SigningKey,
    by: int,
    organization: int,
    zone: tzinfo,
    now: datetime,
) -> DeepLinkingAnswer:
    """The answer with a link for each chosen offering, or for each of its sessions, and the gradebook columns that they
    can bring; with none for somebody who cancels.

    Raises:
        ChoiceRefused: it cannot be answered so.
        DeepLinkingRefused: more than one where the LMS takes one.
    """
    terms = terms_of(request, platform.family)
    items = [
        item
        for offering in _chosen(session, wish, today=now.astimezone(zone).date())
        for item in _links(session, offering, wish, terms, base_url=base_url, zone=zone)
    ]
    if len(items) > MOST:
        raise ChoiceRefused(Why.TOO_MANY)
    said = request.settings
    slip = AnswerSlip(
        deployment_id=request.deployment_id,
        return_url=said["return_url"],
        data=said["data"],
        targets=tuple(said["targets"]),
        accept_multiple=said["accept_multiple"],
        accept_lineitem=said["accept_lineitem"],
    )
    made = respond(slip, items, platform=platform, key=key, now=now)
    request.answered_at = now
    audit.remember(
        session,
        "choose content",
        f"platform {platform.id}",
        by=by,
        organization=organization,
        now=now,
        offerings=list(wish.codes),
        links=len(items),
        columns=wish.columns.value,
    )
    return made


def _chosen(session: Session, wish: Wish, *, today: date) -> list[Offering]:
    """The chosen offerings, each once.

    Raises:
        ChoiceRefused: one is not there, there are too many, or the days cannot be meant.
    """
    codes = list(dict.fromkeys(wish.codes))
    if len(codes) > MOST:
        raise ChoiceRefused(Why.TOO_MANY)
    found = session.scalars(
        select(Offering).where(Offering.code.in_(codes), Offering.current_version_id.is_not(None))
    ).all()
    there = {offering.code: offering for offering in found}
    if any(code not in there for code in codes):
        raise ChoiceRefused(Why.GONE)
    links = max((there[code].sessions for code in codes if wish.by_session), default=1)
    faults = due_days.faults(wish.days, links=links, today=today)
    if faults:
        raise ChoiceRefused(Why.DAYS, faults)
    return [there[code] for code in codes]


def _links(
    session: Session, offering: Offering, wish: Wish, terms: Terms, *, base_url: str, zone: tzinfo
) -> list[LinkItem]:
    """The links of one offering, in the order of its sessions."""
    pack = offerings.pack_of(session, offering.current_version_id or 0)
    sessions = columns.sessions_of(pack)
    by_session = wish.by_session and len(sessions) > 1
    choice = wish.columns if terms.columns else Choice.COMPLETION
    if not terms.free_columns and left_over(choice, sessions, by_session=by_session):
        raise ChoiceRefused(Why.ONE_COLUMN)
    places: list[content.Session | None] = list(pack.sessions) if by_session else [None]
    return [
        _link(
            pack,
            one,
            choice,
            part=brought(choice, sessions, one.number if one else None),
            base_url=base_url,
            opens_in=next(iter(terms.targets)) if len(terms.targets) == 1 else wish.opens_in,
            available_at=due_days.begins(wish.days.available, zone) if wish.days.available else None,
            due_at=due_days.ends(due, zone) if (due := wish.days.due_of(place)) else None,
        )
        for place, one in enumerate(places)
    ]


def _link(
    pack: content.Pack,
    one: content.Session | None,
    choice: Choice,
    *,
    part: Part | None,
    base_url: str,
    opens_in: OpensIn,
    available_at: datetime | None,
    due_at: datetime | None,
) -> LinkItem:
    """The link to an offering, or to one session of it."""
    custom = {"practicum_offering": pack.code}
    title, text = pack.title, f"{pack.summary} ({contact_hours(pack.minutes)} contact hours)"
    if one is not None:
        custom["practicum_session"] = str(one.number)
        title = f"{one.number} · {one.title}"
        text = (
            f"{pack.title}: session {one.number} of {len(pack.sessions)} ({contact_hours(one.minutes)} contact hours)"
        )
    if choice is not Choice.COMPLETION:
        custom[columns.PARAMETER] = choice.value
    column = None
    if part is not None:
        column = Column(
            label=columns.label_of(part, pack),
            maximum=MAXIMUM,
            resource_id=part.resource_id(pack.code),
            tag=part.kind.value,
            review_url=f"{base_url}/",
        )
    return LinkItem(
        url=f"{base_url}/",
        title=title,
        text=text,
        custom=custom,
        column=column,
        opens_in=opens_in.value,
        available_at=available_at,
        due_at=due_at,
    )
