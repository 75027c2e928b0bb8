"""One session file to a `Session`: its front matter, and its activities in order."""

import re

from content.activities import ActivityReader
from content.blocks import Text, read_blocks
from content.errors import Faults
from content.fields import Fields
from content.folder import Folder
from content.manuscript import Notes, Place
from content.plainyaml import Mapping, read_mapping
from content.schema import Session

_FILE_NUMBER = re.compile(r"(?P<number>[0-9]{2})-[^/]+\.md")
_FRONT_MATTER_REMEDY = 'begin the file with "---", the lines session, title and minutes, and "---"'


def read_session(name: str, folder: Folder, notes: Notes) -> Session | None:
    """Read one session file; None when something in it cannot be read, with the faults noted."""
    faults = notes.file(folder.label(name))
    text = folder.text(name, faults)
    if text is None:
        return None
    lines = tuple(text.split("\n"))
    notes.lines[faults.file] = lines
    front, body = _split_front_matter(lines, faults)
    head = _read_front_matter(name, front, faults, notes) if front else None
    blocks = read_blocks(body, faults)
    if front and not blocks:
        faults.add(len(lines), "this session holds no activity", 'write one, beginning with ":::: reading {…}"')
    reader = ActivityReader(faults, folder, notes)
    activities = [activity for block in blocks if (activity := reader.read(block))]
    notes.activities += activities
    if faults.count or head is None:
        return None
    number, title, minutes = head
    return Session(number, title, minutes, tuple(activities))


def _split_front_matter(lines: tuple[str, ...], faults: Faults) -> tuple[Mapping | None, Text]:
    if lines[0].rstrip() != "---":
        faults.add(1, "the front matter is missing", _FRONT_MATTER_REMEDY)
        return None, Text(1, lines)
    for index, line in enumerate(lines[1:], start=1):
        if line.rstrip() == "---":
            front = read_mapping("\n".join(lines[1:index]), faults, first_line=2)
            return front, Text(index + 2, lines[index + 1 :])
        if line.startswith(":::"):
            faults.add(1, "the front matter is not closed before the first activity", _FRONT_MATTER_REMEDY)
            return None, Text(index + 1, lines[index:])
    faults.add(1, "the front matter is not closed", _FRONT_MATTER_REMEDY)
    return None, Text(len(lines), ())


def _read_front_matter(name: str, front: Mapping, faults: Faults, notes: Notes) -> tuple[int, str, int] | None:
    fields = Fields(front, faults, "a session's front matter")
    number = fields.integer("session", 'write the session\'s number, e.g. "session: 1"', high=99)
    title = fields.text("title", 'write the session\'s title, e.g. "title: From grades to next steps"')
    minutes = fields.integer("minutes", 'write the session\'s length, e.g. "minutes: 180"', high=6_000)
    fields.finish()
    named = _FILE_NUMBER.fullmatch(name)
    if named is None:
        faults.add(1, f"the name of {name[:60]} does not begin with its number", 'name it like "01-noticing.md"')
    elif number is not None and int(named["number"]) != number:
        line = fields.line_of("session")
        faults.add(line, f"the file's name says {named['number']}, this line says {number}", "make them agree")
    if number is None or title is None or minutes is None:
        return None
    notes.places[f"session:{number}"] = Place(faults.file, fields.line_of("session"))
    notes.places[f"session-minutes:{number}"] = Place(faults.file, fields.line_of("minutes"))
    return number, title, minutes
