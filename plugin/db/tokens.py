"""How secrets that we hand out are stored."""

from hashlib import sha256


def hashed(token: str) -> str:
    """The SHA-256 of a token, in hex. Our tokens are long and random, so they need no salt."""
    return sha256(token.encode()).hexdigest()
