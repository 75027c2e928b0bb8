"""Every route, for everybody, with objects of their own organization and of another one (design, rule 8).

The walk is made from the application's own map of addresses. A route with a parameter that is not in `FILLERS` fails
it: say there which row the parameter names, and in `FINDS` who of an organization finds that row.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, update
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from plugin.actions import grants, platforms
from plugin.actions.doctor import rounds
from plugin.actions.doctor.findings import Check, Finding
from plugin.db.groups import CourseGroup, GroupMember
from plugin.db.learning import Answer, Completion, EnrolmentState, Progress
from plugin.db.outbox import OutboxRow, OutboxState
from plugin.db.people import Organization, Person
from plugin.db.platforms import DeepLinkingRequest
from plugin.db.reflections import Feedback, Reflection, Revision, SetAside
from plugin.db.session import transaction
from plugin.domain.people import Role
from plugin.domain.review import State
from plugin.domain.rosters import Reached
from plugin.domain.scores import Progress as Told
from tests.cast import Actor, Cast, Place
from tests.rostered import keep_roster
from tests.rows import belonging, changed, snapshot

NAMES = ("ada", "ben", "tom", "lou", "ann", "ian")


@dataclass(frozen=True)
class Furnished:
    """An organization with something in every table, and the words that only its own people may read."""

    place: Place
    reflection: int
    outbox: int
    roster_member: int
    group: int
    request: int
    invitation: str
    code: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Town:
    """Both organizations, and everybody's browser with the token of its forms."""

    app: Flask
    engine: Engine
    here: Furnished
    other: Furnished
    keys: tuple[str, ...]
    clients: dict[str, FlaskClient]
    tokens: dict[str, str]


# Which row a parameter of an address names. `key` is an activity of the offering, the same in both organizations.
FILLERS: dict[str, Callable[[Furnished], Any]] = {
    "enrolment": lambda f: f.place.ada.enrolment and f.place.ada.enrolment.id,
    "reflection": lambda f: f.reflection,
    "cohort_id": lambda f: f.place.cohort.id,
    "roster_id": lambda f: f.place.cohort.id,
    "platform_id": lambda f: f.place.platform.id,
    "request_id": lambda f: f.request,
    "person_id": lambda f: f.place.ada.id,
    "id": lambda f: f.outbox,
}
# Who of an organization finds that row of it: its owner, or whose grant is for it.
FINDS: dict[str, set[str]] = {
    "enrolment": {"ada"},
    "reflection": {"tom"},
    "cohort_id": set(NAMES),
    "roster_id": {"tom", "lou", "ann", "ian"},
    "platform_id": {"ann"},
    "request_id": {"ian"},
    "person_id": {"lou", "ann"},
    "id": {"lou", "ann"},
}
# Not numbers but secrets: whoever was given one may use it, from wherever they come.
SECRETS: dict[str, Callable[[Furnished], str]] = {"token": lambda f: f.invitation, "code": lambda f: f.code}
# The same for everybody.
NAMED = {"key", "filename"}

# Where a question of a page, after the "?", may name rows.
QUESTIONS: dict[str, Callable[[Furnished], list[dict[str, Any]]]] = {
    "trainer.queue": lambda f: [
        {"cohort": f.place.cohort.id},
        {"cohort": f.place.cohort.id, "only": "all"},
        {"after": f"1-{f.reflection}"},
        {"group": f.group},
    ],
    "trainer.desk": lambda f: [{"cohort": f.place.cohort.id}],
    "rosters.page": lambda f: [
        *({"state": each.value} for each in Reached),
        {"after": f.roster_member},
        {"group": f.group},
    ],
    "lsc.completions": lambda f: [
        {"organization": f.place.organization.id},
        {"cohort": f.place.cohort.id, "state": "all"},
        {"group": f.group, "state": "all"},
        {"name": "Zed"},
        {"state": "all", "from": "2000-01-01"},
    ],
    "lsc.completions_csv": lambda f: [{"organization": f.place.organization.id}, {"cohort": f.place.cohort.id}],
    "lsc.completions_xlsx": lambda f: [{"organization": f.place.organization.id}, {"cohort": f.place.cohort.id}],
    "lsc.completions_print": lambda f: [{"organization": f.place.organization.id}, {"cohort": f.place.cohort.id}],
    "lsc.rosters": lambda f: [{"after": f.place.cohort.id + 1}, {"before": f.place.cohort.id - 1}],
    "lsc.scores": lambda f: [{"state": "refused"}, {"after": f"refused-{f.outbox}"}],
}


