"""Cookies that live in an LMS's frame: Secure, SameSite=None and Partitioned.

Over plain http away from the loopback no browser keeps a Secure cookie: there they live in a window only.
"""

from __future__ import annotations

from flask import Response, current_app

IN_A_FRAME = "; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"
IN_A_WINDOW = "; Path=/; HttpOnly; SameSite=Lax"


def put(answer: Response, name: str, value: str, *, max_age: int | None = None) -> None:
    """Set a cookie, for so many seconds or as long as the browser runs. Name and value are letters, digits, "-_.".

    Written by hand, since to quote and to check what needs neither costs as much as the rest of a login.
    """
    lives = "" if max_age is None else f"; Max-Age={max_age}"
    where = IN_A_WINDOW if current_app.config["PRACTICUM_PLAIN_HTTP"] else IN_A_FRAME
    answer.headers.add("Set-Cookie", f"{name}={value}{lives}{where}")


def delete(answer: Response, name: str) -> None:
    """It has to look like the cookie that it deletes, or browsers keep that one."""
    put(answer, name, "", max_age=0)
