"""Every probe that launch endpoints of the field let through (lti-field-notes, 2.1), at ours, over HTTP.

A refused launch is a page with a sentence and a reference, within five seconds. It signs nobody in and leaves nothing
behind but its used-up nonce. The same probes at the library are in `tests/lti/test_probes.py`, key sets in
`test_launch_keys.py`.
"""

from __future__ import annotations

import hmac
import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from joserfc import jws, jwt
from joserfc.jwk import RSAKey

from plugin.db.platforms import UsedNonce
from tests.arrivals import (
    login_fields,
    nothing_kept,
    travel,
)
from tests.connected import OFFERING, Connected, Standing
from tests.demo_lms import REMOVED, Browser, Login, Page, log_in, register_tool, running_lms
from tests.demo_lms import vocabulary as v
from tests.demo_lms.model import Link
from tests.refusals import assert_refused
from tests.rows import Rows, changed, snapshot

Probe = Callable[[Connected], Page]


@dataclass(frozen=True)
class Scene:
    """A connection in which Ada has come in, and everything that the database knows since then."""

    connected: Connected
    rows: Rows


SCENES: dict[int, tuple[int, Scene]] = {}


@pytest.fixture
def scene(standing: Standing) -> Scene:
    """Probes share it, since none of them changes anything; made anew after a test that did."""
    known = SCENES.get(id(standing))
    if known is None or known[0] != standing.begun:
        standing.begin_again()
        standing.made.forge("ada")
        known = SCENES[id(standing)] = (standing.begun, Scene(standing.made, snapshot(standing.made.engine)))
    return known[1]


@dataclass(frozen=True)
class Seconds:
    """A date so many seconds from when the probe is sent."""

    ahead: int


def said(changes: dict[str, Any], **more: Any) -> Probe:
    """An id_token that says something else than it should."""

    def probe(connected: Connected) -> Page:
        now = int(time.time())
        resolved = {name: now + value.ahead if isinstance(value, Seconds) else value for name, value in changes.items()}
        return connected.forge("ada", resolved, **more).page

    return probe


def nonce_of_another_login(connected: Connected) -> Page:
    browser = Browser()
    first = log_in(connected.world, "ada", connected.link, browser=browser)
    second = log_in(connected.world, "ben", connected.link, browser=browser)
    return second.post(second.sign({"nonce": first.asked["nonce"]}))


def answer_to_another_browsers_login(connected: Connected) -> Page:
    """The cookie of the login is there, but holds another secret: somebody planted it."""
    mine = log_in(connected.world, "ada", connected.link)
    name = next(iter(mine.browser.cookies.names()))
    fields = {"id_token": mine.sign(), "state": mine.asked["state"]}
    return Browser().post(mine.asked["redirect_uri"], fields, headers={"Cookie": f"{name}=planted"})


def without_token(connected: Connected) -> Page:
    login = log_in(connected.world, "ada", connected.link)
    return login.browser.post(login.asked["redirect_uri"], {"state": login.asked["state"]})


def sent(**fields: Any) -> Probe:
    """A form with other fields than it should have."""
    return lambda connected: log_in(connected.world, "ada", connected.link).post(**fields)


