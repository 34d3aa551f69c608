"""What every specification has in common: colours, shapes, and the sketch that a builder returns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ofsight.report.charts.model import Series

__all__ = [
    "COLOURS",
    "INK",
    "PAPER",
    "QUIET",
    "SERIES",
    "SHAPES",
    "Datum",
    "Key",
    "Sketch",
    "View",
    "faded",
    "inner",
    "keyed",
    "wrapped",
]

Datum = dict[str, Any]
View = dict[str, Any]

PAPER: Final = "#ffffff"
INK: Final = "#1d1d1d"
QUIET: Final = "#4d4d4d"
COLOURS: Final[Mapping[str, str]] = {
    "paper": PAPER, "ink": INK, "quiet": QUIET, "line": "#767676", "grid": "#d9d9d9",
    "one": "#12436d", "two": "#f46a25", "three": "#28a197", "four": "#801650",
    "g1": "#801650", "g2": "#f46a25", "g3": "#a8c8e4", "g4": "#12436d",
    "low-1": "#e6eef6", "low-2": "#b7cfe4", "low-3": "#7ba4c9", "low-4": "#3f77a8", "low-5": "#12436d",
    "none": "#c9ced4",
    "on-g1": "#fffffe", "on-g2": "#1d1d1e", "on-g3": "#1d1d1f", "on-g4": "#fffffd",
    "on-low": "#1d1d1e", "on-high": "#fffffe",
}  # fmt: skip
"""The colours of the light scheme by their names in the explorer's style, where the dark ones stand too.

Within one chart no two names may have one colour: the page finds the name by the colour. So words upon a fill
are one off the words upon paper.
"""

SERIES: Final[tuple[Series, ...]] = ("one", "two", "three", "four")
SHAPES: Final[Mapping[str, str]] = {
    "one": "circle",
    "two": "square",
    "three": "triangle-up",
    "four": "diamond",
}
_FRAME: Final = ("paper", "ink", "quiet", "line", "grid")


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of the key: its words, its colour's name, its shape, whether that is an outline."""

    label: str
    colour: str
    shape: str = "square"
    hollow: bool = False


@dataclass
class Sketch:
    """What a builder makes of a chart, before it becomes a specification.

    Attributes
    ----------
    rows : list of dict
        The data, a row for each mark; ``panel`` says in which view it is drawn where there are several.
    views : list of dict
        Views of Vega-Lite, stood below each other.
    tips : list of (str, str)
        Field and title of what a tooltip tells, in order.
    keys : list of Key
        The key; a reader may single out one of its entries.
    by : str
        The field whose values the key names.
    zoom : list of dict
        Signals that hold what is seen of an axis, with its whole extent.
    scaled : bool
        Height goes with width: maps.
    lines : mapping of str to sequence of float
        What lines mean that are drawn behind the marks, with the lengths of their dashes and gaps.
    """

    rows: list[Datum]
    views: list[View]
    tips: list[tuple[str, str]]
    keys: list[Key] = field(default_factory=list)
    by: str = "series"
    zoom: list[dict[str, Any]] = field(default_factory=list)
    scaled: bool = False
    lines: Mapping[str, Sequence[float]] = field(default_factory=dict)

    @property
    def colours(self) -> dict[str, str]:
        """The colours used, by hexadecimal number, each with its name in the style."""
        used = [*_FRAME, *(key.colour for key in self.keys)]
        if not self.keys:
            used += SERIES
        used += [f"on-{name}" for name in used if name in ("g1", "g2", "g3", "g4")]
        if self.by == "shade":
            used += ["on-low", "on-high"]
        return {COLOURS[name]: name for name in used}


def keyed(labels: Iterable[tuple[str, str]]) -> list[Key]:
    """Return the key of series: each label once, in order; nothing where there are not two to tell apart."""
    found: dict[str, str] = {}
    for label, series in labels:
        if label:
            found.setdefault(label, series)
    if len(found) < 2:
        return []
    return [Key(label, series, SHAPES[series]) for label, series in found.items()]


def inner(sketch_keys: Sequence[Key], field_name: str) -> dict[str, Any]:
    """Return colour and shape by the key; without a key by the colour's name that each row has."""
    domain: list[str]
    if not sketch_keys:
        domain = list(SERIES)
        colours, shapes = [COLOURS[name] for name in domain], [SHAPES[name] for name in domain]
        legend: dict[str, Any] | None = None
        field_name = "look"
    else:
        domain = [key.label for key in sketch_keys]
        colours = [COLOURS[key.colour] for key in sketch_keys]
        shapes = [key.shape for key in sketch_keys]
        legend = {"orient": "top", "title": None, "columns": 3}
    colour = {"field": field_name, "type": "nominal", "scale": {"domain": domain, "range": colours}}
    shape = {"field": field_name, "type": "nominal", "scale": {"domain": domain, "range": shapes}}
    return {"color": colour | {"legend": legend}, "shape": shape | {"legend": legend}}


def faded(by: str, full: float = 1.0) -> dict[str, Any]:
    """Return the opacity of a mark: full, unless another entry of the key is singled out."""
    test = f"only === null || datum[{by!r}] === only"
    return {"condition": {"test": test, "value": full}, "value": round(full * 0.15, 3)}


def wrapped(times: float = 1) -> dict[str, Any]:
    """Return the axis of rows with names: on several lines where they have more letters than `wrap` says.

    Parameters
    ----------
    times : float
        So many times as many letters stand on a line; the page sets the parameter to what its width allows.
    """
    most = f"round({times} * wrap)"
    lines = f"split(replace(datum.label, regexp('(.{{1,' + {most} + '}})( +|$)', 'g'), '$1\\n'), '\\n')"
    return {
        "title": None,
        "labelExpr": f"length(datum.label) > {most} ? slice({lines}, 0, -1) : datum.label",
        "labelLimit": 400,
        "labelLineHeight": 14,
        "domain": False,
        "ticks": False,
    }
