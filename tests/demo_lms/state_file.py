"""The world in a JSON file, so that a demonstration started again keeps its registrations, links and grades.

What lives for minutes (sign-ins, launches, tokens, nonces) is not kept.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from tests.demo_lms.keys import PlatformKeys
from tests.demo_lms.model import (
    Context,
    Deployment,
    Enrolment,
    Group,
    LineItem,
    Link,
    MemberStatus,
    Person,
    Result,
    Score,
    Tool,
)
from tests.demo_lms.vocabulary import Activity, Grading, Notice, Role, Scope
from tests.demo_lms.world import World

FORMAT = 1
Thing = TypeVar("Thing")
Reader = Callable[[Any], Any]


def save(world: World, path: Path) -> None:
    """Write the world, whole or not at all: into a file beside, then renamed."""
    with world.lock:
        state = {
            "format": FORMAT,
            "issuer": world.config.issuer,
            "last_number": world.last_number,
            "keys": world.keys.pems(),
            "people": [asdict(one) for one in world.people.values()],
            "contexts": [asdict(one) for one in world.contexts.values()],
            "enrolments": [asdict(one) for one in world.enrolments.values()],
            "tools": [asdict(one) for one in world.tools.values()],
            "deployments": [asdict(one) for one in world.deployments.values()],
            "links": [asdict(one) for one in world.links.values()],
            "line_items": [asdict(one) for one in world.line_items.values()],
            "scores": [asdict(one) for one in world.scores],
            "results": [asdict(one) for one in world.results.values()],
            "groups": [{**asdict(one), "person_ids": sorted(one.person_ids)} for one in world.groups.values()],
            "notice_handlers": [[*key, handler] for key, handler in world.notice_handlers.items()],
        }
        text = json.dumps(state, default=_as_text, indent=1)
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(path.name + ".new")
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:  # it holds keys
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{value!r} has no place in the state file")


def load(world: World, path: Path) -> None:
    """Put what the file holds in the place of what the world holds; ValueError if the file is another LMS's."""
    state = json.loads(path.read_text())
    if (state.get("format"), state.get("issuer")) != (FORMAT, world.config.issuer):
        raise ValueError(
            f"{path}: written for {state.get('issuer')}, not for {world.config.issuer}; remove or rename it"
        )
    world.last_number = state["last_number"]
    world.keys = PlatformKeys.from_pems(state["keys"])
    world.people = _by_id(_all(Person, state["people"], institution_roles=_many(Role)))
    world.contexts = _by_id(_all(Context, state["contexts"], types=tuple, history=tuple))
    enrolments = _all(Enrolment, state["enrolments"], role=Role, status=MemberStatus, changed_at=_time)
    world.enrolments = {(one.context_id, one.person_id): one for one in enrolments}
    tools = _all(Tool, state["tools"], redirect_uris=tuple, scopes=_many(Scope), claims=tuple)
    world.tools = {tool.client_id: tool for tool in tools}
    world.deployments = _by_id(_all(Deployment, state["deployments"], context_ids=_tuple_or_none))
    world.links = _by_id(_all(Link, state["links"], history=tuple))
    world.line_items = _by_id(_all(LineItem, state["line_items"]))
    progress: Mapping[str, Reader] = {"activity": Activity, "grading": Grading, "timestamp": _time}
    world.scores = _all(Score, state["scores"], received_at=_time, **progress)
    told = state.get("notice_handlers", [])  # files of before there were any
    world.notice_handlers = {(deployment, Notice(kind)): handler for deployment, kind, handler in told}
    world.groups = _by_id(_all(Group, state.get("groups", []), person_ids=frozenset))
    results = _all(Result, state["results"], comments=tuple, **progress)
    world.results = {(one.line_item_id, one.user_id): one for one in results}


def _all(kind: type[Thing], rows: list[dict[str, Any]], **readers: Reader) -> list[Thing]:
    return [
        kind(**{name: readers[name](value) if name in readers else value for name, value in row.items()})
        for row in rows
    ]


def _by_id(things: list[Any]) -> dict[str, Any]:
    return {thing.id: thing for thing in things}


def _many(kind: type[Enum]) -> Reader:
    return lambda values: tuple(kind(value) for value in values)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _tuple_or_none(values: list[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
