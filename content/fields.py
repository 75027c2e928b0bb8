"""One mapping read name by name: each reader says what it wants, and asks for it in words when it is not
there.

Used for pack.yaml, for front matter and for the attributes of blocks alike. A reader returns None after
noting a fault; `finish` reports the names nobody asked for, with the name that was probably meant.
"""

import difflib
import re
from datetime import date
from enum import StrEnum
from typing import TypeVar

from content.errors import Faults
from content.plainyaml import Listing, Mapping, Node, Scalar

Member = TypeVar("Member", bound=StrEnum)

LONGEST_TEXT = 2_000
KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}")
KEY_REMEDY = "use up to 40 letters, digits and hyphens, a letter first"


class Fields:
    """The values of one mapping; `owner` names it in faults ("the reading finding-1", "pack.yaml")."""

    def __init__(self, mapping: Mapping, faults: Faults, owner: str) -> None:
        self.line = mapping.line
        self._entries = mapping.entries
        self._faults = faults
        self._owner = owner
        self._asked: set[str] = set()
        self._missing: dict[str, str] = {}

    def line_of(self, name: str) -> int:
        """The line a name stands on; the mapping's own line when it is left out."""
        return self._entries[name][0] if name in self._entries else self.line

    def text(self, name: str, ask: str) -> str | None:
        """One line of text; white space is folded."""
        scalar = self._scalar(name, ask)
        return self._checked_text(name, scalar, ask) if scalar else None

    def optional_text(self, name: str) -> str | None:
        """Text that may be left out."""
        return self.text(name, "write it, or leave the name out") if self.has(name) else None

    def key(self, name: str, ask: str) -> str | None:
        """An id: letters, digits and hyphens."""
        text = self.text(name, ask)
        if text is None or KEY.fullmatch(text):
            return text
        self._faults.add(self.line_of(name), f"{_short(text)} cannot be an id", KEY_REMEDY)
        return None

    def integer(self, name: str, ask: str, *, low: int = 1, high: int = 100_000) -> int | None:
        """A whole number from `low` to `high`."""
        scalar = self._scalar(name, ask)
        if scalar is None:
            return None
        if re.fullmatch(r"[0-9]{1,6}", scalar.text.strip()) and low <= int(scalar.text) <= high:
            return int(scalar.text)
        self._faults.add(
            self.line_of(name),
            f"{name} is {_short(scalar.text)}, not a whole number from {low} to {high}",
            ask,
        )
        return None

    def day(self, name: str, ask: str) -> date | None:
        """A date, year-month-day."""
        scalar = self._scalar(name, ask)
        if scalar is None:
            return None
        day = _calendar_day(scalar.text.strip())
        if day:
            return day
        self._faults.add(self.line_of(name), f"{name} is {_short(scalar.text)}, not a date", ask)
        return None

    def one_of(self, name: str, kinds: type[Member], ask: str, default: Member | None = None) -> Member | None:
        """One of the values of an enumeration."""
        if default is not None and name not in self._entries:
            self._asked.add(name)
            return default
        scalar = self._scalar(name, ask)
        if scalar is None:
            return None
        text, values = scalar.text.strip(), [kind.value for kind in kinds]
        if text in values:
            return kinds(text)
        hint = _suggest(text, values)
        self._faults.add(self.line_of(name), f"{name} is {_short(text)}{hint}", f"write one of: {', '.join(values)}")
        return None

    def texts(self, name: str, ask: str) -> tuple[str, ...] | None:
        """A list of texts, at least one, none twice."""
        node = self._node(name, ask)
        if node is None:
            return None
        if not isinstance(node, Listing) or not node.items:
            self._faults.add(self.line_of(name), f"{name} is not a list", ask)
            return None
        found: list[str] = []
        for item in node.items:
            if not isinstance(item, Scalar) or item.is_empty:
                self._faults.add(item.line, f"an entry of {name} is not a text", ask)
            elif (text := self._checked_text(name, item, ask)) in found:
                self._faults.add(item.line, f"{_short(item.text)} stands twice in {name}", "keep one of the two")
            elif text is not None:
                found.append(text)
        return tuple(found) if len(found) == len(node.items) else None

    def words(self, name: str) -> tuple[str, ...]:
        """The words of an attribute such as cite="one two"; empty when it is left out."""
        return tuple(dict.fromkeys((self.optional_text(name) or "").split()))

    def flag(self, name: str) -> bool:
        """Whether a bare word such as `optional` was written."""
        if not self.has(name):
            return False
        scalar = self._entries[name][1]
        if isinstance(scalar, Scalar) and scalar.text != "":
            self._faults.add(
                self.line_of(name), f"{name} takes no value", f"write the word {name} alone, or leave it out"
            )
        return True

    def group(self, name: str, ask: str) -> "Fields | None":
        """A mapping inside this one."""
        node = self._node(name, ask)
        if node is None:
            return None
        if isinstance(node, Mapping):
            return Fields(node, self._faults, name)
        self._faults.add(self.line_of(name), f"{name} is not a group of names and values", ask)
        return None

    def groups(self, name: str, ask: str) -> "list[Fields] | None":
        """A list of mappings, at least one."""
        node = self._node(name, ask)
        if node is None:
            return None
        if not isinstance(node, Listing) or not node.items:
            self._faults.add(self.line_of(name), f"{name} is not a list", ask)
            return None
        for item in node.items:
            if not isinstance(item, Mapping):
                self._faults.add(item.line, f"an entry of {name} is not a group of names and values", ask)
        found = [Fields(item, self._faults, f"an entry of {name}") for item in node.items if isinstance(item, Mapping)]
        return found if len(found) == len(node.items) else None

    def has(self, name: str) -> bool:
        """Whether a name was written at all."""
        self._asked.add(name)
        return name in self._entries

    def names(self) -> list[str]:
        """Every name written, for a mapping whose names are the author's own (categories, sources)."""
        self._asked.update(self._entries)
        return list(self._entries)

    def finish(self) -> None:
        """Report what is missing, and what was written that nobody reads."""
        for name in self._entries.keys() - self._asked:
            meant = _closest(name, sorted(self._asked - self._entries.keys())) or _closest(name, sorted(self._asked))
            if meant:
                # one slip of the finger is one fault, not an unknown name and a missing one
                self._missing.pop(meant, None)
            what = f"{self._owner} has no field {_short(name)}" + (f"; did you mean {meant}?" if meant else "")
            remedy = f'write "{meant}"' if meant else f"it may have: {', '.join(sorted(self._asked))}"
            self._faults.add(self._entries[name][0], what, remedy)
        for name, ask in self._missing.items():
            self._faults.add(self.line_of(name), f"{name} is missing", ask)

    def _node(self, name: str, ask: str) -> Node | None:
        self._asked.add(name)
        node = self._entries[name][1] if name in self._entries else None
        if node is None or (isinstance(node, Scalar) and node.is_empty):
            self._missing[name] = ask
            return None
        return node

    def _scalar(self, name: str, ask: str) -> Scalar | None:
        node = self._node(name, ask)
        if node is None or isinstance(node, Scalar):
            return node
        self._faults.add(self.line_of(name), f"{name} is not one value", ask)
        return None

    def _checked_text(self, name: str, scalar: Scalar, ask: str) -> str | None:
        text = " ".join(scalar.text.split())
        if len(text) <= LONGEST_TEXT:
            return text
        self._faults.add(scalar.line, f"{name} is longer than {LONGEST_TEXT:,} characters", ask)
        return None


def _calendar_day(text: str) -> date | None:
    if not re.fullmatch(r"(?:19|20)[0-9]{2}-[0-9]{2}-[0-9]{2}", text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _closest(name: str, names: list[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name[:60], names, n=1, cutoff=0.7)), None)


def _suggest(text: str, values: list[str]) -> str:
    meant = _closest(text, values)
    return f"; did you mean {meant}?" if meant else ""


def _short(text: str) -> str:
    folded = " ".join(text.split())
    return f'"{folded[:60]}…"' if len(folded) > 60 else f'"{folded}"'
