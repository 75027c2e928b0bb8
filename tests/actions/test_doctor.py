"""The connection doctor against a real LMS over real HTTP, well and in every trouble."""

from __future__ import annotations

import inspect
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from lti import quirks
from lti.errors import Unreachable
from lti.http import Answer, Guard, HttpClient
from plugin.actions.doctor import calls, known, rounds, wire, words
from plugin.actions.doctor.findings import Check, Finding, Health, Who
from plugin.actions.doctor.known import Case, NotATestUser
from plugin.actions.doctor.sentences import TITLES, WORDS
from plugin.db.learning import Enrolment
from plugin.db.notices import NoticeHandler
from plugin.db.outbox import LineItem, OutboxRow, OutboxState
from plugin.db.people import Identity
from plugin.db.platforms import Deployment, Platform, PlatformState
from plugin.domain.scores import Progress
from plugin.web.wiring import Wiring
from tests.arrivals import set_platform
from tests.connected import Connected
from tests.demo_lms.faults import HELD
from tests.demo_lms.model import MemberStatus
from tests.demo_lms.notices import without_histories
from tests.demo_lms.vocabulary import Grading, Scope
from tests.lti.peer import Reply, Server, ec_key, key_set, public
from tests.notices import ask

HTML = {"Content-Type": "text/html; charset=utf-8"}
ASKED = {Check.KEYS, Check.TOKEN, Check.COLUMN, Check.ROSTER}


def case_of(connected: Connected, *, score_for: str | None = None, now: datetime | None = None) -> Case:
    with connected.database() as session:
        platform = session.get_one(Platform, connected.platform_id)
        return known.read(session, platform, score_for=score_for, now=now or datetime.now(UTC))


def examine(connected: Connected, *, score_for: str | None = None, **changes: Any) -> dict[Check, Finding]:
    """A round of checks; `changes` of the case."""
    wiring: Wiring = connected.app.extensions["practicum"]
    case = replace(case_of(connected, score_for=score_for), **changes)
    return {finding.check: finding for finding in rounds.run(case, wiring.http, wiring.tool_keys)}


def codes(found: dict[Check, Finding]) -> dict[Check, str]:
    return {check: finding.code for check, finding in found.items()}


def said(found: dict[Check, Finding], check: Check) -> words.Line:
    return words.line(found[check], words.plainly, reason=lambda _codes, sentence: sentence)


@pytest.fixture
def lived(connected: Connected) -> Connected:
    """A connection through which somebody came in."""
    connected.launch("ada")
    return connected


# A connection that works


def test_of_a_connection_that_works_everything_is_well(lived: Connected) -> None:
    found = examine(lived)
    assert codes(found) == {
        Check.SWITCH: "switch-active",
        Check.DEPLOYMENTS: "deployments-known",
        Check.LAUNCH: "launch-seen",
        Check.KEYS: "keys-well",
        Check.CLOCK: "clock-well",
        Check.TOKEN: "token-well",
        Check.MAY_SCORE: "right-granted",
        Check.MAY_RESULT: "right-granted",
        Check.MAY_COLUMN: "right-granted",
        Check.MAY_ROSTER: "right-granted",
        Check.COLUMN: "column-well",
        Check.SCORE: "score-not-asked",
        Check.ROSTER: "roster-well",
        Check.COPIES: "copies-told",
        Check.NOTICES: "notices-on-their-way",
        Check.OUTBOX: "outbox-empty",
    }
    assert words.health(found.values()) is Health.WELL
    assert lived.world.posts() == [], "a round that nobody asked for a grade sends none"
    assert found[Check.ROSTER].facts["count"] == len(lived.world.members(lived.context))


def test_each_scope_is_asked_for_once_and_by_itself(lived: Connected) -> None:
    lived.world.served.clear()
    examine(lived)
    assert len(lived.world.requests_to("oauth.token")) == 4
    assert sum(served.path.startswith("/api/") for served in lived.world.served) == 2


