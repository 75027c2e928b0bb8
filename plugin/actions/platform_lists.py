"""Many registrations out of one list: each line is one, and nothing is stored while anything in the list is wrong.

Open edX gives every unit that holds the tool a client id of its own, so a campus is connected by hundreds. The list is
CSV with a first line of names, or JSON lines; the names are those of `COLUMNS`.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from io import StringIO
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from plugin.actions.platforms import ByHand, as_row, connected_already, faults, remember_added
from plugin.db.people import Organization
from plugin.db.platforms import Deployment, Platform

MOST = 5000  # lines of one list
YES_OR_NO = {"": False, "no": False, "false": False, "0": False, "yes": True, "true": True, "1": True}
SWITCHES = frozenset({"shared_client", "instructors_are_trainers"})
REQUIRED = ("issuer", "client_id", "authorization_url", "token_url", "key_set_url")
COLUMNS = ("organization", *(field.name for field in fields(ByHand)))


@dataclass(frozen=True)
class Fault:
    """Something wrong in a line; lines are counted from 1, as editors do."""

    line: int
    sentence: str


class ListRefused(Exception):
    """Something in the list is wrong, so nothing of it was stored."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))
        super().__init__(f"{len(self.faults)} to mend")


@dataclass(frozen=True)
class Line:
    """One registration of a list, for the organization of this name."""

    number: int
    organization: str
    given: ByHand


def read(raw: bytes, *, organization: str = "") -> list[Line]:
    """The lines of a list. `organization` is that of lines that name none.

    Raises:
        ListRefused: it is neither CSV with known names nor JSON lines, or a value has the wrong type.
    """
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ListRefused(
            [Fault(raw[: error.start].count(b"\n") + 1, "is not UTF-8; save the list as UTF-8")]
        ) from None
    found = list(_json_lines(text) if text.lstrip().startswith("{") else _csv_lines(text))
    wrong = [fault for _, fault in found if isinstance(fault, Fault)]
    lines: list[Line] = []
    for number, values in found:
        if isinstance(values, Fault):
            continue
        try:
            lines.append(_line(number, values, organization))
        except ValueError as error:
            wrong.append(Fault(number, str(error)))
    if not found:
        wrong.append(Fault(1, "is empty; write a first line of names, and a line for each registration"))
    if len(found) > MOST:
        wrong.append(Fault(MOST + 1, f"a list has at most {MOST} registrations; make two of it"))
    if wrong:
        raise ListRefused(wrong)
    return lines


def add(session: Session, lines: Sequence[Line], *, plain_http: bool = False, now: datetime) -> list[Platform]:
    """Store every registration of a list; they are active at once, as `platforms.add` makes them.

    Raises:
        ListRefused: something cannot be right, is there twice, or is connected already.
    """
    bodies = _organizations(session, lines)
    known = _known(session, lines)
    wrong = [Fault(line.number, fault) for line in lines for fault in _faults(line, bodies, known, plain_http)]
    wrong += _twice(lines)
    if wrong:
        raise ListRefused(wrong)
    rows = [as_row(line.given, organization=bodies[line.organization], now=now) for line in lines]
    session.add_all(rows)
    session.flush()
    for row, line in zip(rows, lines, strict=True):
        ids = dict.fromkeys(deployment.strip() for deployment in line.given.deployments)
        session.add_all(Deployment(platform_id=row.id, deployment_id=each, created_at=now) for each in ids)
        remember_added(session, row, by=None, now=now)
    session.flush()
    return rows


def _json_lines(text: str) -> Iterator[tuple[int, dict[str, Any] | Fault]]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            yield number, found
        else:
            yield number, Fault(number, "is not a JSON object on one line")


