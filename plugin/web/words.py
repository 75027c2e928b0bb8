"""Gettext, looked up once for each request: a page says some hundred things, and each look-up costs.

Use `from plugin.web.words import gettext as _` in views; templates get the same through `install`.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import Locale
from flask import Flask, current_app, request
from flask_babel import Babel, get_translations
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

from plugin.web.transaction import noted

EXTENSION = "practicum.languages"
LONGEST_HEADER = 500  # characters of Accept-Language that are read


@lru_cache(maxsize=256)
def _best(wanted: str, languages: tuple[str, ...]) -> str:
    """The best of our languages for an Accept-Language header, as its code."""
    return parse_accept_header(wanted, LanguageAccept).best_match(languages) or "en"


@lru_cache
def _locale(code: str) -> Locale:
    return Locale.parse(code)


def language() -> str:
    """The reader's language, as its code."""
    kept = noted()
    if "language" not in kept:
        wanted = request.headers.get("Accept-Language", "")[:LONGEST_HEADER]
        kept.language = _best(wanted, current_app.extensions[EXTENSION])
    code: str = kept.language
    return code


def _catalogue() -> Any:
    kept = noted()
    if "catalogue" not in kept:
        kept.catalogue = get_translations()
    return kept.catalogue


def gettext(message: str, **variables: object) -> str:
    """The message in the reader's language, with its named values put in."""
    said: str = _catalogue().ugettext(message)
    return said % variables if variables else said


def ngettext(singular: str, plural: str, num: int, **variables: object) -> str:
    """The message for a count; `%(num)d` is the count."""
    said: str = _catalogue().ungettext(singular, plural, num)
    return said % {"num": num, **variables}


def install(app: Flask) -> None:
    """Choose the reader's language among those there is a catalogue for; give templates the same functions."""
    folders = Path(app.root_path, "translations").glob("[a-z]*")
    app.extensions[EXTENSION] = ("en", *sorted(path.name for path in folders))
    Babel(app, locale_selector=lambda: _locale(language()))

    def plain(message: str) -> str:
        return str(_catalogue().ugettext(message))

    def counted(singular: str, plural: str, num: int) -> str:
        return str(_catalogue().ungettext(singular, plural, num))

    app.jinja_env.install_gettext_callables(plain, counted, newstyle=True)  # type: ignore[attr-defined]
