"""Drawing a chart at a width: wide for a desk and for paper, narrow for a phone."""

from __future__ import annotations

from functools import lru_cache

from ofsight.report.charts.curve import draw_curve
from ofsight.report.charts.dots import draw_dots
from ofsight.report.charts.forest import draw_forest
from ofsight.report.charts.lines import draw_lines
from ofsight.report.charts.model import Chart, Curve, DotChart, Forest, LineChart, RatioChart, Scatter
from ofsight.report.charts.ratios import draw_ratios
from ofsight.report.charts.scatter import draw_scatter
from ofsight.report.charts.svg import Sheet

__all__ = ["NARROW", "WIDE", "draw", "draw_alone"]

WIDE = 720.0
"""Width for screens of 720 pixels and more, and for paper."""

NARROW = 320.0
"""Width for phones: shown at its own size or larger, so that its 12.5 px text never falls below 12."""


def _drawn(chart: Chart, sheet: Sheet) -> float:
    if isinstance(chart, Forest):
        return draw_forest(chart, sheet)
    if isinstance(chart, LineChart):
        return draw_lines(chart, sheet)
    if isinstance(chart, DotChart):
        return draw_dots(chart, sheet)
    if isinstance(chart, RatioChart):
        return draw_ratios(chart, sheet)
    if isinstance(chart, Curve):
        return draw_curve(chart, sheet)
    if isinstance(chart, Scatter):
        return draw_scatter(chart, sheet)
    raise TypeError(f"No drawing is known for a {type(chart).__name__}.")


def draw(chart: Chart, width: float, *, name: str, title: str, description: str, alone: bool = False) -> str:
    """Draw a chart as an SVG element.

    Parameters
    ----------
    chart : Chart
        What to draw.
    width : float
        Width in CSS pixels at which the text has its own size.
    name : str
        Prefix of the ids in it; unique on the page.
    title, description : str
        What it shows, for those who cannot see it.
    alone : bool
        Carry its own colours and size, as a file needs; else take them from the page's style.

    Returns
    -------
    str
        An ``<svg>`` element.
    """
    # A chart of dots is of England on the plan of every area: drawn once, named anew.
    sheet, height = _kept(chart, width) if isinstance(chart, DotChart) else _on_sheet(chart, width)
    return sheet.finish(height, name=name, title=title, description=description, alone=alone)


def _on_sheet(chart: Chart, width: float) -> tuple[Sheet, float]:
    """Draw a chart on a sheet of its own; return it with the height."""
    sheet = Sheet(width, size=13.5 if width >= WIDE else 12.5)
    return sheet, _drawn(chart, sheet)


@lru_cache(maxsize=8)
def _kept(chart: DotChart, width: float) -> tuple[Sheet, float]:
    return _on_sheet(chart, width)


def draw_alone(chart: Chart, *, title: str, description: str, width: float = WIDE) -> str:
    """Draw a chart as an SVG file's text."""
    return draw(chart, width, name="chart", title=title, description=description, alone=True)
