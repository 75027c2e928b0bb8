"""What every refusal has: a 4xx page with one heading, a sentence, and a reference that stands in the log, too."""

from __future__ import annotations

import re
from html import unescape

from tests.demo_lms import Page

SIGN_IN = "__Host-practicum"
REFERENCE = re.compile(r"<code>([0-9A-F]{8})</code>")
SENTENCES = re.compile(r'<div class="reading">\s*<p>(.+?)</p>', re.S)


def sentence_of(page: Page) -> str:
    """What a refusal's page says."""
    found = SENTENCES.search(page.text)
    assert found, page.text[:2000]
    return unescape(found.group(1)).strip()


def reference_of(page: Page) -> str:
    """The reference to quote."""
    found = REFERENCE.search(page.text)
    assert found, page.text[:2000]
    return found.group(1)


def assert_refused(page: Page, *, says: str = "", status: int | None = None) -> None:
    """A refusal in words, which signs nobody in and shows nothing to click."""
    assert 400 <= page.status < 500, f"{page.status}: {page.text[:2000]}"
    assert status in (None, page.status), f"{page.status}: {page.text[:2000]}"
    assert page.headers["Content-Type"].startswith("text/html")
    assert page.text.count("<h1") == 1
    sentence = sentence_of(page)
    assert sentence.endswith((".", "”."))
    assert says in sentence, sentence
    assert reference_of(page)
    assert "Traceback" not in page.text
    assert not page.forms
    assert not any(SIGN_IN in cookie for cookie in page.headers.getlist("Set-Cookie"))
