"""Launches that are genuine and lead nowhere, in the words of whoever can do something about it."""

from __future__ import annotations

from plugin.actions.open_link import Dead, EntryRefused
from plugin.web.words import gettext as _

_FORBIDDEN = frozenset({Dead.MAY_NOT_CHOOSE, Dead.NOT_YOURS})
_OF_THE_LINK = frozenset({Dead.NOT_SET_UP, Dead.UNKNOWN_OFFERING})


def status(error: EntryRefused) -> int:
    """The status of the page that says so."""
    return 403 if error.why in _FORBIDDEN else 400


def words(error: EntryRefused) -> tuple[str, str]:
    """Title and sentence. What is wrong with a link is told to those who can mend it; learners hear whom to tell."""
    if error.why in _OF_THE_LINK:
        return _("This link is not set up yet"), _of_the_link(error)
    return {
        Dead.MAY_NOT_CHOOSE: (
            _("Choosing content is for instructors"),
            _("Your LMS does not say that you teach in this course. Ask its instructor to add the activity."),
        ),
        Dead.NO_CONTEXT: (
            _("This link is not set up yet"),
            _("It was opened outside a course. Open it from inside the course where you take it."),
        ),
        Dead.NOT_YOURS: (
            _("This is somebody else’s work"),
            _("Your LMS opened another person’s cell of its gradebook. Open your own, or the activity in your course."),
        ),
        Dead.NOTHING_YET: (
            _("There is nothing to show yet"),
            _("Open the activity in your course to begin."),
        ),
        Dead.NO_COLUMN: (
            _("There is nothing to show here"),
            _("This column of the gradebook belongs to no activity of ours. Open the activity in the course instead."),
        ),
    }[error.why]


def _of_the_link(error: EntryRefused) -> str:
    if not error.instructs:
        return _("It does not say which module it opens. Tell the instructor of this course; nothing you did is lost.")
    if error.why is Dead.UNKNOWN_OFFERING:
        return _(
            "It names “%(code)s”, which is not an offering here. Delete the link and add it again "
            "with “Select content”, or correct its custom parameter practicum_offering.",
            code=error.named,
        )
    return _(
        "It does not say which module it opens. Delete the link and add it again with “Select content”, "
        "or give it the custom parameter practicum_offering=CODE (for example MOD-FA-01)."
    )
