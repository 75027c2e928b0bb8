"""Verification of a launch, and the only maker of `VerifiedClaims`.

The order is the point. Each step may use what the steps before it proved, and nothing else:

    state        ours, fresh, this browser's (or a browser without cookies)     no database, no network
    platform     the one that the state names                                   a row by its id
    header       RS256 or ES256, a kid                                          nothing
    key          cached; fetched from the registered address when unknown       perhaps a fetch
    signature    of a platform that we know
    envelope     iss, aud and azp, exp, iat                                     values
    nonce        the login's, then used up atomically                           one row
    deployment   known, and the login's when that named one                     values
    message      version, type, every claim's shape                             values
    target       ours, and the login's                                          values
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from lti import claims as c
from lti import id_tokens, messages, pylti, storage
from lti import state as states
from lti.claims import VerifiedClaims
from lti.errors import LaunchRefused, shown
from lti.key_sets import KeySets
from lti.messages import Message
from lti.refusals import LaunchCode
from lti.state import Sealer, State
from lti.storage import Storage
from lti.stores import Nonces, Platform, Platforms
from lti.urls import Tool

LEEWAY = 60  # seconds that the platform's clock may differ from ours
OLDEST = 600  # seconds after its issue in which a token is taken
_LATEST_DATE = 1e11  # a date beyond the year 5000 is a mistake in units
_SIGN_IN_ERRORS = frozenset(
    ["login_required", "interaction_required", "consent_required", "account_selection_required"]
)


@dataclass(frozen=True, slots=True)
class Launch:
    """A launch that passed every check.

    `browser_bound` is False when the login's cookie did not come back: the launch is genuine, but open no
    sign-in for it before the browser proves itself (`Sealer.proves` of what `storage` kept), or the person
    says who they are. `cookie_name` is the login's cookie, to be deleted; under that name storage has the
    secret. `nonce` names the login in what is remembered of it. `adopts_deployment` asks the application to
    store the deployment id of `message` as the platform's first.
    """

    platform: Platform
    message: Message
    claims: VerifiedClaims = field(repr=False)
    browser_bound: bool
    cookie_name: str
    nonce: str
    storage: Storage | None = None
    adopts_deployment: bool = False


def verify(
    form: Mapping[str, str],
    cookies: Mapping[str, str],
    *,
    platforms: Platforms,
    nonces: Nonces,
    key_sets: KeySets,
    sealer: Sealer,
    tool: Tool,
    now: datetime,
) -> Launch:
    """Verify the posted form of a launch. Raises LaunchRefused, and nothing else, for whatever comes in."""
    _refuse_error(form)
    state = sealer.open(form.get("state"), now)
    browser_bound = states.is_bound(state, sealer, cookies)
    platform = _platform(platforms, state)
    payload = signed_payload(form.get("id_token") or "", platform, platforms, key_sets, now)
    check_issuer(payload, platform)
    check_audience(payload, platform)
    check_dates(payload, now)
    _use_nonce(payload, state, nonces)
    adopts_deployment = _check_deployment(payload, platform, state)
    claims = VerifiedClaims(payload)
    message = messages.read(claims)
    pylti.second_opinion(claims)
    _check_target(message.target_link_uri, state, tool)
    return Launch(
        platform=platform,
        message=message,
        claims=claims,
        browser_bound=browser_bound,
        cookie_name=sealer.cookie_name(state),
        nonce=state.nonce,
        storage=None if browser_bound else storage.of(platform, state.storage_target),
        adopts_deployment=adopts_deployment,
    )


def _refuse_error(form: Mapping[str, str]) -> None:
    """An OIDC error response instead of a token (OpenID Connect core 3.1.2.6)."""
    error = form.get("error")
    if error:
        code = LaunchCode.LMS_SIGN_IN if error in _SIGN_IN_ERRORS else LaunchCode.LMS_REFUSED
        raise LaunchRefused(code, f"error {shown(error)}")


def _platform(platforms: Platforms, state: State) -> Platform:
    platform = platforms.get(state.platform_id)
    if platform is None:
        raise LaunchRefused(LaunchCode.PLATFORM_UNKNOWN, "removed since the login")
    if not platform.active:
        raise LaunchRefused(LaunchCode.PLATFORM_DISABLED, f"platform {platform.id}")
    return platform


def signed_payload(
    token: str, platform: Platform, platforms: Platforms, key_sets: KeySets, now: datetime
) -> dict[str, Any]:
    """What a platform signed with one of its own keys. Raises LaunchRefused."""
    header = id_tokens.header(token)
    keys = key_sets.matching(platform, kid=header.kid, alg=header.alg, platforms=platforms, now=now)
    return id_tokens.verified_payload(token, keys)


def check_issuer(payload: Mapping[str, Any], platform: Platform) -> None:
    """It speaks for itself. Raises LaunchRefused."""
    if c.required(payload, "iss") != platform.issuer:
        raise LaunchRefused(LaunchCode.ISSUER_WRONG, f"platform {platform.id}")


def check_audience(payload: Mapping[str, Any], platform: Platform) -> None:
    """We are (among) the audience; with several, azp has to name us (OpenID Connect core 3.1.3.7). Raises
    LaunchRefused."""
    aud = payload.get("aud")
    audience = (aud,) if isinstance(aud, str) else c.strings(payload, "aud")
    if not audience or audience == ("",):
        raise LaunchRefused(LaunchCode.CLAIM_MISSING, "aud")
    azp = c.text(payload, "azp")
    ours = platform.client_id
    if ours not in audience or azp not in (None, ours) or (azp is None and len(audience) > 1):
        raise LaunchRefused(LaunchCode.AUDIENCE_WRONG, f"platform {platform.id}")


def check_dates(payload: Mapping[str, Any], now: datetime, *, oldest: int = OLDEST) -> None:
    """Both dates are there, in order, and now lies between them; Moodle's tokens live for 60 s. `oldest` is how many
    seconds after its issue a token is taken. Raises LaunchRefused."""
    expires, issued, today = _date(payload, "exp"), _date(payload, "iat"), now.timestamp()
    if expires is None or issued is None:
        raise LaunchRefused(LaunchCode.CLAIM_MISSING, "exp" if expires is None else "iat")
    starts = _date(payload, "nbf") or issued
    if expires <= issued or max(issued, starts) > today + LEEWAY:
        raise LaunchRefused(LaunchCode.TIMESTAMPS_WRONG, f"{issued - today:+.0f} s from now")
    if expires <= today - LEEWAY or issued < today - oldest - LEEWAY:
        raise LaunchRefused(LaunchCode.TOKEN_EXPIRED, f"issued {today - issued:.0f} s ago")


def _date(payload: Mapping[str, Any], name: str) -> float | None:
    """A NumericDate; neither a boolean nor endless."""
    value = payload.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise c.malformed(name, "is not a number")
    if not 0 <= value < _LATEST_DATE or math.isnan(value):
        raise LaunchRefused(LaunchCode.TIMESTAMPS_WRONG, f"{name} is no date of this age")
    return float(value)


def _use_nonce(payload: Mapping[str, Any], state: State, nonces: Nonces) -> None:
    """The nonce is the one of this login, and this is its only use."""
    if c.required(payload, "nonce") != state.nonce:
        raise LaunchRefused(LaunchCode.NONCE_WRONG)
    forget_at = state.issued_at + states.LIFE + states.CLOCK_LEEWAY
    if not nonces.use(state.nonce, datetime.fromtimestamp(forget_at, UTC)):
        raise LaunchRefused(LaunchCode.NONCE_USED)


def _check_deployment(payload: Mapping[str, Any], platform: Platform, state: State) -> bool:
    """True when this launch brings the platform's first deployment and may."""
    deployment_id = c.required(payload, c.DEPLOYMENT_ID)
    if state.deployment_id not in (None, deployment_id):
        raise LaunchRefused(LaunchCode.DEPLOYMENT_WRONG, "not the deployment of the login")
    if deployment_id in platform.deployments:
        return False
    if platform.adopts_first_deployment and not platform.deployments:
        return True
    raise LaunchRefused(LaunchCode.DEPLOYMENT_UNKNOWN, f"platform {platform.id}, deployment {shown(deployment_id)}")


def _check_target(target: str, state: State, tool: Tool) -> None:
    if not tool.owns(target):
        raise LaunchRefused(LaunchCode.TARGET_WRONG, "target_link_uri is not ours")
    if not states.matches(target, state.target_hash):
        raise LaunchRefused(LaunchCode.TARGET_WRONG, "target_link_uri is not the login's")
