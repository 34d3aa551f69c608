"""Funnel plots: points by their size and their value, with the limits between which they are expected."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ofsight.report.charts.axis import Root, Straight
from ofsight.report.charts.legend import draw_legend
from ofsight.report.charts.model import Limits, Scatter, ScatterPoint
from ofsight.report.charts.svg import Anchor, Sheet, shape_of, text_width
from ofsight.report.wording import count, decimal

__all__ = ["draw_scatter", "upright_axis"]

_WIDE_PLOT, _NARROW_PLOT = 340.0, 280.0
_SMALL, _MIDDLE, _LARGE = 2.6, 3.4, 5.5
_FEW = 3
_KEY_LINE = 26.0


def draw_scatter(chart: Scatter, sheet: Sheet) -> float:
    """Draw points, limits and their key, and return the height."""
    if not chart.points:
        sheet.text(0, 20, "Nothing to show.")
        return 32
    wide = sheet.width >= 500
    above = chart.top is not None and any(point.y > chart.top for point in chart.points)
    top = _draw_key(chart, sheet) + (46 if above else 30)
    sheet.text(0, top - (32 if above else 14), chart.up, classes="muted")
    foot = top + (_WIDE_PLOT if wide else _NARROW_PLOT)
    up = upright_axis(chart, foot, top)
    marks = [_said(tick, up.step, chart.percent) for tick in up.ticks()]
    left = max(text_width(words, sheet.size) for words in marks) + 10
    right = sheet.width - 8
    most = max(point.x for point in chart.points) or 1.0
    across = Root(most, left, right) if chart.root else Straight.upto(most, left, right)
    frame = _Frame(sheet, across, up, left, right, top, foot, chart.percent)
    _draw_axes(frame, marks)
    for pair in chart.limits:
        _draw_limits(frame, pair)
    if chart.centre is not None:
        sheet.line(left, up.at(chart.centre), right, up.at(chart.centre), "reference")
    marked = sum(point.named for point in chart.points)
    for point in reversed(chart.points):
        _draw_point(frame, point, _SMALL if not point.named else _LARGE if marked <= _FEW else _MIDDLE)
    _draw_names(frame, chart)
    return (
        sheet.lines(
            (left + right) / 2, foot + 38, chart.across, width=sheet.width, anchor="middle", classes="muted"
        )
        + 8
    )


@dataclass(frozen=True, slots=True)
class _Frame:
    """The plot within the sheet."""

    sheet: Sheet
    across: Root | Straight
    up: Straight
    left: float
    right: float
    top: float
    foot: float
    percent: bool

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Return where a pair of numbers is drawn; what is too high is at the edge."""
        return self.across.at(x), self.up.at(min(y, self.up.high))

    def within(self, y: float) -> bool:
        return _within(self.up, y)


def upright_axis(chart: Scatter, foot: float, top: float) -> Straight:
    """Return the upright axis between two heights: as high as the points, or as the chart allows."""
    highest = max((point.y for point in chart.points), default=0.0)
    if chart.centre is not None:
        highest = max(highest, 1.2 * chart.centre)
    if chart.top is not None:
        highest = min(highest, chart.top)
    highest = min(highest, 1.0) if chart.percent else highest
    return Straight.upto(highest, foot, top, n_ticks=5, least=chart.bottom)


def _said(value: float, step: float, percent: bool) -> str:
    if percent:
        return f"{decimal(100 * value, 0)}%"
    return decimal(value, next(n for n in range(3) if n == 2 or abs(round(step, n) - step) < 1e-9))


def _draw_key(chart: Scatter, sheet: Sheet) -> float:
    """Draw the key of points, then of lines; return where the plot may begin."""
    y = draw_legend({label: series for label, series, _ in chart.names}, sheet, hollow=_hollow(chart))
    y = y if chart.names else 2.0
    x, y = 0.0, y + 12
    for pair in chart.limits:
        needed = _KEY_LINE + 6 + text_width(pair.label, sheet.size) + 20
        if x and x + needed - 20 > sheet.width:
            x, y = 0.0, y + 20
        sheet.path([(x, y - 4.5), (x + _KEY_LINE, y - 4.5)], f"limit {pair.look}")
        sheet.text(x + _KEY_LINE + 6, y, pair.label)
        x += needed
    return y + 4 if chart.limits else y - 12


