"""Rendered text is safe in any page, and fit for a screen reader."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from content.markdown import parse, parse_inline, plain_text, render
from content.schema import Language


def html(markdown: str) -> str:
    return render(parse(markdown), Language.ENGLISH)


def test_a_link_opens_a_new_tab_and_says_so() -> None:
    assert html("[the guide](https://example.org)") == (
        '<p><a href="https://example.org" target="_blank" rel="noopener">the guide '
        '<span class="visually-hidden">(opens in a new tab)</span></a></p>'
    )


def test_a_table_has_headers_for_its_columns() -> None:
    assert '<th scope="col">A</th>\n<th scope="col" class="align-right">B</th>' in html("|A|B|\n|-|-:|\n|1|2|")


def test_code_lists_quotes_and_emphasis_stay() -> None:
    assert html("3. *a* `b`\n4. **c**\n\n> d") == (
        '<ol start="3">\n<li><em>a</em> <code>b</code></li>\n<li><strong>c</strong></li>\n</ol>\n'
        "<blockquote>\n<p>d</p>\n</blockquote>"
    )


def test_a_reference_is_one_line() -> None:
    assert render(parse_inline("A & B. *Journal*, 1"), Language.ENGLISH) == "A &amp; B. <em>Journal</em>, 1"


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        "a <b onclick=x>b</b>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](http://example.org)",
        "![x](https://example.org/x.png)",
        "![x](data:image/svg+xml;base64,PHN2Zz4=)",
        '[x](<https://example.org" onmouseover="alert(1)>)',
        "# one\n\n## two",
        '```"><script>\nx\n```',
    ],
)
def test_nothing_unsafe_comes_out(markdown: str) -> None:
    rendered = html(markdown)
    for sign in (
        "<script",
        "onerror=",
        "onclick=",
        ' onmouseover="',
        "javascript:",
        "http:",
        "data:",
        "<h1",
        "<h2",
        "id=",
    ):
        assert sign not in rendered
    assert "src=" not in rendered


NAMES = "p strong em code pre blockquote ul ol li a span h3 h4 h5 h6 table thead tbody tr th td"
TAGS = {"br", "hr", "img", *NAMES.split(), *(f"/{name}" for name in NAMES.split())}


@given(st.text(alphabet="<>\"'=&;:/[]()!`*_#|-\\ \nabhijoprstx0", max_size=200))
def test_what_comes_out_holds_only_tags_of_the_list(markdown: str) -> None:
    rendered = html(markdown)
    for piece in rendered.split("<")[1:]:
        assert piece.split(">")[0].split(" ")[0] in TAGS
    assert "javascript:" not in rendered or "href" not in rendered


def test_plain_text_is_what_a_reader_reads() -> None:
    assert plain_text(html("a [b](https://example.org) &amp; ![x > y](bars.png) *c*d")) == "a b  & " + " cd"
