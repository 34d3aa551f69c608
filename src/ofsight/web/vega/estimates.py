"""Specifications of charts of estimates with intervals: forests, ratios over years, shares, curves."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Any, Final

from ofsight.report.charts.axis import Log
from ofsight.report.charts.model import Curve, DotChart, Forest, RatioChart
from ofsight.report.wording import percent, ratio
from ofsight.web.vega.look import INK, PAPER, Datum, Key, Sketch, View, inner, keyed, wrapped
from ofsight.web.vega.rows import Rows

__all__ = ["sketch_curve", "sketch_dots", "sketch_forest", "sketch_ratios"]

_WIDTH: Final = 560
_REFERENCE: Final[View] = {"mark": {"type": "rule", "color": INK, "strokeWidth": 1.5}}
_POINT: Final = {"type": "point", "size": 70, "strokeWidth": 2, "opacity": 1}


def _log(values: Iterable[float | None]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return scale and axis of ratios around 1; what lies outside is drawn at the end, as in the plain chart.

    The scale is held, not cut: the numbers in the data stay whole.
    """
    axis = Log.around([value for value in values if value is not None], 0.0, 400.0)
    scale = {"type": "log", "domain": [round(axis.low, 4), round(axis.high, 4)], "nice": False, "clamp": True}
    return scale, {"values": axis.ticks(apart=36), "format": "~g"}


def _told(value: float | None, low: float | None, high: float | None, *, share: bool) -> Datum:
    """Return a value with its interval, as numbers and as words; no words for what is not known."""
    say = percent if share else ratio
    found: Datum = {"value": value, "low": low, "high": high}
    if value is not None:
        found["said"] = say(value)
    if low is not None and high is not None:
        found["interval"] = f"{say(low)} to {say(high)}"
    return found


def _tips(first: Sequence[tuple[str, str]], value: str, rows: Rows) -> list[tuple[str, str]]:
    return [*first, ("said", value), ("interval", "95% interval"), *rows.titles.items()]


def _marks(keys: list[Key], along: View, across: str, scale: View) -> list[View]:
    """Return interval and point along one axis, an outline where the row says hollow.

    Parameters
    ----------
    keys : list of Key
        The key of the series; none where the rows are named otherwise.
    along : dict
        Where a row stands: the encoding of the other axis.
    across : {"x", "y"}
        The axis of the values.
    scale : dict
        Scale and axis of the values.
    """
    low, high = across, f"{across}2"
    look = inner(keys, "series")
    whole = {"filter": "isValid(datum.low) && isValid(datum.high)"}
    rule = {
        "transform": [whole],
        "mark": {"type": "rule", "strokeWidth": 2.25},
        "encoding": {
            **along,
            low: {"field": "low", "type": "quantitative", **scale},
            high: {"field": "high"},
            "color": look["color"],
        },
    }
    fill = look["color"] | {
        "legend": None,
        "condition": {"test": "datum.hollow === true", "value": PAPER},
    }
    point = {
        "transform": [{"filter": "isValid(datum.value)"}],
        "mark": _POINT,
        "encoding": {
            **along,
            across: {"field": "value", "type": "quantitative", **scale},
            "stroke": look["color"],
            "fill": fill,
            "shape": look["shape"],
        },
    }
    return [rule, point]


def _reference(across: str) -> View:
    return {"data": {"values": [{"at": 1}]}, **_REFERENCE, "encoding": {across: {"datum": 1}}}


def sketch_forest(chart: Forest, rows: Rows) -> Sketch:
    """Sketch ratios with intervals, a view for each group."""
    numbers = [n for group in chart.groups for row in group.rows for n in (row.estimate, row.low, row.high)]
    scale, axis = _log(numbers)
    data: list[Datum] = []
    views: list[View] = []
    last = len(chart.groups) - 1
    for place, group in enumerate(chart.groups):
        for row in group.rows:
            told = _told(row.estimate, row.low, row.high, share=False)
            known = {"panel": place, "group": group.label, "label": row.label, "look": row.series}
            data.append(known | told | {"hollow": row.hollow} | rows.find(row.label, group.label))
        said = [*wrap(chart.axis, 75), f"(left of 1: {chart.below}; right: {chart.above})"]
        title = said if place == last else None
        along = {"y": _named([row.label for row in group.rows])}
        values = {"scale": scale, "axis": {**axis, "title": title}}
        views.append(
            {
                **({"title": group.label} if group.label else {}),
                "width": _WIDTH,
                "height": {"step": 28},
                "transform": [{"filter": f"datum.panel === {place}"}],
                "layer": [_reference("x"), *_marks([], along, "x", values), _unknown(along)],
            }
        )
    tips = _tips([("group", "Of"), ("label", "What")], _unit(chart.axis), rows)
    return Sketch(data, views, tips)


def _named(labels: Iterable[str]) -> View:
    """Return the axis of rows that have names, in their order."""
    domain = list(dict.fromkeys(labels))
    return {
        "field": "label",
        "type": "nominal",
        "sort": None,
        "scale": {"domain": domain},
        "axis": wrapped(),
    }


def _unknown(along: View) -> View:
    """Say where there is no estimate."""
    return {
        "transform": [{"filter": "!isValid(datum.value)"}],
        "mark": {"type": "text", "align": "left", "text": "could not be estimated", "fontStyle": "italic"},
        "encoding": {**along, "x": {"value": 4}},
    }


def _unit(axis: str) -> str:
    """Return what is measured, without what stands in brackets behind it."""
    return axis.partition(" (")[0].partition(",")[0] or "Value"


