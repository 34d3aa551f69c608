"""Need to come: methods, their errors, the choice between them, and what stays withheld."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from profile_tables import dataset_of, published

from ofsight.dataset.store import Dataset
from ofsight.errors import DatasetError, ModelError, UsageError
from ofsight.link.areas import load_areas
from ofsight.planning.models.need import NeedForecast, forecast_need
from ofsight.planning.models.need_backtest import choose_method, errors_by_kind, verdict
from ofsight.planning.models.need_errors import Forecasts, Spread, foresee, spread_of
from ofsight.planning.models.need_methods import (
    METHODS,
    SAME,
    Past,
    _fit_counts,
    damped_trend,
    negative_binomial,
    population_rate,
    region_trend,
    same,
)
from ofsight.planning.models.need_series import NeedSeries
from ofsight.profiles.area import Area

YEARS = tuple(range(2011, 2026))
REGIONS = np.array(["North West"] * 20 + ["London"] * 20)


def past(values: Any, population: Any = None) -> Past:
    values = np.asarray(values, dtype=float)
    people = np.full(values.shape, 50_000.0) if population is None else np.asarray(population, dtype=float)
    return Past(values, people, REGIONS[: values.shape[0]])


def series(values: np.ndarray, population: np.ndarray | None = None) -> NeedSeries:
    people = np.full(values.shape, 60_000.0) if population is None else population
    areas = tuple(f"A{k}" for k in range(values.shape[0]))
    return NeedSeries(
        "looked_after", areas, tuple(REGIONS[: values.shape[0]]), YEARS[: values.shape[1]], values, people,
        pl.DataFrame(),
    )  # fmt: skip


def walk(n: int = 40, years: int = 15, drift: float = 0.0, sd: float = 0.06, seed: int = 2) -> np.ndarray:
    rng = np.random.default_rng(seed)
    steps = rng.normal(drift, sd, (n, years))
    mean = rng.uniform(100, 900, (n, 1)) * np.exp(np.cumsum(steps, axis=1))
    return rng.poisson(mean).astype(float)


def test_each_method_carries_on_what_it_says() -> None:
    steady = np.outer([100.0, 400.0], 1.02 ** np.arange(8))
    assert same(past(steady), 3).tolist() == pytest.approx(np.repeat(steady[:, [-1]], 3, axis=1))
    people = np.outer([5e4, 8e4], 1.01 ** np.arange(8))
    grown = population_rate(past(steady, people), 2)
    np.testing.assert_allclose(grown, steady[:, [-1]] * 1.01 ** np.arange(1, 3))
    region = region_trend(past(steady), 2)
    np.testing.assert_allclose(region, steady[:, [-1]] * np.exp(np.log(1.02) * np.array([0.8, 0.8 + 0.64])))
    trend = damped_trend(past(np.outer([100.0, 400.0], 1.05 ** np.arange(12))), 3)
    assert (np.diff(trend, axis=1) > 0).all()
    assert (trend[:, 2] < np.array([100.0, 400.0]) * 1.05**14).all(), "a damped trend flattens"


def test_the_count_regression_equals_that_of_another_program() -> None:
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(400), rng.normal(size=(400, 2))])
    offset = np.log(rng.uniform(1e4, 1e5, 400))
    mean = np.exp(x @ [-5.0, 0.4, -0.2] + offset)
    y = rng.poisson(mean * rng.gamma(20.0, 1 / 20.0, 400)).astype(float)
    ours = _fit_counts(x, y, offset)
    spread = max(0.0, float((((y - np.exp(x @ ours + offset)) ** 2 - np.exp(x @ ours + offset))
                             / np.exp(x @ ours + offset) ** 2).mean()))  # fmt: skip
    twin = sm.GLM(y, x, offset=offset, family=sm.families.NegativeBinomial(alpha=spread)).fit()
    np.testing.assert_allclose(ours, twin.params, atol=1e-5)


def test_the_regression_returns_an_area_to_its_usual_rate() -> None:
    rng = np.random.default_rng(7)
    usual = rng.uniform(200, 800, (40, 1))
    values = usual * np.exp(rng.normal(0, 0.1, (40, 14)))
    values[:, -1] = usual[:, 0] * 1.3
    ahead = negative_binomial(past(values), 3)
    assert (ahead[:, 2] < values[:, -1]).mean() > 0.95


@pytest.mark.parametrize("name", METHODS)
def test_no_method_sees_the_future(name: str) -> None:
    values = walk()
    found = foresee(series(values), METHODS[name], 3)
    changed = values.copy()
    changed[:, 9:] *= 3
    again = foresee(series(changed), METHODS[name], 3)
    seen = [k for k, origin in enumerate(found.origins) if origin < 9]
    np.testing.assert_array_equal(found.ahead[seen], again.ahead[seen])


@pytest.mark.parametrize("name", METHODS)
def test_gaps_and_noughts_stay_within_their_area(name: str) -> None:
    values = walk()
    values[3, 5], values[4, 8:], values[5] = np.nan, np.nan, 0.0
    ahead = METHODS[name](past(values), 3)
    others = [k for k in range(40) if k not in (3, 4, 5)]
    assert np.isfinite(ahead[others]).all()
    assert np.isnan(ahead[4]).all(), "an area without its last number has no forecast"


def test_intervals_hold_what_they_say() -> None:
    """Simulated areas with shared and own shocks: coverage over several worlds is near the level."""
    held: list[float] = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        shared = np.cumsum(rng.normal(0, 0.03, 15))
        values = walk(seed=seed) * np.exp(shared)
        one = series(np.round(values))
        table = errors_by_kind(one, {SAME: foresee(one, same, 3)})
        held += table.filter(pl.col("kind") == "authority")["cover95"].drop_nulls().to_list()
    assert 0.90 < np.mean(held) < 0.99


def test_a_sum_averages_out_what_is_own_and_keeps_what_is_shared() -> None:
    spread = Spread((0.0004,), (0.0,), (0.01,), {0.8: (1.28,), 0.95: (1.96,)}, (100,))
    one = spread.deviation(np.array([400.0]), np.array(["x"]), 0)
    many = spread.deviation(np.full(100, 400.0), np.array(["x"] * 100), 0)
    assert one == pytest.approx(np.sqrt(0.0004 + 0.01 + 1 / 400.5))
    assert many == pytest.approx(np.sqrt(0.0004 + (0.01 + 1 / 400.5) / 100))
    low, high = spread.limits(np.full(2, 400.0), np.array(["x", "y"]), 0)[0.8]
    assert low < 800 < high


def test_variances_are_found_again() -> None:
    rng = np.random.default_rng(3)
    foreseen = np.full((60, 40, 1), 2000.0)
    errors = rng.normal(0, 0.03, (60, 1, 1)) + rng.normal(0, 0.08, (60, 40, 1))
    came = rng.poisson(foreseen * np.exp(errors)).astype(float)
    spread = spread_of(Forecasts(foreseen, tuple(range(60)), came), REGIONS, 100)
    assert spread is not None
    assert np.sqrt(spread.national[0]) == pytest.approx(0.033, abs=0.01)
    assert np.sqrt(spread.own[0]) == pytest.approx(0.08, abs=0.01)
    assert spread.regional[0] < 0.0003


def test_an_interval_knows_the_errors_of_its_day_only() -> None:
    values = walk()
    changed = values.copy()
    changed[:, 10:] *= np.linspace(0.3, 3, 40)[:, None]
    early, late = (spread_of(foresee(series(one), same, 3), REGIONS, 9) for one in (values, changed))
    assert early == late
    assert early != spread_of(foresee(series(changed), same, 3), REGIONS, 14)


def test_few_errors_make_no_interval() -> None:
    one = series(walk(n=3, years=4))
    assert spread_of(foresee(one, same, 3), REGIONS[:3], 3) is None


def test_where_nothing_is_better_last_year_is_kept_and_said() -> None:
    found = {SAME: foresee(series(walk(sd=0.1)), same, 3)}
    plain = found[SAME]
    found["worse"] = Forecasts(plain.ahead * 1.5, plain.origins, plain.came)
    method, record = choose_method(found)
    assert method == SAME
    words = verdict(method, record)
    assert words.startswith("Nothing beats 'same as last year'")
    assert "worse" in words


def test_a_lasting_trend_is_followed() -> None:
    one = series(walk(drift=0.06, sd=0.02))
    found = {name: foresee(one, method, 3) for name, method in METHODS.items()}
    method, record = choose_method(found)
    assert method != SAME
    assert verdict(method, record).startswith(f"Method: {method}.")


def test_one_lucky_year_does_not_choose() -> None:
    came = np.full((5, 2, 1), 100.0)
    plain = np.full((5, 2, 1), 102.0)
    lucky = np.full((5, 2, 1), 103.0)
    plain[0], lucky[0] = 160.0, 100.0
    origins = (1, 2, 3, 4, 5)
    found = {SAME: Forecasts(plain, origins, came), "lucky": Forecasts(lucky, origins, came)}
    assert choose_method(found)[1]["lucky"][0] < choose_method(found)[1][SAME][0]
    assert choose_method(found)[0] == SAME


# -- the whole, on a dataset ---------------------------------------------------------------

NAMES = ("Bolton", "Bury", "Wigan", "Salford", "Barnet", "Camden", "City of London", "Norfolk")
CELL = ("looked after on 31 March", "Placement", "Secure homes and children's homes", "children")


def dataset(withheld: tuple[str, ...] = ("City of London",)) -> Dataset:
    rng = np.random.default_rng(11)
    years = []
    cells = []
    for name in NAMES:
        authority = load_areas().find(name)
        level = float(rng.integers(150, 700))
        for year in YEARS:
            level *= float(np.exp(rng.normal(0.01, 0.05)))
            none = name in withheld and year == YEARS[-1]
            count = None if none else float(round(level))
            years.append(
                {
                    "authority": name, "year": year, "area_code": authority.code, "constant_area": name,
                    "standard_region": authority.region, "looked_after": count,
                    "looked_after_status": "c" if none else "", "looked_after_release": f"cla/{year}",
                    "population_0_17": 60_000.0, "population_0_17_status": "",
                }
            )  # fmt: skip
            if year >= 2020:
                cells.append(published(name, year, CELL, "c" if none else round(level / 9)))
    return dataset_of(authority_years=years, authority_statistics=cells)


def area(*names: str) -> Area:
    codes = tuple(sorted(str(load_areas().find(name).code) for name in names))
    return Area(names[0].lower(), names[0], "authority" if len(names) == 1 else "set", codes)


def test_every_authority_has_three_years_and_a_withheld_one_none() -> None:
    found = forecast_need(dataset())
    assert found.forecasts.group_by("authority").len()["len"].to_list() == [3] * len(NAMES)
    city = found.forecasts.filter(pl.col("authority") == "City of London")
    assert city["base"].null_count() == city["low95"].null_count() == 3
    assert city["status"].unique().to_list() == ["c"]
    others = found.forecasts.filter(pl.col("authority") != "City of London")
    assert (others["low95"] <= others["low80"]).all()
    assert (others["low80"] <= others["base"]).all()
    assert (others["high80"] <= others["high95"]).all()
    assert others["status"].unique().to_list() == [""]


def test_a_set_is_the_sum_of_those_known_and_says_who_is_not() -> None:
    found = forecast_need(dataset())
    both = found.for_area(area("Bolton", "Bury", "City of London"))
    parts = found.forecasts.filter(pl.col("authority").is_in(["Bolton", "Bury"]))
    total = parts.group_by("year").agg(pl.col("base").sum()).sort("year")
    assert both["base"].to_list() == pytest.approx(total["base"].to_list())
    assert both["n_without"].to_list() == [1] * 3
    assert both["status"].str.contains("left out").all()
    wide = found.for_area(area("Bolton")).select(w=pl.col("high80") / pl.col("base"))["w"]
    narrow = both.select(w=pl.col("high80") / pl.col("base"))["w"]
    assert (narrow < wide).all()


def test_the_past_of_several_is_given_for_years_in_which_all_are_published() -> None:
    found = forecast_need(dataset())
    where = area("Bolton", "Bury", "City of London")
    codes = found.foreseen(where)
    known = found.forecasts.filter(pl.col("area_code").is_in(where.authorities)).drop_nulls("base")
    assert sorted(codes) == sorted(known["area_code"].unique())
    assert len(codes) == 2
    slow = (
        found.published.filter(pl.col("area_code").is_in(codes))
        .group_by("year")
        .agg(n=pl.col("value").count(), value=pl.col("value").sum())
        .filter(n=2)
    )
    assert found.past_of(codes) == dict(slow.select("year", "value").iter_rows())
    assert max(found.past_of(where.authorities)) < max(found.past_of(codes))


def test_a_withheld_area_alone_has_its_symbol() -> None:
    alone = forecast_need(dataset()).for_area(area("City of London"))
    assert alone["base"].null_count() == 3
    assert alone["status"].unique().to_list() == ["c"]


def test_tables_carry_the_forecast_whole() -> None:
    found = forecast_need(dataset())
    again = NeedForecast.from_frames(found.to_frames(), "looked_after")
    where = area("Bolton", "Norfolk")
    assert again.for_area(where).equals(found.for_area(where))
    assert (again.method, again.verdict) == (found.method, found.verdict)
    with pytest.raises(DatasetError, match="need_in_homes_forecasts"):
        NeedForecast.from_frames(found.to_frames(), "in_homes")


def test_children_in_homes_are_forecast_from_their_own_short_series() -> None:
    found = forecast_need(dataset(), [area("Bolton")], measure="in_homes")
    assert found.forecasts["authority"].unique().to_list() == ["Bolton"]
    assert found.forecasts["last_year"].unique().to_list() == [2025]


def test_a_new_authority_moves_as_the_area_it_was_cut_from() -> None:
    rows = []
    for year in YEARS:
        for name, part in (("Northamptonshire", 1000.0),) if year <= 2020 else (
            ("North Northamptonshire", 450.0), ("West Northamptonshire", 550.0),
        ):  # fmt: skip
            authority = load_areas().find(name)
            rows.append(
                {
                    "authority": name, "year": year, "area_code": authority.code,
                    "constant_area": "Northamptonshire", "standard_region": "East Midlands",
                    "looked_after": round(part * 1.04 ** (year - 2011)), "looked_after_status": "",
                    "looked_after_release": "cla", "population_0_17": 160_000.0,
                }
            )  # fmt: skip
    more = dataset().authority_years.to_dicts()
    found = forecast_need(dataset_of(authority_years=[*more, *rows])).forecasts
    north, west = (
        found.filter(pl.col("authority") == f"{side} Northamptonshire", pl.col("horizon") == 3)
        for side in ("North", "West")
    )
    growth = north["base"].item() / north["last_value"].item()
    assert growth == pytest.approx(west["base"].item() / west["last_value"].item())
    assert growth > 1.0


def test_too_little_is_told() -> None:
    with pytest.raises(UsageError, match="in_homes"):
        forecast_need(dataset(), measure="adopted")
    with pytest.raises(ModelError, match="0 years are published"):
        forecast_need(dataset_of())
