"""Assignment and Grade Services 2.0: line items, scores, results.

Media types are sent exactly as the standard writes them: Moodle answers 400 to every other Accept.
"""

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lti import quirks
from lti.claims import SCOPE_LINE_ITEM, SCOPE_RESULT_READ, SCOPE_SCORE, URL_LENGTH
from lti.errors import AnswerUnreadable, Unreachable
from lti.http import Answer
from lti.scores import Score
from lti.services import Services
from lti.stores import Platform
from lti.urls import below, is_web_url, with_query

LINE_ITEM = "application/vnd.ims.lis.v2.lineitem+json"
LINE_ITEMS = "application/vnd.ims.lis.v2.lineitemcontainer+json"
RESULTS = "application/vnd.ims.lis.v2.resultcontainer+json"
SCORE = "application/vnd.ims.lis.v1.score+json"
_LARGEST = 1e12  # what is larger, or no number at all, is no score
LONGEST_LIST = 20_000  # entries of one list that we are ready to read
LIST_SECONDS = 60.0  # that all its pages may take together


@dataclass(frozen=True, slots=True)
class LineItem:
    """A grade column. `id` is its address; `whole` is the object as the platform sent it, so that a PUT
    can give back what it does not change."""

    label: str
    score_maximum: float
    id: str = ""
    resource_id: str | None = None
    tag: str | None = None
    resource_link_id: str | None = None
    whole: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Result:
    """What the LMS shows for one person: a teacher's override included."""

    user_id: str = field(repr=False)
    score: float | None = None
    maximum: float | None = None
    comment: str | None = field(default=None, repr=False)