@pytest.fixture
def town(app: Flask, engine: Engine, cast: Cast) -> Town:
    """Both organizations furnished, and the people of the first at their browsers."""
    with transaction(engine) as furnishing:
        here, other = furnish(furnishing, cast.here, "Hazel"), furnish(furnishing, cast.other, "Zed")
    clients = {name: getattr(cast.here, name).client for name in NAMES}
    tokens = {name: getattr(cast.here, name).token() for name in NAMES}
    keys = tuple(activity.key for activity in cast.pack.activities)
    return Town(app, engine, here, other, keys, {**clients, "nobody": app.test_client()}, {**tokens, "nobody": ""})


def furnish(session: Session, place: Place, mark: str) -> Furnished:
    """Put something into every table; `mark` is in every word of it that could be read."""
    now = datetime.now(UTC)
    for name in NAMES:
        person = getattr(place, name).person.id
        session.execute(update(Person).where(Person.id == person).values(name=f"{mark} {name.title()}"))
    session.execute(
        update(Organization).where(Organization.id == place.organization.id).values(name=f"Local of {mark}")
    )
    session.merge(place.platform).name = f"LMS of {mark}"
    session.merge(place.cohort).name = f"Cohort of {mark}"
    reflection = _reflection(session, place, place.ada, mark, now)
    ben = session.merge(place.ben.enrolment) if place.ben.enrolment else None
    assert ben is not None
    ben.state, ben.started_at, ben.completed_at = EnrolmentState.COMPLETED, now, now
    session.add(
        Completion(
            enrolment_id=ben.id,
            person_id=ben.person_id,
            organization_id=ben.organization_id,
            version_id=place.cohort.version_id,
            completed_at=now,
            minutes=30,
        )
    )
    assert place.ada.enrolment is not None
    told = OutboxRow(
        line_item_id=place.line_item.id,
        person_id=place.ada.id,
        enrolment_id=place.ada.enrolment.id,
        organization_id=place.organization.id,
        platform_id=place.platform.id,
        user_id=place.ada.identity.sub,
        progress=Told.SUBMITTED,
        version=1,
        state=OutboxState.REFUSED,
        queued_at=now,
        due_at=now,
        attempts=1,
        problem=f"{mark} was refused",
    )
    request = DeepLinkingRequest(
        person_id=place.ian.id,
        platform_id=place.platform.id,
        deployment_id="1",
        settings={
            "return_url": f"https://{mark.lower()}.example.org/return",
            "data": mark,
            "targets": [],
            "accept_multiple": True,
            "accept_lineitem": True,
        },
        created_at=now,
        expires_at=now + timedelta(hours=2),
    )
    session.add_all([told, request])
    place.context = session.merge(place.context)
    place.context.memberships_url = f"https://{mark.lower()}.example.org/members"
    (member,) = keep_roster(session, place, [(f"{mark} Stranger", None)], read_at=now)
    group = CourseGroup(context_id=place.context.id, group_id="g1", name=f"Group of {mark}")
    session.add(group)
    session.flush()
    session.add(GroupMember(group_id=group.id, user_id=place.ada.identity.sub))
    session.flush()
    case = rounds.begin(session, place.platform, score_for=None, by=None, now=now)
    facts: dict[str, str | int] = {"address": f"https://{mark.lower()}.example.org/keys", "status": 500}
    rounds.keep(session, case, [Finding(Check.KEYS, "lms-trouble", facts)])
    code = grants.issue(session, Role.VIEWER, organization=place.organization.id, starts_on=now.date(), now=now)
    invitation = platforms.invite(session, organization=place.organization.id, now=now)
    words = (mark, mark.lower(), place.platform.issuer)
    return Furnished(place, reflection, told.id, member.id, group.id, request.id, invitation, code, words)


