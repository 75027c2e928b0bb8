"""Why something was refused: codes become sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
from flask import Flask

from lti import quirks, services
from lti.errors import AddressRefused, AnswerUnreadable, PlatformRefused, ScopeMissing, ServiceError, TokenRefused
from lti.http import Guard
from lti.quirks import Verdict
from plugin.actions import outbox
from plugin.actions.grants import GrantRefused, Why
from plugin.web import reasons
from plugin.worker.loop import ACCIDENT

FAMILIES = (None, "moodle", "canvas", "blackboardlearn", "desire2learn", "sakai", "schoology", "openedx")
STATUSES = (400, 401, 403, 404, 409, 410, 418, 422, 425, 429, 500, 503)
EXCERPTS = ("", "Rate Limit Exceeded", "timestamp is older", "no attempt is left", "User could not be found:")
OF_THE_WORKER = {
    outbox.SWITCHED_OFF_CODE: outbox.SWITCHED_OFF,
    outbox.SILENT_CODE: outbox.SILENT,
    outbox.GAVE_UP_CODE: outbox.GAVE_UP,
}

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def asked(app: Flask) -> Iterator[None]:
    with app.test_request_context("/"):
        yield


@pytest.fixture
def in_another_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reasons, "_", lambda message: f"«{message}»")


def verdicts() -> set[Verdict]:
    """What can come of a score that an LMS did not take."""
    with pytest.raises(AddressRefused) as plain:
        Guard().check("http://lms.example.org")
    foreign = services._foreign(cast(Any, SimpleNamespace(id=1)))
    failures: list[ServiceError] = [plain.value, foreign, AnswerUnreadable(""), ScopeMissing("")]
    failures += [TokenRefused(status, error="") for status in STATUSES]
    failures += [PlatformRefused(status, excerpt=excerpt) for status in STATUSES for excerpt in EXCERPTS]
    return {ACCIDENT, *(quirks.judge(family, failure) for family in FAMILIES for failure in failures)}


def test_each_reason_of_the_outbox_has_a_sentence_here_which_in_english_is_the_stored_one() -> None:
    found = {verdict.code: verdict.sentence for verdict in verdicts()} | OF_THE_WORKER
    assert len(found) > 15
    for code, sentence in found.items():
        assert reasons.of_telling(code, "an older sentence") == sentence


def test_a_reason_is_said_in_the_readers_language(in_another_language: None) -> None:
    assert reasons.of_telling("silent", outbox.SILENT) == f"«{outbox.SILENT}»"
    both = reasons.of_telling(f"later {outbox.GAVE_UP_CODE}", "stored")
    assert both is not None
    assert both.startswith("«The LMS could not be reached")
    assert both.endswith(f" «{outbox.GAVE_UP}»")


@pytest.mark.parametrize("codes", [None, "", "of-a-newer-release", f"of-a-newer-release {outbox.GAVE_UP_CODE}"])
def test_without_a_code_that_is_known_here_the_stored_sentence_stands(codes: str | None) -> None:
    assert reasons.of_telling(codes, "The column was deleted.") == "The column was deleted."
    assert reasons.of_telling(codes, None) is None


@pytest.mark.parametrize("why", [Why.UNKNOWN, Why.USED, Why.TAKEN_BACK, Why.TOO_OLD])
def test_why_a_code_gives_nothing_is_said_in_the_readers_language(why: Why, in_another_language: None) -> None:
    assert reasons.of_grant(GrantRefused(why)) == f"«{GrantRefused(why)}»"
