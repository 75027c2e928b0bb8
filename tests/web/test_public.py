"""What anybody may ask: does it live, is it ready, how is it doing."""

from __future__ import annotations

from flask import Flask

from plugin.db import migrate
from plugin.web.wiring import Wiring
from tests.cast import Cast


def test_the_process_says_that_it_lives(app: Flask) -> None:
    assert app.test_client().get("/healthz").text == "ok\n"


def test_it_is_ready_when_the_schema_is_at_head_and_not_before(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/readyz").status_code == 200
    parts: Wiring = app.extensions["practicum"]
    migrate.downgrade(parts.engine, "0006")
    try:
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "practicum db upgrade" in answer.text
    finally:
        migrate.upgrade(parts.engine)


def test_the_measures_are_for_the_loopback_or_for_whoever_has_the_token(cast: Cast) -> None:
    client = cast.app.test_client()
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert "practicum_outbox_due 0.0" in answer.text
    assert "practicum_outbox_refused 0.0" in answer.text
    elsewhere = {"REMOTE_ADDR": "203.0.113.9"}
    assert client.get("/metrics", environ_base=elsewhere).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 404
    wrong = {"Authorization": "Bearer guess"}
    assert client.get("/metrics", environ_base=elsewhere, headers=wrong).status_code == 404


def test_whatever_languages_a_browser_asks_for_it_reads_one_that_there_is(app: Flask) -> None:
    for wanted in ("", "*", "en-GB,en;q=0.8", "xx-YY", "es;q=nothing", ";;;,,,", "é", "a" * 5000, "de, " * 2000):
        page = app.test_client().get("/nowhere", headers={"Accept-Language": wanted})
        assert page.status_code == 404, wanted
        assert '<html lang="en">' in page.text, wanted
