"""What an id_token says, in the shape that real platforms send it."""

import re
from typing import Any

from tests.demo_lms import addresses
from tests.demo_lms import vocabulary as v
from tests.demo_lms.model import Context, Launch, Link, Person, Tool
from tests.demo_lms.vocabulary import AGS_SCOPES, Message, Notice, Role, Scope
from tests.demo_lms.world import World

VARIABLE = re.compile(r"\$[A-Za-z][\w.]*")


def id_token(world: World, launch: Launch, nonce: str | None) -> dict[str, Any]:
    """Claims of the message that `launch` began, valid from now for as long as the LMS's habit is."""
    if launch.message is Message.DATA_PRIVACY:
        return _privacy(world, launch, nonce)
    person = world.people[launch.person_id]
    context = world.contexts[launch.context_id]
    tool = world.tools[launch.client_id]
    claims = {
        **_frame(world, tool, nonce),
        **_identity(world, person, tool),
        v.MESSAGE_TYPE: launch.message.value,
        v.VERSION: v.LTI_VERSION,
        v.DEPLOYMENT_ID: launch.deployment_id,
        v.TARGET_LINK_URI: launch.target_link_uri,
        v.ROLES: list(launch.roles if launch.roles is not None else roles(world, person, context)),
        v.CONTEXT: _context(context),
        v.TOOL_PLATFORM: _tool_platform(world),
        v.LAUNCH_PRESENTATION: _presentation(world, launch, person),
        v.LIS: {"person_sourcedid": "", "course_section_sourcedid": ""},
        v.CUSTOM: _custom(world, launch),
        **_services(world, launch, tool),
    }
    return claims | _of_message(world, launch)


def _privacy(world: World, launch: Launch, nonce: str | None) -> dict[str, Any]:
    """A data privacy launch: no context, no link, no services, roles of the system only; `for_user` with their own."""
    person, tool = world.people[launch.person_id], world.tools[launch.client_id]
    about = world.people[launch.for_user_id or person.id]
    claims = {
        **_frame(world, tool, nonce),
        **_identity(world, person, tool),
        v.MESSAGE_TYPE: launch.message.value,
        v.VERSION: v.LTI_VERSION,
        v.DEPLOYMENT_ID: launch.deployment_id,
        v.TARGET_LINK_URI: launch.target_link_uri,
        v.ROLES: _system_roles(person),
        v.TOOL_PLATFORM: _tool_platform(world),
        v.LAUNCH_PRESENTATION: {
            "document_target": "iframe",
            "return_url": world.config.url("/"),
            "locale": person.locale,
        },
    }
    if launch.for_user_id is not None:
        claims[v.FOR_USER] = {"user_id": about.id, "roles": _system_roles(about)}
        if world.config.habits.send_names and tool.wants_names:
            claims[v.FOR_USER] |= {"name": about.name, "given_name": about.given_name, "family_name": about.family_name}
    return claims


def _system_roles(person: Person) -> list[str]:
    return [(Role.SYSTEM_ADMINISTRATOR if person.is_administrator else Role.SYSTEM_USER).value]


def roles(world: World, person: Person, context: Context) -> list[str]:
    """Role URIs of a person in a context, the institution's among them.

    An administrator who is not enrolled comes as Instructor besides, as in Moodle.
    """
    enrolment = world.enrolment(person, context)
    outsider = [Role.INSTRUCTOR] if person.is_administrator else []
    inside = outsider if enrolment is None else [enrolment.role]
    return [*(role.value for role in inside), *(role.value for role in person.institution_roles)]


def _frame(world: World, tool: Tool, nonce: str | None) -> dict[str, Any]:
    now = int(world.now().timestamp())
    frame: dict[str, Any] = {
        "iss": world.config.iss,
        "aud": tool.client_id,
        "iat": now,
        "exp": now + int(world.config.habits.id_token_life.total_seconds()),
    }
    return frame if nonce is None else {**frame, "nonce": nonce}


def _identity(world: World, person: Person, tool: Tool) -> dict[str, str]:
    known = {"sub": person.id, "locale": person.locale}
    if world.config.habits.send_names and tool.wants_names:
        known |= {"name": person.name, "given_name": person.given_name, "family_name": person.family_name}
    if world.config.habits.send_emails and tool.wants_emails:
        known["email"] = person.email
    return known


def _context(context: Context) -> dict[str, Any]:
    return {"id": context.id, "label": context.label, "title": context.title, "type": list(context.types)}


def _tool_platform(world: World) -> dict[str, str]:
    config = world.config
    return {
        "guid": config.guid,
        "name": config.name,
        "product_family_code": config.product_family_code,
        "version": config.version,
        "url": config.issuer,
    }


def _presentation(world: World, launch: Launch, person: Person) -> dict[str, Any]:
    return {
        "document_target": "window" if launch.in_window else "iframe",
        # like Moodle's, the address carries something that belongs into no log
        "return_url": world.config.url(f"/contexts/{launch.context_id}?key={launch.id}"),
        "locale": person.locale,
    }


