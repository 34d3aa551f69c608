"""Lines over years with the range in which most futures lie: for what is to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ofsight.report.charts import NARROW, WIDE
from ofsight.report.charts.model import Series
from ofsight.report.charts.svg import Sheet
from ofsight.report.charts.years import PANEL_HEIGHT, draw_year_frame
from ofsight.web.answer import Picture

__all__ = ["Band", "BandPanel", "BandPoint", "Bands", "draw_bands"]


@dataclass(frozen=True, slots=True)
class BandPoint:
    """A value in one year with the ends of its range."""

    year: int
    base: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Band:
    """One line with its range; the label stands at its end."""

    label: str
    series: Series
    points: Sequence[BandPoint]


@dataclass(frozen=True, slots=True)
class BandPanel:
    """Bands that share an axis, which starts at zero."""

    title: str
    bands: Sequence[Band]


@dataclass(frozen=True, slots=True)
class Bands:
    """The panels of one chart."""

    panels: tuple[BandPanel, ...]


def draw_bands(panels: Sequence[BandPanel], *, key: str, title: str, description: str) -> Picture:
    """Draw panels side by side, below each other on a small screen.

    Parameters
    ----------
    panels : sequence of BandPanel
        Not empty; each band has at least one point.
    key : str
        Prefix of ids, unique on the page.
    title, description : str
        The finding, and what a reader who cannot see it is told.
    """

    def drawn(width: float) -> str:
        sheet = Sheet(width, size=13.5 if width >= WIDE else 12.5)
        beside = min(2, len(panels)) if width >= 500 else 1
        gap = 28.0
        each = (width - gap * (beside - 1)) / beside
        for place, panel in enumerate(panels):
            left, top = (place % beside) * (each + gap), (place // beside) * PANEL_HEIGHT
            _draw_panel(panel, sheet, left=left, width=each, top=top)
        total = PANEL_HEIGHT * -(-len(panels) // beside)
        name = f"{key}-{'wide' if width >= WIDE else 'narrow'}"
        return sheet.finish(total, name=name, title=title, description=description, alone=False)

    return Picture(title, description, drawn(WIDE), drawn(NARROW), Bands(tuple(panels)))


def _draw_panel(panel: BandPanel, sheet: Sheet, *, left: float, width: float, top: float) -> None:
    bands = [band for band in panel.bands if band.points]
    points = [point for band in bands for point in band.points]
    frame = draw_year_frame(
        sheet,
        panel.title,
        years=sorted({point.year for point in points}) or [0],
        most=max([1.0, *(point.high for point in points)]),
        names=[band.label for band in bands],
        left=left,
        width=width,
        top=top,
    )
    axis, across = frame.axis, frame.across
    for band in bands:
        edge = [(across(p.year), axis.at(p.high)) for p in band.points]
        edge += [(across(p.year), axis.at(p.low)) for p in reversed(band.points)]
        sheet.path(edge, f"band {band.series}")
    for band in bands:
        middle = [(across(p.year), axis.at(p.base)) for p in band.points]
        if len(middle) > 1:
            sheet.path(middle, f"line {band.series}")
        for x, y in middle:
            sheet.marker(x, y, band.series, radius=3.2)
    frame.name_ends(sheet, [(band.label, band.points[-1].year, band.points[-1].base) for band in bands])
