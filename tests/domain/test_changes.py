"""Changes between two revisions are shown by words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from plugin.domain.changes import Change, Piece, between

WORDS = st.lists(st.sampled_from(["one", "next", "step", "a", "the", "\n\n", "  ", "é"]), max_size=60).map(" ".join)


def test_a_changed_word_is_removed_and_added_where_it_stood() -> None:
    assert between("on ten tickets", "on all tickets") == (
        Piece(Change.SAME, "on "),
        Piece(Change.REMOVED, "ten"),
        Piece(Change.ADDED, "all"),
        Piece(Change.SAME, " tickets"),
    )


def test_a_changed_phrase_is_one_change() -> None:
    assert between("I replaced the grade.", "I wrote a comment.") == (
        Piece(Change.SAME, "I "),
        Piece(Change.REMOVED, "replaced the grade."),
        Piece(Change.ADDED, "wrote a comment."),
    )


def test_a_new_paragraph_is_added_whole() -> None:
    added = [piece.text for piece in between("First.", "First.\n\nSecond one.") if piece.change is Change.ADDED]
    assert added == ["\n\nSecond one."]


def test_words_are_counted_as_people_count() -> None:
    assert Piece(Change.ADDED, "\n\nSecond one.").words == 2


def test_the_same_text_has_no_changes() -> None:
    assert between("as it was", "as it was") == (Piece(Change.SAME, "as it was"),)
    assert between("", "") == ()


@given(WORDS, WORDS)
def test_both_texts_can_be_read_from_the_pieces(old: str, new: str) -> None:
    pieces = between(old, new)
    assert "".join(piece.text for piece in pieces if piece.change is not Change.ADDED) == old
    assert "".join(piece.text for piece in pieces if piece.change is not Change.REMOVED) == new
