"""The judge shares nothing with the judged."""

import ast
from pathlib import Path

HERE = Path(__file__).parent
LMS = HERE.parent / "demo_lms"
OURS = {"lti", "plugin", "content", "migrations", "pylti1p3"}


def imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import hides where it leads"
            names.add((node.module or "").partition(".")[0])
    return names


def test_the_demo_lms_imports_nothing_of_the_product() -> None:
    files = list(LMS.rglob("*.py"))
    assert len(files) > 20
    assert {file.name: imported(file) & OURS for file in files if imported(file) & OURS} == {}


def test_the_fake_tool_imports_nothing_of_the_demo_lms_or_the_product() -> None:
    names = imported(HERE / "fake_tool.py")
    assert not names & (OURS | {"tests"})
