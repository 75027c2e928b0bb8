"""Assignment and Grade Services 2.0: columns, scores, results."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, request

from tests.demo_lms import addresses, gradebook, shapes
from tests.demo_lms.here import world
from tests.demo_lms.model import Context, LineItem, Result, Tool
from tests.demo_lms.service import (
    add_links,
    answer_refusals,
    bearer,
    check_accept,
    context_for,
    json_answer,
    json_body,
    list_answer,
    number,
    page_of,
    refuse,
)
from tests.demo_lms.vocabulary import Media, Scope

ags = Blueprint("ags", __name__, url_prefix="/api/ags/<context_id>/lineitems")
answer_refusals(ags)

FIELDS = frozenset(
    {
        "id",
        "label",
        "scoreMaximum",
        "resourceLinkId",
        "resourceId",
        "tag",
        "startDateTime",
        "endDateTime",
        "gradesReleased",
        "submissionReview",
    }
)


@ags.get("")
def line_items(context_id: str) -> Response:
    """The tool's own columns, filtered and paged."""
    tool, context = _entered(context_id, Scope.LINE_ITEM, Scope.LINE_ITEM_READ)
    check_accept(Media.LINE_ITEMS)
    wanted = [
        item
        for item in world.line_items_in(context)
        if item.client_id == tool.client_id
        and request.args.get("resource_link_id", item.resource_link_id) == item.resource_link_id
        and request.args.get("resource_id", item.resource_id) == item.resource_id
        and request.args.get("tag", item.tag) == item.tag
    ]
    page = page_of(wanted)
    answer = list_answer([_as_json(item) for item in page.rows], page.rows, Media.LINE_ITEMS)
    return add_links(answer, page.links, curly=world.config.habits.curly_link_quotes)


@ags.post("")
def create(context_id: str) -> Response:
    """A new column: POST creates, always; it is the tool's business to look first."""
    tool, context = _entered(context_id, Scope.LINE_ITEM)
    body = json_body(Media.LINE_ITEM)
    if "id" in body:
        refuse(400, "id is given by the LMS")
    if world.config.habits.only_tied_columns and not {"resourceId", "resourceLinkId"} & set(body):
        refuse(400, "resourceId or resourceLinkId is needed")
    item = _read(body, context, tool, id=world.number())
    with world.lock:
        world.line_items[item.id] = item
    return json_answer(_as_json(item), Media.LINE_ITEM, 201)


@ags.get("/<id>")
def line_item(context_id: str, id: str) -> Response:
    item = _found(context_id, id, Scope.LINE_ITEM, Scope.LINE_ITEM_READ)
    check_accept(Media.LINE_ITEM)
    return json_answer(_as_json(item), Media.LINE_ITEM)


@ags.put("/<id>")
def change(context_id: str, id: str) -> Response:
    """The column as it is to be: what is left out is erased (AGS 2.0 §3.2.8)."""
    item = _found(context_id, id, Scope.LINE_ITEM)
    body = json_body(Media.LINE_ITEM)
    if body.get("id", addresses.line_item(world, item)) != addresses.line_item(world, item):
        refuse(400, "id is another column's")
    changed = _read(body, world.contexts[item.context_id], world.tools[item.client_id], id=item.id)
    if changed.resource_link_id != item.resource_link_id:
        refuse(400, "resourceLinkId of a column cannot change")
    with world.lock:
        world.line_items[item.id] = changed
        _rescale(item, changed)
    return json_answer(_as_json(changed), Media.LINE_ITEM)


@ags.delete("/<id>")
def delete(context_id: str, id: str) -> Response:
    item = _found(context_id, id, Scope.LINE_ITEM)
    if not world.config.habits.columns_deletable:
        refuse(403, "columns are not deleted from outside")
    world.remove_line_item(item.id)
    return Response(status=204)


@ags.post("/<id>/scores")
def post_score(context_id: str, id: str) -> Response:
    item = _found(context_id, id, Scope.SCORE)
    body = json_body(Media.SCORE)
    try:
        gradebook.accept(world, item, body)
    except gradebook.ScoreRefused as refusal:
        refuse(refusal.status, refusal.reason)
    return Response(status=200)


