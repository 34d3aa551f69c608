"""No sum or difference of what the plans show brings a withheld number back, on the official releases.

What is withheld is not in the releases, so no test can look for it. Instead everything shown about a measure
in a year is written down as equations (sets add up exactly, DfE's totals to the nearest 10, shares to the
nearest whole per cent), and a linear programme asks for the least and the most that each withheld number can
be. DfE withholds 1 to 5: a range that rules out some of these, but not all, would tell something.
"""

from __future__ import annotations

import math
import random

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

from ofsight.dataset.store import Dataset
from ofsight.planning.area_plan import AreaPlan, plan_area
from ofsight.planning.inputs import PlanInputs, gather_inputs
from ofsight.planning.measures.need import TOTAL_NOT_SHOWN, need_series
from ofsight.planning.models.need import forecast_need
from ofsight.planning.pack import make_pack
from ofsight.profiles.area import Area, find_area, list_areas
from ofsight.report.document import Cell, Table, plain

COUNTS = ("looked_after", "children_in_homes", "net_loss_in_homes", "out_of_area_in_homes")
HALF_OF_TEN = 5.0


@pytest.fixture(scope="module")
def inputs(official_dataset: Dataset) -> PlanInputs:
    return gather_inputs(official_dataset)


def ranges(need: pl.DataFrame, measure: str, year: int) -> dict[str, tuple[float, float]]:
    """Return the least and the most that each withheld number of a measure in a year can be.

    An authority that the year's table does not show (abolished since) may be any number: it is a variable
    too, one a region.
    """
    shown = need.filter(measure=measure, year=year)
    members = shown.filter(level="authority")
    unknown = members.filter(pl.col("withheld")).select("name", "region").rows()
    unseen = members.filter(pl.col("value").is_null() & ~pl.col("withheld"))["region"].unique().to_list()
    if not unknown:
        return {}
    regions = [region for _, region in unknown] + unseen
    known, above, bounds = members.drop_nulls("value"), [], []
    totals = shown.filter((pl.col("level") != "authority") & pl.col("value").is_not_null())
    for level, name, value in totals.select("level", "name", "value").iter_rows():
        inside = known if level == "england" else known.filter(region=name)
        row = np.array([float(level == "england" or region == name) for region in regions])
        left = value - inside["value"].sum()
        above += [row, -row]
        bounds += [left + HALF_OF_TEN, HALF_OF_TEN - left]
    limits = {"A_ub": np.array(above), "b_ub": bounds} if above else {}
    found = {}
    for place, (name, _) in enumerate(unknown):
        ends = []
        for sign in (1, -1):
            goal = np.zeros(len(regions))
            goal[place] = sign
            answer = linprog(goal, bounds=(0, None), **limits)
            assert answer.status in (0, 3), f"{measure} {year}: what is shown contradicts itself"
            ends.append(sign * answer.fun if answer.status == 0 else math.inf)
        found[name] = (ends[0], ends[1])
    return found


def tells(low: float, high: float) -> bool:
    """Whether a range rules out some of 1 to 5, but not all."""
    possible = [low - 1e-6 <= n <= high + 1e-6 for n in range(1, 6)]
    return any(possible) and not all(possible)


def test_no_total_narrows_a_withheld_number(inputs):
    n_cells = 0
    for measure in COUNTS:
        for year in inputs.need.filter(measure=measure)["year"].unique().sort():
            for name, (low, high) in ranges(inputs.need, measure, year).items():
                n_cells += 1
                assert not tells(low, high), f"{measure} {year} {name}: {low:.1f} to {high:.1f}"
    assert n_cells > 500


def test_totals_as_published_would_narrow_some(official_dataset, inputs):
    """The test can fail: with every total as DfE prints it, some withheld numbers are narrowed."""
    hidden = inputs.need.filter(status=TOTAL_NOT_SHOWN, measure="out_of_area_in_homes")
    assert hidden.height > 0
    printed = official_dataset.sql(
        "select published_name as name, year, value as printed from authority_statistics "
        "where level = 'Regional' and newest and measure = 'children' and topic = 'out of area in "
        "children''s homes'"
    ).with_columns(pl.col("year").cast(pl.Int32))
    need = (
        inputs.need.with_columns(pl.col("year").cast(pl.Int32))
        .join(printed, on=["name", "year"], how="left")
        .with_columns(
            value=pl.when(
                (pl.col("status") == TOTAL_NOT_SHOWN) & (pl.col("measure") == "out_of_area_in_homes")
            )
            .then("printed")
            .otherwise("value")
        )
    )
    told = [
        name
        for year in hidden["year"].unique()
        for name, (low, high) in ranges(need, "out_of_area_in_homes", year).items()
        if tells(low, high)
    ]
    assert told


def test_a_share_is_not_shown_where_its_count_is_not(inputs):
    counts = inputs.need.filter(measure="out_of_area_in_homes", status=TOTAL_NOT_SHOWN)
    shares = inputs.need.filter(measure="out_of_area_in_homes_share").join(
        counts.select("level", "name", "year"), on=["level", "name", "year"], how="semi"
    )
    assert shares.height == counts.height > 0
    assert shares["value"].null_count() == shares.height


def test_no_two_sets_differ_by_a_withheld_authority(inputs):
    """Every set with a withheld member has no sum, so no sum less another is that member."""
    data, draw = inputs.dataset, random.Random(2022)
    codes = dict(list_areas(data).filter(kind="authority").select("name", "code").iter_rows())
    withheld = inputs.need.filter(
        (pl.col("level") == "authority") & pl.col("withheld") & pl.col("measure").is_in(COUNTS)
        & pl.col("name").is_in(list(codes))
    )  # fmt: skip
    cells = withheld.select("measure", "year", "name").rows()
    for measure, year, name in draw.sample(cells, 60):
        others = draw.sample([other for other in codes if other != name], draw.randint(1, 12))
        with_it = area_of([*others, name], codes)
        found = need_series(inputs.need, data, with_it).filter(measure=measure, year=year)
        assert found["value"].to_list() == [None]
        assert found["withheld"].to_list() == [True]


