"""The other side, for tests of the library: a platform that signs launches, stores in memory, and a small
HTTP server on the loopback that answers as a test tells it."""

from __future__ import annotations

import json
import ssl
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import Message as Headers
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from joserfc import jwk, jws

from lti import claims as c
from lti import keys, launch, login
from lti.errors import LaunchRefused
from lti.http import Guard, HttpClient
from lti.key_sets import KeySets
from lti.launch import Launch
from lti.login import LoginRedirect
from lti.state import Sealer
from lti.stores import Platform
from lti.urls import Tool

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
TOOL = Tool("https://tool.example.org", "https://tool.example.org/lti/launch")
TARGET = "https://tool.example.org/lti/open"
ISSUER = "https://lms.example.org"
MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
INSTITUTION = "http://purl.imsglobal.org/vocab/lis/v2/institution/person"

_REGISTRY = jws.JWSRegistry(algorithms=["RS256", "ES256", "HS256", "RS384"], strict_check_header=False)


@cache
def rsa_key(name: str) -> jwk.RSAKey:
    """A key of the platform; the same one for the same name, as making one takes time."""
    return jwk.RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


@cache
def ec_key(name: str) -> jwk.ECKey:
    return jwk.ECKey.generate_key("P-256", {"kid": name})


@cache
def tool_key() -> keys.SigningKey:
    """The key of ours."""
    return keys.load(keys.make().private_pem)


def public(key: jwk.RSAKey | jwk.ECKey, **changes: Any) -> dict[str, Any]:
    """The public half as a JWK; a change to None leaves the member out."""
    members = {**key.as_dict(private=False), **changes}
    return {name: value for name, value in members.items() if value is not None}


def key_set(*entries: Mapping[str, Any]) -> str:
    return json.dumps({"keys": list(entries)})


def sign(payload: object, key: Any = None, **header: Any) -> str:
    """A JWT of these claims (or of these very bytes); header members may be changed or left out by None."""
    key = key or rsa_key("one")
    members = {"alg": "RS256", "typ": "JWT", "kid": "one", **header}
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return jws.serialize_compact(
        {name: value for name, value in members.items() if value is not None}, raw, key, registry=_REGISTRY
    )


def sign_raw(header: bytes, payload: bytes) -> str:
    """A token of these very bytes, signed with RS256 by the platform's key."""
    signed = ".".join(urlsafe_b64encode(part).decode().rstrip("=") for part in (header, payload))
    private = rsa_key("one").private_key
    assert private is not None
    signature = private.sign(signed.encode(), PKCS1v15(), SHA256())
    return f"{signed}.{urlsafe_b64encode(signature).decode().rstrip('=')}"


def refused(code: str) -> pytest.RaisesExc[LaunchRefused]:
    """Expect the refusal with this slug (or one of several: "a|b")."""
    return pytest.raises(LaunchRefused, match=rf"^({code})\b")


class MemoryPlatforms:
    """lti.stores.Platforms, counting how often it was asked."""

    def __init__(self, *platforms: Platform) -> None:
        self.rows = {platform.id: platform for platform in platforms}
        self.asked = 0

    def find(self, issuer: str, client_id: str | None) -> list[Platform]:
        self.asked += 1
        return [row for row in self.rows.values() if row.issuer == issuer and client_id in (None, row.client_id)]

    def get(self, id: int) -> Platform | None:
        self.asked += 1
        return self.rows.get(id)

    def keep_key_set(self, id: int, document: str, fetched_at: datetime) -> None:
        self.rows[id] = replace(self.rows[id], key_set=document, key_set_fetched_at=fetched_at)


class MemoryNonces:
    """lti.stores.Nonces."""

    def __init__(self) -> None:
        self.used: dict[str, datetime] = {}
        self._lock = threading.Lock()

    def use(self, nonce: str, expires_at: datetime) -> bool:
        with self._lock:
            return self.used.setdefault(nonce, expires_at) is expires_at


class MemoryKeys:
    """lti.stores.ToolKeys with one key."""

    def signing(self) -> keys.SigningKey:
        return tool_key()

    def published(self) -> list[Mapping[str, Any]]:
        return [keys.public_jwk(tool_key())]


