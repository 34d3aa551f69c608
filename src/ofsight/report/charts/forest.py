"""Forest plots: estimates and intervals of ratios around the line of no difference, numbers beside them."""

from __future__ import annotations

from ofsight.report.charts.axis import Log
from ofsight.report.charts.model import Forest, ForestRow
from ofsight.report.charts.svg import Sheet, text_width
from ofsight.report.wording import ratio, ratio_with_interval

__all__ = ["draw_forest"]

_WIDE_ROW, _NARROW_ROW, _HEADING = 23.0, 42.0, 32.0


def _axis(chart: Forest, left: float, right: float) -> Log:
    values = [
        value
        for group in chart.groups
        for row in group.rows
        for value in (row.estimate, row.low, row.high)
        if value is not None
    ]
    return Log.around(values, left, right)


def _draw_row(sheet: Sheet, axis: Log, row: ForestRow, y: float) -> None:
    if row.estimate is None:
        return
    if row.low is not None and row.high is not None:
        left, right = axis.at(row.low), axis.at(row.high)
        sheet.line(left, y, right, y, f"whisker {row.series}")
        for value, x, back in ((row.low, left, 5), (row.high, right, -5)):
            # An interval that runs off the axis ends in an arrow, one that ends on it in a stop.
            if axis.holds(value):
                sheet.line(x, y - 4, x, y + 4, f"whisker {row.series}")
            else:
                sheet.path([(x + back, y - 4), (x, y), (x + back, y + 4)], f"whisker {row.series}")
    if axis.holds(row.estimate):
        sheet.marker(axis.at(row.estimate), y, row.series, hollow=row.hollow)


def draw_forest(chart: Forest, sheet: Sheet) -> float:
    """Draw a forest plot and return its height.

    On a wide sheet label, interval and numbers stand in one line; on a narrow one the label and the numbers
    stand above the interval, which then has the whole width.
    """
    return _draw_wide(chart, sheet) if sheet.width >= 500 else _draw_narrow(chart, sheet)


def _numbers(row: ForestRow) -> str:
    return ratio_with_interval(row.estimate, row.low, row.high)


def _draw_wide(chart: Forest, sheet: Sheet) -> float:
    rows = [row for group in chart.groups for row in group.rows]
    longest = max((text_width(row.label, sheet.size) for row in rows), default=0.0)
    numbers = sheet.width - max((text_width(_numbers(row), sheet.size) for row in rows), default=0.0) - 4
    axis = _axis(chart, min(max(longest + 34, 120.0), 300.0), numbers - 18)
    top = 24.0
    bottom = top + _HEADING * len(chart.groups) + _WIDE_ROW * len(rows)
    _draw_directions(chart, sheet, axis, top - 8)
    y = top
    for group in chart.groups:
        y += _HEADING - 8
        sheet.text(0, y - 6, group.label, classes="strong")
        # The grid leaves headings out, which may be as long as the sheet is wide.
        _draw_grid(sheet, axis, y, y + _WIDE_ROW * len(group.rows))
        for row in group.rows:
            y += _WIDE_ROW
            sheet.text(14, y - 8, row.label)
            _draw_row(sheet, axis, row, y - 12.5)
            sheet.text(numbers, y - 8, _numbers(row))
        y += 8
    return _draw_axis(chart, sheet, axis, bottom)


def _draw_narrow(chart: Forest, sheet: Sheet) -> float:
    axis = _axis(chart, 8.0, sheet.width - 8)
    _draw_directions(chart, sheet, axis, 16)
    y = 24.0
    for group in chart.groups:
        y += _HEADING - 8
        sheet.text(0, y - 6, group.label, classes="strong")
        for row in group.rows:
            words = _numbers(row)
            y += _NARROW_ROW
            if text_width(row.label, sheet.size) + text_width(words, sheet.size) + 8 > sheet.width:
                sheet.text(0, y - 26, row.label)
                y += 16
            else:
                sheet.text(0, y - 26, row.label)
            sheet.text(sheet.width, y - 26, words, anchor="end")
            # The grid stands behind the intervals only: behind words it would strike them through.
            _draw_grid(sheet, axis, y - 20, y - 2)
            _draw_row(sheet, axis, row, y - 11)
        y += 8
    return _draw_axis(chart, sheet, axis, y)


def _draw_grid(sheet: Sheet, axis: Log, top: float, bottom: float) -> None:
    for tick in axis.ticks(apart=36):
        x = axis.at(tick)
        sheet.line(x, top, x, bottom, "reference" if tick == 1 else "grid")


def _draw_axis(chart: Forest, sheet: Sheet, axis: Log, bottom: float) -> float:
    """Draw the ticks' numbers and what they measure; return the height of the whole."""
    for tick in axis.ticks(apart=36):
        places = 0 if tick >= 2 else 1 if round(tick, 1) == tick else 2
        sheet.text(axis.at(tick), bottom + 16, ratio(tick, places), anchor="middle")
    end = sheet.lines(
        sheet.width / 2, bottom + 36, chart.axis, width=sheet.width, anchor="middle", classes="muted"
    )
    return end + 8


def _draw_directions(chart: Forest, sheet: Sheet, axis: Log, y: float) -> None:
    """Say what it means to lie on either side of 1, beside the line where there is room."""
    one = axis.at(1)
    below, above = f"← {chart.below}", f"{chart.above} →"
    if min(one, sheet.width - one) - 10 >= max(text_width(below, sheet.size), text_width(above, sheet.size)):
        sheet.text(one - 10, y, below, anchor="end", classes="muted")
        sheet.text(one + 10, y, above, classes="muted")
    else:
        sheet.text(0, y, below, classes="muted")
        sheet.text(sheet.width, y, above, anchor="end", classes="muted")
