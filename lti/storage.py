"""Where a platform keeps values for tools whose frames keep no cookies (LTI Client Side postMessages 0.1, LTI
OIDC Login with LTI Client Side postMessages 0.1). The posting is a script's; here is what it has to know.
"""

from __future__ import annotations

from dataclasses import dataclass

from lti.stores import Platform
from lti.urls import origin


@dataclass(frozen=True, slots=True)
class Storage:
    """`target` is "_parent" or the name of a frame beside ours; `origin` is the only one to post to and to
    believe: that of the registered authorization address, whatever page stands round the frame."""

    target: str
    origin: str


def of(platform: Platform, target: str | None) -> Storage | None:
    """The platform's storage, when its login named one."""
    here = origin(platform.authorization_url)
    return Storage(target, here) if target and here else None
