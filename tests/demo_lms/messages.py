"""LTI messages as a browser meets them: setting out for the tool, being signed in, coming back with content."""

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tests.demo_lms import addresses, deep_linking, launches
from tests.demo_lms.here import signed_in, world
from tests.demo_lms.model import Launch
from tests.demo_lms.pages import as_person, current_person, entered_context, taught_context

messages = Blueprint("messages", __name__)


@messages.errorhandler(launches.NotStarted)
def not_started(error: launches.NotStarted) -> tuple[str, int]:
    return render_template("error.html", heading="This cannot be opened", sentence=str(error)), 403


@messages.get("/launch/links/<id>")
@as_person
def open_link(id: str) -> ResponseReturnValue:
    """Set out for a placed link, in the frame or (`?in=window`) in a window of its own."""
    link = world.links.get(id)
    if link is None or link.client_id not in world.tools:
        abort(404, "This link is not there any more, or its tool is not.")
    entered_context(link.context_id)
    in_window = request.args.get("in") == "window"
    return _set_out(launches.begin_link(world, current_person(), link, in_window=in_window))


@messages.get("/launch/choose/<context_id>/<client_id>")
@as_person
def open_picker(context_id: str, client_id: str) -> ResponseReturnValue:
    context = taught_context(context_id)
    tool = world.tools.get(client_id)
    if tool is None:
        abort(404, "This tool is not registered any more.")
    return _set_out(launches.begin_deep_linking(world, current_person(), context, tool))


@messages.get("/launch/review/<item_id>/<person_id>")
@as_person
def open_review(item_id: str, person_id: str) -> ResponseReturnValue:
    item = world.line_items.get(item_id)
    if item is None or person_id not in world.people:
        abort(404, "The gradebook has no such cell any more.")
    taught_context(item.context_id)
    return _set_out(launches.begin_review(world, current_person(), item, world.people[person_id]))


@messages.get("/launch/privacy/<client_id>")
@as_person
def open_privacy(client_id: str) -> ResponseReturnValue:
    """Ask what a tool keeps: about oneself, or (`?of=`) for administrators about somebody."""
    tool = world.tools.get(client_id)
    of = request.args.get("of")
    if tool is None or (of is not None and of not in world.people):
        abort(404, "This tool is not registered any more, or there is no such person.")
    return _set_out(launches.begin_privacy(world, current_person(), of, tool))


def _set_out(launch: Launch) -> ResponseReturnValue:
    post = launches.login_request(world, launch)
    if post.method == "GET":
        return redirect(post.as_address, 302)
    return _form(post, f"Opening {world.tools[launch.client_id].name}")


@messages.route(addresses.AUTHORIZATION, methods=["GET", "POST"])
def authenticate() -> ResponseReturnValue:
    """Sign the person in at the tool, without a word to him (OIDC implicit, form_post).

    Coming from the tool's site the sign-in cookie (SameSite=Lax) may be missing, in a frame above all; then this page
    sends the same request to itself once, which the browser counts as the LMS's own.
    """
    asked = request.values.to_dict()
    reposted = asked.pop("reposted", None)
    person = signed_in()
    if person is None and reposted is None:
        return _form(launches.Post(addresses.AUTHORIZATION, {**asked, "reposted": "1"}), "Signing you in")
    try:
        return _form(launches.authenticate(world, asked, person), "Opening the tool")
    except launches.NotPosted as fault:
        return render_template("error.html", heading="This cannot be opened", sentence=str(fault)), 400


@messages.post(addresses.DEEP_LINKING_RETURN + "<launch_id>")
def chosen(launch_id: str) -> ResponseReturnValue:
    """The tool sends what was chosen, through the person's browser."""
    person = signed_in()
    launch = world.deep_linkings.get(launch_id)
    if person is None and "reposted" not in request.form:
        fields = {"JWT": request.form.get("JWT", ""), "reposted": "1"}
        return _form(launches.Post(request.path, fields), "Adding what you chose")
    try:
        if launch is not None and (person is None or person.id != launch.person_id):
            raise deep_linking.ResponseRefused("You are not signed in as the person who began to choose.")
        added = deep_linking.receive(world, launch_id, request.form.get("JWT", ""))
    except deep_linking.ResponseRefused as fault:
        return render_template("error.html", heading="Nothing was added", sentence=str(fault)), 400
    assert launch is not None
    back = url_for("pages.context", id=launch.context_id)
    return render_template("added.html", added=added, back=back, context=world.contexts[launch.context_id])


@messages.get("/lti/storage")
def storage() -> ResponseReturnValue:
    """The hidden frame that keeps values for tools, where the LMS has one by a name of its own."""
    return render_template("storage.html")


def _form(post: launches.Post, heading: str) -> str:
    return render_template("post.html", post=post, heading=heading)
