"""Requests and responses as they go over the wire, where ours differ from Flask's own."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.wrappers import Request

from plugin.web.messages import FORM, LONGEST, MOST_FIELDS, Onward, PlainRequest, PlainResponse


@pytest.mark.parametrize(
    ("header", "read"),
    [
        ("a=1; b=2", {"a": "1", "b": "2"}),
        ("a=1; a=2", {"a": "1"}),
        ('a="1 2"; b', {"a": "1 2", "b": ""}),
        ("", {}),
        (None, {}),
    ],
)
def test_cookies_are_read_as_browsers_send_them(app: Flask, header: str | None, read: dict[str, str]) -> None:
    headers = {} if header is None else {"Cookie": header}
    with app.test_request_context("/", headers=headers) as context:
        assert context.request.cookies.to_dict() == read


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"id_token=a.b.c&state=x%2By+z", FORM),
        (b"a=1&a=2&b=&c", FORM),
        ("text=Zoë%0D%0A%E2%80%9Cyes%E2%80%9D".encode(), FORM),
        (b"", FORM),
        (b"text=" + b"x" * LONGEST, FORM),
        (b"&".join(b"%d=x" % number for number in range(MOST_FIELDS + 1)), FORM),
        (b"a=1&b=2", f"{FORM}; charset=UTF-8"),
        (b"a=1", "text/plain"),
        (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n', "multipart/form-data; boundary=x"),
    ],
)
def test_a_form_is_read_as_by_werkzeug_and_can_be_read_again(body: bytes, kind: str) -> None:
    environ = {"method": "POST", "data": body, "content_type": kind}
    plain, others = PlainRequest.from_values(**environ), Request.from_values(**environ)
    assert list(plain.form.items(multi=True)) == list(others.form.items(multi=True))
    assert plain.files.to_dict() == {}
    assert plain.form is plain.form


def test_a_form_that_breaks_off_is_refused(app: Flask) -> None:
    with app.test_request_context("/", method="POST", data=b"text=a", content_type=FORM) as context:
        context.request.environ["CONTENT_LENGTH"] = "7"
        with pytest.raises(ClientDisconnected):
            _ = context.request.form


def test_a_form_that_is_too_long_is_refused(app: Flask) -> None:
    text = b"text=" + b"x" * app.config["MAX_CONTENT_LENGTH"]
    with (
        app.test_request_context("/", method="POST", data=text, content_type=FORM) as context,
        pytest.raises(RequestEntityTooLarge),
    ):
        _ = context.request.form


def test_a_page_says_its_length_and_a_question_for_its_headers_does_too(app: Flask) -> None:
    client = app.test_client()
    page, asked = client.get("/healthz"), client.head("/healthz")
    assert page.headers["Content-Length"] == asked.headers["Content-Length"] == str(len(page.data))
    assert (asked.status_code, asked.data) == (200, b"")


def test_a_file_that_is_there_already_is_not_described_again(app: Flask) -> None:
    client, file = app.test_client(), "/static/css/print.css"
    with client.get(file) as first:
        assert first.status_code == 200
    with client.get(file, headers={"If-None-Match": first.headers["ETag"]}) as again:
        assert (again.status_code, again.data) == (304, b"")
    assert "Content-Length" not in again.headers
    assert "Content-Type" not in again.headers


def test_a_redirect_of_flasks_is_mended_as_before(app: Flask) -> None:
    with app.test_request_context("/"):
        answer = PlainResponse("words", status=302, headers=[("Location", "/café")])
        assert answer.get_wsgi_headers({})["Location"] == "/caf%C3%A9"


def test_our_own_redirect_has_an_address_and_no_words(app: Flask) -> None:
    with app.test_request_context("/"):
        answer = Onward("https://lms.example.org/auth?a=b%20c", 302)
        sent = answer.get_wsgi_headers({})
    assert (sent["Location"], sent["Content-Length"]) == ("https://lms.example.org/auth?a=b%20c", "0")
    assert (answer.status_code, answer.get_data()) == (302, b"")
