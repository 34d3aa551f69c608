"""The funnel of places against looked-after children: every authority a point, the area marked and named."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from profile_tables import dataset_of, listed, published

from ofsight.planning.area_plan import plan_area
from ofsight.planning.inputs import PlanInputs, gather_inputs
from ofsight.planning.sections.expected import expected_figure
from ofsight.profiles.area import find_area
from ofsight.report.charts.model import Scatter
from ofsight.report.document import Figure, plain

LOOKED_AFTER = ("number and rate", "Looked after on 31 March", "Total", "children")
NORTH_WEST = (
    *("Bolton", "Bury", "Cheshire East", "Cumberland", "Knowsley", "Lancashire", "Liverpool", "Manchester"),
    *("Oldham", "Rochdale", "Salford", "Sefton", "Stockport", "Tameside", "Trafford", "Wigan", "Wirral"),
)


@pytest.fixture(scope="module")
def inputs() -> PlanInputs:
    """Seventeen authorities with children and places beyond chance; Bury's children are withheld."""
    rng = np.random.default_rng(5)
    homes, children = [], []
    for place, name in enumerate(NORTH_WEST):
        n = 150 + 60 * place
        children.append(published(name, 2024, LOOKED_AFTER, "c" if name == "Bury" else n))
        for number in range(int(rng.poisson(n / 30 * rng.gamma(2, 0.5)))):
            homes.append(listed(f"SC{place:02}{number:03}", authority=name, places=4))
    return gather_inputs(dataset_of(home_snapshots=homes, authority_statistics=children))


def figure_of(inputs: PlanInputs, text: str) -> tuple[Figure, Scatter]:
    figure = expected_figure(plan_area(inputs, find_area(inputs.dataset, text)))
    assert figure is not None
    assert isinstance(figure.chart, Scatter)
    return figure, figure.chart


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("Salford", ["Salford"]),
        ("Wigan+Bolton", ["Bolton", "Wigan"]),
        ("England", None),
        ("North West", None),
    ],
)
def test_every_authority_with_a_number_is_a_point_and_the_area_is_marked(inputs, text, marked):
    _, chart = figure_of(inputs, text)
    frame = inputs.places.frame.filter(pl.col("ratio").is_not_null())
    points = [(point.label, point.x, point.y) for point in chart.points]
    assert sorted(points) == sorted(frame.select("authority", "expected", "ratio").iter_rows())
    assert "Bury" not in {label for label, *_ in points}
    outlying = frame.filter(pl.col("position") != "within")["authority"].to_list()
    wanted = {"England": outlying, "North West": [label for label, *_ in points]}.get(text, marked)
    found = [point for point in chart.points if point.series == "two"]
    assert sorted(point.label for point in found) == sorted(wanted)
    assert [point.named for point in found] == [place < 12 for place in range(len(found))]
    assert [pair.label for pair in chart.limits] == [
        "95% by chance", "99.8% by chance", "95% as authorities differ",
    ]  # fmt: skip


def test_it_says_how_many_lie_within_chance_and_where_the_area_stands(inputs):
    figure, _ = figure_of(inputs, "Salford")
    frame = inputs.places.frame
    row = frame.filter(authority="Salford").row(0, named=True)
    inside = frame.filter(chance_position="within").height
    assert f"{inside} lie within the first" in figure.description
    assert (
        f"Salford has {row['observed']} places where {row['expected']:.0f} are expected" in figure.description
    )
    assert f"{inside} of 16 lie within the 95% limits of chance" in plain(figure.table.note)
    low, high = row["funnel_low_95"], row["funnel_high_95"]
    assert (row["chance_position"] == "within") == (low - 1e-9 <= row["ratio"] <= high + 1e-9)


def test_withheld_children_stand_in_the_table_with_their_symbol(inputs):
    figure, _ = figure_of(inputs, "Bury")
    rows = {plain(row.cells[0]): [plain(cell) for cell in row.cells[1:]] for row in figure.table.rows}
    assert set(rows) > set(NORTH_WEST)
    assert rows["Bury"][1] == "withheld (c)"
    assert "no expected number" in figure.title


def test_without_a_model_there_is_no_funnel():
    data = dataset_of(home_snapshots=[listed("SC1", authority="Bolton")])
    assert expected_figure(plan_area(gather_inputs(data), find_area(data, "Bolton"))) is None
