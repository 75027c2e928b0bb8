"""A folder may hold anything; its author reads a sentence, never a traceback."""

import os
from pathlib import Path

import pytest

from content import PackError, check, load
from tests.packs.desk import SESSION, TINY, Desk


def test_a_folder_that_is_not_there_or_is_a_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none", TINY / "pack.yaml", Path("a\0b")):
        with pytest.raises(PackError, match=r"this is not a folder; name the folder that holds pack\.yaml"):
            load(path)


def test_an_empty_folder_lacks_both_kinds_of_file(tmp_path: Path) -> None:
    assert [fault.what for fault in check(tmp_path)] == ["there is no session file", "pack.yaml is missing"]


def test_a_pack_file_with_another_ending_is_recognised(desk: Desk) -> None:
    (desk.path / "pack.yaml").rename(desk.path / "pack.yml")
    assert "pack.yml is not part of a pack; rename it to pack.yaml" in str(desk.faults()[0])


def test_what_is_not_part_of_a_pack_is_named(desk: Desk) -> None:
    (desk.path / "notes.docx").write_bytes(b"PK")
    assert "notes.docx is not part of a pack; take it out of the folder" in desk.fault()


def test_hidden_files_do_not_matter(desk: Desk) -> None:
    (desk.path / ".DS_Store").write_bytes(b"\0\1")
    (desk.path / ".git").mkdir()
    (desk.path / ".git" / "config").write_text("x")
    assert desk.faults() == []


@pytest.mark.parametrize("name", ["pack.yaml", SESSION])
@pytest.mark.parametrize(
    ("content", "line", "what"),
    [
        (b"\x89PNG\r\n\x1a\n\xff\xff", 1, "the file is not UTF-8 text"),
        (b"a: 1\nb: caf\xe9\n", 2, "the file is not UTF-8 text"),
        (b"a: 1\nb: \0\n", 2, "unreadable character (U+0000)"),
        ("a: 1\n\nb: one\u2028two\n".encode(), 3, "unreadable character (U+2028)"),
        (b"\x00" * 500, 1, "unreadable character (U+0000)"),
        (b"x" * 1_000_001, 1, "is larger than 1,000 kB"),
    ],
)
def test_a_file_that_is_no_text_is_named_with_its_line(
    desk: Desk, name: str, content: bytes, line: int, what: str
) -> None:
    (desk.path / name).write_bytes(content)
    faults = [fault for fault in desk.faults() if fault.file.endswith(name)]
    assert [fault.line for fault in faults] == [line]
    assert what in faults[0].what


@pytest.mark.parametrize("name", ["pack.yaml", SESSION])
def test_an_empty_file_is_a_fault(desk: Desk, name: str) -> None:
    (desk.path / name).write_bytes(b"")
    assert desk.faults()[0].file.endswith(name)


def test_links_may_not_lead_out_of_the_pack(desk: Desk, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("secret")
    (desk.path / "02-out.md").symlink_to(outside)
    assert "02-out.md leads out of the pack's folder; put a copy" in desk.fault()


def test_a_link_within_the_pack_is_read(desk: Desk) -> None:
    (desk.path / ".drafts").mkdir()
    (desk.path / SESSION).rename(desk.path / ".drafts" / "one.md")
    (desk.path / SESSION).symlink_to(desk.path / ".drafts" / "one.md")
    assert desk.pack().code == "TST-01"


@pytest.mark.parametrize("target", ["02-loop.md", "02-gone.txt"])
def test_a_link_that_leads_nowhere_is_a_fault(desk: Desk, target: str) -> None:
    (desk.path / "02-loop.md").symlink_to(desk.path / target)
    assert "02-loop.md" in desk.fault()


def test_a_pipe_or_a_folder_in_place_of_a_file_is_not_opened(desk: Desk) -> None:
    os.mkfifo(desk.path / "02-pipe.md")
    assert "02-pipe.md is not a plain file" in desk.fault()
    (desk.path / "02-pipe.md").unlink()
    (desk.path / "pack.yaml").unlink()
    (desk.path / "pack.yaml").mkdir()
    assert "pack.yaml is not a plain file" in desk.fault()


def test_a_name_no_terminal_can_show_is_made_printable(desk: Desk) -> None:
    (desk.path / os.fsdecode(b"02-\xff\n.md")).write_text("x")
    assert all(str(fault).encode() and "\n" not in str(fault) for fault in desk.faults())


def test_a_folder_of_everything_is_not_read_through(desk: Desk) -> None:
    for number in range(60):
        (desk.path / f"x{number}.txt").touch()
    assert any(fault.what == "the folder holds more than 50 files" for fault in desk.faults())


def test_a_picture_is_what_its_name_says_and_small(desk: Desk) -> None:
    (desk.path / "bars.png").write_bytes(b"<svg/>")
    assert "bars.png is not a PNG, JPEG, GIF or WebP picture" in desk.fault()
    (desk.path / "bars.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 200_000)
    assert "bars.png is larger than 200 kB" in desk.fault()


@pytest.mark.parametrize(
    ("start", "kind"),
    [(b"\xff\xd8\xff", "jpeg"), (b"GIF89a", "gif"), (b"RIFF0000WEBP", "webp"), (b"\x89PNG\r\n\x1a\n", "png")],
)
def test_a_picture_travels_inside_the_text(desk: Desk, start: bytes, kind: str) -> None:
    (desk.path / "two bars.png").write_bytes(start + b"0")
    desk.replace("](bars.png)", "](two%20bars.png)")
    assert f'<img src="data:image/{kind};base64,' in list(desk.pack().activities)[2].body[0].html
