"""The map of England in its boundaries, London drawn again in larger scale; each authority a link.

The shapes are table ``outlines`` of the dataset. One unit of the drawing is 100 metres.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Final

import polars as pl

from ofsight.web.answer import Picture

__all__ = ["LONDON", "Boundaries", "Outlines", "choose_outlines", "draw_boundaries"]

_UNIT: Final = 100
LONDON: Final = "E09"
_INSET_SCALE: Final = 3.4
_INSET_TOP: Final = 0.37
"""Where the inset begins, as a share of the map's height: where Wales has no authority of England."""
_LABEL: Final = 150

Line = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Outlines:
    """The outlines of one file.

    Attributes
    ----------
    year : int
        Vintage of the codes.
    lines : dict of str to tuple
        Rings by code, easting and northing in units of 100 metres.
    """

    year: int
    lines: dict[str, tuple[Line, ...]]


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The areas of the map, its shapes and its key, as `draw_boundaries` takes them."""

    areas: tuple[tuple[str, str, str, str, int, str], ...]
    outlines: Outlines
    legend: tuple[tuple[int, str], ...] = ()


def choose_outlines(table: pl.DataFrame, codes: Iterable[str]) -> Outlines | None:
    """Return the outlines of the file that knows most of these authorities, the newest of several.

    Parameters
    ----------
    table : DataFrame
        Table ``outlines``.
    codes : iterable of str
        ONS codes of the authorities to be drawn.

    Returns
    -------
    Outlines or None
        None when no file knows any.
    """
    wanted = table.filter((pl.col("kind") == "authority") & pl.col("code").is_in(list(codes)))
    if wanted.is_empty():
        return None
    best = (
        wanted.group_by("sha256", "year")
        .agg(n=pl.len(), file=pl.col("file").first())
        .sort("n", "year", "file", descending=[True, True, False])
        .row(0, named=True)
    )
    chosen = wanted.filter(pl.col("sha256") == best["sha256"])
    return Outlines(
        best["year"], {code: _rings(shape) for code, shape in chosen.select("code", "shape").rows()}
    )


def _rings(shape: str) -> tuple[Line, ...]:
    """Return the rings of well-known text, in units of the drawing, without points that fall together."""
    found: list[Line] = []
    for ring in re.findall(r"\(([^()]+)\)", shape):
        points = [tuple(round(int(number) / _UNIT) for number in pair.split()) for pair in ring.split(",")]
        line = tuple(
            (x, y) for place, (x, y) in enumerate(points) if place == 0 or (x, y) != points[place - 1]
        )
        if len(line) >= 4 or not found:
            found.append(line)
    return tuple(found)


def draw_boundaries(
    areas: Sequence[tuple[str, str, str, str, int, str]],
    outlines: Outlines,
    *,
    legend: Sequence[tuple[int, str]] = (),
    title: str,
    description: str,
) -> Picture:
    """Draw the map, each authority a link to its page.

    Parameters
    ----------
    areas : sequence of (code, name, slug, region, shade, words)
        As for `ofsight.web.charts.draw_tiles`; one without an outline is left out.
    outlines : Outlines
        The shapes.
    legend : sequence of (shade, words)
        What each shade stands for.
    title, description : str
        As for every chart.
    """
    frame = _Frame.around(outlines.lines)
    known = [area for area in areas if area[0] in outlines.lines]
    london = [area for area in known if area[0].startswith(LONDON)]
    others = [area for area in known if not area[0].startswith(LONDON)]
    parts = [_link(area, frame.path(outlines.lines[area[0]])) for area in others]
    if london:
        parts.append(_inset(london, outlines.lines, frame))
    drawn = (
        f"{_key(legend)}"
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {frame.width} {frame.height}" '
        f'class="tiles outlines" role="group" aria-label="{escape(title)}">{"".join(parts)}</svg>'
    )
    return Picture(title, description, drawn, model=Boundaries(tuple(areas), outlines, tuple(legend)))


@dataclass(frozen=True, slots=True)
class _Frame:
    """A rectangle of the grid; drawings run down from its top left."""

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def around(cls, lines: Mapping[str, Sequence[Line]], edge: int = 20) -> _Frame:
        points = [point for rings in lines.values() for ring in rings for point in ring]
        east, north = [x for x, _ in points], [y for _, y in points]
        left, top = min(east) - edge, max(north) + edge
        return cls(left, top, max(east) + edge - left, top - min(north) + edge)

    def path(self, rings: Sequence[Line]) -> str:
        """Return rings as the data of one path, each point by its distance from the one before."""
        return "".join(self._ring(ring) for ring in rings)

    def _ring(self, ring: Line) -> str:
        begun = f"M{ring[0][0] - self.left} {self.top - ring[0][1]}l"
        steps = (f"{x - before_x} {before_y - y}" for (before_x, before_y), (x, y) in pairwise(ring[:-1]))
        return begun + " ".join(steps).replace(" -", "-") + "z"


def _link(area: tuple[str, str, str, str, int, str], path: str) -> str:
    """Return an authority as a link."""
    code, name, slug, _, shade, words = area
    said = escape(f"{name}: {words}")
    named = f' id="outline-{escape(code)}"' if code.startswith(LONDON) else ""
    return (
        f'<a href="/areas/{escape(slug)}" aria-label="{said}"><title>{said}</title>'
        f'<path{named} d="{path}" class="q{shade}"/></a>'
    )


def _inset(
    london: Sequence[tuple[str, str, str, str, int, str]],
    lines: Mapping[str, Sequence[Line]],
    frame: _Frame,
) -> str:
    """Return London at the left, large, and again in its place, small and for the mouse alone."""
    near = _Frame.around({code: lines[code] for code, *_ in london}, edge=6)
    small = "".join(
        f'<a href="/areas/{escape(slug)}" tabindex="-1"><title>{escape(f"{name}: {words}")}</title>'
        f'<use href="#outline-{escape(code)}" class="q{shade}"/></a>'
        for code, name, slug, _, shade, words in london
    )
    x, y = near.left - frame.left, frame.top - near.top
    large = "".join(_link(area, near.path(lines[area[0]])) for area in london)
    top = round(frame.height * _INSET_TOP)
    wide, high = round(near.width * _INSET_SCALE), round(near.height * _INSET_SCALE)
    return (
        f'<g aria-hidden="true" transform="translate({x} {y})">{small}</g>'
        f'<rect x="{x}" y="{y}" width="{near.width}" '
        f'height="{near.height}" class="where"/>'
        f'<rect x="4" y="{top}" width="{wide}" height="{high}" class="where"/>'
        f'<text x="10" y="{top - 40}" font-size="{_LABEL}" class="said">London</text>'
        f'<g transform="translate(4 {top}) scale({_INSET_SCALE})">{large}</g>'
    )


def _key(legend: Sequence[tuple[int, str]]) -> str:
    """Return the key as a drawing of its own, which stays as large on a small screen."""
    rows = "".join(
        f'<rect x="0" y="{22 * place}" width="20" height="18" class="q{shade}"/>'
        f'<text x="27" y="{22 * place + 14}" font-size="14" class="said">{escape(words)}</text>'
        for place, (shade, words) in enumerate(legend)
    )
    if not rows:
        return ""
    size = f'width="200" height="{22 * len(legend)}" viewBox="0 0 200 {22 * len(legend)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} class="tiles key" role="img" '
        f'aria-label="Key">{rows}</svg>'
    )