def _reflection(session: Session, place: Place, author: Actor, mark: str, now: datetime) -> int:
    enrolment = author.enrolment
    assert enrolment is not None
    session.add(Progress(enrolment_id=enrolment.id, activity="check", opened_at=now, position=0))
    session.add(Answer(enrolment_id=enrolment.id, activity="check", item="q1", choice="a", answered_at=now))
    written = Reflection(
        enrolment_id=enrolment.id,
        cohort_id=place.cohort.id,
        organization_id=place.organization.id,
        person_id=author.id,
        activity="reflect",
        reviewed=True,
        state=State.SUBMITTED,
        text=f"{mark} wrote this",
        version=1,
        saved_at=now,
        revision=1,
        waiting_since=now,
        created_at=now,
    )
    session.add(written)
    session.flush()
    session.add(SetAside(reflection_id=written.id, text=f"{mark} put this aside", set_aside_at=now))
    sent = Revision(reflection_id=written.id, number=1, text=f"{mark} wrote this", words=3, submitted_at=now)
    session.add(sent)
    session.flush()
    session.add(
        Feedback(
            reflection_id=written.id,
            revision_id=sent.id,
            trainer_id=place.tom.id,
            marks={},
            comments={},
            working=f"{mark} answers",
            next_step="",
            question="",
            version=1,
            saved_at=now,
        )
    )
    session.flush()
    return written.id


# The walk


def rules(app: Flask) -> list[Rule]:
    """Every address, the static files aside."""
    return sorted((rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"), key=str)


def named_rows(rule: Rule) -> set[str]:
    """Parameters of an address that name rows."""
    return set(rule.arguments) & set(FILLERS)


def finders(rule: Rule) -> set[str]:
    """Who of an organization finds its rows at this address; everybody where it names none."""
    return set(NAMES).intersection(*(FINDS[name] for name in named_rows(rule)))


def methods(rule: Rule) -> list[str]:
    return sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})


def addresses(town: Town, rule: Rule, of: Furnished) -> list[str]:
    """The rule filled with an organization's rows: once for each activity where it asks for one."""
    found = []
    for key in town.keys if "key" in rule.arguments else ("",):
        values = {name: FILLERS[name](of) for name in named_rows(rule)}
        values |= {name: SECRETS[name](of) for name in set(rule.arguments) & set(SECRETS)}
        if "key" in rule.arguments:
            values["key"] = key
        with town.app.test_request_context():
            found.append(town.app.url_for(rule.endpoint, **values))
    return found


def ask(town: Town, who: str, method: str, address: str, *, script: bool = False) -> TestResponse:
    """Send a request as this person's browser does, with the token of their forms."""
    client = town.clients[who]
    if method == "GET":
        return client.get(address)
    if script:
        return client.open(address, method=method, json={}, headers={"X-CSRFToken": town.tokens[who]})
    return client.open(address, method=method, data={"csrf_token": town.tokens[who]})


def ways(method: str) -> tuple[bool, ...]:
    """A form, and a script; opening a page is one way only."""
    return (False,) if method == "GET" else (False, True)


def text_of(answer: TestResponse) -> str:
    """Everything that an answer says, what is packed included."""
    if answer.mimetype == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet":
        with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
            return " ".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
    return answer.get_data(as_text=True) + " ".join(f"{name}: {value}" for name, value in answer.headers)


def test_the_walk_knows_what_every_parameter_of_every_address_names(app: Flask) -> None:
    known = {*FILLERS, *SECRETS, *NAMED}
    unknown = {f"{rule} ({rule.endpoint}): {name}" for rule in rules(app) for name in set(rule.arguments) - known}
    assert not unknown, "say in FILLERS which row it names, and in FINDS who finds it"
    assert set(FINDS) == set(FILLERS)
    assert set(QUESTIONS) <= set(app.view_functions)


def test_what_another_organization_has_is_not_found_by_anybody(town: Town) -> None:
    before, walked = snapshot(town.engine), 0
    for rule in rules(town.app):
        if not named_rows(rule):
            continue
        each = addresses(town, rule, town.other)
        for method in methods(rule):
            for who in (*NAMES, "nobody"):
                # a member and a trainer try every activity, the others one
                for address in each if who in {"ada", "tom"} else each[-1:]:
                    for script in ways(method):
                        answer = ask(town, who, method, address, script=script)
                        expected = 401 if who == "nobody" else 404
                        assert answer.status_code == expected, f"{who}: {method} {address}"
                        walked += 1
        assert changed(before, snapshot(town.engine)) == {}, f"{rule} changed something"
    assert walked > 500