def _csv_lines(text: str) -> Iterator[tuple[int, dict[str, Any] | Fault]]:
    """Rows by name. Spreadsheets write commas, semicolons or tabs, as their country does."""
    first = text.lstrip().partition("\n")[0]
    rows = csv.reader(StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    names: list[str] = []
    try:
        for row in rows:
            if not any(value.strip() for value in row):
                continue
            if not names:
                names = [name.strip().lower().replace(" ", "_").replace("-", "_") for name in row]
                wrong = [(rows.line_num, Fault(rows.line_num, fault)) for fault in _name_faults(names)]
                yield from wrong
                if wrong:
                    return
            elif len(row) != len(names):
                yield (
                    rows.line_num,
                    Fault(rows.line_num, f"has {len(row)} values, but the first line has {len(names)} names"),
                )
            else:
                yield rows.line_num, dict(zip(names, (value.strip() for value in row), strict=True))
    except csv.Error as error:
        yield rows.line_num, Fault(rows.line_num, f"is not CSV: {error}")


def _name_faults(names: Sequence[str]) -> Iterator[str]:
    for name in dict.fromkeys(names):
        if name not in COLUMNS:
            yield f'"{name}" is no name of a column; there are {", ".join(COLUMNS)}'
        elif names.count(name) > 1:
            yield f"{name} is there twice"
    yield from (f"{name} is missing" for name in REQUIRED if name not in names)


def _line(number: int, values: Mapping[str, Any], organization: str) -> Line:
    """ValueError with a sentence for the first value of the wrong type, or a name that is unknown."""
    for name in values:
        if name not in COLUMNS:
            raise ValueError(f'"{name}" is no name of a value; there are {", ".join(COLUMNS)}')
    text = {name: _text(name, values.get(name)) for name in COLUMNS if name not in SWITCHES | {"deployments"}}
    given = ByHand(
        name=text["name"],
        issuer=text["issuer"],
        client_id=text["client_id"],
        authorization_url=text["authorization_url"],
        token_url=text["token_url"],
        key_set_url=text["key_set_url"],
        deployments=_deployments(values.get("deployments")),
        token_audience=text["token_audience"] or None,
        family=text["family"] or None,
        shared_client=_switch("shared_client", values.get("shared_client")),
        instructors_are_trainers=_switch("instructors_are_trainers", values.get("instructors_are_trainers")),
    )
    return Line(number, text["organization"] or organization.strip(), given)


def _text(name: str, value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f"{name}: write it as text, in quotation marks")
    return value.strip()


def _deployments(value: object) -> tuple[str, ...]:
    """Several are parted by blanks, or a JSON list."""
    if value is None:
        return ()
    if isinstance(value, str):
        return tuple(value.split())
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ValueError('deployments: write a list of texts, e.g. ["1", "2"]')
    return tuple(value)


def _switch(name: str, value: object) -> bool:
    known = value if isinstance(value, bool) else YES_OR_NO.get(_text(name, value).lower())
    if known is None:
        raise ValueError(f"{name}: write yes or no")
    return known


def _organizations(session: Session, lines: Sequence[Line]) -> dict[str, int]:
    """Names of organizations that there are → ids."""
    names = {line.organization for line in lines}
    rows = session.execute(select(Organization.name, Organization.id).where(Organization.name.in_(names)))
    return {row.name: row.id for row in rows}


def _known(session: Session, lines: Sequence[Line]) -> frozenset[tuple[str, str]]:
    """Issuer and client id of what is connected already."""
    issuers = {line.given.issuer for line in lines}
    rows = session.execute(select(Platform.issuer, Platform.client_id).where(Platform.issuer.in_(issuers)))
    return frozenset((row.issuer, row.client_id) for row in rows)


def _faults(
    line: Line, bodies: Mapping[str, int], known: frozenset[tuple[str, str]], plain_http: bool
) -> Iterator[str]:
    if not line.organization:
        yield "organization: name one, or give --organization for all lines that name none"
    elif line.organization not in bodies:
        name = line.organization
        yield f'there is no organization "{name}"; add it with `practicum organizations add "{name}"`'
    yield from faults(line.given, plain_http=plain_http)
    if (line.given.issuer, line.given.client_id) in known:
        yield connected_already(line.given)


def _twice(lines: Sequence[Line]) -> Iterator[Fault]:
    first: dict[tuple[str, str], int] = {}
    for line in lines:
        number = first.setdefault((line.given.issuer, line.given.client_id), line.number)
        if number != line.number:
            yield Fault(line.number, f"is the same issuer and client id as line {number}")
