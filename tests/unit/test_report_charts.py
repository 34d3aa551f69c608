"""Charts: well-formed, escaped, legible on a phone, and true to their numbers."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ofsight.report.charts import NARROW, WIDE, draw, draw_alone
from ofsight.report.charts.axis import Log, Root, Straight, spread
from ofsight.report.charts.curve import shown_points
from ofsight.report.charts.model import (
    Chart,
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
)
from ofsight.report.charts.svg import text_width

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = '<script>alert("&")</script>'

FOREST = Forest(
    (
        ForestGroup(
            HOSTILE,
            (
                ForestRow("For-profit, unadjusted", 0.56, 0.48, 0.66, "two"),
                ForestRow("Third sector, age at inspection", 0.83, 0.62, 1.10, "three", hollow=True),
                ForestRow("Never converged", None, None, None),
                ForestRow("Runs off", 0.9, 1e-9, 1e9),
            ),
        ),
    ),
    "Odds ratio of a better grade (logarithmic scale); 1 means the same as local authority homes",
    "lower grades",
    "higher grades",
)
LINES = LineChart(
    (
        LinePanel(
            HOSTILE,
            (
                Line("Local authority", "one", ((2014, 400), (2015, 420), (2017, 380))),
                Line("Third sector", "three", ((2014, 390), (2015, 410), (2017, 378))),
            ),
        ),
        LinePanel("Homes", (Line("Local authority", "one", ((2014, 0),)),)),
    )
)
DOTS = DotChart(
    (
        DotPanel(
            "Overall",
            (
                DotRow(
                    "Requires improvement to be good",
                    (Dot(HOSTILE, "one", 0.2, 0.1, 0.3), Dot("For-profit", "two", 0.25, None, None)),
                ),
            ),
        ),
    ),
    "Percent",
)


RATIOS = RatioChart(
    tuple(
        RatioPanel(
            title,
            tuple(
                RatioSeries(
                    label,
                    series,
                    (
                        RatioPoint(2014, 0.5, 0.4, 0.7),
                        RatioPoint(2016, 1.4, 0.01, 90),
                        RatioPoint(2025, 1, None, None),
                    ),
                )
                for label, series in (("For-profit", "two"), (HOSTILE, "three"))
            ),
        )
        for title in ("Overall", "Leadership", "Protection")
    ),
    "Odds ratio of a better grade (logarithmic scale); 1 means the same as local authority homes",
)


def _curve(n: int) -> Curve:
    """A curve of so many points, in no order, with choices that go with their place."""
    points = tuple(
        CurvePoint(r, r * 0.8, r * 1.25, ("Overall" if i % 2 else HOSTILE, "Without the largest owners"))
        for i, r in enumerate(0.5 + 0.9 * ((7 * k) % n) / n for k in range(n))
    )
    kinds = (
        CurveKind("Judgement", ("Overall", HOSTILE)),
        CurveKind("Sample", ("All", "Without the largest owners")),
    )
    return Curve(points, kinds, "Odds ratio of a better grade (logarithmic scale)")


CURVE = _curve(60)

SCATTER = Scatter(
    (
        ScatterPoint(HOSTILE, 100, 0.5, "two", named=True),
        ScatterPoint("Far above", 40, 8.1, hollow=True),
        *(ScatterPoint(f"Authority {n}", 10.0 * n, 0.2 * n, hollow=n % 2 == 0) for n in range(1, 20)),
    ),
    (
        Limits("95% by chance", "near", ((1, 0, 9), (50, 0.7, 1.3), (450, 0.9, 1.1))),
        Limits("95% as they differ", "wide", ((1, 0, 4), (450, 0.1, 2.7))),
    ),
    "Places expected of as many looked-after children (square-root scale)",
    "Places, observed over expected",
    (("Here", "two", False), ("Others", "one", True)),
    centre=1.0,
    root=True,
    top=5.0,
)


def parsed(chart: Chart, width: float) -> ElementTree.Element:
    text = draw(chart, width, name="x", title=HOSTILE, description="Says “what” & why", alone=False)
    return ElementTree.fromstring(text)


@pytest.mark.parametrize("width", [NARROW, WIDE])
@pytest.mark.parametrize(
    "chart",
    [FOREST, LINES, DOTS, RATIOS, CURVE, _curve(3000), Curve((), (), "a"), SCATTER, Scatter((), (), "", "")],
    ids=["forest", "lines", "dots", "ratios", "curve", "long curve", "no curve", "scatter", "no scatter"],
)
def test_a_chart_is_well_formed_named_and_inside_its_sheet(chart: Chart, width: float) -> None:
    svg = parsed(chart, width)
    _, _, across, down = (float(n) for n in svg.attrib["viewBox"].split())
    assert across == width
    assert svg.attrib["role"] == "img"
    ids = svg.attrib["aria-labelledby"].split()
    assert [svg.find(f"{SVG}title").attrib["id"], svg.find(f"{SVG}desc").attrib["id"]] == ids
    assert svg.find(f"{SVG}title").text == HOSTILE, "escaped on the way in, whole on the way out"
    assert not svg.findall(f".//{SVG}script")
    for text in svg.findall(f".//{SVG}text"):
        size, x, y = (float(text.attrib[key]) for key in ("font-size", "x", "y"))
        assert size >= 12
        assert 0 <= y <= down
        start = x - {"middle": 0.5, "end": 1.0}.get(text.attrib.get("text-anchor", ""), 0.0) * text_width(
            text.text or "", size
        )
        assert start >= -6, text.text
        assert start + text_width(text.text or "", size) <= width + 6, text.text


def test_a_file_carries_its_colours_and_a_page_does_not() -> None:
    assert "#F46A25" in draw_alone(FOREST, title="t", description="d")
    assert "#F46A25" not in draw(FOREST, WIDE, name="x", title="t", description="d")


def test_an_estimate_that_is_missing_says_so_and_has_no_marker() -> None:
    only = Forest((ForestGroup("G", (ForestRow("None", None, None, None),)),), "a", "b", "c")
    svg = parsed(only, WIDE)
    assert "not estimated" in [text.text for text in svg.iter(f"{SVG}text")]
    assert not [shape for shape in svg.iter() if "mark" in shape.attrib.get("class", "").split()]


def test_an_interval_that_runs_off_the_axis_ends_in_arrows() -> None:
    only = Forest((ForestGroup("G", (ForestRow("Wide", 1.0, 1e-9, 1e9),)),), "a", "b", "c")
    arrows = [p for p in parsed(only, WIDE).iter(f"{SVG}path") if "whisker" in p.attrib["class"]]
    assert len(arrows) == 2


def test_markers_stand_where_the_axis_puts_their_estimates() -> None:
    only = Forest(
        (ForestGroup("G", tuple(ForestRow("R", r, r / 1.1, r * 1.1) for r in (0.5, 1.0, 2.0))),), "", "", ""
    )
    places = [float(c.attrib["cx"]) for c in parsed(only, WIDE).iter(f"{SVG}circle")]
    assert places[1] - places[0] == pytest.approx(places[2] - places[1], abs=0.2), (
        "halving and doubling weigh the same"
    )
    line = next(
        float(line.attrib["x1"])
        for line in parsed(only, WIDE).iter(f"{SVG}line")
        if line.attrib["class"] == "reference"
    )
    assert places[1] == pytest.approx(line, abs=0.1)


def test_a_year_without_a_value_breaks_the_line() -> None:
    paths = [
        p.attrib["d"] for p in parsed(LINES, WIDE).iter(f"{SVG}path") if p.attrib["class"].startswith("line")
    ]
    assert len(paths) == 2, "2014 to 2015 for each; 2017 stands alone"
    assert all(len(re.findall(r"[ML]", path)) == 2 for path in paths)


@given(st.lists(st.floats(0.001, 1000), max_size=8))
def test_a_log_axis_holds_one_and_orders_its_values(values: list[float]) -> None:
    axis = Log.around(values, 0, 300)
    assert axis.holds(1)
    assert 1.0 in axis.ticks(36)
    places = [axis.at(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(0 <= place <= 300.001 for place in places)
    ticks = [axis.at(tick) for tick in axis.ticks(36)]
    assert all(right - left >= 36 - 1e-9 for left, right in pairwise(ticks))


@given(st.floats(0.0001, 1e7), st.integers(2, 6))
def test_a_straight_axis_starts_at_zero_and_reaches_the_largest(most: float, n_ticks: int) -> None:
    axis = Straight.upto(most, 200, 0, n_ticks)
    assert axis.at(0) == 200
    assert axis.high >= most * 0.999
    assert axis.ticks()[0] == 0
    assert len(axis.ticks()) <= n_ticks + 2


@given(st.lists(st.floats(0, 200), max_size=6))
def test_spread_labels_keep_their_order_and_distance(wanted: list[float]) -> None:
    places = spread(wanted, 16, 0, 200)
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    ordered = [places[i] for i in order]
    assert all(b - a >= 16 - 1e-9 for a, b in pairwise(ordered))
    assert all(-1e-9 <= place <= 200 + 1e-9 for place in places)


def _ticks(svg: ElementTree.Element) -> list[tuple[float, float]]:
    boxes = [box for box in svg.iter(f"{SVG}rect") if box.attrib["class"] == "tick"]
    return [(float(box.attrib["x"]), float(box.attrib["y"])) for box in boxes]


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_a_curve_rises_and_marks_each_choice_once_below_its_ratio(width: float) -> None:
    few = _curve(20)
    svg = parsed(few, width)
    starts = [
        shape.attrib["d"] for shape in svg.iter(f"{SVG}path") if "mark" in shape.attrib["class"].split()
    ]
    places = [tuple(float(v) for v in d[1:].split("L")[0].split()) for d in starts]
    assert len(places) == 20
    assert all(a[0] < b[0] and a[1] > b[1] for a, b in pairwise(places)), "from the smallest up"
    ticks = _ticks(svg)
    assert len(ticks) == 40, "one mark a kind of choice"
    assert len({y for _, y in ticks}) == 3, "a choice that no model made has no mark"
    hollow = [s for s in svg.iter(f"{SVG}path") if "hollow" in s.attrib["class"].split()]
    assert len(hollow) == sum(p.low <= 1 <= p.high for p in few.points)


def test_a_long_curve_is_drawn_in_part_from_end_to_end() -> None:
    long = _curve(3000)
    part = shown_points(long, 300)
    assert len(part) == 120
    assert part == sorted(part, key=lambda point: point.estimate)
    ratios = [point.estimate for point in long.points]
    assert (part[0].estimate, part[-1].estimate) == (min(ratios), max(ratios))
    assert shown_points(CURVE, 300) == sorted(CURVE.points, key=lambda point: point.estimate)
    assert len(draw(long, NARROW, name="x", title="t", description="d")) < 60_000


def _marks(svg: ElementTree.Element) -> list[tuple[float, float]]:
    """Where circles stand."""
    return [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in svg.iter(f"{SVG}circle")]


def test_points_stand_where_their_numbers_put_them_and_what_is_too_high_at_the_edge_with_its_number() -> None:
    circles = [(4.0, 1.0), (9.0, 2.0), (16.0, 4.0), (25.0, 8.0)]
    chart = Scatter(
        tuple(ScatterPoint(f"P{n}", *at) for n, at in enumerate(circles)), (), "", "", root=True, top=4.0
    )
    svg = parsed(chart, WIDE)
    placed = sorted(_marks(svg))
    across = [x for x, _ in placed]
    assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=0.2), "square roots 2, 3, 4"
    assert across[3] - across[2] == pytest.approx(across[1] - across[0], abs=0.2)
    down = [y for _, y in placed]
    assert down[0] - down[1] == pytest.approx((down[1] - down[2]) / 2, abs=0.2), "1, 2, 4"
    assert down[3] == down[2], "8 is drawn at the edge, 4"
    words = [text.text for text in svg.iter(f"{SVG}text")]
    assert "P3 8.0" in words
    assert "P0" not in words, "only what asks for it is named"
    straight = replace(chart, root=False, top=None)
    across = [x for x, _ in sorted(_marks(parsed(straight, WIDE)))]
    assert (across[1] - across[0]) / (across[3] - across[2]) == pytest.approx(5 / 9, abs=0.01)


def test_limits_are_drawn_where_they_are_on_the_sheet_and_named_in_the_key() -> None:
    svg = parsed(SCATTER, WIDE)
    lines = [p for p in svg.iter(f"{SVG}path") if "limit" in p.attrib["class"].split()]
    drawn = [line for line in lines if "limit wide" in line.attrib["class"]]
    assert len(drawn) == 3, "one of the key, one above, one below"
    near = [line.attrib["d"].count("L") for line in lines if line.attrib["class"] == "limit near"]
    assert sorted(near) == [1, 1, 2], "the upper line begins where it is on the sheet"
    assert "95% by chance" in [text.text for text in svg.iter(f"{SVG}text")]


def test_shares_that_are_all_high_have_the_whole_height() -> None:
    points = (ScatterPoint("P0", 10, 0.62), ScatterPoint("P1", 20, 1.0))
    limits = (Limits("95% by chance", "near", ((5, 0.2, 1.0), (10, 0.6, 1.0), (20, 0.7, 0.9))),)
    svg = parsed(Scatter(points, limits, "", "", percent=True, bottom=0.5), WIDE)
    words = [text.text for text in svg.iter(f"{SVG}text")]
    assert [word for word in words if word and word.endswith("%")] == [
        "50%",
        "60%",
        "70%",
        "80%",
        "90%",
        "100%",
    ]
    low, high = (y for _, y in sorted(_marks(svg)))
    rules = sorted(
        float(line.attrib["y1"]) for line in svg.iter(f"{SVG}line") if "grid" in line.attrib["class"]
    )
    assert high == pytest.approx(rules[0], abs=0.2)
    assert rules[3] < low < rules[4], "between 70% and 60%"
    drawn = [p.attrib["d"] for p in svg.iter(f"{SVG}path") if p.attrib["class"] == "limit near"][1:]
    assert [shape.count("L") for shape in drawn] == [1, 2], "the lower line begins where it is on the sheet"


@pytest.mark.parametrize("width", [NARROW, WIDE])
def test_names_lie_neither_on_each_other_nor_on_the_points_they_tell_apart(width: float) -> None:
    crowd = tuple(
        ScatterPoint(f"Authority {n}", 50 + n % 5, 1 + 0.03 * (n // 5), "two", named=True) for n in range(30)
    )
    svg = parsed(Scatter(crowd, (), "", ""), width)
    boxes = []
    for text in svg.iter(f"{SVG}text"):
        if "named" in text.attrib.get("class", ""):
            size, x, y = (float(text.attrib[key]) for key in ("font-size", "x", "y"))
            wide = text_width(text.text or "", size)
            start = x - wide if text.attrib.get("text-anchor") == "end" else x
            boxes.append((start, y - size, start + wide, y))
    assert 1 <= len(boxes) < 30
    for i, a in enumerate(boxes):
        assert all(a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1] for b in boxes[i + 1 :])


@given(st.floats(0.3, 1e5), st.floats(20, 80))
def test_a_root_axis_begins_at_zero_and_its_ticks_keep_their_distance(high: float, apart: float) -> None:
    axis = Root(high, 10, 600)
    assert axis.at(0) == 10
    assert axis.at(high) == pytest.approx(600)
    ticks = axis.ticks(apart)
    assert ticks[0] == 0
    assert ticks[-1] <= high
    assert len(ticks) >= 2
    assert all(axis.at(b) - axis.at(a) >= apart - 1e-9 for a, b in pairwise(ticks))
