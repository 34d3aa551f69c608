"""Every kind of chart as a Vega-Lite specification: it draws what the plain chart shows, and no more."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import polars as pl
import pytest
import vl_convert

from ofsight.report.charts.model import (
    Curve,
    CurveKind,
    CurvePoint,
    Dot,
    DotChart,
    DotPanel,
    DotRow,
    Forest,
    ForestGroup,
    ForestRow,
    Limits,
    Line,
    LineChart,
    LinePanel,
    RatioChart,
    RatioPanel,
    RatioPoint,
    RatioSeries,
    Scatter,
    ScatterPoint,
    Series,
)
from ofsight.report.document import Column, Row, Table
from ofsight.web.answer import Answer, Field, Part, Picture, part_of_table
from ofsight.web.bands import Band, BandPanel, BandPoint, draw_bands
from ofsight.web.boundary_map import Outlines, draw_boundaries
from ofsight.web.charts import GradeRow, draw_grades, draw_tiles
from ofsight.web.vega import SCHEMA, can_specify, specify
from ofsight.web.vega.look import COLOURS
from ofsight.web.vega.rows import Rows

FACTS = {"version": "abc", "synthetic": False}
LA, FP = "Local authority", "For-profit"

FOREST = Forest(
    (
        ForestGroup(
            "Overall",
            (
                ForestRow("Leeds", 0.55, 0.42, 0.71, "two"),
                ForestRow("Kent", 0.9, None, None, hollow=True),
                ForestRow("Bury", None, None, None),
            ),
        ),
        ForestGroup("Leaders", (ForestRow("Leeds", 1.4, 0.9, 25.0, "three"),)),
    ),
    "Odds ratio (logarithmic scale)",
    "lower",
    "higher",
)
RATIOS = RatioChart(
    (
        RatioPanel(
            "Overall",
            (
                RatioSeries(FP, "two", (RatioPoint(2014, 0.5, 0.4, 0.7), RatioPoint(2016, 0.6, None, None))),
                RatioSeries("Third sector", "three", (RatioPoint(2014, 0.8, 0.6, 1.1),)),
            ),
        ),
    ),
    "Odds ratio",
)
DOTS = DotChart(
    (
        DotPanel(
            "Good or better",
            (DotRow("Leeds", (Dot(LA, "one", 0.8, 0.7, 0.9), Dot(FP, "two", 0.6, None, None))),),
        ),
    ),
    "Share of homes",
)
LINES = LineChart(
    (
        LinePanel(
            "Homes",
            (
                Line(LA, "one", ((2015, 10.0), (2016, 9.0), (2019, 7.0))),
                Line(FP, "two", ((2015, 3.0), (2016, 5.0), (2017, 6.0), (2018, 6.0), (2019, 9.0))),
            ),
        ),
        LinePanel("Places", (Line(LA, "one", ((2015, 40.0), (2021, 44.5))),)),
    )
)
CURVE = Curve(
    (
        CurvePoint(0.9, 0.7, 1.1, ("all", "in the model")),
        CurvePoint(0.5, 0.4, 0.6, ("early", "")),
        CurvePoint(0.7, 0.6, 0.8, ("all", "")),
    ),
    (CurveKind("Sample", ("all", "early")), CurveKind("Age, “to” 1 June [2021].", ("in the model",))),
    "Odds ratio",
)
SCATTER = Scatter(
    (
        ScatterPoint("Leeds", 289.0, 0.44, "two", named=True),
        ScatterPoint("Bradford", 276.0, 9.0, "one", hollow=True),
    ),
    (Limits("95% by chance", "near", ((10.0, 0.1, 3.0), (300.0, 0.4, 2.0))),),
    "Places expected",
    "Observed over expected",
    (("this area", "two", False), ("other areas", "one", True)),
    1.0,
    root=True,
    top=4.0,
)
AREAS = (
    ("E08000035", "Leeds", "leeds", "Yorkshire and The Humber", 1, "70% of 26 homes"),
    ("E09000003", "Barnet", "barnet", "London", 5, "96% of 27 homes"),
    ("E09000004", "Bexley", "bexley", "London", 0, "nothing to compare"),
)
LEGEND = ((1, "up to 75%"), (5, "over 94%"), (0, "nothing to compare"))
SQUARE = ((0, 0), (0, 10), (10, 10), (10, 0), (0, 0))


def _outlines() -> Outlines:
    shifted = {
        code: (tuple((x + 20 * place, y) for x, y in SQUARE),) for place, (code, *_) in enumerate(AREAS)
    }
    return Outlines(2023, shifted)


def _funnel() -> Picture:
    points = (ScatterPoint("Barnet", 27.0, 0.96, "two", named=True), ScatterPoint("Leeds", 26.0, 0.7, "four"))
    limits = (
        Limits("95% by chance", "near", ((26.0, 0.6, 0.95), (27.0, 0.6, 0.95))),
        Limits("99.8% by chance", "far", ((26.0, 0.5, 1.0), (27.0, 0.5, 1.0))),
    )
    names: tuple[tuple[str, Series, bool], ...] = (("Barnet", "two", False), ("Outside", "four", False))
    chart = Scatter(points, limits, "Homes counted", "Share", names, centre=0.83, percent=True, bottom=0.6)
    return Picture("Outside", "A funnel.", chart)


def _grades() -> Picture:
    rows = [GradeRow(LA, (0, 2, 7, 1)), GradeRow(FP, (0, 0, 0, 0)), GradeRow("All", (1, 3, 10, 2))]
    return draw_grades(rows, key="g", title="Grades", what="graded")


def _bands() -> Picture:
    points = [BandPoint(0, 100.0, 90.0, 110.5), BandPoint(1, 99.0, 80.0, 120.0)]
    panels = [BandPanel("Places", [Band("Usable", "one", points), Band("Needed", "two", points)])]
    return draw_bands(panels, key="b", title="Futures", description="Lines.")


KINDS: dict[str, Callable[[], Picture]] = {
    "forest": lambda: Picture("Finding", "Said.", FOREST),
    "ratios": lambda: Picture("Finding", "Said.", RATIOS),
    "dots": lambda: Picture("Finding", "Said.", DOTS),
    "lines": lambda: Picture("Finding", "Said.", LINES),
    "curve": lambda: Picture("Finding", "Said.", CURVE),
    "scatter": lambda: Picture("Finding", "Said.", SCATTER),
    "grades": _grades,
    "bands": _bands,
    "funnel": _funnel,
    "tiles": lambda: draw_tiles(AREAS, legend=LEGEND, title="Map", description="Squares."),
    "boundaries": lambda: draw_boundaries(AREAS, _outlines(), legend=LEGEND, title="Map", description="B."),
}
# How many marks each chart has that tell something: points, bars, shapes.
MARKS = {
    "forest": 3, "ratios": 3, "dots": 2, "lines": 10, "curve": 3, "scatter": 2, "grades": 7, "bands": 4,
    "funnel": 2, "tiles": 3, "boundaries": 5,
}  # fmt: skip


def _part(picture: Picture | None, frame: pl.DataFrame | None = None, *fields: Field) -> Part:
    shown = pl.DataFrame({"name": ["Leeds", "Kent"]}) if frame is None else frame
    given = fields or (Field("name", "Area"),)
    return Part("chart", "A table", shown, given, "Source: Ofsted, newest: today.", "A note.", picture)


def _made(part: Part, facts: dict[str, Any] = FACTS) -> dict[str, Any]:
    answer = Answer("/areas?measure=good", "Areas", (part,), cautions=("Read with care.",))
    return json.loads(json.dumps(specify(answer, part, facts), allow_nan=False))  # type: ignore[no-any-return]


def _leaves(view: dict[str, Any]) -> list[dict[str, Any]]:
    inner = view.get("vconcat") or view.get("layer")
    return [leaf for one in inner for leaf in _leaves(one)] if inner else [view]


def _told(item: dict[str, Any], title: str) -> Iterator[str]:
    """Give the words of every mark that tells its value: what a tooltip has, a mark's description has."""
    words = item.get("description") or ""
    if f"{title}: " in words:
        yield words
    for inner in item.get("items", []):
        yield from _told(inner, title)


