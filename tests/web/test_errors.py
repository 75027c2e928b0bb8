"""Refusals and accidents: always a sentence with a reference, whatever was sent and whatever broke."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from plugin.app import create_app
from plugin.settings import Settings
from tests.cast import Cast

REFERENCE = re.compile(r"<code>([0-9A-F]{8})</code>")
HUGE = str(10**30)


def said(answer: TestResponse, status: int) -> str:
    """The page's text; every refusal has a heading, a sentence and a reference."""
    assert answer.status_code == status, answer.text[:2000]
    assert answer.mimetype == "text/html"
    assert answer.text.count("<h1") == 1
    assert REFERENCE.search(answer.text)
    assert "Traceback" not in answer.text
    return answer.text


def test_what_is_not_there_and_what_is_somebody_elses_read_the_same(cast: Cast) -> None:
    assert cast.other.ada.enrolment is not None
    missing = said(cast.ada.get("/learn/999999"), 404)
    foreign = said(cast.ada.get(f"/learn/{cast.other.ada.enrolment.id}"), 404)
    assert REFERENCE.sub("", missing) == REFERENCE.sub("", foreign)
    assert "it belongs to somebody else" in missing


ODD_ADDRESSES = [
    f"/learn/{HUGE}",
    f"/cohorts/{HUGE}",
    f"/platforms/{HUGE}",
    f"/deep-linking/{HUGE}",
    f"/review/{HUGE}",
    "/learn/9223372036854775807",
    "/learn/-1",
    "/learn/1%00",
    "/learn/1/activities/%00",
    "/%ff%fe",
    "/grant/%00",
    "/lti/register/%ff%00",
]


def test_an_odd_address_is_no_accident_of_ours(cast: Cast) -> None:
    for path in ODD_ADDRESSES:
        for actor in (cast.ada, cast.ann, cast.tom):
            assert actor.get(path).status_code in {200, 404, 410}, path


ODD = {"text": "\0", "deployment": "a\0b", "state": "\ufffd", "organization": HUGE, "code": "\0", "token": "\0" * 500}


def test_odd_forms_are_no_accident_of_ours(cast: Cast) -> None:
    here = cast.here.platform.id
    for path in (
        "/platforms/invite",
        f"/platforms/{here}/state",
        f"/platforms/{here}/deployments",
        "/grant",
        "/lti/continue",
        "/lti/launch",
        "/lti/login",
        "/lti/register/x",
        f"/cohorts/{cast.here.cohort.id}/join",
    ):
        for name, value in ODD.items():
            answer = cast.ann.post(path, {name: value})
            assert answer.status_code < 500, f"{path} {name}: {answer.text[:500]}"


def test_an_invitation_for_no_organization_is_not_found(cast: Cast) -> None:
    for organization in ("", "0", "-1", "one", HUGE, "1 OR 1=1", "²"):
        said(cast.ann.post("/platforms/invite", {"organization": organization}), 404)


def test_a_form_that_is_far_too_large_is_refused_in_words(cast: Cast) -> None:
    for path in ("/lti/launch", "/lti/login", "/lti/continue", "/grant", "/profile"):
        answer = cast.ada.client.post(path, data={"text": "x" * 600_000})
        assert "Nothing was lost" in said(answer, 413), path


def test_a_form_in_pieces_that_never_end_is_refused_in_words(cast: Cast) -> None:
    many = "&".join(f"field{number}=" for number in range(5000))
    answer = cast.ada.client.post("/lti/launch", data=many, content_type="application/x-www-form-urlencoded")
    assert answer.status_code < 500
    parts = cast.ada.client.post("/lti/launch", data=b"--x\r\n" * 3000, content_type="multipart/form-data; boundary=x")
    assert parts.status_code < 500


def test_a_page_that_is_used_in_another_way_says_so(cast: Cast) -> None:
    assert "use the button on the page" in said(cast.ada.get("/lti/launch"), 405)
    assert "use the button on the page" in said(cast.ada.client.put("/profile"), 405)


def test_a_form_that_is_refused_gives_back_what_was_typed(cast: Cast) -> None:
    path = f"/learn/{cast.ada.enrolment and cast.ada.enrolment.id}/activities/reflect"
    answer = cast.ada.client.post(path, data={"text": "An hour's <work>", "csrf_token": "old"})
    page = said(answer, 400)
    assert "An hour&#39;s &lt;work&gt;" in page
    assert "It is not saved: copy it" in page
    answer = cast.tom.client.post("/review/1/release", data={"working": "You name it", "comment-change": "And why?"})
    assert "You name it\n\nAnd why?" in said(answer, 400)


