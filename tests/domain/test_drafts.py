"""What may be stored as a draft, and what is asked before it is sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.drafts import LONGEST, Doubt, TextTooLong, doubt, fitting, tidy


def test_line_ends_of_every_browser_become_one() -> None:
    assert tidy("one\r\ntwo\rthree\n") == "one\ntwo\nthree\n"


def test_what_no_database_holds_is_left_out() -> None:
    assert tidy("a\x00b \ud83d c") == "ab ? c"


@given(st.text(alphabet=st.characters(), max_size=200))
def test_a_tidy_text_can_be_stored_and_stays_as_it_is(text: str) -> None:
    plain = tidy(text)
    assert plain.encode("utf-8").decode("utf-8") == plain
    assert "\x00" not in plain
    assert tidy(plain) == plain


def test_fifty_thousand_characters_fit_and_one_more_does_not() -> None:
    assert len(fitting("é" * LONGEST)) == LONGEST
    with pytest.raises(TextTooLong) as refused:
        fitting("é" * (LONGEST + 1))
    assert refused.value.length == LONGEST + 1


@pytest.mark.parametrize(
    ("words", "asked"), [(0, Doubt.SHORT), (149, Doubt.SHORT), (150, None), (300, None), (301, Doubt.LONG)]
)
def test_the_suggested_length_is_asked_about(words: int, asked: Doubt | None) -> None:
    assert doubt("text", words=words, low=150, high=300, returned=None) is asked


def test_a_returned_text_sent_again_unchanged_is_asked_about() -> None:
    assert doubt(" same\n", words=200, low=150, high=300, returned="same") is Doubt.UNCHANGED
    assert doubt("changed", words=200, low=150, high=300, returned="same") is None
