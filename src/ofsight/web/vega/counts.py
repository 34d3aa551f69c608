"""Specifications of charts of counts: lines over years, ranges of what is to come, grades stacked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from ofsight.report.charts.axis import Straight
from ofsight.report.charts.model import LineChart
from ofsight.report.wording import count
from ofsight.web.bands import Bands
from ofsight.web.charts import GRADES, Grades
from ofsight.web.vega.look import COLOURS, PAPER, Datum, Key, Sketch, View, inner, keyed, wrapped
from ofsight.web.vega.rows import Rows

__all__ = ["sketch_bands", "sketch_grades", "sketch_lines"]

_WIDTH: Final = 560


def _years(years: Iterable[int]) -> tuple[dict[str, Any], list[int]]:
    """Return the axis of years and its ends."""
    known = sorted(set(years))
    ends = [known[0], known[-1]] if known else [0, 1]
    return {
        "field": "year",
        "type": "quantitative",
        "scale": {"domain": ends, "nice": False, "zero": False, "padding": 12},
        "axis": {"title": None, "format": "d", "tickMinStep": 1, "grid": False},
    }, ends


def _zoom(place: int) -> dict[str, Any]:
    """Return the parameter that moves and widens the years of a view: by dragging, by the wheel with Ctrl."""
    select = {"type": "interval", "encodings": ["x"], "zoom": "wheel![event.ctrlKey]"}
    return {"name": f"zoom_{place}", "select": select, "bind": "scales"}


def _extent(place: int, ends: Sequence[float]) -> dict[str, Any]:
    return {"signal": f"zoom_{place}_year", "from": ends[0], "to": ends[1]}


def _from_zero(highest: float) -> dict[str, Any]:
    """Return a scale from zero to a round number, with room for the markers that lie on it."""
    return {"domain": [0, round(1.04 * Straight.upto(highest, 0, 1).high, 6)], "nice": False}


def sketch_lines(chart: LineChart, rows: Rows) -> Sketch:
    """Sketch lines over years, a view for each panel; a year without a number breaks its line."""
    del rows  # the values are counts themselves
    keys = keyed((line.label, line.series) for panel in chart.panels for line in panel.lines)
    x, ends = _years(
        year
        for panel in chart.panels
        for line in panel.lines
        for year, value in line.points
        if value == value
    )
    look = inner(keys, "series")
    data: list[Datum] = []
    views: list[View] = []
    for place, panel in enumerate(chart.panels):
        for line in panel.lines:
            known = {"panel": place, "group": panel.title, "series": line.label, "look": line.series}
            values = dict(line.points)
            for year in range(min(values, default=0), max(values, default=-1) + 1):
                value = values.get(year)
                said = {} if value is None else {"said": _number(value)}
                data.append(known | {"year": year, "value": value} | said)
        highest = max((value for line in panel.lines for _, value in line.points), default=1.0)
        y = {"field": "value", "type": "quantitative", "scale": _from_zero(highest), "axis": {"title": None}}
        where = {"x": x, "y": y, "color": look["color"]}
        views.append(
            {
                **({"title": panel.title} if panel.title else {}),
                "width": _WIDTH,
                "height": 220,
                "transform": [{"filter": f"datum.panel === {place}"}],
                "layer": [
                    {"mark": {"type": "line", "strokeWidth": 2.5, "clip": True}, "encoding": where},
                    {
                        "params": [_zoom(place)],
                        "transform": [{"filter": "isValid(datum.value)"}],
                        "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1, "clip": True},
                        "encoding": {**where, "shape": look["shape"]},
                    },
                ],
            }
        )
    tips = [("group", "What"), ("series", "Of"), ("year", "Year"), ("said", "Number")]
    zoom = [_extent(place, ends) for place in range(len(views))] if ends[1] - ends[0] >= 6 else []
    return Sketch(data, views, tips, keys, zoom=zoom)


def _number(value: float) -> str:
    return count(value) if float(value).is_integer() else f"{value:,.1f}"


def sketch_bands(model: Bands, rows: Rows) -> Sketch:
    """Sketch lines with the range in which most futures lie."""
    del rows  # futures are simulated: no row counts anything
    bands = [band for panel in model.panels for band in panel.bands if band.points]
    keys = keyed((band.label, band.series) for band in bands)
    x, _ = _years(point.year for band in bands for point in band.points)
    look = inner(keys, "series")
    data: list[Datum] = []
    views: list[View] = []
    for place, panel in enumerate(model.panels):
        for band in panel.bands:
            known = {"panel": place, "group": panel.title, "series": band.label, "look": band.series}
            for point in band.points:
                told = {
                    "value": point.base,
                    "low": point.low,
                    "high": point.high,
                    "said": _number(point.base),
                }
                interval = f"{_number(point.low)} to {_number(point.high)}"
                data.append(known | {"year": point.year} | told | {"interval": interval})
        highest = max((point.high for band in panel.bands for point in band.points), default=1.0)
        scale = {"scale": _from_zero(highest), "axis": {"title": None}}
        y = {"field": "value", "type": "quantitative", **scale}
        area = {
            "x": x,
            "y": {"field": "low", "type": "quantitative", **scale},
            "y2": {"field": "high"},
            "color": look["color"],
        }
        where = {"x": x, "y": y, "color": look["color"]}
        views.append(
            {
                "title": panel.title,
                "width": _WIDTH,
                "height": 220,
                "transform": [{"filter": f"datum.panel === {place}"}],
                "layer": [
                    {"mark": {"type": "area", "opacity": 0.18}, "encoding": area},
                    {"mark": {"type": "line", "strokeWidth": 2.5}, "encoding": where},
                    {
                        "mark": {"type": "point", "filled": True, "size": 60, "opacity": 1},
                        "encoding": {**where, "shape": look["shape"]},
                    },
                ],
            }
        )
    tips = [("group", "What"), ("series", "Of"), ("year", "Year"), ("said", "Middle")]
    return Sketch(data, views, [*tips, ("interval", "Eight in ten futures")], keys)


def sketch_grades(model: Grades, rows: Rows) -> Sketch:
    """Sketch bars parted by grade, worst first, with the counts in them."""
    del rows  # the counts are the bars themselves
    keys = [Key(name, look) for name, look in GRADES]
    data: list[Datum] = []
    for row in model.rows:
        total, before = sum(row.counts), 0
        for n, (grade, look) in zip(row.counts, GRADES, strict=True):
            if n:
                ends = {"from": round(before / total, 6), "to": round((before + n) / total, 6)}
                said = f"{count(n)} of {count(total)}"
                told = {"label": row.label, "grade": grade, "look": look, "n": n, "said": said} | ends
                data.append(told | {"middle": round((before + n / 2) / total, 6)})
            before += n
    y = {
        "field": "label",
        "type": "nominal",
        "sort": None,
        "scale": {"domain": [row.label for row in model.rows], "paddingInner": 0.2},
        "axis": wrapped(),
    }
    x = {
        "field": "from",
        "type": "quantitative",
        "scale": {"domain": [0, 1], "nice": False},
        "axis": {"format": ".0%", "title": f"Share of {model.what}", "tickCount": 5},
    }
    upon = [{"test": f"datum.look === {look!r}", "value": COLOURS[f"on-{look}"]} for _, look in GRADES]
    view: View = {
        "width": _WIDTH,
        "height": {"step": 34},
        "layer": [
            {
                "mark": {"type": "rect"},
                "encoding": {"y": y, "x": x, "x2": {"field": "to"}, "color": inner(keys, "grade")["color"]},
            },
            {
                "transform": [{"filter": "datum.to - datum.from > 0.06"}],
                "mark": {"type": "text", "color": PAPER, "fontSize": 13},
                "encoding": {
                    "y": y,
                    "x": {**x, "field": "middle"},
                    "text": {"field": "n", "format": ","},
                    "color": {"condition": upon, "value": PAPER},
                },
            },
        ],
    }
    tips = [("label", "Sector"), ("grade", "Grade"), ("said", model.what.capitalize())]
    return Sketch(data, [view], tips, keys, by="grade")