def test_before_anybody_opened_an_activity_the_doctor_says_so(connected: Connected) -> None:
    found = codes(examine(connected))
    assert found[Check.LAUNCH] == "launch-no-activity", "somebody chose content"
    assert codes(examine(connected, last_launch_at=None))[Check.LAUNCH] == "launch-never"
    assert found[Check.COLUMN] == found[Check.ROSTER] == "needs-launch"
    assert found[Check.COPIES] == "copies-unseen"
    assert found[Check.TOKEN] == "token-well"


# Calls that go wrong, for each service the same


TROUBLES: list[tuple[dict[str, Any], str]] = [
    ({"status": 500}, "lms-trouble"),
    ({"body": "<html>Sign in</html>", "headers": HTML}, "page-instead"),
    ({"body": "nonsense"}, "not-readable"),
    ({"body": "[" * 50_000}, "not-readable"),
    ({"body": b"\xff\xfe"}, "not-readable"),
    ({"body": "x" * 2_100_000}, "too-long"),
    ({"status": 302, "headers": {"Location": "http://127.0.0.1:9/elsewhere"}}, "redirect"),
    ({"status": 429}, "busy"),
    ({"status": 404}, "not-there"),
    ({"drop": True}, "unreachable"),
]
SERVICES = [
    ("/lti/jwks", Check.KEYS),
    ("oauth.token", Check.TOKEN),
    ("ags.line_items", Check.COLUMN),
    ("nrps.memberships", Check.ROSTER),
]


@pytest.mark.parametrize("standing", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("fault", "code"), TROUBLES, ids=[f"{code}-{i}" for i, (_, code) in enumerate(TROUBLES)])
@pytest.mark.parametrize(("where", "check"), SERVICES, ids=[check for _, check in SERVICES])
def test_a_service_in_trouble_is_named_and_the_others_are_checked(
    lived: Connected, where: str, check: Check, fault: dict[str, Any], code: str
) -> None:
    lived.world.faults.add(where, **fault)
    found = examine(lived)
    wanted = "token-refused" if check is Check.TOKEN and code == "not-there" else code
    assert found[check].code == wanted
    if check is Check.TOKEN:
        assert codes(found)[Check.COLUMN] == codes(found)[Check.ROSTER] == "needs-token"
        assert found[Check.MAY_SCORE].code == "needs-token"
    others = ASKED - {check} - ({Check.COLUMN, Check.ROSTER} if check is Check.TOKEN else set())
    assert {WORDS[found[other].code].health for other in others} == {Health.WELL}
    line = said(found, check)
    assert line.who is (Who.NOBODY if code == "busy" else Who.LMS)
    assert bool(line.todo) is (code != "busy")


@pytest.mark.parametrize("status", [401, 403])
def test_a_service_that_refuses_its_own_token_is_named(lived: Connected, status: int) -> None:
    for where in ("ags.line_items", "nrps.memberships"):
        lived.world.faults.add(where, status=status)
    found = codes(examine(lived))
    assert found[Check.COLUMN] == found[Check.ROSTER] == "service-refused"


def test_a_host_that_is_not_there_is_named(lived: Connected) -> None:
    set_platform(lived, key_set_url="http://nobody.invalid/keys", token_url=f"http://127.0.0.1:{closed_port()}/token")
    found = examine(lived)
    assert codes(found)[Check.KEYS] == "name-unknown"
    assert "nobody.invalid" in said(found, Check.KEYS).wrong
    assert codes(found)[Check.TOKEN] == "unreachable"


def test_a_host_to_which_no_secure_connection_comes_about_is_named(lived: Connected) -> None:
    with Server() as plain:
        set_platform(lived, key_set_url=plain.url.replace("http://", "https://") + "/keys")
        assert codes(examine(lived))[Check.KEYS] == "certificate"
    refused = Unreachable("GET lms.example.org: SSLError")
    refused.__cause__ = ssl.SSLCertVerificationError("self-signed certificate")
    assert wire.trouble(refused, "https://lms.example.org/keys")[0] == "certificate"


def test_an_address_that_only_works_inside_is_not_called(lived: Connected) -> None:
    wiring: Wiring = lived.app.extensions["practicum"]
    strict = HttpClient(guard=Guard())
    found = {one.check: one for one in rounds.run(case_of(lived), strict, wiring.tool_keys)}
    assert codes(found)[Check.KEYS] == codes(found)[Check.TOKEN] == "address-refused"
    assert said(found, Check.KEYS).who is Who.OURS


