"""Specification curves: every way to ask, in order of what it finds, with its choices below it."""

from __future__ import annotations

from ofsight.report.charts.axis import Log
from ofsight.report.charts.model import Curve, CurvePoint
from ofsight.report.charts.svg import Sheet, text_width
from ofsight.report.wording import ratio

__all__ = ["draw_curve", "shown_points"]

_PLOT_HEIGHT = 190.0
_ROW, _MARK = 17.0, 11.0
_HEADING = 24.0
_LEAST = 2.5
"""Units that a specification needs to be told from its neighbour."""
_FURTHEST = (0.2, 5.0)


def shown_points(chart: Curve, room: float) -> list[CurvePoint]:
    """Return the points that are drawn, in order of size: all, or every so manieth where room is short.

    The smallest and the largest are always among them.
    """
    ordered = sorted(chart.points, key=lambda point: (point.estimate, point.low, point.high, point.choices))
    most = max(int(room / _LEAST), 2)
    if len(ordered) <= most:
        return ordered
    return [ordered[round(place * (len(ordered) - 1) / (most - 1))] for place in range(most)]


def draw_curve(chart: Curve, sheet: Sheet) -> float:
    """Draw the ratios and the dashboard of choices, and return the height.

    On a wide sheet the choices are named left of their marks, on a narrow one above them.
    """
    if not chart.points:
        sheet.text(0, 20, "Nothing to show.")
        return 32
    wide = sheet.width >= 500
    names = [choice for kind in chart.kinds for choice in kind.choices]
    longest = max((text_width(name, sheet.size) for name in names), default=0.0)
    left = min(longest + 16, 250.0) if wide else text_width("0.5", sheet.size) + 10
    right = sheet.width - 4
    points = shown_points(chart, right - left)
    each = (right - left) / len(points)
    centres = [left + each * (place + 0.5) for place in range(len(points))]
    bottom = _draw_ratios(chart, sheet, points, centres, left, right)
    y = bottom + 10
    for number, kind in enumerate(chart.kinds):
        y += _HEADING
        sheet.text(0, y - 7, kind.title, classes="strong")
        for place, choice in enumerate(kind.choices):
            if not wide:
                sheet.text(0, y + 12, choice)
                y += _ROW
            if place % 2 == 0:
                sheet.box(left, y, right - left, _ROW, "soft")
            if wide:
                sheet.text(0, y + 13, choice)
            # Marks that touch are drawn as one: thousands of shapes would slow a phone.
            for first, last in _runs([point.choices[number] == choice for point in points]):
                inset = min(each * 0.2, 1.0)
                start = centres[first] - each / 2 + inset
                width = each * (last - first + 1) - 2 * inset if each < 5 else None
                if width is not None:
                    sheet.box(start, y + (_ROW - _MARK) / 2, width, _MARK, "tick")
                else:
                    for at in range(first, last + 1):
                        sheet.box(centres[at] - 1.5, y + (_ROW - _MARK) / 2, 3.0, _MARK, "tick")
            y += _ROW
    words = f"{chart.axis}; each column is one way to fit the model"
    return (
        sheet.lines(sheet.width / 2, y + 22, words, width=sheet.width, anchor="middle", classes="muted") + 8
    )


def _runs(marks: list[bool]) -> list[tuple[int, int]]:
    """Return first and last place of each unbroken row of marks."""
    runs: list[tuple[int, int]] = []
    for place, mark in enumerate(marks):
        if mark and runs and runs[-1][1] == place - 1:
            runs[-1] = (runs[-1][0], place)
        elif mark:
            runs.append((place, place))
    return runs


def _draw_ratios(
    chart: Curve, sheet: Sheet, points: list[CurvePoint], centres: list[float], left: float, right: float
) -> float:
    """Draw the ratios with their intervals over the dashboard; return the y of the plot's foot."""
    top = 22.0
    values = [min(max(v, _FURTHEST[0]), _FURTHEST[1]) for p in points for v in (p.estimate, p.low, p.high)]
    axis = Log.around(values, top + _PLOT_HEIGHT, top)
    for tick in axis.ticks(apart=24):
        y = axis.at(tick)
        sheet.line(left, y, right, y, "reference" if tick == 1 else "grid")
        places = 0 if tick >= 2 else 1 if round(tick, 1) == tick else 2
        sheet.text(left - 6, y + 4.5, ratio(tick, places), anchor="end", classes="muted")
    radius = min(3.2, max((right - left) / len(points) * 0.4, 1.2))
    for point, x in zip(points, centres, strict=True):
        sheet.line(x, axis.at(point.low), x, axis.at(point.high), f"thin {chart.series}")
    for point, x in zip(points, centres, strict=True):
        if axis.holds(point.estimate):
            hollow = point.low <= 1 <= point.high
            sheet.marker(x, axis.at(point.estimate), chart.series, hollow=hollow, radius=radius)
    return top + _PLOT_HEIGHT
