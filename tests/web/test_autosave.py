"""What autosave.js does in a real browser against a small server that behaves, and misbehaves, on purpose."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, jsonify, redirect, render_template_string, request
from playwright.sync_api import Browser, Dialog, Page, Route, expect
from werkzeug.serving import make_server

from plugin.web import assets
from plugin.web import words as language
from tests.browser import chromium, press_twice

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("autosave")]

WEB = Path(__file__).parents[2] / "plugin" / "web"
PAGE = """
{% extends "layout.html" %}
{% from "parts/writing.html" import autosave_form, writing_area, save_line %}
{% from "parts/actions.html" import button %}
{% from "parts/page.html" import script %}
{% block title %}Writing{% endblock %}
{% block main %}<h1>Writing</h1>
{% call autosave_form("/send", "/autosave", draft.version) %}
{{ writing_area("text", "Your reflection", draft.text) }}
<label><input type="checkbox" name="uses" value="a"> A</label>
<label><input type="checkbox" name="uses" value="b"> B</label>
<label><input type="radio" name="mark" value="met"> Met</label>
<label><input type="radio" name="mark" value="not_yet"> Not yet</label>
{{ save_line(saved="3:41 pm", privacy="Only you", count_for="text", words=0, least=150, most=300) }}
{{ button("Send to my trainer", busy="Sending…") }}{% endcall %}
<a href="/elsewhere">Elsewhere</a>{% endblock %}
{% block scripts %}{{ script("autosave") }}{{ script("word_count") }}{% endblock %}
"""


class Draft:
    """The draft on the server, and how the server behaves."""

    def __init__(self) -> None:
        self.text, self.version, self.token = "", 7, "token-1"
        self.behaviour = "well"
        self.received: list[dict[str, Any]] = []
        self.tokens: list[str | None] = []
        self.sent: list[dict[str, str]] = []
        self.underway = self.most_underway = 0
        self.gate = threading.Event()
        self.gate.set()
        self.lock = threading.Lock()


def make_app(draft: Draft) -> Flask:
    app = Flask(__name__, static_folder=str(WEB / "static"), template_folder=str(WEB / "templates"))
    app.secret_key = "x" * 32
    app.jinja_env.globals["csrf_token"] = lambda: draft.token
    language.install(app)
    assets.install(app)

    @app.get("/write")
    def write() -> str:
        return render_template_string(PAGE, draft=draft)

    @app.get("/elsewhere")
    def elsewhere() -> str:
        return "<title>Elsewhere</title><h1>Elsewhere</h1>"

    @app.post("/compare")
    @app.post("/send")
    def send() -> str:
        draft.sent.append({"path": request.path, **request.form.to_dict()})
        return "<title>Sent</title><h1>Sent</h1>"

    @app.post("/autosave")
    def autosave() -> Any:
        body = request.get_json()
        draft.received.append(body)
        draft.tokens.append(request.headers.get("X-CSRFToken"))
        draft.underway += 1
        draft.most_underway = max(draft.most_underway, draft.underway)
        try:
            draft.gate.wait(60)
            return answer(draft, body)
        finally:
            draft.underway -= 1

    return app


def answer(draft: Draft, body: dict[str, Any]) -> Any:  # noqa: PLR0911  a table of behaviours
    how = draft.behaviour
    if how == "signed out":
        return jsonify(message="sign in"), 401
    if how == "sign-in page":
        return redirect("/elsewhere")
    if how == "broken":
        return "oops", 500
    if how == "refuses":
        return jsonify(sentence="This reflection was sent from another device."), 422
    if how == "new sign-in" and request.headers.get("X-CSRFToken") != "token-2":
        return jsonify(csrf_token="token-2"), 419
    with draft.lock:
        if body["version"] != draft.version:
            return jsonify(
                version=draft.version,
                text=draft.text,
                uses=[],
                mark=None,
                saved_at_text="3:50 pm",
                conflict_url="/compare",
            ), 409
        draft.text, draft.version = body["text"], draft.version + 1
    if how == "answer lost":
        draft.behaviour = "well"
        return Response(iter_and_die(), headers={"Content-Length": "999"}, mimetype="application/json")
    return jsonify(version=draft.version, saved_at_text="3:42 pm")


def iter_and_die() -> Iterator[bytes]:
    yield b"{"
    raise ConnectionAbortedError


@pytest.fixture
def draft() -> Draft:
    return Draft()


@pytest.fixture
def origin(draft: Draft) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, make_app(draft), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    draft.gate.set()
    server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture
def page(browser: Browser, origin: str) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.clock.install()
    page.goto(f"{origin}/write")
    page.wait_for_selector("[data-autosave-words][aria-hidden]", state="attached")
    page.clock.pause_at(page.evaluate("Date.now()") + 1000)  # from here on time passes only where the test lets it
    yield page
    assert not problems
    context.close()


def words(page: Page) -> Any:
    return page.locator("[data-autosave-words]")


def spoken(page: Page) -> Any:
    return page.locator("[data-autosave-status]")


def type_in(page: Page, text: str) -> None:
    page.locator("#text").press_sequentially(text)


def until(condition: Any, what: str) -> None:
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def test_saves_when_the_writer_pauses(page: Page, draft: Draft) -> None:
    expect(words(page)).to_have_text("Saved 3:41 pm")
    type_in(page, "Monday")
    expect(words(page)).to_have_text("Saving…")
    page.clock.run_for(1600)
    expect(words(page)).to_have_text("Saved 3:42 pm")
    assert draft.received == [{"text": "Monday", "uses": [], "mark": None, "version": 7}]
    assert draft.tokens == ["token-1"]
    assert page.locator("input[name=version]").input_value() == "8"
    assert page.locator("[data-word-count]").text_content() == "1 word"


def test_saves_within_five_seconds_of_steady_writing(page: Page, draft: Draft) -> None:
    for letter in "abcdefghijkl":
        type_in(page, letter)
        page.clock.run_for(500)
    until(lambda: draft.received, "nothing arrived")
    assert 1 <= len(draft.received) <= 2
    assert len(draft.received[0]["text"]) <= 11


def test_what_is_typed_before_the_script_has_come_is_saved(page: Page, draft: Draft, origin: str) -> None:
    held: list[Route] = []

    def hold(asked: Route) -> None:
        held.append(asked)

    page.route("**/static/js/autosave.js*", hold)
    page.goto(f"{origin}/write", wait_until="commit")
    page.locator("#text").fill("Monday")
    page.get_by_label("B", exact=True).check()
    until(lambda: page.evaluate("true") and held, "the script is not asked for")
    assert draft.received == []
    held[0].continue_()
    page.wait_for_selector("[data-autosave-words][aria-hidden]", state="attached")
    page.clock.run_for(1600)
    expect(words(page)).to_have_text("Saved 3:42 pm")
    assert draft.received == [{"text": "Monday", "uses": ["b"], "mark": None, "version": 7}]


def test_what_a_browser_puts_back_is_not_saved_over_what_is_newer(page: Page, draft: Draft) -> None:
    type_in(page, "Monday")
    page.clock.run_for(1600)
    expect(words(page)).to_have_text("Saved 3:42 pm")
    draft.text, draft.version = "Monday, and Tuesday on the phone", 9
    page.reload()
    page.wait_for_selector("[data-autosave-words][aria-hidden]", state="attached")
    page.clock.run_for(20000)
    assert len(draft.received) == 1
    assert draft.text == "Monday, and Tuesday on the phone"


def test_saves_when_the_field_is_left(page: Page, draft: Draft) -> None:
    type_in(page, "Monday")
    page.locator("#text").blur()
    until(lambda: draft.text == "Monday", "not saved")


def test_saves_boxes_and_radios(page: Page, draft: Draft) -> None:
    page.get_by_label("A", exact=True).check()
    page.get_by_label("Not yet").check()
    page.clock.run_for(1600)
    until(lambda: draft.received, "nothing arrived")
    expect(words(page)).to_have_text("Saved 3:42 pm")
    assert draft.received[-1] | {"version": 0} == {"text": "", "uses": ["a"], "mark": "not_yet", "version": 0}


def test_never_sends_two_at_once_and_the_newest_last(page: Page, draft: Draft) -> None:
    draft.gate.clear()
    type_in(page, "one")
    page.clock.run_for(1600)
    until(lambda: draft.underway == 1, "first not underway")
    type_in(page, " two")
    page.clock.run_for(6000)
    type_in(page, " three")
    assert draft.underway == 1
    draft.gate.set()
    expect(page.locator("input[name=version]")).to_have_value("8")
    page.clock.run_for(5000)
    until(lambda: draft.text == "one two three", "newest not stored")
    expect(words(page)).to_have_text("Saved 3:42 pm")
    assert draft.most_underway == 1
    assert [body["version"] for body in draft.received] == [7, 8]


def test_a_newer_text_elsewhere_stops_saving_and_loses_nothing(page: Page, draft: Draft) -> None:
    draft.text, draft.version = "from the phone", 9
    type_in(page, "from the laptop")
    page.clock.run_for(1600)
    box = page.locator("[data-autosave-conflict]")
    expect(box).to_be_visible()
    expect(box).to_contain_text("The other text was saved 3:50 pm.")
    expect(words(page)).to_have_text("Not saved")
    type_in(page, " and more")
    page.clock.run_for(20000)
    assert len(draft.received) == 1
    assert page.locator("#text").input_value() == "from the laptop and more"
    box.get_by_role("button").click()
    expect(page.locator("h1")).to_have_text("Sent")
    assert draft.sent == [
        {
            "path": "/compare",
            "csrf_token": "token-1",
            "version": "7",
            "text": "from the laptop and more",
            "step": "compare",
        }
    ]


def test_an_answer_lost_on_the_way_is_no_conflict(page: Page, draft: Draft) -> None:
    draft.behaviour = "answer lost"
    type_in(page, "Monday")
    page.clock.run_for(1600)
    expect(words(page)).to_have_text("Not saved yet, trying again")
    type_in(page, " and Tuesday")
    page.clock.run_for(2100)
    expect(words(page)).to_have_text("Saved 3:42 pm")
    assert draft.text == "Monday and Tuesday"
    expect(page.locator("[data-autosave-conflict]")).to_be_hidden()


@pytest.mark.parametrize("behaviour", ["signed out", "sign-in page"])
def test_an_ended_sign_in_keeps_the_words_and_can_be_repaired(page: Page, draft: Draft, behaviour: str) -> None:
    draft.behaviour = behaviour
    type_in(page, "Monday")
    page.clock.run_for(1600)
    box = page.locator("[data-autosave-signed-out]")
    expect(box).to_be_visible()
    box.get_by_role("button").click()
    expect(spoken(page)).to_have_text("Not saved")
    expect(box).to_be_visible()
    type_in(page, " still here")
    page.clock.run_for(20000)
    draft.behaviour = "new sign-in"
    box.get_by_role("button").click()
    expect(box).to_be_hidden()
    expect(words(page)).to_have_text("Saved 3:42 pm")
    assert draft.text == "Monday still here"
    assert draft.tokens[-1] == "token-2"
    assert page.locator("input[name=csrf_token]").input_value() == "token-2"


def test_without_a_network_it_tries_again_and_says_so_once(page: Page, draft: Draft) -> None:
    page.context.set_offline(True)
    type_in(page, "Monday")
    page.clock.run_for(1600)
    expect(words(page)).to_have_text("Not saved yet, trying again")
    expect(spoken(page)).to_have_text("Not saved yet, trying again")
    page.clock.run_for(30000)
    assert draft.received == []
    page.context.set_offline(False)
    expect(words(page)).to_have_text("Saved 3:42 pm")
    expect(spoken(page)).to_have_text("Saved 3:42 pm")
    assert draft.text == "Monday"


COUNT_PLANS = """
    () => {
        const plan = window.setTimeout;
        window.plans = 0;
        window.setTimeout = (action, wait) => { window.plans += wait >= 1000; return plan(action, wait); };
    }
