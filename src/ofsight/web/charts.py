"""Charts that the report does not have: grades stacked, funnels, the map of tiles.

Each returns an SVG whose colours are classes of the page's style. Every word in it is escaped by the `Sheet`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from typing import Final

from ofsight.report.charts import NARROW, WIDE
from ofsight.report.charts.axis import Straight
from ofsight.report.charts.model import Series
from ofsight.report.charts.svg import Anchor, Sheet, text_width
from ofsight.web.answer import Picture
from ofsight.web.tiles import place_tiles

__all__ = ["GRADES", "Funnel", "GradeRow", "Grades", "Tiles"]
__all__ += ["draw_funnel", "draw_grades", "draw_tiles", "short_names", "span_of"]

Scale = Callable[[float], float]
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


@dataclass(frozen=True, slots=True)
class Funnel:
    """Areas on one measure with the limits of chance.

    Parameters
    ----------
    points : sequence of (label, size, value, outside, chosen)
        Each area: how large it is, its value, whether it lies outside the outer limits, whether it is
        pointed out.
    limits : sequence of (size, low_95, high_95, low_998, high_998)
        The limits, by size.
    centre : float
        England's value.
    across : str
        What the sizes are.
    percent : bool
        The values are shares, shown in per cent.
    """

    points: Sequence[tuple[str, float, float, bool, bool]]
    limits: Sequence[tuple[float, float, float, float, float]]
    centre: float
    across: str = ""
    percent: bool = False


def draw_funnel(
    funnel: Funnel, *, key: str, title: str, across: str, percent: bool, description: str
) -> Picture:
    """Draw a funnel plot: size across, value up, limits as lines; only what is pointed out is named."""

    def drawn(width: float) -> str:
        sheet = Sheet(width, size=13.5 if width >= WIDE else 12.5)
        height = _funnel(sheet, funnel, across, percent)
        return sheet.finish(
            height, name=f"{key}-{int(width)}", title=title, description=description, alone=False
        )

    model = replace(funnel, across=across, percent=percent)
    return Picture(title, description, drawn(WIDE), drawn(NARROW), model)


def _funnel(sheet: Sheet, funnel: Funnel, across: str, percent: bool) -> float:
    tall = 300.0 if sheet.width >= 500 else 260.0
    left, right, head, foot = 46.0, sheet.width - 8, 14.0, 14.0 + tall
    sizes = Straight.upto(max((size for _, size, *_ in funnel.points), default=1.0), left, right)
    values = [value for _, _, value, *_ in funnel.points] + [funnel.centre]
    low, top, step = span_of(values, percent)

    def x_of(size: float) -> float:
        return min(sizes.at(size), right)

    def y_of(value: float) -> float:
        held = min(max(value, low), top)
        return foot - (foot - head) * (held - low) / ((top - low) or 1)

    for place in range(round((top - low) / step) + 1):
        value = low + step * place
        sheet.line(left, y_of(value), right, y_of(value), "grid")
        said = f"{100 * value:.0f}%" if percent else f"{value:g}"
        sheet.text(left - 6, y_of(value) + 4, said, anchor="end", classes="muted")
    for size in sizes.ticks()[1:]:
        anchor: Anchor = "end" if size == sizes.high else "middle"
        sheet.text(x_of(size), foot + 18, f"{size:,.0f}", anchor=anchor, classes="muted")
    sheet.text((left + right) / 2, foot + 38, across, anchor="middle", classes="muted")
    ordered = sorted(funnel.limits)
    for place, look in ((1, "limit"), (2, "limit"), (3, "limit far"), (4, "limit far")):
        sheet.path([(x_of(row[0]), y_of(row[place])) for row in ordered], look)
    sheet.line(left, y_of(funnel.centre), right, y_of(funnel.centre), "reference")
    for _, size, value, outside, chosen in sorted(funnel.points, key=lambda point: point[4]):
        series: Series = "two" if chosen else "four" if outside else "one"
        sheet.marker(
            x_of(size), y_of(value), series, radius=5.5 if chosen else 3.2, hollow=not (chosen or outside)
        )
    _name_points(sheet, funnel, x_of, y_of, right)
    return foot + 48


def span_of(values: Sequence[float], percent: bool) -> tuple[float, float, float]:
    """Return the ends of the upright axis and the distance of its ticks, all round."""
    if not percent:
        axis = Straight.upto(max(values), 0, 1, n_ticks=5)
        return 0.0, axis.high, axis.step
    low = max(0.0, math.floor(min(values) * 10 - 1) / 10)
    step = 0.1 if low >= 0.5 else 0.2
    return step * math.floor(low / step + 1e-9), 1.0, step


def _name_points(sheet: Sheet, funnel: Funnel, x_of: Scale, y_of: Scale, right: float) -> None:
    """Name the chosen points, each beside its marker, on the side where there is room."""
    for label, size, value, _, chosen in funnel.points:
        if chosen:
            x, y = x_of(size), y_of(value)
            fits = x + 10 + text_width(label, sheet.size) < right
            sheet.text(
                x + 9 if fits else x - 9, y - 7, label, anchor="start" if fits else "end", classes="strong"
            )


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