class Grades:
    """The calls. Each raises lti.errors.ServiceError; `lti.quirks.judge` says what follows from one."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def line_items(
        self,
        platform: Platform,
        lineitems_url: str,
        *,
        resource_id: str | None = None,
        tag: str | None = None,
        resource_link_id: str | None = None,
    ) -> list[LineItem]:
        """The line items of a context, filtered by the platform and, as not every platform does, again
        here. No page size is asked for: Moodle then sends everything, and its page links are broken."""
        wanted = {"resource_id": resource_id, "tag": tag, "resource_link_id": resource_link_id}
        filters = {name: value for name, value in wanted.items() if value is not None}
        answers = self._services.pages(
            platform, with_query(lineitems_url, filters), scope=SCOPE_LINE_ITEM, accept=LINE_ITEMS
        )
        found = (_line_item(entry) for entry in _entries(answers))
        return [item for item in found if all(getattr(item, name) == value for name, value in filters.items())]

    def line_item(self, platform: Platform, lineitem_url: str) -> LineItem:
        """One line item by its address."""
        answer = self._services.call(platform, "GET", lineitem_url, scope=SCOPE_LINE_ITEM, accept=LINE_ITEM)
        return _line_item(answer.json())

    def create_line_item(self, platform: Platform, lineitems_url: str, item: LineItem) -> LineItem:
        """Make a new column. This is no "ensure": look with `line_items` first. Never sends an id, which
        Schoology refuses."""
        return _line_item(self._write(platform, "POST", lineitems_url, _members(item)).json())

    def adopt_or_create(self, platform: Platform, lineitems_url: str, item: LineItem) -> LineItem:
        """The column with the item's resourceId and tag, that of its link before others; made where there is
        none. Somebody has to see to it that this is not called twice at once: platforms do not.

        Raises AddressRefused, too, when the platform says that its column is somewhere else."""
        there = self.line_items(platform, lineitems_url, resource_id=item.resource_id, tag=item.tag)
        tied = [one for one in there if one.resource_link_id == item.resource_link_id]
        if there:
            found = min(tied or there, key=lambda one: (len(one.id), one.id))  # of several the oldest, mostly
        else:
            found = self.create_line_item(platform, lineitems_url, item)
        self._services.check(platform, found.id)
        return found

    def change_line_item(self, platform: Platform, lineitem_url: str, changes: Mapping[str, Any]) -> LineItem:
        """Read the whole object, change members (by their names in the standard), write the whole object
        back: what a PUT leaves out, Moodle erases."""
        current = self.line_item(platform, lineitem_url)
        whole = {**current.whole, **changes}
        return _line_item(self._write(platform, "PUT", lineitem_url, whole).json())

    def post_score(self, platform: Platform, lineitem_url: str, score: Score) -> None:
        """Tell a score. Some platforms want an extension beside it; it is added here.

        Raises AnswerUnreadable, too, when a page answers in place of the service: nobody knows what it did."""
        extra = quirks.of(platform.family).score_extension
        answer = self._services.call(
            platform,
            "POST",
            below(lineitem_url, "scores"),
            scope=SCOPE_SCORE,
            accept=SCORE,
            content_type=SCORE,
            body=_json(score.body(extra)),
        )
        if answer.body.lstrip()[:1] == b"<":
            raise AnswerUnreadable("html in place of an answer to a score")

    def results(self, platform: Platform, lineitem_url: str, user_id: str | None = None) -> list[Result]:
        """What the LMS holds, of one person or of all."""
        filters = {"user_id": user_id} if user_id is not None else {}
        url = with_query(below(lineitem_url, "results"), filters)
        answers = self._services.pages(platform, url, scope=SCOPE_RESULT_READ, accept=RESULTS)
        found = [_result(entry) for entry in _entries(answers)]
        return [result for result in found if user_id in (None, result.user_id)]

    def _write(self, platform: Platform, method: str, url: str, members: Mapping[str, Any]) -> Answer:
        return self._services.call(
            platform,
            method,
            url,
            scope=SCOPE_LINE_ITEM,
            accept=LINE_ITEM,
            content_type=LINE_ITEM,
            body=_json(members),
        )


def _members(item: LineItem) -> dict[str, Any]:
    members = {
        "label": item.label,
        "scoreMaximum": item.score_maximum,
        "resourceId": item.resource_id,
        "tag": item.tag,
        "resourceLinkId": item.resource_link_id,
    }
    return {name: value for name, value in members.items() if value is not None}


def _entries(answers: Iterator[Answer]) -> Iterator[Any]:
    """The entries of all pages. Sakai answers an empty list with an empty body."""
    count, until = 0, time.monotonic() + LIST_SECONDS
    for answer in answers:
        if time.monotonic() > until:
            raise Unreachable(f"a list took longer than {LIST_SECONDS:.0f} seconds") from TimeoutError()
        found = answer.json() if answer.body.strip() else []
        if not isinstance(found, list):
            raise AnswerUnreadable("a list was promised")
        count += len(found)
        if count > LONGEST_LIST:
            raise AnswerUnreadable(f"more than {LONGEST_LIST} entries")
        yield from found


def _line_item(entry: object) -> LineItem:
    address = entry.get("id") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or not isinstance(address, str) or not _is_address(address):
        raise AnswerUnreadable("a line item without its address")
    return LineItem(
        id=address,
        label=_text(entry, "label") or "",
        score_maximum=_number(entry, "scoreMaximum") or 0.0,
        resource_id=_text(entry, "resourceId"),
        tag=_text(entry, "tag"),
        resource_link_id=_text(entry, "resourceLinkId"),
        whole=entry,
    )


def _is_address(text: str) -> bool:
    return len(text) <= URL_LENGTH and is_web_url(text)


def _result(entry: object) -> Result:
    user_id = _text(entry, "userId") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or user_id is None:
        raise AnswerUnreadable("a result without its person")
    return Result(
        user_id=user_id,
        score=_number(entry, "resultScore"),
        maximum=_number(entry, "resultMaximum"),
        comment=_text(entry, "comment"),
    )


def _text(entry: Mapping[str, Any], name: str) -> str | None:
    """A string, or a number as one: some platforms send their ids unquoted."""
    value = entry.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value if isinstance(value, str) and value else None


def _number(entry: Mapping[str, Any], name: str) -> float | None:
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _LARGEST:
        return None
    return float(value)


def _json(members: Mapping[str, Any]) -> bytes:
    return json.dumps(members, separators=(",", ":"), allow_nan=False).encode("ascii")
