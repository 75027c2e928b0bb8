"""Dynamic registration: the platform's configuration, its key set, and the endpoint where tools register."""

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, abort, jsonify, request

from tests.demo_lms import addresses, claims, shapes
from tests.demo_lms import vocabulary as v
from tests.demo_lms.here import world
from tests.demo_lms.keys import random_id
from tests.demo_lms.model import Deployment, RegistrationToken, Tool
from tests.demo_lms.vocabulary import Media, Message, Scope

registration = Blueprint("registration", __name__)


class RegistrationError(Exception):
    """A registration is refused (RFC 7591 §3.2.2)."""

    def __init__(self, code: str, why: str, status: int = 400) -> None:
        self.code, self.why, self.status = code, why, status


@registration.errorhandler(RegistrationError)
def refused(error: RegistrationError) -> Response:
    answer = jsonify(error=error.code, error_description=error.why)
    answer.status_code = error.status
    return answer


@registration.get(addresses.KEY_SET)
def key_set() -> Response:
    return jsonify(world.keys.key_set())


@registration.get(addresses.CONFIGURATION)
def configuration() -> Response:
    """The openid-configuration with what LTI adds (Dynamic Registration §2.1)."""
    if not world.config.habits.dynamic_registration:
        abort(404)
    if world.config.habits.configuration_needs_token:
        _living_token()
    config = world.config
    return jsonify(
        {
            "issuer": config.iss,
            "authorization_endpoint": config.url(addresses.AUTHORIZATION),
            "token_endpoint": config.url(addresses.TOKEN),
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
            "jwks_uri": config.url(addresses.KEY_SET),
            "registration_endpoint": config.url(addresses.REGISTRATION),
            "scopes_supported": ["openid", *(scope.value for scope in Scope)],
            "response_types_supported": ["id_token"],
            "response_modes_supported": ["form_post"],
            "grant_types_supported": ["implicit", "client_credentials"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": ["sub", "iss", "name", "given_name", "family_name", "email", "locale"],
            v.PLATFORM_CONFIGURATION: {
                "product_family_code": config.product_family_code,
                "version": config.version,
                "messages_supported": [{"type": message.value, "placements": []} for message in Message],
                "variables": list(claims.VARIABLES),
            },
        }
    )


@registration.post(addresses.REGISTRATION)
def register() -> Response:
    """Register the tool, or update it if this is a tool the LMS has."""
    if not world.config.habits.dynamic_registration:
        abort(404)
    token = _living_token()
    if request.mimetype != Media.JSON:
        raise RegistrationError("invalid_client_metadata", f"send the registration as {Media.JSON}", 415)
    body = request.get_json(silent=True)
    if not isinstance(body, dict):
        raise RegistrationError("invalid_client_metadata", "the body is not a JSON object")
    try:
        asked = _read(body)
    except shapes.BadShape as fault:
        raise RegistrationError("invalid_client_metadata", str(fault)) from fault
    with world.lock:
        _check_unused(token)
        tool, deployment = _keep(token, asked)
        world.registration_tokens[token.token] = replace(token, used=True, client_id=tool.client_id)
    answer = jsonify(_echo(body, tool, deployment))
    answer.status_code = world.config.habits.registration_status
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _living_token() -> RegistrationToken:
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    token = world.registration_tokens.get(text)
    if kind != "Bearer" or token is None:
        raise RegistrationError("invalid_token", "no registration token of this LMS", 401)
    _check_unused(token)
    if token.expires_at <= world.now():
        raise RegistrationError("invalid_token", "the registration token has expired", 401)
    return token


def _check_unused(token: RegistrationToken) -> None:
    if world.registration_tokens[token.token].used:
        raise RegistrationError("token_already_used", "this registration token was used before", 401)


REQUIRED_LISTS = {"response_types": "id_token", "grant_types": "client_credentials"}


def _read(body: dict[str, Any]) -> Tool:
    """What the body asks for, without a client id yet; BadShape names what is missing."""
    for name, value in REQUIRED_LISTS.items():
        if value not in _list(body, name):
            raise shapes.BadShape(f"{name} has to hold {value!r}")
    if body.get("token_endpoint_auth_method") != "private_key_jwt":
        raise shapes.BadShape("token_endpoint_auth_method has to be private_key_jwt")
    if body.get("application_type") != "web":
        raise shapes.BadShape("application_type has to be web")
    redirects = _list(body, "redirect_uris")
    if not redirects:
        raise RegistrationError("invalid_redirect_uri", "redirect_uris has to hold at least one address")
    tool = shapes.optional_object(body, v.TOOL_CONFIGURATION)
    if tool is None:
        raise shapes.BadShape(f"{v.TOOL_CONFIGURATION} is missing")
    messages = _messages(tool)
    asked = (shapes.optional_text(body, "scope") or "").split()
    return Tool(
        client_id="",
        name=shapes.text(body, "client_name"),
        initiate_login_uri=_address(body, "initiate_login_uri"),
        redirect_uris=tuple(_checked_address(one, "redirect_uris") for one in redirects),
        jwks_uri=_address(body, "jwks_uri"),
        target_link_uri=_address_at(tool, "target_link_uri", _domain(tool)),
        domain=_domain(tool),
        deep_linking_uri=messages.deep_linking_uri,
        deep_linking_custom=messages.deep_linking_custom,
        submission_review_uri=messages.submission_review_uri,
        data_privacy_uri=messages.data_privacy_uri,
        scopes=tuple(scope for scope in Scope if scope in asked),
        claims=tuple(str(one) for one in _list(tool, "claims")),
        custom=shapes.texts(tool, "custom_parameters"),
        logo_uri=_address(body, "logo_uri") if body.get("logo_uri") else None,
        description=shapes.optional_text(tool, "description") or "",
    )


def _domain(tool: dict[str, Any]) -> str:
    domain = shapes.text(tool, "domain")
    if "/" in domain:
        raise shapes.BadShape("domain has to be a host, with its port if it has one")
    return domain


@dataclass(frozen=True, slots=True)
class _Messages:
    deep_linking_uri: str
    deep_linking_custom: dict[str, str]
    submission_review_uri: str | None = None
    data_privacy_uri: str | None = None


def _messages(tool: dict[str, Any]) -> _Messages:
    """The addresses of the tool's messages; exactly one of them has to be deep linking."""
    messages = _list(tool, "messages")
    if any(not isinstance(one, dict) or not isinstance(one.get("type"), str) for one in messages):
        raise shapes.BadShape("messages has to be a list of objects with a type")
    deep = [one for one in messages if one["type"] == Message.DEEP_LINKING]
    if len(deep) != 1:
        # with several, Moodle takes the last and Sakai the first
        raise shapes.BadShape("messages has to hold exactly one LtiDeepLinkingRequest")
    fallback = {"target_link_uri": tool.get("target_link_uri")}
    domain = _domain(tool)

    def address_of(kind: Message) -> str | None:
        found = [one for one in messages if one["type"] == kind]
        return _address_at({**fallback, **found[0]}, "target_link_uri", domain) if found else None

    return _Messages(
        deep_linking_uri=_address_at({**fallback, **deep[0]}, "target_link_uri", domain),
        deep_linking_custom=shapes.texts(deep[0], "custom_parameters"),
        submission_review_uri=address_of(Message.SUBMISSION_REVIEW),
        data_privacy_uri=address_of(Message.DATA_PRIVACY),
    )


def _list(body: dict[str, Any], name: str) -> list[Any]:
    value = body.get(name)
    if not isinstance(value, list):
        raise shapes.BadShape(f"{name} has to be a list")
    return value


def _address(body: dict[str, Any], name: str) -> str:
    return _checked_address(shapes.text(body, name), name)


def _checked_address(value: Any, name: str) -> str:
    parts = urlsplit(value) if isinstance(value, str) else None
    if parts is None or parts.scheme not in ("http", "https") or not parts.netloc or parts.fragment:
        raise shapes.BadShape(f"{name} has to be an absolute http(s) address without a fragment")
    return str(value)


def _address_at(body: dict[str, Any], name: str, domain: str) -> str:
    address = _address(body, name)
    if urlsplit(address).netloc.removeprefix("www.") != domain.removeprefix("www."):
        raise shapes.BadShape(f"the host of {name} has to be the domain, {domain}")
    return address


def _keep(token: RegistrationToken, asked: Tool) -> tuple[Tool, Deployment]:
    known = _known(token, asked)
    if known is not None:
        tool = replace(asked, client_id=known.client_id, active=known.active)
        deployment = next(one for one in world.deployments.values() if one.client_id == known.client_id)
    else:
        tool = replace(asked, client_id=random_id(), active=world.config.habits.activate_at_registration)
        deployment = world.deploy(tool)
    world.tools[tool.client_id] = tool
    return tool, deployment


def _known(token: RegistrationToken, asked: Tool) -> Tool | None:
    """The tool this registration updates: the one the token names, or the one with the same domain and login."""
    if token.client_id is not None:
        return world.tools.get(token.client_id)
    if token.always_new:
        return None
    same = (
        tool
        for tool in world.tools.values()
        if (tool.domain, tool.initiate_login_uri) == (asked.domain, asked.initiate_login_uri)
    )
    return next(same, None)


def _echo(body: dict[str, Any], tool: Tool, deployment: Deployment) -> dict[str, Any]:
    configuration = dict(body[v.TOOL_CONFIGURATION])
    if world.config.habits.registration_answer_has_deployment:
        configuration["deployment_id"] = deployment.id
    return {
        **body,
        "client_id": tool.client_id,
        "scope": " ".join(tool.scopes),
        v.TOOL_CONFIGURATION: configuration,
    }
