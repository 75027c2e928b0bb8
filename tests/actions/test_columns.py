"""Which gradebook columns are looked for after a launch."""

from __future__ import annotations

from plugin.actions.columns import LinkSays, chosen, missing
from plugin.domain.columns import WHOLE, Choice, Kind, Part, Sessions

COURSE: Sessions = {1: ("look",), 2: ("tell", "again")}
ONE, TWO = (Part(Kind.SESSION, session=number) for number in COURSE)
TELL, AGAIN = (Part(Kind.REFLECTION, activity=key) for key in ("tell", "again"))
SESSIONS, REFLECTIONS = LinkSays(None, Choice.SESSIONS), LinkSays(1, Choice.REFLECTIONS)


def test_a_launch_that_names_its_column_leaves_those_that_no_link_brings() -> None:
    assert missing(Choice.SESSIONS, COURSE, SESSIONS, is_named=True, is_free=True) == (ONE, TWO)
    assert missing(Choice.REFLECTIONS, COURSE, REFLECTIONS, is_named=True, is_free=True) == (TELL, AGAIN)
    assert missing(Choice.COMPLETION, COURSE, LinkSays(1, None), is_named=True, is_free=True) == ()


def test_a_launch_that_names_none_leaves_them_all() -> None:
    assert missing(Choice.SESSIONS, COURSE, LinkSays(2, Choice.SESSIONS), is_named=False, is_free=True) == (ONE, TWO)
    assert missing(Choice.COMPLETION, {}, LinkSays(None, None), is_named=False, is_free=True) == (WHOLE,)


def test_where_only_a_links_own_column_reaches_the_gradebook_no_other_is_looked_for() -> None:
    """Open edX: a second column at the block would overwrite the block's grade."""
    assert missing(Choice.SESSIONS, COURSE, SESSIONS, is_named=True, is_free=False) == ()
    assert missing(Choice.SESSIONS, COURSE, SESSIONS, is_named=False, is_free=False) == (WHOLE,)
    assert missing(Choice.SESSIONS, COURSE, LinkSays(2, Choice.SESSIONS), is_named=False, is_free=False) == (TWO,)


def test_what_a_link_says_is_one_of_the_choices_or_none() -> None:
    assert chosen(" sessions ") is Choice.SESSIONS
    assert [chosen(said) for said in (None, "", "Sessions", "x")] == [None] * 4
