"""The browser without a screen keeps cookies, follows and fills forms as browsers do; the drivers forge as told."""

import pytest
import urllib3
from joserfc.jwk import RSAKey

from tests.demo_lms import REMOVED, Browser, World, forge, launching, log_in, register_tool
from tests.demo_lms.browser import Page
from tests.demo_lms.cookie_jar import CookieJar
from tests.demo_lms.model import Link
from tests.demo_lms_tests.fake_tool import LTI, FakeTool

TOOL = "http://localhost:8000"
LMS = "http://127.0.0.1:8001"
STRONG = "; Secure; SameSite=None"


def kept(header: str, at: str = TOOL + "/lti/launch", **jar: str) -> str | None:
    cookies = CookieJar(**jar)  # type: ignore[arg-type]  # words of the jar's own literals
    cookies.receive(at, header)
    return cookies.header(at)


@pytest.mark.parametrize("origin", ["http://localhost:8000", "http://127.0.0.1:8000", "https://tool.example"])
def test_secure_cookies_live_on_https_and_on_this_machine(origin: str) -> None:
    assert kept("a=1; Secure; Path=/", at=origin + "/") == "a=1"


@pytest.mark.parametrize(
    "refused",
    [
        "a=1; SameSite=None",
        "a=1; Partitioned",
        "__Host-a=1; Path=/",
        "__Host-a=1; Secure; Path=/lti",
        "__Host-a=1; Secure; Path=/; Domain=localhost",
        "__Secure-a=1",
        "=1",
    ],
)
def test_what_browsers_refuse_is_not_kept(refused: str) -> None:
    assert kept(refused) is None


def test_a_secure_cookie_over_plain_http_elsewhere_is_refused() -> None:
    assert kept("a=1; Secure", at="http://tool.example/") is None


def test_a_cookie_goes_where_its_path_and_domain_say() -> None:
    jar = CookieJar()
    jar.receive("https://a.tool.example/", "path=1; Path=/lti")
    jar.receive("https://a.tool.example/", "wide=1; Domain=tool.example")
    assert jar.header("https://a.tool.example/lti/launch") == "path=1; wide=1"
    assert jar.header("https://a.tool.example/ltix") == "wide=1"
    assert jar.header("https://b.tool.example/lti") == "wide=1"
    assert jar.header("https://notool.example/") is None


def test_a_cookie_ends_when_it_is_told_to() -> None:
    jar = CookieJar()
    jar.receive(TOOL, "a=1; Max-Age=60")
    jar.receive(TOOL, "b=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT")
    assert jar.header(TOOL) == "a=1; b=1"
    jar.receive(TOOL, "a=; Max-Age=0")
    jar.receive(TOOL, "b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT")
    assert jar.names() == set()


@pytest.mark.parametrize(
    ("third_party", "lives"),
    [
        ("allowed", {"a=1; Secure; SameSite=None; Partitioned", "a=1; Secure; SameSite=None"}),
        ("partitioned", {"a=1; Secure; SameSite=None; Partitioned"}),
        ("blocked", set()),
    ],
)
def test_in_a_frame_of_another_site_only_the_right_cookies_live(third_party: str, lives: set[str]) -> None:
    for header in ("a=1", "a=1; SameSite=Lax; Secure", f"a=1{STRONG}", f"a=1{STRONG}; Partitioned"):
        survived = kept(header, frame_of=LMS, third_party=third_party) is not None
        assert survived is (header in lives)
    assert kept("a=1; SameSite=Lax", at=LMS + "/", frame_of=LMS, third_party=third_party) == "a=1"


def page(html: str) -> Page:
    headers = urllib3.HTTPHeaderDict({"Content-Type": "text/html; charset=utf-8"})
    return Page("http://tool.example/a/b", 200, headers, html.encode())