@pytest.mark.parametrize("kind", KINDS)
def test_draws_every_value_once_and_tells_it(kind: str) -> None:
    made = _made(_part(KINDS[kind]()))
    tips = [tip for leaf in _leaves(made) for tip in leaf["encoding"].get("tooltip", [])]
    title = next(tip["title"] for tip in tips if tip["field"] == "said")
    told = list(_told(vl_convert.vegalite_to_scenegraph(made)["scenegraph"], title))
    assert len(told) == MARKS[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_says_what_it_is_and_where_from(kind: str) -> None:
    part = _part(KINDS[kind]())
    made = _made(part)
    about = made["usermeta"]["ofsight"]
    assert made["$schema"] == SCHEMA
    assert made["description"] == part.picture.description  # type: ignore[union-attr]
    assert made["title"]["subtitle"] == ["Source: Ofsted, newest: today."]
    assert about["page"] == "/areas?measure=good"
    assert about["table"] == "/api/v1/areas/tables/chart.csv?measure=good"
    assert about["cautions"] == ["Read with care."]
    assert about["dataset"] == FACTS
    tipped = [leaf["encoding"]["tooltip"] for leaf in _leaves(made) if "tooltip" in leaf["encoding"]]
    fields = {one["field"] for tip in tipped for one in tip}
    assert "said" in fields
    known = {name for row in made["data"]["values"] for name in row}
    assert fields <= known


@pytest.mark.parametrize("kind", KINDS)
def test_colours_are_found_again_by_the_page(kind: str) -> None:
    """Each colour in a specification has one name in the style, in which the dark scheme has its own."""
    made = _made(_part(KINDS[kind]()))
    about = made["usermeta"]["ofsight"]
    used = set(re.findall(r"#[0-9a-f]{6}", json.dumps({**made, "usermeta": {}})))
    assert used <= set(about["colours"])
    assert all(COLOURS[name] == colour for colour, name in about["colours"].items())
    assert {COLOURS[one["colour"]] for one in about["key"]} <= set(about["colours"])


@pytest.mark.parametrize(
    ("kind", "labels"),
    [("lines", [LA, FP]), ("grades", ["Inadequate", "Requires improvement", "Good", "Outstanding"]),
     ("tiles", ["up to 75%", "over 94%", "nothing to compare"]), ("forest", [])],
)  # fmt: skip
def test_one_entry_of_the_key_can_be_singled_out(kind: str, labels: list[str]) -> None:
    made = _made(_part(KINDS[kind]()))
    only = next(one for one in made["params"] if one["name"] == "only")
    assert only["value"] is None
    assert [one["label"] for one in made["usermeta"]["ofsight"]["key"]] == labels
    if not labels:
        assert "bind" not in only
        return
    assert only["bind"]["options"] == [None, *labels]
    by = made["usermeta"]["ofsight"]["by"]
    assert {row[by] for row in made["data"]["values"]} <= set(labels)
    only["value"] = labels[0]
    faint = vl_convert.vegalite_to_svg(made).count('opacity="0.15"')
    only["value"] = None
    assert faint > vl_convert.vegalite_to_svg(made).count('opacity="0.15"') == 0


def test_a_missing_year_breaks_the_line() -> None:
    rows = _made(_part(KINDS["lines"]()))["data"]["values"]
    mine = {row["year"]: row.get("value") for row in rows if row["series"] == LA and row["panel"] == 0}
    assert mine == {2015: 10, 2016: 9, 2017: None, 2018: None, 2019: 7}


def test_years_can_be_moved_where_there_are_many() -> None:
    about = _made(_part(KINDS["lines"]()))["usermeta"]["ofsight"]
    assert [one["signal"] for one in about["zoom"]] == ["zoom_0_year", "zoom_1_year"]
    assert (about["zoom"][0]["from"], about["zoom"][0]["to"]) == (2015, 2021)
    few = LineChart((LinePanel("", (Line(LA, "one", ((2015, 1.0), (2016, 2.0))),)),))
    assert _made(_part(Picture("F", "S", few)))["usermeta"]["ofsight"]["zoom"] == []


@pytest.mark.parametrize(
    ("kind", "lines"),
    [("funnel", {"95% by chance": [1, 0], "99.8% by chance": [6, 4]}), ("scatter", {"95% by chance": [1, 0]}),
     ("lines", {})],
)  # fmt: skip
def test_lines_behind_the_marks_are_explained(kind: str, lines: dict[str, list[int]]) -> None:
    """In the drawing itself, and to the page, whose key is its own."""
    made = _made(_part(KINDS[kind]()))
    told = {one["label"]: one["dash"] for one in made["usermeta"]["ofsight"]["lines"]}
    assert told == lines
    drawn = vl_convert.vegalite_to_svg(made)
    for label, dash in lines.items():
        assert f">{label}</text>" in drawn
        # Above and below, and in the key.
        assert drawn.count(f'stroke-dasharray="{dash[0]},{dash[1]}"') >= 3


def test_an_estimate_that_is_not_there_has_a_row_and_words() -> None:
    made = _made(_part(KINDS["forest"]()))
    bury = next(row for row in made["data"]["values"] if row["label"] == "Bury")
    assert (bury["value"], "said" in bury, "interval" in bury) == (None, False, False)
    assert "could not be estimated" in vl_convert.vegalite_to_svg(made)


def test_a_ratio_beyond_the_axis_keeps_its_number() -> None:
    row = _made(_part(KINDS["forest"]()))["data"]["values"][-1]
    assert row["high"] == 25.0
    assert row["interval"] == "0.90 to 25.00"


def test_choices_of_a_model_stand_below_it() -> None:
    made = _made(_part(KINDS["curve"]()))
    ranks = [(row["rank"], row["value"], row["choice_1"]) for row in made["data"]["values"]]
    assert ranks == [(1, 0.5, "early"), (2, 0.7, "all"), (3, 0.9, "all")]
    drawn = vl_convert.vegalite_to_svg(made)
    assert "Age, “to” 1 June [2021].: in the model" in drawn


def test_counts_come_from_the_row_of_the_table() -> None:
    frame = pl.DataFrame(
        {
            "name": ["Leeds", "Barnet", "Bexley"],
            "slug": ["leeds", "barnet", "bexley"],
            "n": [26, 27, None],
            "n_status": ["", "", "c"],
            "share": [0.7, 0.96, None],
        }
    )
    fields = (
        Field("name", "Area", link="/areas/{slug}"),
        Field("n", "Homes", "count", status="n_status"),
        Field("share", "Share", "share"),
    )
    made = _made(_part(KINDS["tiles"](), frame, *fields))
    values = {row["label"]: row for row in made["data"]["values"]}
    assert values["Leeds"]["count_1"] == "26"
    assert values["Bexley"]["count_1"] == "withheld (c)"
    assert values["Barnet"]["page"] == "/areas/barnet"
    tips = next(leaf["encoding"]["tooltip"] for leaf in _leaves(made) if "tooltip" in leaf["encoding"])
    assert {"field": "count_1", "title": "Homes", "type": "nominal"} in tips


def test_a_hidden_column_is_not_told() -> None:
    frame = pl.DataFrame({"name": ["Leeds"], "n": [3]})
    made = _made(_part(KINDS["tiles"](), frame, Field("name", "A"), Field("n", "N", "count", shown=False)))
    assert "count_1" not in json.dumps(made)


def _laid(*rows: tuple[str, ...]) -> Part:
    columns = (Column("Check"), Column("Inspections", numeric=True), Column("Ratio", numeric=True))
    return part_of_table(Table("t", "Caption", columns, tuple(Row(row) for row in rows)))


def test_a_row_is_found_by_its_words_or_not_at_all() -> None:
    rows = Rows(_laid(("The same homes", "4,710", "1.31"), ("One each", "900", "1.20")))
    assert rows.titles == {"count_1": "Inspections"}
    assert rows.find("The same homes") == {"count_1": "4,710"}
    assert rows.find("The same homes", "Overall") == {}
    twice = Rows(_laid(("The same homes", "4,710", "1.31"), ("The same homes", "12", "1.20")))
    assert twice.find("The same homes") == {}


def test_the_name_itself_goes_before_a_name_that_holds_it() -> None:
    frame = pl.DataFrame({"name": ["Leicestershire", "Leicester"], "n": [1, 2]})
    rows = Rows(_part(None, frame, Field("name", "A"), Field("n", "N", "count")))
    assert rows.find("Leicester") == {"count_1": "2"}


def test_synthetic_data_say_so_in_the_chart_itself() -> None:
    made = _made(_part(KINDS["lines"]()), {**FACTS, "synthetic": True})
    assert made["title"]["subtitle"][0] == "Synthetic data: no number here is about a real home."


def test_words_of_the_data_are_data() -> None:
    hostile = '"]; alert(1) //<b>\\'
    chart = LineChart((LinePanel(hostile, (Line(hostile, "one", ((2020, 1.0),)), Line(FP, "two", ()))),))
    made = _made(_part(Picture(hostile, hostile, chart)))
    assert made["data"]["values"][0]["series"] == hostile
    assert "<b>" not in vl_convert.vegalite_to_svg(made)


def test_charts_with_nothing_in_them_are_drawn_empty() -> None:
    for chart in (Forest((), "A", "b", "c"), LineChart(()), DotChart((), ""), Scatter((), (), "x", "y")):
        made = _made(_part(Picture("T", "D", chart)))
        assert "<svg" in vl_convert.vegalite_to_svg(made)


def test_a_part_without_a_chart_is_refused() -> None:
    part = _part(None)
    assert not can_specify(part)
    assert not can_specify(_part(Picture("T", "D", "<svg/>")))
    with pytest.raises(ValueError, match="'chart' has no chart"):
        _made(part)
