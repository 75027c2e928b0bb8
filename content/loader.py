"""A folder to a `Pack`, or to all that keeps it from being one."""

from dataclasses import replace
from pathlib import Path

from content.errors import PackError
from content.folder import Folder
from content.manuscript import Manuscript, Notes, Place
from content.packfile import read_header
from content.references import broken_references
from content.schema import Pack, Session
from content.sessions import read_session


def load(path: Path) -> Pack:
    """Load the pack in a folder.

    Raises `PackError` with every fault found, whatever the folder holds. A pack that loads is whole and safe
    to show; whether it is fit to be published is for `content.linter.check` to say.
    """
    manuscript = read(path)
    if manuscript.pack is None:
        raise PackError(manuscript.faults)
    return manuscript.pack


def read(path: Path) -> Manuscript:
    """Read a folder to a manuscript; never raises for what it holds."""
    folder, notes = Folder(path), Notes()
    own = notes.file(folder.label(""))
    notes.places["pack:"] = Place(own.file, 1)
    sessions: list[Session | None] = []
    header: Pack | None = None
    if not _is_folder(path):
        own.add(1, "this is not a folder", "name the folder that holds pack.yaml")
    else:
        names = folder.session_files(own)
        header = read_header(folder, notes)
        sessions = [read_session(name, folder, notes) for name in names]
        if not names:
            own.add(1, "there is no session file", 'write one, named like "01-noticing.md"')
    return _manuscript(header, sessions, notes)


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def _manuscript(header: Pack | None, sessions: list[Session | None], notes: Notes) -> Manuscript:
    whole = tuple(sorted((session for session in sessions if session), key=lambda session: session.number))
    pack = replace(header, sessions=whole) if header and len(whole) == len(sessions) else None
    faults = [fault for file in notes.faults for fault in file.found]
    draft = Manuscript(
        pack=pack,
        activities=tuple(notes.activities),
        passages=tuple(notes.passages),
        places=notes.places,
        lines=notes.lines,
        faults=(),
    )
    if pack:
        faults += broken_references(pack, draft)
    return replace(draft, pack=None if faults else pack, faults=tuple(sorted(set(faults))))
