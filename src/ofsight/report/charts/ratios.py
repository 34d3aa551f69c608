"""Ratios over years with their intervals, one panel a domain, around the line of no difference."""

from __future__ import annotations

from ofsight.report.charts.axis import Log, years_shown
from ofsight.report.charts.legend import draw_legend
from ofsight.report.charts.model import RatioChart, RatioPanel, RatioSeries
from ofsight.report.charts.svg import Sheet, text_width
from ofsight.report.wording import ratio

__all__ = ["draw_ratios"]

_PLOT_HEIGHT = 200.0
_FURTHEST = (0.2, 5.0)
"""Intervals are drawn to these ratios and end in an arrow there, lest a few flatten the rest."""


def draw_ratios(chart: RatioChart, sheet: Sheet) -> float:
    """Draw the panels, side by side where there is room, and return the height."""
    points = [point for panel in chart.panels for one in panel.series for point in one.points]
    if not points:
        sheet.text(0, 20, "Nothing to show.")
        return 32
    years = list(range(min(p.year for p in points), max(p.year for p in points) + 1))
    bounds = [
        min(max(b, _FURTHEST[0]), _FURTHEST[1]) for p in points for b in (p.low, p.high) if b is not None
    ]
    values = [*bounds, *(point.estimate for point in points)]
    top = draw_legend({one.label: one.series for panel in chart.panels for one in panel.series}, sheet)
    beside = len(chart.panels) if sheet.width >= 500 else 1
    gap, margin = 18.0, text_width("0.5", sheet.size) + 10
    width = (sheet.width - gap * (beside - 1)) / beside
    height = _PLOT_HEIGHT + 66
    for place, panel in enumerate(chart.panels):
        left = (place % beside) * (width + gap)
        head = top + (place // beside) * height + 28
        axis = Log.around(values, head + _PLOT_HEIGHT, head)
        _draw_panel(panel, sheet, years, axis, left=left + margin, right=left + width - 4)
    bottom = top + height * -(-len(chart.panels) // beside) + 4
    return (
        sheet.lines(sheet.width / 2, bottom, chart.axis, width=sheet.width, anchor="middle", classes="muted")
        + 8
    )


def _draw_panel(
    panel: RatioPanel, sheet: Sheet, years: list[int], axis: Log, *, left: float, right: float
) -> None:
    head, bottom = axis.right, axis.left
    sheet.text(left, head - 10, panel.title, classes="strong")
    for tick in axis.ticks(apart=24):
        y = axis.at(tick)
        sheet.line(left, y, right, y, "reference" if tick == 1 else "grid")
        places = 0 if tick >= 2 else 1 if round(tick, 1) == tick else 2
        sheet.text(left - 6, y + 4.5, ratio(tick, places), anchor="end", classes="muted")
    each = (right - left) / len(years)
    for year in years_shown(years, right - left - each, text_width("2021", sheet.size) + 8):
        x = left + each * (year - years[0] + 0.5)
        sheet.text(x, bottom + 18, str(year), anchor="middle", classes="muted")
    for place, one in enumerate(panel.series):
        # Sectors stand side by side within a year, so that no interval hides another.
        shift = each * 0.36 * (place - (len(panel.series) - 1) / 2) / max(len(panel.series) - 1, 1)
        _draw_series(one, sheet, axis, left + each / 2 + shift, each, years[0])


def _draw_series(one: RatioSeries, sheet: Sheet, axis: Log, start: float, each: float, first: int) -> None:
    look = f"whisker {one.series}"
    for point in one.points:
        x = start + each * (point.year - first)
        if point.low is not None and point.high is not None:
            sheet.line(x, axis.at(point.low), x, axis.at(point.high), look)
            for value, back in ((point.low, -4), (point.high, 4)):
                if not axis.holds(value):
                    y = axis.at(value)
                    sheet.path([(x - 3, y + back), (x, y), (x + 3, y + back)], look)
        if axis.holds(point.estimate):
            sheet.marker(x, axis.at(point.estimate), one.series, radius=3.4)