def test_a_service_on_a_host_that_is_not_the_platforms_is_not_called(lived: Connected) -> None:
    with Server() as elsewhere:
        course = replace(case_of(lived).course, line_items_url=f"{elsewhere.url}/items", memberships_url=elsewhere.url)
        found = examine(
            lived, course=course, platform=replace(case_of(lived).platform, hosts=frozenset({"lms.example"}))
        )
        assert elsewhere.requests == []
    assert codes(found)[Check.COLUMN] == codes(found)[Check.ROSTER] == "host-unknown"


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# Slow ones


@pytest.mark.parametrize("standing", ["sqlite"], indirect=True)
def test_a_slow_answer_ends_at_the_time_of_one_call(lived: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("plugin.actions.doctor.wire.CALL_SECONDS", 2.0)  # which the others must do with
    lived.world.faults.add("/lti/jwks", delay=HELD)
    found = examine(lived)
    lived.world.faults.clear()
    assert codes(found)[Check.KEYS] == "slow"
    assert codes(found)[Check.TOKEN] == "token-well"


@pytest.mark.parametrize("standing", ["sqlite"], indirect=True)
def test_a_round_ends_in_its_time_whatever_the_lms_does(lived: Connected) -> None:
    wiring: Wiring = lived.app.extensions["practicum"]
    lived.world.faults.add("oauth.token", delay=HELD)
    began = time.monotonic()
    found = {one.check: one for one in calls.ask(case_of(lived), wiring.http, wiring.tool_keys, seconds=2.0)}
    assert time.monotonic() - began < HELD / 2
    lived.world.faults.clear()
    assert codes(found)[Check.KEYS] == "keys-well"
    assert codes(found)[Check.COLUMN] == codes(found)[Check.ROSTER] == "needs-token"
    assert WORDS[codes(found)[Check.COLUMN]].health is Health.UNKNOWN


@pytest.mark.parametrize("standing", ["sqlite"], indirect=True)
def test_a_name_that_is_looked_up_for_ever_holds_nobody_up(lived: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    wiring: Wiring = lived.app.extensions["practicum"]
    goes_on = threading.Event()
    fresh = HttpClient(guard=Guard(allow_private=True))  # without connections from before
    monkeypatch.setattr(fresh.guard, "resolve", lambda _host, _port: goes_on.wait(HELD) and [])
    began = time.monotonic()
    found = codes({one.check: one for one in calls.ask(case_of(lived), fresh, wiring.tool_keys, seconds=0.2)})
    goes_on.set()
    assert time.monotonic() - began < HELD / 2
    assert {found[check] for check in ASKED} == {"no-time"}


@pytest.mark.parametrize("standing", ["sqlite"], indirect=True)
def test_an_accident_in_one_check_leaves_the_others_alone(
    lived: Connected, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(calls, "parse", lambda _document: 1 / 0)
    found = codes(examine(lived))
    assert found[Check.KEYS] == "accident"
    assert found[Check.COLUMN] == "column-well"
    assert "ZeroDivisionError" in caplog.text


# Keys and clock


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.mark.parametrize(
    "document",
    [
        "{}",
        '{"keys": []}',
        '{"keys": 5}',
        "[]",
        '{"keys": [{"kty": "RSA", "kid": "a", "n": "AQAB", "e": "AQAB"}]}',
        key_set(public(ec_key("curve"), use="enc")),
        key_set(public(ec_key("curve"), kid=None)),
    ],
)
@pytest.mark.parametrize("standing", ["sqlite"], indirect=True)
def test_a_key_set_without_a_key_that_may_sign_is_named(lived: Connected, elsewhere: Server, document: str) -> None:
    elsewhere.answers["GET /keys"] = Reply(document.encode())
    set_platform(lived, key_set_url=elsewhere.url + "/keys", key_set=None)
    found = examine(lived)
    assert codes(found)[Check.KEYS] == "keys-none"
    assert said(found, Check.KEYS).who is Who.LMS


def test_keys_that_were_all_changed_are_told_and_are_no_fault(lived: Connected) -> None:
    lived.world.keys.rotate(retire_old=True)
    assert codes(examine(lived))[Check.KEYS] == "keys-changed"


def test_a_key_set_that_is_gone_says_how_old_the_keys_are_that_still_let_people_in(lived: Connected) -> None:
    lived.world.faults.add("/lti/jwks", status=503)
    set_platform(lived, key_set_fetched_at=datetime.now(UTC) - timedelta(hours=5, minutes=1))
    assert "5 hours ago still let people in" in said(examine(lived), Check.KEYS).wrong


@pytest.mark.parametrize(
    ("ahead", "code"), [(timedelta(minutes=3), "clock-ahead"), (-timedelta(hours=1), "clock-behind")]
)
def test_a_clock_that_is_off_is_told_with_its_direction(lived: Connected, ahead: timedelta, code: str) -> None:
    lived.world.travel(ahead)
    found = examine(lived)
    assert codes(found)[Check.CLOCK] == code
    assert abs(int(found[Check.CLOCK].facts["seconds"]) - abs(ahead.total_seconds())) <= 3


def test_where_nobody_answers_the_clock_is_not_judged(lived: Connected) -> None:
    lived.world.faults.add("/", drop=True)
    assert codes(examine(lived))[Check.CLOCK] == "clock-unseen"


@pytest.mark.parametrize("date", ["", "yesterday", "Sat, 99 Nov 2026 10:00:00 GMT", "1"])
def test_a_date_that_nobody_can_read_is_none(date: str) -> None:
    assert wire._date(Answer(200, {"Date": date}, b"")) is None


def test_a_clock_is_right_as_long_as_it_may_be() -> None:
    noon = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

    def ahead(says: float, sent: float, come: float) -> float:
        return wire.Tick(*(noon + timedelta(seconds=at) for at in (says, sent, come))).ahead

    assert ahead(0, 0.9, 0.95) == 0, "a date knows whole seconds"
    assert ahead(3, 0, 5) == 0, "a slow answer"
    assert ahead(40, 0, 5) == 35
    assert ahead(-40, 0, 5) == -39


# Token and rights


def grant(connected: Connected, *scopes: Scope) -> None:
    connected.tool = connected.world.change_tool(connected.tool.client_id, scopes=scopes)


def test_a_tool_that_the_lms_switched_off_reads_so(lived: Connected) -> None:
    lived.world.change_tool(lived.tool.client_id, active=False)
    found = examine(lived)
    assert codes(found)[Check.TOKEN] == "token-refused"
    assert "invalid_client" in said(found, Check.TOKEN).wrong


def test_what_an_lms_writes_as_its_error_is_not_repeated_unless_it_is_a_slug(lived: Connected) -> None:
    lived.world.faults.add("oauth.token", status=401, body='{"error": "Call 555-0100 at once"}')
    assert "555" not in said(examine(lived), Check.TOKEN).wrong


@pytest.mark.parametrize("all_or_none", [False, True])
def test_each_right_is_told_by_itself(lived: Connected, all_or_none: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    habits = replace(lived.world.config.habits, all_scopes_or_none=all_or_none)
    monkeypatch.setattr(lived.world, "config", replace(lived.world.config, habits=habits))
    grant(lived, Scope.LINE_ITEM, Scope.RESULT)
    found = codes(examine(lived))
    assert found[Check.TOKEN] == "token-well"
    assert found[Check.MAY_SCORE] == "may-score-refused"
    assert found[Check.MAY_ROSTER] == "may-roster-refused"
    assert found[Check.MAY_COLUMN] == found[Check.MAY_RESULT] == "right-granted"
    assert found[Check.ROSTER] == "needs-right"
    assert WORDS["may-score-refused"].health is Health.MEND


def test_rights_that_practicum_can_do_without_are_nothing_to_mend(lived: Connected) -> None:
    grant(lived, Scope.SCORE)
    lived.launch("ian")
    found = examine(lived)
    assert words.health(found.values()) is Health.WELL
    assert codes(found)[Check.MAY_ROSTER] == codes(found)[Check.ROSTER] == "roster-not-offered"


def test_a_tool_without_any_right_reads_so(lived: Connected) -> None:
    grant(lived)
    assert codes(examine(lived))[Check.TOKEN] == "token-no-right"


def test_where_a_make_wants_another_audience_it_is_told_to_us(lived: Connected) -> None:
    set_platform(lived, family="desire2learn", token_audience="https://lms.example.org/token")
    lived.world.faults.add("oauth.token", status=401, body='{"error": "invalid_client"}')
    line = said(examine(lived), Check.TOKEN)
    assert line.who is Who.OURS
    assert str(quirks.of("desire2learn").token_audience) in line.todo


def test_a_wrong_audience_is_a_token_refused(lived: Connected) -> None:
    set_platform(lived, token_audience="https://somewhere.example/token")
    assert codes(examine(lived))[Check.TOKEN] == "token-refused"


# Columns, roster


def test_a_column_that_was_deleted_is_missed(lived: Connected) -> None:
    (column,) = lived.world.line_items_of(lived.link)
    lived.world.remove_line_item(column.id)
    found = examine(lived)
    assert codes(found)[Check.COLUMN] == "column-gone"
    assert found[Check.COLUMN].facts["count"] == 0


def test_a_course_without_a_column_of_ours_is_told(connected: Connected) -> None:
    link = connected.world.add_link("Bare", context=connected.context, tool=connected.tool)
    bare = replace(link, custom={"practicum_offering": "TST-01"})
    connected.world.links[link.id] = bare
    connected.launch("ada", bare)
    assert codes(examine(connected))[Check.COLUMN] == "column-none"


def test_a_course_to_which_grades_are_not_offered_is_told(connected: Connected) -> None:
    grant(connected, Scope.MEMBERSHIPS)
    connected.launch("ada")
    found = codes(examine(connected))
    assert found[Check.COLUMN] == "column-not-offered"
    assert found[Check.MAY_SCORE] == "may-score-refused"


def test_a_column_is_found_on_a_later_page_and_not_looked_for_for_ever(
    lived: Connected, monkeypatch: pytest.MonkeyPatch
) -> None:
    habits = replace(lived.world.config.habits, page_size=1)
    monkeypatch.setattr(lived.world, "config", replace(lived.world.config, habits=habits))
    others = [lived.world.add_line_item(f"More {number}", link=lived.link) for number in range(5)]
    assert codes(examine(lived))[Check.COLUMN] == "column-well"
    lived.world.served.clear()
    lived.world.remove_line_item(next(iter(set(lived.world.line_items) - {one.id for one in others})))
    assert codes(examine(lived))[Check.COLUMN] == "column-gone"
    assert len(lived.world.requests_to("ags.line_items")) == calls.PAGES


@pytest.mark.parametrize(
    ("body", "code"), [("", "roster-empty"), ('{"members": []}', "roster-empty"), ("[]", "not-readable")]
)
@pytest.mark.parametrize("standing", ["sqlite"], indirect=True)
def test_a_roster_without_anybody_is_told(lived: Connected, body: str, code: str) -> None:
    lived.world.faults.add("nrps.memberships", status=200, body=body)
    assert codes(examine(lived))[Check.ROSTER] == code


def test_a_roster_without_names_is_well(lived: Connected) -> None:
    lived.tool = lived.world.change_tool(lived.tool.client_id, claims=())
    assert codes(examine(lived))[Check.ROSTER] == "roster-nameless"


# The test grade


@pytest.fixture
def probe(lived: Connected) -> str:
    """A user made for tests, enrolled as a learner; their id."""
    person = lived.world.add_person("probe", "Test Student")
    lived.world.enrol(person, lived.context)
    return person.id


def test_a_test_grade_is_posted_and_read_back(lived: Connected, probe: str) -> None:
    assert codes(examine(lived, score_for=probe))[Check.SCORE] == "score-well"
    (post,) = lived.world.posts()
    assert (post.user_id, post.grading) == (probe, Grading.FULLY_GRADED)


def test_a_member_of_ours_is_no_test_user(lived: Connected) -> None:
    ada = lived.world.person("ada").id
    assert case_of(lived, score_for=ada).score_for == ada, "nothing was told of her yet"
    tell(lived, OutboxState.SENT)
    with pytest.raises(NotATestUser):
        case_of(lived, score_for=ada)
    assert lived.world.posts() == []


def test_somebody_whom_the_lms_does_not_know_as_a_learner_is_named_to_us(lived: Connected) -> None:
    set_platform(lived, family="moodle")
    lived.world.faults.add("ags.post_score", status=400)
    found = examine(lived, score_for="nobody")
    assert codes(found)[Check.SCORE] == "score-no-learner"
    assert said(found, Check.SCORE).who is Who.OURS


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"status": 409}, "score-newer"),
        ({"status": 403}, "service-refused"),
        ({"status": 404}, "not-there"),
        ({"status": 500}, "lms-trouble"),
        ({"drop": True}, "unreachable"),
    ],
)
@pytest.mark.parametrize("standing", ["sqlite"], indirect=True)
def test_a_test_grade_that_is_not_taken_says_why(
    lived: Connected, probe: str, fault: dict[str, Any], code: str
) -> None:
    lived.world.faults.add("ags.post_score", **fault)
    assert codes(examine(lived, score_for=probe))[Check.SCORE] == code


