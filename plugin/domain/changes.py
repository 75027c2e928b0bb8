"""What changed between two texts, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

WORD_OR_SPACE = re.compile(r"\s+|\S+")


class Change(StrEnum):
    """What became of a piece of text."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class Piece:
    """Some words in a row that share their fate, with the white space between them."""

    change: Change
    text: str

    @property
    def words(self) -> int:
        """How many words it holds."""
        return len(self.text.split())


def between(old: str, new: str) -> tuple[Piece, ...]:
    """Both texts as one, in reading order: what is removed stands before what is added in its place.

    Without the added pieces it reads as `old`, without the removed ones as `new`.
    """
    pieces: list[Piece] = []
    removed = added = ""
    for before, after, is_same in _runs(WORD_OR_SPACE.findall(old), WORD_OR_SPACE.findall(new)):
        if is_same and not (after.isspace() and (removed or added)):
            pieces += [Piece(Change.REMOVED, removed), Piece(Change.ADDED, added), Piece(Change.SAME, after)]
            removed = added = ""
        else:  # a blank between two changed words belongs to both: nobody reads a change word by word
            removed, added = removed + before, added + after
    pieces += [Piece(Change.REMOVED, removed), Piece(Change.ADDED, added)]
    return tuple(piece for piece in pieces if piece.text)


def _runs(before: list[str], after: list[str]) -> Iterator[tuple[str, str, bool]]:
    for step, old_from, old_to, new_from, new_to in SequenceMatcher(None, before, after).get_opcodes():
        yield "".join(before[old_from:old_to]), "".join(after[new_from:new_to]), step == "equal"
