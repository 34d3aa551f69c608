"""Lines over years, each named at its end."""

from __future__ import annotations

from collections.abc import Callable

from ofsight.report.charts.axis import Straight, spread, years_shown
from ofsight.report.charts.model import Line, LineChart, LinePanel
from ofsight.report.charts.svg import Sheet, text_width
from ofsight.report.wording import count

__all__ = ["draw_lines"]

_PLOT_HEIGHT = 210.0


def draw_lines(chart: LineChart, sheet: Sheet) -> float:
    """Draw the panels, side by side where there is room for two, and return the height."""
    years = sorted({year for panel in chart.panels for line in panel.lines for year, _ in line.points})
    if not years:
        sheet.text(0, 20, "No years to show.")
        return 32
    beside = 2 if sheet.width >= 500 and len(chart.panels) > 1 else 1
    gap = 24.0
    width = (sheet.width - gap * (beside - 1)) / beside
    height = _PLOT_HEIGHT + 64
    for place, panel in enumerate(chart.panels):
        left = (place % beside) * (width + gap)
        _draw_panel(panel, sheet, years, left=left, width=width, top=(place // beside) * height)
    return height * -(-len(chart.panels) // beside)


def _draw_panel(
    panel: LinePanel, sheet: Sheet, years: list[int], *, left: float, width: float, top: float
) -> None:
    most = max((value for line in panel.lines for _, value in line.points), default=1.0)
    bottom, head = top + 32 + _PLOT_HEIGHT, top + 32
    axis = Straight.upto(most, bottom, head)
    margin = max(text_width(count(tick), sheet.size) for tick in axis.ticks()) + 8
    ends = max((text_width(line.label, sheet.size) for line in panel.lines), default=0) + 10
    start, end = left + margin + 4, left + width - ends - 4

    def across(year: int) -> float:
        return start + (end - start) * (year - years[0]) / max(years[-1] - years[0], 1)

    sheet.text(left, top + 16, panel.title, classes="strong")
    for tick in axis.ticks():
        y = axis.at(tick)
        sheet.line(start - 4, y, end, y, "rule" if tick == 0 else "grid")
        sheet.text(start - 8, y + 4, count(tick), anchor="end", classes="muted")
    for year in years_shown(years, end - start, text_width("2021", sheet.size) + 8):
        sheet.text(across(year), bottom + 18, str(year), anchor="middle", classes="muted")
    for line in panel.lines:
        _draw_line(sheet, line, across, axis)
    drawn = [line for line in panel.lines if line.points]
    wanted = [axis.at(line.points[-1][1]) for line in drawn]
    for line, y in zip(drawn, spread(wanted, 16, head, bottom - 2), strict=True):
        x = across(line.points[-1][0])
        sheet.text(max(x, end - 40) + 9 if x >= end - 1 else x + 9, y + 4.5, line.label)


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