def test_a_gradebook_that_shows_something_else_is_told(lived: Connected, probe: str) -> None:
    lived.world.faults.add("ags.post_score", status=200)
    assert codes(examine(lived, score_for=probe))[Check.SCORE] == "score-other"


@pytest.mark.parametrize("trouble", ["results", "right"])
def test_a_gradebook_that_cannot_be_read_back_is_no_fault(lived: Connected, probe: str, trouble: str) -> None:
    if trouble == "right":
        grant(lived, Scope.SCORE, Scope.LINE_ITEM, Scope.MEMBERSHIPS)
    lived.world.faults.add("ags.results", status=403)
    assert codes(examine(lived, score_for=probe))[Check.SCORE] == "score-sent"


def test_without_a_right_or_a_column_no_test_grade_is_sent(lived: Connected, probe: str) -> None:
    grant(lived, Scope.LINE_ITEM)
    assert codes(examine(lived, score_for=probe))[Check.SCORE] == "needs-right"
    course = replace(case_of(lived).course, columns=())
    assert codes(examine(lived, score_for=probe, course=course))[Check.SCORE] == "score-no-column"
    assert lived.world.posts() == []


# What the database knows


def tell(connected: Connected, state: OutboxState, **more: Any) -> None:
    """A row of the outbox for everybody who is enrolled."""
    now = datetime.now(UTC)
    with connected.database() as session:
        column = session.scalars(select(LineItem.id)).one()
        for enrolment, sub in session.execute(select(Enrolment, Identity.sub).join(Identity)):
            session.add(
                OutboxRow(
                    line_item_id=column,
                    person_id=enrolment.person_id,
                    enrolment_id=enrolment.id,
                    organization_id=enrolment.organization_id,
                    platform_id=connected.platform_id,
                    user_id=sub,
                    progress=Progress.STARTED,
                    version=1,
                    state=state,
                    queued_at=now,
                    due_at=now,
                    attempts=1,
                    **more,
                )
            )


