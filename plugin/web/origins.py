"""Whether a form was sent from a page of ours, as far as the browser says: asked for over https, beside its token.

Three headers can say it, and no page can write any of them (they are forbidden names of the Fetch standard). A browser
of today sends `Sec-Fetch-Site` and `Origin` with each form. `Referer` is stripped by proxies of schools and by
extensions for privacy, some of which make `Origin` the word "null", too. So one that says it is enough, whichever it
is; and one that names another site is a refusal, whatever the others say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from werkzeug.datastructures import Headers

from lti import urls


def is_ours(headers: Headers | Mapping[str, str], here: str) -> bool:
    """Whether a request comes from a page of `here` ("https://learn.example.org"): somebody says so, and nobody else.

    Source: https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header and RFC 6454 §7.3 on "null".
    """
    said = list(_said(headers, here))
    return bool(said) and all(said)


def _said(headers: Headers | Mapping[str, str], here: str) -> Iterator[bool]:
    site, origin, referer = (headers.get(name, "") for name in ("Sec-Fetch-Site", "Origin", "Referer"))
    if site not in ("", "none"):  # "none" is a person's own doing, such as sending a form once more after a restart
        yield site == "same-origin"
    if origin not in ("", "null"):
        yield urls.split(origin) == urls.split(here)
    if referer:
        yield urls.split(referer) == urls.split(here)
