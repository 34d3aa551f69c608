"""Shares with intervals, one marker per sector, one row per grade."""

from __future__ import annotations

from ofsight.report.charts.axis import Straight
from ofsight.report.charts.legend import draw_legend
from ofsight.report.charts.model import Dot, DotChart, DotPanel
from ofsight.report.charts.svg import Sheet, text_width
from ofsight.report.wording import decimal

__all__ = ["draw_dots"]

_APART = 15.0


def draw_dots(chart: DotChart, sheet: Sheet) -> float:
    """Draw the panels, side by side on a wide sheet, and return the height."""
    wide = sheet.width >= 500
    panels = chart.panels
    if not panels:
        sheet.text(0, 20, "Nothing to show.")
        return 32
    most = max(
        (d.high if d.high is not None else d.value for p in panels for r in p.rows for d in r.dots), default=1
    )
    named = {d.label: d.series for p in panels for r in p.rows for d in r.dots}
    top = draw_legend(named, sheet)
    labels = 0.0
    if wide:
        labels = min(max(text_width(r.label, sheet.size) for p in panels for r in p.rows) + 22, 240)
    gap = 22.0 if wide else 0.0
    width = (sheet.width - labels - gap * (len(panels) - 1)) / len(panels) if wide else sheet.width
    y = top
    for place, panel in enumerate(panels):
        left = labels + place * (width + gap) if wide else 0.0
        bottom = _draw_panel(
            panel,
            sheet,
            most,
            left=left,
            right=left + width,
            top=top if wide else y,
            wide=wide,
            first=place == 0,
        )
        y = bottom + 22
    sheet.text((labels + sheet.width) / 2, y + 12, chart.axis, anchor="middle", classes="muted")
    return y + 22


def _draw_panel(
    panel: DotPanel,
    sheet: Sheet,
    most: float,
    *,
    left: float,
    right: float,
    top: float,
    wide: bool,
    first: bool,
) -> float:
    """Draw one domain's rows and return the y of its axis."""
    start, end = left + 8, right - 16
    sheet.text(left if not wide else start, top + 18, panel.title, classes="strong")
    axis = Straight.upto(100 * most, start, end, n_ticks=3 if wide else 5)
    body = top + 28
    each = [_APART * len(row.dots) + (14 if wide else 34) for row in panel.rows]
    bottom = body + sum(each)
    for tick in axis.ticks():
        x = axis.at(tick)
        sheet.line(x, body, x, bottom, "rule" if tick == 0 else "grid")
        sheet.text(x, bottom + 16, f"{decimal(tick, 0)}%", anchor="middle", classes="muted")
    y = body
    for row, tall in zip(panel.rows, each, strict=True):
        if wide:
            if first:
                sheet.text(0, y + tall / 2 + 4.5, row.label)
        else:
            sheet.text(start + 6, y + 20, row.label)
        centre = y + (7 if wide else 27) + _APART / 2
        for place, dot in enumerate(row.dots):
            _draw_dot(sheet, axis, dot, centre + _APART * place)
        y += tall
        sheet.line(start if not (wide and first) else 0, y, end, y, "grid")
    return bottom


def _draw_dot(sheet: Sheet, axis: Straight, dot: Dot, y: float) -> None:
    if dot.low is not None and dot.high is not None:
        sheet.line(axis.at(100 * dot.low), y, axis.at(100 * dot.high), y, f"whisker {dot.series}")
    sheet.marker(axis.at(100 * dot.value), y, dot.series, radius=3.8)
