"""How secrets that we hand out are stored."""

from hashlib import sha256


def hashed(token: str) -> str:
    """The SHA-256 of a token, in hex. Our tokens are long and random, so they need no salt."""
    return sha256(token.encode()).hexdigest()


def waiting(token: str, nonce: str) -> str:
    """The hash of a waiting sign-in's token. Without the nonce, which its own login's state has, it opens nothing."""
    return hashed(f"waiting {nonce} {token}")


def carried(token: str) -> str:
    """The hash of a token that a page carries in its memory. No cookie's token is one, nor the other way round."""
    return hashed(f"carried {token}")
