"""What every answer tells the browser: where it may be framed, what may load, that nobody keeps a copy."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Flask, Response, g, request

from plugin.web.identity import visitor
from plugin.web.wiring import wiring

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; object-src 'none'"
)


def may_frame(hosts: Iterable[str]) -> None:
    """Let pages of these hosts show this answer in a frame, besides those of the visitor's own platform."""
    g.frame_hosts = tuple(hosts)


def frame_anywhere() -> None:
    """A refusal without anything to click may stand in any frame: it is often all that an unknown LMS can be told."""
    g.frame_anywhere = True


def may_post_to(origins: Iterable[str]) -> None:
    """Let a form of this answer go to these origins (the return of deep linking)."""
    g.form_origins = tuple(origins)


def _origins(hosts: Iterable[str]) -> list[str]:
    schemes = ("https", "http") if wiring().settings.development else ("https",)
    ported = {host if ":" in host else f"{host}:*" for host in hosts}
    return [f"{scheme}://{host}" for host in sorted(ported) for scheme in schemes]


def install(app: Flask) -> None:
    """Set the headers of every answer."""

    @app.after_request
    def guard(response: Response) -> Response:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        if request.endpoint == "static":
            return response
        hosts = set(g.get("frame_hosts", ()))
        if response.mimetype == "text/html" and (person := visitor()):
            hosts.update(person.row.platform_hosts)
        frames = "*" if g.get("frame_anywhere") else " ".join(["'self'", *_origins(hosts)])
        forms = " ".join(["'self'", *g.get("form_origins", ())])
        response.headers["Content-Security-Policy"] = f"{POLICY}; frame-ancestors {frames}; form-action {forms}"
        # a reflection must not lie about in a cache of a shared computer
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if request.is_secure:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response
