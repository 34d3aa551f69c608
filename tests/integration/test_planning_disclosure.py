"""No sum or difference of what the plans show brings a withheld number back, on the official releases.

What is withheld is not in the releases, so no test can look for it. Instead everything shown about a measure
in a year is written down as equations (sets add up exactly, DfE's totals to the nearest 10, shares to the
nearest whole per cent), and a linear programme asks for the least and the most that each withheld number can
be. DfE withholds 1 to 5: a range that rules out some of these, but not all, would tell something.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

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
from ofsight.profiles.children import children_over_time
from ofsight.profiles.withheld import WITHHELD_HERE, within_totals, without_homes
from ofsight.report.document import Cell, Table, plain

COUNTS = ("looked_after", "children_in_homes", "net_loss_in_homes", "out_of_area_in_homes")
HALF_OF_TEN = 5.0
OF_PROFILES = {
    "looked_after": ("looked_after", 1.0),
    "in_homes": ("children_in_homes", 1.0),
    "homes_net_gain": ("net_loss_in_homes", -1.0),
    "in_homes_percent": ("in_homes_percent", 1.0),
    "homes_out_of_area_percent": ("out_of_area_in_homes_share", 1.0),
}
"""The measures of profiles by the names that the pack gives them, and their sign."""

SHOWN_BY_BOTH = frozenset(
    {"looked_after", "children_in_homes", "net_loss_in_homes", "out_of_area_in_homes_share"}
)
SHARES_OF = (("in_homes_percent", "children_in_homes", "looked_after"),)
"""Shares in whole per cent: of what, and of which whole. DfE's share outside the authority is over a count
of its own, which no output shows, so that nothing can be worked out of it; it goes where its count goes."""


@pytest.fixture(scope="module")
def inputs(official_dataset: Dataset) -> PlanInputs:
    return gather_inputs(official_dataset)


Interval = tuple[float, float]


@dataclass(frozen=True)
class Shown:
    """Everything that any output shows of the four counts of one year.

    ``cells`` are those of authorities by measure and name (None where withheld), ``totals`` intervals of
    printed totals by measure and name, from the count itself (rounded to 10) or a share of another count.
    """

    cells: dict[str, dict[str, float | None]]
    totals: dict[tuple[str, str], Interval]
    bare: frozenset[str]


def everything_shown(inputs: PlanInputs, need: pl.DataFrame) -> dict[int, Shown]:
    """Gather what the pack (`need`) and the area edition, explorer and its twins (profiles) show."""
    data, found = inputs.dataset, {}
    areas = [find_area(data, slug) for slug in list_areas(data)["slug"]]
    areas += [find_area(data, name) for name in ("Inner London", "Outer London")]
    profiles = pl.concat(
        children_over_time(data, area)
        .filter(pl.col("measure").is_in(list(OF_PROFILES)))
        .select(
            pl.lit(area.name).alias("name"),
            pl.lit(area.is_single).alias("single"),
            "measure",
            "year",
            "value",
            withheld=(pl.col("status_meaning") == "suppressed") | (pl.col("status") == WITHHELD_HERE),
        )
        for area in areas
    )
    bare = without_homes(data)
    for year in need["year"].unique().sort():
        mine, theirs = need.filter(year=year), profiles.filter(year=year)
        authorities = mine.filter(pl.col("level") == "authority")
        cells: dict[str, dict[str, float | None]] = {measure: {} for measure in COUNTS}
        for measure, name, value, hidden in authorities.select(
            "measure", "name", "value", "withheld"
        ).iter_rows():
            if measure in cells and (value is not None or hidden):
                cells[measure][name] = value
        for name, measure, value in theirs.filter("single").select("name", "measure", "value").iter_rows():
            count, sign = OF_PROFILES[measure]
            if count in cells and value is not None and cells[count].get(name, 0.0) is None:
                cells[count][name] = sign * value
        found[year] = Shown(
            cells, _totals(mine, theirs), frozenset(name for name, when in bare if when == year)
        )
    return found


def _totals(mine: pl.DataFrame, theirs: pl.DataFrame) -> dict[tuple[str, str], Interval]:
    """Return what every printed total may be, from counts and from shares of counts."""
    totals: dict[tuple[str, str], Interval] = {}

    def add(measure: str, name: str, low: float, high: float) -> None:
        before = totals.get((measure, name), (-math.inf, math.inf))
        totals[measure, name] = (max(before[0], low), min(before[1], high))

    columns = ("measure", "name", "value")
    totals_of_pack = mine.filter(pl.col("level") != "authority").select(columns).drop_nulls()
    printed = list(totals_of_pack.iter_rows())
    for measure, name, value in theirs.filter(~pl.col("single")).select(columns).drop_nulls().iter_rows():
        count, sign = OF_PROFILES[measure]
        printed.append((count, name, sign * value))
    for measure, name, value in printed:
        if measure in COUNTS:
            add(measure, name, value - HALF_OF_TEN, value + HALF_OF_TEN)
    for measure, name, value in printed:
        for share, part, whole in SHARES_OF:
            if measure == share and (whole, name) in totals:
                low, high = totals[whole, name]
                add(part, name, (value - 0.5) * low / 100, (value + 0.5) * high / 100)
    return totals


def ranges(shown: Shown, measure: str, within: dict[str, frozenset[str]]) -> dict[str, Interval]:
    """Return the least and the most that each withheld number of a measure can be, by linear programmes.

    The net loss is those placed out less those who came: so no more than those placed out, and just those
    where there is no home to come to.
    """
    cells = shown.cells[measure]
    unknown = sorted(name for name, value in cells.items() if value is None)
    if not unknown:
        return {}
    above, bounds = [], []
    for (counted, total), (low, high) in shown.totals.items():
        inside = within.get(total, frozenset())
        row = np.array([float(name in inside) for name in unknown])
        if counted == measure and row.any():
            rest = sum(value for name, value in cells.items() if value is not None and name in inside)
            # An authority whose cell is not published at all may be any number: then no bound below.
            if all(name in cells for name in inside & shown.cells["looked_after"].keys()):
                above.append(-row)
                bounds.append(rest - low)
            above.append(row)
            bounds.append(high - rest)
    limits = [own_range(shown, measure, name) for name in unknown]
    found = {}
    for place, name in enumerate(unknown):
        ends = []
        for sign in (1, -1):
            goal = np.zeros(len(unknown))
            goal[place] = sign
            answer = linprog(
                goal, bounds=limits, **({"A_ub": np.array(above), "b_ub": bounds} if above else {})
            )
            assert answer.status in (0, 3), f"{measure} {name}: what is shown contradicts itself"
            ends.append(sign * answer.fun if answer.status == 0 else math.inf)
        found[name] = (ends[0], ends[1])
    return found


def own_range(
    shown: Shown, measure: str, name: str, *, homes: bool = True
) -> tuple[float | None, float | None]:
    """Return what an authority's own shown cells say of a withheld one; `homes`: with our count of homes."""
    if measure == "net_loss_in_homes":
        return (None, None)
    loss = shown.cells["net_loss_in_homes"].get(name)
    if measure == "looked_after" or loss is None:
        return (0.0, None)
    if homes and name in shown.bare and measure == "out_of_area_in_homes":
        return (loss, loss)
    return (max(loss, 0.0), None)


