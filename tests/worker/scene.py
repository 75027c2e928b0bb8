"""A member's score on its way: our database and worker on one side, a demo LMS with a gradebook on the other."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from lti.http import HttpClient
from plugin.actions import organizations, scores
from plugin.db.learning import Cohort, Completion, Enrolment, EnrolmentState, Offering, OfferingKind, Version
from plugin.db.outbox import LineItem, OutboxRow, OutboxState, PlatformPause
from plugin.db.people import Identity, Person
from plugin.db.platforms import Platform, PlatformState
from plugin.db.session import transaction
from plugin.domain.scores import Progress
from plugin.settings import Settings
from plugin.worker.build import build
from plugin.worker.loop import Limits, Worker
from tests.demo_lms import World
from tests.demo_lms.addresses import line_item
from tests.demo_lms.model import LineItem as Column
from tests.demo_lms.model import Score
from tests.demo_lms.vocabulary import Grading

LONG_AGO = datetime(2026, 9, 1, tzinfo=UTC)
ON_THE_WAY = (Progress.STARTED, Progress.SUBMITTED, Progress.COMPLETED)  # what a completion's column hears, in order

SCORES = "ags.post_score"
RESULTS = "ags.results"
TOKENS = "oauth.token"


class Clock:
    """The worker's clock; `travel` takes LMSs along."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.worlds: list[World] = []

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def travel(self, length: timedelta) -> None:
        self.ahead += length
        for world in self.worlds:
            world.travel(length)


@dataclass(frozen=True)
class Member:
    """Somebody who takes the offering: our ids, and the `sub` by which the LMS knows them."""

    id: int
    enrolment_id: int
    sub: str


@dataclass(frozen=True)
class Run:
    """A cohort of a local, by our ids, whose completions go to one column of its LMS's gradebook."""

    organization_id: int
    platform_id: int
    cohort_id: int
    version_id: int


@dataclass(frozen=True)
class Place(Run):
    """The same with the LMS behind it, and the column there."""

    world: World
    column: Column

    def enrol(self, session: Session, sub: str) -> Member:
        """Enrol somebody whom the LMS knows by this `sub`."""
        person = Person(name="Ada Okafor", created_at=LONG_AGO)
        session.add(person)
        session.flush()
        identity = Identity(
            platform_id=self.platform_id,
            deployment_key="",
            sub=sub,
            person_id=person.id,
            created_at=LONG_AGO,
            last_launch_at=LONG_AGO,
        )
        session.add(identity)
        session.flush()
        enrolment = Enrolment(
            person_id=person.id,
            cohort_id=self.cohort_id,
            organization_id=self.organization_id,
            identity_id=identity.id,
            state=EnrolmentState.ACTIVE,
            enrolled_at=LONG_AGO,
        )
        session.add(enrolment)
        session.flush()
        return Member(person.id, enrolment.id, sub)


