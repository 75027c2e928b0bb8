"""What stands inside a question, a scenario or a prompt: a text, then choices with explanations, or the
reason why.

- [x] The choice
  > What follows, and why.
"""

import re
from dataclasses import dataclass

from content.blocks import Text
from content.errors import Faults

_CHOICE = re.compile(r" {0,3}[-*+] +\[(?P<mark>[ xX])\](?: +(?P<text>.*))?")
_NEARLY_CHOICE = re.compile(r" {0,3}[-*+] *\[[^\]]?\](?![(\[:])")
_QUOTE = re.compile(r" {0,3}> ?(?P<text>.*)")
_WHY = re.compile(r"\A\s*(?:why we ask|por qué (?:lo )?preguntamos)\s*:\s*", re.IGNORECASE)

MOST_CHOICES = 26
"""Keys are letters; the linter asks for far fewer."""


@dataclass(frozen=True, slots=True)
class ChoiceText:
    """A choice as written."""

    line: int
    right: bool
    text: Text
    explanation: Text


def split_choices(text: Text, faults: Faults) -> tuple[Text, tuple[ChoiceText, ...]]:
    """Split a question or scenario into its text and its choices."""
    starts = [index for index, line in enumerate(text.lines) if _is_choice(line, text.line + index, faults)]
    ends = [*starts[1:], len(text.lines)]
    if len(starts) > MOST_CHOICES:
        faults.add(text.line, f"there are more than {MOST_CHOICES} choices", "keep three to five")
    choices = [_choice(text, start, end, faults) for start, end in zip(starts, ends, strict=False)]
    stem = Text(text.line, text.lines[: starts[0]] if starts else text.lines)
    return stem, tuple(choices[:MOST_CHOICES])


def _is_choice(line: str, number: int, faults: Faults) -> bool:
    if _CHOICE.fullmatch(line):
        return True
    if _NEARLY_CHOICE.match(line):
        faults.add(
            number,
            "this line is nearly a choice",
            'write "- [ ] " or, for the best one, "- [x] " before its text',
        )
    return False


def _choice(text: Text, start: int, end: int, faults: Faults) -> ChoiceText:
    match = _CHOICE.fullmatch(text.lines[start])
    assert match is not None  # noqa: S101 - split_choices found the line by the same pattern
    for index in range(start + 1, end):
        line = text.lines[index]
        if line.strip() and not line.startswith((" ", "\t")):
            faults.add(
                text.line + index,
                "this line belongs to no choice",
                "indent it by two spaces, or move it above the choices",
            )
            end = index
            break
    lines = [match["text"] or "", *_dedented(text.lines[start + 1 : end])]
    own, quoted = split_quote(Text(text.line + start, tuple(lines)))
    return ChoiceText(text.line + start, match["mark"] != " ", own, quoted)


def _dedented(lines: tuple[str, ...]) -> list[str]:
    expanded = [line.expandtabs(4) for line in lines]
    margin = min((len(line) - len(line.lstrip()) for line in expanded if line.strip()), default=0)
    return [line[margin:] for line in expanded]


def split_quote(text: Text) -> tuple[Text, Text]:
    """Split a text from the block of `> ` lines at its end; the second part is empty when there is none."""
    last = len(text.lines)
    while last and not text.lines[last - 1].strip():
        last -= 1
    first = last
    while first and _QUOTE.fullmatch(text.lines[first - 1]):
        first -= 1
    quoted = tuple(_unquoted(line) for line in text.lines[first:last])
    return Text(text.line, text.lines[:first]), Text(text.line + first, quoted)


def _unquoted(line: str) -> str:
    match = _QUOTE.fullmatch(line)
    return match["text"] if match else line


def without_label(why: Text) -> Text:
    """The reason without a leading "Why we ask:"; pages set that label, in the reader's language."""
    if not why.lines:
        return why
    return Text(why.line, (_WHY.sub("", why.lines[0]), *why.lines[1:]))
