"""A signed id_token → its claims. Everything odd about the token itself ends here, as a refusal."""

import base64
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from joserfc import jwk, jws
from joserfc.errors import BadSignatureError, JoseError

from lti.claims import is_storable
from lti.errors import LaunchRefused, shown
from lti.refusals import LaunchCode

ALGORITHMS = ("RS256", "ES256")
LONGEST = 64 * 1024
_KID_LENGTH = 255

_REGISTRY = jws.JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
_REGISTRY.max_header_length = 8 * 1024  # some platforms put a certificate beside the kid
_REGISTRY.max_signature_length = 2 * 1024

# Escapes that may stand for NUL or half a surrogate pair. Strings that hold them cannot be stored.
_SUSPECT = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")


@dataclass(frozen=True, slots=True)
class Header:
    """The two facts of a token's header that we act on."""

    alg: str
    kid: str


def header(token: str) -> Header:
    """The header, before any key is looked for.

    Raises LaunchRefused: token-missing, token-too-long, token-malformed, algorithm-refused, key-unnamed.
    """
    if not token:
        raise LaunchRefused(LaunchCode.TOKEN_MISSING)
    if len(token) > LONGEST:
        raise LaunchRefused(LaunchCode.TOKEN_TOO_LONG, f"{len(token)} characters")
    if not token.isascii() or token.count(".") != 2:
        raise LaunchRefused(LaunchCode.TOKEN_MALFORMED, "not three parts")
    found = _object(_unpack(token.partition(".")[0]))
    alg, kid = found.get("alg"), found.get("kid")
    if alg not in ALGORITHMS:  # our own list: "none" and HMAC with a public key never reach a key
        raise LaunchRefused(LaunchCode.ALGORITHM_REFUSED, f"alg {shown(alg)}")
    if "crit" in found or "b64" in found:
        raise LaunchRefused(LaunchCode.TOKEN_MALFORMED, "critical header parameters")
    if kid is None or kid == "":
        # The certification suite holds a launch without kid to be bad, even with one published key.
        raise LaunchRefused(LaunchCode.KEY_UNNAMED)
    if not isinstance(kid, str) or len(kid) > _KID_LENGTH:
        raise LaunchRefused(LaunchCode.TOKEN_MALFORMED, "kid is not a short string")
    return Header(alg=str(alg), kid=kid)


def unproven(token: str) -> dict[str, Any]:
    """What a token claims, whoever signed it: only to find out whose it says it is. Call it after `header`.

    Raises LaunchRefused: token-malformed.
    """
    return _object(_unpack(token.split(".")[1]))


def verified_payload(token: str, keys: Sequence[jwk.Key]) -> dict[str, Any]:
    """The claims of a token that one of these keys signed.

    Raises LaunchRefused: signature-wrong, token-malformed.
    """
    for key in keys:
        try:
            return _object(jws.deserialize_compact(token, key, registry=_REGISTRY).payload)
        except BadSignatureError:
            continue
        except (JoseError, ValueError) as error:
            raise LaunchRefused(LaunchCode.TOKEN_MALFORMED, type(error).__name__) from error
    raise LaunchRefused(LaunchCode.SIGNATURE_WRONG)


def _object(raw: bytes) -> dict[str, Any]:
    """A JSON object in UTF-8 without NaN, endless nesting or text that cannot be stored."""
    try:
        found = _DECODER.decode(raw.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise LaunchRefused(LaunchCode.TOKEN_MALFORMED, "not JSON in UTF-8") from error
    if not isinstance(found, dict):
        raise LaunchRefused(LaunchCode.TOKEN_MALFORMED, "not an object")
    if _SUSPECT.search(raw) and not all(is_storable(string) for string in _strings(found)):
        raise LaunchRefused(LaunchCode.TOKEN_MALFORMED, "text with NUL or half a character")
    return found


def _strings(value: object) -> Iterator[str]:
    """Every string in a JSON value, names included."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case str() as string:
                yield string
            case dict() as members:
                waiting += [*members.keys(), *members.values()]
            case list() as items:
                waiting += items


def _unpack(part: str) -> bytes:
    try:
        return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise LaunchRefused(LaunchCode.TOKEN_MALFORMED, "not base64url") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
