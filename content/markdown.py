"""Markdown to safe HTML: CommonMark and tables in, a short list of tags out.

Two guards, each enough alone: raw HTML is a fault and is never passed on, and what the renderer wrote goes
through an allow-list. Links open a new tab and say so; headings run from h3 to h6; no ids and no styles, so
that a text can stand in any page under a strict content policy.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from html import unescape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from content.schema import Language

NEW_TAB = {Language.ENGLISH: "(opens in a new tab)", Language.SPANISH: "(se abre en una pestaña nueva)"}
HIDDEN_CLASS = "visually-hidden"
ALIGN_CLASSES = {"text-align:right": "align-right", "text-align:center": "align-center"}
RAW_HTML = frozenset({"html_block", "html_inline"})

_IMAGE_DATA = re.compile(r"data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+")
_TAGS = {
    *("p", "br", "hr", "strong", "em", "code", "pre", "blockquote", "ul", "ol", "li", "a", "img", "span"),
    *("h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td"),
}


def parse(markdown: str) -> list[Token]:
    """Blocks of Markdown as tokens; raw HTML comes as tokens of the types in `RAW_HTML`."""
    return _parser().parse(markdown)


def parse_inline(markdown: str) -> list[Token]:
    """One line of Markdown (a line of the reference list) as tokens."""
    return _parser().parseInline(markdown)


def render(tokens: Sequence[Token], language: Language) -> str:
    """Tokens as sanitised HTML; image sources must have become data: addresses before, others are dropped."""
    html = _parser().renderer.render(tokens, _parser().options, {"new_tab": NEW_TAB[language]})
    return str(_cleaner().clean(str(html))).strip()


def walk(tokens: Sequence[Token]) -> Iterator[tuple[Token, int]]:
    """All tokens with the line they stand on, counted from 0; children of a paragraph after it."""
    line = 0
    for token in tokens:
        line = token.map[0] if token.map else line
        yield token, line
        within = line
        for child in token.children or ():
            yield child, within
            within += child.type in {"softbreak", "hardbreak"}


_HIDDEN = re.compile(rf'<span class="{HIDDEN_CLASS}">[^<]*</span>')
_TAG = re.compile(r"""<(?:"[^"]*"|[^">])*>""")


def plain_text(html: str) -> str:
    """What a reader reads of rendered HTML: no tags, no notes for screen readers."""
    return unescape(_TAG.sub("", _HIDDEN.sub("", html)))


class _Renderer(RendererHTML):
    """Markdown-it's renderer, with what pages need of links, tables and refused HTML."""

    def link_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        tokens[idx].attrSet("target", "_blank")
        return str(self.renderToken(tokens, idx, options, env))

    def link_close(self, _tokens: Sequence[Token], _idx: int, _options: OptionsDict, env: EnvType) -> str:
        return f' <span class="{HIDDEN_CLASS}">{env["new_tab"]}</span></a>'

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        tokens[idx].attrSet("scope", "col")
        return self.td_open(tokens, idx, options, env)

    def td_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        # alignment comes as a style attribute, which a content policy without inline styles would ignore
        style = str(tokens[idx].attrs.pop("style", ""))
        if style in ALIGN_CLASSES:
            tokens[idx].attrSet("class", ALIGN_CLASSES[style])
        return str(self.renderToken(tokens, idx, options, env))

    def html_block(self, _tokens: Sequence[Token], _idx: int, _options: OptionsDict, _env: EnvType) -> str:
        return ""

    def html_inline(self, _tokens: Sequence[Token], _idx: int, _options: OptionsDict, _env: EnvType) -> str:
        return ""


class _Parser(MarkdownIt):
    def validateLink(self, _url: str) -> bool:  # noqa: N802 - the library's name
        """Let every address become a link token, so that a rule can refuse it by name instead of showing its
        source.
        """
        return True


@cache
def _parser() -> MarkdownIt:
    # raw HTML is recognised in order to be refused, and never rendered
    return _Parser("commonmark", {"html": True}, renderer_cls=_Renderer).enable("table")


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    if (tag, attribute) == ("a", "href"):
        return value if value.lower().startswith("https://") else None
    if (tag, attribute) == ("img", "src"):
        return value if _IMAGE_DATA.fullmatch(value) else None
    return value


_ATTRIBUTES: Mapping[str, set[str]] = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
}


@cache
def _cleaner() -> Any:
    return nh3.Cleaner(
        tags=_TAGS,
        attributes=dict(_ATTRIBUTES),
        tag_attribute_values={"a": {"target": {"_blank"}}, "th": {"scope": {"col"}}},
        allowed_classes={
            "span": {HIDDEN_CLASS},
            "th": set(ALIGN_CLASSES.values()),
            "td": set(ALIGN_CLASSES.values()),
        },
        attribute_filter=_allowed,
        url_schemes={"https", "data"},
        link_rel="noopener",
    )
