"""Charts that the report does not have: grades stacked, the map of tiles.

Each returns an SVG whose colours are classes of the page's style. Every word in it is escaped by the `Sheet`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from ofsight.report.charts import NARROW, WIDE
from ofsight.report.charts.svg import Sheet, text_width
from ofsight.web.answer import Picture
from ofsight.web.tiles import place_tiles

__all__ = ["GRADES", "GradeRow", "Grades", "Tiles", "draw_grades", "draw_tiles", "short_names"]

GRADES: Final = (("Inadequate", "g1"), ("Requires improvement", "g2"), ("Good", "g3"), ("Outstanding", "g4"))


@dataclass(frozen=True, slots=True)
class GradeRow:
    """Homes or inspections by grade, worst first."""

    label: str
    counts: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Grades:
    """Bars parted by grade; `what` is counted."""

    rows: tuple[GradeRow, ...]
    what: str


@dataclass(frozen=True, slots=True)
class Tiles:
    """The areas of the map of tiles and its key, as `draw_tiles` takes them."""

    areas: tuple[tuple[str, str, str, str, int, str], ...]
    legend: tuple[tuple[int, str], ...] = ()


def draw_grades(rows: Sequence[GradeRow], *, key: str, title: str, what: str) -> Picture:
    """Draw one bar for each row, parted by grade; numbers in the parts, so that colour is not needed.

    Parameters
    ----------
    rows : sequence of GradeRow
        What is compared.
    key : str
        Prefix of ids, unique on the page.
    title : str
        The finding.
    what : str
        What is counted: "homes".
    """
    description = "; ".join(
        f"{row.label}: " + ", ".join(f"{n} {name}" for n, (name, _) in zip(row.counts, GRADES, strict=True))
        for row in rows
    )

    def drawn(width: float) -> str:
        sheet = Sheet(width, size=13.5 if width >= WIDE else 12.5)
        y = _grade_key(sheet)
        labels = 0.0
        wide = width >= 500
        if wide:
            labels = max((text_width(row.label, sheet.size) for row in rows), default=0) + 70
        for row in rows:
            y = _grade_bar(sheet, row, y, labels if wide else 0.0, what)
        return sheet.finish(
            y + 4, name=f"{key}-{int(width)}", title=title, description=description, alone=False
        )

    model = Grades(tuple(rows), what)
    return Picture(title, description, drawn(WIDE), drawn(NARROW), model)


def _grade_key(sheet: Sheet) -> float:
    x, y = 0.0, 15.0
    for name, look in GRADES:
        needed = 20 + text_width(name, sheet.size) + 18
        if x and x + needed - 18 > sheet.width:
            x, y = 0.0, y + 21
        sheet.box(x, y - 11, 14, 13, look)
        sheet.text(x + 20, y, name)
        x += needed
    return y + 16


def _grade_bar(sheet: Sheet, row: GradeRow, y: float, labels: float, what: str) -> float:
    total = sum(row.counts)
    words = f"{row.label}, {total:,} {what}"
    if labels:
        sheet.text(0, y + 17, row.label)
        sheet.text(labels - 10, y + 17, f"{total:,}", anchor="end", classes="muted")
    else:
        sheet.text(0, y + 12, words)
        y += 18
    x, span = labels, sheet.width - labels
    if not total:
        sheet.text(x + 4, y + 17, "none graded", classes="muted")
        return y + 32
    for n, (_, look) in zip(row.counts, GRADES, strict=True):
        wide = span * n / total
        if n:
            sheet.box(x, y, max(wide, 1.0), 25, look)
            if wide > text_width(f"{n:,}", sheet.size) + 6:
                sheet.text(x + wide / 2, y + 17, f"{n:,}", anchor="middle", classes=f"on-{look}")
        x += wide
    return y + 33


_SIDE: Final = 46.0
_SMALL: Final = frozenset({"and", "of", "the", "upon", "with", "on", "in"})


def short_names(names: Mapping[str, str]) -> dict[str, str]:
    """Return a short label of each name, four letters, every one different.

    >>> short_names({"a": "Barnet", "b": "Barnsley", "c": "North Tyneside"})
    {'a': 'Barn', 'b': 'Brns', 'c': 'NTyn'}
    """
    found: dict[str, str] = {}
    for code in sorted(names, key=lambda each: names[each]):
        for label in _candidates(names[code]):
            if label not in found.values():
                found[code] = label
                break
        else:
            found[code] = code[-4:]
    return {code: found[code] for code in names}


def _candidates(name: str) -> list[str]:
    words = [
        word
        for word in name.replace(",", " ").replace("-", " ").replace(".", "").split()
        if word.lower() not in _SMALL
    ]
    letters = "".join(words)
    first = words[0]
    made = []
    if len(words) > 1:
        made += [first[0] + words[1][:3], first[:2] + words[1][:2], "".join(word[0] for word in words)[:4]]
        made.append(first[:3] + words[1][0])
    made.append(first[:4])
    consonants = first[0] + "".join(letter for letter in first[1:] if letter not in "aeiou")
    made.append(consonants[:4])
    made += [first[:3] + letter for letter in letters[4:].lower() if letter.isalpha()]
    return [label for label in made if len(label) >= 2]


def _legend(legend: Sequence[tuple[int, str]]) -> list[str]:
    """Draw the shades with their words in the corner where England has no land."""
    x, y = 10 * _SIDE + 8, 6.0
    return [
        f'<rect x="{x:.0f}" y="{y + 22 * place:.0f}" width="20" height="18" class="q{shade}"/>'
        f'<text x="{x + 27:.0f}" y="{y + 22 * place + 14:.0f}" font-size="14" class="said">'
        f"{escape(words)}</text>"
        for place, (shade, words) in enumerate(legend)
    ]


def draw_tiles(
    areas: Sequence[tuple[str, str, str, str, int, str]],
    *,
    legend: Sequence[tuple[int, str]] = (),
    title: str,
    description: str,
) -> Picture:
    """Draw the map of tiles, each a link to its area.

    Parameters
    ----------
    areas : sequence of (code, name, slug, region, shade, words)
        Each authority; the shade is 1 (least) to 5 (most), 0 for no value; the words are its value.
    legend : sequence of (shade, words)
        What each shade stands for.
    title, description : str
        As for every chart.
    """
    tiles = place_tiles((code, region) for code, _, _, region, _, _ in areas)
    labels = short_names({code: name for code, name, *_ in areas})
    parts = []
    for code, name, slug, _, shade, words in areas:
        tile = tiles[code]
        x, y = tile.column * _SIDE, tile.row * _SIDE
        parts.append(
            f'<a href="/areas/{escape(slug)}" aria-label="{escape(f"{name}: {words}")}">'
            f"<title>{escape(f'{name}: {words}')}</title>"
            f'<rect x="{x:.0f}" y="{y:.0f}" width="{_SIDE:.0f}" height="{_SIDE:.0f}" class="q{shade}"/>'
            f'<text x="{x + _SIDE / 2:.0f}" y="{y + _SIDE / 2 + 4.5:.0f}" font-size="13" '
            f'text-anchor="middle" aria-hidden="true">{escape(labels[code])}</text></a>'
        )
    parts += _legend(legend)
    width = (max((tile.column for tile in tiles.values()), default=0) + 1) * _SIDE
    height = (max((tile.row for tile in tiles.values()), default=0) + 1) * _SIDE
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" class="tiles" '
        f'role="group" aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )
    return Picture(title, description, drawn, model=Tiles(tuple(areas), tuple(legend)))
