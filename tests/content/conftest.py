"""A desk with a valid pack on it, for tests to spoil."""

from pathlib import Path

import pytest

from tests.packs.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk.copy(tmp_path)
