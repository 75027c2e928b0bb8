"""The tool's own RSA keys: make them, keep them parsed, publish them, and when to change them.

A key is published at once, signs when it has been published for a day (so that platforms which cache our
key set have it), stops when the next one starts to sign, and stays published for two weeks after that.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from joserfc import jwk, jwt
from joserfc.errors import JoseError

ALGORITHM = "RS256"
PUBLISHED_BEFORE_SIGNING = timedelta(days=1)
PUBLISHED_AFTER_SIGNING = timedelta(days=14)
ROTATE_EVERY = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key, parsed once and kept; `kid` is its RFC 7638 thumbprint."""

    kid: str
    key: jwk.RSAKey = field(repr=False)

    def sign(self, claims: Mapping[str, Any]) -> str:
        """The claims as a JWT, signed with RS256, `kid` in its header."""
        return jwt.encode({"alg": ALGORITHM, "kid": self.kid}, dict(claims), self.key)


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A new key as the application stores it: the private half as PKCS#8 PEM, the public half as JWK."""

    kid: str
    private_pem: str = field(repr=False)
    public_jwk: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KeyDates:
    """What the rotation rule needs to know of a stored key; `revoked_at` takes it out at once."""

    kid: str
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rota:
    """Which key signs now (None: make one), which are published, and whether a new one is due."""

    signing: str | None
    published: tuple[str, ...]
    is_due: bool


def make() -> KeyPair:
    """A new RSA key of 2048 bits."""
    key = jwk.RSAKey.generate_key(2048)
    kid = key.thumbprint()
    return KeyPair(kid, key.as_pem(private=True).decode("ascii"), public_jwk(SigningKey(kid, key)))


def load(private_pem: str) -> SigningKey:
    """Parse a stored private key. Do this once per process and key.

    Raises ValueError when the text is not an RSA private key of at least 2048 bits.
    """
    try:
        key = jwk.RSAKey.import_key(private_pem)
    except (JoseError, ValueError, TypeError) as error:
        raise ValueError("this is not an RSA private key in PEM") from error
    if not isinstance(key.raw_value, RSAPrivateKey) or key.raw_value.key_size < 2048:
        raise ValueError("this is not an RSA private key of at least 2048 bits")
    return SigningKey(key.thumbprint(), key)


def public_jwk(key: SigningKey) -> dict[str, str]:
    """The public half, as it is published."""
    numbers = key.key.as_dict(private=False)
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": ALGORITHM,
        "kid": key.kid,
        "n": str(numbers["n"]),
        "e": str(numbers["e"]),
    }


def document(published: Iterable[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The key set document that our key set address serves."""
    return {"keys": [dict(key) for key in published]}


def rota(keys: Sequence[KeyDates], now: datetime) -> Rota:
    """The rotation rule: who signs and who is published at `now`."""
    standing = sorted((key for key in keys if key.revoked_at is None), key=lambda key: key.created_at)
    if not standing:
        return Rota(signing=None, published=(), is_due=True)
    signing = _signing(standing, now)
    return Rota(
        signing=standing[signing].kid,
        published=tuple(
            key.kid
            for place, key in enumerate(standing)
            if place >= signing or now < _stops(standing, place) + PUBLISHED_AFTER_SIGNING
        ),
        is_due=now >= standing[-1].created_at + ROTATE_EVERY,
    )


def _signing(standing: Sequence[KeyDates], now: datetime) -> int:
    """Place of the newest key that has been published long enough; the oldest when none has."""
    ready = [place for place, key in enumerate(standing) if now >= key.created_at + PUBLISHED_BEFORE_SIGNING]
    return ready[-1] if ready else 0


def _stops(standing: Sequence[KeyDates], place: int) -> datetime:
    """When a key that is not the last one hands over to the next."""
    return standing[place + 1].created_at + PUBLISHED_BEFORE_SIGNING
