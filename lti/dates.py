"""Dates that an LMS puts into custom parameters (LTI 1.3 core, appendix C): read kindly, never a reason to refuse."""

import re
from datetime import UTC, datetime

_MOMENT = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d(?::\d\d)?)(?:[.,]\d{1,9})? ?(?P<zone>Z|UTC|[+-]\d\d:?\d\d)",
    re.ASCII,
)
_FIRST, _LAST = 2000, 2099  # before and after it is a program's "never", not somebody's date


def moment(said: str) -> datetime | None:
    """A date and time with its zone, in UTC and whole seconds; None for anything else.

    ISO 8601 as the standard asks for it, and as Ruby writes it ("2026-01-15 00:00:00 -0700", Canvas's courses). One
    without a zone is none: it could be of another day.
    """
    found = _MOMENT.fullmatch(said)
    if found is None or not _FIRST <= int(said[:4]) <= _LAST:
        return None
    zone = "+00:00" if found["zone"] in {"Z", "UTC"} else found["zone"]
    try:
        return datetime.fromisoformat(f"{found['day']}T{found['time']}{zone}").astimezone(UTC)
    except ValueError:
        return None