def platform(**changes: Any) -> Platform:
    """A registration whose key set is known and fresh."""
    row = Platform(
        id=1,
        issuer=ISSUER,
        client_id="tool-1",
        authorization_url="https://lms.example.org/auth",
        token_url="https://lms.example.org/token",
        key_set_url="http://127.0.0.1:9/keys",  # nobody answers there: tests of fetching name a server
        deployments=frozenset({"dep-1"}),
        key_set=key_set(public(rsa_key("one")), public(ec_key("curve"))),
        key_set_fetched_at=NOW - timedelta(hours=1),
        hosts=frozenset({"lms.example.org"}),
    )
    return replace(row, **changes)


@cache
def http() -> HttpClient:
    """A client that may call the loopback; one for all tests, as reading the system's certificates takes time."""
    return HttpClient(user_agent="practice/1", guard=Guard(allow_private=True))


@dataclass
class Began:
    """A login that took place, as browser and platform know it."""

    redirect: LoginRedirect
    state: str
    nonce: str

    @property
    def cookies(self) -> dict[str, str]:
        return {self.redirect.cookie_name: self.redirect.cookie_value}


@dataclass
class Desk:
    """The tool's side of a launch with everything it needs."""

    platforms: MemoryPlatforms = field(default_factory=lambda: MemoryPlatforms(platform()))
    nonces: MemoryNonces = field(default_factory=MemoryNonces)
    sealer: Sealer = field(default_factory=lambda: Sealer("a secret of the application"))
    key_sets: KeySets = field(default_factory=lambda: KeySets(http()))
    now: datetime = NOW

    def begin(self, **changes: str | None) -> Began:
        """A login; parameters may be changed or left out by None."""
        params = {
            "iss": ISSUER,
            "login_hint": "17",
            "target_link_uri": TARGET,
            "client_id": "tool-1",
            "lti_message_hint": "42",
            **changes,
        }
        redirect = login.begin(
            {name: value for name, value in params.items() if value is not None},
            platforms=self.platforms,
            sealer=self.sealer,
            tool=TOOL,
            now=self.now,
        )
        query = parse_qs(urlsplit(redirect.url).query)
        return Began(redirect, query["state"][0], query["nonce"][0])

    def verify(self, form: Mapping[str, str], cookies: Mapping[str, str] | None = None) -> Launch:
        return launch.verify(
            form,
            cookies or {},
            platforms=self.platforms,
            nonces=self.nonces,
            key_sets=self.key_sets,
            sealer=self.sealer,
            tool=TOOL,
            now=self.now,
        )

    def launch(self, began: Began | None = None, *, key: Any = None, header: Any = None, **changes: Any) -> Launch:
        """A whole launch: login, token with changed claims, verification in the same browser."""
        began = began or self.begin()
        token = sign(claims(began.nonce, **changes), key, **(header or {}))
        return self.verify({"state": began.state, "id_token": token}, began.cookies)


_SHORT = {
    "message_type": c.MESSAGE_TYPE,
    "version": c.VERSION,
    "deployment_id": c.DEPLOYMENT_ID,
    "target_link_uri": c.TARGET_LINK_URI,
    "resource_link": c.RESOURCE_LINK,
    "roles": c.ROLES,
    "context": c.CONTEXT,
    "custom": c.CUSTOM,
    "tool_platform": c.TOOL_PLATFORM,
    "launch_presentation": c.LAUNCH_PRESENTATION,
    "ags": c.AGS_ENDPOINT,
    "nrps": c.NRPS_SERVICE,
    "deep_linking_settings": c.DEEP_LINKING_SETTINGS,
}


