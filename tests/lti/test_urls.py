"""Addresses: one strict reading for all of them."""

import pytest

from lti.stores import hosts_of
from lti.urls import Tool, below, origin, split, with_query
from tests.lti.peer import platform


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://lms.example.org", ("https", "lms.example.org", 443)),
        ("HTTP://LMS.example.org:8080/x?y#z", ("http", "lms.example.org", 8080)),
        ("https://[2001:db8::1]:444/", ("https", "2001:db8::1", 444)),
        ("https://lms_1.example.org?x", ("https", "lms_1.example.org", 443)),
    ],
)
def test_a_web_address_is_read(url: str, found: tuple[str, str, int]) -> None:
    assert split(url) == found


@pytest.mark.parametrize(
    "url",
    [
        "",
        "lms.example.org",
        "//lms.example.org",
        "ftp://lms.example.org",
        "https:///x",
        "https://",
        "https://a@lms.example.org",
        "https://a:b@lms.example.org",
        "https://lms.example.org\\@evil",
        "https://lms.example.org:0/",
        "https://lms.example.org:99999/",
        "https://lms.example.org:80a/",
        "https://lms.example.org /",
        "https://lms.example.org/\r\nX: y",
        "https://lms.example.org/é",
        "https://[::1",
        "https://[1]/",
        "https://[::1::2]/",
        "https://ex\0ample.org/",
        "https://exämple.org/",
    ],
)
def test_what_could_be_read_in_two_ways_is_no_web_address(url: str) -> None:
    assert split(url) is None


def test_an_origin_is_written_as_browsers_write_it() -> None:
    assert origin("https://LMS.example.org:443/a?b") == "https://lms.example.org"
    assert origin("http://127.0.0.1:5000/") == "http://127.0.0.1:5000"
    assert origin("https://[2001:db8::1]/") == "https://[2001:db8::1]"
    assert origin("about:blank") is None


def test_the_tool_owns_what_lies_at_or_below_its_base() -> None:
    tool = Tool("https://tool.example.org/pd", "https://tool.example.org/pd/launch")
    assert tool.owns("https://tool.example.org/pd")
    assert tool.owns("https://tool.example.org:443/pd/x?y=1")
    assert not tool.owns("https://tool.example.org/pdx")
    assert not tool.owns("https://tool.example.org/")
    assert not tool.owns("http://tool.example.org/pd/")


def test_scores_go_before_the_query() -> None:
    assert below("https://l.example/1/lineitem?type_id=2", "scores") == (
        "https://l.example/1/lineitem/scores?type_id=2"
    )
    assert below("https://l.example/1/", "scores") == "https://l.example/1/scores"
    assert with_query("https://l.example/1?a=1", {"b": "c d"}) == "https://l.example/1?a=1&b=c+d"
    assert with_query("https://l.example/1", {}) == "https://l.example/1"


@pytest.mark.parametrize(
    ("hosts", "url", "serves"),
    [
        ({"lms.example.org"}, "https://LMS.example.org:8443/x", True),
        ({"lms.example.org:8443"}, "https://lms.example.org:8443/x", True),
        ({"lms.example.org:443"}, "https://lms.example.org/x", True),
        ({"lms.example.org:8443"}, "https://lms.example.org/x", False),
        ({"*.example.org"}, "https://a.b.example.org/x", True),
        ({"*.example.org"}, "https://example.org/x", False),
        ({"*.example.org"}, "https://evilexample.org/x", False),
        ({"lms.example.org"}, "https://lms.example.org@evil.example.com/x", False),
        (set(), "https://lms.example.org/x", False),
    ],
)
def test_a_platform_serves_on_its_own_hosts(hosts: set[str], url: str, serves: bool) -> None:
    assert platform(hosts=frozenset(hosts)).serves(url) is serves


def test_hosts_are_taken_from_addresses() -> None:
    assert hosts_of(["https://A.example.org/x", "https://b.example.org:8443", "odd"]) == {
        "a.example.org",
        "b.example.org",
    }
