"""Addresses of static files, reckoned once: every page names a dozen of them.

Browsers keep static files for long, so an address carries the digest of its file: a changed file has a new address.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from flask import Flask


def install(app: Flask) -> None:
    """Give templates `asset(name)`; a name that is no file fails when the page is made, and so in its test."""
    folder = Path(app.static_folder or "")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    found = {str(path.relative_to(folder)): _address(app, path.relative_to(folder), path) for path in files}
    app.jinja_env.globals["asset"] = found.__getitem__


def _address(app: Flask, name: Path, path: Path) -> str:
    """Fonts and vendored files are named by stylesheets too, plainly; a new release of them brings a new name."""
    plain = f"{app.static_url_path}/{name}"
    return plain if name.parts[0] in {"fonts", "vendor"} else f"{plain}?v={_digest(path)}"


def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()[:10]
