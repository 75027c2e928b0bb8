"""A small valid pack to work on: TST-01, half an hour, every kind of activity.

desk = Desk.copy(tmp_path)
desk.replace("minutes=4 title", "title")
desk.faults()
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from content import Fault, Pack, check, load

TINY = Path(__file__).parent / "tiny"
TODAY = date(2026, 11, 21)
SESSION = "01-one-next-step.md"


@dataclass(frozen=True)
class Desk:
    """A copy of the pack that a test may change."""

    path: Path

    @classmethod
    def copy(cls, folder: Path) -> "Desk":
        """Put a copy of the pack into a folder."""
        return cls(Path(shutil.copytree(TINY, folder / "tiny")))

    def edit(self, change: Callable[[str], str], file: str = SESSION) -> "Desk":
        """Rewrite a file of the pack."""
        path = self.path / file
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
        return self

    def replace(self, old: str, new: str, file: str | None = None) -> "Desk":
        """Replace a text that stands in the pack exactly once, in the file that holds it."""
        files = [file] if file else ["pack.yaml", SESSION]
        holding = [name for name in files if old in (self.path / name).read_text(encoding="utf-8")]
        assert len(holding) == 1, f"{old!r} stands in {holding}"
        count = (self.path / holding[0]).read_text(encoding="utf-8").count(old)
        assert count == 1, f"{old!r} stands {count} times in {holding[0]}"
        return self.edit(lambda text: text.replace(old, new), holding[0])

    def add(self, activity: str) -> "Desk":
        """Write an activity at the end of the session."""
        return self.edit(lambda text: f"{text}\n{activity}\n")

    def line_of(self, text: str, file: str = SESSION) -> int:
        """The number of the first line that holds a text."""
        lines = (self.path / file).read_text(encoding="utf-8").split("\n")
        return next(number for number, line in enumerate(lines, start=1) if text in line)

    def pack(self) -> Pack:
        """The pack, loaded."""
        return load(self.path)

    def faults(self, today: date = TODAY) -> list[Fault]:
        """All that is to be mended."""
        return check(self.path, today)

    def fault(self, today: date = TODAY) -> str:
        """The only thing to be mended, as "file:line: what; remedy" without the folder."""
        faults = self.faults(today)
        assert len(faults) == 1, "\n".join(map(str, faults)) or "nothing to mend"
        return str(faults[0]).removeprefix(f"{self.path.as_posix()}/")