def letters(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed_with_the_public_key_as_a_secret(connected: Connected) -> Page:
    login = log_in(connected.world, "ada", connected.link)
    header = {"alg": "HS256", "kid": str(connected.world.keys.current.kid)}
    signed = ".".join(letters(json.dumps(part).encode()) for part in (header, login.claims()))
    secret = connected.world.keys.current.as_pem(private=False)
    return login.post(f"{signed}.{letters(hmac.digest(secret, signed.encode(), 'sha256'))}")


def no_kid(connected: Connected) -> Page:
    login = log_in(connected.world, "ada", connected.link)
    return login.post(jwt.encode({"alg": "RS256"}, login.claims(), connected.world.keys.current))


def half_a_character(connected: Connected) -> Page:
    login = log_in(connected.world, "ada", connected.link)
    key = connected.world.keys.current
    payload = json.dumps(login.claims(name="Ada \ud800")).encode("ascii")
    return login.post(jws.serialize_compact({"alg": "RS256", "kid": str(key.kid)}, payload, key))


def unsigned(connected: Connected) -> Page:
    login = log_in(connected.world, "ada", connected.link)
    _, payload, _ = login.sign().split(".")
    header = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"  # {"alg":"none","typ":"JWT"}
    return login.post(f"{header}.{payload}.")


def changed_after_signing(connected: Connected) -> Page:
    login = log_in(connected.world, "ada", connected.link)
    honest, other = login.sign(), login.sign({"sub": connected.world.person("tom").id})
    header, _, signature = honest.split(".")
    return login.post(f"{header}.{other.split('.')[1]}.{signature}")


def too_long(connected: Connected) -> Page:
    return connected.forge("ada", {"name": "x" * 100_000}).page


def far_too_long(connected: Connected) -> Page:
    return log_in(connected.world, "ada", connected.link).post("x" * 600_000)


def another_deployment_than_the_logins(connected: Connected) -> Page:
    other = connected.world.deploy(connected.tool)
    return connected.forge("ada", login_changes={"lti_deployment_id": other.id}).page


def target_of_another_page(connected: Connected) -> Page:
    """Ours, but not the one that the login was for."""
    return connected.forge("ada", {v.TARGET_LINK_URI: connected.url("/platforms/")}).page


PROBES: dict[str, tuple[Probe, str]] = {
    # §2.1, in its order
    "the nonce of one login with the state of another": (nonce_of_another_login, "could not make sure"),
    "neither exp nor iat": (said({"exp": REMOVED, "iat": REMOVED}), "cannot read"),
    "no exp": (said({"exp": REMOVED}), "cannot read"),
    "no iat": (said({"iat": REMOVED}), "cannot read"),
    "iat in 1970 and exp in 2100": (said({"iat": 0, "exp": 4_102_444_800}), "too old"),
    "an hour old": (said({"iat": Seconds(-3600), "exp": Seconds(600)}), "too old"),
    "expired two minutes ago": (said({"iat": Seconds(-300), "exp": Seconds(-120)}), "too old"),
    "issued in ten minutes": (said({"iat": Seconds(600), "exp": Seconds(1200)}), "cannot be right"),
    "exp before iat": (said({"iat": Seconds(0), "exp": Seconds(-10)}), "cannot be right"),
    "exp is endless": (said({"exp": 1e300}), "cannot be right"),
    "two audiences and somebody else's azp": (
        lambda c: c.forge("ada", {"aud": [c.tool.client_id, "evil"], "azp": "evil"}).page,
        "could not make sure",
    ),
    "two audiences and no azp": (
        lambda c: c.forge("ada", {"aud": [c.tool.client_id, "evil"]}).page,
        "could not make sure",
    ),
    "somebody else's audience": (said({"aud": "evil"}), "could not make sure"),
    "a foreign target_link_uri": (said({v.TARGET_LINK_URI: "https://evil.example/"}), "not this tool's"),
    "no target_link_uri": (said({v.TARGET_LINK_URI: REMOVED}), "cannot read"),
    "another target than the login's": (target_of_another_page, "not this tool's"),
    "another deployment than the login's": (another_deployment_than_the_logins, "could not make sure"),
    "an unknown deployment": (
        said({v.DEPLOYMENT_ID: "999"}, login_changes={"lti_deployment_id": REMOVED}),
        "its deployment",
    ),
    "no sub": (said({"sub": REMOVED}), "did not say who you are"),
    "an empty sub": (said({"sub": ""}), "did not say who you are"),
    "signed with the public key as a secret": (signed_with_the_public_key_as_a_secret, "could not make sure"),
    "not signed": (unsigned, "could not make sure"),
    "changed after it was signed": (changed_after_signing, "could not make sure"),
    "signed with a key of somebody else's": (
        lambda c: c.forge("ada", key=RSAKey.generate_key(2048)).page,
        "could not make sure",
    ),
    "no kid": (no_kid, "could not make sure"),
    "resource_link is a string": (said({v.RESOURCE_LINK: "link"}), "cannot read"),
    "no resource_link": (said({v.RESOURCE_LINK: REMOVED}), "cannot read"),
    "context is a list": (said({v.CONTEXT: ["201"]}), "cannot read"),
    "roles is a string": (said({v.ROLES: v.Role.INSTRUCTOR.value}), "cannot read"),
    "custom holds an object": (said({v.CUSTOM: {"practicum_offering": {"a": 1}}}), "cannot read"),
    "a line item that is no address": (said({v.AGS_ENDPOINT: {"lineitem": "javascript:alert(1)"}}), "cannot read"),
    "a name that no database can store": (said({"name": "Ada\0Okafor"}), "cannot read"),
    "half a character": (half_a_character, "cannot read"),
    "the issuer of another LMS": (said({"iss": "https://elsewhere.example"}), "could not make sure"),
    "another version": (said({v.VERSION: "1.1"}), "version of LTI"),
    "an unknown message": (said({v.MESSAGE_TYPE: "LtiStartProctoring"}), "does not offer"),
    "a message that it does not speak": (said({v.MESSAGE_TYPE: 7}), "cannot read"),
    # and what comes with the form
    "no state": (sent(state=REMOVED), "without the step that comes before"),
    "a state that is not ours": (sent(state="abc.def"), "not begun here"),
    "no id_token": (without_token, "did not say who you are"),
    "an id_token that is none": (sent(id_token="abc"), "cannot read"),
    "an id_token of NULs": (sent(id_token="\0\0.\0.\0"), "cannot read"),
    "an id_token that is too long": (too_long, "cannot read"),
    "a form that is far too long": (far_too_long, ""),
    "the cookie of another login": (answer_to_another_browsers_login, "another browser window"),
    "an OIDC error": (sent(error="login_required"), "sign in there first"),
    "another OIDC error": (sent(error="<b>server_error</b>"), "sent an error instead"),
}


@pytest.mark.parametrize("name", list(PROBES))
def test_a_probe_is_refused_in_words(scene: Scene, name: str) -> None:
    probe, says = PROBES[name]
    with nothing_kept(scene.connected, scene.rows):
        page = probe(scene.connected)
    assert_refused(page, says=says)
    assert "<b>" not in page.text


def test_the_same_id_token_twice_is_refused_the_second_time(connected: Connected) -> None:
    login = log_in(connected.world, "ada", connected.link)
    token = login.sign()
    assert login.post(token).status == 200
    with nothing_kept(connected):
        page = login.post(token)
    assert_refused(page, status=401, says="used already")


ACCEPTED: dict[str, Probe] = {
    "expired two seconds ago": said({"iat": Seconds(-62), "exp": Seconds(-2)}),
    "issued in two seconds": said({"iat": Seconds(2), "exp": Seconds(62)}),
    "two audiences and our azp": lambda c: (
        c.forge("ada", {"aud": ["other", c.tool.client_id], "azp": c.tool.client_id}).page
    ),
    "an audience in a list": lambda c: c.forge("ada", {"aud": [c.tool.client_id]}).page,
    "no name, no e-mail": said({"name": REMOVED, "given_name": REMOVED, "family_name": REMOVED, "email": REMOVED}),
    "empty strings where the LMS knows nothing": said({"email": "", v.LIS: {}, v.LAUNCH_PRESENTATION: {}}),
    "a return address that is none": said({v.LAUNCH_PRESENTATION: {"return_url": "about:blank"}}),
}


@pytest.mark.parametrize("name", list(ACCEPTED))
def test_what_strict_verifiers_refuse_and_the_standard_allows_gets_in(connected: Connected, name: str) -> None:
    page = ACCEPTED[name](connected)
    assert page.status == 200, page.text[:2000]
    assert "/learn/" in page.url


def test_a_token_of_one_platform_does_not_answer_a_login_at_another(connected: Connected) -> None:
    """The mix-up: the login was at Riverbend, the token, with its state and nonce, is of another LMS we know."""
    with running_lms(keys=None) as (_, other):
        tool = register_tool(other, connected.invite(approve=True))
        other.change_tool(tool.client_id, active=True)
        link = other.add_link("There", context="RPD-2026", custom={"practicum_offering": OFFERING})
        login = log_in(connected.world, "ada", connected.link)
        theirs = log_in(other, "ada", link)
        with nothing_kept(connected):
            page = login.post(theirs.sign({"nonce": login.asked["nonce"]}))
        assert_refused(page)
        with nothing_kept(connected):
            claims = {"nonce": login.asked["nonce"], "iss": connected.world.config.issuer}
            page = login.post(theirs.sign({**claims, "aud": connected.tool.client_id}))
        assert_refused(page)


def test_a_launch_that_we_did_not_ask_for_reaches_neither_database_nor_lms(connected: Connected) -> None:
    asked = len(connected.world.served)
    token = log_in(connected.world, "ada", connected.link).sign()
    with nothing_kept(connected):
        page = Browser().post(connected.url("/lti/launch"), {"id_token": token, "state": "made up"})
    assert_refused(page, says="not begun here")
    assert len(connected.world.served) == asked
    assert connected.count(UsedNonce) == 1, "the one of the deep linking that placed the link"


def test_a_login_answered_after_ten_minutes_is_too_late(connected: Connected, monkeypatch: pytest.MonkeyPatch) -> None:
    login: Login = log_in(connected.world, "ada", connected.link)
    travel(monkeypatch, timedelta(minutes=11), with_lms=connected)
    with nothing_kept(connected):
        page = login.post(login.sign())
    assert_refused(page, status=400, says="longer than ten minutes")


def test_links_survive_an_lms_that_changes_its_titles(connected: Connected) -> None:
    link: Link = connected.link
    assert "/learn/" in connected.forge("ada", {v.RESOURCE_LINK: {"id": link.id, "title": "x" * 5000}}).page.url


# Logins


LOGINS: dict[str, tuple[dict[str, str | None], str]] = {
    "no issuer": ({"iss": None}, "something it should bring along is missing"),
    "an unknown issuer": ({"iss": "https://elsewhere.example"}, "not connected to this tool yet"),
    "an unknown client": ({"client_id": "nobody"}, "not connected to this tool yet"),
    "no login_hint": ({"login_hint": None}, "something it should bring along is missing"),
    "no target": ({"target_link_uri": None}, "something it should bring along is missing"),
    "a foreign target": ({"target_link_uri": "https://evil.example/"}, "not this tool's"),
    "a target that only begins like ours": ({"target_link_uri": "http://localhost@evil.example/"}, "not this tool's"),
    "an issuer with a NUL": ({"iss": "https://lms\0.example"}, "cannot read"),
    "a hint without end": ({"login_hint": "x" * 10_000}, "cannot read"),
}


@pytest.mark.parametrize("name", list(LOGINS))
def test_a_login_that_cannot_be_is_refused_in_words(scene: Scene, name: str) -> None:
    changes, says = LOGINS[name]
    with nothing_kept(scene.connected, scene.rows):
        page = Browser().post(scene.connected.url("/lti/login"), login_fields(scene.connected, **changes))
    assert_refused(page, says=says)


def test_a_login_writes_nothing(connected: Connected) -> None:
    before = snapshot(connected.engine)
    log_in(connected.world, "ada", connected.link)
    assert changed(before, snapshot(connected.engine)) == {}


def test_a_login_by_post_may_have_its_parameters_in_the_query(connected: Connected) -> None:
    """Blackboard's registered login address carries parameters in its query and posts the rest."""
    fields = login_fields(connected)
    query = {name: fields.pop(name) for name in ("iss", "client_id")}
    page = Browser().post(connected.url("/lti/login?" + urlencode(query)), fields, follow=False)
    assert page.status == 302
    assert (page.location or "").startswith(connected.world.config.url("/lti/auth?"))
