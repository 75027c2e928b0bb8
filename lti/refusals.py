"""Every reason for which a login or launch is refused: slug, HTTP status, and what we tell the person."""

# ruff: noqa: S105 - these are slugs; no token is a password here

from enum import StrEnum

_AGAIN = "Go back to your course and open the activity again."
_STAFF = "If it happens again, tell the person who looks after your LMS"


class LaunchCode(StrEnum):
    """Stable slugs; `sentence` and `status` come from the table below."""

    LOGIN_INCOMPLETE = "login-incomplete"
    LOGIN_MALFORMED = "login-malformed"
    PLATFORM_UNKNOWN = "platform-unknown"
    PLATFORM_AMBIGUOUS = "platform-ambiguous"
    PLATFORM_DISABLED = "platform-disabled"
    LMS_SIGN_IN = "lms-sign-in-required"
    LMS_REFUSED = "lms-refused"
    STATE_MISSING = "state-missing"
    STATE_FOREIGN = "state-foreign"
    STATE_EXPIRED = "state-expired"
    BROWSER_WRONG = "browser-wrong"
    TOKEN_MISSING = "token-missing"
    TOKEN_TOO_LONG = "token-too-long"
    TOKEN_MALFORMED = "token-malformed"
    ALGORITHM_REFUSED = "algorithm-refused"
    KEY_UNNAMED = "key-unnamed"
    KEY_UNKNOWN = "key-unknown"
    KEYS_UNREACHABLE = "keys-unreachable"
    SIGNATURE_WRONG = "signature-wrong"
    ISSUER_WRONG = "issuer-wrong"
    AUDIENCE_WRONG = "audience-wrong"
    TOKEN_EXPIRED = "token-expired"
    TIMESTAMPS_WRONG = "timestamps-wrong"
    NONCE_WRONG = "nonce-wrong"
    NONCE_USED = "nonce-used"
    DEPLOYMENT_UNKNOWN = "deployment-unknown"
    DEPLOYMENT_WRONG = "deployment-wrong"
    VERSION_WRONG = "version-wrong"
    MESSAGE_UNKNOWN = "message-unknown"
    CLAIM_MISSING = "claim-missing"
    CLAIM_MALFORMED = "claim-malformed"
    ANONYMOUS = "anonymous"
    TARGET_WRONG = "target-wrong"
    LINKS_NOT_ACCEPTED = "links-not-accepted"

    @property
    def status(self) -> int:
        return _TABLE[self][0]

    @property
    def sentence(self) -> str:
        return _TABLE[self][1]


_UNPROVEN = (
    "We could not make sure that this launch comes from your LMS, so we did not let it in. "
    f"{_AGAIN} {_STAFF} and give the reference below."
)
_BROKEN = (
    "Your LMS sent a launch that we cannot read. "
    f"{_AGAIN} {_STAFF} and give the reference below; they can report it to the LMS's maker."
)
_NOT_CONNECTED = (
    "This LMS is not connected to this tool yet. An LMS administrator has to register the tool, "
    "or the people who run this tool have to add your LMS."
)