def test_a_form_is_read_as_it_would_be_sent() -> None:
    form = page(
        '<form action="../c?x=1" method="post"><input name="a" value="&quot;1&quot;"><input type="checkbox" name="b">'
        '<input type="checkbox" name="c" checked><textarea name="d">text &amp; more</textarea>'
        '<select name="e"><option value="1">one<option value="2" selected>two</select>'
        '<input type="submit" name="f" value="go"><input name="g" disabled value="1"><input value="nameless"></form>'
    ).form()
    assert form.action == "http://tool.example/c?x=1"
    assert form.method == "POST"
    assert form.fields == {"a": '"1"', "c": "on", "d": "text & more", "e": "2"}
    assert not form.sends_itself


def test_a_missing_form_is_told_with_the_page() -> None:
    with pytest.raises(LookupError, match="nothing here"):
        page("<p>nothing here</p>").form("/launch")


def test_requests_for_a_public_address_can_go_to_this_machine(lms: World) -> None:
    browser = Browser(reroute={"https://lms.example.org": lms.config.issuer})
    browser.post("https://lms.example.org/sign-in", {"person": "ada"})
    home = browser.open("https://lms.example.org/")
    assert "Ada Okafor" in home.text
    assert lms.served[-1].headers["host"] == "lms.example.org"


def test_an_honest_forgery_is_accepted_and_a_changed_claim_arrives(lms: World, tool: FakeTool, link: Link) -> None:
    assert forge(lms, "ada", link).page.status == 200
    forge(lms, "ada", link, {"sub": "other", LTI + "roles": [], "email": REMOVED})
    assert tool.claims[1]["sub"] == "other"
    assert tool.claims[1][LTI + "roles"] == []
    assert "email" not in tool.claims[1]


def test_a_forgery_may_have_another_key_and_header(lms: World, tool: FakeTool, link: Link) -> None:
    login = log_in(lms, "ada", link)
    stranger = RSAKey.generate_key(2048)
    assert login.post(login.sign(key=stranger)).status == 500
    assert login.post(login.sign(header={"kid": "unknown"})).status == 500
    assert tool.claims == []
    assert login.post().status == 200


def test_an_answer_can_be_sent_twice_or_without_its_state(lms: World, tool: FakeTool, link: Link) -> None:
    login = log_in(lms, "ada", link)
    token = login.sign()
    assert login.post(token, state=REMOVED).status == 400
    assert login.post(token).status == 200
    assert login.post(token).status == 500


def test_roles_can_be_said_that_nobody_has(lms: World, tool: FakeTool, link: Link) -> None:
    log_in(lms, "ada", link, roles=("urn:odd",)).post()
    assert tool.claims[0][LTI + "roles"] == ["urn:odd"]


def test_a_login_that_leads_nowhere_is_told_with_the_tool_s_page(lms: World, tool: FakeTool, link: Link) -> None:
    lms.change_tool(tool.client_id, initiate_login_uri=tool.base_url + "/close.js")
    with pytest.raises(launching.NoAuthenticationRequest) as raised:
        log_in(lms, "ada", link)
    assert raised.value.page.status == 405


def test_a_registration_page_that_asks_first_is_answered(lms: World, unregistered: FakeTool) -> None:
    tool = register_tool(lms, unregistered.base_url + "/confirm")
    assert tool.client_id == unregistered.client_id


def test_the_value_of_a_cookie_can_be_read(lms: World, tool: FakeTool, link: Link) -> None:
    visit = forge(lms, "ada", link)
    state = visit.browser.cookies.value("__Host-tool")
    assert state is not None
    assert state in visit.page.text
    assert visit.browser.cookies.value("other") is None


def test_a_form_is_chosen_by_name_where_there_are_several(lms: World) -> None:
    browser = Browser()
    with pytest.raises(LookupError, match="7 forms"):
        browser.submit(browser.open(lms.config.url("/")))


def test_a_registration_page_that_does_not_register_is_told(lms: World, tool: FakeTool) -> None:
    with pytest.raises(LookupError, match="did not register"):
        register_tool(lms, tool.base_url + "/close.js")
