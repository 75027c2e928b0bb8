"""Text that everybody can read, by eye or by ear, and that leads nobody astray."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from markdown_it.token import Token

from content.errors import Fault
from content.manuscript import Manuscript, Passage, Place
from content.markdown import walk

FIRST_HEADING = 3
EMPTY_LINK_TEXTS = frozenset(
    {
        *(
            "here",
            "click here",
            "click",
            "this",
            "this link",
            "link",
            "the link",
            "more",
            "read more",
            "learn more",
        ),
        *(
            "see here",
            "go",
            "this page",
            "website",
            "aquí",
            "haga clic aquí",
            "este enlace",
            "enlace",
            "más",
            "leer más",
        ),
    }
)
FILE_NAME = re.compile(r"[\w-]+\.(?:png|jpe?g|gif|webp)", re.IGNORECASE)
EMPTY_ALT_TEXTS = frozenset({"image", "picture", "photo", "diagram", "figure", "graphic", "imagen", "foto"})

E_MAIL = re.compile(r"(?<![\w.+/-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
PHONE = re.compile(
    r"(?<![\w./-])(?:\+?1[-. ]?)?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-. ])"
    r"[2-9][0-9]{2}[-. ][0-9]{4}(?![\w-])"
    r"|(?<![\w./-])\+[1-9][0-9]{0,2}(?:[-. ]?[0-9]{2,4}){2,5}(?![\w-])"
)


def headings(manuscript: Manuscript) -> Iterator[Fault]:
    """Within an activity, headings begin at ### and go down one level at a time."""
    level, owner = FIRST_HEADING - 1, ""
    for passage in manuscript.passages:
        if passage.owner != owner:
            level, owner = FIRST_HEADING - 1, passage.owner
        for token, line in walk(passage.tokens):
            if token.type != "heading_open":
                continue
            found = int(token.tag[1:])
            if found < FIRST_HEADING:
                yield _at(passage, line).fault(
                    f"a heading of level {found} stands here; the page's own titles are above it",
                    'begin it with "###"',
                )
            elif found > level + 1:
                yield _at(passage, line).fault(
                    f"a heading of level {found} stands where level {level + 1} is the next",
                    f'begin it with "{"#" * (level + 1)}"',
                )
            level = max(found, FIRST_HEADING)


def links(manuscript: Manuscript) -> Iterator[Fault]:
    """Links are https, and say where they lead."""
    for passage in manuscript.passages:
        for link, text, line in _links(passage.tokens):
            address = str(link.attrs.get("href", ""))
            place = _at(passage, line)
            if not re.match(r"https://[^/?#]", address, re.IGNORECASE):
                yield place.fault(
                    f"the link to {address[:60] or 'nowhere'} is not https",
                    "use the https:// address, or remove it",
                )
            words = " ".join(text.lower().split()).strip(" .,:;!?»›>→")
            if not words or words in EMPTY_LINK_TEXTS:
                yield place.fault(
                    f'the link text "{words}" does not say where the link leads',
                    "name what the reader will find there",
                )
            elif not passage.is_reference and re.match(r"(https?://|www\.)", words):
                yield place.fault("a bare address stands as link text", "write [what it is](https://…)")


def _links(tokens: Sequence[Token]) -> Iterator[tuple[Token, str, int]]:
    """Each link with its text, the descriptions of pictures in it included, and its line."""
    link: Token | None = None
    text, start = "", 0
    for token, line in walk(tokens):
        if token.type == "link_open":
            link, text, start = token, "", line
        elif token.type == "link_close" and link:
            yield link, text, start
            link = None
        elif token.type in {"text", "code_inline", "image"}:
            text += token.content
        elif token.type in {"softbreak", "hardbreak"}:
            text += " "


def pictures(manuscript: Manuscript) -> Iterator[Fault]:
    """Pictures say in words what they show."""
    for passage in manuscript.passages:
        for token, line in walk(passage.tokens):
            if token.type != "image":
                continue
            alt = " ".join(token.content.lower().split())
            if not alt or alt in EMPTY_ALT_TEXTS or FILE_NAME.fullmatch(alt):
                yield _at(passage, line).fault(
                    "this picture does not say what it shows",
                    "describe it: ![what a reader needs of it](file.png)",
                )


def tables(manuscript: Manuscript) -> Iterator[Fault]:
    """Every column of a table has a header."""
    for passage in manuscript.passages:
        steps = pairwise(walk(passage.tokens))
        for (cell, line), (content, _line) in steps:
            if cell.type == "th_open" and not content.content.strip():
                yield _at(passage, line).fault(
                    "a column of this table has no header", "write in its first row what the column holds"
                )


def contacts(manuscript: Manuscript) -> Iterator[Fault]:
    """No addresses of people: a version is kept for years, and people move."""
    for file, lines in manuscript.lines.items():
        for number, line in enumerate(lines, start=1):
            # a long line is cut so that a pattern cannot be made to search for minutes
            for pattern, what in ((E_MAIL, "an e-mail address"), (PHONE, "a telephone number")):
                if pattern.search(line[:20_000]):
                    yield Fault(file, number, f"{what} stands here", "remove it; say whom to ask in your local")


def _at(passage: Passage, line: int) -> Place:
    return Place(passage.place.file, passage.place.line + line)
