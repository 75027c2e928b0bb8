"""What is wrong with a pack, said so that its author can put it right.

A `Fault` is one thing to mend; a `PackError` carries all of them. Nothing in this room reports in any other
way: whatever a folder holds, its author reads `file:line: what; remedy`.
"""

from collections.abc import Iterable
from dataclasses import dataclass

MOST_FAULTS_A_FILE = 100
"""Beyond this many, a file is not a draft with mistakes but another kind of file: more lines would not help.
"""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing to mend: where (file, line from 1), what is wrong, and the remedy."""

    file: str
    line: int
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}; {self.remedy}"


class PackError(Exception):
    """A pack, or a stored document of one, cannot be used; `faults` says all there is to mend."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class Faults:
    """The faults of one file, gathered while reading on, so that an author hears of all of them at once."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.count = 0
        self._found: list[Fault] = []

    def add(self, line: int, what: str, remedy: str) -> None:
        """Note a fault at a line of this file, counted from 1."""
        self.count += 1
        if len(self._found) < MOST_FAULTS_A_FILE:
            self._found.append(Fault(self.file, max(line, 1), what, remedy))

    @property
    def found(self) -> tuple[Fault, ...]:
        """All faults of the file, in the order of its lines."""
        return tuple(sorted(set(self._found)))
