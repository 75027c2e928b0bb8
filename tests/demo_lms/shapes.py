"""Checks of JSON that tools send; each raises BadShape with a sentence that names the field."""

import re
from datetime import UTC, datetime
from typing import Any

# ISO 8601 with date, time and zone; AGS wants sub-second precision to be possible
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")


class BadShape(Exception):
    """A field is missing, of the wrong type or out of range."""


def text(body: dict[str, Any], name: str, *, longest: int = 1000) -> str:
    """A non-empty string."""
    value = optional_text(body, name, longest=longest)
    if not value:
        raise BadShape(f"{name} is missing")
    return value


def optional_text(body: dict[str, Any], name: str, *, longest: int = 1000) -> str | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadShape(f"{name} has to be a string")
    if len(value) > longest:
        raise BadShape(f"{name} is longer than {longest} characters")
    return value


def optional_number(body: dict[str, Any], name: str) -> float | None:
    """A number of at least 0; true and "5" are none."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadShape(f"{name} has to be a number")
    if not 0 <= value < float("inf"):
        raise BadShape(f"{name} has to be 0 or more")
    return float(value)


def maximum(body: dict[str, Any], name: str = "scoreMaximum") -> float:
    """A number above 0."""
    value = optional_number(body, name)
    if not value:
        raise BadShape(f"{name} has to be a number above 0")
    return value


def instant(body: dict[str, Any], name: str) -> datetime:
    """A time with its zone, in UTC."""
    return parse_instant(text(body, name), name)


def optional_instant_text(body: dict[str, Any], name: str) -> str | None:
    """A time kept as it was written, once it is known to be one."""
    value = optional_text(body, name)
    if value is not None:
        parse_instant(value, name)
    return value


def parse_instant(value: str, name: str) -> datetime:
    if not INSTANT.fullmatch(value):
        raise BadShape(f"{name} has to be ISO 8601 with a time zone, for example 2026-11-21T15:42:10.123Z")
    # Python reads up to six digits of a second
    trimmed = re.sub(r"(\.\d{6})\d+", r"\1", value)
    try:
        return datetime.fromisoformat(trimmed).astimezone(UTC)
    except ValueError:
        raise BadShape(f"{name} is no time that exists") from None


def optional_object(body: dict[str, Any], name: str) -> dict[str, Any] | None:
    value = body.get(name)
    if value is not None and not isinstance(value, dict):
        raise BadShape(f"{name} has to be an object")
    return value


def texts(body: dict[str, Any], name: str) -> dict[str, str]:
    """An object of strings, such as custom parameters."""
    value = optional_object(body, name) or {}
    if any(not isinstance(one, str) for one in value.values()):
        raise BadShape(f"the values in {name} have to be strings")
    return value


def only(body: dict[str, Any], known: frozenset[str]) -> None:
    """Refuse fields the standard does not know; extensions are named by a URL."""
    strange = sorted(name for name in body if name not in known and "://" not in name)
    if strange:
        raise BadShape(f"{', '.join(strange)}: not a field of the standard, and not an extension named by a URL")
