"""A platform that answers slowly, hugely, elsewhere or with nonsense: it is named, and nobody else waits for it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, repeat
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lti.http import LONGEST, TOTAL_SECONDS, Answer, Guard, HttpClient
from plugin.actions import outbox
from plugin.actions.doctor import known
from plugin.actions.outbox import LEASE, Result
from plugin.db.learning import Cohort, Context
from plugin.db.outbox import WANTED, LineItem, OutboxState
from plugin.db.platforms import Platform
from plugin.db.rosters import Roster
from plugin.db.session import transaction
from plugin.domain.scores import Progress
from plugin.worker.loop import Limits
from tests.demo_lms import running_lms
from tests.demo_lms.addresses import line_items
from tests.lti.raw import Pieces, RawServer, whole
from tests.patience import until
from tests.worker.conftest import lms_keys
from tests.worker.crowd import queue
from tests.worker.scene import LONG_AGO, SCORES, Place, Scene, new_place
from tests.worker.test_rosters import LATER, Course, course, readers_for

__all__ = ["course"]  # a fixture

TOKEN = whole(json.dumps({"access_token": "t", "token_type": "Bearer", "expires_in": 3600}).encode())
HEAD = b"HTTP/1.1 200 OK\r\n"


def said(*pieces: bytes, for_ever: bytes = b"") -> Pieces:
    """These, to whatever is asked, and then one more and more."""
    return lambda _line: chain(pieces, repeat(for_ever)) if for_ever else pieces


DRIP = said(HEAD + b"X-Never-Ends: ", for_ever=b"x")


class Patient(HttpClient):
    """The client, with as much patience as a test has."""

    def __init__(self, seconds: float) -> None:
        super().__init__(guard=Guard(allow_private=True))
        self.patience = seconds

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        body: bytes | None = None,
        seconds: float = TOTAL_SECONDS,
        longest: int = LONGEST,
    ) -> Answer:
        return super().send(
            method, url, headers=headers, body=body, seconds=min(seconds, self.patience), longest=longest
        )


@pytest.fixture
def healthy(scene: Scene, key_set_url: str) -> Iterator[Place]:
    """Another LMS, where all is well."""
    with running_lms(keys=lms_keys().copy()) as (_, world):
        scene.clock.worlds.append(world)
        with transaction(scene.engine) as session:
            place = new_place(session, world, key_set_url=key_set_url)
        yield place


def lead(scene: Scene, place: Place, server: RawServer) -> None:
    """Let the platform of a place be this server."""
    with transaction(scene.engine) as session:
        session.execute(
            update(Platform)
            .where(Platform.id == place.platform_id)
            .values(token_url=server.url + "/token", hosts=[server.host])
        )
        session.execute(
            update(LineItem).where(LineItem.platform_id == place.platform_id).values(url=server.url + "/items/1")
        )


def in_the_doctor(scene: Scene, place: Place) -> str:
    """What the doctor says of the outbox of a place: code, and the reason that it gives."""
    with Session(scene.engine) as session:
        case = known.read(session, session.get_one(Platform, place.platform_id), score_for=None, now=scene.clock())
    *_, finding = known.outbox(case)
    return f"{finding.code}: {finding.facts.get('codes')}"


# one score


@dataclass(frozen=True)
class Odd:
    """An odd answer to a score, or to the request for a token; what becomes of the row, and the doctor's line."""

    pieces: Pieces
    state: OutboxState
    line: str
    where: str = "POST /items/1/scores"