def area_of(names: list[str], codes: dict[str, str]) -> Area:
    return Area("+".join(sorted(names)), "a set", "set", tuple(sorted(codes[name] for name in names)))


def test_net_loss_of_an_area_without_homes_gives_no_withheld_number_away(inputs):
    """With no home nobody comes in, so net loss would be the number of its own children in homes."""
    homes = inputs.dataset.sql(
        "select authority as name, cast(year(listed_on) as integer) as year, count(*) as homes "
        "from home_snapshots where month(listed_on) = 3 group by 1, 2"
    ).with_columns(pl.col("year").cast(inputs.need.schema["year"]))
    seen = inputs.need.filter((pl.col("level") == "authority") & pl.col("year").is_in(homes["year"].unique()))
    bare = seen.join(homes, on=["name", "year"], how="anti")
    told = bare.filter(pl.col("measure").is_in(["children_in_homes", "out_of_area_in_homes"]), "withheld")
    net = bare.filter(measure="net_loss_in_homes").join(told, on=["name", "year"], how="semi")
    assert net.height > 10
    assert net["value"].null_count() == net.height
    assert {"City of London", "Lambeth", "Sutton", "Westminster"} <= set(net["name"])
    # Where its own children in homes are published, nothing is given away and it is shown.
    rest = bare.filter(measure="net_loss_in_homes").join(told, on=["name", "year"], how="anti")
    assert rest.drop_nulls("value").height > 10
    city = plan_area(inputs, find_area(inputs.dataset, "City of London"))
    assert city.value("net_loss_in_homes").status == "withheld here"
    assert "more children were placed" not in str(make_pack(city).sections[0].blocks[0])


def test_a_set_of_known_members_is_their_sum(inputs):
    """The rule does not hide what it need not."""
    area = find_area(inputs.dataset, "Birmingham+Norfolk")
    parts = [
        need_series(inputs.need, inputs.dataset, find_area(inputs.dataset, name))
        for name in ("Birmingham", "Norfolk")
    ]
    for measure in ("looked_after", "children_in_homes", "net_loss_in_homes"):
        total, *shown = (
            frame.filter(measure=measure, year=2024)["value"].item()
            for frame in (need_series(inputs.need, inputs.dataset, area), *parts)
        )
        assert total == sum(shown)


def derived(plan: AreaPlan) -> list[float | None]:
    """Return everything that is worked out of the area's children in homes."""
    measures = plan.measures.filter(pl.col("measure") == "places_per_100_in_homes")
    return [
        *measures["value"], *measures["low"], *measures["high"], *plan.exposure["left_per_100_in_homes"],
    ]  # fmt: skip


def test_nothing_is_worked_out_of_a_withheld_number(inputs):
    data = inputs.dataset
    current = list_areas(data).filter(kind="authority")["name"].to_list()
    rows = inputs.need.filter(
        (pl.col("level") == "authority")
        & (pl.col("measure") == "children_in_homes")
        & (pl.col("year") == inputs.list_year)
        & pl.col("name").is_in(current)
    )
    without = rows.filter(pl.col("value").is_null())["name"].to_list()
    assert "Rutland" in without
    for name in without:
        assert set(derived(plan_area(inputs, find_area(data, name)))) <= {None}, name
    looked = inputs.places
    assert looked is not None
    unknown = looked.frame.filter(pl.col("looked_after").is_null())
    assert unknown["expected"].null_count() == unknown.height


def test_no_forecast_of_a_withheld_number(inputs):
    data = inputs.dataset
    forecast = forecast_need(data, measure="in_homes")
    for name in ("Rutland", "City of London"):
        coming = forecast.for_area(find_area(data, name))
        assert coming.height > 0
        for column in ("last_value", "base", "low80", "high80", "low95", "high95"):
            assert coming[column].null_count() == coming.height, (name, column)
    # A sum with a withheld member is the sum of the others, and says so: less the others it is nothing.
    alone, both = (forecast.for_area(find_area(data, name)) for name in ("Leicester", "Leicester+Rutland"))
    assert both["last_value"].to_list() == alone["last_value"].to_list()
    assert all("withheld" in status for status in both["status"])


@pytest.mark.parametrize("name", ["City of London", "Rutland", "East Midlands", "Rutland+Leicester"])
def test_a_pack_shows_no_number_where_a_cell_is_withheld(inputs, name):
    """Row by row: where the measure of the area has a status, the cell of the table has words."""
    plan = plan_area(inputs, find_area(inputs.dataset, name))
    tables = {block.key: block for block in make_pack(plan).blocks() if isinstance(block, Table)}
    table = tables["table-need"]
    assert table.columns[2].heading in (name, plan.area.name)
    shown = {text(row.cells[0]): text(row.cells[2]) for row in table.rows}
    for label, measure in (
        ("Children in children’s homes", "children_in_homes"),
        ("Children in homes outside the authority", "out_of_area_in_homes"),
    ):
        if plan.value(measure).value is None:
            assert not any(letter.isdigit() for letter in shown[label])
    assert plan.value("out_of_area_in_homes").value is None


def text(cell: object) -> str:
    return plain(cell.text if isinstance(cell, Cell) else cell)  # type: ignore[arg-type]
