"""A sheet to draw on: shapes in, SVG text out, every word escaped.

Colours are classes, so that a page can turn them with its scheme; `STANDALONE_STYLE` gives a file its own.
"""

from __future__ import annotations

from functools import lru_cache
from html import escape
from typing import Literal

from ofsight.report.charts.model import Series

__all__ = ["STANDALONE_STYLE", "Sheet", "shape_of", "text_width"]

Anchor = Literal["start", "middle", "end"]

# The Analysis Function's palette: dark blue, orange, turquoise, dark pink. Blue and orange are told apart
# with every kind of colour vision and in grey; each also has a marker of its own.
STANDALONE_STYLE = """
text{font-family:"Liberation Sans",Arial,Helvetica,sans-serif;fill:#1d1d1d}
.muted{fill:#4d4d4d}.strong{font-weight:bold}
.rule{stroke:#8a8a8a;stroke-width:1}.grid{stroke:#dedede;stroke-width:1}
.reference{stroke:#1d1d1d;stroke-width:1.5}
.one{fill:#12436D;stroke:#12436D}.two{fill:#F46A25;stroke:#F46A25}
.three{fill:#28A197;stroke:#28A197}.four{fill:#801650;stroke:#801650}
.hollow{fill:#ffffff}.line{fill:none;stroke-width:2.5}.whisker{fill:none;stroke-width:2.25}
.mark{stroke-width:2.25}
.thin{fill:none;stroke-width:1.25}
.tick{fill:#4d4d4d;stroke:none}.soft{fill:#f3f3f3;stroke:none}
.named{paint-order:stroke;stroke:#ffffff;stroke-width:3.5;stroke-linejoin:round}
.limit{fill:none;stroke:#4d4d4d;stroke-width:1.5}
.limit.far{stroke-dasharray:6 4}.limit.wide{stroke-dasharray:1.5 4}
"""

_NARROW_LETTERS = frozenset("iljtfrI.,:;'|!()[] ’–-")
_BROAD_LETTERS = frozenset("mwMW%@")


def text_width(words: str, size: float) -> float:
    """Return about how wide words are in a plain sans serif, in the unit of the size."""
    units = 0.0
    # Widths of Arial and Liberation Sans; with what is wider still (DejaVu Sans) a label needs a tenth more.
    for letter in words:
        if letter in _NARROW_LETTERS:
            units += 0.31
        elif letter in _BROAD_LETTERS:
            units += 0.87
        elif letter.isupper():
            units += 0.70
        else:
            units += 0.56
    return 1.04 * units * size


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")


def shape_of(points: list[tuple[float, float]]) -> str:
    """Return a line through points as the data of a path, for lines that many sheets have."""
    return "M" + "L".join([f"{_number(x)} {_number(y)}" for x, y in points])


@lru_cache(maxsize=4096)
def _marker(x: float, y: float, series: Series, hollow: bool, r: float) -> str:
    """Return a marker as an element: in funnels of many areas the same ones stand at the same places."""
    classes = f'class="mark {series}{" hollow" if hollow else ""}"'
    if series == "one":
        return f'<circle cx="{_number(x)}" cy="{_number(y)}" r="{_number(r)}" {classes}/>'
    corners = {
        "two": [(-r, -r), (r, -r), (r, r), (-r, r)],
        "three": [(0, -1.2 * r), (1.15 * r, 0.9 * r), (-1.15 * r, 0.9 * r)],
        "four": [(0, -1.3 * r), (1.3 * r, 0), (0, 1.3 * r), (-1.3 * r, 0)],
    }[series]
    shape = "L".join(f"{_number(x + dx)} {_number(y + dy)}" for dx, dy in corners)
    return f'<path d="M{shape}Z" {classes}/>'


class Sheet:
    """An SVG being drawn.

    Parameters
    ----------
    width : float
        Width in units; a unit is a CSS pixel where the sheet is shown at its own size.
    size : float
        Size of plain text.
    """

    def __init__(self, width: float, size: float) -> None:
        self.width = width
        self.size = size
        self._parts: list[str] = []

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        anchor: Anchor = "start",
        classes: str = "",
        size: float | None = None,
    ) -> None:
        """Write words with their baseline at y."""
        look = f' class="{classes}"' if classes else ""
        hold = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self._parts.append(
            f'<text x="{_number(x)}" y="{_number(y)}" font-size="{_number(size or self.size)}"{hold}{look}>'
            f"{escape(words)}</text>"
        )

    def lines(
        self, x: float, y: float, words: str, *, width: float, anchor: Anchor = "start", classes: str = ""
    ) -> float:
        """Write words on as many lines as they need and return the baseline of the last."""
        held = ""
        for word in words.split():
            longer = f"{held} {word}".strip()
            if held and text_width(longer, self.size) > width:
                self.text(x, y, held, anchor=anchor, classes=classes)
                held, y = word, y + 1.3 * self.size
            else:
                held = longer
        self.text(x, y, held, anchor=anchor, classes=classes)
        return y

    def line(self, x1: float, y1: float, x2: float, y2: float, classes: str) -> None:
        """Draw a straight line."""
        self._parts.append(
            f'<line x1="{_number(x1)}" y1="{_number(y1)}" x2="{_number(x2)}" y2="{_number(y2)}" '
            f'class="{classes}"/>'
        )

    def box(self, x: float, y: float, width: float, height: float, classes: str) -> None:
        """Fill a rectangle."""
        self._parts.append(
            f'<rect x="{_number(x)}" y="{_number(y)}" width="{_number(width)}" height="{_number(height)}" '
            f'class="{classes}"/>'
        )

    def path(self, points: list[tuple[float, float]], classes: str) -> None:
        """Draw a line through points."""
        self.shape(shape_of(points), classes)

    def shape(self, shape: str, classes: str) -> None:
        """Draw what `shape_of` returned."""
        self._parts.append(f'<path d="{shape}" class="{classes}"/>')

    def marker(self, x: float, y: float, series: Series, *, hollow: bool = False, radius: float = 5) -> None:
        """Draw a series's marker: circle, square, triangle, diamond."""
        self._parts.append(_marker(x, y, series, hollow, radius))

    def finish(self, height: float, *, name: str, title: str, description: str, alone: bool) -> str:
        """Return the sheet as an SVG element, named and described for those who cannot see it."""
        style = f"<style>{STANDALONE_STYLE}</style>" if alone else ""
        size = f' width="{_number(self.width)}" height="{_number(height)}"' if alone else ""
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_number(self.width)} {_number(height)}"'
            f'{size} role="img" aria-labelledby="{name}-t {name}-d">'
            f'<title id="{name}-t">{escape(title)}</title><desc id="{name}-d">{escape(description)}</desc>'
            f"{style}{''.join(self._parts)}</svg>"
        )
