"""The cast: two organizations with everybody in them, and browsers in which they are signed in.

`make_cast` writes rows directly, so that a test of a page needs no launch; journeys come in through real launches.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

import content
from plugin.actions import offerings, organizations
from plugin.db.learning import Cohort, Context, Enrolment, EnrolmentState
from plugin.db.outbox import LineItem
from plugin.db.people import Grant, Identity, Organization, Person, SignIn
from plugin.db.platforms import Deployment, Platform, PlatformState
from plugin.db.tokens import hashed
from plugin.domain.people import CourseRole, Role
from tests import quick

TINY = Path(__file__).parent / "packs" / "tiny"
TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
LONG_AGO = date(2020, 1, 1)
EVERYBODY = {
    "ada": ("Ada Okafor", CourseRole.LEARNER, None),
    "ben": ("Ben Castillo", CourseRole.LEARNER, None),
    "tom": ("Tom Reyes", CourseRole.LEARNER, Role.TRAINER),
    "lou": ("Lou Park", CourseRole.LEARNER, Role.LSC),
    "ann": ("Ann Admin", CourseRole.ADMINISTRATOR, Role.ADMIN),
    "ian": ("Ian Principal", CourseRole.INSTRUCTOR, None),
}
MEMBERS = {"ada", "ben"}


@dataclass
class Actor:
    """A person at a browser. `get` and `post` are as a browser sends them; `post` brings the page's CSRF token."""

    person: Person
    identity: Identity
    client: FlaskClient
    enrolment: Enrolment | None = None

    @property
    def id(self) -> int:
        """The person's id."""
        return self.person.id

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        """Open a page."""
        return self.client.get(path, **kwargs)

    def post(self, path: str, data: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        """Send a form."""
        return self.client.post(path, data={"csrf_token": self.token(), **(data or {})}, **kwargs)

    def send_json(self, path: str, body: dict[str, Any]) -> TestResponse:
        """Send what a script sends."""
        return self.client.post(path, json=body, headers={"X-CSRFToken": self.token()})

    def token(self) -> str:
        """The CSRF token that this browser's pages carry."""
        found = TOKEN.search(self.client.get("/profile").text)
        assert found, "a signed-in page carries a token"
        return found.group(1)


@dataclass
class Place:
    """One organization with its LMS, its cohort and its people."""

    organization: Organization
    platform: Platform
    context: Context
    cohort: Cohort
    line_item: LineItem
    ada: Actor
    ben: Actor
    tom: Actor
    lou: Actor
    ann: Actor
    ian: Actor


@dataclass
class Cast:
    """Local 1 with everybody by name, and `other`: the same people in Local 2 on another LMS."""

    here: Place
    other: Place
    pack: content.Pack
    app: Flask
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __getattr__(self, name: str) -> Actor:
        if name in {"ada", "ben", "tom", "lou", "ann", "ian"}:
            found: Actor = getattr(self.here, name)
            return found
        raise AttributeError(name)

    @property
    def eve(self) -> Place:
        """Everybody of the other organization."""
        return self.other


def make_cast(session: Session, app: Flask, pack_path: Path = TINY) -> Cast:
    """Write both organizations, with the tiny pack as their offering."""
    now = datetime.now(UTC)
    pack = quick.pack(pack_path)
    version = offerings.publish(session, pack, now=now)
    places = [
        _place(session, app, number=number, offering=version.offering_id, version=version.id, now=now)
        for number in (1, 2)
    ]
    return Cast(places[0], places[1], pack, app, now)


def _place(session: Session, app: Flask, *, number: int, offering: int, version: int, now: datetime) -> Place:
    body = organizations.add(session, f"Local {number}", now=now)
    platform = Platform(
        organization_id=body.id,
        name=f"District {number} LMS",
        issuer=f"https://lms{number}.example.org",
        client_id=f"client-{number}",
        authorization_url=f"https://lms{number}.example.org/auth",
        token_url=f"https://lms{number}.example.org/token",
        key_set_url=f"https://lms{number}.example.org/keys",
        family="demo",
        hosts=[f"lms{number}.example.org"],
        state=PlatformState.ACTIVE,
        instructors_are_trainers=False,
        shared_client=False,
        created_at=now,
    )
    session.add(platform)
    session.flush()
    session.add(Deployment(platform_id=platform.id, deployment_id="1", created_at=now))
    context = Context(platform_id=platform.id, deployment_id="1", context_id="c1", title=f"PD {number}", created_at=now)
    session.add(context)
    session.flush()
    cohort = Cohort(
        organization_id=body.id,
        offering_id=offering,
        version_id=version,
        context_id=context.id,
        name=f"PD {number}",
        created_at=now,
    )
    session.add(cohort)
    session.flush()
    line_item = LineItem(
        platform_id=platform.id, cohort_id=cohort.id, url=f"https://lms{number}.example.org/items/1", created_at=now
    )
    session.add(line_item)
    session.flush()

    # all people at once, then all that hangs on them: a flush for each would take most of a test's time
    people = [Person(name=name, created_at=now) for name, *_ in EVERYBODY.values()]
    session.add_all(people)
    session.flush()
    identities = [
        Identity(
            platform_id=platform.id,
            deployment_key="",
            sub=f"{person.name}-{number}",
            person_id=person.id,
            created_at=now,
            last_launch_at=now,
        )
        for person in people
    ]
    grants = [
        Grant(
            role=granted,
            organization_id=body.id,
            person_id=person.id,
            starts_on=LONG_AGO,
            created_at=now,
            bound_at=now,
        )
        for person, (_, _, granted) in zip(people, EVERYBODY.values(), strict=True)
        if granted is not None
    ]
    session.add_all([*identities, *grants])
    session.flush()
    enrolments = {
        key: Enrolment(
            person_id=identity.person_id,
            cohort_id=cohort.id,
            organization_id=body.id,
            identity_id=identity.id,
            state=EnrolmentState.ACTIVE,
            enrolled_at=now,
        )
        for key, identity in zip(EVERYBODY, identities, strict=True)
        if key in MEMBERS
    }
    session.add_all(enrolments.values())
    actors = {
        key: Actor(
            person,
            identity,
            sign_in_browser(session, app, person, platform=platform, context=context, role=role, now=now),
            enrolments.get(key),
        )
        for (key, (_, role, _)), person, identity in zip(EVERYBODY.items(), people, identities, strict=True)
    }
    session.flush()
    return Place(body, platform, context, cohort, line_item, **actors)


def sign_in_browser(
    session: Session,
    app: Flask,
    person: Person,
    *,
    platform: Platform,
    context: Context,
    role: CourseRole,
    now: datetime,
) -> FlaskClient:
    """A browser in which this person came in through a launch."""
    token = secrets.token_urlsafe(32)
    session.add(
        SignIn(
            token_hash=hashed(token),
            person_id=person.id,
            platform_id=platform.id,
            context_id=context.id,
            course_role=role,
            created_at=now,
            expires_at=now + timedelta(hours=12),
            waiting=False,
            next_path="/",
        )
    )
    # https, since the cookie is Secure
    client = app.test_client()
    client.environ_base["wsgi.url_scheme"] = "https"
    with client.session_transaction(base_url="https://localhost") as cookie:
        cookie["_user_id"] = token
        cookie["_fresh"] = True
        cookie["person"] = person.id
    return client
