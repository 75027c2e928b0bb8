"""Rendered parts of pages, kept by what they are made of: the same facts read the same for everybody.

A part's template may use its facts, the language and nothing else. `HERE` in a fact stands for the reader's own address
and is put in last, so that all members at the same place share one part.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from typing import Any

from flask import current_app
from flask_babel import get_locale
from markupsafe import Markup, escape

HERE = "\ue000"  # of Unicode's private use: no text holds it
MOST = 1000  # parts in the memory of a process, a few kB each

_parts: OrderedDict[tuple[str, str, str], str] = OrderedDict()
_lock = threading.Lock()


def part(template: str, facts: dict[str, Any], *, here: str) -> Markup:
    """The template's HTML for these facts, with `here` as the reader's address.

    Raises:
        TypeError: a fact is no plain value (text, number, truth, None, or lists and dicts of these).
    """
    key = (template, str(get_locale()), json.dumps(facts))
    with _lock:
        html = _parts.get(key)
        if html is not None:
            _parts.move_to_end(key)
    if html is None:
        html = current_app.jinja_env.get_template(template).render(facts)
        with _lock:
            _parts[key] = html
            while len(_parts) > MOST:
                _parts.popitem(last=False)
    return Markup(html.replace(HERE, str(escape(here))))  # noqa: S704  made by an escaping template
