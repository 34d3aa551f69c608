"""Charts as Vega-Lite specifications: for the interactive charts of the pages, and to be taken elsewhere.

A specification is made of what the plain chart shows, no more: its values stand in it, with the counts of
the table's rows beside them. It opens in the Vega editor, in Altair
(``altair.Chart.from_json``) and in vl-convert.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from textwrap import wrap
from typing import Any, Final

from ofsight.report.charts.model import Curve, DotChart, Forest, LineChart, RatioChart, Scatter
from ofsight.report.document import plain
from ofsight.web.answer import Answer, Part
from ofsight.web.bands import Bands
from ofsight.web.boundary_map import Boundaries
from ofsight.web.charts import Grades, Tiles
from ofsight.web.vega.counts import sketch_bands, sketch_grades, sketch_lines
from ofsight.web.vega.estimates import sketch_curve, sketch_dots, sketch_forest, sketch_ratios
from ofsight.web.vega.look import INK, PAPER, QUIET, Datum, Sketch, View, faded
from ofsight.web.vega.places import sketch_boundaries, sketch_scatter, sketch_tiles
from ofsight.web.vega.rows import Rows

__all__ = ["ENDING", "SCHEMA", "can_specify", "specify"]

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
ENDING: Final = "vl.json"
"""The ending of a specification's address: ``/api/v1/areas/tables/map.vl.json``."""

_FONT: Final = "Arial, 'Liberation Sans', Helvetica, Roboto, sans-serif"
_SYNTHETIC: Final = "Synthetic data: no number here is about a real home."
_BUILDERS: Final[Mapping[type, Callable[[Any, Rows], Sketch]]] = {
    Forest: sketch_forest,
    RatioChart: sketch_ratios,
    DotChart: sketch_dots,
    Curve: sketch_curve,
    LineChart: sketch_lines,
    Scatter: sketch_scatter,
    Grades: sketch_grades,
    Bands: sketch_bands,
    Tiles: sketch_tiles,
    Boundaries: sketch_boundaries,
}
_TIPPED: Final = frozenset({"point", "rect", "geoshape"})


def can_specify(part: Part) -> bool:
    """Say whether a part has a chart that is known here."""
    return part.picture is not None and type(_model(part)) in _BUILDERS


def _model(part: Part) -> object:
    if part.picture is None:
        return None
    return part.picture.model if isinstance(part.picture.chart, str) else part.picture.chart


def specify(answer: Answer, part: Part, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the Vega-Lite specification of a part's chart.

    Parameters
    ----------
    answer : Answer
        What the part is of: its page, its cautions.
    part : Part
        With a picture that `can_specify` knows.
    facts : mapping
        What is said of the dataset in every answer: version, newest release, whether synthetic.

    Returns
    -------
    dict
        A specification of Vega-Lite 6, ready for JSON. ``usermeta.ofsight`` says where it is from, and what
        the explorer's own script needs to draw it in the reader's colours.

    Raises
    ------
    ValueError
        When the part has no chart, or one of a kind that is not known.
    """
    model = _model(part)
    builder = _BUILDERS.get(type(model))
    if builder is None or part.picture is None:
        raise ValueError(f"Part {part.key!r} has no chart that can be specified, but {type(model).__name__}.")
    rows = Rows(part)
    sketch = builder(model, rows)
    for row in sketch.rows:
        _trim(row)
    views = [_complete(view, sketch) for view in sketch.views]
    whole: View = views[0] if len(views) == 1 else {"vconcat": views, "spacing": 24}
    heading = [*wrap(part.picture.title, 80), *([str(whole["title"])] if "title" in whole else [])]
    below = [_SYNTHETIC] if facts.get("synthetic") else []
    below += wrap(part.source, 105)
    return {
        "$schema": SCHEMA,
        "description": part.picture.description,
        "usermeta": {"ofsight": _about(answer, part, facts, sketch)},
        "config": _config(),
        "data": {"name": "rows", "values": sketch.rows},
        **whole,
        "title": {"text": heading, **({"subtitle": below} if below else {})},
        "params": [_only(sketch), {"name": "wrap", "value": 34}, *list(whole.get("params", []))],
    }


def _trim(row: Datum) -> None:
    """Round numbers to what a screen can show, and leave out what says nothing."""
    for name, value in list(row.items()):
        if isinstance(value, float):
            row[name] = float(f"{value:.6g}")
        elif value == "":
            del row[name]


def _only(sketch: Sketch) -> dict[str, Any]:
    """Return the parameter that singles out one entry of the key; elsewhere it is chosen from a list."""
    only: dict[str, Any] = {"name": "only", "value": None}
    if sketch.keys:
        labels = [key.label for key in sketch.keys]
        only["bind"] = {
            "input": "select",
            "options": [None, *labels],
            "labels": ["all", *labels],
            "name": "Show ",
        }
    return only


def _complete(view: View, sketch: Sketch) -> View:
    """Return a view with tooltips on its marks and the rest faded when one entry is singled out."""
    if "layer" in view:
        return {**view, "layer": [_complete(layer, sketch) for layer in view["layer"]]}
    if "data" in view:
        return view
    mark = view["mark"]
    known = {name for row in sketch.rows for name in row}
    encoding = dict(view.get("encoding", {}))
    if mark["type"] in _TIPPED:
        encoding["tooltip"] = [
            {"field": name, "title": title, "type": "nominal"} for name, title in sketch.tips if name in known
        ]
    if sketch.keys:
        encoding["opacity"] = faded(sketch.by, mark.get("opacity", 1.0))
    return {**view, "encoding": encoding}


def _about(answer: Answer, part: Part, facts: Mapping[str, Any], sketch: Sketch) -> dict[str, Any]:
    return {
        "page": answer.address,
        "table": answer.twin(part.key, "csv"),
        "source": part.source,
        "note": plain(part.note),
        "cautions": [plain(caution) for caution in answer.cautions],
        "dataset": dict(facts),
        "licence": "Open Government Licence v3.0",
        "by": sketch.by,
        "key": [
            {"label": k.label, "colour": k.colour, "shape": k.shape, "hollow": k.hollow} for k in sketch.keys
        ],
        "lines": [{"label": label, "dash": list(dash)} for label, dash in sketch.lines.items()],
        "colours": sketch.colours,
        "zoom": sketch.zoom,
        "scaled": sketch.scaled,
    }


def _config() -> dict[str, Any]:
    words = {"labelFontSize": 13, "titleFontSize": 13, "titleFontWeight": "normal"}
    lines = {"gridColor": "#d9d9d9", "domainColor": "#767676", "tickColor": "#767676"}
    return {
        "background": PAPER,
        "font": _FONT,
        "axis": {**words, **lines, "labelColor": QUIET, "titleColor": QUIET},
        "legend": {"labelFontSize": 13, "labelColor": INK, "symbolSize": 110, "labelLimit": 300},
        "title": {
            "anchor": "start",
            "color": INK,
            "fontSize": 15,
            "subtitleColor": QUIET,
            "subtitleFontSize": 12,
        },
        "text": {"color": INK, "fontSize": 12},
        "view": {"stroke": None},
    }
