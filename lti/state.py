"""The state of a login: a sealed token instead of a row.

Between login and launch we have to remember which platform we sent the browser to, the nonce, the target
and the browser. All of it travels in the `state` parameter, sealed with a key of the application, so a
login writes nothing and an unsolicited launch reaches neither database nor network. That a launch is used
once is kept by its nonce (`lti.stores.Nonces`), not here.
"""

import hashlib
import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from itsdangerous import BadData

from lti.errors import LaunchRefused
from lti.refusals import LaunchCode
from lti.seals import Seal

LIFE = 600  # seconds between login and launch
CLOCK_LEEWAY = 60  # seconds that the clocks of our own machines may differ
_LONGEST = 2000
_PURPOSE = "lti.login-state"


@dataclass(frozen=True, slots=True)
class State:
    """What we remember of a login. Target and browser secret are kept as hashes. `storage_target` names the platform's
    frame that was given the secret to keep, when it was."""

    platform_id: int
    nonce: str
    target_hash: str
    browser_hash: str
    deployment_id: str | None
    issued_at: int
    storage_target: str | None = None


class Sealer:
    """Seals and opens states.

    `keys` are the application's secrets, the newest first: the first one seals, all of them open. The
    issue time is one of the sealed values, so that one clock, the one the caller hands in, decides.
    `cookie_prefix` begins the name of every login's cookie; behind https it should be "__Host-lti-", which
    no sibling host can set.
    """

    def __init__(self, keys: str | Iterable[str], *, cookie_prefix: str = "lti-") -> None:
        self.cookie_prefix = cookie_prefix
        self._seal = Seal(keys, purpose=_PURPOSE)

    def seal(self, state: State) -> str:
        """The state as a token for the `state` parameter."""
        values = [
            state.platform_id,
            state.nonce,
            state.target_hash,
            state.browser_hash,
            state.deployment_id,
            state.issued_at,
        ]
        if state.storage_target is not None:
            values.append(state.storage_target)
        return self._seal.dumps(values)

    def open(self, token: str | None, now: datetime) -> State:
        """The state of a token that is ours and at most ten minutes old.

        Raises LaunchRefused: state-missing, state-foreign, state-expired.
        """
        if not token:
            raise LaunchRefused(LaunchCode.STATE_MISSING)
        if len(token) > _LONGEST or not token.isascii():
            raise LaunchRefused(LaunchCode.STATE_FOREIGN, "not a token of ours")
        try:
            state = State(*self._seal.loads(token))
        except (BadData, TypeError) as error:
            raise LaunchRefused(LaunchCode.STATE_FOREIGN, type(error).__name__) from error
        age = now.timestamp() - state.issued_at
        if not -CLOCK_LEEWAY <= age <= LIFE:
            raise LaunchRefused(LaunchCode.STATE_EXPIRED, f"age {age:.0f} s")
        return state

    def cookie_name(self, state: State) -> str:
        """The login's own cookie: two frames that launch at once do not overwrite each other's."""
        return self.cookie_prefix + state.nonce[:12]

    def proves(self, token: str, secret: str, now: datetime) -> bool:
        """Whether `secret` is the browser secret of this login: for a browser that lost the cookie and
        fetched the secret from the platform's storage. Raises what `open` raises."""
        return matches(secret, self.open(token, now).browser_hash)


def is_bound(state: State, sealer: Sealer, cookies: Mapping[str, str]) -> bool:
    """True when the browser brings the login's cookie, False when it brings none.

    Raises LaunchRefused browser-wrong for a cookie with another value: somebody else's login.
    """
    secret = cookies.get(sealer.cookie_name(state))
    if not secret:
        return False
    if not matches(secret, state.browser_hash):
        raise LaunchRefused(LaunchCode.BROWSER_WRONG)
    return True


def digest(value: str) -> str:
    """128 bits of SHA-256, in the letters of base64url: enough to recognise a value, short in an address."""
    raw = hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()
    return urlsafe_b64encode(raw[:16]).rstrip(b"=").decode("ascii")


def matches(value: Any, expected: str) -> bool:
    """Whether a value has this digest, compared in constant time."""
    return isinstance(value, str) and hmac.compare_digest(digest(value), expected)
