"""Published figures keep their status, sums keep what is withheld withheld, and nothing gives it away."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from profile_tables import dataset_of, inspected, listed, published
from scipy.stats import binom, poisson

from ofsight.dataset.store import Dataset
from ofsight.errors import UsageError
from ofsight.profiles.area import find_area
from ofsight.profiles.children import children_over_time, deprivation, latest_children
from ofsight.profiles.compare import compare_areas
from ofsight.profiles.figures import TOO_FEW, figures_of
from ofsight.profiles.funnel import FUNNELS, funnel
from ofsight.profiles.intervals import binomial_funnel, poisson_funnel, wilson
from ofsight.profiles.measures import MEASURES
from ofsight.profiles.neighbours import beside, neighbours_of
from ofsight.profiles.withheld import WITHHELD_HERE

BY_KEY = {measure.key: measure for measure in MEASURES}
COUNT = BY_KEY["looked_after"].cells[0]
OLD_COUNT = BY_KEY["looked_after"].cells[1]
RATE = BY_KEY["looked_after_rate"].cells[0]
POPULATION = BY_KEY["looked_after_rate"].whole[0]
IN_HOMES = BY_KEY["in_homes"].cells[0]
OUT = BY_KEY["homes_out_of_area_percent"].cells[0]
NET = BY_KEY["homes_net_gain"].cells[0]
CHILDREN_0_17 = BY_KEY["population_0_17"].cells[0]


@pytest.fixture(scope="module")
def data() -> Dataset:
    lists = [listed(f"SC{n}") for n in range(12)] + [listed("SC90", authority="Kent")]
    inspections = [
        inspected(f"SC{n}", date(2023, 6, 1), overall="Good" if n else "Inadequate") for n in range(12)
    ]
    statistics = [
        published("Bolton", 2024, COUNT, 600),
        published("Bolton", 2024, RATE, 90),
        published("Bolton", 2024, POPULATION, 60_000),
        published("Kent", 2024, COUNT, 1_900),
        published("Kent", 2024, POPULATION, 340_000),
        published("Lambeth", 2024, COUNT, "c"),
        published("Lambeth", 2024, OLD_COUNT, 7),
        published("Lambeth", 2024, POPULATION, 50_000),
        published("Bolton", 2023, COUNT, 999, newest=False),
        published("Bolton", 2023, COUNT, "c"),
        published("Bolton", 2024, IN_HOMES, 80),
        published("Bolton", 2024, OUT, "c"),
        published("Bolton", 2024, NET, -12),
        published("Lambeth", 2024, OUT, "c"),
        published("Lambeth", 2024, NET, -32),
        published("Rutland", 2024, OUT, 80),
        published("Rutland", 2024, NET, -4),
        published("EAST", 2024, COUNT, 6_500, level="Regional", authority=None, rounding="nearest 10"),
        published("England", 2024, COUNT, 84_000, level="National", authority=None),
        *(published(name, 2023, CHILDREN_0_17, n) for name, n in (("Bolton", 60_000), ("Kent", 340_000))),
    ]
    neighbours = [
        {"model": 2025, "authority": "Bolton", "published_name": "Bolton", "rank": rank, "neighbour": name,
         "release": "sn/2025", "row": rank}
        for rank, name in enumerate(("Bury", "Rochdale", "Oldham", "Wigan", "Kent", "Cumbria"), 1)
    ]  # fmt: skip
    return dataset_of(
        home_snapshots=lists, inspections=inspections, authority_statistics=statistics, neighbours=neighbours
    )


def figure(data: Dataset, area: str, measure: str, year: int = 2024) -> dict[str, object]:
    frame = children_over_time(data, find_area(data, area))
    found = frame.filter((pl.col("measure") == measure) & (pl.col("year") == year))
    assert found.height == 1, found
    return found.row(0, named=True)


def test_a_published_figure_comes_with_its_source(data: Dataset) -> None:
    row = figure(data, "Bolton", "looked_after")
    assert (row["value"], row["status"], row["how"], row["release"]) == (600, "", "as published", "cla/2024")
    region = figure(data, "East of England", "looked_after")
    assert (region["value"], region["rounding"]) == (6_500, "nearest 10")
    assert figure(data, "England", "looked_after")["value"] == 84_000


def test_a_symbol_is_neither_zero_nor_replaced_by_an_older_word(data: Dataset) -> None:
    row = figure(data, "Lambeth", "looked_after")
    assert (row["value"], row["status"], row["status_meaning"]) == (None, "c", "suppressed")
    row = figure(data, "Bolton", "looked_after", 2023)
    assert (row["value"], row["status"]) == (None, "c")  # what a newer release withholds stays withheld


def test_a_set_is_summed_from_counts_or_not_at_all(data: Dataset) -> None:
    both = figure(data, "Bolton+Kent", "looked_after")
    assert (both["value"], both["n_authorities"], both["how"]) == (2_500, 2, "sum of its authorities")
    rate = figure(data, "Bolton+Kent", "looked_after_rate")
    assert rate["value"] == pytest.approx(10_000 * 2_500 / 400_000)
    withheld = figure(data, "Bolton+Kent+Lambeth", "looked_after")
    assert (withheld["value"], withheld["status"], withheld["n_withheld"]) == (None, "not summed", 1)
    assert figure(data, "Bolton+Kent+Lambeth", "looked_after_rate")["value"] is None


def test_no_home_and_a_net_loss_would_give_away_who_lives_elsewhere(data: Dataset) -> None:
    lambeth = figure(data, "Lambeth", "homes_net_gain")
    assert (lambeth["value"], lambeth["status"]) == (None, WITHHELD_HERE)
    assert figure(data, "Bolton", "homes_net_gain")["value"] == -12  # with homes it gives nothing away
    assert figure(data, "Rutland", "homes_net_gain")["value"] == -4  # nothing is withheld
    assert figure(data, "Bolton+Lambeth", "homes_net_gain")["value"] is None


def test_deprivation_is_not_made_up_for_regions(data: Dataset) -> None:
    found = deprivation(data, find_area(data, "London"))
    assert found["value"].null_count() == found.height == 4
    assert set(found["status"]) == {"not published"}


def test_latest_is_of_the_releases_not_of_the_area(data: Dataset) -> None:
    found = latest_children(data, find_area(data, "Bolton"))
    assert dict(found.select("measure", "year").iter_rows()) == {
        "looked_after": 2024, "looked_after_rate": 2024, "in_homes": 2024,
        "homes_out_of_area_percent": 2024, "homes_net_gain": 2024,
        "population_0_17": 2023,
    }  # fmt: skip


def test_figures_give_counts_and_no_share_of_few(data: Dataset) -> None:
    rows = {row["measure"]: row for row in figures_of(data, find_area(data, "Bolton")).iter_rows(named=True)}
    assert rows["n_homes"]["value"] == 12
    assert rows["places_per_10000"]["value"] == pytest.approx(10_000 * 48 / 60_000)
    assert rows["good_or_better"]["value"] == pytest.approx(100 * 11 / 12)
    kent = {row["measure"]: row for row in figures_of(data, find_area(data, "Kent")).iter_rows(named=True)}
    assert (kent["good_or_better"]["value"], kent["good_or_better"]["status"]) == (None, "none")
    assert TOO_FEW != "none"


def test_beside_puts_neighbours_region_and_england_in_order(data: Dataset) -> None:
    bolton = find_area(data, "Bolton")
    listed_ = neighbours_of(data, bolton)
    assert listed_["name"].to_list()[-2:] == ["Kent", "Cumbria"]
    assert listed_["slug"].to_list()[-1] is None  # an authority that is no more is named, and has no figures
    found = beside(data, bolton).filter(pl.col("measure") == "places_private")
    assert found["role"].to_list() == [
        "area",
        *["neighbour"] * 5,
        "median of neighbours",
        "region",
        "England",
    ]
    median = found.row(6, named=True)
    assert (median["value"], median["status"], median["n"]) == (None, "too few", 1)
    sizes = beside(data, bolton).filter((pl.col("measure") == "n_homes") & (pl.col("role") != "neighbour"))
    assert sizes["role"].to_list() == ["area", "region", "England"]
    with pytest.raises(UsageError, match="holds: 2025"):
        neighbours_of(data, bolton, 2021)
    assert neighbours_of(data, find_area(data, "London")).is_empty()


def test_compare_takes_up_to_six(data: Dataset) -> None:
    areas = [find_area(data, name) for name in ("Kent", "Bolton", "Kent")]
    found = compare_areas(data, areas)
    assert found.filter(pl.col("measure") == "n_homes")["name"].to_list() == ["Kent", "Bolton"]
    with pytest.raises(UsageError, match="one to 6"):
        compare_areas(data, [])
    names = ("Kent", "Bolton", "Bury", "Leeds", "York", "Luton", "Devon")
    with pytest.raises(UsageError, match="7 areas"):
        compare_areas(data, [find_area(data, name) for name in names])


def test_funnels_are_exact(data: Dataset) -> None:
    found = funnel(data, "good_or_better", find_area(data, "Bolton")).row(0, named=True)
    assert (found["n"], found["k"], found["centre"]) == (12, 11, pytest.approx(11 / 12))
    assert funnel(data, "good_or_better").height == 153
    assert set(funnel(data, "good_or_better", find_area(data, "Rutland"))["status"]) == {"none"}
    with pytest.raises(UsageError, match=FUNNELS[0].key):
        funnel(data, "happiness")


def test_limits_hold_what_they_promise() -> None:
    """Of counts that chance alone makes, at most 2.5 % lie beyond either inner limit (and 0.1 %)."""
    n, share = 80.0, 0.83
    k = np.arange(n + 1)
    found = binomial_funnel(k, np.full(k.shape, n), share)
    mass = binom.pmf(k, n, share)
    place = found["position"]
    for words, most in (
        ("below 95%", 0.025),
        ("above 95%", 0.025),
        ("below 99.8%", 0.001),
        ("above 99.8%", 0.001),
    ):
        outer = np.isin(place, [words, words.replace("95%", "99.8%")])
        assert mass[outer].sum() < most
        assert outer.any()
    counts = np.arange(80.0)
    spread = poisson_funnel(counts, np.full(counts.shape, 25.0))
    inside = spread["position"] == "within"
    assert poisson.pmf(counts, 25.0)[inside].sum() > 0.95
    assert spread["low_998"][0] < spread["low_95"][0] < 1 < spread["high_95"][0] < spread["high_998"][0]


def test_wilson_at_the_ends() -> None:
    low, high = wilson(np.array([0.0, 5.0, 0.0]), np.array([5.0, 5.0, 0.0]))
    assert (low[0], high[1]) == (0.0, 1.0)
    assert high[0] == pytest.approx(1 - low[1]) == pytest.approx(0.4344825, abs=1e-6)
    assert np.isnan(low[2])
    assert np.isnan(high[2])
