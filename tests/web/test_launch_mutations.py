"""Two thousand launches, each a valid one that was spoilt and then signed by the LMS all the same.

Claims and headers are dropped, given other types, swapped, nested and enlarged. What comes of it is a refusal in words
that leaves nothing behind, or a launch of exactly what the token says. It goes through the whole application, without a
socket in between, into a real database.
"""

from __future__ import annotations

import copy
import itertools
import json
import re
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from urllib3 import HTTPHeaderDict

from plugin.db import Base
from plugin.db.learning import Cohort, Context, Enrolment, Offering
from plugin.db.people import Identity, Person, SignIn
from plugin.db.platforms import DeepLinkingRequest, UsedNonce
from tests.arrivals import login_fields
from tests.connected import Connected
from tests.demo_lms import Page, log_in
from tests.demo_lms import vocabulary as v
from tests.lti.junk import JUNK, TEXT, places, put
from tests.refusals import SIGN_IN, assert_refused

LAUNCHES = 1000  # on each engine
DEEP = "nested deeper than any reader goes"
LONGEST = 100_000  # characters of a text
MARKS = re.compile(r"zz\d+zz")
LEARN = re.compile(r"/learn/(\d+)")
COHORT = re.compile(r"/cohorts/(\d+)")
CHOICE = re.compile(r"/deep-linking/(\d+)")

Token = dict[str, Any]
"""{"header": …, "payload": …}, both as their JSON objects until something else is put there."""


# Ways to spoil a token


def drop(data: st.DataObject, token: Token, path: tuple[Any, ...]) -> None:
    """Take it away."""
    put(token, path, None, remove=True)


def retype(data: st.DataObject, token: Token, path: tuple[Any, ...]) -> None:
    """Something of any type in its place."""
    put(token, path, data.draw(JUNK), remove=False)


def reword(data: st.DataObject, token: Token, path: tuple[Any, ...]) -> None:
    """Another text in its place: the right type, and anything in it."""
    put(token, path, data.draw(TEXT), remove=False)


def swap(data: st.DataObject, token: Token, path: tuple[Any, ...]) -> None:
    """Exchange it with another one."""
    other = data.draw(st.sampled_from(list(places(token))))
    here, there = copy.deepcopy(look(token, path)), copy.deepcopy(look(token, other))
    put(token, path, there, remove=False)
    if other[: len(path)] != path:  # else it is gone by now
        put(token, other, here, remove=False)


def nest(data: st.DataObject, token: Token, path: tuple[Any, ...]) -> None:
    """Wrap it up, once or many times."""
    value = copy.deepcopy(look(token, path))
    wrapped = data.draw(st.sampled_from([[value], {"id": value}, [[[value]]], {"a": {"b": [value]}}, DEEP]))
    put(token, path, wrapped, remove=False)


