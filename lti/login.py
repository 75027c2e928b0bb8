"""OIDC third-party initiated login (LTI 1.3 core, security framework 5.1.1): the platform calls, we send the
browser back to it with a state and a nonce. Nothing is written and nothing is fetched here."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlencode

from lti import state as states
from lti import storage
from lti.claims import ID_LENGTH, URL_LENGTH, is_storable
from lti.errors import LaunchRefused, shown
from lti.refusals import LaunchCode
from lti.state import Sealer, State
from lti.storage import Storage
from lti.stores import Platform, Platforms
from lti.urls import Tool, with_query

_HINT_LENGTH = 8000  # Canvas and Blackboard send whole JWTs


@dataclass(frozen=True, slots=True)
class LoginRedirect:
    """Where the browser goes, and the cookie it takes along (max_age in seconds).

    With `storage` the platform keeps values for frames without cookies (LTI Client Side postMessages): put
    `cookie_name` → `cookie_value` there before the browser goes, fetch it back after the launch
    (`Launch.storage`) and let `Sealer.proves` judge it.
    """

    url: str
    cookie_name: str
    cookie_value: str = field(repr=False)
    max_age: int = states.LIFE
    storage: Storage | None = None


def begin(
    params: Mapping[str, str],
    *,
    platforms: Platforms,
    sealer: Sealer,
    tool: Tool,
    now: datetime,
    keeps_cookies: bool = False,
) -> LoginRedirect:
    """Answer a login request. `params` are those of query and form together: Blackboard's registered login
    address carries parameters in its query and still posts the rest. A browser that brought a cookie of ours
    `keeps_cookies`: it needs no storage.

    Raises LaunchRefused: login-incomplete, login-malformed, platform-unknown, platform-ambiguous,
    platform-disabled, target-wrong.
    """
    issuer = _required(params, "iss", ID_LENGTH)
    hints = _hints(params)
    target = _required(params, "target_link_uri", URL_LENGTH)
    deployment_id = _param(params, "lti_deployment_id", ID_LENGTH)
    platform = _platform(platforms, issuer, _param(params, "client_id", ID_LENGTH), deployment_id)
    if not tool.owns(target):
        raise LaunchRefused(LaunchCode.TARGET_WRONG, "login's target_link_uri is not ours")
    secret = secrets.token_urlsafe(24)
    storage_target = None if keeps_cookies else _storage_target(params)
    state = State(
        platform_id=platform.id,
        nonce=secrets.token_urlsafe(24),
        target_hash=states.digest(target),
        browser_hash=states.digest(secret),
        deployment_id=deployment_id,
        issued_at=int(now.timestamp()),
        storage_target=storage_target,
    )
    return LoginRedirect(
        url=_redirect(platform, tool, state=sealer.seal(state), nonce=state.nonce, hints=hints),
        cookie_name=sealer.cookie_name(state),
        cookie_value=secret,
        storage=storage.of(platform, storage_target),
    )


def _hints(params: Mapping[str, str]) -> dict[str, str]:
    """What the platform wants to hear again."""
    message_hint = _param(params, "lti_message_hint", _HINT_LENGTH)
    return {"login_hint": _required(params, "login_hint", _HINT_LENGTH)} | (
        {"lti_message_hint": message_hint} if message_hint is not None else {}
    )


def _platform(platforms: Platforms, issuer: str, client_id: str | None, deployment_id: str | None) -> Platform:
    """The one registration that is meant. Several on one issuer are normal (Canvas, Open edX); without a
    client id the deployment may still tell which."""
    found = platforms.find(issuer, client_id)
    if not found:
        raise LaunchRefused(LaunchCode.PLATFORM_UNKNOWN, f"issuer {shown(issuer)}")
    active = [platform for platform in found if platform.active]
    if not active:
        raise LaunchRefused(LaunchCode.PLATFORM_DISABLED, f"issuer {shown(issuer)}")
    if len(active) > 1 and deployment_id is not None:
        active = [platform for platform in active if deployment_id in platform.deployments]
    if len(active) != 1:
        raise LaunchRefused(LaunchCode.PLATFORM_AMBIGUOUS, f"{len(found)} registrations")
    return active[0]


def _redirect(platform: Platform, tool: Tool, *, state: str, nonce: str, hints: Mapping[str, str]) -> str:
    """The authentication request, as an address."""
    asked = _asked(platform.authorization_url, platform.client_id, tool.launch_url)
    return f"{asked}&state={state}&nonce={nonce}&{urlencode(hints)}"  # state and nonce are letters of base64url


@lru_cache(maxsize=1000)
def _asked(authorization_url: str, client_id: str, launch_url: str) -> str:
    """What is the same in each authentication request to a platform."""
    query = {
        "scope": "openid",
        "response_type": "id_token",
        "response_mode": "form_post",
        "prompt": "none",
        "client_id": client_id,
        "redirect_uri": launch_url,
    }
    return with_query(authorization_url, query)


def _storage_target(params: Mapping[str, str]) -> str | None:
    """The frame that offers storage; "_parent" or the name of a sibling frame, else none."""
    target = params.get("lti_storage_target") or ""
    plain = target.replace("_", "").replace("-", "").replace(".", "")
    return target if len(target) <= 64 and plain.isascii() and plain.isalnum() else None


def _required(params: Mapping[str, str], name: str, limit: int) -> str:
    value = _param(params, name, limit)
    if value is None:
        raise LaunchRefused(LaunchCode.LOGIN_INCOMPLETE, f"{name} is missing")
    return value


def _param(params: Mapping[str, str], name: str, limit: int) -> str | None:
    value = params.get(name)
    if not value:
        return None
    if len(value) > limit or not is_storable(value):
        raise LaunchRefused(LaunchCode.LOGIN_MALFORMED, f"{name} is too long or holds odd characters")
    return value
