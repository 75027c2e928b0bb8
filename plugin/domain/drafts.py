"""What a text must be to be kept, and what is asked before it is sent."""

from __future__ import annotations

from enum import StrEnum

LONGEST = 50_000  # characters: a hundred pages, far beyond any prompt, and still quick to save


class TextTooLong(Exception):
    """The text has more characters than a draft may have; `length` says how many."""

    def __init__(self, length: int) -> None:
        super().__init__(f"{length} characters, at most {LONGEST} are kept")
        self.length = length


class Doubt(StrEnum):
    """What a sender may have overlooked. It is asked about and never stops anybody."""

    SHORT = "short"
    LONG = "long"
    UNCHANGED = "unchanged"  # since the revision that came back


def tidy(text: str) -> str:
    """The text as it is stored: line ends as one character, and nothing that a database refuses.

    NUL and lone surrogates (half of a broken emoji) are what PostgreSQL and UTF-8 cannot hold.
    """
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    return plain.encode("utf-8", "replace").decode("utf-8")


def fitting(text: str) -> str:
    """The text, tidied.

    Raises:
        TextTooLong: it has more than `LONGEST` characters.
    """
    plain = tidy(text)
    if len(plain) > LONGEST:
        raise TextTooLong(len(plain))
    return plain


def doubt(text: str, *, words: int, low: int, high: int, returned: str | None) -> Doubt | None:
    """What to ask before this text is sent; `returned` is the revision that came back, if one did."""
    if returned is not None and text.strip() == returned.strip():
        return Doubt.UNCHANGED
    if words < low:
        return Doubt.SHORT
    return Doubt.LONG if words > high else None