@pytest.mark.parametrize(
    ("problem", "code", "who"),
    [
        ("no-right", "outbox-refused-lms", Who.LMS),
        ("column-gone seven-days", "outbox-refused-lms", Who.LMS),
        ("host-unknown", "outbox-refused-ours", Who.OURS),
        ("no-learner", "outbox-refused", Who.OURS),
        (None, "outbox-refused", Who.OURS),
    ],
)
@pytest.mark.parametrize("standing", ["sqlite"], indirect=True)
def test_what_could_not_be_told_is_counted_by_its_reason(
    lived: Connected, problem: str | None, code: str, who: Who
) -> None:
    lived.launch("ben")
    tell(lived, OutboxState.REFUSED, problem="This is why.", problem_code=problem)
    found = examine(lived)
    assert codes(found)[Check.OUTBOX] == code
    line = said(found, Check.OUTBOX)
    assert line.who is who
    assert line.wrong.startswith("2 ")
    assert line.wrong.endswith("This is why.")


def test_what_waits_and_what_is_tried_again_is_nothing_to_mend(lived: Connected) -> None:
    tell(lived, OutboxState.DUE)
    assert codes(examine(lived))[Check.OUTBOX] == "outbox-waiting"
    with lived.database() as session:
        session.execute(update(OutboxRow).values(problem="Later.", problem_code="later"))
    assert codes(examine(lived))[Check.OUTBOX] == "outbox-retries"


