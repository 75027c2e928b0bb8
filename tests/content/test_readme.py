"""What the format's own page shows is read as it stands."""

import re
from pathlib import Path

import content
from content.loader import read

README = Path(content.__file__).parent / "README.md"


def test_the_examples_of_the_format_are_a_pack(tmp_path: Path) -> None:
    text = README.read_text(encoding="utf-8")
    pack_file = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[0]
    session, items = re.findall(r"```markdown\n(.*?)```", text, re.DOTALL)
    parts = {kind: re.findall(rf"^::: {kind} .*?^:::$", items, re.DOTALL | re.MULTILINE)[0] for kind in KINDS}
    for kind, activity in KINDS.items():
        session += f'\n:::: {activity} {{#a-{kind} minutes=10 title="A"}}\n{parts[kind]}\n::::\n'
    (tmp_path / "pack.yaml").write_text(pack_file.replace("reflect]", "a-prompt]"), encoding="utf-8")
    (tmp_path / "01-example.md").write_text(session, encoding="utf-8")
    assert [str(fault) for fault in read(tmp_path).faults] == []


KINDS = {"statement": "inventory", "scenario": "practice", "question": "check", "prompt": "reflection"}
