"""However a pack's text is spoiled, its author sees faults, or a pack."""

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content import Fault, Pack, PackError, check, from_document, load, to_document
from content.errors import Faults
from content.plainyaml import read_mapping
from tests.packs.desk import SESSION, TINY, TODAY, Desk

ORIGINALS = {name: (TINY / name).read_text(encoding="utf-8") for name in ("pack.yaml", SESSION)}
SIGNS = (
    *(":::", "::::", "---", "```", "~~~", "{", "}", "[", "]", "<b>", "<!--", "- [ ] ", "- [x] ", "> ", "![", "](", "#"),
    *(
        "&a ",
        "*a",
        "!!str ",
        "%YAML 9.9",
        "? ",
        ": ",
        "- ",
        "|",
        '"',
        "'",
        "=",
        "\\",
        '"\\ud800"',
        '"\\UFFFFFFFF"',
        "<<: ",
    ),
    *("\0", "\t", "\r", "\u2028", "\ufeff", "\x85", "🎉", "&#0;", "&#xD800;", "999999999999999999", "-1", "~", "null"),
    *("minutes", "id", "optional", "http://", "javascript:", "a@b.org", "555-234-5678"),
)
EDITS = st.lists(
    st.tuples(
        st.sampled_from(sorted(ORIGINALS)),
        st.floats(0, 1, exclude_max=True),
        st.sampled_from([0, 0, 1, 3, 20, 200]),
        st.one_of(st.sampled_from(SIGNS), st.text(max_size=5), st.just("")),
    ),
    max_size=6,
)


def loaded(path: Path) -> Pack | tuple[Fault, ...]:
    try:
        return load(path)
    except PackError as error:
        return error.faults


def spoiled(edits: list[tuple[str, float, int, str]]) -> dict[str, str]:
    texts = dict(ORIGINALS)
    for name, at, cut, sign in edits:
        start = int(at * len(texts[name]))
        texts[name] = texts[name][:start] + sign + texts[name][start + cut :]
    return texts


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(EDITS)
def test_a_spoiled_pack_is_a_pack_or_faults(edits: list[tuple[str, float, int, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk.copy(Path(folder))
        for name, text in spoiled(edits).items():
            (desk.path / name).write_text(text, encoding="utf-8")
        faults = check(desk.path, TODAY)
        outcome = loaded(desk.path)
        if isinstance(outcome, Pack):
            assert from_document(to_document(outcome)) == outcome
        else:
            assert outcome
            assert set(outcome) <= set(faults)
        for fault in faults:
            assert fault.what
            assert fault.remedy
            lines = Path(fault.file).read_text(encoding="utf-8").count("\n") + 1 if Path(fault.file).is_file() else 1
            assert 1 <= fault.line <= lines


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*SIGNS, "a", "b", "\n", "\n  ", ", "]), max_size=30).map("".join))
def test_any_yaml_is_a_mapping_or_faults(text: str) -> None:
    faults = Faults("pack.yaml")
    mapping = read_mapping(text, faults)
    assert mapping is not None or faults.found