def possible(interval: tuple[float | None, float | None]) -> frozenset[int]:
    """Return which of 1 to 5 an interval leaves."""
    low, high = interval
    return frozenset(
        n for n in range(1, 6) if (low is None or low - 1e-6 <= n) and (high is None or n <= high + 1e-6)
    )


def narrowed(inputs: PlanInputs, need: pl.DataFrame) -> tuple[int, list[str]]:
    """Return how many withheld cells were attacked, and which are told more than their own cells tell."""
    within = {
        str(total): frozenset(names)
        for total, names in within_totals(inputs.dataset).group_by("total").agg("name").iter_rows()
    }
    n_cells, told = 0, []
    for year, shown in everything_shown(inputs, need).items():
        for measure in COUNTS:
            for name, interval in ranges(shown, measure, within).items():
                n_cells += 1
                own = own_range(shown, measure, name, homes=False)
                windows = [(interval, own)]
                homes = shown.cells["children_in_homes"].get(name)
                if measure == "out_of_area_in_homes" and homes is not None:
                    # Those within the area are withheld too: what is left of all in homes.
                    windows.append((turned(homes, interval), turned(homes, own)))
                for found, before in windows:
                    left = possible(found)
                    if left and left < possible(before):
                        told.append(f"{measure} {year} {name}: {found}")
    return n_cells, told


def turned(whole: float, interval: tuple[float | None, float | None]) -> tuple[float | None, float | None]:
    low, high = interval
    return (None if high is None else whole - high, None if low is None else whole - low)


def test_no_output_narrows_a_withheld_number(inputs):
    n_cells, told = narrowed(inputs, inputs.need)
    assert not told
    assert n_cells > 550


def test_the_attack_finds_what_totals_as_published_tell(official_dataset, inputs):
    """The test can fail: with one total as DfE prints it, a withheld number is narrowed."""
    hidden = inputs.need.filter(status=TOTAL_NOT_SHOWN, measure="out_of_area_in_homes")
    assert hidden.height > 0
    printed = official_dataset.sql(
        "select published_name as name, year, value as printed from authority_statistics "
        "where level = 'Regional' and newest and measure = 'children' and topic = 'out of area in "
        "children''s homes'"
    ).with_columns(pl.col("year").cast(inputs.need.schema["year"]))
    mask = (pl.col("status") == TOTAL_NOT_SHOWN) & (pl.col("measure") == "out_of_area_in_homes")
    need = inputs.need.join(printed, on=["name", "year"], how="left").with_columns(
        value=pl.when(mask).then("printed").otherwise("value")
    )
    years = hidden["year"].unique()
    _, told = narrowed(inputs, need.filter(pl.col("year").is_in(years.to_list())))
    assert {name for name in told if "Rutland" in name}


@pytest.mark.parametrize("name", ["East Midlands", "London", "England"])
def test_pack_edition_and_explorer_withhold_the_same_totals(inputs, name):
    data = inputs.dataset
    area = find_area(data, name)
    rows = children_over_time(data, area).filter(status=WITHHELD_HERE)
    theirs = {(OF_PROFILES.get(m, ("", 1))[0], y) for m, y in rows.select("measure", "year").iter_rows()}
    series = need_series(inputs.need, data, area)
    ours = series.filter(status=TOTAL_NOT_SHOWN)
    told = set(ours.select("measure", "year").iter_rows())
    assert {cell for cell in theirs if cell[0] in SHOWN_BY_BOTH} == {
        cell for cell in told if cell[0] in SHOWN_BY_BOTH
    }
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
        ("Children in children’s and secure homes", "children_in_homes"),
        ("Children in homes outside the authority", "out_of_area_in_homes"),
    ):
        if plan.value(measure).value is None:
            assert not any(letter.isdigit() for letter in shown[label])
    assert plan.value("out_of_area_in_homes").value is None


def text(cell: object) -> str:
    return plain(cell.text if isinstance(cell, Cell) else cell)  # type: ignore[arg-type]
