"""Lines over years with the range in which most futures lie: for what is to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ofsight.report.charts import NARROW, WIDE
from ofsight.report.charts.axis import Straight, spread, years_shown
from ofsight.report.charts.model import Series
from ofsight.report.charts.svg import Sheet, text_width
from ofsight.report.wording import count
from ofsight.web.answer import Picture

__all__ = ["Band", "BandPanel", "BandPoint", "Bands", "draw_bands"]

_PLOT = 210.0


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
        height = _PLOT + 64
        for place, panel in enumerate(panels):
            left, top = (place % beside) * (each + gap), (place // beside) * height
            _draw_panel(panel, sheet, left=left, width=each, top=top)
        total = height * -(-len(panels) // beside)
        name = f"{key}-{'wide' if width >= WIDE else 'narrow'}"
        return sheet.finish(total, name=name, title=title, description=description, alone=False)

    return Picture(title, description, drawn(WIDE), drawn(NARROW), Bands(tuple(panels)))


def _draw_panel(panel: BandPanel, sheet: Sheet, *, left: float, width: float, top: float) -> None:
    bands = [band for band in panel.bands if band.points]
    most = max((point.high for band in bands for point in band.points), default=1.0)
    bottom, head = top + 32 + _PLOT, top + 32
    axis = Straight.upto(max(most, 1.0), bottom, head)
    margin = max(text_width(count(tick), sheet.size) for tick in axis.ticks()) + 8
    ends = max((text_width(band.label, sheet.size) for band in bands), default=0) + 10
    start, end = left + margin + 4, left + width - ends - 4
    years = sorted({point.year for band in bands for point in band.points}) or [0]

    def across(year: int) -> float:
        return start + (end - start) * (year - years[0]) / max(years[-1] - years[0], 1)

    sheet.text(left, top + 16, panel.title, classes="strong")
    for tick in axis.ticks():
        y = axis.at(tick)
        sheet.line(start - 4, y, end, y, "rule" if tick == 0 else "grid")
        sheet.text(start - 8, y + 4, count(tick), anchor="end", classes="muted")
    for year in years_shown(years, end - start, text_width("2021", sheet.size) + 8):
        sheet.text(across(year), bottom + 18, str(year), anchor="middle", classes="muted")
    for band in bands:
        edge = [(across(p.year), axis.at(p.high)) for p in band.points]
        edge += [(across(p.year), axis.at(p.low)) for p in reversed(band.points)]
        sheet.path(edge, f"band {band.series}")
    for band in bands:
        points = [(across(p.year), axis.at(p.base)) for p in band.points]
        if len(points) > 1:
            sheet.path(points, f"line {band.series}")
        for x, y in points:
            sheet.marker(x, y, band.series, radius=3.2)
    wanted = [axis.at(band.points[-1].base) for band in bands]
    for band, y in zip(bands, spread(wanted, 16, head, bottom - 2), strict=True):
        sheet.text(across(band.points[-1].year) + 9, y + 4.5, band.label)
