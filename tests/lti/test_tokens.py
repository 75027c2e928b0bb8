"""Access tokens: how they are asked for, kept, dropped, and what a refusal becomes."""

import json
import threading
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt

from lti import claims as c
from lti.errors import AnswerUnreadable, PlatformRefused, ScopeMissing, TokenRefused, Unreachable
from lti.services import Services
from lti.stores import Platform
from lti.tokens import AccessTokens
from tests.lti.peer import MemoryKeys, Reply, Request, Server, http, platform, tool_key


class Clock:
    """Unix seconds that a test moves."""

    def __init__(self) -> None:
        self.now = 1_795_262_400.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(clock: Clock) -> AccessTokens:
    return AccessTokens(http(), MemoryKeys(), clock=clock)


@pytest.fixture
def row(server: Server) -> Platform:
    """A platform whose services are on the server."""
    return platform(token_url=server.url + "/token", hosts=frozenset({server.host}))


def granting(**changes: Any) -> Any:
    """A token endpoint that numbers its tokens."""
    count = iter(range(1, 1000))

    def answer(_: Request) -> Reply:
        found = {"access_token": f"t{next(count)}", "token_type": "Bearer", "expires_in": 3600, **changes}
        return Reply({name: value for name, value in found.items() if value is not None})

    return answer


def test_the_request_is_a_signed_assertion_of_least_scope(
    server: Server, tokens: AccessTokens, row: Platform, clock: Clock
) -> None:
    server.answers["POST /token"] = granting()
    assert tokens.get(row, [c.SCOPE_SCORE]) == "t1"
    request = server.requests[0]
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    assertion = jwt.decode(form.pop("client_assertion"), tool_key().key)
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert form == {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "scope": c.SCOPE_SCORE,
    }
    assert assertion.header == {"typ": "JWT", "alg": "RS256", "kid": tool_key().kid}
    assert len(assertion.claims.pop("jti")) > 20
    assert assertion.claims == {
        "iss": "tool-1",
        "sub": "tool-1",
        "aud": row.token_url,
        "iat": int(clock.now) - 5,
        "exp": int(clock.now) + 180,
    }


@pytest.mark.parametrize(
    ("known", "audience"),
    [
        ({"token_audience": "https://aud.example.org"}, "https://aud.example.org"),
        ({"family": "desire2learn"}, "https://api.brightspace.com/auth/token"),
        ({"family": "desire2learn", "token_audience": "https://aud.example.org"}, "https://aud.example.org"),
    ],
)
def test_the_audience_may_be_another_than_the_address(
    server: Server, tokens: AccessTokens, known: dict[str, str], audience: str
) -> None:
    server.answers["POST /token"] = granting()
    tokens.get(platform(token_url=server.url + "/token", **known), [c.SCOPE_SCORE])
    form = parse_qs(server.requests[0].body.decode())
    assert jwt.decode(form["client_assertion"][0], tool_key().key).claims["aud"] == audience


def test_a_token_is_kept_until_a_minute_before_its_end(
    server: Server, tokens: AccessTokens, row: Platform, clock: Clock
) -> None:
    server.answers["POST /token"] = granting()
    for seconds, token in [(0, "t1"), (3539, "t1"), (3541, "t2")]:
        clock.now = 1_795_262_400 + seconds
        assert tokens.get(row, [c.SCOPE_SCORE]) == token


def test_tokens_are_kept_apart_by_platform_and_scopes(server: Server, tokens: AccessTokens, row: Platform) -> None:
    server.answers["POST /token"] = granting()
    other = platform(id=2, token_url=row.token_url)
    assert tokens.get(row, [c.SCOPE_SCORE, c.SCOPE_LINE_ITEM]) == "t1"
    assert tokens.get(row, [c.SCOPE_LINE_ITEM, c.SCOPE_SCORE]) == "t1"
    assert tokens.get(row, [c.SCOPE_SCORE]) == "t2"
    assert tokens.get(other, [c.SCOPE_SCORE]) == "t3"


def test_threads_that_want_the_same_token_make_one_request(server: Server, tokens: AccessTokens, row: Platform) -> None:
    server.answers["POST /token"] = granting()
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(tokens.get(row, [c.SCOPE_SCORE]))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["t1"] * 8
    assert server.count("POST /token") == 1


@pytest.mark.parametrize(
    "life",
    [(None, 240), ("3600", 3540), (60, 30), (0, 240), (-1, 240), ("soon", 240), ("nan", 240), (10**400, 240)],
)
def test_an_odd_life_is_read_with_care(
    server: Server, tokens: AccessTokens, row: Platform, clock: Clock, life: tuple[Any, int]
) -> None:
    expires_in, good_for = life
    server.answers["POST /token"] = granting(expires_in=expires_in)
    begin = clock.now
    tokens.get(row, [c.SCOPE_SCORE])
    clock.now = begin + good_for - 1
    assert tokens.get(row, [c.SCOPE_SCORE]) == "t1"
    clock.now = begin + good_for + 1
    assert tokens.get(row, [c.SCOPE_SCORE]) == "t2"