def _hollow(chart: Scatter) -> frozenset[str]:
    return frozenset(label for label, _, hollow in chart.names if hollow)


def _draw_axes(frame: _Frame, marks: list[str]) -> None:
    sheet = frame.sheet
    for tick, words in zip(frame.up.ticks(), marks, strict=True):
        y = frame.up.at(tick)
        sheet.line(frame.left, y, frame.right, y, "rule" if tick == frame.up.low else "grid")
        sheet.text(frame.left - 6, y + 4.5, words, anchor="end", classes="muted")
    room = text_width("1,000", sheet.size) + 6
    ticks = frame.across.ticks(room) if isinstance(frame.across, Root) else frame.across.ticks()
    for tick in ticks:
        x = frame.across.at(tick)
        words = count(tick) if float(tick).is_integer() else decimal(tick, 1)
        half = text_width(words, sheet.size) / 2
        sheet.line(x, frame.foot, x, frame.foot + 4, "rule")
        sheet.text(min(x, sheet.width - half), frame.foot + 18, words, anchor="middle", classes="muted")


def _draw_limits(frame: _Frame, pair: Limits) -> None:
    for shape in _limit_shapes(pair, frame.across, frame.up):
        frame.sheet.shape(shape, f"limit {pair.look}")


@lru_cache(maxsize=32)
def _limit_shapes(pair: Limits, across: Root | Straight, up: Straight) -> tuple[str, ...]:
    """Return both lines of a pair, each only where it is on the sheet; charts of many areas share them."""
    shapes: list[str] = []
    for side in (1, 2):
        run: list[tuple[float, float]] = []
        for point in pair.points:
            if _within(up, point[side]):
                run.append((across.at(point[0]), up.at(min(point[side], up.high))))
                continue
            if len(run) > 1:
                shapes.append(shape_of(run))
            run = []
        if len(run) > 1:
            shapes.append(shape_of(run))
    return tuple(shapes)


def _within(up: Straight, y: float) -> bool:
    return up.low <= y <= up.high * (1 + 1e-9)


def _draw_point(frame: _Frame, point: ScatterPoint, radius: float) -> None:
    x, y = frame.place(point.x, point.y)
    frame.sheet.marker(x, y, point.series, hollow=point.hollow, radius=radius)
    if not frame.within(point.y):
        frame.sheet.path([(x - 4, y - 8), (x, y - 13), (x + 4, y - 8)], f"whisker {point.series}")


def _draw_names(frame: _Frame, chart: Scatter) -> None:
    """Name the points that ask for it, each beside its marker, where no other name stands."""
    sheet, taken = frame.sheet, list[tuple[float, float, float, float]]()
    marks = [frame.place(point.x, point.y) for point in chart.points if not point.hollow]
    for point in chart.points:
        if not point.named and frame.within(point.y):
            continue
        words = point.label
        if not frame.within(point.y):
            words += f" {_said(point.y, 0.1, frame.percent)}"
        x, y = frame.place(point.x, point.y)
        wide = text_width(words, sheet.size)
        # At the edge a name stands above its grid line.
        for anchor, at, down in _sides(x, y if frame.within(point.y) else y - 10):
            start = at if anchor == "start" else at - wide
            box = (start - 2, down - sheet.size, start + wide + 2, down + 3)
            if start < frame.left or start + wide > sheet.width or down > frame.foot + 6:
                continue
            if any(_meet(box, other) for other in taken):
                continue
            if any(box[0] - 3 < mx < box[2] + 3 and box[1] < my < box[3] for mx, my in marks):
                continue
            taken.append(box)
            sheet.text(
                at, down, words, anchor=anchor, classes="strong named" if point.named else "muted named"
            )
            break


def _sides(x: float, y: float) -> tuple[tuple[Anchor, float, float], ...]:
    """Give the places of a name around its marker, the best first."""
    return (
        ("start", x + 9, y + 4.5),
        ("end", x - 9, y + 4.5),
        ("start", x + 6, y - 8),
        ("end", x - 6, y - 8),
        ("start", x + 6, y + 17),
        ("end", x - 6, y + 17),
    )


def _meet(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