"""


def test_a_broken_server_is_asked_again_ever_more_slowly(page: Page, draft: Draft) -> None:
    draft.behaviour = "broken"
    type_in(page, "Monday")
    page.evaluate(COUNT_PLANS)
    for number, wait in enumerate((1500, 2000, 4000, 8000, 15000)):
        page.clock.run_for(wait - 100)
        assert len(draft.received) == number
        page.clock.run_for(100)
        page.wait_for_function("(number) => window.plans === number", arg=number + 1)
    draft.behaviour = "well"
    page.clock.run_for(30000)
    expect(words(page)).to_have_text("Saved 3:42 pm")


def test_a_refusal_is_shown_in_the_servers_words(page: Page, draft: Draft) -> None:
    draft.behaviour = "refuses"
    type_in(page, "Monday")
    page.clock.run_for(1600)
    expect(page.locator("[data-autosave-refused]")).to_contain_text("This reflection was sent from another device.")


def test_leaving_the_page_takes_the_last_words_along(page: Page, draft: Draft) -> None:
    type_in(page, "the last words")
    page.get_by_role("link", name="Elsewhere").click()
    expect(page.locator("h1")).to_have_text("Elsewhere")
    until(lambda: draft.text == "the last words", "not saved on leaving")


def test_closing_the_tab_takes_the_last_words_along(page: Page, draft: Draft) -> None:
    type_in(page, "the last words")
    page.evaluate("document.activeElement.addEventListener('blur', (e) => e.stopImmediatePropagation(), true)")
    page.close(run_before_unload=True)
    until(lambda: draft.text == "the last words", "not saved on closing")


def test_asks_before_leaving_only_when_words_would_be_lost(page: Page, draft: Draft) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    draft.behaviour = "signed out"
    type_in(page, "Monday")
    page.clock.run_for(1600)
    expect(page.locator("[data-autosave-signed-out]")).to_be_visible()
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Elsewhere").click(no_wait_after=True)
    assert asked == ["beforeunload"]
    expect(page.locator("#text")).to_have_value("Monday")


def test_sending_stores_first_and_sends_the_newest_version(page: Page, draft: Draft) -> None:
    draft.gate.clear()
    type_in(page, "Monday")
    page.clock.run_for(1600)
    until(lambda: draft.underway == 1, "not underway")
    type_in(page, " and Tuesday")
    press_twice(page.get_by_role("button", name="Send to my trainer"))
    draft.gate.set()
    expect(page.locator("h1")).to_have_text("Sent")
    assert [(sent["version"], sent["text"]) for sent in draft.sent] == [("9", "Monday and Tuesday")]


def test_sending_without_a_network_stays_on_the_page(page: Page, draft: Draft) -> None:
    page.context.set_offline(True)
    type_in(page, "Monday")
    page.get_by_role("button", name="Send to my trainer").click()
    expect(words(page)).to_have_text("Not saved yet, trying again")
    expect(page.locator("#text")).to_have_value("Monday")
    page.context.set_offline(False)
    expect(words(page)).to_have_text("Saved 3:42 pm")
    page.get_by_role("button", name="Send to my trainer").click()
    expect(page.locator("h1")).to_have_text("Sent")


def test_a_screen_reader_hears_of_saving_at_most_once_a_minute(page: Page, draft: Draft) -> None:
    page.evaluate("""() => { window.heard = 0; new MutationObserver(() => { window.heard += 1; })
        .observe(document.querySelector('[data-autosave-status]'),
                 { childList: true, characterData: true, subtree: true }); }""")
    for count in range(1, 5):
        type_in(page, "x")
        page.clock.run_for(2000)
        until(lambda count=count: draft.version == 7 + count, "not saved")
        expect(words(page)).to_have_text("Saved 3:42 pm")
    assert page.evaluate("window.heard") == 1


def test_nothing_written_stays_in_the_browser(page: Page, draft: Draft) -> None:
    type_in(page, "Monday")
    page.clock.run_for(1600)
    expect(words(page)).to_have_text("Saved 3:42 pm")
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
