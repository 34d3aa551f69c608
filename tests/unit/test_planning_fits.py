"""The two models of measures find again what the data were drawn from, and agree with other programs."""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl
import pytest
from scipy.stats import betabinom, binom, nbinom, poisson

from ofsight.errors import ModelError
from ofsight.planning.measures.expected_places import ExpectedPlaces, fit_expected_places, funnel_lines
from ofsight.planning.measures.risk import group_judgements

statsmodels = pytest.importorskip("statsmodels.api")


def authorities(n: int, seed: int, spread: float = 0.4, slope: float = 1.1) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    children = rng.integers(80, 2400, n)
    mean = np.exp(-2.5 + slope * np.log(children))
    effect = rng.gamma(1 / spread, spread, n) if spread else np.ones(n)
    return pl.DataFrame(
        {
            "authority": [f"A{k}" for k in range(n)],
            "looked_after": children.astype(float),
            "looked_after_status": [""] * n,
            "observed": rng.poisson(mean * effect),
        }
    )


def test_expected_places_are_statsmodels_negative_binomial():
    frame = authorities(150, 1)
    fit = fit_expected_places(frame)
    x = statsmodels.add_constant(np.log(frame["looked_after"].to_numpy()))
    theirs = statsmodels.NegativeBinomial(frame["observed"].to_numpy(), x).fit(disp=0, maxiter=500)
    assert [fit.intercept, fit.slope, fit.spread] == pytest.approx(theirs.params.tolist(), rel=2e-3)
    assert fit.frame["expected"].to_numpy() == pytest.approx(theirs.predict(x), rel=2e-3)


def test_the_truth_is_found_on_average():
    fits = [fit_expected_places(authorities(150, seed)) for seed in range(12)]
    assert np.mean([fit.slope for fit in fits]) == pytest.approx(1.1, abs=0.08)
    assert np.mean([fit.spread for fit in fits]) == pytest.approx(0.4, abs=0.06)


def test_limits_hold_as_many_as_they_say():
    inside = []
    for seed in range(8):
        frame = fit_expected_places(authorities(200, 100 + seed)).frame
        inside.append(
            frame.select(pl.col("ratio").is_between("spread_low_95", "spread_high_95").mean()).item()
        )
    assert np.mean(inside) == pytest.approx(0.95, abs=0.02)


def test_without_spread_the_funnel_is_of_poisson():
    fit = fit_expected_places(authorities(200, 5, spread=0.0))
    assert fit.spread < 0.01
    expected = fit.frame["expected"].to_numpy()
    low = nbinom.ppf(0.025, 1 / fit.spread, 1 / (1 + fit.spread * expected)) / expected
    assert fit.frame["spread_low_95"].to_numpy() == pytest.approx(low)
    assert fit.frame["funnel_low_95"].to_numpy() == pytest.approx(low, rel=0.1)


@pytest.mark.parametrize("spread", [0.5, 1e-8])
def test_an_authority_is_beyond_a_drawn_limit_just_where_its_tail_is_so_small(spread: float):
    places = ExpectedPlaces(pl.DataFrame({"expected": [0.3, 30.0]}), 0.0, 1.0, spread, 2)
    k = 1 / spread
    for row in funnel_lines(places, 25).iter_rows(named=True):
        expected = row["expected"]
        counts = np.arange(0, int(12 * expected) + 12)
        laws = {"funnel": poisson(expected), "spread": nbinom(k, k / (k + expected))}
        for name, law in laws.items():
            for level, tail in (("95", 0.025), ("998", 0.001)):
                below = counts < row[f"{name}_low_{level}"] * expected - 1e-9
                above = counts > row[f"{name}_high_{level}"] * expected + 1e-9
                assert (below == (law.cdf(counts) < tail)).all(), (name, level, expected)
                assert (above == (law.sf(counts - 1) < tail)).all(), (name, level, expected)


def test_withheld_children_have_no_expectation():
    frame = authorities(30, 2)
    holes = frame.with_columns(
        looked_after=pl.when(pl.col("authority") == "A3").then(None)
        .when(pl.col("authority") == "A4").then(0.0).otherwise("looked_after"),
        looked_after_status=pl.when(pl.col("authority") == "A3").then(pl.lit("c"))
        .otherwise("looked_after_status"),
    )  # fmt: skip
    fit = fit_expected_places(holes)
    assert fit.n == 28
    rows = fit.frame.filter(pl.col("authority").is_in(["A3", "A4"])).select(
        "expected", "ratio", "low", "status"
    )
    assert rows.rows() == [(None, None, None, "c"), (None, None, None, "no looked-after children")]


def test_too_few_authorities():
    with pytest.raises(ModelError, match="at least 10"):
        fit_expected_places(authorities(9, 1))


def group_homes(correlation: float, seed: int, n_groups: int = 250) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for group in range(n_groups):
        n = int(rng.integers(1, 12))
        share = 0.2
        if correlation:
            size = (1 - correlation) / correlation
            share = rng.beta(0.2 * size, 0.8 * size)
        for place in range(n):
            below = rng.uniform() < share
            rows.append(
                {
                    "urn": f"{group}-{place}", "holder_id": f"g{group}", "holder": f"G{group}",
                    "sector": "Private" if rng.uniform() < 0.8 else "Voluntary",
                    "region": "London" if rng.uniform() < 0.5 else "North West",
                    "places": int(rng.integers(1, 12)), "age_years": float(rng.uniform(0, 20)),
                    "overall": ("Inadequate" if rng.uniform() < 0.2 else "Requires improvement to be good")
                    if below else "Good",
                    "registered_on": date(2019, 1, 1),
                }
            )  # fmt: skip
    return pl.DataFrame(rows)


def test_the_correlation_within_groups_is_found():
    found = [group_judgements(group_homes(0.15, seed)).correlation for seed in range(8)]
    assert np.mean(found) == pytest.approx(0.15, abs=0.05)


def test_independent_homes_have_hardly_any_correlation():
    found = [group_judgements(group_homes(0.0, seed)) for seed in range(8)]
    assert np.mean([one.correlation for one in found]) < 0.03
    assert sum(one.p_correlation < 0.05 for one in found) <= 2


def test_tails_are_those_of_the_distributions():
    found = group_judgements(group_homes(0.15, 3))
    size = (1 - found.correlation) / found.correlation
    for row in found.frame.filter(pl.col("n_judged") > 3).head(30).iter_rows(named=True):
        k, n, mean = row["n_below_good"], row["n_judged"], row["expected"] / row["n_judged"]
        spread = betabinom.sf(k - 1, n, mean * size, (1 - mean) * size)
        assert row["p_spread"] == pytest.approx(spread, abs=1e-9)
        # The chances of a group's homes differ little here, so the exact tail is near the binomial one.
        assert row["p_chance"] == pytest.approx(binom.sf(k - 1, n, mean), abs=0.03)
        assert row["shrunk_low"] <= row["shrunk"] <= row["shrunk_high"]
        assert min(row["share"], mean) - 1e-9 <= row["shrunk"] <= max(row["share"], mean) + 1e-9


def test_expected_adds_up_to_observed():
    """The model of the mix has an intercept: over all homes, as many are expected as there are."""
    found = group_judgements(group_homes(0.1, 9)).frame
    assert found["expected"].sum() == pytest.approx(found["n_below_good"].sum(), rel=1e-6)


def test_too_few_judged_homes():
    with pytest.raises(ModelError, match="at least 30"):
        group_judgements(group_homes(0.1, 1, n_groups=2))
