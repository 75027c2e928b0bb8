"""What stands between a browser and us, in schools and in browsers themselves, and takes headers away: forms go on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from playwright.sync_api import expect

from tests.browser import enter
from tests.cookie_policies import Cookies
from tests.journeys.two_sites import OFFERING, Someone, TwoSites, comes, heading, write

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("proxies")]

SAVED = "Saved. Your records carry this name from now on."
NOT_OURS = "Nobody can tell where this form comes from"


@contextmanager
def between(place: TwoSites, *strips: str) -> Iterator[list[WSGIEnvironment]]:
    """Something that takes these headers of requests away; yields what it left of each form that passed."""
    app, forms = place.made.app, []
    inside = app.wsgi_app

    def proxy(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        for name in strips:
            environ.pop(f"HTTP_{name.upper().replace('-', '_')}", None)
        if environ["REQUEST_METHOD"] == "POST":
            forms.append(environ)
        return inside(environ, start)

    app.wsgi_app = proxy  # type: ignore[assignment, method-assign]
    try:
        yield forms
    finally:
        app.wsgi_app = inside  # type: ignore[method-assign]


def changes_their_name(someone: Someone, name: str) -> None:
    """From the overview to the profile, and a form sent from there; the sign-in is a cookie."""
    frame = someone.opens_in_frame()
    expect(heading(frame)).to_have_text(OFFERING)
    enter(frame.get_by_role("link", name=someone.name))
    frame.get_by_role("textbox").first.fill(name)
    enter(frame.get_by_role("button", name="Save"))


@pytest.mark.parametrize(("cookies", "key"), [(Cookies.ALLOWED, "ada"), (Cookies.NO_THIRD_PARTY, "ben")])
def test_a_form_without_a_referer_is_taken(place: TwoSites, cookies: Cookies, key: str) -> None:
    someone = comes(place, cookies, key)
    with between(place, "Referer") as forms:
        changes_their_name(someone, "Adaeze Okafor")
        expect(someone.frame.get_by_text(SAVED)).to_be_visible()
        write(someone.opens_in_frame(), "Saved by itself.")
    assert place.drafts(key) == ["Saved by itself."]
    assert forms
    assert not any("HTTP_REFERER" in form for form in forms)


def test_a_form_of_which_nothing_is_known_is_refused_with_what_to_do(place: TwoSites) -> None:
    lou = comes(place, Cookies.NO_THIRD_PARTY, "lou")
    with between(place, "Referer", "Origin", "Sec-Fetch-Site"):
        changes_their_name(lou, "Louisa Park")
        expect(heading(lou.frame)).to_have_text(NOT_OURS)
        expect(lou.frame.get_by_text("let the headers Origin and Sec-Fetch-Site through")).to_be_visible()


def test_a_form_on_a_page_of_another_site_is_refused_although_it_has_the_token(place: TwoSites) -> None:
    lou = comes(place, Cookies.ALLOWED, "lou")
    tab = lou.opens_in_tab()  # whose cookie comes along, whoever leads there
    expect(heading(tab)).to_have_text(OFFERING)
    enter(tab.get_by_role("link", name=lou.name))
    token = tab.locator("meta[name=csrf-token]").get_attribute("content")
    lou.page.evaluate(
        """([action, fields]) => {
            const form = Object.assign(document.createElement("form"), { method: "post", action });
            for (const [name, value] of Object.entries(fields)) {
                form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
            }
            document.body.append(form);
            setTimeout(() => form.submit());
        }""",
        [place.made.url("/profile"), {"csrf_token": token, "legal_name": "Somebody Else"}],
    )
    expect(heading(lou.page)).to_have_text(NOT_OURS)
