"""A tool of a hundred lines that does what the standards ask, and wrong things on order.

Written apart from the demo LMS and from Practicum: joserfc for tokens, urllib3 for calls, nothing shared.
"""

import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from threading import Thread
from typing import Any
from urllib.parse import urlencode

import urllib3
from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.serving import WSGIRequestHandler, make_server

LTI = "https://purl.imsglobal.org/spec/lti/claim/"
DL = "https://purl.imsglobal.org/spec/lti-dl/claim/"
TOOL = "https://purl.imsglobal.org/spec/lti-tool-configuration"
AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"
SCOPES = [
    AGS + "lineitem",
    AGS + "lineitem.readonly",
    AGS + "result.readonly",
    AGS + "score",
    "https://purl.imsglobal.org/spec/lti-nrps/scope/contextmembership.readonly",
]
GONE: Any = object()


def changed(body: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**body, **changes}.items() if value is not GONE}


@dataclass
class FakeTool:
    base_url: str
    key: RSAKey
    issuer: str = ""
    client_id: str = ""
    deployment_id: str | None = None
    token_audience: str | None = None
    request_changes: dict[str, str] = field(default_factory=dict)
    """Wrong things for the next authentication request."""
    registration_changes: dict[str, Any] = field(default_factory=dict)
    configuration_changes: dict[str, Any] = field(default_factory=dict)
    content_items: list[dict[str, Any]] = field(default_factory=list)
    response_changes: dict[str, Any] = field(default_factory=dict)
    logins: list[dict[str, str]] = field(default_factory=list)
    claims: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, str]] = field(default_factory=list)
    registration_answers: list[tuple[int, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.http = urllib3.PoolManager(retries=False, timeout=30)
        self.waiting: dict[str, str] = {}

    # What browsers reach

    def log_in(self) -> ResponseReturnValue:
        asked = request.values.to_dict()
        self.logins.append(asked)
        state, nonce = secrets.token_hex(8), secrets.token_hex(8)
        self.waiting[state] = nonce
        honest = {
            "scope": "openid",
            "response_type": "id_token",
            "response_mode": "form_post",
            "prompt": "none",
            "client_id": asked["client_id"],
            "redirect_uri": self.base_url + "/launch",
            "login_hint": asked["login_hint"],
            "lti_message_hint": asked["lti_message_hint"],
            "state": state,
            "nonce": nonce,
        }
        answer = redirect(self.issuer + "/lti/auth?" + urlencode(changed(honest, self.request_changes)))
        answer.set_cookie("__Host-tool", state, secure=True, samesite="None", httponly=True, partitioned=True)
        return answer

    def launch(self) -> ResponseReturnValue:
        if "error" in request.form:
            self.errors.append(request.form.to_dict())
            return "the LMS says no", 400
        claims = self.read(request.form["id_token"])
        assert self.waiting.pop(request.form["state"]) == claims["nonce"]
        self.claims.append(claims)
        if claims[LTI + "message_type"] == "LtiDeepLinkingRequest":
            address = claims[DL + "deep_linking_settings"]["deep_link_return_url"]
            return (
                f'<!doctype html><html lang="en"><title>Choose</title><form method="post" action="{escape(address)}"'
                f' data-auto-submit><input type="hidden" name="JWT" value="{self.response(claims)}">'
                "<button>Add</button></form></html>"
            )
        storage = self.logins[-1].get("lti_storage_target", "") if self.logins else ""
        cookie = request.cookies.get("__Host-tool", "no cookie")
        return (
            f'<!doctype html><html lang="en"><title>Tool</title><body data-storage="{escape(storage)}">'
            f"<h1>{escape(claims['sub'])}</h1>"
            f'<p>{cookie}</p><script src="/talk.js"></script></html>'
        )

    def key_set(self) -> ResponseReturnValue:
        return {"keys": [self.key.as_dict(private=False)]}

    def confirm(self) -> ResponseReturnValue:
        """A registration page that asks before it registers."""
        fields = "".join(
            f'<input type="hidden" name="{name}" value="{escape(request.args[name])}">' for name in request.args
        )
        return f'<!doctype html><html lang="en"><title>Register</title><form action="/register">{fields}</form></html>'

    def register(self) -> ResponseReturnValue:
        configuration = json.loads(self.http.request("GET", request.args["openid_configuration"]).data)
        answer = self.http.request(
            "POST",
            configuration["registration_endpoint"],
            body=json.dumps(self.registration()).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": "Bearer " + request.args["registration_token"],
            },
        )
        told = json.loads(answer.data)
        self.registration_answers.append((answer.status, told))
        if answer.status in (200, 201):
            self.issuer, self.client_id = configuration["issuer"], told["client_id"]
            self.deployment_id = told[TOOL].get("deployment_id")
        return (
            '<!doctype html><html lang="en"><title>Register</title><p>Done</p><script src="/close.js"></script></html>'
        )

    # What the tool says

    def registration(self) -> dict[str, Any]:
        configuration = {
            "domain": self.base_url.partition("://")[2],
            "target_link_uri": self.base_url + "/launch",
            "claims": ["iss", "sub", "name", "given_name", "family_name", "email"],
            "custom_parameters": {"contexts": "$Context.id.history", "unknown": "$Moon.phase"},
            "messages": [
                {"type": "LtiResourceLinkRequest"},
                {"type": "LtiDeepLinkingRequest", "target_link_uri": self.base_url + "/choose"},
            ],
        }
        honest = {
            "application_type": "web",
            "grant_types": ["client_credentials", "implicit"],
            "response_types": ["id_token"],
            "redirect_uris": [self.base_url + "/launch"],
            "initiate_login_uri": self.base_url + "/login",
            "client_name": "Fake tool",
            "jwks_uri": self.base_url + "/jwks",
            "token_endpoint_auth_method": "private_key_jwt",
            "scope": " ".join(SCOPES),
            TOOL: changed(configuration, self.configuration_changes),
        }
        return changed(honest, self.registration_changes)

    def read(self, token: str) -> dict[str, Any]:
        keys = KeySet.import_key_set(json.loads(self.http.request("GET", self.issuer + "/lti/jwks").data))
        return jwt.decode(token, keys, algorithms=["RS256"]).claims

    def sign(self, claims: dict[str, Any], header: dict[str, Any] | None = None) -> str:
        return jwt.encode(changed({"alg": "RS256", "kid": self.key.kid}, header or {}), claims, self.key)

    def response(self, asked: dict[str, Any]) -> str:
        """A deep linking response to the request `asked`, wrong as `response_changes` says."""
        now = int(time.time())
        honest = {
            "iss": self.client_id,
            "aud": [self.issuer],
            "iat": now,
            "exp": now + 60,
            "nonce": secrets.token_hex(8),
            LTI + "message_type": "LtiDeepLinkingResponse",
            LTI + "version": "1.3.0",
            LTI + "deployment_id": asked[LTI + "deployment_id"],
            DL + "data": asked[DL + "deep_linking_settings"].get("data", GONE),
            DL + "content_items": self.content_items,
        }
        return self.sign(changed(honest, self.response_changes))

    def assertion(self, header: dict[str, Any] | None = None, **changes: Any) -> str:
        now = int(time.time())
        honest = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.token_audience or self.issuer + "/lti/token",
            "iat": now,
            "exp": now + 60,
            "jti": secrets.token_hex(8),
        }
        return self.sign(changed(honest, changes), header)

    # Services

    def ask_token(self, **changes: Any) -> tuple[int, dict[str, Any]]:
        honest = {
            "grant_type": "client_credentials",
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": changes.pop("client_assertion", None) or self.assertion(),
            "scope": " ".join(SCOPES),
        }
        answer = self.http.request(
            "POST",
            self.issuer + "/lti/token",
            body=urlencode(changed(honest, changes)),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        return answer.status, json.loads(answer.data)

    def token(self, *scopes: str) -> str:
        status, body = self.ask_token(scope=" ".join(scopes or SCOPES))
        assert status == 200, body
        return str(body["access_token"])

    def call(
        self,
        method: str,
        url: str,
        *,
        token: str,
        accept: str | None = None,
        kind: str | None = None,
        body: Any = None,
    ) -> urllib3.BaseHTTPResponse:
        headers = {"Authorization": f"Bearer {token}"}
        headers |= {"Accept": accept} if accept else {}
        headers |= {"Content-Type": kind} if kind else {}
        content = json.dumps(body) if kind else None
        return self.http.request(method, url, body=content, headers=headers)


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        if type == "error":
            super().log(type, message, *args)


@contextmanager
def serving(key: RSAKey, host: str = "127.0.0.1") -> Iterator[FakeTool]:
    """The tool on a free port."""
    app = Flask("fake tool")
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    tool = FakeTool(f"http://{host}:{server.port}", key)
    app.add_url_rule("/login", "login", tool.log_in, methods=["GET", "POST"])
    app.add_url_rule("/launch", "launch", tool.launch, methods=["POST"])
    app.add_url_rule("/jwks", "jwks", tool.key_set)
    app.add_url_rule("/register", "register", tool.register)
    app.add_url_rule("/confirm", "confirm", tool.confirm)
    app.add_url_rule("/close.js", "close", lambda: (CLOSE, {"Content-Type": "text/javascript"}))
    app.add_url_rule("/talk.js", "talk", lambda: (TALK, {"Content-Type": "text/javascript"}))
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield tool
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        tool.http.clear()


CLOSE = '(window.opener || window.parent).postMessage({subject: "org.imsglobal.lti.close"}, "*");'
TALK = """
addEventListener("message", (event) => {
  document.body.append(JSON.stringify(event.data));
});
const lms = opener || parent;
const target = document.body.dataset.storage;
const storage = target && target !== "_parent" ? lms.frames[target] : lms;
lms.postMessage({subject: "lti.frameResize", height: 1234}, "*");
for (const asked of [
  {subject: "lti.capabilities"},
  {subject: "lti.put_data", key: "state", value: "s1"},
  {subject: "lti.get_data", key: "state"},
  {subject: "lti.get_data", key: "other"},
  {subject: "lti.get_data"},
]) {
  storage.postMessage({message_id: "m", ...asked}, "*");
}
"""
