"""What a chart holds, before it is drawn: numbers, labels, and which sector they are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Chart", "Dot", "DotChart", "DotPanel", "DotRow", "Forest", "ForestGroup", "ForestRow"]
__all__ += ["Line", "LineChart", "LinePanel", "RatioChart", "RatioPanel", "RatioPoint", "RatioSeries"]
__all__ += ["Curve", "CurveKind", "CurvePoint", "Series"]

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


Chart = Forest | LineChart | DotChart | RatioChart | Curve
