"""/deep-linking: an LMS instructor chooses what to put into their course; the answer goes back to the LMS."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound

from lti.deep_linking import DeepLinkingAnswer
from lti.errors import DeepLinkingRefused
from lti.stores import Platform
from lti.urls import origin
from plugin import clock
from plugin.actions import choose
from plugin.actions.choose import Wish
from plugin.db.lti_stores import Platforms
from plugin.db.platforms import DeepLinkingRequest
from plugin.domain.hours import contact_hours
from plugin.domain.people import Capability
from plugin.web.access import current, needs
from plugin.web.errors import Refused
from plugin.web.formats import zone
from plugin.web.headers import may_post_to
from plugin.web.member.phrases import kind_of, offering_kind, short_source
from plugin.web.picker import Mistyped, Problem, Typed, typed, wish_of, words_of
from plugin.web.transaction import session, start_again
from plugin.web.wiring import wiring

deep_linking = Blueprint("deep_linking", __name__, url_prefix="/deep-linking")


def _request(request_id: int) -> DeepLinkingRequest:
    """The visitor's own request.

    Raises:
        NotFound: it is somebody else's.
        Refused: it was answered, or is too old.
    """
    found = choose.request_of(session(), current().person_id, request_id)
    if found is None:
        raise NotFound
    if found.answered_at is not None or found.expires_at <= clock.now():
        raise Refused(
            410,
            _("This choice was sent already"),
            _("Close this window, and choose “Select content” in your LMS again to add more."),
        )
    return found


@deep_linking.get("/<int:request_id>")
@needs(Capability.SIGNED_IN)
def picker(request_id: int) -> ResponseReturnValue:
    """What there is to choose."""
    return _form(_request(request_id), Typed())


@deep_linking.post("/<int:request_id>")
@needs(Capability.SIGNED_IN)
def answer(request_id: int) -> ResponseReturnValue:
    """Sign the answer and hand it to the browser, which posts it to the LMS; or look at an offering, and come back."""
    found = _request(request_id)
    filled = typed(request.form)
    if "preview" in request.form:
        return _preview(found, filled, request.form["preview"])
    if "back" in request.form:
        return _form(found, _with(filled, request.form["back"], many=_terms(found).many))
    try:
        made, platform = _answered(request_id, Wish() if "cancel" in request.form else wish_of(filled))
    except Mistyped as error:
        return _form(found, filled, error.problems)
    except choose.ChoiceRefused as error:
        return _form(_request(request_id), filled, words_of(error))
    except DeepLinkingRefused as error:
        return _form(_request(request_id), filled, [Problem(error.sentence)])
    target = origin(made.return_url)
    may_post_to([target] if target else [], platform.hosts)  # an LMS may send the browser on to another of its hosts
    return render_template("lti/return.html", answer=made)


def _with(filled: Typed, code: str, *, many: bool) -> Typed:
    """The form with one more offering ticked, if one is named; where one only is taken it is that one."""
    if not code:
        return filled
    return replace(filled, offerings=tuple(dict.fromkeys((*filled.offerings, code))) if many else (code,))


def _answered(request_id: int, wish: Wish) -> tuple[DeepLinkingAnswer, Platform]:
    """The signed answer, and whom it is for.

    Raises:
        NotFound: the platform was switched off meanwhile.
        ChoiceRefused, DeepLinkingRefused: see `choose.answer`.
    """
    parts = wiring()
    # nothing was written yet: the first key of an installation makes itself, in a transaction of its own
    start_again()
    key = parts.tool_keys.signing()
    found = _request(request_id)
    platform = Platforms(session()).get(found.platform_id)
    if platform is None or not platform.active:
        raise NotFound
    made = choose.answer(
        session(),
        found,
        wish,
        base_url=parts.settings.base_url,
        platform=platform,
        key=key,
        by=current().person_id,
        organization=current().row.organization_id,
        zone=zone(),
        now=clock.now(),
    )
    return made, platform


def _terms(found: DeepLinkingRequest) -> choose.Terms:
    platform = Platforms(session()).get(found.platform_id)
    return choose.terms_of(found, platform.family if platform else None)


def _form(found: DeepLinkingRequest, filled: Typed, problems: Sequence[Problem] = ()) -> ResponseReturnValue:
    """The picker, with what was filled in."""
    shelf = choose.shelf(session())
    page = render_template(
        "lti/picker.html",
        request_id=found.id,
        offerings=shelf,
        has_courses=any(offering.sessions > 1 for offering in shelf),
        terms=_terms(found),
        filled=filled,
        time_zone=current().row.time_zone.replace("_", " "),
        problems=[problem for problem in problems if not problem.field],
        errors=[problem for problem in problems if problem.field],
        wrong={problem.field: problem.message for problem in problems},
    )
    return page, 422 if problems else 200


def _preview(found: DeepLinkingRequest, filled: Typed, which: str) -> ResponseReturnValue:
    """What members will see of an offering: its outline, and one session's texts; `which` is "CODE" or "CODE/2"."""
    code, _slash, number = which.partition("/")
    pack = choose.preview(session(), code)
    if pack is None:
        return _form(found, filled, words_of(choose.ChoiceRefused(choose.Why.GONE)))
    shown = next((part for part in pack.sessions if str(part.number) == number), pack.sessions[0])
    return render_template(
        "lti/preview.html",
        request_id=found.id,
        pack=pack,
        kind=offering_kind(pack),
        contact_hours=contact_hours(pack.minutes),
        kinds={activity.key: kind_of(activity) for activity in pack.activities},
        shown=shown,
        sources={source.key: (short_source(source.html), source.html) for source in pack.sources},
        filled=filled,
        is_chosen=code in filled.offerings,
    )
