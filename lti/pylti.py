"""The only file that meets PyLTI1p3 (2.0.0).

Used: its message validators, as a second opinion on the shape of a message. They are plain functions of a
dictionary, they encode what many platforms have been tested against, and they run after our own checks of
type, so nothing in them can stumble.

Not used, and why:
- `MessageLaunch`: asks nonce store, registrations and the network before the signature is checked, lets
  replays, foreign targets, missing dates and mixed-up platforms pass, caches failed key sets.
- `OIDCLogin`, sessions, cookies, storage: the state is a cookie whose name is its value, the session id is
  taken from the client, the launch is kept in a readable cookie, two frames break each other.
- `ServiceConnector`, grades, names and roles: a token per connector, no time-outs, lower-cased paging
  addresses, truncated lists, no PUT.
- `roles`: an institution's Instructor counts as staff of the context, and our learners are teachers.
- `DeepLink`, `Registration`: parse the private key from PEM each time (30 ms and more), drop titles and
  texts, send `data: null`.
"""

from collections.abc import Mapping
from typing import Any

from pylti1p3.exception import LtiException
from pylti1p3.message_validators.deep_link import DeepLinkMessageValidator
from pylti1p3.message_validators.resource_message import ResourceMessageValidator

from lti.claims import MESSAGE_TYPE
from lti.errors import LaunchRefused, shown
from lti.messages import DATA_PRIVACY_LAUNCH, SUBMISSION_REVIEW_REQUEST
from lti.refusals import LaunchCode

_VALIDATORS = (ResourceMessageValidator(), DeepLinkMessageValidator())
# Their validators refuse what Moodle sends from a column's head, and know the privacy launch by its former name only.
_NOT_ASKED = frozenset({SUBMISSION_REVIEW_REQUEST, DATA_PRIVACY_LAUNCH, "DataPrivacyLaunchRequest"})


def second_opinion(claims: Mapping[str, Any]) -> None:
    """Refuse what PyLTI1p3's validators refuse. Call it with claims whose types were checked.

    Raises LaunchRefused: claim-missing, message-unknown.
    """
    if claims.get(MESSAGE_TYPE) in _NOT_ASKED:
        return
    takers = [validator for validator in _VALIDATORS if validator.can_validate(claims)]
    if len(takers) != 1:
        raise LaunchRefused(LaunchCode.MESSAGE_UNKNOWN, f"{len(takers)} validators take it")
    try:
        takers[0].validate(claims)
    except LtiException as error:
        raise LaunchRefused(LaunchCode.CLAIM_MISSING, shown(str(error))) from error
