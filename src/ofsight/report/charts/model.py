"""What a chart holds, before it is drawn: numbers, labels, and which sector they are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Chart", "Dot", "DotChart", "DotPanel", "DotRow", "Forest", "ForestGroup", "ForestRow"]
__all__ += ["Line", "LineChart", "LinePanel", "RatioChart", "RatioPanel", "RatioPoint", "RatioSeries"]
__all__ += ["Curve", "CurveKind", "CurvePoint", "Limits", "Scatter", "ScatterPoint", "Series"]

Series = Literal["one", "two", "three", "four"]
"""Which of the palette's colours, and which shape of marker, stands for a thing."""


@dataclass(frozen=True, slots=True)
class ForestRow:
    """An estimate with its interval; None where it could not be estimated."""

    label: str
    estimate: float | None
    low: float | None
    high: float | None
    series: Series = "one"
    hollow: bool = False


@dataclass(frozen=True, slots=True)
class ForestGroup:
    """Rows under one heading."""

    label: str
    rows: tuple[ForestRow, ...]


@dataclass(frozen=True, slots=True)
class Forest:
    """Ratios with intervals on a logarithmic axis, around the line of no difference.

    Parameters
    ----------
    groups : tuple of ForestGroup
        What is compared, from the top.
    axis : str
        What the axis measures.
    below, above : str
        What it means to lie left and right of the line at 1.
    """

    groups: tuple[ForestGroup, ...]
    axis: str
    below: str
    above: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line: points of year and value. A missing year breaks the line."""

    label: str
    series: Series
    points: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class LinePanel:
    """Lines that share an axis, which starts at zero."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class LineChart:
    """Panels that share their years."""

    panels: tuple[LinePanel, ...]


@dataclass(frozen=True, slots=True)
class Dot:
    """A share (0 to 1) with its interval."""

    label: str
    series: Series
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class DotRow:
    """What is compared in one place: one dot per sector."""

    label: str
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class DotPanel:
    """Rows under one heading."""

    title: str
    rows: tuple[DotRow, ...]


@dataclass(frozen=True, slots=True)
class DotChart:
    """Panels of shares that share one axis, in percent."""

    panels: tuple[DotPanel, ...]
    axis: str


@dataclass(frozen=True, slots=True)
class RatioPoint:
    """A ratio in one year, with its interval."""

    year: int
    estimate: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class RatioSeries:
    """One sector's ratios over years."""

    label: str
    series: Series
    points: tuple[RatioPoint, ...]


@dataclass(frozen=True, slots=True)
class RatioPanel:
    """Ratios over years under one heading."""

    title: str
    series: tuple[RatioSeries, ...]


@dataclass(frozen=True, slots=True)
class RatioChart:
    """Panels of ratios over years on one logarithmic axis, around the line of no difference."""

    panels: tuple[RatioPanel, ...]
    axis: str


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One specification's ratio with its interval, and what was chosen in it, by kind of choice."""

    estimate: float
    low: float
    high: float
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CurveKind:
    """A kind of choice with what can be chosen, in the order of the dashboard."""

    title: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Curve:
    """A specification curve: ratios in order of size, and below each the choices that it was made with.

    Parameters
    ----------
    points : tuple of CurvePoint
        In any order; each has as many choices as there are kinds.
    kinds : tuple of CurveKind
        The dashboard, from the top.
    axis : str
        What the ratios measure.
    series : Series
        Whose ratios they are.
    """

    points: tuple[CurvePoint, ...]
    kinds: tuple[CurveKind, ...]
    axis: str
    series: Series = "two"


@dataclass(frozen=True, slots=True)
class ScatterPoint:
    """One thing by two of its numbers.

    Parameters
    ----------
    label : str
        What it is.
    x, y : float
        Where it stands; x is not negative.
    series : Series
        Which colour and marker it has.
    hollow : bool
        Drawn as an outline: what is there to compare with.
    named : bool
        Asked to have its name beside it; a name that would lie on another is left out, the first one stays.
    """

    label: str
    x: float
    y: float
    series: Series = "one"
    hollow: bool = False
    named: bool = False


@dataclass(frozen=True, slots=True)
class Limits:
    """A pair of lines between which points are expected.

    Parameters
    ----------
    label : str
        What lies between them, for the key: ``95% by chance``.
    look : {"near", "far", "wide"}
        A full, a broken or a dotted line.
    points : tuple of (x, low, high)
        In order of x.
    """

    label: str
    look: Literal["near", "far", "wide"]
    points: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, slots=True)
class Scatter:
    """Points by two numbers with limits around a centre: a funnel plot.

    Parameters
    ----------
    points : tuple of ScatterPoint
        Those drawn last, and named first, come first.
    limits : tuple of Limits
        May be none.
    across, up : str
        What the axes measure.
    names : tuple of (label, series, hollow)
        The key of the points; none where there is one kind.
    centre : float, optional
        Where a line is drawn across.
    root : bool
        The axis across is a square-root one, that gives small sizes room.
    top : float, optional
        What is higher is drawn at the upper edge with an arrow and its number.
    percent : bool
        The upright axis is a share, shown in per cent.
    bottom : float
        Where the upright axis may begin; no point is lower.
    """

    points: tuple[ScatterPoint, ...]
    limits: tuple[Limits, ...]
    across: str
    up: str
    names: tuple[tuple[str, Series, bool], ...] = ()
    centre: float | None = None
    root: bool = False
    top: float | None = None
    percent: bool = False
    bottom: float = 0.0


Chart = Forest | LineChart | DotChart | RatioChart | Curve | Scatter
