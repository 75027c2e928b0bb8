"""The house checks itself: it walks what exists rather than a list that somebody must remember."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from flask import Flask

from plugin.app import create_app
from plugin.domain.people import Capability
from plugin.settings import Settings

ROOT = Path(__file__).parent.parent
SOURCES = [path for room in ("plugin", "lti", "content") for path in sorted((ROOT / room).rglob("*.py"))]


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return create_app(
        Settings(database_url=f"sqlite:///{tmp_path / 'empty.db'}", secret_key="s" * 40, development=True)
    )


def test_the_import_contract_is_kept() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_every_view_says_whom_it_is_for(app: Flask) -> None:
    silent = {name for name, view in app.view_functions.items() if not hasattr(view, "capability")}
    assert silent == {"static"}


def test_only_these_views_are_for_anybody(app: Flask) -> None:
    public = {
        name for name, view in app.view_functions.items() if getattr(view, "capability", None) is Capability.PUBLIC
    }
    assert public == {
        "public.healthz",
        "public.readyz",
        "public.metrics",
        "lti.login_initiation",
        "lti.launch",
        "arrival.go_on",
        "lti.jwks",
        "lti.canvas_configuration",
        "notices.take",
        "privacy.general",
        "registration.ask",
        "registration.confirm",
    }


def test_the_top_level_names_are_ours_alone() -> None:
    owners = packages_distributions()
    for name in ("plugin", "lti", "content"):
        assert set(owners.get(name, ["practicum"])) == {"practicum"}, name


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not text.strip() or ast.get_docstring(ast.parse(text)), "a module begins with a docstring"


def test_the_demo_lms_imports_nothing_of_ours() -> None:
    for path in (ROOT / "tests" / "demo_lms").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            for name in names:
                assert name.split(".")[0] not in {"plugin", "lti", "content"}, f"{path.name} imports {name}"
