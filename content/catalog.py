"""The packs that are installed with the product."""

from importlib.resources import files
from pathlib import Path

from content.errors import Faults
from content.folder import PACK_FILE, Folder
from content.plainyaml import Scalar, read_mapping


def installed() -> list[Path]:
    """The folders of the packs in `content/packs`, in the order of their names."""
    packs = Path(str(files("content").joinpath("packs")))
    return sorted(path.parent for path in packs.glob(f"*/{PACK_FILE}"))


def find(code: str) -> Path | None:
    """The folder of the installed pack with an offering's code; None when there is none."""
    return next((path for path in installed() if code_of(path) == code), None)


def code_of(path: Path) -> str | None:
    """The offering's code as a pack's file has it, without loading the rest; None when it cannot be read."""
    faults = Faults(PACK_FILE)
    text = Folder(path).text(PACK_FILE, faults)
    mapping = read_mapping(text, faults) if text is not None else None
    if mapping is None or "offering" not in mapping.entries:
        return None
    value = mapping.entries["offering"][1]
    return value.text.strip() if isinstance(value, Scalar) else None
