"""The answer to a deep linking request."""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from joserfc import jwt

from lti import claims as c
from lti.deep_linking import Column, LinkItem, respond
from lti.errors import DeepLinkingRefused
from lti.messages import AnswerSlip, DeepLinkingRequest
from tests.lti.peer import ISSUER, NOW, Desk, deep_linking, platform, tool_key

ITEM = LinkItem(
    url="https://tool.example.org/lti/open",
    title="Feedback that moves",
    text="3 hours",
    custom={"practicum_offering": "feedback"},
    column=Column("Feedback that moves", 1, "feedback", "practicum"),
    opens_in="iframe",
)


def answered(slip: AnswerSlip, *items: LinkItem, **changes: Any) -> dict[str, Any]:
    """The claims of the answer, verified with our published key."""
    found = respond(slip, items, platform=platform(), key=tool_key(), now=NOW, **changes)
    assert found.return_url == slip.return_url
    return dict(jwt.decode(found.jwt, tool_key().key, algorithms=["RS256"]).claims)


def slip(**changes: Any) -> AnswerSlip:
    found: dict[str, Any] = {
        "deployment_id": "dep-1",
        "return_url": "https://lms.example.org/chosen",
        "targets": ("iframe", "window"),
        "accept_multiple": True,
        **changes,
    }
    return AnswerSlip(**found)


def test_the_answer_carries_what_the_standard_asks() -> None:
    claims = answered(slip(data="keep this"), ITEM)
    issued = int(NOW.timestamp())
    assert len(claims.pop("nonce")) > 20
    assert claims == {
        "iss": "tool-1",
        "aud": ISSUER,
        "iat": issued,
        "exp": issued + 300,
        c.DEPLOYMENT_ID: "dep-1",
        c.MESSAGE_TYPE: "LtiDeepLinkingResponse",
        c.VERSION: "1.3.0",
        c.DEEP_LINKING_DATA: "keep this",
        c.CONTENT_ITEMS: [
            {
                "type": "ltiResourceLink",
                "title": "Feedback that moves",
                "url": "https://tool.example.org/lti/open",
                "text": "3 hours",
                "custom": {"practicum_offering": "feedback"},
                "lineItem": {
                    "label": "Feedback that moves",
                    "scoreMaximum": 1,
                    "resourceId": "feedback",
                    "tag": "practicum",
                },
                "iframe": {},
            }
        ],
    }


def test_no_data_is_sent_back_when_none_came() -> None:
    claims = answered(slip(), ITEM)
    assert c.DEEP_LINKING_DATA not in claims
    assert c.DEEP_LINKING_MESSAGE not in claims


def test_a_platform_that_ignores_line_items_gets_none_and_one_that_says_nothing_gets_them() -> None:
    for accepts, sent in [(False, False), (None, True), (True, True)]:
        item = answered(slip(accept_lineitem=accepts), ITEM)[c.CONTENT_ITEMS][0]
        assert ("lineItem" in item) is sent


@pytest.mark.parametrize("accepts", [False, None])
def test_several_items_for_a_platform_that_takes_one_are_refused(accepts: bool | None) -> None:
    with pytest.raises(DeepLinkingRefused) as caught:
        answered(slip(accept_multiple=accepts), ITEM, ITEM)
    assert caught.value.code == "one-item-only"
    assert len(answered(slip(accept_multiple=accepts), ITEM)[c.CONTENT_ITEMS]) == 1


def test_several_items_are_sent_where_they_are_taken_and_none_is_an_answer_too() -> None:
    assert len(answered(slip(), ITEM, ITEM)[c.CONTENT_ITEMS]) == 2
    claims = answered(slip(), message="Nothing was chosen")
    assert claims[c.CONTENT_ITEMS] == []
    assert claims[c.DEEP_LINKING_MESSAGE] == "Nothing was chosen"


@pytest.mark.parametrize(
    ("wish", "targets", "member"),
    [
        ("iframe", ("iframe",), "iframe"),
        ("window", ("iframe", "window"), "window"),
        ("window", ("iframe",), None),
        ("iframe", (), None),
        (None, ("iframe", "window"), None),
    ],
)
def test_a_wish_for_frame_or_window_is_kept_when_it_is_offered(
    wish: str | None, targets: tuple[str, ...], member: str | None
) -> None:
    item = LinkItem(url=ITEM.url, title="T", opens_in=wish)
    found = answered(slip(targets=targets), item)[c.CONTENT_ITEMS][0]
    assert {"iframe", "window"} & set(found) == ({member} if member else set())
    assert set(found) - {"iframe", "window"} == {"type", "title", "url"}


def test_days_go_out_in_utc_as_available_and_submission() -> None:
    zone = ZoneInfo("America/Chicago")
    item = LinkItem(
        url=ITEM.url,
        title="T",
        available_at=datetime(2027, 3, 1, tzinfo=zone),
        due_at=datetime(2027, 3, 14, 23, 59, 59, tzinfo=zone),
    )
    found = answered(slip(), item)[c.CONTENT_ITEMS][0]
    assert found["available"] == {"startDateTime": "2027-03-01T06:00:00Z"}
    assert found["submission"] == {"endDateTime": "2027-03-15T04:59:59Z"}, "daylight saving began on that day"
    assert not {"available", "submission"} & set(answered(slip(), ITEM)[c.CONTENT_ITEMS][0])


@pytest.mark.parametrize("custom", [{"a": "x\ny"}, {"a\tb": "x"}, {"a": "x\0"}])
def test_a_custom_value_of_several_lines_is_our_mistake(custom: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="one line"):
        LinkItem(url=ITEM.url, title="T", custom=custom)


def test_the_slip_of_a_request_can_be_kept_as_json_until_the_choice_is_made(desk: Desk) -> None:
    request = desk.launch(**deep_linking(accept_lineitem=False)).message
    assert isinstance(request, DeepLinkingRequest)
    kept = json.loads(json.dumps(asdict(request.answer_slip())))
    restored = AnswerSlip(**kept)
    claims = answered(restored, ITEM)
    assert claims[c.DEEP_LINKING_DATA] == "keep this"
    assert "lineItem" not in claims[c.CONTENT_ITEMS][0]
