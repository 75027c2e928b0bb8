"""What can go wrong when we speak LTI, as a tree.

    LtiError                     code, sentence for the person at the screen, detail for our log
    ├── LaunchRefused            a login or a launch is not accepted (see refusals.py for every code)
    ├── RegistrationRefused      dynamic registration stops
    ├── DeepLinkingRefused       what was chosen cannot be given back to the LMS as it is
    └── ServiceError             a call to the platform did not succeed
        ├── AddressRefused       we do not call this address: not https, private, or not the platform's
        ├── Unreachable          no answer: name, connection, TLS or time-out
        ├── AnswerUnreadable     an answer that is not what the service promises, or too long
        ├── ScopeMissing         the platform gave a token without the scope that the call needs
        └── PlatformRefused      the platform answered with a status of 300 or more
            └── TokenRefused     and it was the token endpoint that did

A `sentence` says what happened, what to do next and who can mend it, without jargon. A `detail` never
holds a token, a name, an e-mail or a user id.
"""

from lti.refusals import LaunchCode

_SHOWN = 120  # characters of a foreign value that may enter our log


class LtiError(Exception):
    """Root of the tree: `code` is a stable slug, `status` the HTTP status of the page that shows it."""

    status: int = 400

    def __init__(self, code: str, sentence: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.sentence = sentence
        self.detail = detail


class LaunchRefused(LtiError):
    """A login or launch that is not accepted; `code` is a `LaunchCode`, `status` 400, 401 or 403."""

    def __init__(self, code: LaunchCode, detail: str = "") -> None:
        super().__init__(code.value, code.sentence, detail)
        self.status = code.status


class RegistrationRefused(LtiError):
    """Dynamic registration stopped before the platform and we knew each other."""


class DeepLinkingRefused(LtiError):
    """The chosen items cannot be returned to the LMS; the sentence says what to choose instead."""


class ServiceError(LtiError):
    """A call to the platform did not succeed; `lti.quirks.judge` says what follows from it."""

    status = 502


class AddressRefused(ServiceError):
    """We do not call this address."""


class Unreachable(ServiceError):
    """No answer came: the name is unknown, nobody listens, TLS failed or time ran out."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            "unreachable",
            "Your LMS did not answer. Nothing is lost; it is tried again by itself.",
            detail,
        )


class AnswerUnreadable(ServiceError):
    """The answer is not what the service promises, or longer than we accept."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            "answer-unreadable",
            "Your LMS answered with something that cannot be read. An LMS administrator should check "
            "that this service is switched on and not behind a sign-in page.",
            detail,
        )


class ScopeMissing(ServiceError):
    """The token came without the scope that the call needs."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            "scope-missing",
            "Your LMS does not let this tool use the service it needs here. An LMS administrator can "
            "allow it in the tool's settings.",
            detail,
        )


class PlatformRefused(ServiceError):
    """The platform answered with a status of 300 or more.

    `answered` is that status, `retry_after` the seconds it asked us to wait (or None), `excerpt` the start
    of its answer: for `lti.quirks` to read, not for a log, as some platforms put user ids in it.
    """

    def __init__(
        self,
        answered: int,
        *,
        excerpt: str = "",
        retry_after: float | None = None,
        code: str = "refused",
        sentence: str = "Your LMS refused what this tool asked for.",
        detail: str = "",
    ) -> None:
        super().__init__(code, sentence, detail or f"answered {answered}")
        self.answered = answered
        self.excerpt = excerpt
        self.retry_after = retry_after


class TokenRefused(PlatformRefused):
    """The token endpoint refused us; `error` is its OAuth 2.0 error slug, "" when it gave none."""

    def __init__(self, answered: int, *, error: str, retry_after: float | None = None) -> None:
        super().__init__(
            answered,
            retry_after=retry_after,
            code="token-refused",
            sentence="Your LMS did not accept this tool's key. An LMS administrator should check that the "
            "tool is switched on there and that the LMS can read the tool's public keys.",
            detail=f"token endpoint answered {answered} {shown(error)}",
        )
        self.error = error


def shown(value: object) -> str:
    """A foreign value as it may enter our log: quoted, without control characters, cut."""
    return ascii(value)[:_SHOWN]
