"""A fresh wheel, installed away from the checkout, holds everything and runs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The distribution, built from a copy so that the checkout stays clean."""
    source = tmp_path_factory.mktemp("source")
    for name in ("plugin", "lti", "content", "migrations"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "README.md"):
        shutil.copy(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(out), str(source)]
    subprocess.run(build, check=True, stdin=subprocess.DEVNULL)
    return next(out.glob("practicum-*.whl"))


def test_the_wheel_holds_what_is_not_python(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for wanted in (
        "plugin/web/templates/layout.html",
        "plugin/web/static/css/site.css",
        "plugin/web/static/js/autosave.js",
        "plugin/migrations/env.py",
        "plugin/migrations/script.py.mako",
        "plugin/migrations/versions/0001_organizations.py",
        "content/packs/feedback-that-moves-learning/pack.yaml",
    ):
        assert wanted in names, wanted
    assert not [name for name in names if name.startswith("tests/")]


def test_the_wheel_runs_away_from_the_checkout(wheel: Path, tmp_path: Path) -> None:
    """Ours comes from the wheel alone; what it depends on is lent from this environment, unpacked and importable."""
    home = tmp_path / "env"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(install, check=True, cwd=tmp_path, stdin=subprocess.DEVNULL)
    installed = next(home.glob("lib/python*/site-packages"))
    lent = next(path for path in map(Path, sys.path) if path.name == "site-packages")
    (installed / "lent.pth").write_text(f"{lent}\n", encoding="utf-8")
    environment = {
        "PATH": os.environ["PATH"],
        "PRACTICUM_DEVELOPMENT": "1",
        "PRACTICUM_DATABASE_URL": f"sqlite:///{tmp_path / 'practicum.db'}",
    }

    def run(*words: str) -> str:
        command = [str(home / "bin" / "practicum"), *words]
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "schema at" in run("db", "upgrade")
    assert "MOD-FA-01 1.0.0 is current" in run("packs", "publish")
    where = subprocess.run(
        [str(python), "-c", "import plugin.app; print(plugin.app.__file__)"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(home)