_TABLE: dict[LaunchCode, tuple[int, str]] = {
    LaunchCode.LOGIN_INCOMPLETE: (
        400,
        "This address is meant to be opened by your LMS, and something it should bring along is missing. "
        f"{_AGAIN} {_STAFF}.",
    ),
    LaunchCode.LOGIN_MALFORMED: (400, _BROKEN),
    LaunchCode.PLATFORM_UNKNOWN: (400, _NOT_CONNECTED),
    LaunchCode.PLATFORM_AMBIGUOUS: (
        400,
        "Your LMS is connected to this tool more than once and did not say which connection it means. "
        "An LMS administrator has to let it send its client id.",
    ),
    LaunchCode.PLATFORM_DISABLED: (
        403,
        "The connection between your LMS and this tool is not switched on. It may still wait for approval; "
        "the people who run this tool can switch it on.",
    ),
    LaunchCode.LMS_SIGN_IN: (
        401,
        "Your LMS asks you to sign in there first. Sign in to your LMS, then open the activity again from your course.",
    ),
    LaunchCode.LMS_REFUSED: (
        400,
        "Your LMS stopped opening this activity and sent an error instead. "
        f"{_AGAIN} {_STAFF}; the tool's settings in the LMS may need mending.",
    ),
    LaunchCode.STATE_MISSING: (
        400,
        f"This page was opened without the step that comes before it. {_AGAIN}",
    ),
    LaunchCode.STATE_FOREIGN: (
        400,
        f"This launch was not begun here, so we did not let it in. {_AGAIN}",
    ),
    LaunchCode.STATE_EXPIRED: (
        400,
        f"Opening this activity took longer than ten minutes, so it was stopped. {_AGAIN}",
    ),
    LaunchCode.BROWSER_WRONG: (
        403,
        f"This launch was begun in another browser window or by somebody else. {_AGAIN}",
    ),
    LaunchCode.TOKEN_MISSING: (
        400,
        f"Your LMS did not say who you are and what to open. {_AGAIN} {_STAFF}.",
    ),
    LaunchCode.TOKEN_TOO_LONG: (400, _BROKEN),
    LaunchCode.TOKEN_MALFORMED: (400, _BROKEN),
    LaunchCode.ALGORITHM_REFUSED: (401, _UNPROVEN),
    LaunchCode.KEY_UNNAMED: (401, _UNPROVEN),
    LaunchCode.KEY_UNKNOWN: (
        401,
        "Your LMS signed this launch with a key that it does not publish. Wait a minute, then open the "
        f"activity again. {_STAFF}: its public keys may be out of date.",
    ),
    LaunchCode.KEYS_UNREACHABLE: (
        401,
        "We could not reach your LMS to check this launch. Wait a minute, then open the activity again. "
        f"{_STAFF}: its public keys cannot be read from outside.",
    ),
    LaunchCode.SIGNATURE_WRONG: (401, _UNPROVEN),
    LaunchCode.ISSUER_WRONG: (401, _UNPROVEN),
    LaunchCode.AUDIENCE_WRONG: (401, _UNPROVEN),
    LaunchCode.TOKEN_EXPIRED: (
        401,
        f"This launch is too old. {_AGAIN} {_STAFF}: the clock of the LMS may be wrong.",
    ),
    LaunchCode.TIMESTAMPS_WRONG: (
        401,
        f"The date of this launch cannot be right. {_AGAIN} {_STAFF}: the clock of the LMS may be wrong.",
    ),
    LaunchCode.NONCE_WRONG: (401, _UNPROVEN),
    LaunchCode.NONCE_USED: (
        401,
        f"This launch was used already; going back or reloading cannot use it again. {_AGAIN}",
    ),
    LaunchCode.DEPLOYMENT_UNKNOWN: (
        403,
        "Your LMS knows this tool, but this place in it (its deployment) is not connected yet. The people "
        "who run this tool can add it; give them the reference below.",
    ),
    LaunchCode.DEPLOYMENT_WRONG: (401, _UNPROVEN),
    LaunchCode.VERSION_WRONG: (
        400,
        "Your LMS speaks a version of LTI that this tool does not. An LMS administrator has to set the tool "
        "up as LTI 1.3.",
    ),
    LaunchCode.MESSAGE_UNKNOWN: (
        400,
        "Your LMS asked for something that this tool does not offer. Open the activity from its own link in "
        "your course.",
    ),
    LaunchCode.CLAIM_MISSING: (400, _BROKEN),
    LaunchCode.CLAIM_MALFORMED: (400, _BROKEN),
    LaunchCode.ANONYMOUS: (
        403,
        "Your LMS did not say who you are, and without that your work cannot be kept for you. Sign in to your "
        "LMS with your own account and open the activity again. An LMS administrator should check that the "
        "tool is not set to anonymous.",
    ),
    LaunchCode.TARGET_WRONG: (
        400,
        "The link in your course points to a page that is not this tool's. A teacher of the course should "
        "make the link again.",
    ),
    LaunchCode.LINKS_NOT_ACCEPTED: (
        400,
        "This place in your LMS does not take activities from this tool. Add the activity as an external tool "
        "in the course's content instead.",
    ),
}
