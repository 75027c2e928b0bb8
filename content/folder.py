"""The files of a pack, read with care: a folder from anywhere may hold anything.

A file is read only when it is a plain file inside the folder, small, and UTF-8 text (or one of four kinds of
picture).
"""

import base64
import os
import stat
from pathlib import Path

from content.errors import Faults
from content.plainyaml import unreadable_in

LARGEST_FILE = 1_000_000
LARGEST_IMAGE = 200_000
MOST_FILES = 50
PACK_FILE = "pack.yaml"
IMAGE_ENDINGS = {".png", ".jpg", ".jpeg", ".gif", ".webp"}


class Folder:
    """One pack's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def label(self, name: str) -> str:
        """How faults name a file: the path as it was given, made printable."""
        raw = os.fsencode(self.path / name) if name else os.fsencode(self.path)
        text = Path(raw.decode("utf-8", "replace")).as_posix()
        return "".join(character if character.isprintable() else "�" for character in text)

    def session_files(self, faults: Faults) -> list[str]:
        """Names of the session files, in order; whatever else lies about is a fault."""
        names = self._names(faults)
        for name in names:
            known = name == PACK_FILE or name.endswith(".md") or Path(name).suffix.lower() in IMAGE_ENDINGS
            if not known:
                remedy = "rename it to pack.yaml" if name in {"pack.yml", "pack.YAML"} else "take it out of the folder"
                faults.add(1, f"{self.label(name)} is not part of a pack", remedy)
        return [name for name in names if name.endswith(".md")]

    def _names(self, faults: Faults) -> list[str]:
        names: list[str] = []
        for folder, folders, files in os.walk(self.path):
            # hidden files are the file manager's and the editor's, not the author's
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            inside = Path(folder).relative_to(self.path)
            names += [(inside / name).as_posix() for name in files if not name.startswith(".")]
            if len(names) > MOST_FILES:
                faults.add(1, f"the folder holds more than {MOST_FILES} files", "keep one offering in one folder")
                return sorted(names)[:MOST_FILES]
        return sorted(names)

    def text(self, name: str, faults: Faults) -> str | None:
        """The text of a file with "\\n" at the end of its lines; None when it cannot be read, with the fault
        noted.
        """
        content = self._bytes(name, LARGEST_FILE, faults, line=1)
        if content is None:
            return None
        try:
            text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            faults.add(line, "the file is not UTF-8 text", 'save it again as "UTF-8" in your editor')
            return None
        if unreadable := unreadable_in(text):
            line = text[: text.index(chr(int(unreadable[2:], 16)))].count("\n") + 1
            faults.add(line, f"this line holds an unreadable character ({unreadable})", "delete it and type it again")
            return None
        return text

    def image(self, name: str, faults: Faults, line: int) -> str | None:
        """A picture of the pack as a data: address; None when it cannot be used, with the fault noted at
        `line`.
        """
        if name.startswith("/") or ":" in name or Path(name).suffix.lower() not in IMAGE_ENDINGS:
            faults.add(
                line,
                f"the picture {name[:60]!r} is not a file of this pack",
                "put a PNG, JPEG, GIF or WebP file into the folder: ![What it shows](diagram.png)",
            )
            return None
        content = self._bytes(name, LARGEST_IMAGE, faults, line)
        if content is None:
            return None
        kind = _image_kind(content)
        if kind is None:
            faults.add(line, f"{name} is not a PNG, JPEG, GIF or WebP picture", "save the picture as one of these")
            return None
        return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"

    def _bytes(self, name: str, most: int, faults: Faults, line: int) -> bytes | None:
        try:
            path = (self.path / name).resolve()
            if not path.is_relative_to(self.path.resolve()):
                faults.add(line, f"{name} leads out of the pack's folder", "put a copy of the file into the folder")
                return None
            if not stat.S_ISREG(path.stat().st_mode):
                faults.add(line, f"{name} is not a plain file", "put a plain file in its place")
                return None
            with path.open("rb") as file:
                content = file.read(most + 1)
        except FileNotFoundError:
            faults.add(line, f"{name} is missing", "add the file, or correct its name")
            return None
        except (OSError, ValueError, RuntimeError) as error:
            # ValueError: a NUL in a name; RuntimeError: links that lead in a circle
            reason = getattr(error, "strerror", None) or "the file system refuses its name"
            faults.add(line, f"{name[:60]!r} cannot be read ({reason})", "check the file and its permissions")
            return None
        if len(content) <= most:
            return content
        faults.add(line, f"{name} is larger than {most // 1000:,} kB", "make it smaller")
        return None


def _image_kind(content: bytes) -> str | None:
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if content.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return "webp"
    return None
