"""Takes each page at three widths in both themes, out of the LMS's frame, and puts the pictures on an index page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from tests.journeys.people import SEAT, Person

WIDTHS = (320, 880, 1280)
THEMES = ("light", "dark")
TALLEST = 12_000  # CSS pixels of one picture; a reading is longer than that on a phone
# the LMS steps aside, so that its frame is as wide as the window
WHOLE_WINDOW = """
    .bar, footer, .back, main > h1, main > p { display: none }
    main { max-width: none !important; padding: 0 !important; margin: 0 !important }
    .tool { max-width: none !important; border: 0 !important; border-radius: 0 !important }
"""
PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass
class Camera:
    """Called with a page's name and the person who has it open. `folder` fills with pictures, `taken` with names.

    `singles` are names of pictures that others took there, one each, as `file_name(name, 960, "light")`.
    """

    folder: Path
    taken: list[str] = field(default_factory=list)
    singles: list[str] = field(default_factory=list)

    def __call__(self, name: str, person: Person) -> None:
        """Take all six."""
        for theme in THEMES:
            person.page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
            for width in WIDTHS:
                self.one(person, width, self.folder / file_name(name, width, theme))
        person.page.emulate_media(color_scheme="light")
        self.taken.append(name)

    def one(self, person: Person, width: int, path: Path) -> None:
        """Take one, in the theme that the page is in."""
        style = person.page.add_style_tag(content=WHOLE_WINDOW)
        self._take(person, width, path)
        style.evaluate("style => style.remove()")
        person.page.set_viewport_size(SEAT)

    def _take(self, person: Person, width: int, path: Path) -> None:
        person.page.set_viewport_size({"width": width, "height": 900})
        height = person.waits()
        person.page.set_viewport_size({"width": width, "height": min(max(height, 300), TALLEST)})
        person.waits()
        person.frame.evaluate(PAINTED)
        person.page.screenshot(path=path, animations="disabled", scale="css")

    def write_index(self) -> Path:
        """The page that shows them all."""
        rows = "\n".join([*map(_row, self.taken), *map(_single, self.singles)])
        path = self.folder / "index.html"
        path.write_text(PAGE.format(rows=rows), encoding="utf-8")
        return path


def file_name(name: str, width: int, theme: str) -> str:
    """home-returned-880-light.png"""
    return f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}-{width}-{theme}.png"


def _row(name: str) -> str:
    pictures = [
        f'<a href="{file_name(name, width, theme)}"><img loading="lazy" src="{file_name(name, width, theme)}" '
        f'alt="{escape(name)}, {width} px, {theme}" width="{width // 4}"></a>'
        for theme in THEMES
        for width in WIDTHS
    ]
    return f"<section><h2>{escape(name)}</h2>{''.join(pictures)}</section>"


def _single(name: str) -> str:
    picture = file_name(name, SEAT["width"], "light")
    image = f'<img loading="lazy" src="{picture}" alt="{escape(name)}" width="{SEAT["width"] // 4}">'
    return f'<section><h2>{escape(name)}</h2><a href="{picture}">{image}</a></section>'


PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Pages · Practicum</title>
<style>
  body {{ font: 16px/1.5 system-ui; margin: 2rem; background: #ddd }}
  section {{ margin: 0 0 3rem }}
  h2 {{ font-size: 1.1rem }}
  img {{ margin: 0 1rem 1rem 0; vertical-align: top; border: 1px solid #999; max-height: 40rem; object-fit: cover;
    object-position: top }}
</style>
<h1>Every page, at 320, 880 and 1280 px, light and dark</h1>
{rows}
</html>
"""