PAGE = b"<!doctype html><title>Sign in</title>"
DUE, REFUSED = OutboxState.DUE, OutboxState.REFUSED
ODD = {
    "drips its head": Odd(DRIP, DUE, "outbox-retries: later"),
    "drips its body": Odd(
        said(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", for_ever=b"1\r\nx\r\n"), DUE, "outbox-retries: later"
    ),
    "says nothing": Odd(said(), DUE, "outbox-retries: later"),
    "never ends": Odd(said(HEAD, for_ever=b"X" * 60_000 + b"\r\n"), DUE, "outbox-retries: later"),
    "is huge": Odd(said(*whole(b" " * (LONGEST + 1))), DUE, "outbox-retries: answer-unreadable"),
    "leads elsewhere": Odd(
        said(*whole(b"", "Location: http://127.0.0.1:9/", status="302 Found")), REFUSED, "outbox-refused-lms: not-taken"
    ),
    "is a page for signing in": Odd(said(*whole(PAGE)), DUE, "outbox-retries: answer-unreadable"),
    "is no HTTP": Odd(said(b"SSH-2.0-OpenSSH\r\n\r\n"), DUE, "outbox-retries: later"),
    "token that drips": Odd(DRIP, DUE, "outbox-retries: later", "POST /token"),
    "token that is huge": Odd(
        said(*whole(b'"' + b"t" * LONGEST)), DUE, "outbox-retries: answer-unreadable", "POST /token"
    ),
    "token that is a page": Odd(said(*whole(PAGE)), DUE, "outbox-retries: answer-unreadable", "POST /token"),
    "token that is a number": Odd(
        said(*whole(b'{"access_token": 5, "expires_in": {}}')), DUE, "outbox-retries: answer-unreadable", "POST /token"
    ),
    "token that leads elsewhere": Odd(
        said(*whole(b"", "Location: http://127.0.0.1:9/", status="307 Temporary Redirect")),
        REFUSED,
        "outbox-refused-lms: token-refused",
        "POST /token",
    ),
}


@pytest.mark.parametrize("what", ODD)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_score_to_a_platform_that_answers_oddly_is_kept_and_named_and_the_others_go_on(
    scene: Scene, healthy: Place, what: str
) -> None:
    odd = ODD[what]

    def pieces(line: str) -> Iterable[bytes]:
        return odd.pieces(line) if line == odd.where else TOKEN

    scene.http = Patient(0.4)
    with RawServer(pieces, pause=0.01) as server:
        lead(scene, scene.place, server)
        scene.tell(scene.ada)
        scene.tell_many(5, healthy)
        scene.work_off()
        assert odd.where in server.requests
    assert len(healthy.world.scores) == 5
    row = scene.row(scene.ada)
    assert row.state is odd.state
    assert row.problem
    assert in_the_doctor(scene, scene.place) == odd.line
    assert in_the_doctor(scene, healthy) == "outbox-empty: None"


def test_a_score_answered_by_a_page_is_looked_for_before_it_is_sent_again(scene: Scene) -> None:
    scene.world.faults.add(SCORES, status=200, body=PAGE, after_effect=True, times=1)
    scene.tell(scene.ada)
    scene.work_off()
    assert scene.row(scene.ada).state is OutboxState.DUE
    scene.clock.travel(timedelta(seconds=10))
    scene.work_off()
    assert scene.row(scene.ada).state is OutboxState.SENT
    assert scene.asked(SCORES) == 1


def test_a_platform_whose_column_is_on_another_host_is_not_followed(scene: Scene, healthy: Place) -> None:
    with RawServer(lambda _line: TOKEN) as elsewhere:
        with transaction(scene.engine) as session:
            mine = update(LineItem).where(LineItem.platform_id == scene.place.platform_id)
            session.execute(mine.values(url=f"{elsewhere.url}/items/1"))
        scene.set_platform(hosts=["lms.example.org"])
        scene.tell(scene.ada)
        scene.tell_many(2, healthy)
        scene.work_off()
        assert elsewhere.connections == 0
    assert in_the_doctor(scene, scene.place) == "outbox-refused-ours: host-unknown"
    assert len(healthy.world.scores) == 2


# columns


LISTS = {
    "on another host": ("http://elsewhere.example.org/items/1", "outbox-refused-ours: host-unknown"),
    "too long to be kept": ("{lms}/items/" + "1" * 2000, "outbox-retries: answer-unreadable"),
    "no address": ("javascript:alert(1)", "outbox-retries: answer-unreadable"),
    "a number": (5, "outbox-retries: answer-unreadable"),
}


@pytest.mark.parametrize("what", LISTS)
def test_a_column_that_cannot_be_one_is_not_adopted_and_the_others_go_on(
    scene: Scene, healthy: Place, what: str
) -> None:
    given, line = LISTS[what]
    link = scene.world.links[scene.place.column.resource_link_id or ""]
    with transaction(scene.engine) as session:
        context = Context(
            platform_id=scene.place.platform_id,
            deployment_id=link.deployment_id,
            context_id=link.context_id,
            title="PD",
            line_items_url=line_items(scene.world, link.context_id, link.client_id),
            created_at=LONG_AGO,
        )
        session.add(context)
        session.flush()
        session.execute(update(Cohort).where(Cohort.id == scene.place.cohort_id).values(context_id=context.id))
        mine = update(LineItem).where(LineItem.platform_id == scene.place.platform_id)
        session.execute(mine.values(url=f"{WANTED}{scene.place.cohort_id}"))
        code = scene.world.config.issuer  # of the offering, in a scene
    address = given.replace("{lms}", code) if isinstance(given, str) else given
    column = {"id": address, "label": "F", "scoreMaximum": 1, "resourceId": code, "tag": "completion"}
    scene.world.faults.add("ags.line_items", status=200, body=json.dumps([column]))
    scene.tell(scene.ada)
    scene.tell_many(3, healthy)
    scene.work_off()
    assert in_the_doctor(scene, scene.place) == line
    with Session(scene.engine) as session:
        kept = session.scalars(select(LineItem.url).where(LineItem.platform_id == scene.place.platform_id)).one()
    assert kept.startswith(WANTED)
    assert len(healthy.world.scores) == 3


READ = ["GET /items/1/results"]


def test_pages_of_results_that_take_too_long_are_read_no_further(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of five hundred pages that are ready in time, each by itself."""
    monkeypatch.setattr("lti.grades.LIST_SECONDS", 0.2)
    pages = (whole(b"[]", f"Link: <?page={number}>; rel=next") for number in range(500))
    answers = {"POST /token": TOKEN, "POST /items/1/scores": [HEAD]}
    scene.http = Patient(0.3)
    with RawServer(lambda line: next(pages) if line in READ else answers[line], pause=0.05) as server:
        lead(scene, scene.place, server)
        scene.tell(scene.ada)
        scene.work_off()
        scene.clock.travel(timedelta(seconds=10))
        scene.work_off()
        assert 1 < server.requests.count(*READ) < 20
    assert in_the_doctor(scene, scene.place) == "outbox-retries: later"


# many of them


@pytest.fixture
def many(scene: Scene, key_set_url: str) -> Iterator[list[Place]]:
    """Ten LMSs with six scores to be told to each."""
    with ExitStack() as running:
        worlds = [running.enter_context(running_lms(keys=lms_keys().copy()))[1] for _ in range(10)]
        with transaction(scene.engine) as session:
            places = [new_place(session, world, key_set_url=key_set_url) for world in worlds]
        for place in places:
            queue(scene.engine, place, [f"somebody-{n}" for n in range(6)], Progress.COMPLETED, now=LONG_AGO)
        yield places


def test_however_many_platforms_drip_the_scores_of_the_others_arrive(
    scene: Scene, healthy: Place, many: list[Place], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten that would take all of eight slots, for ever."""
    monkeypatch.setattr("plugin.worker.loop.SLOW", 0.2)
    client = scene.http = Patient(0.4)
    with RawServer(lambda line: TOKEN if line == "POST /token" else DRIP(line), pause=0.02) as server:
        for place in many:
            lead(scene, place, server)
        worker = scene.worker(Limits(slots=8, each=4, kept_free=2))
        scene.work_off(worker)  # each was seen to be slow, and is left alone for a while
        scene.clock.travel(timedelta(minutes=2))
        client.patience = 30.0
        asked = len(server.requests)
        worker.turn()
        subs = [person.id for person in healthy.world.add_people(12, healthy.column.context_id)]
        queue(scene.engine, healthy, subs, Progress.COMPLETED, now=LONG_AGO)
        until(lambda: worker.turn(0.05) or len(healthy.world.scores) == 12)
        assert len(server.requests) - asked == 4, "the slow ones have half of the slots, and their calls go on"
    scene.work_off(worker)


# what cannot be stored


def test_an_outcome_that_cannot_be_stored_keeps_no_other_from_being_stored(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = outbox.record

    def refusing(session: Session, results: Sequence[Result], **more: Any) -> None:
        if any(one.delivery.user_id == scene.ada.sub for one in results):
            raise ValueError("no database takes this")
        record(session, results, **more)

    scene.tell(scene.ada, scene.ben)
    worker = scene.worker()
    worker.turn()
    until(lambda: scene.asked(SCORES) == 2)
    with monkeypatch.context() as patched:
        patched.setattr(outbox, "record", refusing)
        with pytest.raises(ValueError, match="no database"):
            scene.work_off(worker)
    assert scene.row(scene.ben).state is OutboxState.SENT
    assert scene.row(scene.ada).state is OutboxState.DUE
    scene.work_off(worker)
    scene.clock.travel(LEASE)
    scene.work_off(worker)
    assert scene.row(scene.ada).state is OutboxState.SENT
    assert scene.asked(SCORES) == 2, "it was read back"


# rosters


ROSTERS = {
    "drips": (DRIP, "roster-later"),
    "is huge": (said(*whole(b" " * (LONGEST + 1))), "answer-unreadable"),
    "leads elsewhere": (said(*whole(b"", "Location: http://127.0.0.1:9/", status="302 Found")), "roster-refused"),
    "is a page": (said(*whole(PAGE)), "answer-unreadable"),
    "is of other types": (said(*whole(b'{"members": {"user_id": []}}')), "answer-unreadable"),
    "goes on elsewhere": (said(*whole(b'{"members": []}', "Link: <http://127.0.0.1:9/2>; rel=next")), "host-unknown"),
    "goes round": (said(*whole(b'{"members": []}', "Link: <?limit=500>; rel=next")), "answer-unreadable"),
}


@pytest.mark.parametrize("what", ROSTERS)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_roster_that_is_none_changes_nobody_and_is_asked_for_later(course: Course, what: str) -> None:
    pieces, code = ROSTERS[what]
    scene = course.scene
    course.read()
    before = course.people()
    with RawServer(lambda line: TOKEN if line == "POST /token" else pieces(line), pause=0.01) as server:
        lead(scene, scene.place, server)
        with transaction(scene.engine) as session:
            session.execute(update(Context).values(memberships_url=server.url + "/members"))
            session.execute(update(Roster).values(differences_url=None))
        scene.clock.travel(LATER)
        readers = readers_for(scene, Patient(0.4))
        assert readers.turn()
        assert not readers.turn(), "not at once again"
        readers.close()
    assert (course.row.failures, course.row.problem_code) == (1, code)
    assert course.people() == before
