"""What no claim should hold, and where to put it: for tests that spoil messages."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from hypothesis import strategies as st

TEXT = st.text(max_size=40) | st.sampled_from(
    ["", "\0", "\ud800", "$Context.id", "a" * 300, "http://[::1", "javascript:x", "https://u:p@lms/", "é\u202e"]
)
SCALAR = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | TEXT
    | st.sampled_from([1e308, -0.0, 2**63, "1.3.0", "LtiDeepLinkingRequest"])
)
JUNK = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=8
)


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all members of a JSON value."""
    members: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield (*path, name)
        yield from places(member, (*path, name))


def put(value: Any, path: tuple[Any, ...], junk: object, *, remove: bool) -> None:
    """Write something at a path, or take away what is there."""
    for name in path[:-1]:
        value = value[name]
    if remove and isinstance(value, MutableMapping):
        value.pop(path[-1], None)
    else:
        value[path[-1]] = junk
