"""Values that leave the house and come back: JSON with a signature, readable by everybody, changed by nobody."""

import hashlib
import hmac
import json
from collections.abc import Iterable
from typing import Any

from itsdangerous import BadPayload, BadSignature, Signer
from itsdangerous.encoding import base64_decode, base64_encode

_encode = json.JSONEncoder(separators=(",", ":")).encode


class Seal:
    """Signs and reads values for one purpose.

    `keys` are the application's secrets, the newest first: the first one signs, all of them read. `purpose` keeps what
    was signed for one use from another. As itsdangerous's own serializers, with the keys derived once instead of with
    each value: that was half of the work.
    """

    def __init__(self, keys: str | Iterable[str], *, purpose: str) -> None:
        newest_first = [keys] if isinstance(keys, str) else list(keys)
        derived = [hmac.digest(key.encode(), purpose.encode(), hashlib.sha256) for key in reversed(newest_first)]
        self._signer = Signer(derived, key_derivation="none", digest_method=hashlib.sha256)  # the oldest comes first

    def dumps(self, value: Any) -> str:
        """A JSON value as text for an address or a cookie."""
        return self._signer.sign(base64_encode(_encode(value))).decode("ascii")

    def loads(self, text: str) -> Any:
        """The value of a text that was made here.

        Raises itsdangerous.BadData: it was not.
        """
        if not text.isascii():
            raise BadSignature("holds letters that no seal has")
        payload = self._signer.unsign(text)
        try:
            return json.loads(base64_decode(payload))
        except ValueError as error:
            raise BadPayload("signed, but no value", original_error=error) from error
