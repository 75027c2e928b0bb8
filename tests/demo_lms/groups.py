"""Course Groups Service 1.0: the groups of a context. Who is in them stands in the roster."""

from flask import Blueprint, Response, request

from tests.demo_lms.here import world
from tests.demo_lms.service import (
    add_links,
    answer_refusals,
    bearer,
    check_accept,
    context_for,
    list_answer,
    page_of,
    refuse,
)
from tests.demo_lms.vocabulary import Media, Scope

groups = Blueprint("groups", __name__, url_prefix="/api/groups/<context_id>")
answer_refusals(groups)


@groups.get("/groups")
def of_context(context_id: str) -> Response:
    """All groups in pages; with `user_id` only those that this person is in."""
    tool = bearer(Scope.GROUPS)
    context = context_for(tool, context_id)
    check_accept(Media.GROUPS)
    if not world.config.habits.groups:
        refuse(404, "there are no groups")
    user = request.args.get("user_id")
    wanted = [one for one in world.groups_in(context) if user is None or user in one.person_ids]
    page = page_of(wanted)
    body = {
        "id": world.config.url(request.full_path.rstrip("?")),
        "groups": [{"id": group.id, "name": group.name} for group in page.rows],
    }
    return add_links(list_answer(body, page.rows, Media.GROUPS), page.links)
