"""Why something was refused, in the reader's language: actions and the worker give codes, these are their sentences."""

from __future__ import annotations

from plugin.actions import outbox
from plugin.actions.grants import GrantRefused, Why
from plugin.web.words import gettext as _


def of_grant(refusal: GrantRefused) -> str:
    """Why a code gives nothing, and what to do."""
    words = {
        Why.UNKNOWN: _("This code is not known. Check each character, or ask for a new one."),
        Why.USED: _("This code was used by somebody else. Ask for a new one."),
        Why.TAKEN_BACK: _("This code was taken back. Ask for a new one."),
        Why.TOO_OLD: _("This code is too old: codes live for 14 days. Ask for a new one."),
    }
    return words.get(refusal.why, str(refusal))


def of_telling(codes: str | None, stored: str | None) -> str | None:
    """Why an LMS was not told, from what the outbox keeps: `problem_code` (one or two) and `problem`.

    The stored sentence stands in for a code that is not known here: of a newer release, or of rows from before codes.
    """
    words = _of_telling()
    said = [words.get(code) for code in (codes or "").split()]
    return " ".join(one for one in said if one) if said and all(said) else stored


def of_roster(code: str | None, stored: str | None) -> str | None:
    """Why a roster could not be read, from what is kept of the last try; the stored sentence stands in as above."""
    return _of_roster().get(code or "") or (_of_telling().get(code or "") or stored)


def _of_roster() -> dict[str, str]:
    """By the codes of lti.quirks and of the worker."""
    return {
        "roster-not-given": _(
            "This LMS does not give this tool the list of its course. Members can work all the same. To see who has "
            "not opened it yet, an LMS administrator can allow names and roles for this tool."
        ),
        "roster-too-long": _("This LMS gives no list of a course with so many people. Members can work all the same."),
        "roster-course-gone": _(
            "The LMS no longer knows this course: it was deleted, or the tool was taken out of it. Nothing that "
            "members did is lost. When somebody opens the activity from the course again, the list is read again."
        ),
        "roster-refused": _(
            "The LMS did not give the list of the course and named no reason that helps. An LMS administrator should "
            "look whether names and roles are allowed for this tool."
        ),
        "roster-busy": _("The LMS asks for a pause. The list is read by itself afterwards."),
        "roster-later": _("The LMS could not be reached or had trouble of its own. The list is read again by itself."),
        "roster-ours": _("Something went wrong inside Practicum while the list was read. It is read again by itself."),
    }


def _of_telling() -> dict[str, str]:
    """By the codes of lti.quirks, lti.errors, the worker and the outbox."""
    return {
        "newer-there": _("The LMS holds a later entry for this person. It is read back and compared."),
        "no-learner": _(
            "The LMS does not have this person as a learner of that course, so it takes no score for them. When they "
            "are enrolled there again, send the score again."
        ),
        "column-gone": _(
            "The grade column is no longer in the LMS: the activity was deleted or moved. Once somebody opens the "
            "activity from its new place in the course, send the score again."
        ),
        "no-right": _(
            "The LMS does not let this tool write scores. An LMS administrator has to allow grades for this tool; "
            "then send the score again."
        ),
        "not-taken": _(
            "The LMS did not take the score and gave no reason that helps. An LMS administrator should look at the "
            "grade column of this activity; then send the score again."
        ),
        "busy": _("The LMS asks for a pause. The score is sent by itself afterwards."),
        "later": _("The LMS could not be reached or had trouble of its own. It is tried again by itself."),
        "moodle-locked": _(
            "Moodle could not store the score. Mostly the grade is locked there: a teacher of the course can unlock "
            "it in the grader report; then send the score again."
        ),
        "canvas-no-attempt": _(
            "Canvas has no attempt left for this person on the assignment. A teacher of the course can allow another "
            "attempt; then send the score again."
        ),
        "canvas-no-student": _(
            "Canvas takes no score: this person is not a student of the course, or the course is not published. When "
            "that has changed, send the score again."
        ),
        "token-refused": _(
            "Your LMS did not accept this tool's key. An LMS administrator should check that the tool is switched on "
            "there and that the LMS can read the tool's public keys."
        ),
        "scope-missing": _(
            "Your LMS does not let this tool use the service it needs here. An LMS administrator can allow it in the "
            "tool's settings."
        ),
        "address-refused": _(
            "Your LMS gave this tool an address that it must not call. An LMS administrator should check the addresses "
            "in the tool's settings: they have to begin with https and be reachable from outside."
        ),
        "host-unknown": _(
            "Your LMS named a service on a host that is not registered for it, so it was not called. The people who "
            "run this tool can add the host to the LMS's registration."
        ),
        "answer-unreadable": _(
            "Your LMS answered with something that cannot be read. An LMS administrator should check that this service "
            "is switched on and not behind a sign-in page."
        ),
        "ours": _("Something went wrong inside Practicum while this was sent. It is tried again by itself."),
        outbox.SWITCHED_OFF_CODE: _(
            "The connection to this LMS is switched off in Practicum. The score waits; it is sent by itself once an "
            "administrator switches the connection on."
        ),
        outbox.GAVE_UP_CODE: _(
            "It was tried for seven days and is not tried any more. When this is mended, send the score again."
        ),
        outbox.SILENT_CODE: _("The LMS has not answered for seven days. When it works again, send the score again."),
    }
