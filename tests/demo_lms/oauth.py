"""Access tokens for the services: client credentials with a signed assertion (Security Framework §4.1)."""

from typing import NoReturn

from flask import Blueprint, Response, jsonify, request

from tests.demo_lms import addresses
from tests.demo_lms.here import world
from tests.demo_lms.keys import random_id
from tests.demo_lms.model import AccessToken, Tool
from tests.demo_lms.tool_tokens import TokenRefused, peek, verified
from tests.demo_lms.vocabulary import JWT_BEARER, Media, Scope
from tests.demo_lms.world import Unknown

oauth = Blueprint("oauth", __name__)


class TokenError(Exception):
    """An error of RFC 6749 §5.2."""

    def __init__(self, code: str, why: str) -> None:
        self.code, self.why = code, why
        self.status = 401 if code == "invalid_client" else 400


@oauth.errorhandler(TokenError)
def refused(error: TokenError) -> Response:
    answer = jsonify(error=error.code, error_description=error.why)
    answer.status_code = error.status
    answer.headers["Cache-Control"] = "no-store"
    return answer


@oauth.post(addresses.TOKEN)
def token() -> Response:
    """Check the assertion, grant what of the asked scopes the tool may have."""
    form = _form()
    tool = _authenticated(form.get("client_assertion", ""))
    scopes = _granted(tool, form.get("scope", "").split())
    granted = AccessToken(
        token=random_id(),
        client_id=tool.client_id,
        scopes=scopes,
        expires_at=world.now() + world.config.habits.access_token_life,
    )
    with world.lock:
        world.access_tokens[granted.token] = granted
    answer = jsonify(
        access_token=granted.token,
        token_type="Bearer",
        expires_in=int(world.config.habits.access_token_life.total_seconds()),
        scope=" ".join(scopes),
    )
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _form() -> dict[str, str]:
    if request.mimetype != Media.FORM:
        raise TokenError("invalid_request", f"send the parameters as {Media.FORM}")
    if request.form.get("grant_type") != "client_credentials":
        raise TokenError("unsupported_grant_type", "grant_type has to be client_credentials")
    if request.form.get("client_assertion_type") != JWT_BEARER:
        raise TokenError("invalid_request", f"client_assertion_type has to be {JWT_BEARER}")
    if repeated := [name for name, values in request.form.lists() if len(values) > 1]:
        raise TokenError("invalid_request", f"{', '.join(repeated)} given more than once")
    return request.form.to_dict()


def _authenticated(assertion: str) -> Tool:
    try:
        tool = _claimant(assertion)
        audience = world.config.habits.token_audience or world.config.url(addresses.TOKEN)
        claims = verified(world, tool, assertion, audience=audience)
        if claims.get("sub") != tool.client_id:
            raise TokenRefused("sub is not the client id")
        jti = claims.get("jti")
        if not isinstance(jti, str) or not jti:
            raise TokenRefused("jti is missing")
        if not world.use_once("jti", tool.client_id, jti):
            raise TokenRefused("this jti was used before")
    except TokenRefused as refusal:
        _invalid_client(str(refusal))
    if not tool.active:
        _invalid_client("the tool is not active")
    return tool


def _claimant(assertion: str) -> Tool:
    _, claims = peek(assertion)
    try:
        return world.tool(str(claims.get("iss")))
    except Unknown:
        raise TokenRefused("no tool has the client id in iss") from None


def _invalid_client(why: str) -> NoReturn:
    raise TokenError("invalid_client", why)


def _granted(tool: Tool, asked: list[str]) -> tuple[Scope, ...]:
    allowed = tuple(scope for scope in tool.scopes if scope in asked)
    if not allowed:
        raise TokenError("invalid_scope", "none of the scopes asked for is allowed to this tool")
    if world.config.habits.all_scopes_or_none and set(asked) - set(allowed):
        raise TokenError("invalid_scope", "a scope asked for is not allowed to this tool")
    return allowed
