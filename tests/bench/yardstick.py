"""The bare Flask application that a launch is measured against: one RS256 verification, one durable commit, no more.

It does what belongs to a launch, as Flask's own pages show it: the login's redirect, the posted token, the first page.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import Any

import psycopg
from flask import Flask, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.wrappers import Response

PAGE = "<!doctype html><html lang=en><title>Page</title><h1>The first page</h1>" + "<p>A paragraph of text.</p>" * 40


class _Store:
    """One durable commit for each launch, on the engine that the environment names; one connection a thread."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._kept = threading.local()
        self._one_writer = threading.Lock()

    def commit(self, nonce: str) -> None:
        """Write one row, durably."""
        if self._url.startswith("sqlite"):
            with self._one_writer:
                self._connection().execute("INSERT INTO used (nonce) VALUES (?)", (nonce,))
        else:
            self._connection().execute("INSERT INTO used (nonce) VALUES (%s)", (nonce,))

    def _connection(self) -> Any:
        if not hasattr(self._kept, "connection"):
            self._kept.connection = self._connect()
        return self._kept.connection

    def _connect(self) -> Any:
        if self._url.startswith("sqlite"):
            connection = sqlite3.connect(self._url.removeprefix("sqlite:///"), isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
        else:
            connection = psycopg.connect(self._url.replace("+psycopg", ""), autocommit=True)  # type: ignore[assignment]
        connection.execute("CREATE TABLE IF NOT EXISTS used (nonce VARCHAR(64) PRIMARY KEY)")
        return connection


def make() -> Flask:
    """The application; YARDSTICK_DATABASE_URL and YARDSTICK_KEY (a public PEM) tell it what it needs."""
    app = Flask("yardstick")
    store = _Store(os.environ["YARDSTICK_DATABASE_URL"])
    key = RSAKey.import_key(os.environ["YARDSTICK_KEY"])

    @app.post("/lti/login")
    def login() -> Response:
        return redirect(f"https://lms.example.org/auth?login_hint={request.form['login_hint']}", 302)

    @app.post("/lti/launch")
    def launch() -> Response:
        claims = jwt.decode(request.form["id_token"], key, algorithms=["RS256"]).claims
        store.commit(claims["nonce"])
        return redirect("/page", 303)

    @app.get("/page")
    def page() -> str:
        return PAGE

    return app