@pytest.mark.parametrize("scope", [None, "", f"{c.SCOPE_SCORE} {c.SCOPE_MEMBERS}", 7])
def test_a_grant_that_holds_what_was_asked_or_says_nothing_is_taken(
    server: Server, tokens: AccessTokens, row: Platform, scope: Any
) -> None:
    server.answers["POST /token"] = granting(scope=scope)
    assert tokens.get(row, [c.SCOPE_SCORE]) == "t1"


def test_a_grant_without_the_scope_is_said_so(server: Server, tokens: AccessTokens, row: Platform) -> None:
    server.answers["POST /token"] = granting(scope=c.SCOPE_LINE_ITEM)
    with pytest.raises(ScopeMissing) as caught:
        tokens.get(row, [c.SCOPE_SCORE])
    assert "LMS administrator" in caught.value.sentence
    assert c.SCOPE_SCORE in caught.value.detail


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply({"error": "invalid_client"}, status=401), "invalid_client"),
        (Reply({"error": ["odd"]}, status=400), ""),
        (Reply(b"<html>", status=403), ""),
        (Reply([], status=400), ""),
    ],
)
def test_a_refusal_of_the_token_endpoint_is_typed(
    server: Server, tokens: AccessTokens, row: Platform, reply: Reply, error: str
) -> None:
    server.answers["POST /token"] = reply
    with pytest.raises(TokenRefused) as caught:
        tokens.get(row, [c.SCOPE_SCORE])
    assert (caught.value.answered, caught.value.error) == (reply.status, error)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", {"token_type": "Bearer"}, {"access_token": 5}, {"access_token": "a\r\nb"}, {"access_token": ""}],
)
def test_an_answer_without_a_token_is_unreadable(
    server: Server, tokens: AccessTokens, row: Platform, body: Any
) -> None:
    server.answers["POST /token"] = Reply(body)
    with pytest.raises(AnswerUnreadable):
        tokens.get(row, [c.SCOPE_SCORE])


def test_a_failed_request_is_not_kept(server: Server, tokens: AccessTokens, row: Platform) -> None:
    server.answers["POST /token"] = [Reply(status=500), Reply({"access_token": "t"})]
    with pytest.raises(TokenRefused):
        tokens.get(row, [c.SCOPE_SCORE])
    assert tokens.get(row, [c.SCOPE_SCORE]) == "t"


def test_a_service_that_says_401_is_asked_once_more_with_a_new_token(
    server: Server, tokens: AccessTokens, row: Platform
) -> None:
    server.answers["POST /token"] = granting()
    server.answers["GET /x"] = lambda request: Reply(
        status=200 if request.headers["Authorization"] == "Bearer t2" else 401
    )
    services = Services(http(), tokens)
    services.call(row, "GET", server.url + "/x", scope=c.SCOPE_MEMBERS, accept="a/b")
    assert server.count("GET /x") == 2
    services.call(row, "GET", server.url + "/x", scope=c.SCOPE_MEMBERS, accept="a/b")
    assert server.count("POST /token") == 2


def test_a_service_that_keeps_saying_401_is_a_refusal(server: Server, tokens: AccessTokens, row: Platform) -> None:
    server.answers["POST /token"] = granting()
    server.answers["GET /x"] = Reply(status=401)
    with pytest.raises(PlatformRefused) as caught:
        Services(http(), tokens).call(row, "GET", server.url + "/x", scope=c.SCOPE_MEMBERS, accept="a/b")
    assert caught.value.answered == 401
    assert server.count("GET /x") == 2


def test_a_drop_does_not_forget_a_newer_token(server: Server, tokens: AccessTokens, row: Platform) -> None:
    server.answers["POST /token"] = granting()
    tokens.get(row, [c.SCOPE_SCORE])
    tokens.drop(row, [c.SCOPE_SCORE], "an older one")
    tokens.drop(row, [c.SCOPE_MEMBERS], "never asked for")
    assert tokens.get(row, [c.SCOPE_SCORE]) == "t1"


def test_neither_key_nor_token_shows_in_an_error(server: Server, tokens: AccessTokens, row: Platform) -> None:
    server.answers["POST /token"] = Reply({"error": "invalid_client"}, status=400)
    with pytest.raises(TokenRefused) as caught:
        tokens.get(row, [c.SCOPE_SCORE])
    assert "eyJ" not in json.dumps([str(caught.value), caught.value.detail])
    with pytest.raises(Unreachable):
        tokens.get(platform(token_url="http://127.0.0.1:9/token"), [c.SCOPE_SCORE])
