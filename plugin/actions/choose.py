"""Deep linking: offerings to choose from, and the signed answer that puts them into an LMS course."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lti.deep_linking import Column, DeepLinkingAnswer, LinkItem, respond
from lti.keys import SigningKey
from lti.messages import AnswerSlip
from lti.stores import Platform
from plugin.actions import audit
from plugin.actions.columns import TAG
from plugin.db.learning import Offering
from plugin.db.platforms import DeepLinkingRequest
from plugin.domain.hours import contact_hours
from plugin.domain.scores import MAXIMUM

MOST = 50


class ChoiceRefused(Exception):
    """The choice cannot be answered; `sentence` says why and what to do."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def offerings(session: Session) -> Sequence[Offering]:
    """What may be chosen: every offering with a current version, by title."""
    return session.scalars(
        select(Offering).where(Offering.current_version_id.is_not(None)).order_by(Offering.title).limit(500)
    ).all()


def request_of(session: Session, person_id: int, request_id: int) -> DeepLinkingRequest | None:
    """A person's own request, locked while it is answered."""
    return session.scalar(
        select(DeepLinkingRequest)
        .where(DeepLinkingRequest.id == request_id, DeepLinkingRequest.person_id == person_id)
        .with_for_update()
    )


def answer(
    session: Session,
    request: DeepLinkingRequest,
    codes: Sequence[str],
    *,
    base_url: str,
    platform: Platform,
    key: SigningKey,
    by: int,
    organization: int,
    now: datetime,
) -> DeepLinkingAnswer:
    """The answer with one link, and one gradebook column, for each chosen offering; none for somebody who cancels.

    Raises:
        ChoiceRefused: an offering that is not there, or too many.
        DeepLinkingRefused: more than one where the LMS takes one.
    """
    if len(codes) > MOST:
        raise ChoiceRefused(f"Choose {MOST} at most at a time.")
    there = {offering.code: offering for offering in offerings(session)}
    unknown = [code for code in codes if code not in there]
    if unknown:
        raise ChoiceRefused("One of the chosen offerings is not there any more. Choose again.")
    said = request.settings
    slip = AnswerSlip(
        deployment_id=request.deployment_id,
        return_url=said["return_url"],
        data=said["data"],
        targets=tuple(said["targets"]),
        accept_multiple=said["accept_multiple"],
        accept_lineitem=said["accept_lineitem"],
    )
    items = [_item(there[code], base_url) for code in dict.fromkeys(codes)]
    made = respond(slip, items, platform=platform, key=key, now=now)
    request.answered_at = now
    audit.remember(
        session,
        "choose content",
        f"platform {platform.id}",
        by=by,
        organization=organization,
        now=now,
        offerings=list(codes),
    )
    return made


def _item(offering: Offering, base_url: str) -> LinkItem:
    return LinkItem(
        url=f"{base_url}/",
        title=offering.title,
        text=f"{offering.summary} ({contact_hours(offering.minutes)} contact hours)",
        custom={"practicum_offering": offering.code},
        column=Column(
            label=offering.title, maximum=MAXIMUM, resource_id=offering.code, tag=TAG, review_url=f"{base_url}/"
        ),
        opens_in="iframe",
    )