def test_deployments_and_the_switch_are_told(lived: Connected) -> None:
    with lived.database() as session:
        session.execute(delete(Deployment))
    assert codes(examine(lived))[Check.DEPLOYMENTS] == "deployments-first"
    set_platform(lived, shared_client=True, state=PlatformState.PENDING)
    found = codes(examine(lived))
    assert found[Check.DEPLOYMENTS] == "deployments-none"
    assert found[Check.SWITCH] == "switch-pending"
    set_platform(lived, state=PlatformState.DISABLED)
    assert codes(examine(lived))[Check.SWITCH] == "switch-disabled"


def test_an_lms_that_gets_nothing_for_a_while_reads_so(lived: Connected) -> None:
    found = codes(examine(lived, paused_until=datetime.now(UTC) + timedelta(minutes=5), waiting=0))
    assert found[Check.OUTBOX] == "outbox-empty"
    case = replace(case_of(lived), paused_until=datetime.now(UTC) + timedelta(minutes=5))
    assert [one.code for one in known.outbox(case)] == ["outbox-paused", "outbox-empty"]


def test_an_id_that_could_be_anybodys_words_is_not_shown() -> None:
    assert known.Course("Call 555-0100 at once").shown_id == "?"
    assert known.Course("rpd-2026:1").shown_id == "rpd-2026:1"