def claims(nonce: str, /, **changes: Any) -> dict[str, Any]:
    """The claims of a learner's launch. Changes use the short names above; None leaves a claim out."""
    issued = int(NOW.timestamp())
    found: dict[str, Any] = {
        "iss": ISSUER,
        "aud": "tool-1",
        "sub": "17",
        "iat": issued,
        "exp": issued + 60,
        "nonce": nonce,
        "name": "Ada Okafor",
        "given_name": "Ada",
        "family_name": "Okafor",
        "email": "ada@example.org",
        c.MESSAGE_TYPE: "LtiResourceLinkRequest",
        c.VERSION: "1.3.0",
        c.DEPLOYMENT_ID: "dep-1",
        c.TARGET_LINK_URI: TARGET,
        c.RESOURCE_LINK: {"id": "link-9", "title": "Noticing"},
        c.ROLES: [MEMBERSHIP + "#Learner", INSTITUTION + "#Instructor"],
        c.CONTEXT: {"id": "ctx-3", "title": "Fall PD", "label": "PD", "type": ["CourseSection"]},
        c.CUSTOM: {
            "practicum_offering": "feedback",
            "context_id_history": "ctx-2,ctx-1",
            "link_id_history": "$ResourceLink.id.history",
        },
        c.TOOL_PLATFORM: {"guid": "g", "product_family_code": "moodle", "version": "4.5", "name": "LMS"},
        c.LAUNCH_PRESENTATION: {
            "return_url": "https://lms.example.org/back?sesskey=1",
            "document_target": "iframe",
            "locale": "en",
        },
        c.AGS_ENDPOINT: {
            "scope": [c.SCOPE_SCORE, c.SCOPE_LINE_ITEM],
            "lineitems": "https://lms.example.org/items?type_id=2",
            "lineitem": "https://lms.example.org/items/5/lineitem?type_id=2",
        },
        c.NRPS_SERVICE: {
            "context_memberships_url": "https://lms.example.org/members",
            "service_versions": ["2.0"],
        },
    }
    found |= {_SHORT.get(name, name): value for name, value in changes.items()}
    return {name: value for name, value in found.items() if value is not None}


def deep_linking(**settings: Any) -> dict[str, Any]:
    """Changes that make a launch a deep linking request."""
    found = {
        "deep_link_return_url": "https://lms.example.org/chosen",
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe", "window"],
        "accept_multiple": True,
        "data": "keep this",
        **settings,
    }
    return {
        "message_type": "LtiDeepLinkingRequest",
        "resource_link": None,
        "deep_linking_settings": {name: value for name, value in found.items() if value is not None},
    }


@dataclass
class Request:
    """A request as the server saw it."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Headers
    body: bytes


@dataclass
class Reply:
    """What the server answers; `body` may be bytes or something for JSON."""

    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    def raw(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Answering = Reply | list[Reply] | Callable[[Request], Reply]


class Server:
    """A web server on a free port of the loopback. `answers` maps "GET /path" to a reply, a list of replies
    to give one after the other, or a function; `requests` is what came."""

    def __init__(self, answers: Mapping[str, Answering] | None = None) -> None:
        self.answers: dict[str, Answering] = dict(answers or {})
        self.requests: list[Request] = []
        self.connections: set[object] = set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.host = f"127.0.0.1:{self._server.server_address[1]}"
        self.url = f"http://{self.host}"

    def __enter__(self) -> Server:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wrap(self, context: ssl.SSLContext) -> None:
        """Speak TLS from now on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def count(self, what: str) -> int:
        """How many requests of one kind came: count("GET /keys")."""
        return sum(f"{request.method} {request.path}" == what for request in self.requests)

    def reply(self, request: Request) -> Reply:
        answer = self.answers.get(f"{request.method} {request.path}", Reply(status=404))
        if isinstance(answer, list):
            return answer.pop(0) if len(answer) > 1 else answer[0]
        return answer if isinstance(answer, Reply) else answer(request)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                parts = urlsplit(self.path)
                request = Request(
                    self.command, parts.path, parse_qs(parts.query), self.headers, self.rfile.read(length)
                )
                server.requests.append(request)
                server.connections.add(self.client_address)
                reply = server.reply(request)
                raw = reply.raw()
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                with suppress(BrokenPipeError, ConnectionResetError):  # whoever asked may have given up
                    self.wfile.write(raw)

            do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the names http.server looks for

            def log_message(self, format: str, *args: Any) -> None:
                """Silent."""

        return Handler
