"""A version survives the way into the database and back, to the letter."""

import json
import re
import time
from dataclasses import is_dataclass, replace
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content import Pack, PackError, digest, from_document, load, to_document
from tests.packs.desk import TINY


def test_a_pack_comes_back_equal() -> None:
    pack = load(TINY)
    assert from_document(json.loads(json.dumps(to_document(pack)))) == pack


def small(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type of the schema, with short texts and lists."""
    if get_origin(hint) is tuple:
        return st.lists(small(get_args(hint)[0]), max_size=2).map(tuple)
    if isinstance(hint, type) and is_dataclass(hint):
        return st.builds(hint, **{name: small(part) for name, part in get_type_hints(hint).items()})
    return st.text(max_size=4) if hint is str else st.from_type(hint)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(small(Pack))
def test_any_pack_comes_back_equal(pack: Pack) -> None:
    returned = from_document(json.loads(json.dumps(to_document(pack))))
    assert returned == pack
    assert digest(returned) == digest(pack)


def test_the_digest_changes_with_anything_in_the_pack() -> None:
    pack = load(TINY)
    assert re.fullmatch(r"[0-9a-f]{64}", digest(pack))
    assert digest(load(TINY)) == digest(pack)
    assert digest(replace(pack, title="Another")) != digest(pack)


def _without(document: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != name}


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda document: {}, "format is None, not 1"),
        (lambda document: document | {"format": 2}, "format is 2, not 1"),
        (lambda document: _without(document, "title"), "document does not have the fields of a Pack"),
        (lambda document: document | {"colour": "red"}, "document does not have the fields of a Pack"),
        (lambda document: document | {"minutes": "30"}, "document.minutes is not int"),
        (lambda document: document | {"minutes": True}, "document.minutes is not int"),
        (lambda document: document | {"kind": "party"}, "document.kind is not a value this program knows"),
        (lambda document: document | {"kind": ["module"]}, "document.kind is not a value this program knows"),
        (lambda document: document | {"sessions": None}, "document.sessions is not a list"),
        (lambda document: document | {"review": {"last": 5}}, "document.review does not have the fields of a Review"),
        (
            lambda document: document | {"review": {"last": "soon", "every_years": 4, "owner": "x"}},
            "document.review.last is not a value this program knows",
        ),
        (lambda document: document | {"authors": [1]}, r"document.authors is not str"),
    ],
)
def test_a_document_this_program_did_not_write_is_refused(change: Any, what: str) -> None:
    with pytest.raises(PackError, match=what):
        from_document(change(to_document(load(TINY))))


def test_rebuilding_a_long_pack_takes_less_than_five_milliseconds() -> None:
    pack = load(TINY)
    session = pack.sessions[0]
    course = replace(pack, sessions=tuple(replace(session, number=number) for number in range(1, 13)))
    document = to_document(course)
    times = []
    for _ in range(5):
        start = time.process_time()
        from_document(document)
        times.append(time.process_time() - start)
    assert min(times) < 0.005
