"""The colours of static/css/tokens.css: enough contrast for every pair in use, by day and by night.

The ratios and the formula are those of WCAG 2.2, success criteria 1.4.3 and 1.4.11.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

CSS = Path(__file__).parents[2] / "plugin" / "web" / "static" / "css"
OURS = sorted(sheet.name for sheet in CSS.glob("*.css") if sheet.name != "tokens.css")

GROUNDS = ("paper", "surface", "sunk", "accent-wash", "needs-wash", "done-wash")
WORDS = ("ink", "ink-soft", "accent", "accent-strong", "needs", "done")
ON_MARK = ("ink", "accent", "needs")
ON_BUTTON = ("accent", "accent-strong")
# Separates and says nothing: without it the page reads the same.
DECORATION = {"line"}

TEXT = [(word, ground) for word in WORDS for ground in GROUNDS]
TEXT += [(word, "mark") for word in ON_MARK] + [("on-accent", button) for button in ON_BUTTON]
EDGES = [("edge", ground) for ground in GROUNDS]
# What is read longest, and what is pressed.
STRONG = [("ink", "paper"), ("ink", "surface"), ("ink", "sunk"), ("accent", "paper"), ("accent", "surface")]
STRONG += [("on-accent", button) for button in ON_BUTTON]


def colours(block: str) -> dict[str, str]:
    """The custom properties of one block that hold a colour, by name without the dashes."""
    return dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6})\s*;", block))


def themes() -> dict[str, dict[str, str]]:
    text = (CSS / "tokens.css").read_text(encoding="utf-8")
    day, rest = text.split("@media screen and (prefers-color-scheme: dark)")
    night = rest.split("@media print")[0]
    return {"day": colours(day), "night": colours(night)}


def luminance(colour: str) -> float:
    """Relative luminance of "#rrggbb" as WCAG defines it, 0 to 1."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def too_weak(theme: str, pairs: list[tuple[str, str]], least: float) -> dict[str, float]:
    tokens = themes()[theme]
    ratios = {f"{front} on {ground}": contrast(tokens[front], tokens[ground]) for front, ground in pairs}
    return {pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < least}


@pytest.fixture(params=["day", "night"])
def theme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_contrast_is_computed_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_text_can_be_read_on_every_ground(theme: str) -> None:
    assert too_weak(theme, TEXT, 4.5) == {}


def test_edges_and_shapes_can_be_seen_on_every_ground(theme: str) -> None:
    assert too_weak(theme, EDGES, 3.0) == {}


def test_reading_and_the_one_accent_stand_out_well(theme: str) -> None:
    assert too_weak(theme, STRONG, 7.0) == {}


def test_day_and_night_name_the_same_colours() -> None:
    day, night = themes()["day"], themes()["night"]
    assert day.keys() == night.keys()


def test_every_colour_is_part_of_a_checked_pair() -> None:
    checked = {token for pair in TEXT + EDGES + STRONG for token in pair}
    assert themes()["day"].keys() - checked == DECORATION


@pytest.mark.parametrize("name", OURS)
def test_colours_come_from_the_tokens_alone(name: str) -> None:
    rules = re.sub(r"/\*.*?\*/", "", (CSS / name).read_text(encoding="utf-8"), flags=re.DOTALL)
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[\s;,)])|\b(?:rgba?|hsla?|oklch|color-mix)\(", rules) == []


@pytest.mark.parametrize("name", OURS)
def test_every_property_in_use_is_declared(name: str) -> None:
    declared = set(re.findall(r"(--[a-z0-9-]+):", (CSS / "tokens.css").read_text(encoding="utf-8")))
    used = set(re.findall(r"var\((--[a-z0-9-]+)", (CSS / name).read_text(encoding="utf-8")))
    assert used - declared == set()
