"""The explorer's style sheet: words on coloured grounds can be read, in both colour schemes."""

from __future__ import annotations

import re
from importlib import resources

import pytest

SHEET = (resources.files("ofsight.web") / "static" / "explorer.css").read_text(encoding="utf-8")


def rank(selector: str) -> tuple[int, int]:
    """Classes, pseudo-classes and attributes of a selector, then its elements; ``:where`` counts nothing."""
    bare = re.sub(r":where\((?:[^()]|\([^()]*\))*\)", "", selector)
    bare = re.sub(r":not\(([^()]*)\)", r"\1", bare)
    return len(re.findall(r"[.\[]|(?<!:):(?!:)", bare)), len(re.findall(r"(?:^|[\s>+~])[a-z]", bare))


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * letter for letter in colour[1:])
    parts = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_the_colour_of_words_in_charts_gives_way_to_that_of_words_on_bars_and_tiles() -> None:
    (every,) = re.findall(r"^(svg\S* text) \{ fill: var\(--ink\)", SHEET, flags=re.MULTILINE)
    for selector in (*(f"svg .on-g{grade}" for grade in range(1, 5)), "svg .muted", ".tiles text"):
        assert re.search(rf"(?:^|\s){re.escape(selector)} \{{ fill:", SHEET), selector
        assert rank(selector) > rank(every), f"'{every}' outranks '{selector}'"


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_numbers_on_the_bars_of_grades_can_be_read(scheme: int) -> None:
    schemes = re.findall(r":root \{(.*?)\}", SHEET, flags=re.DOTALL)
    colours = dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-fA-F]{6}|#[0-9a-fA-F]{3})\b", schemes[scheme]))
    for grade in range(1, 5):
        light, dark = sorted(
            (luminance(colours[name]) for name in (f"g{grade}", f"on-g{grade}")), reverse=True
        )
        assert (light + 0.05) / (dark + 0.05) >= 4.5, grade
