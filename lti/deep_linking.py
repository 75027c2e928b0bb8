"""Chosen content → the signed answer to a deep linking request (LTI Deep Linking 2.0, sections 3.2 and 4.5).

The HTML form that carries the answer back belongs to whoever knows HTML; post the field `JWT` to
`return_url`. Moodle wants that inside its frame.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lti import claims as c
from lti.errors import DeepLinkingRefused
from lti.keys import SigningKey
from lti.messages import LTI_VERSION, AnswerSlip
from lti.stores import Platform

_LIFE = 300  # seconds
_REVIEWABLE = ["Submitted", "Completed"]  # before that there is nothing to read


@dataclass(frozen=True, slots=True)
class Column:
    """The grade column that comes with a link. `resource_id` and `tag` survive a course copy, so the copy's
    column is found by them. `review_url`: where its cells lead to (LTI Submission Review 1.0, section 4)."""

    label: str
    maximum: int
    resource_id: str | None = None
    tag: str | None = None
    review_url: str | None = None


@dataclass(frozen=True, slots=True)
class LinkItem:
    """A link to choose. It always has a `url`: Blackboard refuses one without.

    `opens_in` is a wish, "iframe" or "window", kept when the platform offers it. `available_at` and `due_at`,
    aware, are where the platform may begin from: it can change them, and some take none (section 3.2). Custom
    values are single lines, as Moodle stores them so. Raises ValueError for control characters in names or values.
    """

    url: str
    title: str
    text: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)
    column: Column | None = None
    opens_in: str | None = None
    available_at: datetime | None = None
    due_at: datetime | None = None

    def __post_init__(self) -> None:
        for name, value in self.custom.items():
            if not (name.isprintable() and value.isprintable()):
                raise ValueError(f"custom parameter {name!r} has to be one line of plain text")


@dataclass(frozen=True, slots=True)
class DeepLinkingAnswer:
    """What the browser posts: the field `JWT`, to `return_url`."""

    jwt: str = field(repr=False)
    return_url: str = field(repr=False)


def respond(
    slip: AnswerSlip,
    items: Sequence[LinkItem],
    *,
    platform: Platform,
    key: SigningKey,
    now: datetime,
    message: str = "",
) -> DeepLinkingAnswer:
    """The answer with these items; none at all is the answer of somebody who changed their mind. `message`
    is shown by the LMS.

    Raises DeepLinkingRefused one-item-only.
    """
    if len(items) > 1 and slip.accept_multiple is not True:
        raise DeepLinkingRefused(
            "one-item-only",
            "Your LMS takes one activity at a time here. Choose one, add it, then choose the next.",
        )
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": platform.client_id,
        "aud": platform.issuer,
        "iat": issued,
        "exp": issued + _LIFE,
        "nonce": secrets.token_urlsafe(24),
        c.DEPLOYMENT_ID: slip.deployment_id,
        c.MESSAGE_TYPE: "LtiDeepLinkingResponse",
        c.VERSION: LTI_VERSION,
        c.CONTENT_ITEMS: [_item(item, slip) for item in items],
    }
    if slip.data is not None:
        claims[c.DEEP_LINKING_DATA] = slip.data
    if message:
        claims[c.DEEP_LINKING_MESSAGE] = message
    return DeepLinkingAnswer(jwt=key.sign(claims), return_url=slip.return_url)


def _item(item: LinkItem, slip: AnswerSlip) -> dict[str, Any]:
    """One content item, with what this platform takes."""
    found: dict[str, Any] = {"type": "ltiResourceLink", "title": item.title, "url": item.url}
    if item.text:
        found["text"] = item.text
    if item.custom:
        found["custom"] = dict(item.custom)
    if item.column is not None and slip.accept_lineitem is not False:
        found["lineItem"] = _column(item.column)
    if item.available_at is not None:
        found["available"] = {"startDateTime": _iso(item.available_at)}
    if item.due_at is not None:
        found["submission"] = {"endDateTime": _iso(item.due_at)}
    if item.opens_in == "iframe" and "iframe" in slip.targets:
        found["iframe"] = {}
    if item.opens_in == "window" and "window" in slip.targets:
        found["window"] = {"targetName": "_blank"}
    return found


def _iso(moment: datetime) -> str:
    """ISO 8601 in UTC, in the standard's own shape, which every parser takes."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _column(column: Column) -> dict[str, Any]:
    members = {
        "label": column.label,
        "scoreMaximum": column.maximum,
        "resourceId": column.resource_id,
        "tag": column.tag,
        "submissionReview": column.review_url and {"reviewableStatus": _REVIEWABLE, "url": column.review_url},
    }
    return {name: value for name, value in members.items() if value is not None}