def enlarge(data: st.DataObject, token: Token, path: tuple[Any, ...]) -> None:
    """Much more of it."""
    value, times = look(token, path), data.draw(st.sampled_from([5, 60, 300, 20_000]))
    match value:
        case str():
            piece = value or "x"
            larger: Any = (piece * min(times, LONGEST // len(piece) + 1))[:LONGEST]  # and never gigabytes on the way
        case bool() | None:
            larger = [value] * times
        case int() | float():
            larger = 10 ** min(times, 4000)
        case list():
            larger = (value * min(times, 300))[:300]
        case _:
            larger = {**value, **{f"more {number}": number for number in range(min(times, 500))}}
    put(token, path, larger, remove=False)


WAYS: tuple[Callable[[st.DataObject, Token, tuple[Any, ...]], None], ...] = (drop, retype, reword, swap, nest, enlarge)


def look(value: Any, path: tuple[Any, ...]) -> Any:
    """What is at a path."""
    for name in path:
        value = value[name]
    return value


def signed(token: Token, key: RSAPrivateKey) -> str:
    """The token in three parts, with a good signature whatever its header says."""
    head, payload = (_json(token.get(part, {})) for part in ("header", "payload"))
    text = f"{_letters(head)}.{_letters(payload)}"
    return f"{text}.{_letters(key.sign(text.encode(), PKCS1v15(), SHA256()))}"


def _json(value: Any) -> bytes:
    return json.dumps(value).replace(json.dumps(DEEP), "[" * 4000 + "]" * 4000).encode()


def _letters(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


# The trial


@dataclass
class Trial:
    """One application under two thousand launches, and what it let in."""

    connected: Connected
    key: RSAPrivateKey
    honest: dict[bool, Token]
    numbers: Any = field(default_factory=itertools.count)
    rows: dict[str, int] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    let_in: int = 0

    def token(self, mark: str, *, choosing: bool, known: bool) -> Token:
        """An honest token that names things by a mark; a known person at a known place is named so by name only."""
        token = copy.deepcopy(self.honest[choosing])
        payload, now = token["payload"], int(time.time())
        payload.update(iat=now, exp=now + 300, name=f"Ada {mark}")
        if not known:
            payload.update(sub=f"sub {mark}", email=f"{mark}@example.org")
            payload[v.CONTEXT].update(id=f"context {mark}", title=f"Course {mark}")
            if not choosing:
                payload[v.RESOURCE_LINK].update(id=f"link {mark}", title=f"Link {mark}")
                payload[v.AGS_ENDPOINT]["lineitem"] += f"/{mark}"
        return token

    def login(self, client: FlaskClient) -> dict[str, str]:
        """Begin a login; what the application asks the LMS for."""
        begun = client.post("/lti/login", data=login_fields(self.connected))
        asked = parse_qs(urlsplit(begun.headers["Location"]).query)
        return {name: values[0] for name, values in asked.items()}

    def judge(self, mark: str, token: Token, client: FlaskClient, asked: dict[str, str]) -> None:
        """Send it, and see that what came of it is right."""
        form = {"state": asked["state"], "id_token": signed(token, self.key)}
        answer = client.post("/lti/launch", data=form)
        before, self.rows = self.rows, count_rows(self.connected)
        where = answer.headers.get("Location") or answer.headers.get("Content-Location")
        if answer.status_code < 400 and where:
            self.let_in += 1
            assert any(SIGN_IN in cookie for cookie in answer.headers.getlist("Set-Cookie"))
            assert self.rows["sign_ins"] == before["sign_ins"] + 1
            self.check_way(token["payload"], where)
            if self.rows["enrolments"] > before["enrolments"]:
                assert any("Learner" in role for role in token["payload"][v.ROLES])
            page = client.get(where)
            assert page.status_code == 200, page.text[:2000]
            assert answer.status_code == 303 or page.data == answer.data
            return
        self.refused.add(mark)
        assert_refused(Page("", answer.status_code, HTTPHeaderDict(list(answer.headers)), answer.data))
        grown = {table for table, number in self.rows.items() if number != before[table]}
        assert grown <= {UsedNonce.__tablename__}
        assert client.get("/").status_code == 401, "nobody is signed in"

    def check_way(self, payload: dict[str, Any], location: str) -> None:
        """Person, place and enrolment are those of the token."""
        with self.connected.database() as session:
            sign_in, identity, person = session.execute(
                select(SignIn, Identity, Person)
                .join(Person, Person.id == SignIn.person_id)
                .join(Identity, Identity.person_id == Person.id)
                .order_by(SignIn.id.desc())
                .limit(1)
            ).one()
            assert (identity.sub, identity.platform_id) == (payload["sub"], self.connected.platform_id)
            assert sign_in.next_path == location
            if payload.get("name"):
                assert person.name == payload["name"][:200]
            if choice := CHOICE.fullmatch(location):
                request = session.get_one(DeepLinkingRequest, int(choice[1]))
                asked = payload[v.DEEP_LINKING_SETTINGS]
                assert (request.person_id, request.deployment_id) == (person.id, payload[v.DEPLOYMENT_ID])
                assert request.settings["return_url"] == asked["deep_link_return_url"]
                return
            context = session.get_one(Context, sign_in.context_id)
            assert (context.platform_id, context.context_id) == (identity.platform_id, payload[v.CONTEXT]["id"])
            assert context.deployment_id == payload[v.DEPLOYMENT_ID]
            enrolments = session.scalars(
                select(Enrolment)
                .join(Cohort, Cohort.id == Enrolment.cohort_id)
                .where(Enrolment.person_id == person.id, Cohort.context_id == context.id)
            ).all()
            if learning := LEARN.match(location):
                (enrolment,) = (one for one in enrolments if one.id == int(learning[1]))
                cohort = session.get_one(Cohort, enrolment.cohort_id)
                assert enrolment.identity_id == identity.id
            else:
                worked_at = COHORT.fullmatch(location)
                assert worked_at, location
                cohort = session.get_one(Cohort, int(worked_at[1]))
                assert not enrolments
            code = session.get_one(Offering, cohort.offering_id).code
            assert (cohort.context_id, code) == (context.id, payload[v.CUSTOM]["practicum_offering"].strip())


TABLES = Base.metadata.sorted_tables
COUNTS = select(*(select(func.count()).select_from(table).scalar_subquery().label(table.name) for table in TABLES))


def count_rows(connected: Connected) -> dict[str, int]:
    """How many rows each table has, in one statement."""
    with connected.engine.connect() as connection:
        return dict(connection.execute(COUNTS).mappings().one())


def every_row(connected: Connected) -> str:
    """All that is stored, as text."""
    with connected.engine.connect() as connection:
        return "\n".join(str(tuple(row)) for table in TABLES for row in connection.execute(select(table)))


@pytest.fixture
def trial(connected: Connected) -> Trial:
    """Ada, who has come in before, and Ian, who chooses content."""
    connected.forge("ada")
    current = connected.world.keys.current
    key = current.private_key
    assert isinstance(key, RSAPrivateKey)
    header = {"alg": "RS256", "typ": "JWT", "kid": str(current.kid)}
    honest = {
        choosing: {"header": header, "payload": log_in(connected.world, who, to).claims()}
        for choosing, who, to in ((False, "ada", connected.link), (True, "ian", connected.context))
    }
    return Trial(connected, key, honest, rows=count_rows(connected))


@pytest.mark.slow
def test_a_spoilt_launch_is_refused_in_words_or_is_what_its_token_says(trial: Trial) -> None:
    @settings(
        max_examples=LAUNCHES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data(), choosing=st.sampled_from([False, False, False, True]), known=st.booleans())
    def launch(data: st.DataObject, choosing: bool, known: bool) -> None:
        mark = f"zz{next(trial.numbers)}zz"
        client = trial.connected.app.test_client()
        client.environ_base["wsgi.url_scheme"] = "https"  # the cookies are Secure
        asked = trial.login(client)
        token = trial.token(mark, choosing=choosing, known=known)
        token["payload"]["nonce"] = asked["nonce"]
        for _ in range(data.draw(st.integers(0, 3))):
            if there := list(places(token)):
                way = data.draw(st.sampled_from(WAYS))
                way(data, token, data.draw(st.sampled_from(there)))
        trial.judge(mark, token, client, asked)

    launch()
    kept = set(MARKS.findall(every_row(trial.connected)))
    assert kept & trial.refused == set(), "a refused launch named a row"
    assert trial.let_in > LAUNCHES / 10, "some were spoilt where nobody looks"
    assert len(trial.refused) > LAUNCHES / 4