@ags.get("/<id>/results")
def results(context_id: str, id: str) -> Response:
    item = _found(context_id, id, Scope.RESULT)
    check_accept(Media.RESULTS)
    with world.lock:
        graded = [result for (column, _), result in world.results.items() if column == item.id]
    wanted = [
        result
        for result in graded
        if result.score is not None and request.args.get("user_id", result.user_id) == result.user_id
    ]
    page = page_of(wanted)
    answer = list_answer([_result_as_json(item, result) for result in page.rows], page.rows, Media.RESULTS)
    return add_links(answer, page.links, curly=world.config.habits.curly_link_quotes)


def _entered(context_id: str, *scopes: Scope) -> tuple[Tool, Context]:
    tool = bearer(*scopes)
    context = context_for(tool, context_id)
    if world.config.habits.line_item_query and request.args.get("type_id") != tool.client_id:
        refuse(400, "the query of the address is missing")
    return tool, context


def _found(context_id: str, id: str, *scopes: Scope) -> LineItem:
    tool, context = _entered(context_id, *scopes)
    item = world.line_items.get(id)
    if item is None or item.context_id != context.id or item.client_id != tool.client_id:
        refuse(404, "this tool has no such column in this context")
    return item


def _read(body: dict[str, Any], context: Context, tool: Tool, *, id: str) -> LineItem:
    try:
        shapes.only(body, FIELDS)
        released = body.get("gradesReleased")
        if released is not None and not isinstance(released, bool):
            raise shapes.BadShape("gradesReleased has to be true or false")
        item = LineItem(
            id=id,
            context_id=context.id,
            client_id=tool.client_id,
            label=shapes.text(body, "label"),
            score_maximum=shapes.maximum(body),
            resource_link_id=shapes.optional_text(body, "resourceLinkId"),
            resource_id=shapes.optional_text(body, "resourceId", longest=256),
            tag=shapes.optional_text(body, "tag", longest=256),
            start=shapes.optional_instant_text(body, "startDateTime"),
            end=shapes.optional_instant_text(body, "endDateTime"),
            grades_released=released,
            submission_review=shapes.optional_object(body, "submissionReview"),
        )
    except shapes.BadShape as fault:
        refuse(400, str(fault))
    if world.config.habits.whole_maximum and item.score_maximum % 1:
        refuse(400, "scoreMaximum has to be a whole number")
    link = world.links.get(item.resource_link_id) if item.resource_link_id else None
    if item.resource_link_id and (link is None or (link.context_id, link.client_id) != (context.id, tool.client_id)):
        refuse(400, "resourceLinkId is not a link of this tool in this context")
    return item


def _rescale(old: LineItem, new: LineItem) -> None:
    for place, result in world.results.items():
        if place[0] == new.id and result.score is not None:
            score = result.score * new.score_maximum / old.score_maximum
            world.results[place] = replace(result, score=score, maximum=new.score_maximum)


def _as_json(item: LineItem) -> dict[str, Any]:
    fields = {
        "id": addresses.line_item(world, item),
        "label": item.label,
        "scoreMaximum": number(item.score_maximum),
        "resourceLinkId": item.resource_link_id,
        "resourceId": item.resource_id,
        "tag": item.tag,
        "startDateTime": item.start,
        "endDateTime": item.end,
        "gradesReleased": item.grades_released,
        "submissionReview": item.submission_review,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _result_as_json(item: LineItem, result: Result) -> dict[str, Any]:
    assert result.score is not None
    lacks_comment = world.config.habits.filtered_results_lack_comment and "user_id" in request.args
    fields = {
        "id": addresses.result(world, item, result.user_id),
        "scoreOf": addresses.line_item(world, item),
        "userId": result.user_id,
        "resultScore": number(result.score),
        "resultMaximum": number(result.maximum),
        "comment": None if lacks_comment else result.comment,
    }
    return {name: value for name, value in fields.items() if value is not None}
