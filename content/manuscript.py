"""A pack as it lies on its author's desk: the values, and where in which file each of them stands.

A `Pack` is for members and knows nothing of files. The linter needs both sides, so reading yields a
manuscript; it also holds what could be read of a pack that cannot be loaded, so that its author hears of
everything at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from markdown_it.token import Token

from content.errors import Fault, Faults
from content.schema import Activity, Language, Pack


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file."""

    file: str
    line: int

    def fault(self, what: str, remedy: str) -> Fault:
        """Say what is wrong here."""
        return Fault(self.file, self.line, what, remedy)


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of Markdown as tokens; `owner` is the activity it belongs to, or empty in pack.yaml."""

    place: Place
    tokens: tuple[Token, ...]
    owner: str
    is_reference: bool = False


@dataclass(frozen=True, slots=True)
class Manuscript:
    """What was read of a folder.

    `pack` is None when the folder cannot be loaded; `faults` then says why. `places` maps "id:<key>",
    "outcome:<key>", "source:<key>", "session:<number>" and "pack:<name>" to where they stand, those of
    activities that could not be read included. `lines` holds the text of every file.
    """

    pack: Pack | None
    activities: tuple[Activity, ...]
    passages: tuple[Passage, ...]
    places: Mapping[str, Place]
    lines: Mapping[str, tuple[str, ...]]
    faults: tuple[Fault, ...]

    def at(self, *names: str) -> Place:
        """The first of the named places that exists; the pack file's first line when none does."""
        return next((self.places[name] for name in names if name in self.places), self.places["pack:"])


@dataclass(slots=True)
class Notes:
    """What is written down while the files of a pack are read."""

    language: Language = Language.ENGLISH
    activities: list[Activity] = field(default_factory=list)
    places: dict[str, Place] = field(default_factory=dict)
    passages: list[Passage] = field(default_factory=list)
    faults: list[Faults] = field(default_factory=list)
    lines: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ids: dict[str, tuple[str, str]] = field(default_factory=dict)

    def file(self, name: str) -> Faults:
        """Begin the list of faults of one file."""
        faults = Faults(name)
        self.faults.append(faults)
        return faults

    def claim_id(self, key: str, line: int, faults: Faults) -> None:
        """Note where an id is given; no two in one offering may differ by capitals only."""
        if key.lower() in self.ids:
            first, name = self.ids[key.lower()]
            faults.add(line, f"the id {key} is already used ({name} at {first})", "give each its own id")
            return
        self.ids[key.lower()] = (f"{faults.file}:{line}", key)
        self.places[f"id:{key}"] = Place(faults.file, line)
