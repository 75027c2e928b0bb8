"""A version as a plain document: what the database keeps of a pack, and the pack again.

A document is JSON: the fields of the dataclasses in `content.schema` by their names, dates as "2026-11-01",
enumerations by their values, tuples as lists. It holds rendered HTML, so an old version shows as it was
published, whatever the renderer has become since.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from content.errors import Fault, PackError
from content.schema import Pack

FORMAT = 1
"""Raised when documents of an older shape can no longer be read as they are."""


def to_document(pack: Pack) -> dict[str, Any]:
    """The document of a pack: dictionaries, lists, texts, whole numbers, truth values and None."""
    return {"format": FORMAT, **_encode(pack)}


def from_document(document: Mapping[str, Any]) -> Pack:
    """The pack of a document; raises `PackError` when it is not one this program wrote."""
    if document.get("format") != FORMAT:
        raise _refused("format", f"is {document.get('format')!r}, not {FORMAT}")
    values = {name: value for name, value in document.items() if name != "format"}
    pack: Pack = _decoder(Pack)(values, "document")
    return pack


def digest(pack: Pack) -> str:
    """SHA-256, in hexadecimal, of the document as canonical JSON: equal packs, and only they, have equal
    digests.
    """
    canonical = json.dumps(to_document(pack), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _encode(value: Any) -> Any:
    kind = type(value)
    if is_dataclass(kind):
        return {name: _encode(getattr(value, name)) for name in _names(kind)}
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    if isinstance(value, StrEnum):
        return value.value
    return value.isoformat() if isinstance(value, date) else value


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


Decode = Callable[[Any, str], Any]


@cache
def _decoder(hint: Any) -> Decode:
    """The function that turns JSON into a value of a type, made once for each type of the schema."""
    if get_origin(hint) is tuple:
        return _tuple_decoder(get_args(hint)[0])
    if get_origin(hint) is UnionType:
        kind = next(arg for arg in get_args(hint) if arg is not NoneType)
        decode = _decoder(kind)
        return lambda value, at: None if value is None else decode(value, at)
    if is_dataclass(hint):
        return _dataclass_decoder(hint)
    if hint is date:
        return lambda value, at: _constructed(date.fromisoformat, value, at)
    if issubclass(hint, StrEnum):
        return lambda value, at: _constructed(hint, value, at)
    return _scalar_decoder(hint)


def _scalar_decoder(kind: type) -> Decode:
    def decode(value: Any, at: str) -> Any:
        if type(value) is not kind:
            raise _refused(at, f"is not {kind.__name__}")
        return value

    return decode


def _constructed(make: Callable[[str], Any], value: Any, at: str) -> Any:
    try:
        return make(value)
    except (TypeError, ValueError):
        raise _refused(at, "is not a value this program knows") from None


def _tuple_decoder(item: Any) -> Decode:
    decode_item = _decoder(item)

    def decode(value: Any, at: str) -> Any:
        if not isinstance(value, list):
            raise _refused(at, "is not a list")
        return tuple(decode_item(part, at) for part in value)

    return decode


def _dataclass_decoder(kind: Any) -> Decode:
    hints = get_type_hints(kind)
    decoders = {name: _decoder(hints[name]) for name in _names(kind)}

    def decode(value: Any, at: str) -> Any:
        if not isinstance(value, dict) or value.keys() != decoders.keys():
            raise _refused(at, f"does not have the fields of a {kind.__name__}")
        return kind(**{name: decode(value[name], f"{at}.{name}") for name, decode in decoders.items()})

    return decode


def _refused(at: str, what: str) -> PackError:
    return PackError([Fault("document", 1, f"{at} {what}", "publish the version again from its pack")])
