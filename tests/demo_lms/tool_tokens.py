"""JWTs that a tool signs: client assertions and deep linking responses (Security Framework §4, §5.2)."""

import base64
import binascii
import json
from datetime import timedelta
from typing import Any, TypeGuard

from joserfc import jwt
from joserfc.errors import JoseError

from tests.demo_lms.keys import KeyUnavailable
from tests.demo_lms.model import Tool
from tests.demo_lms.world import World

SKEW = timedelta(seconds=60)
LONGEST_LIFE = timedelta(hours=1)


class TokenRefused(Exception):
    """The tool's JWT is not good; the text says what is wrong with it."""


def peek(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, unverified: only to find out whose token it claims to be."""
    parts = token.split(".")
    if len(parts) != 3:
        raise TokenRefused("not a compact JWT")
    return _json_part(parts[0]), _json_part(parts[1])


def _json_part(part: str) -> dict[str, Any]:
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error):
        raise TokenRefused("not a JWT: a part is not base64url of JSON") from None
    if not isinstance(value, dict):
        raise TokenRefused("not a JWT: a part is not a JSON object")
    return value


def verified(world: World, tool: Tool, token: str, *, audience: str) -> dict[str, Any]:
    """The claims of `token`, signed by `tool` for `audience` and in time; TokenRefused otherwise.

    Signature first: nothing of the claims is believed before. `iss` has to be the client id in both uses.
    """
    header, _ = peek(token)
    if header.get("alg") != "RS256":
        raise TokenRefused(f"alg {header.get('alg')!r} is not allowed; use RS256")
    kid = header.get("kid")
    if not isinstance(kid, str):
        raise TokenRefused("the header has no kid")
    try:
        key = world.tool_keys.key(tool.jwks_uri, kid)
        claims = jwt.decode(token, key, algorithms=["RS256"]).claims
    except KeyUnavailable as error:
        raise TokenRefused(str(error)) from error
    except JoseError as error:
        raise TokenRefused(f"the signature is not the tool's: {error}") from error
    if claims.get("iss") != tool.client_id:
        raise TokenRefused("iss is not the client id")
    _check_audience(claims, audience)
    _check_time(world, claims)
    return claims


def _check_audience(claims: dict[str, Any], audience: str) -> None:
    meant = claims.get("aud")
    if meant not in (audience, [audience]):
        raise TokenRefused(f"aud has to be {audience}")


def _is_time(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_time(world: World, claims: dict[str, Any]) -> None:
    begun, ends, earliest = claims.get("iat"), claims.get("exp"), claims.get("nbf", 0)
    if not _is_time(begun) or not _is_time(ends):
        raise TokenRefused("iat and exp have to be there, as numbers")
    now = world.now().timestamp()
    if ends <= now:
        raise TokenRefused("the token has expired (exp)")
    if begun > now + SKEW.total_seconds():
        raise TokenRefused("the token is from the future (iat)")
    if ends - begun > LONGEST_LIFE.total_seconds():
        raise TokenRefused("the token lives longer than an hour")
    if not _is_time(earliest) or earliest > now + SKEW.total_seconds():
        raise TokenRefused("the token is not valid yet (nbf)")
