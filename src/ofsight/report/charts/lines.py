"""Lines over years, each named at its end."""

from __future__ import annotations

from collections.abc import Callable

from ofsight.report.charts.axis import Straight
from ofsight.report.charts.model import Line, LineChart, LinePanel
from ofsight.report.charts.svg import Sheet
from ofsight.report.charts.years import PANEL_HEIGHT, draw_year_frame

__all__ = ["draw_lines"]


def draw_lines(chart: LineChart, sheet: Sheet) -> float:
    """Draw the panels, side by side where there is room for two, and return the height."""
    years = sorted({year for panel in chart.panels for line in panel.lines for year, _ in line.points})
    if not years:
        sheet.text(0, 20, "No years to show.")
        return 32
    beside = 2 if sheet.width >= 500 and len(chart.panels) > 1 else 1
    gap = 24.0
    width = (sheet.width - gap * (beside - 1)) / beside
    for place, panel in enumerate(chart.panels):
        left = (place % beside) * (width + gap)
        _draw_panel(panel, sheet, years, left=left, width=width, top=(place // beside) * PANEL_HEIGHT)
    return PANEL_HEIGHT * -(-len(chart.panels) // beside)


def _draw_panel(
    panel: LinePanel, sheet: Sheet, years: list[int], *, left: float, width: float, top: float
) -> None:
    frame = draw_year_frame(
        sheet,
        panel.title,
        years=years,
        most=max((value for line in panel.lines for _, value in line.points), default=1.0),
        names=[line.label for line in panel.lines],
        left=left,
        width=width,
        top=top,
    )
    for line in panel.lines:
        _draw_line(sheet, line, frame.across, frame.axis)
    frame.name_ends(sheet, [(line.label, *line.points[-1]) for line in panel.lines if line.points])


def _draw_line(sheet: Sheet, line: Line, across: Callable[[int], float], axis: Straight) -> None:
    runs: list[list[tuple[float, float]]] = []
    before: int | None = None
    for year, value in line.points:
        if before is None or year != before + 1:
            runs.append([])
        runs[-1].append((across(year), axis.at(value)))
        before = year
    for run in runs:
        if len(run) > 1:
            sheet.path(run, f"line {line.series}")
        for x, y in run:
            sheet.marker(x, y, line.series, radius=3.2)