def test_within_an_organization_rows_are_found_by_whom_they_are_for_and_by_nobody_else(town: Town) -> None:
    before = snapshot(town.engine)
    for rule in rules(town.app):
        if not named_rows(rule):
            continue
        for method in methods(rule):
            for who in sorted({*NAMES, "nobody"} - finders(rule)):
                each = addresses(town, rule, town.here)
                for address in each if who in {"ben", "tom"} else each[-1:]:
                    answer = ask(town, who, method, address)
                    expected = 401 if who == "nobody" else 404
                    assert answer.status_code == expected, f"{who}: {method} {address}"
        assert changed(before, snapshot(town.engine)) == {}, f"{rule} changed something"
    for rule in rules(town.app):
        if not named_rows(rule) or "GET" not in methods(rule):
            continue
        for who in finders(rule):
            found = [ask(town, who, "GET", address) for address in addresses(town, rule, town.here)]
            assert any(answer.status_code < 400 for answer in found), f"{who} does not find {rule}"
            assert all(answer.status_code < 500 for answer in found), f"{who}: {rule}"


def test_no_page_shows_anybody_anything_of_another_organization(town: Town) -> None:
    for rule in rules(town.app):
        if "GET" not in methods(rule):
            continue
        asked: list[dict[str, Any]] = [{}]
        if rule.endpoint in QUESTIONS:
            asked += QUESTIONS[rule.endpoint](town.other)
        for address in addresses(town, rule, town.here):
            for query in asked:
                for who in finders(rule):
                    answer = town.clients[who].get(address, query_string=query)
                    assert answer.status_code < 500, f"{who}: {address} {query}"
                    said = text_of(answer)
                    # what somebody typed comes back to them
                    typed = {str(value) for value in query.values()}
                    shown = [word for word in town.other.words if word in said and word not in typed]
                    assert not shown, f"{who} reads {shown} at {address} {query}"


def test_whatever_is_sent_from_one_organization_changes_nothing_of_another(town: Town) -> None:
    """Every form with one's own rows, by whoever finds them, full of the names of foreign rows."""
    theirs, before = belonging(town.engine, town.other.place.organization.id), snapshot(town.engine)
    foreign = {
        "organization": town.other.place.organization.id,
        "cohort": town.other.place.cohort.id,
        "cohort_id": town.other.place.cohort.id,
        "platform": town.other.place.platform.id,
        "enrolment": FILLERS["enrolment"](town.other),
        "reflection": town.other.reflection,
        "revision": 1,
        "person": town.other.place.ada.id,
        "id": town.other.outbox,
        "next": f"/learn/{FILLERS['enrolment'](town.other)}",
        "text": "Theirs",
        "working": "Theirs",
        "step": "save",
        "decision": "accept",
        "legal_name": "Somebody Else",
        "offering": "TST-01",
        "deployment": "another",
    }
    for rule in rules(town.app):
        for method in methods(rule):
            if method == "GET":
                continue
            for address in addresses(town, rule, town.here):
                for who in finders(rule):
                    body = {**foreign, "csrf_token": town.tokens[who]}
                    answer = town.clients[who].open(address, method=method, data=body)
                    assert answer.status_code < 500, f"{who}: {method} {address}: {answer.text[:500]}"
    after = snapshot(town.engine)
    touched = {(table, key) for table, keys in changed(before, after).items() for key in keys}
    assert touched, "it did change something here"
    assert touched & theirs == set()
    assert belonging(town.engine, town.other.place.organization.id) == theirs, "and nothing was added to theirs"


def test_a_secret_that_was_made_up_opens_nothing(town: Town) -> None:
    before = snapshot(town.engine)
    made_up = Furnished(town.here.place, 0, 0, 0, 0, 0, "made-up", "AAAA-BBBB-CCCC", ())
    for rule in rules(town.app):
        if not set(rule.arguments) & set(SECRETS):
            continue
        for method in methods(rule):
            for who in (*NAMES, "nobody"):
                (address,) = addresses(town, rule, made_up)
                answer = ask(town, who, method, address)
                assert answer.status_code < 500
    assert (
        town.clients["ada"]
        .post("/grant", data={"code": "AAAA-BBBB-CCCC", "csrf_token": town.tokens["ada"]})
        .status_code
        == 400
    )
    assert changed(before, snapshot(town.engine)) == {}
