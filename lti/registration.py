"""Dynamic registration (LTI Dynamic Registration 1.0): the platform's configuration is read, ours is sent.

An LMS administrator opens our registration address inside their LMS, which adds the address of its
configuration and, mostly, a token that works once. Whoever reaches this code names an address for us to
call, so: the Guard sees each address before it is called, the issuer has to live on the host that publishes
the configuration (nobody registers under another LMS's name), answers are small and slow ones end.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from lti import quirks, urls
from lti.claims import (
    SCOPE_GROUPS,
    SCOPE_LINE_ITEM,
    SCOPE_MEMBERS,
    SCOPE_NOTICE_HANDLERS,
    SCOPE_RESULT_READ,
    SCOPE_SCORE,
)
from lti.errors import AnswerUnreadable, PlatformRefused, RegistrationRefused
from lti.http import Answer, HttpClient
from lti.messages import (
    CONTEXT_HISTORY,
    COURSE_DATES,
    DATA_PRIVACY_LAUNCH,
    DEEP_LINKING_REQUEST,
    LINK_DATES,
    LINK_HISTORY,
    RESOURCE_LINK_REQUEST,
    SUBMISSION_REVIEW_REQUEST,
)
from lti.stores import hosts_of

SECONDS = 10.0
LONGEST = 256 * 1024  # bytes of a configuration or of an answer
SCOPES = (SCOPE_LINE_ITEM, SCOPE_RESULT_READ, SCOPE_SCORE, SCOPE_MEMBERS, SCOPE_NOTICE_HANDLERS, SCOPE_GROUPS)
SUBSTITUTIONS = {
    CONTEXT_HISTORY: "$Context.id.history",
    LINK_HISTORY: "$ResourceLink.id.history",
    COURSE_DATES[0]: "$CourseSection.timeFrame.begin",
    COURSE_DATES[1]: "$CourseSection.timeFrame.end",
    LINK_DATES[0]: "$ResourceLink.available.startDateTime",
    LINK_DATES[1]: "$ResourceLink.submission.endDateTime",
}
CLAIMS = ("iss", "sub", "name", "given_name", "family_name", "email")

_PLATFORM = "https://purl.imsglobal.org/spec/lti-platform-configuration"
_TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")
_ID_LENGTH = 255
_AGAIN = "Begin again from your LMS's page for adding tools."


@dataclass(frozen=True, slots=True)
class ToolDescription:
    """What we tell about ourselves. All addresses are on one host; `target_url` is where links point to,
    `deep_linking_url` where content is chosen, `launch_url` the only redirect address, `notices_url` takes notices."""

    name: str
    description: str
    home_url: str
    login_url: str
    launch_url: str
    target_url: str
    deep_linking_url: str
    key_set_url: str
    logo_url: str
    notices_url: str = ""
    custom: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlatformConfiguration:
    """The platform's own description, checked. `token_audience` is set when it differs from token_url."""

    issuer: str
    authorization_url: str
    token_url: str
    key_set_url: str
    registration_url: str
    token_audience: str | None
    family: str | None
    version: str | None
    scopes: frozenset[str]
    messages: frozenset[str]


@dataclass(frozen=True, slots=True)
class Registered:
    """A finished registration, ready to be stored as a platform; `deployment_id` when the LMS gave one."""

    configuration: PlatformConfiguration
    client_id: str
    deployment_id: str | None
    hosts: frozenset[str]


def read_configuration(
    openid_configuration: str, *, registration_token: str | None, http: HttpClient
) -> PlatformConfiguration:
    """Read and check the platform's configuration.

    Raises RegistrationRefused, and ServiceError when the address cannot be called.
    """
    host = http.guard.check(openid_configuration).host
    try:
        answer = http.get(
            openid_configuration,
            headers={"Accept": "application/json", **_bearer(registration_token)},
            seconds=SECONDS,
            longest=LONGEST,
        )
    except PlatformRefused as error:
        raise _refused_by_lms(error) from error
    found = _object(answer)
    configuration = _configuration(found)
    issuer = urls.split(configuration.issuer)
    if issuer is None or not quirks.speaks_for(host, issuer.host):
        raise RegistrationRefused(
            "issuer-foreign",
            "The address of the LMS's configuration belongs to another host than the LMS it describes, so "
            "the registration was stopped. Ask the LMS's maker or the person who sent you this address.",
            f"configuration on {host}",
        )
    _check_addresses(configuration, http)
    return configuration


def register(
    configuration: PlatformConfiguration,
    tool: ToolDescription,
    *,
    registration_token: str | None,
    http: HttpClient,
) -> Registered:
    """Send our configuration. Raises RegistrationRefused, and ServiceError when nobody answers."""
    answer = http.send(
        "POST",
        configuration.registration_url,
        headers={
            "Accept": "application/json",
            "Content-Type": "application/json",
            **_bearer(registration_token),
        },
        body=json.dumps(client_registration(tool, configuration)).encode("ascii"),
        seconds=SECONDS,
        longest=LONGEST,
    )
    if not 200 <= answer.status < 300:
        raise _refused_by_lms(answer.refusal())
    found = _object(answer)
    client_id = _id(found.get("client_id"))
    if client_id is None:
        raise _unreadable("no client_id in the answer")
    ours = found.get(_TOOL)
    return Registered(
        configuration=configuration,
        client_id=client_id,
        deployment_id=_id(ours.get("deployment_id")) if isinstance(ours, dict) else None,
        hosts=_hosts(configuration),
    )


