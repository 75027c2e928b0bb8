"""The packs that come with the product are found, and fit to be published."""

from pathlib import Path

import pytest

from content import check, find, installed, load
from content.catalog import code_of
from tests.packs.desk import TINY


def test_every_installed_pack_is_found_by_its_code() -> None:
    packs = installed()
    codes = [load(path).code for path in packs]
    assert len(set(codes)) == len(codes)
    assert [find(code) for code in codes] == packs


@pytest.mark.parametrize("path", installed(), ids=lambda path: path.name)
def test_every_installed_pack_is_fit_to_be_published(path: Path) -> None:
    assert check(path) == []


def test_a_code_nobody_uses_is_not_found() -> None:
    assert find("NONE-01") is None


def test_a_code_is_read_without_loading_the_pack(tmp_path: Path) -> None:
    assert code_of(TINY) == "TST-01"
    assert code_of(tmp_path) is None
    for text in ("- a", "title: x", "offering: [a]", "offering: &a b"):
        (tmp_path / "pack.yaml").write_text(text)
        assert code_of(tmp_path) is None