def _services(world: World, launch: Launch, tool: Tool) -> dict[str, Any]:
    services: dict[str, Any] = {}
    granted = [scope.value for scope in AGS_SCOPES if scope in tool.scopes]
    if granted:
        endpoint: dict[str, Any] = {
            "scope": granted,
            "lineitems": addresses.line_items(world, launch.context_id, tool.client_id),
        }
        columns = world.line_items_of(world.links[launch.link_id]) if launch.link_id else []
        if len(columns) == 1:  # AGS 2.0 §3.1.2: "lineitem" only where exactly one column is the link's
            endpoint["lineitem"] = addresses.line_item(world, columns[0])
        services[v.AGS_ENDPOINT] = endpoint
    if Scope.MEMBERSHIPS in tool.scopes:
        services[v.NRPS_SERVICE] = {
            "context_memberships_url": addresses.memberships(world, launch.context_id),
            "service_versions": ["2.0"],
        }
    if Scope.GROUPS in tool.scopes and world.config.habits.groups:
        services[v.GROUPS_SERVICE] = {
            "scope": [Scope.GROUPS.value],
            "context_groups_url": addresses.groups(world, launch.context_id),
            "service_versions": ["1.0"],
        }
    if Scope.NOTICE_HANDLERS in tool.scopes and world.config.habits.notices:
        services[v.NOTICE_SERVICE] = {
            "service_versions": ["1.0"],
            "platform_notification_service_url": addresses.notice_handlers(world, launch.deployment_id),
            "scope": [Scope.NOTICE_HANDLERS.value],
            "notice_types_supported": [kind.value for kind in Notice],
        }
    return services


def _of_message(world: World, launch: Launch) -> dict[str, Any]:
    if launch.message is Message.DEEP_LINKING:
        return {v.DEEP_LINKING_SETTINGS: _deep_linking_settings(world, launch)}
    extra: dict[str, Any] = {}
    if launch.link_id is not None:
        extra[v.RESOURCE_LINK] = _resource_link(world.links[launch.link_id])
    if launch.for_user_id is not None:
        extra[v.FOR_USER] = {"user_id": launch.for_user_id}
    return extra


def _resource_link(link: Link) -> dict[str, str]:
    return {"id": link.id, "title": link.title, "description": link.text}


def _deep_linking_settings(world: World, launch: Launch) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_multiple": launch.accept_multiple,
        "accept_lineitem": True,
        "auto_create": True,
        "deep_link_return_url": world.config.url(addresses.DEEP_LINKING_RETURN + launch.id),
    }
    return settings if launch.data is None else {**settings, "data": launch.data}


def _custom(world: World, launch: Launch) -> dict[str, str]:
    tool = world.tools[launch.client_id]
    link = world.links[launch.link_id] if launch.link_id else None
    sources = [tool.custom]
    if launch.message is Message.DEEP_LINKING:
        sources.append(tool.deep_linking_custom)
    if link is not None:
        sources.append(link.custom)
    if launch.message is Message.SUBMISSION_REVIEW and launch.line_item_id is not None:
        review = world.line_items[launch.line_item_id].submission_review or {}
        sources.append(review.get("custom", {}))
    known = _variables(world, launch, link)
    merged: dict[str, str] = {}
    for source in sources:
        merged |= source
    # a variable the LMS does not know arrives literally, as it does in the field
    return {key: known.get(text, text) if VARIABLE.fullmatch(text) else text for key, text in merged.items()}


def _variables(world: World, launch: Launch, link: Link | None) -> dict[str, str]:
    context = world.contexts[launch.context_id]
    person = world.people[launch.person_id]
    known = {
        "$Context.id": context.id,
        "$Context.title": context.title,
        "$Context.id.history": ",".join(context.history),
        "$User.id": person.id,
    }
    if world.config.habits.send_names:
        known["$Person.name.full"] = person.name
    if link is not None:
        known["$ResourceLink.id"] = link.id
        if world.config.habits.resource_link_history:
            known["$ResourceLink.id.history"] = ",".join(link.history)
        if world.config.habits.link_dates:
            known |= _days_of_link(link)
    return known | _days_of_course(world, context)


COURSE_DAYS = {
    "standard": ("$CourseSection.timeFrame.begin", "$CourseSection.timeFrame.end"),
    "canvas": ("$Canvas.course.startAt", "$Canvas.course.endAt"),
}


def _days_of_course(world: World, context: Context) -> dict[str, str]:
    """Its first and last day. Without one the standard's variable is empty (Moodle), Canvas's own stays literal."""
    names = world.config.habits.course_dates
    if names is None:
        return {}
    days = dict(zip(COURSE_DAYS[names], (context.begins, context.ends), strict=True))
    return {name: day for name, day in days.items() if day or names == "standard"}


def _days_of_link(link: Link) -> dict[str, str]:
    """Those that are set; a variable without one stays literal (Canvas)."""
    return {
        f"$ResourceLink.{name}.{end}": times[end]
        for name, times in (("available", link.available), ("submission", link.submission))
        for end in ("startDateTime", "endDateTime")
        if end in times
    }


VARIABLES = (
    "Context.id",
    "Context.title",
    "Context.id.history",
    "User.id",
    "Person.name.full",
    "ResourceLink.id",
    "ResourceLink.id.history",
    "ResourceLink.available.startDateTime",
    "ResourceLink.available.endDateTime",
    "ResourceLink.submission.startDateTime",
    "ResourceLink.submission.endDateTime",
    "CourseSection.timeFrame.begin",
    "CourseSection.timeFrame.end",
)
