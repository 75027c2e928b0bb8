"""Open edX's package is under the AGPL, and a judge: it stays in its own process, and nobody imports across."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
GLUE = ROOT / "tests" / "openedx"
OURS = {"lti", "plugin", "content", "migrations"}
THEIRS = "lti_consumer"


def imported(file: Path) -> set[str]:
    """The modules that a file imports, by their whole names."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import hides where it leads"
            names.add(node.module or "")
    return names


def test_the_glue_imports_nothing_of_the_product() -> None:
    files = list(GLUE.rglob("*.py"))
    assert len(files) > 5
    for file in files:
        for name in imported(file):
            assert name.partition(".")[0] not in OURS, file
            assert not name.startswith("tests") or name.startswith("tests.openedx"), file


def test_nothing_imports_the_glue_or_what_it_stands_on() -> None:
    for room in ("plugin", "lti", "content", "migrations", "tests"):
        for file in (ROOT / room).rglob("*.py"):
            if file.is_relative_to(GLUE):
                continue
            for name in imported(file):
                assert name.partition(".")[0] != THEIRS, file
                assert name != "tests.openedx", file
                assert not name.startswith("tests.openedx."), file


def test_nothing_of_it_is_among_what_is_installed_with_the_product() -> None:
    for listed in (ROOT / ".requirements.lock", ROOT / "setup.py"):
        assert not any(
            name in listed.read_text(encoding="utf-8").lower() for name in ("lti-consumer", "xblock=", "edx")
        )
