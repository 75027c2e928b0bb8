"""/lti/notices: what LMSs tell us without anybody at a browser. Answers are for their logs, in English."""

from __future__ import annotations

import logging

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from lti.notices import LONGEST, ContextCopy, NoticeRefused, tokens, verify
from lti.refusals import LaunchCode
from plugin import clock
from plugin.actions import copies
from plugin.db.lti_stores import LaunchPlatforms
from plugin.domain.people import Capability
from plugin.web.access import needs
from plugin.web.errors import reference
from plugin.web.transaction import connection, keep_so_far, session
from plugin.web.wiring import wiring

log = logging.getLogger("practicum.web")

notices = Blueprint("notices", __name__, url_prefix="/lti")


@notices.post("/notices")
@needs(Capability.PUBLIC)
def take() -> ResponseReturnValue:
    """Take a delivery: each notice stands by itself, so a bad one costs the good ones beside it nothing. All are
    verified, with whatever keys have to be fetched for it, before anything is stored."""
    try:
        delivered = tokens(request.stream.read(LONGEST + 1))
    except NoticeRefused as error:
        return _refused({0: error}, 0)
    known = LaunchPlatforms(wiring().platforms)
    good: dict[int, ContextCopy] = {}
    bad: dict[int, NoticeRefused] = {}
    for number, token in enumerate(delivered):
        try:
            good[number] = verify(token, platforms=known, key_sets=wiring().key_sets, now=clock.now())
        except NoticeRefused as error:
            bad[number] = error
    if good:
        known.keep(connection())
        fresh = copies.keep(session(), list(good.values()), now=clock.now())
        used = NoticeRefused(LaunchCode.NONCE_USED.value, status=409)
        bad |= {number: used for number, is_new in zip(good, fresh, strict=True) if not is_new}
        keep_so_far()  # what is refused beside it must not undo it
    if bad:
        return _refused(bad, len(delivered) - len(bad))
    return jsonify(taken=len(delivered)), 200


def _refused(bad: dict[int, NoticeRefused], taken: int) -> ResponseReturnValue:
    """Which were refused, and why; the status is that of the first."""
    ref = reference()
    first = bad[min(bad)]
    log.info("notices refused ref=%s count=%d taken=%d first=%s", ref, len(bad), taken, first)
    refused = [
        {"number": number, "error": bad[number].code, "sentence": bad[number].sentence} for number in sorted(bad)
    ]
    return jsonify(taken=taken, refused=refused, reference=ref), first.status
