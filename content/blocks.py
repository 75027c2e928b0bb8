"""The grammar of a session file: activities in four colons, what they are made of in three.

    :::: reading {#finding-1 minutes=25 title="What feedback does"}
    Markdown.

    ::: task {minutes=8}
    Markdown.
    :::
    ::::

Colons inside a fenced code block are text. Every line keeps its number in the file. A block that is never
closed is closed where the next one begins, so that one slip does not make the rest of the file unreadable.
"""

import difflib
import re
from dataclasses import dataclass

from content.attributes import read_attributes
from content.errors import Faults
from content.plainyaml import Mapping

_COLONS = re.compile(r" {0,3}(?P<colons>:{3,})(?P<rest>.*)")
LONGEST_OPENING = 1_000
_OPENING = re.compile(r"(?P<kind>[A-Za-z][A-Za-z_-]*)[ \t]*(?P<braces>\{(?P<attributes>.*)\})?")
_FENCE = re.compile(r" {0,3}(?P<marks>`{3,}|~{3,})(?P<info>.*)")

ACTIVITIES = ("reading", "inventory", "practice", "check", "writing", "reflection")
PARTS = ("finding", "meaning", "classroom", "task", "statement", "scenario", "question", "prompt")


@dataclass(frozen=True, slots=True)
class Text:
    """Lines of Markdown that stand together; `line` is the number of the first."""

    line: int
    lines: tuple[str, ...]

    @property
    def markdown(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing but white space."""
        return not any(line.strip() for line in self.lines)


@dataclass(frozen=True, slots=True)
class Part:
    """A block of three colons."""

    kind: str
    attributes: Mapping
    line: int
    text: Text


@dataclass(frozen=True, slots=True)
class Block:
    """A block of four colons: an activity, with its texts and parts in order.

    `is_sound` is false when something in it was misplaced, so that what was read may not be what was meant.
    """

    kind: str
    attributes: Mapping
    line: int
    parts: tuple[Text | Part, ...]
    is_sound: bool


def read_blocks(text: Text, faults: Faults) -> tuple[Block, ...]:
    """Split the body of a session file into its activities."""
    reader = _Reader(faults)
    for number, line in enumerate(text.lines, start=text.line):
        reader.take(number, line)
    return reader.close()


@dataclass(slots=True)
class _Open:
    """A block being read."""

    kind: str
    attributes: Mapping
    line: int


class _Reader:
    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._blocks: list[Block] = []
        self._activity: _Open | None = None
        self._part: _Open | None = None
        self._parts: list[Text | Part] = []
        self._lines: list[str] = []
        self._lines_from = 0
        self._fence: tuple[int, str] | None = None
        self._faults_before = 0
        self._astray = False

    def take(self, number: int, line: str) -> None:
        """Read one line."""
        match = None if self._is_in_fence(number, line) else _COLONS.fullmatch(line)
        if match is None:
            self._text(number, line)
        elif not match["rest"].strip():
            self._closing(number, len(match["colons"]))
        else:
            self._opening(number, len(match["colons"]), match["rest"].strip())

    def close(self) -> tuple[Block, ...]:
        """The end of the file."""
        if self._fence:
            line, marks = self._fence
            self._faults.add(line, "the code block that begins here is not closed", f"end it with a line of {marks}")
            self._fence = None
        elif self._activity:
            self._not_closed(self._part or self._activity)
        self._end_activity()
        return tuple(self._blocks)

    def _is_in_fence(self, number: int, line: str) -> bool:
        match = _FENCE.fullmatch(line)
        if self._fence is None:
            # as CommonMark has it: an info string after back-ticks holds none of them
            if match and self._activity and not (match["marks"][0] == "`" and "`" in match["info"]):
                self._fence = (number, match["marks"])
                return True
            return False
        marks = self._fence[1]
        if match and match["marks"].startswith(marks) and not match["info"].strip():
            self._fence = None
        return True

    def _text(self, number: int, line: str) -> None:
        if self._activity is None:
            if line.strip() and not self._astray:
                self._faults.add(
                    number,
                    "this text stands outside every activity",
                    'move it between ":::: reading {…}" and "::::", or remove it',
                )
            self._astray = bool(line.strip()) or self._astray
            return
        if not self._lines:
            self._lines_from = number
        self._lines.append(line)

    def _opening(self, number: int, colons: int, rest: str) -> None:
        match = _OPENING.fullmatch(rest) if len(rest) <= LONGEST_OPENING else None
        if match is None:
            self._faults.add(
                number,
                f"the line {(':' * min(colons, 9) + ' ' + rest)[:60]!r} opens no block",
                "write its kind, then its attributes in braces, on one line, e.g. ::: task {minutes=8}",
            )
            return
        before = self._faults.count
        kind = match["kind"]
        wanted = 4 if kind in ACTIVITIES else 3 if kind in PARTS else 0
        if not wanted:
            self._faults.add(number, f"there is no {kind} block{_meant(kind)}", _KINDS_REMEDY)
            wanted = min(colons, 4)
        elif colons != wanted:
            self._faults.add(number, f"{kind} stands after {colons} colons", f"write {':' * wanted} {kind}")
        opened = _Open(kind, read_attributes(match["attributes"] or "", number, self._faults), number)
        if wanted == 4:
            self._open_activity(opened, before)
        else:
            self._open_part(opened)

    def _open_activity(self, opened: _Open, before: int) -> None:
        if self._activity:
            self._not_closed(self._part or self._activity)
        self._end_activity()
        self._activity, self._astray = opened, False
        self._faults_before = before

    def _open_part(self, opened: _Open) -> None:
        if self._activity is None:
            self._faults.add(
                opened.line,
                f"this {opened.kind} stands outside every activity",
                'move it between, e.g., ":::: reading {…}" and "::::"',
            )
            # its own lines and its end would be reported again, each on its own
            self._astray = True
            return
        if self._part:
            self._not_closed(self._part)
        self._end_part()
        self._part = opened

    def _closing(self, number: int, colons: int) -> None:
        if self._activity is None:
            if not self._astray:
                self._faults.add(number, "this line closes nothing", "remove it")
        elif colons >= 4:
            if self._part:
                self._not_closed(self._part)
            self._end_activity()
        elif self._part:
            self._end_part()
        else:
            self._faults.add(
                number,
                "three colons close nothing here",
                f"write :::: if the {self._activity.kind} ends here, else remove the line",
            )

    def _not_closed(self, opened: _Open) -> None:
        marks = "::::" if opened is self._activity else ":::"
        self._faults.add(
            opened.line, f"the {opened.kind} that begins here is not closed", f"end it with a line of {marks}"
        )

    def _end_part(self) -> None:
        text = Text(self._lines_from or (self._part.line if self._part else 0), tuple(self._lines))
        if self._part:
            self._parts.append(Part(self._part.kind, self._part.attributes, self._part.line, text))
        elif not text.is_empty:
            self._parts.append(text)
        self._part, self._lines, self._lines_from = None, [], 0

    def _end_activity(self) -> None:
        self._end_part()
        if self._activity:
            opened = self._activity
            sound = self._faults.count == self._faults_before
            self._blocks.append(Block(opened.kind, opened.attributes, opened.line, tuple(self._parts), sound))
        self._activity, self._parts = None, []


_KINDS_REMEDY = f"activities are {', '.join(ACTIVITIES)}; their parts are {', '.join(PARTS)}"


def _meant(kind: str) -> str:
    close = difflib.get_close_matches(kind.lower(), ACTIVITIES + PARTS, n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""