def client_registration(tool: ToolDescription, configuration: PlatformConfiguration) -> dict[str, Any]:
    """The client registration that we send. Exactly one deep linking message: of several, Moodle takes the
    last and Sakai the first. Only scopes that the platform lists, and beyond the two usual messages only those."""
    return {
        "application_type": "web",
        "response_types": ["id_token"],
        "grant_types": ["implicit", "client_credentials"],
        "initiate_login_uri": tool.login_url,
        "redirect_uris": [tool.launch_url],
        "client_name": tool.name,
        "client_uri": tool.home_url,
        "logo_uri": tool.logo_url,
        "jwks_uri": tool.key_set_url,
        "token_endpoint_auth_method": "private_key_jwt",
        "scope": " ".join(scope for scope in SCOPES if scope in configuration.scopes),
        _TOOL: {
            "domain": urlsplit(tool.target_url).netloc,
            "description": tool.description,
            "target_link_uri": tool.target_url,
            "custom_parameters": custom_parameters(tool, configuration.family),
            "claims": list(CLAIMS),
            "messages": _offered(tool, configuration),
            **quirks.of(configuration.family).registration_extension,
        },
    }


def custom_parameters(tool: ToolDescription, family: str | None) -> dict[str, str]:
    """What each launch of this family of LMSs is asked to carry, as custom parameters."""
    own = quirks.of(family).variables
    asked = {name: own.get(variable, variable) for name, variable in SUBSTITUTIONS.items()}
    return {**asked, **tool.custom}


def _offered(tool: ToolDescription, configuration: PlatformConfiguration) -> list[dict[str, Any]]:
    """The messages that we take."""
    offered: list[dict[str, Any]] = [
        {"type": RESOURCE_LINK_REQUEST, "target_link_uri": tool.target_url, "label": tool.name},
        {
            "type": DEEP_LINKING_REQUEST,
            "target_link_uri": tool.deep_linking_url,
            "label": tool.name,
            "placements": list(quirks.of(configuration.family).content_placements),
        },
    ]
    for further in (SUBMISSION_REVIEW_REQUEST, DATA_PRIVACY_LAUNCH):
        if further in configuration.messages:
            offered.append({"type": further, "target_link_uri": tool.target_url, "label": tool.name})
    return offered


def _configuration(found: Mapping[str, Any]) -> PlatformConfiguration:
    product = found.get(_PLATFORM)
    product = product if isinstance(product, dict) else {}
    scopes = found.get("scopes_supported")
    token_url = _address(found, "token_endpoint")
    audience = _optional(found, "authorization_server")
    return PlatformConfiguration(
        issuer=_address(found, "issuer"),
        authorization_url=_address(found, "authorization_endpoint"),
        token_url=token_url,
        key_set_url=_address(found, "jwks_uri"),
        registration_url=_address(found, "registration_endpoint"),
        token_audience=None if audience == token_url else audience,
        family=_optional(product, "product_family_code"),
        version=_optional(product, "version"),
        scopes=frozenset(scope for scope in scopes if isinstance(scope, str))
        if isinstance(scopes, list)
        else frozenset(),
        messages=_messages(product.get("messages_supported")),
    )


def _messages(supported: object) -> frozenset[str]:
    """The types of message that a platform says it sends."""
    listed = supported if isinstance(supported, list) else []
    types = (message.get("type") for message in listed if isinstance(message, dict))
    return frozenset(kind for kind in types if isinstance(kind, str))


def _check_addresses(configuration: PlatformConfiguration, http: HttpClient) -> None:
    """Every address passes the guard; those that we call ourselves are looked up now, so that a mistake is
    seen by the administrator and not by the first learner."""
    http.guard.check(configuration.issuer)
    http.guard.check(configuration.authorization_url)
    for url in (configuration.registration_url, configuration.token_url, configuration.key_set_url):
        parts = http.guard.check(url)
        http.guard.addresses(parts.host, parts.port)


def _hosts(configuration: PlatformConfiguration) -> frozenset[str]:
    """Where the platform's services may live: the hosts of its own addresses, and what its family adds."""
    own = hosts_of(
        [
            configuration.issuer,
            configuration.authorization_url,
            configuration.token_url,
            configuration.key_set_url,
            configuration.registration_url,
        ]
    )
    return own | quirks.of(configuration.family).service_hosts


def _bearer(token: str | None) -> dict[str, str]:
    """Canvas wants the token for reading its configuration too."""
    if not token:
        return {}
    if not _TOKEN.fullmatch(token):
        raise RegistrationRefused("token-malformed", f"The LMS sent a registration token that cannot be used. {_AGAIN}")
    return {"Authorization": f"Bearer {token}"}


def _object(answer: Answer) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except AnswerUnreadable as error:
        raise _unreadable(error.detail) from error
    if not isinstance(found, dict):
        raise _unreadable("not an object")
    return found


def _address(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= 2000:
        raise _unreadable(f"{name} is missing")
    return value


def _optional(found: Mapping[str, Any], name: str) -> str | None:
    value = found.get(name)
    return value[:_ID_LENGTH] if isinstance(value, str) and value else None


def _id(value: object) -> str | None:
    """An id as a string; some platforms write theirs as a number."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return value if isinstance(value, str) and 0 < len(value) <= _ID_LENGTH else None


def _unreadable(detail: str) -> RegistrationRefused:
    return RegistrationRefused(
        "registration-unreadable",
        "The LMS answered with something that is not a registration, so nothing was connected. "
        f"{_AGAIN} If it happens again, connect the LMS by hand.",
        detail,
    )


def _refused_by_lms(error: PlatformRefused) -> RegistrationRefused:
    if error.answered in (401, 403):
        return RegistrationRefused(
            "registration-token-refused",
            f"The LMS did not take the registration: its token was used already or is too old. {_AGAIN}",
            error.detail,
        )
    return RegistrationRefused(
        "registration-refused",
        f"The LMS did not take the registration. {_AGAIN} If it happens again, connect the LMS by hand.",
        error.detail,
    )
