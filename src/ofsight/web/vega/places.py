"""Specifications of charts of places: the map of tiles, the map in boundaries, the funnel."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Any, Final

from ofsight.report.charts.model import Limits, Scatter
from ofsight.report.charts.scatter import upright_axis
from ofsight.report.wording import decimal, percent
from ofsight.web.boundary_map import LONDON, Boundaries
from ofsight.web.charts import Tiles, short_names
from ofsight.web.tiles import place_tiles
from ofsight.web.vega.look import COLOURS, INK, PAPER, QUIET, SHAPES, Datum, Key, Sketch, View, inner
from ofsight.web.vega.rows import Rows

__all__ = ["sketch_boundaries", "sketch_scatter", "sketch_tiles"]

_WIDTH: Final = 560
_DASHES: Final[dict[str, list[float]]] = {"near": [1, 0], "far": [6, 4], "wide": [1.5, 4]}

Areas = Sequence[tuple[str, str, str, str, int, str]]


def _shades(areas: Areas, legend: Sequence[tuple[int, str]]) -> dict[int, str]:
    """Return the words of every shade that is used, least first."""
    words = dict(legend)
    used = sorted({shade for *_, shade, _ in areas} | set(words), key=lambda shade: shade or 9)
    return {shade: words.get(shade, f"Shade {shade}" if shade else "no value") for shade in used}


def _look(shade: int) -> str:
    return f"low-{shade}" if shade else "none"


def _area(area: tuple[str, str, str, str, int, str], shades: dict[int, str], rows: Rows) -> Datum:
    code, name, slug, region, shade, said = area
    known = {"label": name, "code": code, "region": region, "said": said, "shade": shades[shade]}
    return known | {"look": _look(shade), "page": f"/areas/{slug}"} | rows.find(name)


def _tips(rows: Rows) -> list[tuple[str, str]]:
    return [("label", "Local authority"), ("said", "Value"), ("region", "Region"), *rows.titles.items()]


def sketch_tiles(model: Tiles, rows: Rows) -> Sketch:
    """Sketch the map of tiles."""
    tiles = place_tiles((code, region) for code, _, _, region, _, _ in model.areas)
    names = short_names({code: name for code, name, *_ in model.areas})
    shades = _shades(model.areas, model.legend)
    keys = [Key(words, _look(shade)) for shade, words in shades.items()]
    data = [
        _area(area, shades, rows)
        | {"column": tiles[area[0]].column, "row": tiles[area[0]].row, "short": names[area[0]]}
        for area in model.areas
    ]
    n_columns = max((tile.column for tile in tiles.values()), default=0) + 1
    n_rows = max((tile.row for tile in tiles.values()), default=0) + 1

    def place(field: str, n: int) -> dict[str, Any]:
        scale = {"domain": list(range(n)), "paddingInner": 0.05}
        return {"field": field, "type": "ordinal", "axis": None, "scale": scale}

    where = {"x": place("column", n_columns), "y": place("row", n_rows)}
    strong = "datum.look === 'low-4' || datum.look === 'low-5'"
    view: View = {
        "width": _WIDTH,
        "height": round(_WIDTH * n_rows / n_columns),
        "layer": [
            {
                "mark": {"type": "rect", "cursor": "pointer"},
                "encoding": {**where, "color": inner(keys, "shade")["color"]},
            },
            {
                "mark": {"type": "text", "fontSize": 10},
                "encoding": {
                    **where,
                    "text": {"field": "short"},
                    "color": {
                        "condition": {"test": strong, "value": COLOURS["on-high"]},
                        "value": COLOURS["on-low"],
                    },
                },
            },
        ],
    }
    return Sketch(data, [view], _tips(rows), keys, by="shade", scaled=True)


def sketch_boundaries(model: Boundaries, rows: Rows) -> Sketch:
    """Sketch the map in boundaries: England, and London once more."""
    areas = [area for area in model.areas if area[0] in model.outlines.lines]
    shades = _shades(areas, model.legend)
    keys = [Key(words, _look(shade)) for shade, words in shades.items()]
    data = []
    for area in areas:
        rings = [[list(point) for point in ring] for ring in model.outlines.lines[area[0]]]
        shape = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": rings}}
        data.append(shape | _area(area, shades, rows) | {"london": area[0].startswith(LONDON)})

    def view(title: str | None, high: float, only: str | None) -> View:
        return {
            **({"title": title} if title else {}),
            **({"transform": [{"filter": only}]} if only else {}),
            "width": _WIDTH,
            "height": round(_WIDTH * high),
            "projection": {"type": "identity", "reflectY": True},
            "mark": {"type": "geoshape", "stroke": QUIET, "strokeWidth": 0.6, "cursor": "pointer"},
            "encoding": {"color": inner(keys, "shade")["color"]},
        }

    views = [view(None, _height(data), None)]
    london = [row for row in data if row["london"]]
    if london and len(london) < len(data):
        views.append(view("London", _height(london), "datum.london"))
    return Sketch(data, views, _tips(rows), keys, by="shade", scaled=True)


def _height(data: Sequence[Datum]) -> float:
    """Return how high shapes are for each unit of their width."""
    points = [point for row in data for ring in row["geometry"]["coordinates"] for point in ring]
    wide, high = (max(axis) - min(axis) or 1 for axis in zip(*points, strict=True))
    return min(float(high / wide), 1.6)


_ZOOM: Final = {
    "name": "zoom_0",
    "select": {"type": "interval", "zoom": "wheel![event.ctrlKey]"},
    "bind": "scales",
}


def sketch_scatter(chart: Scatter, rows: Rows) -> Sketch:
    """Sketch authorities by two of their numbers, with limits around a centre: a funnel plot."""
    keys = [Key(label, series, SHAPES[series], hollow) for label, series, hollow in chart.names]
    names = {(series, hollow): label for label, series, hollow in chart.names}
    data: list[Datum] = []
    for point in chart.points:
        shown = min(point.y, chart.top) if chart.top is not None else point.y
        said = percent(point.y, 0) if chart.percent else decimal(point.y, 2)
        known = {"label": point.label, "size": point.x, "value": shown, "said": said, "look": point.series}
        known |= {"series": names.get((point.series, point.hollow), ""), "hollow": point.hollow}
        data.append(known | {"named": point.named} | rows.find(point.label))
    most = max((point.x for point in chart.points), default=1.0)
    # A little beyond both last ticks: what is drawn at the edge would be cut in half.
    reach = round(1.02 * most, 6)
    scale = {"domain": [0, reach], "nice": False, **({"type": "sqrt"} if chart.root else {})}
    x = {"field": "size", "type": "quantitative", "axis": {"title": wrap(chart.across, 75)}, "scale": scale}
    up = upright_axis(chart, 0.0, 1.0)
    ends = [round(up.low, 6), round(up.high + 0.03 * (up.high - up.low), 6)]
    axis = {"title": wrap(chart.up, 45), **({"format": ".0%"} if chart.percent else {})}
    y = {
        "field": "value",
        "type": "quantitative",
        "axis": axis,
        "scale": {"domain": ends, "nice": False, "zero": False},
    }
    layer = [_limits(chart.limits, x, y)] if chart.limits else []
    if chart.centre is not None:
        layer.append(_centre([{"size": at, "value": chart.centre} for at in (0.0, most)], x, y))
    view: View = {"width": _WIDTH, "height": 360, "layer": [*layer, *_points(x, y, keys)]}
    tips = [("label", "Local authority"), ("said", chart.up), ("series", "Kind"), *rows.titles.items()]
    return Sketch(
        data,
        [view],
        tips,
        keys if len(keys) > 1 else [],
        zoom=[{"signal": "zoom_0_size", "from": 0, "to": reach}],
        lines={pair.label: _DASHES[pair.look] for pair in chart.limits},
    )


def _limits(limits: Sequence[Limits], x: View, y: View) -> View:
    """Return both lines of every pair, told apart by their dashes."""
    values = [
        {"limit": pair.label, "side": side, "size": at, "value": value}
        for pair in limits
        for at, low, high in pair.points
        for side, value in (("low", low), ("high", high))
    ]
    dashes = {"domain": [pair.label for pair in limits], "range": [_DASHES[pair.look] for pair in limits]}
    legend = {"orient": "top", "title": None, "columns": 3}
    dash = {"field": "limit", "type": "nominal", "scale": dashes, "legend": legend}
    return {
        "data": {"values": values},
        "mark": {"type": "line", "color": QUIET, "strokeWidth": 1.5, "clip": True},
        "encoding": {"x": x, "y": y, "strokeDash": dash, "detail": {"field": "side"}},
    }


def _centre(ends: Sequence[Datum], x: View, y: View) -> View:
    mark = {"type": "line", "color": INK, "strokeWidth": 1.5, "clip": True}
    return {"data": {"values": list(ends)}, "mark": mark, "encoding": {"x": x, "y": y}}


def _points(x: View, y: View, keys: Sequence[Key]) -> list[View]:
    look = inner(keys, "series") if len(keys) > 1 else inner([], "look")
    hollow = {"condition": {"test": "datum.hollow === true", "value": PAPER}, "legend": None}
    return [
        {
            "params": [_ZOOM],
            "mark": {"type": "point", "size": 55, "strokeWidth": 1.6, "opacity": 1, "clip": True},
            "encoding": {
                "x": x,
                "y": y,
                "stroke": look["color"],
                "fill": look["color"] | hollow,
                "shape": look["shape"],
            },
        },
        {
            "transform": [{"filter": "datum.named"}],
            "mark": {"type": "text", "align": "left", "dx": 8, "dy": -8, "fontWeight": "bold", "clip": True},
            "encoding": {"x": x, "y": y, "text": {"field": "label"}},
        },
    ]
