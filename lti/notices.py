"""Platform Notification Service 1.0: what an LMS tells without anybody at a browser, and how it is asked to.

A tool puts one handler for each type of notice and deployment; the LMS then posts `{"notices": [{"jwt": …}]}` to it.
The one type that is wanted here is LtiContextCopyNotice: a course was copied. Claims, scope and addresses as in the
specification of October 2024 and in Canvas's own pages and source (read): such a notice has no `sub` and no
`message_type`, it names the copy as `context`, and `origin_contexts` is absent where nothing was copied from a course.

Whoever posts to an open address may post anything. The order is that of `launch`, as far as no login came before it:

    size         of all, and of each; how many                                  nothing
    platform     the one that the token says it is from: it is believed nothing  a row by issuer and client
    key, signature, iss, aud and azp, exp, iat                                  as for a launch
    deployment   known: a notice never brings one                               values
    notice       version, type, every claim's shape                             values
    one use      of its nonce: `one_use` is for the application to take, in the transaction that stores it
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from lti import claims as c
from lti import id_tokens
from lti.errors import (
    AddressRefused,
    AnswerUnreadable,
    LaunchRefused,
    LtiError,
    PlatformRefused,
    ScopeMissing,
    ServiceError,
    TokenRefused,
    shown,
)
from lti.key_sets import KeySets
from lti.launch import LEEWAY, check_audience, check_dates, check_issuer, signed_payload
from lti.messages import CONTEXT_COPY_NOTICE, LTI_VERSION
from lti.quirks import Outcome, Verdict
from lti.refusals import LaunchCode
from lti.services import Services
from lti.stores import Platform, Platforms

MOST = 100  # notices of one delivery; Canvas sends at most so many
LONGEST = 256 * 1024  # bytes of one delivery: a notice of a copy has some two thousand
OLDEST = 3600  # seconds after its issue in which a notice is taken: it may wait in a queue; Canvas signs for an hour
JSON = "application/json"


class NoticeRefused(LtiError):
    """A delivery, or one notice of it, that is not taken. The sentence is for whoever reads the LMS's log."""

    def __init__(self, code: str, detail: str = "", *, status: int = 400) -> None:
        super().__init__(code, _SENTENCES.get(code, _UNPROVEN if status in (401, 403) else _BROKEN), detail)
        self.status = status


@dataclass(frozen=True, slots=True)
class ContextCopy:
    """A verified notice: `context_id` was made with content of `origins`, all of them of this platform and deployment.

    `one_use` names the notice's nonce among those of all platforms, in 64 letters; it may be forgotten after
    `forget_at`, when the notice is too old anyway. `origins` may be empty: content came from elsewhere.
    """

    platform: Platform
    deployment_id: str
    context_id: str
    origins: tuple[str, ...]
    one_use: str = field(repr=False)
    forget_at: datetime


def tokens(body: bytes) -> tuple[str, ...]:
    """The tokens of a delivery, unread.

    Raises NoticeRefused: delivery-malformed, delivery-too-long.
    """
    if len(body) > LONGEST:
        raise NoticeRefused("delivery-too-long", f"{len(body)} bytes", status=413)
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NoticeRefused("delivery-malformed", "not JSON") from error
    entries = found.get("notices") if isinstance(found, dict) else None
    if not isinstance(entries, list) or not entries:
        raise NoticeRefused("delivery-malformed", "no list of notices")
    if len(entries) > MOST:
        raise NoticeRefused("delivery-too-long", f"{len(entries)} notices", status=413)
    jwts = [entry.get("jwt") if isinstance(entry, dict) else None for entry in entries]
    if not all(isinstance(jwt, str) for jwt in jwts):
        raise NoticeRefused("delivery-malformed", "an entry without jwt")
    return tuple(str(jwt) for jwt in jwts)


def verify(token: str, *, platforms: Platforms, key_sets: KeySets, now: datetime) -> ContextCopy:
    """Verify one notice. Raises NoticeRefused, and nothing else, for whatever comes in.

    Its one use is not taken here, so that whoever stores it does both in one transaction, after all fetching.
    """
    try:
        return _verified(token, platforms, key_sets, now)
    except LaunchRefused as error:
        raise NoticeRefused(error.code, error.detail, status=error.status) from error


def _verified(token: str, platforms: Platforms, key_sets: KeySets, now: datetime) -> ContextCopy:
    platform = _sender(token, platforms)
    payload = signed_payload(token, platform, platforms, key_sets, now)
    check_issuer(payload, platform)
    check_audience(payload, platform)
    check_dates(payload, now, oldest=OLDEST)
    deployment_id = c.required(payload, c.DEPLOYMENT_ID)
    if deployment_id not in platform.deployments:
        raise LaunchRefused(LaunchCode.DEPLOYMENT_UNKNOWN, f"platform {platform.id}, deployment {shown(deployment_id)}")
    _check_type(payload)
    context = c.mapping(payload, c.CONTEXT) or {}
    context_id = c.required(context, "id")
    nonce = c.required(payload, "nonce")
    return ContextCopy(
        platform=platform,
        deployment_id=deployment_id,
        context_id=context_id,
        origins=_origins(payload, context_id),
        one_use=sha256(f"notice {platform.id} {nonce}".encode()).hexdigest(),
        forget_at=datetime.fromtimestamp(float(payload["iat"]) + OLDEST + 2 * LEEWAY, UTC),
    )