def test_a_connection_that_was_quiet_for_long_is_told_and_is_no_fault(lived: Connected) -> None:
    found = codes(examine(lived, last_launch_at=datetime.now(UTC) - timedelta(days=31)))
    assert found[Check.LAUNCH] == "launch-long-ago"


@pytest.mark.parametrize(("family", "code"), [("riverbend", "copies-lack"), ("openedx", "copies-never")])
def test_launches_without_their_histories_are_told(connected: Connected, family: str, code: str) -> None:
    set_platform(connected, family=family)
    connected.tool = connected.world.change_tool(
        connected.tool.client_id, custom={"context_id_history": "$Unknown.history"}
    )
    connected.launch("ada")
    found = examine(connected)
    assert codes(found)[Check.COPIES] == code
    if code == "copies-lack":
        assert "context_id_history=$Context.id.history" in said(found, Check.COPIES).todo


def test_one_history_is_enough_even_for_a_course_that_was_never_copied(connected: Connected) -> None:
    connected.tool = connected.world.change_tool(
        connected.tool.client_id, custom={"context_id_history": "$Context.id.history"}
    )
    connected.launch("ada")
    assert case_of(connected).histories == (True, False)
    assert codes(examine(connected))[Check.COPIES] == "copies-told"


# Notices of copies


def test_whether_the_lms_tells_of_copies_is_told(connected: Connected) -> None:
    assert codes(examine(connected))[Check.NOTICES] == "notices-on-their-way"
    ask(connected)
    assert codes(examine(connected))[Check.NOTICES] == "notices-registered"
    with connected.database() as session:
        session.execute(delete(NoticeHandler))
    assert codes(examine(connected))[Check.NOTICES] == "notices-not-offered"


@pytest.mark.parametrize(
    ("fault", "code"), [({"status": 403}, "notices-lack-right"), ({"status": 400}, "notices-not-taken")]
)
def test_an_lms_that_offers_notices_and_refuses_them_has_something_to_mend(
    connected: Connected, fault: dict[str, Any], code: str
) -> None:
    connected.world.faults.add("notices.register", **fault)
    ask(connected)
    found = examine(connected)
    assert codes(found)[Check.NOTICES] == code
    assert said(found, Check.NOTICES).who is Who.LMS


def test_notices_stand_in_for_histories_that_no_launch_tells(connected: Connected) -> None:
    without_histories(connected.world)
    connected.launch("ada")
    assert codes(examine(connected))[Check.COPIES] == "copies-lack"
    ask(connected)
    assert codes(examine(connected))[Check.COPIES] == "copies-by-notice"


