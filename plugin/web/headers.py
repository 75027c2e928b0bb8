"""What every answer tells the browser: where it may be framed, what may load, that nobody keeps a copy."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from flask import Flask, Response, g, request

from plugin.web.identity import show_nobody, visitor
from plugin.web.transaction import noted
from plugin.web.wiring import wiring

ALWAYS = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "same-origin"))
NO_COPY = ("Cache-Control", "no-store")  # a reflection must not lie about in a cache of a shared computer
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; object-src 'none'"
)


def may_frame(hosts: Iterable[str]) -> None:
    """Let pages of these hosts show this answer in a frame, besides those of the visitor's own platform."""
    g.frame_hosts = tuple(hosts)


def keep_for(seconds: int) -> str:
    """Let everybody keep a copy of this answer, which is the same for all; the value of its Cache-Control."""
    g.public = True
    return f"public, max-age={seconds}"


def frame_anywhere() -> None:
    """Let any page frame this answer, which therefore shows nobody and holds nothing to click.

    It is for refusals: a sentence is often all that an unknown LMS, or an ended sign-in in a frame, can be told.
    """
    show_nobody()
    g.frame_anywhere = True


def may_post_to(origins: Iterable[str], hosts: Iterable[str] = ()) -> None:
    """Let a form of this answer go to these origins, and be sent on to these hosts (the return of deep linking)."""
    g.form_origins = tuple(dict.fromkeys([*origins, *_origins(hosts)]))


def _origins(hosts: Iterable[str]) -> tuple[str, ...]:
    """The hosts as sources of a content policy, every port where none is named."""
    return _sources(tuple(hosts), plainly=wiring().settings.development)


@lru_cache(maxsize=1000)
def _sources(hosts: tuple[str, ...], *, plainly: bool) -> tuple[str, ...]:
    schemes = ("https", "http") if plainly else ("https",)
    return tuple(f"{scheme}://{host}" for host in sorted({_ported(host) for host in hosts}) for scheme in schemes)


@lru_cache(maxsize=1000)
def _policy(framing: tuple[str, ...], posting: tuple[str, ...]) -> str:
    return f"{POLICY}; frame-ancestors {' '.join(framing)}; form-action {' '.join(posting)}"


def _ported(host: str) -> str:
    bare = f"[{host}]" if host.count(":") > 1 and not host.startswith("[") else host  # an IPv6 address
    return bare if ":" in bare.rpartition("]")[2] else f"{bare}:*"


def install(app: Flask) -> None:
    """Set the headers of every answer."""

    @app.after_request
    def guard(response: Response) -> Response:
        headers, kept = response.headers, noted()
        for name, value in ALWAYS:
            headers.add(name, value)
        if request.endpoint == "static":
            return response
        if "public" not in kept:
            headers.add(*NO_COPY)
        if 300 <= response.status_code < 400:
            return response  # nothing of it is shown
        hosts: tuple[str, ...] = kept.get("frame_hosts", ())
        if response.mimetype == "text/html" and (person := visitor()):
            hosts += person.row.frame_hosts
        framing = ("*",) if "frame_anywhere" in kept else ("'self'", *_origins(hosts))
        posting = ("'self'", *kept.get("form_origins", ()))
        headers.add("Content-Security-Policy", _policy(framing, posting))
        headers.add("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if request.is_secure:
            headers.add("Strict-Transport-Security", "max-age=31536000")
        return response
