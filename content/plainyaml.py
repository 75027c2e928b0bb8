"""YAML without surprises: every scalar is text, and every part knows its line.

No scalar is turned into a number, date or truth value on the way in (`no` stays "no", `1.10` stays "1.10"):
the reader of a field says what it wants. Anchors, aliases and tags are refused, so nothing can be built that
was not written out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from content.errors import Faults

DEEPEST = 8
MOST_PARTS = 10_000


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value, as text; `plain` is false where it was quoted or a block."""

    text: str
    line: int
    plain: bool = True

    @property
    def is_empty(self) -> bool:
        """Nothing was written, or nothing in the words of YAML."""
        return not self.text.strip() or (self.plain and self.text in {"~", "null", "Null", "NULL"})


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of values."""

    items: tuple["Node", ...]
    line: int


@dataclass(frozen=True, slots=True)
class Mapping:
    """Names and their values; each name with the line it stands on."""

    entries: dict[str, tuple[int, "Node"]]
    line: int


Node: TypeAlias = Scalar | Listing | Mapping


class _RefusedError(Exception):
    """Reading cannot go on; the fault has been noted."""


def read_mapping(text: str, faults: Faults, *, first_line: int = 1) -> Mapping | None:
    """Read one YAML document that must be a mapping; None when it cannot be read, with the faults noted.

    `first_line` is the line of the file on which `text` begins, so that the faults name lines of the file.
    """
    builder = _Builder(faults, first_line)
    try:
        node = builder.document(YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark else 0)
        faults.add(line, f"the YAML cannot be read ({_problem(error)})", _SYNTAX_REMEDY)
        return None
    except (YAMLError, ValueError, OverflowError):
        # The parser answers a few malformed escapes and directives with plain Python errors.
        faults.add(first_line, "the YAML cannot be read", _SYNTAX_REMEDY)
        return None
    except _RefusedError:
        return None
    if isinstance(node, Mapping):
        return node
    faults.add(first_line, "these lines are not a list of names and values", 'write one "name: value" a line')
    return None


_SYNTAX_REMEDY = "check indentation, and put quotes round a value that holds a colon, # or a quotation mark"


def _problem(error: MarkedYAMLError) -> str:
    return " ".join(str(error.problem or error.context or "a sign is out of place").split())


class _Builder:
    """Builds nodes from parser events; stops at the first thing that makes reading on unsafe."""

    def __init__(self, faults: Faults, first_line: int) -> None:
        self._faults = faults
        self._first_line = first_line
        self._parts = 0

    def document(self, events: Iterator[Event]) -> Node | None:
        root: Node | None = None
        documents = 0
        for event in events:
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._refuse(event, 'a second YAML document begins here ("---")', "keep it all in one document")
                if event.version or event.tags:
                    self._refuse(event, "a % directive stands here", "remove the line")
            elif isinstance(event, ScalarEvent | SequenceStartEvent | MappingStartEvent | AliasEvent):
                root = self._node(event, events, depth=1)
        return root

    def _node(self, event: Event, events: Iterator[Event], depth: int) -> Node:
        self._parts += 1
        if depth > DEEPEST or self._parts > MOST_PARTS:
            self._refuse(event, "this goes deeper, or on for longer, than any pack needs", "write it out more plainly")
        if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
            self._refuse(event, "YAML anchors and aliases (& and *) are not read", "write the value out, or quote it")
        tag = getattr(event, "tag", None)
        if tag:
            self._refuse(event, f"the YAML tag {str(tag)[:60]} is not read", "remove it, or quote the value")
        line = self._line(event)
        if isinstance(event, SequenceStartEvent):
            return Listing(
                tuple(self._node(item, events, depth + 1) for item in _until(SequenceEndEvent, events)), line
            )
        if isinstance(event, MappingStartEvent):
            return self._mapping(line, events, depth)
        if not isinstance(event, ScalarEvent):
            self._refuse(event, "a value is missing here", 'write "name: value"')
        if unreadable := unreadable_in(event.value):
            self._refuse(event, f"the value holds an unreadable character ({unreadable})", "type the value again")
        return Scalar(event.value, line, plain=event.style is None)

    def _mapping(self, line: int, events: Iterator[Event], depth: int) -> Mapping:
        entries: dict[str, tuple[int, Node]] = {}
        for event in _until(MappingEndEvent, events):
            key = self._node(event, events, depth + 1)
            value = self._node(next(events), events, depth + 1)
            if not isinstance(key, Scalar):
                self._refuse(event, "a name is missing before the colon", 'write "name: value"')
            elif key.text in entries:
                first = entries[key.text][0]
                self._faults.add(
                    key.line, f"{key.text} is written twice (first on line {first})", "keep one of the two"
                )
            else:
                entries[key.text] = (key.line, value)
        return Mapping(entries, line)

    def _line(self, event: Event) -> int:
        return self._first_line + int(event.start_mark.line)

    def _refuse(self, event: Event, what: str, remedy: str) -> NoReturn:
        self._faults.add(self._line(event), what, remedy)
        raise _RefusedError


def _until(end: type[Event], events: Iterator[Event]) -> Iterator[Event]:
    for event in events:
        if isinstance(event, end):
            return
        yield event


_UNREADABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")


def unreadable_in(text: str) -> str | None:
    """Name the first character that no page, PDF or database can hold, e.g. "U+0000"; None when there is
    none.

    Control characters, halves of surrogate pairs, and the rare line separators that editors count
    differently.
    """
    found = _UNREADABLE.search(text)
    return f"U+{ord(found.group()):04X}" if found else None