# Words


def test_every_finding_that_the_doctor_can_make_has_its_words_and_every_word_is_used() -> None:
    made = "".join(inspect.getsource(module) for module in (calls, known, wire))
    spelled = {code for code in WORDS if f'"{code}"' in made}
    composed = {f"switch-{state.value}" for state in PlatformState}
    composed |= {f"{check.value}-refused" for check in calls.RIGHTS} | {"address-refused", "host-unknown"}
    assert set(WORDS) == spelled | composed
    assert set(TITLES) == set(Check)


def test_what_is_to_be_mended_says_who_does_what() -> None:
    for code, meant in WORDS.items():
        if meant.health is Health.MEND:
            assert meant.todo, code
            assert meant.who is not Who.NOBODY, code


def test_the_letter_tells_the_lms_administrator_what_to_do_and_nothing_that_is_not_theirs(lived: Connected) -> None:
    grant(lived, Scope.LINE_ITEM)
    lived.world.faults.add("/lti/jwks", status=503)
    set_platform(lived, state=PlatformState.PENDING, family="moodle")
    found = examine(lived)
    lines = [said(found, check) for check in found]
    about = words.About("Riverbend", "https://lms.example", "client-1", "moodle", {"Public keys": "https://ours/keys"})
    letter = words.letter(about, lines, datetime(2026, 11, 21, 12, 0, tzinfo=UTC), words.plainly)
    assert "1. The LMS’s public keys" in letter
    assert "“score”" in letter
    assert "2026-11-21 12:00 UTC" in letter
    assert "https://ours/keys" in letter
    assert "In Moodle: Site administration" in letter
    assert "approval" not in letter, "that is ours to do"
    assert "Okafor" not in letter
    assert words.letter(about, [], datetime.now(UTC), words.plainly) == ""


def test_no_finding_holds_a_name_a_user_id_or_a_query(lived: Connected, probe: str) -> None:
    lived.world.faults.add("ags.post_score", status=500)
    lived.world.faults.add("nrps.memberships", status=500)
    course = replace(case_of(lived).course)
    secret = replace(course, memberships_url=f"{course.memberships_url}?sesskey=hush#x")
    found = examine(lived, score_for=probe, course=secret)
    told = repr([(one.code, one.facts) for one in found.values()])
    people = [lived.world.people[one.person_id] for one in lived.world.members(lived.context)]
    assert not [person.key for person in people if person.name in told or person.email in told]
    assert "hush" not in told
    assert "Test Student" not in told
    assert MemberStatus.ACTIVE.value not in told


# Rounds


def test_a_round_is_claimed_once_in_half_a_minute_and_its_findings_are_kept(lived: Connected) -> None:
    now = datetime.now(UTC)
    wiring: Wiring = lived.app.extensions["practicum"]
    with lived.database() as session:
        platform = session.get_one(Platform, lived.platform_id)
        case = rounds.begin(session, platform, score_for=None, by=None, now=now)
    with lived.database() as session, pytest.raises(rounds.TooSoon):
        rounds.begin(session, platform, score_for=None, by=None, now=now + timedelta(seconds=29))
    with lived.database() as session:
        assert rounds.last(session, lived.platform_id) is None
    findings = rounds.run(case, wiring.http, wiring.tool_keys)
    with lived.database() as session:
        rounds.keep(session, case, findings)
    with lived.database() as session:
        report = rounds.last(session, lived.platform_id)
        assert report == rounds.Report(now, findings)
        rounds.begin(session, platform, score_for=None, by=None, now=now + timedelta(seconds=30))
    with lived.database() as session:
        assert rounds.last(session, lived.platform_id) == report, "the last result stands until there is a new one"


def test_findings_of_another_release_are_not_shown(lived: Connected) -> None:
    with lived.database() as session:
        platform = session.get_one(Platform, lived.platform_id)
        case = rounds.begin(session, platform, score_for=None, by=None, now=datetime.now(UTC))
        rounds.keep(session, case, [Finding(Check.KEYS, "of-a-later-release")])
    with lived.database() as session:
        assert rounds.last(session, lived.platform_id) is None