def test_what_was_typed_by_somebody_whose_sign_in_ended_is_given_back_too(app: Flask) -> None:
    answer = app.test_client().post("/learn/1/activities/reflect", data={"text": "An hour's work"})
    page = said(answer, 401)
    assert "An hour&#39;s work" in page
    assert "Open Practicum again from your LMS" in page


def test_a_script_is_answered_in_json(cast: Cast, app: Flask) -> None:
    answer = app.test_client().post("/learn/1/activities/reflect/draft", json={"text": "x"})
    assert answer.status_code == 401
    body = answer.get_json()
    assert body["error"] == "signed-out"
    assert body["sentence"].endswith(".")
    assert re.fullmatch(r"[0-9A-F]{8}", body["reference"])
    other = cast.ada.client.get("/learn/999999", headers={"Accept": "application/json"})
    assert (other.status_code, other.get_json()["error"]) == (404, "not-found")


def test_whoever_is_not_signed_in_reads_where_to_come_in(app: Flask) -> None:
    for path in ("/", "/learn/1", "/review", "/platforms/", "/cohorts/1"):
        assert "from your LMS" in said(app.test_client().get(path), 401)


def test_an_accident_of_ours_is_a_page_with_the_reference_that_stands_in_the_log(
    cast: Cast, app: Flask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_view(app, monkeypatch, KeyError("Ada Okafor"))
    with caplog.at_level(logging.INFO):
        page = said(cast.ada.get("/profile"), 500)
    assert "Something went wrong on our side" in page
    reference = REFERENCE.findall(page)[0]
    assert f"ref={reference} status=500 endpoint=member.profile detail=KeyError" in caplog.text
    assert "test_errors.py" in caplog.text, "the place is there"
    assert "Ada Okafor" not in caplog.text, "the words are not"


def test_an_accident_while_committing_is_a_page_too_and_nothing_is_kept(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, session: Session, caplog: pytest.LogCaptureFixture
) -> None:
    token = cast.ada.token()

    def fails(_: Session) -> None:
        raise OperationalError("COMMIT", {}, Exception("for Ada Okafor"))

    with monkeypatch.context() as patched:
        patched.setattr(Session, "commit", fails)
        answer = cast.ada.client.post("/profile", data={"csrf_token": token, "legal_name": "Adaeze Okafor"})
    said(answer, 500)
    assert session.execute(text("SELECT legal_name FROM people WHERE legal_name IS NOT NULL")).all() == []
    assert "Okafor" not in "".join(record.getMessage() + (record.exc_text or "") for record in caplog.records)


def test_when_the_database_is_gone_there_is_still_a_page(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(*_args: Any, **_more: Any) -> None:
        raise OperationalError("SELECT", {}, Exception("the server closed the connection"))

    monkeypatch.setattr(Engine, "connect", gone)
    page = said(cast.ada.get("/profile"), 500)
    assert "quote the reference" in page
    assert "Ada" not in page
    said(cast.ada.get("/nothing-here"), 404)


def test_when_too_many_come_at_once_the_page_says_to_wait(
    cast: Cast, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_view(app, monkeypatch, NoConnectionFree("QueuePool limit of size 8 overflow 8 reached"))
    assert "Many people are here" in said(cast.ada.get("/profile"), 503)


def test_a_redirect_is_no_refusal(cast: Cast) -> None:
    """Flask sends `/platforms` to `/platforms/` by an exception."""
    assert cast.ann.get("/platforms").status_code == 308


def test_refusals_speak_the_readers_language(settings: Settings) -> None:
    app = create_app(replace(settings, rate_limits=False))
    answer = app.test_client().get("/", headers={"Accept-Language": "en-GB,en;q=0.8"})
    assert '<html lang="en">' in answer.text
    app.extensions["practicum"].close()


def break_view(app: Flask, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let the profile page fail like this."""

    def fails() -> None:
        raise error

    for name in ("capability", "writes"):
        setattr(fails, name, getattr(app.view_functions["member.profile"], name))
    monkeypatch.setitem(app.view_functions, "member.profile", fails)