def sketch_ratios(chart: RatioChart, rows: Rows) -> Sketch:
    """Sketch ratios over years, sectors beside each other within a year."""
    keys = keyed((one.label, one.series) for panel in chart.panels for one in panel.series)
    points = [point for panel in chart.panels for one in panel.series for point in one.points]
    scale, axis = _log(n for point in points for n in (point.estimate, point.low, point.high))
    years = sorted({point.year for point in points})
    values = {"scale": scale, "axis": {**axis, "title": None}}
    data: list[Datum] = []
    views: list[View] = []
    for place, panel in enumerate(chart.panels):
        title = wrap(chart.axis, 75) if panel is chart.panels[-1] else None
        along = {
            "x": {
                "field": "year",
                "type": "ordinal",
                "scale": {"domain": _every(years)},
                "axis": {"title": title, "labelAngle": 0, "labelOverlap": "parity"},
            },
            "xOffset": {"field": "look", "sort": None, "scale": {"paddingInner": 0.4}},
        }
        for one in panel.series:
            for point in one.points:
                known = {"panel": place, "group": panel.title, "series": one.label, "look": one.series}
                told = _told(point.estimate, point.low, point.high, share=False)
                found = rows.find(str(point.year), panel.title, one.label)
                data.append(known | {"year": point.year} | told | found)
        views.append(
            {
                "title": panel.title,
                "width": _WIDTH,
                "height": 220,
                "transform": [{"filter": f"datum.panel === {place}"}],
                "layer": [_reference("y"), *_marks(keys, along, "y", values)],
            }
        )
    first = [("group", "Of"), ("series", "Sector"), ("year", "Year")]
    return Sketch(data, views, _tips(first, _unit(chart.axis), rows), keys)


def _every(years: Sequence[int]) -> list[int]:
    return list(range(years[0], years[-1] + 1)) if years else []


def sketch_dots(chart: DotChart, rows: Rows) -> Sketch:
    """Sketch shares with intervals, a row for each thing compared and within it a place for each sector."""
    dots = [dot for panel in chart.panels for row in panel.rows for dot in row.dots]
    keys = keyed((dot.label, dot.series) for dot in dots)
    data: list[Datum] = []
    views: list[View] = []
    for place, panel in enumerate(chart.panels):
        for row in panel.rows:
            for dot in row.dots:
                known = {"panel": place, "group": panel.title, "label": str(row.label), "series": dot.label}
                told = _told(dot.value, dot.low, dot.high, share=True)
                found = rows.find(str(row.label), panel.title)
                data.append(known | {"look": dot.series} | told | found)
        along = {
            "y": _named(str(row.label) for row in panel.rows),
            "yOffset": {"field": "look", "sort": None, "scale": {"paddingInner": 0.3}},
        }
        values = {"scale": {"zero": True}, "axis": {"format": ".0%", "title": wrap(chart.axis, 75)}}
        n_looks = max((len(row.dots) for row in panel.rows), default=1)
        views.append(
            {
                **({"title": panel.title} if panel.title else {}),
                "width": _WIDTH,
                "height": {"step": 16 * n_looks + 12, "for": "position"},
                "transform": [{"filter": f"datum.panel === {place}"}],
                "layer": _marks(keys, along, "x", values),
            }
        )
    first = [("group", "Of"), ("label", "What"), ("series", "Which")]
    return Sketch(data, views, _tips(first, "Share", rows), keys)


def sketch_curve(chart: Curve, rows: Rows) -> Sketch:
    """Sketch a specification curve: ratios in order of size above, what was chosen in each below."""
    ordered = sorted(chart.points, key=lambda point: point.estimate)
    titles = {f"choice_{place}": kind.title for place, kind in enumerate(chart.kinds, 1)}
    fields = list(titles)
    data: list[Datum] = []
    for rank, point in enumerate(ordered, 1):
        told = _told(point.estimate, point.low, point.high, share=False)
        named = zip(fields, chart.kinds, point.choices, strict=True)
        chosen = {name: choice for name, _, choice in named if choice}
        data.append({"rank": rank, "look": chart.series} | told | chosen)
    scale, axis = _log(n for point in chart.points for n in (point.estimate, point.low, point.high))
    # The same values lie above each other in both views: their ends are given, not found.
    across = {
        "field": "rank",
        "type": "quantitative",
        "scale": {"domain": [0, len(ordered) + 1], "nice": False, "zero": False},
    }
    values = {"scale": scale, "axis": {**axis, "title": wrap(chart.axis, 36)}}
    above = {
        "width": _WIDTH,
        "height": 220,
        "layer": [_reference("y"), *_marks([], {"x": across | {"axis": None}}, "y", values)],
    }
    known = [f"{kind.title}: {choice}" for kind in chart.kinds for choice in kind.choices]
    below = {
        "width": _WIDTH,
        "height": {"step": 17},
        "transform": [
            {"fold": fields, "as": ["kind", "chosen"]},
            {"filter": "isValid(datum.chosen)"},
            {
                "calculate": f"{json.dumps(titles, ensure_ascii=False)}[datum.kind] + ': ' + datum.chosen",
                "as": "choice",
            },
        ],
        "mark": {"type": "tick", "orient": "vertical", "thickness": 2, "size": 12},
        "encoding": {
            "x": across | {"axis": {"title": "Models, from the smallest ratio up", "tickMinStep": 1}},
            "y": _named(known) | {"field": "choice", "axis": wrapped(2)},
            "color": inner([], "look")["color"],
        },
    }
    tips = [("rank", "Model"), ("said", _unit(chart.axis)), ("interval", "95% interval")]
    tips += titles.items()
    del rows  # a model's row has no count of its own
    return Sketch(data, [above, below] if known else [above], tips)