def _sender(token: str, platforms: Platforms) -> Platform:
    """The registration that a token says it is from, by issuer and client id; the signature has to prove it."""
    id_tokens.header(token)
    claimed = id_tokens.unproven(token)
    aud = claimed.get("aud")
    client_id = c.text(claimed, "azp") or (aud if isinstance(aud, str) else None)
    if client_id is None:
        audience = c.strings(claimed, "aud") or ()
        client_id = audience[0] if len(audience) == 1 else None
    if not client_id or len(client_id) > c.ID_LENGTH:
        raise LaunchRefused(LaunchCode.AUDIENCE_WRONG, "it names no client of ours")
    found = platforms.find(c.required(claimed, "iss"), client_id)
    if len(found) != 1:
        raise LaunchRefused(LaunchCode.PLATFORM_UNKNOWN, "no such issuer and client")
    if not found[0].active:
        raise LaunchRefused(LaunchCode.PLATFORM_DISABLED, f"platform {found[0].id}")
    return found[0]


def _check_type(payload: Mapping[str, Any]) -> None:
    """It is a notice, not a launch that came to the wrong address, and of the type that we asked for."""
    if c.text(payload, c.VERSION) != LTI_VERSION:
        raise LaunchRefused(LaunchCode.VERSION_WRONG, shown(payload.get(c.VERSION)))
    if payload.get(c.MESSAGE_TYPE) is not None:
        raise LaunchRefused(LaunchCode.MESSAGE_UNKNOWN, "a launch is no notice")
    notice = c.mapping(payload, c.NOTICE) or {}
    c.required(notice, "id")
    kind = c.required(notice, "type")
    if kind != CONTEXT_COPY_NOTICE:
        raise LaunchRefused(LaunchCode.MESSAGE_UNKNOWN, shown(kind))


def _origins(payload: Mapping[str, Any], context_id: str) -> tuple[str, ...]:
    """What it was copied from, each once; a course that was copied into itself has no origin."""
    found = c.strings(payload, c.ORIGIN_CONTEXTS) or ()
    return tuple(dict.fromkeys(origin for origin in found if origin and origin != context_id))


class Handlers:
    """Our side's call: say where notices are to go. Raises lti.errors.ServiceError."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def put(self, platform: Platform, service_url: str, handler: str) -> None:
        """Have the platform tell `handler` of copies in the deployment that the address stands for; twice is once.

        Platforms answer with the handler (Canvas) or with all that are registered; both are one object.
        """
        told = json.dumps({"notice_type": CONTEXT_COPY_NOTICE, "handler": handler}).encode("ascii")
        answer = self._services.call(
            platform,
            "PUT",
            service_url,
            scope=c.SCOPE_NOTICE_HANDLERS,
            accept=JSON,
            body=told,
            content_type=JSON,
        )
        if answer.body.strip() and not isinstance(answer.json(), dict):
            raise AnswerUnreadable("a notice handler was promised")


def judge(error: ServiceError) -> Verdict:
    """What follows from an attempt to register a handler that raised this. An LMS that lets nobody is a normal one."""
    match error:
        case ScopeMissing() | TokenRefused(error="invalid_scope"):
            return _NO_RIGHT
        case PlatformRefused(answered=425 | 429):
            return replace(_BUSY, wait=error.retry_after)
        case TokenRefused(answered=answered) if answered >= 500:
            return _LATER
        case AddressRefused() | TokenRefused():
            return Verdict(Outcome.MEND, error.code, error.sentence)
        case PlatformRefused(answered=answered) if answered < 500:
            return _NO_RIGHT if answered in (401, 403) else _ODD
    return _LATER


_NO_RIGHT = Verdict(
    Outcome.MEND,
    "notices-no-right",
    "The LMS does not let this tool ask for notices of copied courses. An LMS administrator can allow it in the "
    "tool's settings (Platform Notification Service).",
)
_ODD = Verdict(
    Outcome.MEND,
    "notices-refused",
    "The LMS did not take this tool's wish to be told of copied courses, and gave no reason that helps.",
)
_LATER = Verdict(
    Outcome.RETRY, "notices-later", "The LMS could not be reached or had trouble of its own. It is asked again."
)

_BUSY = replace(_LATER, outcome=Outcome.WAIT, code="notices-busy")

_UNPROVEN = (
    "It could not be made sure that this notice comes from an LMS that is connected here, so it was not taken. Whoever "
    "looks after the LMS may compare issuer, client id, deployment and key set with those of the connection."
)
_BROKEN = "This notice cannot be read as the Platform Notification Service 1.0 says, so it was not taken."
_SENTENCES = {
    "delivery-too-long": f"Send at most {MOST} notices and {LONGEST} bytes at once; nothing of this was taken.",
    "delivery-malformed": 'Send {"notices": [{"jwt": "…"}]} as application/json; nothing of this was taken.',
    LaunchCode.NONCE_USED.value: "This notice was taken before. Nothing is to be done.",
    LaunchCode.MESSAGE_UNKNOWN.value: f"Only {CONTEXT_COPY_NOTICE} is taken here.",
    LaunchCode.PLATFORM_UNKNOWN.value: "No LMS with this issuer and client id is connected here.",
    LaunchCode.PLATFORM_DISABLED.value: "The connection of this LMS is not switched on.",
    LaunchCode.KEYS_UNREACHABLE.value: "The LMS's public keys could not be read, so this was not taken. Send it again.",
}
