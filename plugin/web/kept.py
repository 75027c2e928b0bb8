"""Rendered pages, kept by what they are made of: the same facts read the same for everybody.

A kept page may use its facts and the language. It holds no form, since a form's token is one reader's. What is the
reader's own stands in it as a mark (`HERE`: the address below which they are) and is put in last, so that all members
at the same place share one page.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from flask import Flask, current_app, g, render_template, url_for
from flask import session as cookie
from markupsafe import escape

from plugin.web import access, frame
from plugin.web.words import language

HERE, NAME, LMS = "\ue000", "\ue001", "\ue002"  # of Unicode's private use: no text holds them
MOST = 500  # pages in the memory of a process, some 10 kB each
EXTENSION = "practicum.kept"


_MARK = re.compile(f"([{HERE}{NAME}{LMS}])")
Pieces = tuple[bytes, ...]  # of a page as it is sent; the marks are pieces of their own


class _Kept:
    """The pages of one application, the least used forgotten first."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Hashable, Pieces] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> Pieces | None:
        with self._lock:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def put(self, key: Hashable, page: Pieces) -> None:
        with self._lock:
            self._pages[key] = page
            while len(self._pages) > MOST:
                self._pages.popitem(last=False)


def page(template: str, made_of: Hashable, facts: Callable[[], dict[str, Any]], *, here: str) -> str | bytes:
    """The template's page for the visitor, with `here` as their address.

    `made_of` is everything that `facts` depend on besides the language: they are asked for only when no page made of
    the same is kept. Whoever has a navigation, or is to be told something, gets a page of their own.
    """
    person = access.current()
    if person.grants or "_flashes" in cookie:
        return render_template(template, **facts()).replace(HERE, str(escape(here)))
    own = {HERE: here, LMS: person.row.platform_name, NAME: frame.shown_name(person)}
    put_in = {mark.encode(): escape(words).encode() for mark, words in own.items()}
    return b"".join([put_in.get(piece, piece) for piece in _shared(template, made_of, facts)])


def _shared(template: str, made_of: Hashable, facts: Callable[[], dict[str, Any]]) -> Pieces:
    kept: _Kept = current_app.extensions[EXTENSION]
    key = (template, language(), made_of)
    page = kept.get(key)
    if page is None:
        signed_in = {"name": NAME, "through": LMS, "url": url_for("member.profile")}
        html = render_template(template, **facts(), signed_in=signed_in, csrf_token=None)
        if "csrf_token" in g:
            raise TypeError(f"{template} holds a form: it cannot be kept")
        page = tuple(piece.encode() for piece in _MARK.split(html))
        kept.put(key, page)
    return page


def install(app: Flask) -> None:
    """A shelf of its own for each application, whose database numbers its rows as it likes."""
    app.extensions[EXTENSION] = _Kept()
