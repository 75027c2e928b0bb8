"""Which tests run in one process and in which order, where pytest-xdist shares them out (`-n 2 --dist loadgroup`).

Tests of an `xdist_group` share what takes long to start: a Chromium, an installation, an Open edX. pytest-xdist 3.8
tells its scheduler of groups by writing into `_nodeid`, which pytest 9.2 does not read any more: then every group runs
in every process, and nothing says so (https://github.com/pytest-dev/pytest-xdist/issues/1386). So they are written
where pytest looks, and a run in which they still do not hold does not begin.

What takes long comes first: the end of a run is then made of small tests, and no process waits for another.
"""

from __future__ import annotations

import pytest
from _pytest.nodeid import NodeId


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Order them, and let groups hold.

    Raises:
        pytest.UsageError: they do not.
    """
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
    if not config.getoption("loadgroup", default=False):  # which pytest-xdist sets in the processes that run tests
        return
    for item in items:
        group = item.get_closest_marker("xdist_group")
        if group is not None and not item.nodeid.endswith(f"@{group.args[0]}"):
            item._id = NodeId.parse(f"{item.nodeid}@{group.args[0]}")
            if not item.nodeid.endswith(f"@{group.args[0]}"):
                raise pytest.UsageError(f"{item.nodeid} would not stay with its group: see tests/groups.py")