@dataclass
class Scene:
    """One installation and an LMS, with Ada and Ben on both sides."""

    engine: Engine
    settings: Settings
    http: HttpClient
    clock: Clock
    place: Place
    ada: Member
    ben: Member
    _workers: list[Worker] = field(default_factory=list)
    _processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def world(self) -> World:
        """The LMS."""
        return self.place.world

    # our side

    def tell(self, *members: Member, progress: Progress = Progress.COMPLETED) -> None:
        """Queue a progress, in the transaction of what it tells of."""
        with transaction(self.engine) as session:
            for member in members:
                self._tell(session, member, progress)

    def tell_many(self, count: int, place: Place | None = None) -> None:
        """So many more members complete."""
        place = place or self.place
        people = place.world.add_people(count, place.column.context_id)
        with transaction(self.engine) as session:
            for other in people:
                self._tell(session, place.enrol(session, other.id), Progress.COMPLETED)

    def _tell(self, session: Session, member: Member, progress: Progress) -> None:
        now = self.clock()
        enrolment = session.get_one(Enrolment, member.enrolment_id)
        if progress is Progress.COMPLETED and enrolment.completed_at is None:
            enrolment.state, enrolment.completed_at = EnrolmentState.COMPLETED, now
            completion = Completion(
                enrolment_id=enrolment.id,
                person_id=member.id,
                organization_id=enrolment.organization_id,
                version_id=self.place.version_id,
                completed_at=now,
                minutes=180,
            )
            session.add(completion)
            session.flush()
        scores.tell(session, enrolment, progress, now=now)

    def row(self, member: Member) -> OutboxRow:
        """The member's row as it is stored now."""
        with Session(self.engine, expire_on_commit=False) as session:
            return session.scalars(select(OutboxRow).where(OutboxRow.person_id == member.id)).one()

    def states(self) -> dict[OutboxState, int]:
        """How many rows are in which state."""
        with Session(self.engine) as session:
            found = list(session.scalars(select(OutboxRow.state)))
        return {state: found.count(state) for state in set(found)}

    def pause(self) -> PlatformPause | None:
        """What is remembered of the LMS's trouble."""
        with Session(self.engine, expire_on_commit=False) as session:
            return session.get(PlatformPause, self.place.platform_id)

    def set_platform(self, **values: object) -> None:
        """Change the registration of the LMS."""
        with transaction(self.engine) as session:
            session.execute(update(Platform).where(Platform.id == self.place.platform_id).values(**values))

    # workers

    def worker(self, limits: Limits | None = None) -> Worker:
        """A worker in this process that does only what a test lets it do; it starts no round by itself."""
        made = build(self.settings, self.engine, http=self.http, limits=limits, clock=self.clock)
        self._workers.append(made)
        return made

    def work_off(self, worker: Worker | None = None) -> None:
        """Let a worker do all that can be done at this moment."""
        worker = worker or (self._workers[0] if self._workers else self.worker())
        worker.turn()
        until = time.monotonic() + 60
        while worker.is_busy or worker.turn():
            worker.turn(0.05)
            assert time.monotonic() < until, "the worker does not come to rest"

    def process(self) -> subprocess.Popen[bytes]:
        """A worker in a process of its own, as `practicum worker` starts it."""
        environment = {
            **os.environ,
            "PRACTICUM_DATABASE_URL": self.settings.database_url,
            "PRACTICUM_SECRET_KEY": self.settings.secret_key,
            "PRACTICUM_DEVELOPMENT": "1",
        }
        started = subprocess.Popen([sys.executable, "-m", "plugin.cli", "worker"], env=environment)
        self._processes.append(started)
        return started

    def end(self) -> None:
        """Leave nothing running."""
        for worker in self._workers:
            worker.close()
        for process in self._processes:
            process.kill()
            process.wait()

    # the other side

    def posts(self, member: Member) -> list[Score]:
        """What the LMS accepted for a member, oldest first."""
        return self.world.posts(member.sub, self.place.column)

    def graded(self, member: Member) -> list[Score]:
        """The posts among them that set a grade."""
        return [score for score in self.posts(member) if score.grading is Grading.FULLY_GRADED]

    def asked(self, endpoint: str) -> int:
        """How many requests reached an endpoint of the LMS."""
        return len(self.world.requests_to(endpoint))


def new_place(session: Session, world: World, *, key_set_url: str) -> Place:
    """Register with this LMS, and put a link with a gradebook column into its first context."""
    tool, _ = world.add_tool(
        "https://tool.example.org",
        initiate_login_uri="https://tool.example.org/lti/login",
        redirect_uris=["https://tool.example.org/lti/launch"],
        jwks_uri=key_set_url,
        target_link_uri="https://tool.example.org/lti/launch",
    )
    column = world.add_line_item("Feedback", link=world.add_link("Feedback", context="RPD-2026"))
    address, habits = world.config.issuer, world.config.habits

    def stored(row: Any) -> Any:
        session.add(row)
        session.flush()
        return row

    body = organizations.add(session, f"Local of {address}", now=LONG_AGO)
    platform = stored(
        Platform(
            organization_id=body.id,
            name=world.config.name,
            issuer=world.config.iss,
            client_id=tool.client_id,
            authorization_url=address + "/lti/auth",
            token_url=address + "/lti/token",
            key_set_url=address + "/lti/jwks",
            family=world.config.product_family_code,
            hosts=[address.removeprefix("http://")],
            state=PlatformState.ACTIVE,
            instructors_are_trainers=False,
            shared_client=habits.client_id is not None,
            created_at=LONG_AGO,
        )
    )
    offering = stored(
        Offering(code=address, kind=OfferingKind.MODULE, title="Feedback", summary="How to give it", minutes=180)
    )
    version = stored(
        Version(offering_id=offering.id, number="1.0.0", digest="", minutes=180, document={}, published_at=LONG_AGO)
    )
    cohort = stored(
        Cohort(
            organization_id=body.id,
            offering_id=offering.id,
            version_id=version.id,
            name="PD 2026",
            created_at=LONG_AGO,
        )
    )
    stored(LineItem(platform_id=platform.id, cohort_id=cohort.id, url=line_item(world, column), created_at=LONG_AGO))
    return Place(body.id, platform.id, cohort.id, version.id, world, column)
