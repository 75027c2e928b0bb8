"""Cookies that live in an LMS's frame: Secure, SameSite=None and Partitioned.

Over plain http away from the loopback no browser keeps a Secure cookie: there they live in a window only.
"""

from __future__ import annotations

from flask import Response, current_app

IN_A_FRAME = "; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
IN_A_WINDOW = "; Path=/; HttpOnly; SameSite=Lax"


def written(name: str, value: str, *, plain_http: bool, max_age: int | None = None) -> str:
    """A cookie as its header has it, for so many seconds or as long as the browser runs.

    Name and value are letters, digits, "-_.": to quote and to check what needs neither costs as much as the rest of a
    login.
    """
    lives = "" if max_age is None else f"; Max-Age={max_age}"
    return f"{name}={value}{lives}{IN_A_WINDOW if plain_http else IN_A_FRAME}"


def put(answer: Response, name: str, value: str, *, max_age: int | None = None) -> None:
    """Set a cookie."""
    plain_http = current_app.config["PRACTICUM_PLAIN_HTTP"]
    answer.headers.add("Set-Cookie", written(name, value, plain_http=plain_http, max_age=max_age))


def delete(answer: Response, name: str) -> None:
    """It has to look like the cookie that it deletes, or browsers keep that one."""
    put(answer, name, "", max_age=0)
