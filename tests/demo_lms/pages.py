"""What people see: start page, classes, placed links, gradebook."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, cast
from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from tests.demo_lms.here import SIGN_IN_COOKIE, signed_in, world
from tests.demo_lms.keys import random_id
from tests.demo_lms.model import Context, LineItem, Link, Person, Tool
from tests.demo_lms.vocabulary import Role
from tests.demo_lms.world import Unknown

pages = Blueprint("pages", __name__)
Asked = ParamSpec("Asked")


def as_person(view: Callable[Asked, ResponseReturnValue]) -> Callable[Asked, ResponseReturnValue]:
    """For signed-in people only; others are asked to sign in and then brought here."""

    @wraps(view)
    def guarded(*args: Asked.args, **kwargs: Asked.kwargs) -> ResponseReturnValue:
        if signed_in() is None:
            wanted = request.full_path.rstrip("?") if request.method == "GET" else "/"
            return redirect("/?" + urlencode({"next": wanted}))
        return view(*args, **kwargs)

    return guarded


def current_person() -> Person:
    """Who is signed in, in a view that asked for it."""
    return cast(Person, signed_in())


def entered_context(id: str) -> Context:
    """The context, if the person is in it or an administrator; otherwise it is not found."""
    context = world.contexts.get(id)
    if context is None or not world.may_enter(current_person(), context):
        abort(404, "You are in no class of that address.")
    return context


def taught_context(id: str) -> Context:
    context = entered_context(id)
    if not world.may_teach(current_person(), context):
        abort(403, "Only instructors of this class and administrators of the LMS can do that.")
    return context


@pages.get("/")
def start() -> ResponseReturnValue:
    person = signed_in()
    if person is None:
        known = [one for one in list(world.people.values()) if one.standing]
        return render_template("sign_in.html", people=known, next=request.args.get("next", "/"))
    contexts = [one for one in list(world.contexts.values()) if world.may_enter(person, one)]
    return render_template("start.html", contexts=contexts)


@pages.post("/sign-in")
def sign_in() -> ResponseReturnValue:
    """One click and no password: this LMS holds nothing but invented people."""
    try:
        person = world.person(request.form.get("person", ""))
    except Unknown:
        abort(404, "Nobody of that name has an account here.")
    secret = random_id()
    with world.lock:
        world.sign_ins[secret] = person.id
    wanted = request.form.get("next", "/")
    answer = redirect(wanted if wanted.startswith("/") and not wanted.startswith("//") else "/", 303)
    answer.set_cookie(SIGN_IN_COOKIE, secret, httponly=True, samesite="Lax", path="/")
    return answer


@pages.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    with world.lock:
        world.sign_ins.pop(request.cookies.get(SIGN_IN_COOKIE, ""), None)
    answer: Response = redirect("/", 303)
    answer.delete_cookie(SIGN_IN_COOKIE, httponly=True, samesite="Lax", path="/")
    return answer


@pages.get("/contexts/<id>")
@as_person
def context(id: str) -> ResponseReturnValue:
    """A class: its links, and for who teaches it the tools to choose content from."""
    place = entered_context(id)
    teaches = world.may_teach(current_person(), place)
    return render_template(
        "context.html",
        context=place,
        links=[(link, world.tools.get(link.client_id), _column(link)) for link in world.links_in(place)],
        tools=_tools_in(place) if teaches else [],
        teaches=teaches,
        # a tool sends people back with these (LTI core §5.3.6)
        message=request.args.get("lti_msg"),
        error_message=request.args.get("lti_errormsg"),
    )


def _column(link: Link) -> LineItem | None:
    return next(iter(world.line_items_of(link)), None)


def _tools_in(context: Context) -> list[Tool]:
    with world.lock:
        active = [tool for tool in world.tools.values() if tool.active]
    deployed = {d.client_id for d in list(world.deployments.values()) if d.covers(context.id)}
    return [tool for tool in active if tool.client_id in deployed]


@pages.get("/contexts/<context_id>/links/<link_id>")
@as_person
def link(context_id: str, link_id: str) -> ResponseReturnValue:
    """A link opened inside the LMS."""
    place = entered_context(context_id)
    opened = _link_in(place, link_id)
    return _frame(place, opened.title, opened.text, url_for("messages.open_link", id=opened.id))


@pages.post("/contexts/<context_id>/links/<link_id>/remove")
@as_person
def remove_link(context_id: str, link_id: str) -> ResponseReturnValue:
    """Take a link out of the class; its column goes too, as in most LMSs."""
    place = taught_context(context_id)
    gone = _link_in(place, link_id)
    with world.lock:
        for item in world.line_items_of(gone):
            world.remove_line_item(item.id)
        del world.links[gone.id]
    return redirect(url_for("pages.context", id=place.id), 303)


def _link_in(context: Context, id: str) -> Link:
    found = world.links.get(id)
    if found is None or found.context_id != context.id:
        abort(404, "This class has no such link any more.")
    return found


@pages.get("/contexts/<context_id>/choose/<client_id>")
@as_person
def choose(context_id: str, client_id: str) -> ResponseReturnValue:
    """Deep linking: the tool's picker inside the LMS."""
    place = taught_context(context_id)
    tool = world.tools.get(client_id)
    if tool is None:
        abort(404, "This tool is not registered any more.")
    source = url_for("messages.open_picker", context_id=place.id, client_id=client_id)
    return _frame(place, f"Choose content from {tool.name}", "", source)


@pages.get("/contexts/<context_id>/grades")
@as_person
def grades(context_id: str) -> ResponseReturnValue:
    """The gradebook: everybody for who teaches, oneself for the rest."""
    place = entered_context(context_id)
    me = current_person()
    teaches = world.may_teach(me, place)
    people = [world.people[one.person_id] for one in world.members(place) if one.role is Role.LEARNER]
    with world.lock:
        results = dict(world.results)
    return render_template(
        "grades.html",
        context=place,
        columns=world.line_items_in(place),
        people=people if teaches else [person for person in people if person == me],
        results=results,
        reviewable={item.id for item in world.line_items_in(place) if teaches and _reviewable(item)},
        teaches=teaches,
    )


def _reviewable(item: LineItem) -> bool:
    tool = world.tools.get(item.client_id)
    offered = item.submission_review is not None or (tool is not None and tool.submission_review_uri is not None)
    return offered and item.resource_link_id is not None


@pages.get("/contexts/<context_id>/grades/<item_id>/<person_id>")
@as_person
def review(context_id: str, item_id: str, person_id: str) -> ResponseReturnValue:
    """What is behind a cell of the gradebook, shown by the tool."""
    place = taught_context(context_id)
    item = world.line_items.get(item_id)
    if item is None or item.context_id != place.id or person_id not in world.people:
        abort(404, "The gradebook has no such cell any more.")
    source = url_for("messages.open_review", item_id=item_id, person_id=person_id)
    return _frame(place, f"{item.label}: {world.people[person_id].name}", "", source)


def _frame(context: Context, heading: str, text: str, source: str) -> str:
    return render_template(
        "frame.html",
        context=context,
        heading=heading,
        text=text,
        source=source,
    )
