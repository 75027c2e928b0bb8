"""Names and Role Provisioning Services 2.0: who is in a context."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, request

from tests.demo_lms import addresses
from tests.demo_lms import vocabulary as v
from tests.demo_lms.here import world
from tests.demo_lms.model import Context, Enrolment, Link, MemberStatus, Tool
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
from tests.demo_lms.vocabulary import Media, Message, Role, Scope

nrps = Blueprint("nrps", __name__, url_prefix="/api/nrps/<context_id>")
answer_refusals(nrps)


@nrps.get("/memberships")
def memberships(context_id: str) -> Response:
    """Members in pages. The last page links the differences since now; there, Deleted ones are told too.

    Where absence is not shown there are no differences, and whoever is not active is not there.
    """
    tool = bearer(Scope.MEMBERSHIPS)
    context = context_for(tool, context_id)
    check_accept(Media.MEMBERSHIPS)
    asked_at = world.now()
    link = _link(context, tool)
    habits = world.config.habits
    wanted = _wanted(context)
    if habits.roster_limit is not None and len(wanted) > habits.roster_limit:
        refuse(403, "above_response_limit")
    page = page_of(wanted, habits.roster_page_size, by_start=habits.roster_by_start)
    body = {
        "id": world.config.url(request.full_path.rstrip("?")),
        "context": {"id": context.id, "label": context.label, "title": context.title},
        "members": [_member(tool, enrolment, link) for enrolment in page.rows],
    }
    links = page.links
    if not links and habits.roster_shows_absence:
        links = ((_differences(context, asked_at), "differences"),)
    return add_links(list_answer(body, page.rows, Media.MEMBERSHIPS), links)


def _wanted(context: Context) -> list[Enrolment]:
    role = request.args.get("role")
    since = request.args.get("since")
    if since is None:
        enrolments = world.members(context)
    else:
        start = _since(since)
        with world.lock:
            here = [one for one in world.enrolments.values() if one.context_id == context.id]
        enrolments = [one for one in here if one.changed_at > start]
    if not world.config.habits.roster_shows_absence:
        enrolments = [one for one in enrolments if one.status is MemberStatus.ACTIVE]
    return [one for one in enrolments if role in (None, one.role.value, one.role.short)]


def _since(text: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(text) / 1_000_000, UTC)
    except (ValueError, OverflowError, OSError):
        refuse(400, "since is not one that this LMS gave out")


def _differences(context: Context, asked_at: datetime) -> str:
    since = int(asked_at.timestamp() * 1_000_000)
    kept = [(name, request.args[name]) for name in ("role", "rlid") if name in request.args]
    return addresses.memberships(world, context.id) + "?" + urlencode([*kept, ("since", since)])


def _link(context: Context, tool: Tool) -> Link | None:
    asked = request.args.get("rlid")
    if asked is None:
        return None
    link = world.links.get(asked)
    if link is None or (link.context_id, link.client_id) != (context.id, tool.client_id):
        refuse(404, "rlid is not a link of this tool in this context")
    return link


def _member(tool: Tool, enrolment: Enrolment, link: Link | None) -> dict[str, Any]:
    person = world.people[enrolment.person_id]
    told: dict[str, Any] = {"user_id": person.id, "status": enrolment.status.value, "roles": _roles(enrolment)}
    if enrolment.status is MemberStatus.DELETED:
        return told
    habits = world.config.habits
    if habits.send_names and tool.wants_names:
        told |= {"name": person.name, "given_name": person.given_name, "family_name": person.family_name}
    if habits.send_emails and tool.wants_emails:
        told["email"] = person.email
    groups = world.groups_in(enrolment.context_id) if habits.groups and Scope.GROUPS in tool.scopes else []
    if groups:
        told["group_enrollments"] = [{"group_id": one.id} for one in groups if person.id in one.person_ids]
    if link is not None:
        told["message"] = [{v.MESSAGE_TYPE: Message.RESOURCE_LINK.value, v.CUSTOM: link.custom}]
    return told


def _roles(enrolment: Enrolment) -> list[str]:
    person = world.people[enrolment.person_id]
    roles: tuple[Role, ...] = (enrolment.role, *person.institution_roles)
    if world.config.habits.short_roster_roles:
        return [enrolment.role.short]
    return [role.value for role in roles]
