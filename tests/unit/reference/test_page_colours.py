"""Every pair of colours that may meet on the page has the contrast that WCAG 2.2 AA asks for, light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import QMSLibrary

CSS = (Path(QMSLibrary.__file__).parent / "reference/dashboard/page/static/page.css").read_text()
TEXT, GRAPHIC = 4.5, 3.0
GROUNDS = ("ground", "surface", "sunken")
TONES = ("calm", "good", "warn", "bad")
PAIRS = [
    # Text on everything that it may stand on.
    *((text, ground, TEXT) for text in ("ink", "soft", "accent", "accent-strong", *TONES) for ground in GROUNDS),
    *((tone, f"{tone}-ground", TEXT) for tone in TONES),
    *((text, "calm-ground", TEXT) for text in ("ink", "soft")),  # a change that has just come in
    ("on-accent", "accent", TEXT),
    ("on-accent", "accent-strong", TEXT),
    # Edges of what can be pressed or filled in, the focus, and the lines of pictures.
    *((line, ground, GRAPHIC) for line in ("edge", "accent", *TONES) for ground in GROUNDS),
    ("edge", "calm-ground", GRAPHIC),
    ("accent", "calm-ground", GRAPHIC),
]
NOT_READ = {"line", "shadow"}
"""Ornaments: nothing is lost for who does not see them."""


def colours() -> dict[str, tuple[str, str]]:
    found = re.findall(r"--([a-z-]+): light-dark\((#[0-9a-f]{6}|rgb\([^)]*\)), (#[0-9a-f]{6}|rgb\([^)]*\))\);", CSS)
    return {name: (light, dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_the_formula_is_that_of_the_guidelines():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_it_can_be_read(front, back, least, theme):
    known = colours()
    assert contrast(known[front][theme], known[back][theme]) >= least


def test_every_colour_is_checked_and_none_is_written_elsewhere():
    known = colours()
    assert set(known) == {name for pair in PAIRS for name in pair[:2]} | NOT_READ
    rules = CSS.split(":root {", 1)[1].split("}", 1)[1]
    assert re.findall(r"#[0-9a-f]{3,8}\b|rgba?\(|hsla?\(", rules) == []


def test_what_a_rule_sets_is_a_pair_that_is_checked():
    checked = {(front, back) for front, back, _ in PAIRS}
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", CSS):
        front = re.search(r"(?<![-\w])color: var\(--([a-z-]+)\)", body)
        back = re.search(r"background(?:-color)?: var\(--([a-z-]+)\)", body)
        if front and back:
            assert (front[1], back[1]) in checked, selector.strip()
