"""What stands in braces after a block's name: `{#id minutes=25 title="What feedback does" optional}`.

The result is a mapping like one from YAML, with `#id` under the name "id" and a bare word as an empty value.
"""

import re

from content.errors import Faults
from content.plainyaml import Mapping, Node, Scalar

_ATTRIBUTE = re.compile(
    r"""\s* (?: \#(?P<id>[^\s="{}]+)
              | (?P<name>[A-Za-z_-]+) \s*=\s* (?: "(?P<quoted>[^"]*)" | (?P<bare>[^\s"{}=]+) )
              | (?P<flag>[A-Za-z_-]+)
            ) (?=\s|$)""",
    re.VERBOSE,
)
_CURLY = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})


def read_attributes(text: str, line: int, faults: Faults) -> Mapping:
    """Read the text between the braces; what cannot be read is noted, what can be is kept."""
    entries: dict[str, tuple[int, Node]] = {}
    position = 0
    while text[position:].strip():
        match = _ATTRIBUTE.match(text, position)
        if match is None:
            faults.add(line, f"the attributes cannot be read from {text[position:].strip()[:40]!r} on", _remedy(text))
            break
        position = match.end()
        name, value = _name_and_value(match)
        if name in entries:
            faults.add(line, f"{name} is written twice", "keep one of the two")
        else:
            entries[name] = (line, Scalar(value, line, plain=False))
    return Mapping(entries, line)


def _name_and_value(match: re.Match[str]) -> tuple[str, str]:
    if match["id"] is not None:
        return "id", match["id"]
    if match["flag"] is not None:
        return match["flag"], ""
    return match["name"], match["quoted"] if match["quoted"] is not None else match["bare"]


def _remedy(text: str) -> str:
    if text.translate(_CURLY) != text:
        return 'use straight quotation marks (") round a value'
    return 'write them as {#id minutes=25 title="A title in straight quotation marks"}'
